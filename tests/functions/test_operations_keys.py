"""Idempotency keys: the same command under the same key happens once, whatever became of it."""

from collections.abc import Mapping

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import HOUR_S, Shop

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}
ATTRIBUTES = {"action": "update_consumer_group", **GROUP, "timeout": 120}


def run(functions: FunctionCaller, command: Mapping[str, object], key: str = "deploy-17", **more: str) -> Answer:
    return functions.run(command, Idempotency_Key=key, **more)


@pytest.mark.parametrize("command", [REWIND, ATTRIBUTES], ids=lambda command: str(command["action"]))
def test_a_repeated_command_is_a_duplicate_with_the_first_outcome(
    functions: FunctionCaller, shop: Shop, command: dict[str, object]
) -> None:
    first = run(functions, command)
    writes = len(shop.writes())

    again = run(functions, command)

    assert (first.json["status"], again.status, again.json["status"]) == ("applied", 200, "duplicate")
    for same in ("operation_id", "shards", "consumer_group", "next"):
        assert again.json[same] == first.json[same]
    assert len(shop.writes()) == writes


def test_a_relative_time_stays_what_it_was_under_the_same_key(functions: FunctionCaller, shop: Shop) -> None:
    command = {"action": "rewind", **GROUP, "to": "1h", "dry_run": False}
    first = run(functions, command)
    shop.commit(0, shop.cursor(0, -5), ago_s=HOUR_S)

    again = run(functions, command)

    assert again.json["shards"] == first.json["shards"]
    assert shop.checkpoints()[0] == shop.cursor(0, -5)


def test_the_same_key_for_another_command_is_refused(functions: FunctionCaller, shop: Shop) -> None:
    run(functions, REWIND)
    stood = shop.checkpoints()

    answer = run(functions, {**REWIND, "to": {"shift": -200}})

    assert (answer.status, answer.json["status"]) == (422, "refused")
    assert answer.error["code"] == "idempotency_key_reused"
    assert shop.checkpoints() == stood


def test_another_key_is_another_operation(functions: FunctionCaller, shop: Shop) -> None:
    first, second = run(functions, REWIND, "a"), run(functions, REWIND, "b")

    assert first.json["operation_id"] != second.json["operation_id"]
    assert shop.checkpoints()[0] == shop.cursor(0, -800)


def test_no_key_is_always_another_operation(functions: FunctionCaller, shop: Shop) -> None:
    ids = {functions.run(REWIND).json["operation_id"] for _ in range(2)}

    assert len(ids) == 2
    assert shop.checkpoints()[0] == shop.cursor(0, -800)


def test_a_key_is_its_callers_own(functions: FunctionCaller, shop: Shop) -> None:
    command = {"action": "update_checkpoint", **GROUP, "shard": 0, "checkpoint": shop.cursor(0, -700)}

    first, second = run(functions, command), run(functions, command, caller="narrow")

    assert first.json["operation_id"] != second.json["operation_id"]
    assert (first.json["status"], second.json["status"]) == ("applied", "unchanged")


def test_a_key_remembers_a_command_that_had_nothing_to_do(functions: FunctionCaller, shop: Shop) -> None:
    command = {"action": "seek", **GROUP, "to": {"checkpoints": {"0": shop.cursor(0, -600)}}, "dry_run": False}
    first = run(functions, command)
    shop.commit(0, shop.cursor(0, -5), ago_s=HOUR_S)

    again = run(functions, command)

    assert (first.json["status"], again.json["status"]) == ("unchanged", "duplicate")
    assert shop.checkpoints()[0] == shop.cursor(0, -5)


def test_a_key_without_a_write_means_nothing(functions: FunctionCaller, shop: Shop) -> None:
    plans = [run(functions, {**REWIND, "dry_run": True}).json["plan_id"] for _ in range(2)]

    assert len(set(plans)) == 2
    assert run(functions, REWIND).json["status"] == "applied"
    assert len(shop.writes()) == 3


@pytest.mark.parametrize("change", ["active", "expired"])
def test_a_key_of_what_was_refused_before_it_began_is_still_free(
    functions: FunctionCaller, shop: Shop, change: str
) -> None:
    command = {**REWIND, "to": shop.now_unix - 3 * HOUR_S} if change == "expired" else REWIND
    if change == "active":
        shop.commit(0, shop.cursor(0, -600))
    refused = run(functions, command)
    shop.commit(0, shop.cursor(0, -600), ago_s=HOUR_S)

    assert (refused.status, refused.json["status"]) == (409, "refused")
    assert run(functions, REWIND).json["status"] == "applied"


def test_the_plan_id_is_the_key_of_apply(functions: FunctionCaller, shop: Shop) -> None:
    plan = functions.run({**REWIND, "dry_run": True})

    first = run(functions, plan.json["next"][0], "a")
    again = run(functions, plan.json["next"][0], "b")

    assert (first.json["status"], again.json["status"]) == ("applied", "duplicate")
    assert len(shop.writes()) == 3


def test_each_part_of_a_batch_has_a_key_of_its_own(functions: FunctionCaller, shop: Shop) -> None:
    batch = {"action": "batch", "commands": [REWIND, ATTRIBUTES]}
    first = run(functions, batch)
    writes = len(shop.writes())

    again = run(functions, batch)

    assert (first.json["status"], again.json["status"]) == ("applied", "duplicate")
    assert [part["status"] for part in again.json["results"]] == ["duplicate", "duplicate"]
    assert len({part["operation_id"] for part in first.json["results"]}) == 2
    assert len(shop.writes()) == writes
