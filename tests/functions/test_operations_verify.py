"""verify: whether an operation's moves held, shard by shard, judged on what stands there now."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import Shop

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -1000}, "dry_run": False}
SKIP = {"action": "skip", **GROUP, "to": {"shift": 100}, "dry_run": False}
LATER_S = 120
"""Longer than the libraries keep a checkpoint in memory before they write it."""


def verify_of(done: Answer) -> dict[str, Any]:
    """Return the command that an operation offers for looking whether it held."""
    return next(command for command in done.json["next"] if command["action"] == "verify")


def states(answer: Answer) -> dict[int, str]:
    assert answer.json["status"] == "read"
    return {found["shard"]: found["state"] for found in answer.json["verify"]}


def test_what_stands_where_it_was_put_held(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(REWIND)

    answer = functions.run(verify_of(done))

    assert states(answer) == {0: "held", 1: "held", 2: "held"}
    assert (answer.json["next"], answer.json["warnings"]) == ([], [])
    for found in answer.json["verify"]:
        assert found["checkpoint"] == found["expected"] == shop.checkpoints()[found["shard"]]
        assert found["consumer"] is None
        assert found["update_time"] is not None


@pytest.mark.parametrize(
    ("command", "number", "ago_s", "state"),
    [
        (REWIND, -1500, 0, "progressed"),
        (REWIND, -601, -LATER_S, "progressed"),
        (REWIND, -600, 0, "overwritten"),
        (REWIND, -10, 0, "overwritten"),
        (REWIND, -600, -LATER_S, "caught_up_or_overwritten"),
        (REWIND, -10, -LATER_S, "caught_up_or_overwritten"),
        (REWIND, -1700, 0, "overwritten"),
        (REWIND, 5, -LATER_S, "overwritten"),
        (SKIP, -400, 0, "progressed"),
        (SKIP, -10, -LATER_S, "progressed"),
        (SKIP, -550, 0, "overwritten"),
    ],
)
def test_each_verdict(
    functions: FunctionCaller, shop: Shop, command: dict[str, object], number: int, ago_s: int, state: str
) -> None:
    done = functions.run(command)
    shop.commit(1, shop.cursor(1, number), ago_s=ago_s)

    assert states(functions.run(verify_of(done))) == {0: "held", 1: state, 2: "held"}


def test_what_was_overwritten_names_the_consumer_and_offers_what_to_do(functions: FunctionCaller, shop: Shop) -> None:
    shop.heartbeat("worker-1")
    done = functions.run(REWIND)
    shop.commit(1, shop.cursor(1, -590), consumer="worker-1", forceSuccess="false")

    answer = functions.run(verify_of(done))

    assert (answer.json["verify"][1]["state"], answer.json["verify"][1]["consumer"]) == ("overwritten", "worker-1")
    assert [offered["action"] for offered in answer.json["next"]] == ["undo", "describe"]
    for offered in answer.json["next"]:
        assert functions.run(offered).json["ok"]


def test_a_shard_that_was_not_written_was_not_moved(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "UpdateCheckPoint", "shard": 1, "times": 99, "status": 403, "error_code": "Unauthorized"})
    done = functions.run(REWIND)
    shop.fault()

    answer = functions.run({"action": "verify", **GROUP, "operation_id": done.json["operation_id"]})

    assert done.json["status"] == "partial"
    assert states(answer) == {0: "held", 1: "not_moved", 2: "held"}


def test_attributes_are_verified_too(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run({"action": "update_consumer_group", **GROUP, "timeout": 120})

    held = functions.run(verify_of(done))
    shop.caller.call("PUT", "/logstores/orders/consumergroups/billing", document={"timeout": 20, "order": False})
    overwritten = functions.run(verify_of(done))

    assert held.json["consumer_group"]["after"] == {"timeout": 120, "order": False}
    assert overwritten.json["consumer_group"] == {
        "before": {"timeout": 120, "order": False},
        "after": {"timeout": 20, "order": False},
    }
    assert [command["action"] for command in overwritten.json["next"]] == ["undo", "describe"]


def newest_operation(functions: FunctionCaller) -> Any:  # noqa: ANN401 -- any JSON document
    return functions.run({"action": "history", **GROUP}).json["operations"][0]


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda _: None, {"0": "held", "1": "held", "2": "held"}),
        (lambda shop: shop.commit(1, shop.cursor(1, -590)), {"0": "held", "1": "overwritten", "2": "held"}),
    ],
    ids=["held", "overwritten"],
)  # fmt: skip -- a case a line
def test_the_history_keeps_what_was_verified_last(
    functions: FunctionCaller, shop: Shop, write: Callable[[Shop], None], said: dict[str, str]
) -> None:
    done = functions.run(REWIND)
    unverified = newest_operation(functions)["verified"]
    functions.run(verify_of(done))
    write(shop)
    functions.run(verify_of(done))

    assert unverified is None
    assert newest_operation(functions)["verified"] == said


def test_verify_writes_nothing_but_its_record(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(REWIND)
    before = len(shop.writes())

    answer = functions.run(verify_of(done))

    assert len(shop.writes()) == before
    assert (answer.json["operation_id"], answer.json["dry_run"]) == (None, False)


def test_what_a_consumer_still_holds_is_told_to_be_not_in_effect_first(functions: FunctionCaller, shop: Shop) -> None:
    held = shop.heartbeat("worker-1")
    done = functions.run(REWIND)

    answer = functions.run(verify_of(done))

    first = answer.json["warnings"][0]
    assert states(answer) == {0: "held", 1: "held", 2: "held"}
    assert (set(held) >= {0, 1, 2}, first["code"]) == (True, "not_in_effect")
    assert first["message"].startswith("Written, but not in effect until the consumer releases the shard: ")
    assert "shard 2 is held by worker-1" in first["message"]


def test_a_consumer_that_came_after_the_plan_is_told_apart(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(REWIND)
    shop.heartbeat("worker-2")

    answer = functions.run(verify_of(done))

    assert "shard 0 is held by worker-2, which came after the plan was made" in answer.json["warnings"][0]["message"]


def test_what_consumers_have_gone_on_from_is_in_effect(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(REWIND)
    shop.heartbeat("worker-1")
    for shard in range(3):
        shop.commit(shard, shop.cursor(shard, -1500), consumer="worker-1", forceSuccess="false")

    answer = functions.run(verify_of(done))

    assert set(states(answer).values()) == {"progressed"}
    assert answer.json["warnings"] == []


def notices(answer: Answer) -> list[tuple[str, str]]:
    return [(warning["code"], warning["message"]) for warning in answer.json["warnings"]]


def undo_of(done: Answer) -> dict[str, object]:
    return {"action": "undo", **GROUP, "operation_id": done.json["operation_id"], "dry_run": False}


@pytest.mark.parametrize("goes_on", [False, True], ids=["at_once", "after_consumers_went_on"])
def test_what_was_taken_back_by_undo_says_so_and_offers_no_undo(
    functions: FunctionCaller,
    shop: Shop,
    goes_on: bool,  # noqa: FBT001 -- a case
) -> None:
    done = functions.run(REWIND)
    undone = functions.run(undo_of(done)).json["operation_id"]
    if goes_on:
        for shard in range(3):
            shop.commit(shard, shop.cursor(shard, -590))

    answer = functions.run(verify_of(done))

    assert notices(answer) == [("taken_back", f"taken back by operation {undone}")]
    assert {found["operation_id"] for found in answer.json["verify"]} == {undone}
    assert [command["action"] for command in answer.json["next"]] == ["describe"]


def test_what_a_later_operation_moved_names_that(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(REWIND)
    later = functions.run({"action": "seek", **GROUP, "to": "end", "dry_run": False}).json["operation_id"]

    answer = functions.run(verify_of(done))

    assert notices(answer) == [("moved_on", f"moved on by operation {later}")]
    assert shop.checkpoints()[0] == shop.end(0)


def test_what_others_overwrote_beside_an_undo_is_still_an_alarm(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(REWIND)
    functions.run(undo_of(done))
    shop.commit(1, shop.cursor(1, -1700))

    assert notices(functions.run(verify_of(done))) == []


def test_attributes_that_were_taken_back_by_undo_say_so(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run({"action": "update_consumer_group", **GROUP, "timeout": 120})
    undone = functions.run(undo_of(done)).json["operation_id"]

    answer = functions.run(verify_of(done))

    assert notices(answer) == [("taken_back", f"taken back by operation {undone}")]
    assert [command["action"] for command in answer.json["next"]] == ["describe"]
    assert shop.attributes() == (60, False)


def test_attributes_that_were_never_written_say_so(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "UpdateConsumerGroup", "times": 99, "status": 403, "error_code": "Unauthorized"})
    functions.run(
        {"action": "update_consumer_group", **GROUP, "timeout": 120}, Idempotency_Key="a-timeout-that-is-refused"
    )
    refused = newest_operation(functions)["operation_id"]

    answer = functions.run({"action": "verify", **GROUP, "operation_id": refused})

    assert [code for code, _ in notices(answer)] == ["not_written"]
    assert answer.json["next"] == []
