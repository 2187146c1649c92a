"""Whose options an apply carries: the asker's own, and of another's plan all but leave to move it under consumers."""

from typing import Any

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.chat_platforms import Post
from tests.functions.chats import SlackChannel
from tests.functions.shop import Shop

PLAN: dict[str, Any] = {"action": "rewind", "target": "shop/orders/billing", "to": {"shift": -10}}
UNDER_CONSUMERS = {**PLAN, "allow_active": True}
OTHER = "U0LIN"


@pytest.fixture
def consumed(shop: Shop) -> Shop:
    """A group of which somebody has just committed a shard, and holds it."""
    shop.heartbeat("consumer-1")
    shop.commit(0, shop.cursor(0, -600), consumer="consumer-1", forceSuccess="false")
    return shop


def codes(answer: Answer) -> list[str]:
    return [warning["code"] for warning in answer.json["warnings"]]


def apply_of(plan: Answer, **more: object) -> dict[str, object]:
    return {"action": "apply", "plan_id": plan.json["plan_id"], **more}


def plan_id_of(plan: Post) -> str:
    return str(plan.buttons["apply"]).partition(".")[0]


def test_anothers_leave_to_move_a_group_under_its_consumers_is_not_taken_over(
    functions: FunctionCaller, consumed: Shop
) -> None:
    plan = functions.run(UNDER_CONSUMERS)

    refused = functions.run(apply_of(plan), caller="careful")

    assert (refused.status, refused.error["code"]) == (409, "active_consumers")
    assert "asked with allow_active, by somebody else: name allow_active on apply" in refused.error["hint"]
    assert consumed.writes() == []


def test_who_names_the_leave_on_apply_moves_it_all_the_same(functions: FunctionCaller, consumed: Shop) -> None:
    plan = functions.run(UNDER_CONSUMERS)

    applied = functions.run(apply_of(plan, allow_active=True), caller="careful")

    assert applied.json["status"] == "applied"
    assert len(consumed.writes()) == 3


@pytest.mark.parametrize("own", [{}, {"allow_active": False}])
def test_a_plan_that_never_had_the_leave_is_refused_without_a_word_of_it(
    functions: FunctionCaller, consumed: Shop, own: dict[str, object]
) -> None:
    plan = functions.run({**PLAN, "allow_active": bool(own)})

    refused = functions.run(apply_of(plan, **own), caller="careful")

    assert refused.error["code"] == "active_consumers"
    assert "by somebody else" not in refused.error["hint"]
    assert consumed.writes() == []


@pytest.mark.usefixtures("shop")
def test_how_long_to_wait_and_when_to_look_is_taken_from_anothers_plan(functions: FunctionCaller) -> None:
    plan = functions.run({**UNDER_CONSUMERS, "wait_free_s": 3, "verify_after_s": 1})

    applied = functions.run(apply_of(plan), caller="careful")

    assert applied.json["verify"] != []
    assert applied.warnings["apply_options"] == (
        "as asked, applying it waits up to 3 s for the consumers to be gone, looks 1 s later whether it held"
    )


def test_what_applying_does_besides_stands_right_behind_what_has_no_effect(
    functions: FunctionCaller, consumed: Shop
) -> None:
    plan = functions.run({**UNDER_CONSUMERS, "to": "1h"})
    applied = functions.run(apply_of(plan))

    assert len(consumed.writes()) == 3
    assert "receive_time" in codes(plan)
    assert codes(plan)[:2] == codes(applied)[:2] == ["not_in_effect", "apply_options"]


@pytest.mark.usefixtures("shop")
def test_what_is_applied_without_options_says_nothing_of_them(functions: FunctionCaller) -> None:
    assert "apply_options" not in codes(functions.run(apply_of(functions.run(PLAN))))


def test_who_presses_the_button_of_a_card_has_seen_its_options(slack: SlackChannel, consumed: Shop) -> None:
    plan = slack.say("rewind orders by 10 allow-active")

    done = slack.click(plan, "apply", user=OTHER)

    assert len(consumed.writes()) == 3
    assert "Note: as asked, applying it moves the shards although somebody consumes." in done.text


def test_who_types_the_id_of_anothers_plan_names_the_leave_anew(slack: SlackChannel, consumed: Shop) -> None:
    plan = slack.say("rewind orders by 10 allow-active")

    refused = slack.say(f"apply {plan_id_of(plan)}", user=OTHER)
    untouched = consumed.writes()
    slack.say(f"apply {plan_id_of(plan)} allow-active", user=OTHER)

    assert "by somebody else: type 'allow-active' behind apply" in str(refused.body["text"])
    assert untouched == []
    assert len(consumed.writes()) == 3


def test_who_types_the_id_of_their_own_plan_has_asked_for_the_leave(slack: SlackChannel, consumed: Shop) -> None:
    plan = slack.say("rewind orders by 10 allow-active")

    slack.say(f"apply {plan_id_of(plan)}")

    assert len(consumed.writes()) == 3
