"""What was left unfinished: resume, abandon, and what is refused meanwhile."""

from typing import Any

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import HOUR_S, Shop

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}


@pytest.fixture
def half(functions: FunctionCaller, shop: Shop) -> Answer:
    """A rewind of which shard 1 was not written; SLS takes writes again."""
    shop.fault({"operation": "UpdateCheckPoint", "shard": 1, "times": 99, "status": 403, "error_code": "Unauthorized"})
    answer = functions.run(REWIND)
    shop.fault()
    return answer


def offered(answer: Answer, action: str) -> Any:  # noqa: ANN401 -- any JSON document
    return next(command for command in answer.json["next"] if command["action"] == action)


def done(answer: Answer, action: str) -> dict[str, object]:
    """Return a command on the operation that an answer tells of."""
    return {"action": action, **GROUP, "operation_id": answer.json["operation_id"]}


def test_a_half_written_rewind_says_which_shards_and_what_fits_now(shop: Shop, half: Answer) -> None:
    assert (half.status, half.json["status"], half.error["code"]) == (502, "partial", "partially_applied")
    assert "2 of 3 shards were written; not written: 1." in half.error["message"]
    assert (half.shards[1]["status"], half.shards[1]["error"]["sls_error_code"]) == ("failed", "Unauthorized")
    assert [command["action"] for command in half.json["next"]] == ["resume", "abandon"]
    assert shop.checkpoints()[1] == shop.cursor(1, -600)


def test_resume_writes_what_is_left_and_nothing_twice(functions: FunctionCaller, shop: Shop, half: Answer) -> None:
    before = len(shop.writes())

    answer = functions.run(offered(half, "resume"))

    assert (answer.json["status"], answer.json["operation_id"]) == ("applied", half.json["operation_id"])
    assert [call["shard"] for call in shop.writes()[before:]] == [1]
    assert {shop.checkpoints()[shard] for shard in range(3)} == {shop.cursor(shard, -700) for shard in range(3)}


def test_resume_leaves_a_shard_alone_that_consumers_moved(functions: FunctionCaller, shop: Shop, half: Answer) -> None:
    shop.commit(1, shop.cursor(1, -590), ago_s=HOUR_S)

    answer = functions.run(offered(half, "resume"))

    assert (answer.status, answer.json["status"], answer.shards[1]["status"]) == (502, "partial", "conflict")
    assert shop.checkpoints()[1] == shop.cursor(1, -590)


def test_what_was_resumed_can_be_undone(functions: FunctionCaller, shop: Shop, half: Answer) -> None:
    resumed = functions.run(offered(half, "resume"))

    functions.run({**offered(resumed, "undo"), "dry_run": False})

    assert {shard: shop.checkpoints()[shard] for shard in range(3)} == {s: shop.cursor(s, -600) for s in range(3)}


def test_abandon_leaves_all_as_it_stands_and_frees_the_group(
    functions: FunctionCaller, shop: Shop, half: Answer
) -> None:
    stood, writes = shop.checkpoints(), len(shop.writes())

    answer = functions.run(offered(half, "abandon"))

    assert (answer.status, answer.json["status"]) == (200, "applied")
    assert [(found["status"], found["after"]) for found in answer.shards.values()] == [
        ("moved", half.shards[0]["after"]),
        ("unchanged", None),
        ("moved", half.shards[2]["after"]),
    ]
    assert answer.shards[0]["before"] == half.shards[0]["before"]
    assert answer.shards[1]["before"]["checkpoint"] == stood[1]
    assert (shop.checkpoints(), len(shop.writes())) == (stood, writes)
    assert functions.run(REWIND).json["status"] == "applied"


@pytest.mark.parametrize(
    "command",
    [REWIND, {**REWIND, "action": "seek", "to": "end"}, {"action": "update_consumer_group", **GROUP, "timeout": 120}],
    ids=lambda command: str(command["action"]),
)
def test_no_other_write_begins_meanwhile(
    functions: FunctionCaller, shop: Shop, half: Answer, command: dict[str, object]
) -> None:
    stood, writes = shop.checkpoints(), len(shop.writes())

    answer = functions.run(command)

    assert (answer.status, answer.json["status"]) == (409, "refused")
    assert answer.error["code"] == "unfinished_operation"
    assert f"operation {half.json['operation_id']} (rewind) of webhook:local, since " in answer.error["message"]
    assert answer.json["next"] == [offered(half, "resume"), offered(half, "abandon")]
    assert (shop.checkpoints(), len(shop.writes())) == (stood, writes)


def test_reads_and_plans_go_on_meanwhile(functions: FunctionCaller, shop: Shop, half: Answer) -> None:
    plan = functions.run({**REWIND, "dry_run": True})

    assert half.json["status"] == "partial"
    assert plan.json["status"] == "planned"
    assert functions.run(plan.json["next"][0]).error["code"] == "unfinished_operation"
    assert functions.run({"action": "history", **GROUP}).json["operations"][0]["state"] == "unfinished"
    assert len(shop.writes()) == 3


def test_undo_of_what_is_not_over_is_refused_with_what_ends_it(
    functions: FunctionCaller, shop: Shop, half: Answer
) -> None:
    answer = functions.run(done(half, "undo"))

    assert (answer.status, answer.error["code"]) == (409, "unfinished_operation")
    assert [command["action"] for command in answer.json["next"]] == ["resume", "abandon"]
    assert functions.run(offered(answer, "abandon")).json["status"] == "applied"
    assert len(shop.writes()) == 3


def test_an_abandoned_operation_can_be_undone(functions: FunctionCaller, shop: Shop, half: Answer) -> None:
    functions.run(offered(half, "abandon"))

    answer = functions.run({**done(half, "undo"), "dry_run": False})

    assert {shard: found["status"] for shard, found in answer.shards.items()} == {0: "moved", 2: "moved"}
    assert {shard: shop.checkpoints()[shard] for shard in range(3)} == {s: shop.cursor(s, -600) for s in range(3)}


def test_what_is_abandoned_is_neither_resumed_nor_abandoned_again(
    functions: FunctionCaller, shop: Shop, half: Answer
) -> None:
    functions.run(offered(half, "abandon"))

    resumed, again = functions.run(offered(half, "resume")), functions.run(offered(half, "abandon"))

    assert (resumed.status, resumed.error["code"]) == (409, "operation_abandoned")
    assert (again.status, again.json["status"]) == (200, "unchanged")
    assert len(shop.writes()) == 3


def test_what_is_over_is_told_again_by_resume_and_not_abandoned(functions: FunctionCaller, shop: Shop) -> None:
    first = functions.run(REWIND)

    resumed, abandoned = functions.run(done(first, "resume")), functions.run(done(first, "abandon"))

    assert (resumed.status, resumed.json["status"]) == (200, "duplicate")
    assert resumed.json["shards"] == first.json["shards"]
    assert (abandoned.status, abandoned.error["code"]) == (409, "operation_over")
    assert len(shop.writes()) == 3


def test_abandon_offers_to_take_back_what_was_moved(functions: FunctionCaller, shop: Shop, half: Answer) -> None:
    answer = functions.run(offered(half, "abandon"))

    assert [command["action"] for command in answer.json["next"]] == ["verify", "undo"]
    assert functions.run(offered(answer, "verify")).json["status"] == "read"
    assert functions.run({**offered(answer, "undo"), "dry_run": False}).json["status"] == "applied"
    assert {shard: shop.checkpoints()[shard] for shard in range(3)} == {s: shop.cursor(s, -600) for s in range(3)}


def test_abandon_tells_what_others_moved_since(functions: FunctionCaller, shop: Shop, half: Answer) -> None:
    shop.commit(0, shop.cursor(0, -590))
    shop.commit(1, shop.cursor(1, -590))

    answer = functions.run(offered(half, "abandon"))

    assert [answer.shards[shard]["note"] for shard in range(3)] == [
        "it has been moved on since",
        "not written; it has been moved on since by others",
        None,
    ]


@pytest.fixture
def unsure(functions: FunctionCaller, shop: Shop) -> Answer:
    """A rewind of which the answer for shard 1 was lost, and then every look at what stands there."""
    denied = {"operation": "GetCheckPoint", "nth": 3, "times": 99, "status": 401, "error_code": "Unauthorized"}
    shop.fault({"operation": "UpdateCheckPoint", "shard": 1, "kind": "after_write", "status": 500}, denied)
    answer = functions.run(REWIND)
    shop.fault()
    return answer


def test_abandon_looks_at_what_is_not_known_to_be_written(functions: FunctionCaller, unsure: Answer) -> None:
    answer = functions.run(done(unsure, "abandon"))

    assert unsure.shards[1]["status"] == "failed"
    assert (answer.shards[1]["status"], answer.shards[1]["after"]["checkpoint"]) == (
        "moved",
        functions.run(done(unsure, "verify")).json["verify"][1]["expected"],
    )
    assert "reading back shows that it was written" in answer.shards[1]["note"]


def test_abandon_says_of_which_shards_it_cannot_be_known(functions: FunctionCaller, shop: Shop, unsure: Answer) -> None:
    shop.commit(1, shop.cursor(1, -590))

    answer = functions.run(done(unsure, "abandon"))

    assert [answer.shards[shard]["status"] for shard in range(3)] == ["moved", "failed", "moved"]
    assert "whether it was written is not known" in answer.shards[1]["note"]
    assert [command["action"] for command in answer.json["next"]] == ["verify", "undo"]
