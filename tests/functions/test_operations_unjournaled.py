"""Without REWIND_JOURNAL: what reads and plans works, and so do the two direct updates; the rest says what it needs."""

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import Shop

GROUP = {"target": "shop/orders/billing"}
NAMED = {**GROUP, "operation_id": "a" * 16}


@pytest.mark.parametrize(
    "command",
    [
        {"action": "describe", **GROUP},
        {"action": "list_consumer_groups", "target": "shop/orders"},
        {"action": "peek", **GROUP, "shard": 0},
    ],
    ids=lambda command: str(command["action"]),
)  # fmt: skip -- a command a piece
def test_reads_work_without_a_journal(unjournaled: FunctionCaller, shop: Shop, command: dict[str, object]) -> None:
    answer = unjournaled.run(command)

    assert (answer.status, answer.json["status"]) == (200, "read")
    assert "not_journaled" not in answer.warnings
    assert shop.writes() == []


@pytest.mark.parametrize(
    "command",
    [
        {"action": "seek", **GROUP, "to": "begin"},
        {"action": "rewind", **GROUP, "to": "1h"},
        {"action": "skip", **GROUP, "to": "end"},
        {"action": "update_consumer_group", **GROUP, "timeout": 120, "dry_run": True},
    ],
    ids=lambda command: str(command["action"]),
)
def test_plans_work_without_a_journal_and_say_that_they_are_not_kept(
    unjournaled: FunctionCaller, shop: Shop, command: dict[str, object]
) -> None:
    answer = unjournaled.run(command)

    assert (answer.status, answer.json["status"]) == (200, "planned")
    assert (answer.json["plan_id"], answer.json["expires_at"]) == (None, None)
    assert "REWIND_JOURNAL is not set" in answer.warnings["not_journaled"]
    assert shop.calls(journal=True) == shop.calls()
    for offered in answer.json["next"]:
        assert unjournaled.run(offered).json["status"] == "applied"


@pytest.mark.parametrize(
    "command",
    [
        {"action": "update_checkpoint", **GROUP, "shard": 0, "checkpoint": None},
        {"action": "update_consumer_group", **GROUP, "timeout": 120},
    ],
    ids=lambda command: str(command["action"]),
)  # fmt: skip -- a command a piece
def test_direct_updates_work_without_a_journal_and_offer_the_way_back(
    unjournaled: FunctionCaller, shop: Shop, command: dict[str, object]
) -> None:
    before = shop.checkpoints(), shop.attributes()
    if "checkpoint" in command:
        command = {**command, "checkpoint": shop.cursor(0, 5)}

    answer = unjournaled.run(command)
    between = shop.checkpoints(), shop.attributes()
    back = unjournaled.run(answer.json["next"][0])

    assert (answer.json["status"], back.json["status"]) == ("applied", "applied")
    assert "nothing remembers this write" in answer.warnings["not_journaled"]
    assert between != before
    assert (shop.checkpoints(), shop.attributes()) == before


@pytest.mark.parametrize(
    "command",
    [
        {"action": "seek", **GROUP, "to": "begin", "dry_run": False},
        {"action": "rewind", **GROUP, "to": "1h", "dry_run": False},
        {"action": "skip", **GROUP, "to": "end", "dry_run": False},
        {"action": "undo", **NAMED},
        {"action": "undo", **NAMED, "dry_run": False},
        {"action": "resume", **NAMED},
        {"action": "abandon", **NAMED},
        {"action": "verify", **NAMED},
        {"action": "apply", "plan_id": "aaaaaaaaaa"},
        {"action": "snapshot", **GROUP},
        {"action": "history", **GROUP},
        {"action": "seek", **GROUP, "to": {"as_of": 1_700_000_000}},
    ],
    ids=lambda command: f"{command['action']}{'-now' if command.get('dry_run') is False else ''}",
)
def test_everything_else_is_refused_with_how_to_make_a_journal(
    unjournaled: FunctionCaller, shop: Shop, command: dict[str, object]
) -> None:
    answer = unjournaled.run(command)

    assert (answer.status, answer.json["status"], answer.error["code"]) == (409, "refused", "journal_required")
    assert "python -m shared.journal create" in answer.error["hint"]
    assert "REWIND_JOURNAL=<project>/<logstore>" in answer.error["hint"]
    assert shop.writes() == []


def test_a_key_does_not_make_an_update_unjournaled_repeatable(unjournaled: FunctionCaller, shop: Shop) -> None:
    command = {"action": "update_checkpoint", **GROUP, "shard": 0, "checkpoint": shop.cursor(0, 5)}

    statuses = [unjournaled.run(command, Idempotency_Key="k").json["status"] for _ in range(2)]

    assert statuses == ["applied", "unchanged"]
    assert len(shop.writes()) == 1


@pytest.mark.parametrize("action", ["seek", "rewind", "skip", "snapshot", "history", "peek"])
def test_the_journal_is_never_a_target(functions: FunctionCaller, shop: Shop, action: str) -> None:
    own: dict[str, dict[str, object]] = {
        "seek": {"to": "begin"},
        "rewind": {"to": "begin"},
        "skip": {"to": "end"},
        "peek": {"shard": 0},
    }

    answer = functions.run({"action": action, "target": f"{shop.sls.journal}/any", **own.get(action, {})})

    assert (answer.status, answer.error["code"]) == (403, "denied_by_policy")
    assert shop.calls(journal=True) == []
