"""undo: what an operation moved goes back, as an operation of its own, and what cannot go back is named."""

from typing import Any

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import HOUR_S, Shop

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -1000}, "dry_run": False}


def undo_of(done: Answer, **more: object) -> dict[str, Any]:
    """Return the command that takes an operation back at once."""
    offered = next(command for command in done.json["next"] if command["action"] == "undo")
    return {**offered, "dry_run": False, **more}


@pytest.mark.parametrize(
    "command",
    [
        REWIND,
        {"action": "skip", **GROUP, "to": "end", "dry_run": False},
        {"action": "seek", **GROUP, "to": "begin", "shards": [0, 2], "dry_run": False},
    ],
    ids=lambda command: str(command["action"]),
)
def test_undo_puts_every_shard_back(functions: FunctionCaller, shop: Shop, command: dict[str, object]) -> None:
    before = shop.checkpoints()
    done = functions.run(command)
    between = shop.checkpoints()

    undone = functions.run(undo_of(done))

    assert between != before
    assert (undone.json["status"], undone.json["action"]) == ("applied", "undo")
    assert shop.checkpoints() == before
    opposite = {"backward": "forward", "forward": "backward"}
    for shard, found in undone.shards.items():
        assert found["direction"] == opposite[done.shards[shard]["direction"]]
        assert found["log_groups"] == -done.shards[shard]["log_groups"]


def test_undo_plans_by_default_and_its_plan_can_be_applied(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()
    done = functions.run(REWIND)
    between = shop.checkpoints()

    plan = functions.run(done.json["next"][1])
    stood = shop.checkpoints()
    functions.run(plan.json["next"][0])

    assert (plan.json["status"], stood) == ("planned", between)
    assert shop.checkpoints() == before


def test_undo_of_an_update_of_checkpoints_puts_them_back(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()
    wanted = {"0": shop.cursor(0, 1), "1": shop.end(1)}
    done = functions.run({"action": "update_checkpoint", **GROUP, "checkpoints": wanted})

    functions.run(undo_of(done))

    assert shop.checkpoints() == before


def test_undo_of_an_update_of_attributes_puts_them_back(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run({"action": "update_consumer_group", **GROUP, "timeout": 120, "order": True})

    undone = functions.run(undo_of(done))

    assert shop.attributes() == (60, False)
    assert undone.json["consumer_group"] == {
        "before": {"timeout": 120, "order": True},
        "after": {"timeout": 60, "order": False},
    }


def test_undo_of_an_undo_does_it_again(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(REWIND)
    wanted = shop.checkpoints()

    undone = functions.run(undo_of(done))
    again = functions.run(undo_of(undone))

    assert again.json["status"] == "applied"
    assert shop.checkpoints() == wanted


def test_undo_is_told_in_the_history_with_what_it_takes_back(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(REWIND)
    functions.run(undo_of(done))

    newest, oldest = functions.run({"action": "history", **GROUP}).json["operations"]

    assert (newest["action"], newest["undoes"]) == ("undo", done.json["operation_id"])
    assert (oldest["action"], oldest["undoes"]) == ("rewind", None)
    assert len(shop.writes()) == 6


def test_undo_of_a_rewind_goes_forward_from_where_consumers_are_now(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()
    done = functions.run(REWIND)
    shop.commit(0, shop.cursor(0, -900), ago_s=HOUR_S)

    undone = functions.run(undo_of(done))

    assert undone.shards[0]["log_groups"] == 300
    assert shop.checkpoints() == before


def test_undo_of_a_rewind_leaves_a_shard_alone_that_has_caught_up(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(REWIND)
    shop.commit(0, shop.cursor(0, -100), ago_s=HOUR_S)

    undone = functions.run(undo_of(done))

    assert (undone.shards[0]["status"], undone.shards[1]["status"]) == ("skipped", "moved")
    assert "this action only goes forward" in undone.shards[0]["note"]
    assert shop.checkpoints()[0] == shop.cursor(0, -100)


def test_undo_of_a_skip_goes_back_from_where_consumers_are_now(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()
    done = functions.run({"action": "skip", **GROUP, "to": {"shift": 100}, "dry_run": False})
    shop.commit(0, shop.cursor(0, -100), ago_s=HOUR_S)

    undone = functions.run(undo_of(done))

    assert (undone.shards[0]["direction"], undone.shards[0]["log_groups"]) == ("backward", -500)
    assert shop.checkpoints() == before


def test_a_shard_without_a_checkpoint_before_is_named_as_not_restorable(functions: FunctionCaller, shop: Shop) -> None:
    wanted = {"0": shop.cursor(0, 5), "3": shop.cursor(3, 5)}
    done = functions.run({"action": "update_checkpoint", **GROUP, "checkpoints": wanted})

    undone = functions.run(undo_of(done))

    assert (undone.json["status"], undone.shards[0]["status"]) == ("applied", "moved")
    assert (undone.shards[3]["status"], undone.shards[3]["note"]) == (
        "skipped",
        "had no checkpoint before: not restorable",
    )
    assert shop.checkpoints()[3] == wanted["3"]


def test_undo_of_first_checkpoints_alone_changes_nothing(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run({"action": "update_checkpoint", **GROUP, "shard": 3, "checkpoint": shop.cursor(3, 5)})

    undone = functions.run(undo_of(done))

    assert (undone.status, undone.json["status"]) == (200, "unchanged")
    assert undone.shards[3]["note"] == "had no checkpoint before: not restorable"
    assert len(shop.writes()) == 1


def test_an_original_position_that_expired_is_refused_or_clamped(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(0, shop.cursor(0, 50), ago_s=HOUR_S)
    done = functions.run({"action": "skip", **GROUP, "to": "end", "shards": [0], "dry_run": False})
    shop.sls.control("retention", {"project": "shop", "logstore": "orders", "shard": 0, "drop": 80})

    refused = functions.run(undo_of(done))
    clamped = functions.run(undo_of(done, on_expired="clamp"))

    assert (refused.status, refused.error["code"]) == (409, "position_expired")
    assert clamped.shards[0]["note"].startswith("clamped: ")
    assert shop.checkpoints()[0] == shop.cursor(0, 0)


def test_undo_of_what_is_back_already_is_unchanged(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(REWIND)
    functions.run(undo_of(done))
    writes = len(shop.writes())

    assert functions.run(undo_of(done)).json["status"] == "unchanged"
    assert len(shop.writes()) == writes


def test_undo_of_attributes_that_are_back_already_is_unchanged(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run({"action": "update_consumer_group", **GROUP, "timeout": 120})
    functions.run(undo_of(done))
    writes = len(shop.writes())

    assert functions.run(undo_of(done)).json["status"] == "unchanged"
    assert len(shop.writes()) == writes


def test_undo_is_refused_while_somebody_is_consuming(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(REWIND)
    shop.commit(0, shop.cursor(0, -900))

    refused = functions.run(undo_of(done))
    allowed = functions.run(undo_of(done, allow_active=True))

    assert (refused.status, refused.error["code"]) == (409, "active_consumers")
    assert allowed.json["warnings"][0]["code"] == "not_in_effect"


@pytest.mark.parametrize("action", ["undo", "verify", "resume", "abandon"])
def test_an_operation_that_nobody_began_is_not_found(functions: FunctionCaller, shop: Shop, action: str) -> None:
    answer = functions.run({"action": action, **GROUP, "operation_id": "a" * 16})

    assert (answer.status, answer.error["code"]) == (404, "operation_not_found")
    assert "history shows which there are" in answer.error["hint"]
    assert shop.calls() == []


@pytest.mark.parametrize("action", ["undo", "verify", "resume", "abandon"])
def test_an_operation_belongs_to_its_own_group(functions: FunctionCaller, shop: Shop, action: str) -> None:
    done = functions.run(REWIND)
    shop.add_group("audit")
    named = {"target": "shop/orders/audit", "operation_id": done.json["operation_id"]}

    answer = functions.run({"action": action, **named})

    assert (answer.status, answer.error["code"]) == (404, "operation_not_found")


@pytest.mark.parametrize("operation_id", ["", "A" * 16, "a" * 15, "a" * 15 + "1", 7])
def test_what_cannot_be_an_operation_id_is_refused(functions: FunctionCaller, shop: Shop, operation_id: object) -> None:
    answer = functions.run({"action": "undo", **GROUP, "operation_id": operation_id})

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert shop.calls(journal=True) == []
