"""What a seek to a time writes is, shard by shard, what the official SDK's GetCursor answers for that time."""

import warnings
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import HOUR_S, Shop

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aliyun.log import LogClient

# The SDK's own type information is incomplete.
Sdk: TypeAlias = Any
Build = Callable[[Shop, int], None]

SEEK = {"action": "seek", "target": "shop/orders/billing", "dry_run": False, "on_expired": "clamp"}
CHANGE_AGO_S = 900

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def peer(shop: Shop, loopback_names: str) -> Sdk:
    sls = shop.sls
    endpoint = f"http://{loopback_names}:{urlsplit(sls.url).port}"
    return LogClient(endpoint, sls.access_key_id, sls.access_key_secret, auth_version="v4", region=sls.region)


def even(shop: Shop, shards: int) -> None:
    """Shards that are all alike: a log group a second for two hours."""
    shop.add_logstore(shards=shards)
    shop.add_group()


def mixed(shop: Shop, shards: int) -> None:
    """As `even`, but a quarter of an hour ago one shard was split and two were merged, and half of one has expired."""
    shop.add_logstore(shards=shards, log_groups=2 * HOUR_S - CHANGE_AGO_S)
    shop.add_group()
    shop.sls.control("clock", {"unix": shop.now_unix - CHANGE_AGO_S})
    for shard, query in ((0, {"action": "split", "shardCount": "2"}), (1, {"action": "merge"})):
        assert shop.caller.call("POST", f"/logstores/orders/shards/{shard}", query=query).status == 200
    shop.sls.control("clock", {"unix": None})
    for shard in shop.state()["shards"]:
        for ago_s in (600, 300, 300, 0) if shard["status"] == "readwrite" else ():
            append(shop, shard["shard"], ago_s)
    expired = {"project": "shop", "logstore": "orders", "shard": shards - 1, "drop": HOUR_S}
    shop.sls.control("retention", expired)


def append(shop: Shop, shard: int, ago_s: int) -> None:
    at = {"project": "shop", "logstore": "orders", "shard": shard, "count": 7, "at_unix": shop.now_unix - ago_s}
    shop.sls.control("append", at)


def commit_all(shop: Shop) -> list[int]:
    """Commit the end of every shard, an hour ago, and return the shards."""
    ends = {shard["shard"]: shard["end"] for shard in shop.state()["shards"]}
    for shard, end in ends.items():
        shop.commit(shard, end, ago_s=HOUR_S)
    return list(ends)


@pytest.mark.parametrize("ago_s", [7000, 1800, 450], ids=lambda ago_s: f"{ago_s}s-ago")
@pytest.mark.parametrize(
    ("build", "shards", "total"),
    [(even, 1, 1), (even, 4, 4), (mixed, 1, 4), (mixed, 4, 7)],
    ids=lambda v: getattr(v, "__name__", str(v)),
)
def test_positions_written_are_those_of_the_official_sdk(
    functions: FunctionCaller, shop: Shop, peer: Sdk, build: Build, shards: int, total: int, ago_s: int
) -> None:
    build(shop, shards)

    assert check_positions(functions, shop, peer, ago_s) == total


@pytest.mark.parametrize(("build", "shards"), [(even, 256), (mixed, 253)], ids=["even", "mixed"])
def test_positions_written_on_256_shards_are_those_of_the_official_sdk(
    functions: FunctionCaller, shop: Shop, peer: Sdk, build: Build, shards: int
) -> None:
    build(shop, shards)

    assert check_positions(functions, shop, peer, 1800) == 256


def check_positions(functions: FunctionCaller, shop: Shop, peer: Sdk, ago_s: int) -> int:
    """Seek every shard to a time, compare, and return how many shards there are."""
    there = commit_all(shop)
    unix = shop.now_unix - ago_s
    expected = {shard: peer.get_cursor("shop", "orders", shard, unix).get_cursor() for shard in there}

    answer = functions.run({**SEEK, "to": unix})

    assert answer.json["status"] == "applied"
    assert shop.checkpoints() == expected
    return len(there)
