"""Keys that each action adds to the result; everything that results share is held against the contract at each call."""

import pytest

from tests.functions.caller import RESULT_SCHEMA, FunctionCaller
from tests.functions.shop import Shop

SHARED = set(RESULT_SCHEMA["required"])
PROBLEM = {"type", "title", "detail"}
TARGET = {"target": "shop/orders/billing"}
MISSING = {"target": "shop/orders/nobody"}
LONGER = {"action": "update_consumer_group", "timeout": 90}


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("command", "status", "own"),
    [
        ({"action": "list_consumer_groups", "target": "shop/orders"}, "read", {"consumer_groups"}),
        ({"action": "list_consumer_groups", "target": "shop/nothing"}, "failed", PROBLEM),
        ({"action": "describe", **TARGET}, "read", {"describe"}),
        ({"action": "describe", **MISSING}, "failed", PROBLEM),
        ({**LONGER, **TARGET}, "applied", set()),
        ({**LONGER, **TARGET, "dry_run": True}, "planned", set()),
        ({**LONGER, **TARGET, "timeout": 60}, "unchanged", set()),
        ({**LONGER, **MISSING}, "failed", PROBLEM),
        ({"action": "batch", "commands": [{**LONGER, **TARGET}]}, "applied", {"results"}),
        ({"action": "batch", "commands": [{**LONGER, **MISSING}]}, "failed", {"results", *PROBLEM}),
        ({"action": "batch", "commands": []}, "refused", PROBLEM),
        ({"action": "explode"}, "refused", PROBLEM),
    ],
)
def test_a_result_has_the_contracts_keys_and_its_actions_own(
    functions: FunctionCaller, command: dict[str, object], status: str, own: set[str]
) -> None:
    result = functions.run(command).json

    assert (result["status"], result.keys() - SHARED) == (status, own)


def test_every_status_of_a_checkpoint_write_keeps_to_the_contracts_keys(functions: FunctionCaller, shop: Shop) -> None:
    wanted = {"action": "update_checkpoint", **TARGET, "shard": 0, "checkpoint": shop.cursor(0, 5)}

    results = [functions.run(command).json for command in ({**wanted, "dry_run": True}, wanted, wanted)]

    assert [result["status"] for result in results] == ["planned", "applied", "unchanged"]
    assert [result.keys() - SHARED for result in results] == [set()] * 3


def test_a_repeated_request_is_a_duplicate_and_writes_nothing_twice(functions: FunctionCaller, shop: Shop) -> None:
    command = {**LONGER, **TARGET}

    first, again = (functions.run(command, Idempotency_Key="of-this-test").json for _ in range(2))

    assert (first["status"], again["status"]) == ("applied", "duplicate")
    assert first["operation_id"] == again["operation_id"]
    assert len(shop.writes()) == 1


@pytest.mark.usefixtures("shop")
def test_a_key_that_comes_with_another_command_is_refused(functions: FunctionCaller) -> None:
    functions.run({**LONGER, **TARGET}, Idempotency_Key="of-this-test")

    answer = functions.run({**LONGER, **TARGET, "timeout": 91}, Idempotency_Key="of-this-test")

    assert (answer.status, answer.json["status"], answer.error["code"]) == (422, "refused", "idempotency_key_reused")


def test_the_elements_of_a_failed_part_are_those_of_any_result(functions: FunctionCaller, shop: Shop) -> None:
    assert shop.checkpoints()

    (part,) = functions.run({"action": "batch", "commands": [{"action": "describe", **MISSING}]}).json["results"]

    assert part.keys() == SHARED
    assert (part["target"]["consumer_group"], part["status"], part["shards"]) == ("nobody", "failed", [])
