"""Limits on distance: over the parts of a batch together, and over data with a gap in it."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import HOUR_S, Shop

GROUP = {"target": "shop/orders/billing"}
DAY_S = 24 * HOUR_S
POLICY = """
[limits]
max_rewind = "1m"
max_skip = "2m"

[[rules]]
principals = ["webhook:local"]
actions = ["*"]
targets = ["*/*/*"]
"""


@pytest.fixture(scope="module")
def limited(make_functions: MakeFunctions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionCaller]:
    """Functions whose policy is `POLICY`."""
    with limited_by(make_functions, tmp_path_factory.mktemp("policy"), POLICY) as made:
        yield made


def limited_by(make_functions: MakeFunctions, folder: Path, policy: str) -> AbstractContextManager[FunctionCaller]:
    (folder / "policy.toml").write_text(policy, encoding="utf-8")
    return make_functions(settings={"REWIND_POLICY": str(folder / "policy.toml")})


def shift(log_groups: int, shard: int = 0, **more: object) -> dict[str, Any]:
    """Return a command that moves one shard by log groups, a second each."""
    action = "rewind" if log_groups < 0 else "skip"
    return {"action": action, **GROUP, "to": {"shift": log_groups}, "shards": [shard], "dry_run": False, **more}


def batch(*commands: dict[str, Any]) -> dict[str, Any]:
    return {"action": "batch", "commands": list(commands)}


@pytest.mark.parametrize(
    ("commands", "limit"),
    [
        ([shift(-50)] * 3, "max_rewind"),
        ([shift(80)] * 2, "max_skip"),
        ([shift(-50), shift(50), shift(-50)], "max_rewind"),
        ([shift(-50), shift(-50, 1)], None),
        ([shift(-50), shift(50)], None),
        ([shift(-20), shift(-20)], None),
    ],
    ids=["back", "on", "to-and-fro", "two-shards", "both-ways", "within"],
)
def test_distances_of_a_batch_add_up_per_shard_and_way(
    limited: FunctionCaller, shop: Shop, commands: list[dict[str, Any]], limit: str | None
) -> None:
    answer = limited.run(batch(*commands))

    if limit is None:
        assert answer.json["status"] == "applied"
        return
    assert (answer.status, answer.error["code"]) == (403, "limit_exceeded")
    assert answer.error["message"].startswith(f"{limit}: the batch would take shard 0 ")
    assert shop.writes() == []


@pytest.mark.parametrize(
    ("max_rewind", "log_groups", "status"), [("20m", -20, 200), ("23m", -700, 403)], ids=["near", "far"]
)
def test_how_far_a_group_lags_is_no_distance(
    make_functions: MakeFunctions, tmp_path: Path, shop: Shop, max_rewind: str, log_groups: int, status: int
) -> None:
    with limited_by(make_functions, tmp_path, POLICY.replace("1m", max_rewind)) as functions:
        answer = functions.run(batch(shift(log_groups), shift(log_groups)))

    assert answer.status == status
    assert len(shop.writes()) == (2 if status == 200 else 0)


def test_plans_that_a_batch_applies_add_up_with_its_other_parts(limited: FunctionCaller, shop: Shop) -> None:
    (apply,) = limited.run(shift(-50, dry_run=True)).json["next"]

    answer = limited.run(batch(apply, shift(-50)))

    assert (answer.status, answer.error["code"]) == (403, "limit_exceeded")
    assert shop.writes() == []


def test_direct_updates_of_a_batch_add_up_too(limited: FunctionCaller, shop: Shop) -> None:
    update = {"action": "update_checkpoint", **GROUP, "shard": 0, "checkpoint": shop.cursor(0, -650)}

    answer = limited.run(batch(update, shift(-50)))

    assert (answer.status, answer.error["code"]) == (403, "limit_exceeded")
    assert shop.writes() == []


def test_distances_of_different_groups_do_not_add_up(limited: FunctionCaller, shop: Shop) -> None:
    shop.add_group("audit")
    shop.commit(0, shop.cursor(0, -600), group="audit", ago_s=HOUR_S)

    answer = limited.run(batch(shift(-50), shift(-50, target="shop/orders/audit")))

    assert answer.json["status"] == "applied"


def test_parts_that_only_plan_do_not_add_up(limited: FunctionCaller, shop: Shop) -> None:
    answer = limited.run(batch(*[shift(-50, dry_run=True)] * 3))

    assert (answer.json["status"], shop.writes()) == ("planned", [])


@pytest.fixture
def gap(shop: Shop) -> Shop:
    """Shards with data of nine days and of an hour ago and none between; the group has read all of it."""
    shop.add_logstore(log_groups=100, begin_unix=shop.now_unix - 9 * DAY_S)
    shop.add_group()
    for shard in range(4):
        told = {"project": "shop", "logstore": "orders", "shard": shard, "count": 100}
        shop.sls.control("append", {**told, "at_unix": shop.now_unix - HOUR_S})
        shop.commit(shard, shop.end(shard), ago_s=HOUR_S)
    return shop


@pytest.mark.parametrize("to", ["2h", {"shift": -100}], ids=["time", "shift"])
@pytest.mark.parametrize("way", ["plan", "apply", "direct"])
def test_a_gap_before_what_is_read_again_is_no_distance(
    functions: FunctionCaller, gap: Shop, way: str, to: object
) -> None:
    command = {"action": "rewind", **GROUP, "to": to, "dry_run": way != "direct"}
    stood = gap.checkpoints()

    answer = functions.run(command)
    if way == "apply":
        answer = functions.run(answer.json["next"][0])

    assert answer.json["status"] == ("planned" if way == "plan" else "applied")
    assert answer.shards[0]["log_groups"] == -100
    assert (gap.checkpoints() == stood) is (way == "plan")


@pytest.mark.parametrize("dry_run", [True, False], ids=["plan", "write"])
def test_a_rewind_over_a_gap_is_as_far_as_the_oldest_that_is_read_again(
    functions: FunctionCaller, gap: Shop, *, dry_run: bool
) -> None:
    answer = functions.run({"action": "rewind", **GROUP, "to": {"shift": -101}, "dry_run": dry_run})

    assert (answer.status, answer.error["code"]) == (403, "limit_exceeded")
    assert gap.writes() == []


def test_a_part_of_a_batch_goes_as_of_a_snapshot_that_an_earlier_part_takes(
    functions: FunctionCaller, shop: Shop
) -> None:
    seek = {"action": "seek", **GROUP, "to": {"as_of": int(time.time()) + 1}, "dry_run": False}

    answer = functions.run(batch({"action": "snapshot", **GROUP}, seek))

    assert [part["status"] for part in answer.json["results"]] == ["applied", "unchanged"]
    assert shop.writes() == []
