"""What commands read, in chat; the results are those that the functions answer with over HTTP."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.chatops.messages import Card
from shared.chatops.prose import width_of
from shared.positions import iso_utc
from shared.results import Result
from tests.functions.caller import FunctionCaller
from tests.functions.shop import HOUR_S, Shop
from tests.unit.chatops import shown
from tests.unit.chatops.plain import plain_lines

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -10}, "dry_run": False, "reason": "bad deploy"}
_READER = TypeAdapter(Result)


def result_of(told: Mapping[str, Any]) -> Result:
    """Return a result as its answer tells it."""
    known = {field.name: told[field.name] for field in fields(Result) if field.name in told}
    own = {name: value for name, value in told.items() if name not in {*known, "ok", "type", "title", "detail"}}
    return _READER.validate_python({**known, "own": own})


def ask(functions: FunctionCaller, command: Mapping[str, object]) -> Card:
    """Return the card of what a command answers with."""
    return shown.card(result_of(functions.run(command).json))


def test_describe_shows_where_each_shard_stands(functions: FunctionCaller, shop: Shop) -> None:
    found = ask(functions, {"action": "describe", **GROUP})

    assert (found.title, found.audience) == ("Where it stands: shop/orders/billing", "person")
    assert found.lines[0].startswith("Largest lag is 10 min")
    assert found.lines[0].endswith("consumers: free.")
    assert "Log groups not consumed yet: 1800." in found.lines
    assert "Timeout 60 s, order off, log groups are kept for 30 days." in found.lines
    header, *rows = found.table
    assert header[:5] == ("shard", "consumed to (UTC)", "lag", "log groups", "held by")
    consumed = iso_utc(shop.now_unix - 601)[5:19].replace("T", " ")
    assert [row[:5] for row in rows[:3]] == [(str(number), consumed, "10 min 00 s", "600", "") for number in range(3)]
    assert rows[3][:3] == ("3", "never", "")
    assert found.lines[-1].startswith("shard 3: never checkpointed")


def test_describe_shows_who_holds_what_and_when_it_is_free(functions: FunctionCaller, shop: Shop) -> None:
    held = shop.heartbeat("consumer-1")
    for number in held:
        shop.commit(number, shop.cursor(number, -100), consumer="consumer-1", forceSuccess="false")

    found = ask(functions, {"action": "describe", **GROUP})

    assert "consumers: active: free in " in found.lines[0]
    assert any(line.endswith("ago by consumer-1.") for line in found.lines)
    assert {row[4] for row in found.table[1:]} == {"consumer-1"}


def test_describe_of_many_shards_shows_the_furthest_behind_and_sums_up_the_rest(
    functions: FunctionCaller, shop: Shop
) -> None:
    shop.add_logstore("wide", shards=16)
    shop.add_group("billing", logstore="wide")

    found = ask(functions, {"action": "describe", "target": "shop/wide/billing"})

    assert [row[0] for row in found.table[1:]] == [*map(str, range(11)), "5 more"]


@pytest.mark.usefixtures("shop")
def test_groups_are_listed_with_their_attributes(functions: FunctionCaller) -> None:
    found = ask(functions, {"action": "list_consumer_groups", "target": "shop/orders"})

    assert found.title == "Consumer groups: shop/orders"
    assert found.table == (("name", "timeout", "order"), ("billing", "60 s", "off"))


def test_peek_shows_what_comes_next_as_lines(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(0, shop.cursor(0, 5), ago_s=HOUR_S)

    found = ask(functions, {"action": "peek", **GROUP, "shard": 0, "count": 2})

    assert found.title == "Next to be read: shop/orders/billing"
    assert found.lines[0].startswith("1. Log group of 1 logs, topic ")
    assert "n=5" in found.lines[1]
    assert "n=6" in found.lines[3]


def test_peek_at_the_end_says_that_there_is_nothing(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(0, shop.end(0), ago_s=HOUR_S)

    assert ask(functions, {"action": "peek", **GROUP, "shard": 0}).lines == ("Nothing: it stands at the end.",)


@pytest.mark.usefixtures("shop")
def test_history_shows_who_did_what_when_and_what_it_came_to(functions: FunctionCaller) -> None:
    done = functions.run(REWIND).json

    header, row = ask(functions, {"action": "history", **GROUP}).table

    assert header == ("when (UTC)", "who", "what", "came to", "log groups", "operation", "why")
    assert row[1:] == ("webhook:local", "rewind", "finished", "30 again", done["operation_id"], "bad deploy")


def test_history_shows_the_end_of_a_name_that_is_too_long_for_its_column() -> None:
    told = {"started_at": "2026-11-20T01:00:00Z", "action": "undo", "state": "finished", "status": "partial"}
    op = {**told, "principal": f"feishu:{'t' * 16}/ou_{'x' * 32}", "operation_id": "k", "reason": None, "undoes": "j"}
    result = Result(status="read", action="history", own={"operations": [{**op, "shards": []}]})

    _, row = shown.card(result).table

    assert row == ("11-20 01:00:00", f"ou_{'x' * 32}", "undo", "finished, partial", "", "k", "undoes j")


@pytest.mark.usefixtures("shop")
def test_a_group_without_history_says_so(functions: FunctionCaller) -> None:
    assert ask(functions, {"action": "history", **GROUP}).lines == ("Nothing in the journal's last 72 hours.",)


@pytest.mark.usefixtures("shop")
def test_a_snapshot_tells_how_many_positions_were_written_down(functions: FunctionCaller) -> None:
    found = ask(functions, {"action": "snapshot", **GROUP})

    assert (found.title, found.audience) == ("Positions written down: shop/orders/billing", "person")
    assert found.lines[0].startswith("Of 3 shards,")


@pytest.mark.usefixtures("shop")
def test_what_cannot_be_read_is_told_with_what_to_do(functions: FunctionCaller) -> None:
    found = ask(functions, {"action": "describe", "target": "shop/nothing/billing"})

    assert (found.title, found.audience) == ("Failed (describe): shop/nothing/billing", "person")
    assert found.lines[0].startswith("Why: ")
    assert found.lines[1].startswith("What to do: Check the Logstore's name")


def test_verify_on_demand_is_for_the_person(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(REWIND).json
    shop.commit(1, shop.cursor(1, -600))

    found = ask(functions, {"action": "verify", **GROUP, "operation_id": done["operation_id"]})

    assert (found.title, found.audience) == ("It was overwritten: shop/orders/billing", "person")
    assert found.lines[0].startswith("Shard 1: overwritten, by a writer without a name at ")
    assert found.lines[1] == "Shards 0, 2: held."
    assert [offer.action for offer in found.offers] == ["undo"]


def test_a_refused_apply_of_a_changed_plan_is_told_as_such(functions: FunctionCaller, shop: Shop) -> None:
    plan_id = functions.run({**REWIND, "dry_run": True}).json["plan_id"]
    shop.commit(0, shop.cursor(0, -500), ago_s=HOUR_S)

    found = ask(functions, {"action": "apply", "plan_id": plan_id})

    assert (found.title, found.audience) == ("Not applied, here is a new plan: shop/orders/billing", "channel")
    assert found.lines[0].startswith("Why: shards 0 were written after the plan was made")
    assert [offer.action for offer in found.offers] == ["apply", "cancel"]


def test_what_is_applied_can_be_undone_from_its_card(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()
    offer = next(offer for offer in ask(functions, REWIND).offers if offer.action == "undo")

    _, target, operation_id = offer.text.split()
    functions.run({"action": "undo", "target": target, "operation_id": operation_id, "dry_run": False})

    assert shop.checkpoints() == before


@pytest.mark.usefixtures("shop")
def test_cards_of_every_kind_can_be_shown_in_a_terminal(functions: FunctionCaller) -> None:
    lines = plain_lines(ask(functions, {"action": "describe", **GROUP}), width=80)

    assert lines[1] == "-" * len("Where it stands: shop/orders/billing")
    assert lines[-2:] == ["(only you can see this)", lines[-1]]


def told_of(**more: object) -> Card:
    """Return the history of one operation."""
    started = {"started_at": "2026-11-20T01:00:00Z", "principal": "webhook:ci", "action": "seek", "state": "finished"}
    op = {**started, "status": "applied", "operation_id": "k", "reason": None, "undoes": None, "shards": [], **more}
    return shown.card(Result(status="read", action="history", own={"operations": [op]}))


def test_history_tells_what_comes_again_and_what_is_skipped_each_by_itself() -> None:
    moved = [{"shard": 0, "status": "moved", "log_groups": -900}, {"shard": 1, "status": "moved", "log_groups": 900}]

    assert told_of(shards=moved).table[1][4] == "900 again, 900 skipped"


def test_history_shows_reasons_in_their_own_script() -> None:
    assert told_of(reason="\\u90e8\\u7f72\\u5931\\u8d25").table[1][6] == "\u90e8\u7f72\u5931\u8d25"


def test_a_reason_in_wide_letters_stays_within_its_cell() -> None:
    cell = told_of(reason="\\u90e8" * 30).table[1][6]

    assert (width_of(cell), cell[-1]) == (39, "\u2026")
