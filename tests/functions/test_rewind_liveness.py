"""Somebody may be consuming: when that refuses a write, when it only warns, and how a command waits it out."""

import threading
import time
from collections.abc import Callable
from datetime import datetime

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import HOUR_S, Shop

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}
PLAN = {**REWIND, "dry_run": True}
NOT_IN_EFFECT = "Written, but not in effect until the consumer releases the shard"


def test_a_free_group_is_rewound_without_a_warning(functions: FunctionCaller, shop: Shop) -> None:
    assert shop.checkpoints()[0]

    assert functions.run(REWIND).warnings == {}


@pytest.mark.parametrize("named", [True, False], ids=["named", "nameless"])
def test_an_active_group_is_refused_and_told_when_it_would_be_free(
    functions: FunctionCaller, shop: Shop, *, named: bool
) -> None:
    if named:
        shop.heartbeat("worker-1")
    shop.commit(1, shop.cursor(1, -10), ago_s=20)
    before = shop.checkpoints()

    answer = functions.run(REWIND)

    assert (answer.status, answer.json["status"], answer.error["code"]) == (409, "refused", "active_consumers")
    assert "shard 1 was written " in answer.error["message"]
    assert f"s ago by {'worker-1' if named else 'a writer without a name'}" in answer.error["message"]
    told = answer.error["hint"].partition("free at ")[2].split(" ")[0]
    free_unix = datetime.fromisoformat(told.replace("Z", "+00:00")).timestamp()
    assert free_unix - shop.now_unix >= 40 - 1
    assert "wait_free_s" in answer.error["hint"]
    assert "allow_active" in answer.error["hint"]
    assert (shop.checkpoints(), shop.writes()) == (before, [])


def test_shards_outside_the_plan_do_not_count(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(1, shop.cursor(1, -10))

    assert functions.run({**REWIND, "shards": [0, 2]}).json["status"] == "applied"


def test_an_active_group_is_written_where_that_is_allowed_and_first_says_what_it_is_worth(
    functions: FunctionCaller, shop: Shop
) -> None:
    shop.commit(1, shop.cursor(1, -10))

    answer = functions.run({**REWIND, "allow_active": True})

    first = answer.json["warnings"][0]
    assert (answer.json["status"], first["code"]) == ("applied", "not_in_effect")
    assert first["message"].startswith(NOT_IN_EFFECT)
    assert "stop all consumers" in first["message"]


def test_a_held_group_is_written_and_first_says_what_it_is_worth(functions: FunctionCaller, shop: Shop) -> None:
    shop.heartbeat("worker-1")

    answer = functions.run(REWIND)

    first = answer.json["warnings"][0]
    assert (answer.json["status"], first["code"]) == ("applied", "not_in_effect")
    assert first["message"].startswith(f"{NOT_IN_EFFECT}: shard 0 is held by worker-1")


def test_a_plan_on_a_held_group_says_so_first(functions: FunctionCaller, shop: Shop) -> None:
    shop.heartbeat("worker-1")

    first = functions.run({**PLAN, "to": "1h"}).json["warnings"][0]

    assert first["code"] == "not_in_effect"
    assert first["message"].startswith("Would be written, but not in effect until the consumer releases the shard")


def test_a_plan_is_judged_again_when_it_is_applied(functions: FunctionCaller, shop: Shop) -> None:
    apply = functions.run({**PLAN, "shards": [0, 1]}).json["next"][0]
    shop.commit(1, shop.cursor(1, -600))

    refused = functions.run(apply)
    shop.sls.control("clock", {"skew_s": 120})
    allowed = functions.run(apply)

    assert (refused.status, refused.error["code"]) == (409, "active_consumers")
    assert allowed.error["code"] == "changed_since_plan"
    assert shop.writes() == []


def test_our_own_last_write_is_no_sign_of_a_consumer(functions: FunctionCaller, shop: Shop) -> None:
    statuses = [functions.run(REWIND).json["status"] for _ in range(3)]

    assert statuses == ["applied"] * 3
    assert shop.checkpoints()[0] == shop.cursor(0, -900)


def test_what_somebody_wrote_after_our_own_write_is_a_sign(functions: FunctionCaller, shop: Shop) -> None:
    functions.run(REWIND)
    shop.commit(0, shop.cursor(0, -650))

    assert functions.run(REWIND).error["code"] == "active_consumers"


def while_waiting(run: Callable[[], Answer], shop: Shop, act: Callable[[], object], *, looks: int = 1) -> Answer:
    """Return the answer to a command that waits; something happens after it has looked so many times."""
    answers: list[Answer] = []
    waiting = threading.Thread(target=lambda: answers.append(run()))
    waiting.start()
    give_up_at = time.monotonic() + 30
    while [call["operation"] for call in shop.calls()].count("GetCheckPoint") < looks:
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
    act()
    waiting.join()
    return answers[0]


def end_leases(shop: Shop) -> None:
    """Let SLS's clock run until the consumers' leases have ended."""
    shop.sls.control("clock", {"unix": time.time() + HOUR_S})
    shop.state()
    shop.sls.control("clock", {"unix": None})


def test_a_command_waits_until_the_shards_are_free(functions: FunctionCaller, shop: Shop) -> None:
    shop.heartbeat("worker-1")

    answer = while_waiting(lambda: functions.run({**REWIND, "wait_free_s": 40}), shop, lambda: end_leases(shop))

    assert (answer.json["status"], answer.warnings) == ("applied", {})


def test_the_apply_of_a_plan_waits_too(functions: FunctionCaller, shop: Shop) -> None:
    shop.heartbeat("worker-1")
    apply = {**functions.run(PLAN).json["next"][0], "wait_free_s": 40}

    answer = while_waiting(lambda: functions.run(apply), shop, lambda: end_leases(shop), looks=2)

    assert (answer.json["status"], answer.warnings) == ("applied", {})


def test_a_wait_that_was_too_short_ends_as_if_there_were_none(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(0, shop.cursor(0, -10))

    answer = functions.run({**REWIND, "wait_free_s": 1})

    assert (answer.status, answer.error["code"]) == (409, "active_consumers")
    assert answer.json["elapsed_ms"] >= 1000
    assert shop.writes() == []


@pytest.mark.usefixtures("shop")
def test_a_write_is_verified_after_as_long_as_was_asked(functions: FunctionCaller) -> None:
    answer = functions.run({**REWIND, "verify_after_s": 1})

    assert answer.json["status"] == "applied"
    assert answer.json["elapsed_ms"] >= 1000
    assert [(found["shard"], found["state"]) for found in answer.json["verify"]] == [(s, "held") for s in range(3)]


@pytest.mark.usefixtures("shop")
def test_the_apply_of_a_plan_is_verified_too(functions: FunctionCaller) -> None:
    apply = {**functions.run(PLAN).json["next"][0], "verify_after_s": 1}

    answer = functions.run(apply)

    assert answer.json["status"] == "applied"
    assert [found["state"] for found in answer.json["verify"]] == ["held"] * 3


def test_a_verification_that_was_asked_for_finds_what_a_consumer_did_meanwhile(
    functions: FunctionCaller, shop: Shop
) -> None:
    def commit_as_before() -> None:
        shop.commit(1, shop.cursor(1, -590))

    answer = while_waiting(lambda: functions.run({**REWIND, "verify_after_s": 1}), shop, commit_as_before, looks=3)

    states = {found["shard"]: found["state"] for found in answer.json["verify"]}
    assert states == {0: "held", 1: "overwritten", 2: "held"}


@pytest.mark.parametrize("option", ["wait_free_s", "verify_after_s"])
@pytest.mark.parametrize("value", [-1, 601, 1.5, "5", True])
def test_waits_are_whole_seconds_up_to_ten_minutes(
    functions: FunctionCaller, shop: Shop, option: str, value: object
) -> None:
    answer = functions.run({**REWIND, option: value})

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert f"{option}: " in answer.error["message"]
    assert shop.calls() == []
