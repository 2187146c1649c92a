"""What counts from now under a key counts from when it was first sent, even if that try never came to write."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import HOUR_S, Shop
from tests.local.sls.cursors import decode_cursor

MINUTE_S = 60
GROUP = {"target": "shop/orders/billing"}
KEY = "deploy-17"
REWIND = {"action": "rewind", **GROUP, "to": "40m", "dry_run": False}
UNAUTHORIZED = {"status": 401, "error_code": "Unauthorized", "times": 99}
ORDERS = {"project": "shop", "logstore": "orders"}


def sls_fails(shop: Shop) -> Callable[[], None]:
    shop.fault({"operation": "ListShards", "logstore": "orders", **UNAUTHORIZED})
    return shop.fault


def somebody_consumes(shop: Shop) -> Callable[[], None]:
    stood = shop.checkpoints()[0]
    shop.commit(0, stood)
    return lambda: shop.commit(0, stood, ago_s=HOUR_S)


CAUSES = {"sls": (sls_fails, 502), "active": (somebody_consumes, 409)}


@pytest.fixture(name="tried", params=CAUSES)
def _tried(request: pytest.FixtureRequest, functions: FunctionCaller, shop: Shop) -> Answer:
    """A try that ended before it had the group, ten minutes ago by SLS's clock."""
    hinder, status = CAUSES[request.param]
    relieve = hinder(shop)
    shop.sls.control("clock", {"skew_s": -10 * MINUTE_S})
    answer = functions.run(REWIND, Idempotency_Key=KEY)
    shop.sls.control("clock", {"skew_s": 0})
    relieve()
    assert (answer.status, shop.writes()) == (status, [])
    return answer


def went_back_to(shop: Shop, result: Any, *, ago_s: int) -> bool:  # noqa: ANN401 -- any JSON document
    """Return whether shards were moved, all of them to about so long ago; of the shop's data one comes each second."""
    moved = {shard["shard"]: shard["after"]["checkpoint"] for shard in result["shards"] if shard["status"] == "moved"}
    back_s = [shop.bounds(shard)[1] - (decode_cursor(checkpoint) or 0) for shard, checkpoint in moved.items()]
    return bool(back_s) and all(abs(one - ago_s) < MINUTE_S for one in back_s)


@pytest.mark.usefixtures("tried")
def test_a_try_after_one_that_never_began_counts_from_that_ones_time(functions: FunctionCaller, shop: Shop) -> None:
    again = functions.run(REWIND, Idempotency_Key=KEY)
    third = functions.run(REWIND, Idempotency_Key=KEY)

    assert (again.json["status"], third.json["status"]) == ("applied", "duplicate")
    assert went_back_to(shop, again.json, ago_s=50 * MINUTE_S)


@pytest.mark.usefixtures("tried")
def test_without_its_key_it_counts_from_the_present(functions: FunctionCaller, shop: Shop) -> None:
    assert went_back_to(shop, functions.run(REWIND).json, ago_s=40 * MINUTE_S)


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize(
    "other",
    [
        {**REWIND, "to": "41m"},
        {**REWIND, "allow_active": True},
        {"action": "update_consumer_group", **GROUP, "timeout": 9},
    ],
    ids=["to", "option", "action"],
)
def test_another_command_under_the_key_of_one_that_never_began_is_refused(
    functions: FunctionCaller, shop: Shop, other: dict[str, Any]
) -> None:
    answer = functions.run(other, Idempotency_Key=KEY)

    assert (answer.status, answer.error["code"]) == (422, "idempotency_key_reused")
    assert shop.writes() == []


def test_the_end_stays_what_it_was_when_it_was_first_asked_for(functions: FunctionCaller, shop: Shop) -> None:
    command = {**REWIND, "action": "skip", "to": "end"}
    ends = {shard: shop.end(shard) for shard in range(3)}
    relieve = sls_fails(shop)
    functions.run(command, Idempotency_Key=KEY)
    relieve()
    for shard in ends:
        shop.sls.control("append", {**ORDERS, "shard": shard, "count": 9, "at_unix": shop.now_unix + 3 * MINUTE_S})

    again = functions.run(command, Idempotency_Key=KEY)

    assert again.json["status"] == "applied"
    assert {shard: shop.checkpoints()[shard] for shard in ends} == ends


def test_a_try_that_found_the_group_taken_settles_the_time_too(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "UpdateCheckPoint", "shard": 1, **UNAUTHORIZED})
    half = functions.run({**REWIND, "to": {"shift": -9}})
    shop.fault()
    shop.sls.control("clock", {"skew_s": -10 * MINUTE_S})
    taken = functions.run(REWIND, Idempotency_Key=KEY)
    shop.sls.control("clock", {"skew_s": 0})
    functions.run({"action": "abandon", **GROUP, "operation_id": half.json["operation_id"]})

    again = functions.run(REWIND, Idempotency_Key=KEY)

    assert (taken.status, taken.error["code"], again.json["status"]) == (409, "unfinished_operation", "applied")
    assert went_back_to(shop, again.json, ago_s=50 * MINUTE_S)


def test_every_part_of_a_batch_that_is_sent_once_goes_to_the_present_end(functions: FunctionCaller, shop: Shop) -> None:
    shop.add_group("audit")
    shop.commit(0, shop.cursor(0, -600), group="audit", ago_s=HOUR_S)
    shop.sls.control("append", {**ORDERS, "shard": 0, "count": 9, "at_unix": shop.now_unix + 3 * MINUTE_S})
    skip = {**REWIND, "action": "skip", "to": "end", "shards": [0]}

    functions.run({"action": "batch", "commands": [skip, {**skip, "target": "shop/orders/audit"}]}, Idempotency_Key=KEY)

    assert (shop.checkpoints()[0], shop.checkpoints("audit")[0]) == (shop.end(0), shop.end(0))


def test_a_batch_counts_from_one_instant(functions: FunctionCaller, shop: Shop) -> None:
    shop.add_group("audit")
    shop.commit(0, shop.cursor(0, -600), group="audit", ago_s=HOUR_S)
    both = [REWIND, {**REWIND, "target": "shop/orders/audit"}]
    command = {"action": "batch", "commands": both}
    relieve = sls_fails(shop)
    shop.sls.control("clock", {"skew_s": -10 * MINUTE_S})
    functions.run(command, Idempotency_Key=KEY)
    shop.sls.control("clock", {"skew_s": 0})
    relieve()

    again = functions.run(command, Idempotency_Key=KEY)

    assert [part["status"] for part in again.json["results"]] == ["applied", "applied"]
    assert all(went_back_to(shop, part, ago_s=50 * MINUTE_S) for part in again.json["results"])


@pytest.mark.parametrize(
    ("command", "key", "records"),
    [
        (REWIND, None, 2),
        (REWIND, KEY, 3),
        ({**REWIND, "to": {"shift": -9}}, KEY, 2),
        ({**REWIND, "to": "begin"}, KEY, 2),
        ({**REWIND, "at": "now"}, KEY, 2),
        ({**REWIND, "dry_run": True}, KEY, 1),
        ({"action": "batch", "commands": [REWIND, {**REWIND, "to": "50m"}]}, KEY, 5),
        ({"action": "batch", "commands": [REWIND, {**REWIND, "to": "50m"}]}, None, 4),
    ],
    ids=["no-key", "key", "shift", "begin", "own-time", "preview", "batch", "batch-no-key"],
)
def test_only_what_an_instant_settles_costs_a_record_more_under_a_key(
    functions: FunctionCaller, shop: Shop, command: dict[str, Any], key: str | None, records: int
) -> None:
    told = {**command, "at": shop.now_unix} if "at" in command else command

    answer = functions.run(told, **({} if key is None else {"Idempotency_Key": key}))

    assert answer.status == 200, answer.body
    assert Counter(call["operation"] for call in shop.calls(journal=True))["PutLogs"] == records
