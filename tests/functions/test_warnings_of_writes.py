"""Warnings of writes: they come with what was done, and never instead of it."""

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import Shop

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}
REFUSED = {"times": 99, "status": 403, "error_code": "Unauthorized"}


@pytest.mark.parametrize("by", ["direct", "apply"])
def test_a_verification_that_fails_leaves_the_write_applied(functions: FunctionCaller, shop: Shop, by: str) -> None:
    command: dict[str, object] = REWIND
    if by == "apply":
        (command,) = functions.run({**REWIND, "dry_run": True}).json["next"]
    # Read back once after the writes; what is read then is the verification.
    shop.fault({"operation": "GetCheckPoint", "nth": 4, **REFUSED})

    answer = functions.run({**command, "verify_after_s": 1})

    assert (answer.status, answer.json["status"]) == (200, "applied")
    assert answer.warnings["not_verified"].startswith("it was done, but whether it held could not be looked up")
    assert [shop.checkpoints()[shard] for shard in range(3)] == [shop.cursor(shard, -700) for shard in range(3)]


def test_where_nothing_was_written_nothing_is_said_to_be_written(functions: FunctionCaller, shop: Shop) -> None:
    shop.heartbeat("worker-1")
    shop.fault({"operation": "UpdateCheckPoint", **REFUSED})

    answer = functions.run({**REWIND, "allow_active": True})

    assert (answer.status, answer.json["status"]) == (502, "failed")
    assert "not_in_effect" not in answer.warnings


def test_where_one_shard_was_written_under_a_consumer_that_is_said_first(functions: FunctionCaller, shop: Shop) -> None:
    shop.heartbeat("worker-1")
    shop.fault({"operation": "UpdateCheckPoint", "shard": 2, **REFUSED})

    answer = functions.run({**REWIND, "allow_active": True})

    assert answer.json["status"] == "partial"
    assert answer.json["warnings"][0]["code"] == "not_in_effect"
    assert answer.json["warnings"][0]["message"].startswith("Written, but not in effect until the consumer releases")
