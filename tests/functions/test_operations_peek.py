"""peek: the log groups that a consumer would get next, without consuming anything."""

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import Shop, iso_utc
from tests.local.sls.loggroups import encode_log_group

PEEK = {"action": "peek", "target": "shop/orders/billing"}
LONG = "x" * 300


def put(shop: Shop, contents: list[tuple[str, str]], *, unix: int | None = None) -> None:
    """Write one log group to shard 0, dated now unless told otherwise."""
    headers = {"content-type": "application/x-protobuf"}
    body = encode_log_group(shop.now_unix if unix is None else unix, contents)
    path, query = "/logstores/orders/shards/route", {"key": "0" * 32}
    assert shop.caller.call("POST", path, query=query, body=body, headers=headers).status == 200


def test_peek_shows_the_log_group_at_the_checkpoint(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**PEEK, "shard": 1})

    assert (answer.status, answer.json["status"]) == (200, "read")
    assert answer.shards[1]["before"]["checkpoint"] == shop.checkpoints()[1]
    (group,) = answer.json["peek"]
    assert group["logs"] == 1
    assert group["contents"] == [{"time": iso_utc(shop.now_unix - 600), "values": {"shard": "1", "n": "6600"}}]


@pytest.mark.parametrize("count", [1, 10])
def test_peek_shows_as_many_as_asked(functions: FunctionCaller, shop: Shop, count: int) -> None:
    shown = functions.run({**PEEK, "shard": 0, "count": count}).json["peek"]

    numbers = [group["contents"][0]["values"]["n"] for group in shown]
    assert numbers == [str(6600 + n) for n in range(count)]
    assert shop.writes() == []


def test_peek_cuts_values_to_two_hundred_characters(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(0, shop.end(0))
    put(shop, [("message", LONG), ("short", "y")])

    (group,) = functions.run({**PEEK, "shard": 0}).json["peek"]

    assert group["contents"][0]["values"] == {"message": LONG[:200], "short": "y"}


@pytest.mark.parametrize("unix", [1_796_069_247_000, 2**62, 2**64 - 1], ids=["milliseconds", "beyond", "largest"])
def test_peek_shows_no_time_where_a_log_has_none_in_seconds(functions: FunctionCaller, shop: Shop, unix: int) -> None:
    shop.commit(0, shop.end(0))
    put(shop, [("message", "hello")], unix=unix)

    answer = functions.run({**PEEK, "shard": 0})

    assert answer.status == 200
    assert answer.json["peek"][0]["contents"] == [{"time": None, "values": {"message": "hello"}}]


def test_peek_at_the_end_shows_nothing(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(0, shop.end(0))

    answer = functions.run({**PEEK, "shard": 0})

    assert (answer.status, answer.json["peek"]) == (200, [])


def test_peek_at_a_shard_without_a_checkpoint_shows_the_oldest(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**PEEK, "shard": 3})

    assert answer.json["peek"][0]["contents"][0]["values"]["n"] == "0"
    assert answer.shards[3]["note"].startswith("no readable checkpoint")
    assert shop.writes() == []


def test_peek_at_an_expired_checkpoint_shows_the_oldest(functions: FunctionCaller, shop: Shop) -> None:
    shop.sls.control("retention", {"project": "shop", "logstore": "orders", "shard": 0, "drop": 7000})

    answer = functions.run({**PEEK, "shard": 0})

    assert answer.json["peek"][0]["contents"][0]["values"]["n"] == "7000"
    assert answer.shards[0]["note"].startswith("no readable checkpoint")


def test_peek_at_a_shard_that_does_not_exist_keeps_the_sls_code(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**PEEK, "shard": 9})

    assert (answer.status, answer.error["sls_error_code"]) == (404, "ShardNotExist")
    assert shop.writes() == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({}, "shard"),
        ({"shard": -1}, "shard"),
        ({"shard": 0, "count": 0}, "count"),
        ({"shard": 0, "count": 11}, "count"),
    ],
    ids=str,
)
def test_peek_refuses_what_is_malformed(
    functions: FunctionCaller, shop: Shop, more: dict[str, object], field: str
) -> None:
    answer = functions.run({**PEEK, **more})

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert f"{field}: " in answer.error["message"]
    assert shop.calls() == []
