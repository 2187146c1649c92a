"""undo takes back one operation, once: what later operations moved, or it never moved, stays and is named."""

from typing import Any

import pytest

from shared.cursors import encode_cursor
from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import Shop

GROUP = {"target": "shop/orders/billing"}
BACK = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}
ON = {"action": "skip", **GROUP, "to": {"shift": 10}, "dry_run": False}
UNDONE = ("unchanged", {"skipped"})


def undo_of(done: Answer, **more: object) -> dict[str, Any]:
    return {"action": "undo", **GROUP, "operation_id": done.json["operation_id"], "dry_run": False, **more}


def came_to(answer: Answer) -> tuple[str, set[str]]:
    return answer.json["status"], {shard["status"] for shard in answer.json["shards"]}


def test_an_undo_sent_twice_moves_once(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(ON)
    undone = functions.run(undo_of(done))
    for shard in range(3):
        shop.commit(shard, shop.cursor(shard, -1), ago_s=120)
    consumed = shop.checkpoints()

    again = functions.run(undo_of(done))

    assert came_to(again) == UNDONE
    assert undone.json["operation_id"] in again.shards[0]["note"]
    assert shop.checkpoints() == consumed


def test_undo_leaves_alone_what_a_later_operation_moved(functions: FunctionCaller, shop: Shop) -> None:
    first, second = functions.run(BACK), functions.run({**BACK, "shards": [0, 1]})
    between = shop.checkpoints()

    answer = functions.run(undo_of(first))

    assert answer.json["status"] == "applied"
    assert [answer.shards[shard]["status"] for shard in range(3)] == ["skipped", "skipped", "moved"]
    assert f"operation {second.json['operation_id']} moved it since" in answer.shards[0]["note"]
    assert {shard: shop.checkpoints()[shard] for shard in (0, 1)} == {shard: between[shard] for shard in (0, 1)}


def test_operations_are_undone_newest_first(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()
    first, second = functions.run(BACK), functions.run(BACK)

    undone = [functions.run(undo_of(second)), functions.run(undo_of(first))]

    assert came_to(undone[0])[0] == "applied"
    assert came_to(undone[1])[0] == "unchanged"
    assert shop.checkpoints() != before


def test_a_shard_that_had_no_position_before_does_not_hold_back_the_others(
    functions: FunctionCaller, shop: Shop
) -> None:
    before = shop.checkpoints()
    shop.commit(1, encode_cursor(shop.bounds(1)[1] + 4000), ago_s=120)
    done = functions.run({"action": "seek", **GROUP, "to": "begin", "shards": [0, 1], "dry_run": False})

    answer = functions.run(undo_of(done))

    assert (answer.shards[0]["status"], answer.shards[1]["status"]) == ("moved", "skipped")
    assert "not restorable" in answer.shards[1]["note"]
    assert shop.checkpoints()[0] == before[0]


def test_what_was_written_and_overwritten_since_is_not_forgotten(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()
    shop.fault({"operation": "UpdateCheckPoint", "shard": 2, "kind": "delay", "delay_s": 1})
    further = shop.cursor(0, 1)
    done = overwritten_meanwhile(functions, shop, further)

    assert (done.json["status"], done.shards[0]["status"]) == ("partial", "conflict")
    assert "0 (written, then overwritten)" in done.error["message"]
    verified = functions.run({"action": "verify", **GROUP, "operation_id": done.json["operation_id"]})
    assert {shard["shard"]: shard["state"] for shard in verified.json["verify"]}[0] == "overwritten"
    functions.run(undo_of(done, allow_active=True))
    assert shop.checkpoints() == before


def overwritten_meanwhile(functions: FunctionCaller, shop: Shop, checkpoint: str) -> Answer:
    """Return a rewind during which somebody writes shard 0 once it is written."""
    import threading  # noqa: PLC0415 -- only this needs a second hand
    import time  # noqa: PLC0415 -- and a look at the clock

    found: list[Answer] = []
    moving = threading.Thread(target=lambda: found.append(functions.run(BACK)))
    moving.start()
    gives_up_s = time.monotonic() + 20
    while not any(call["shard"] == 0 and call["status"] == 200 for call in shop.writes()):
        assert time.monotonic() < gives_up_s
        time.sleep(0.01)
    shop.commit(0, checkpoint)
    moving.join()
    return found[0]


@pytest.mark.parametrize("status", [403, 500])
def test_attributes_that_were_never_written_are_not_called_overwritten(
    functions: FunctionCaller, shop: Shop, status: int
) -> None:
    code = "Unauthorized" if status == 403 else "InternalServerError"
    shop.fault({"operation": "UpdateConsumerGroup", "times": 99, "status": status, "error_code": code})
    failed = functions.run({"action": "update_consumer_group", **GROUP, "timeout": 120})
    shop.fault()

    verified = functions.run({"action": "verify", **GROUP, "operation_id": failed.json["operation_id"]})

    assert failed.json["status"] == "failed"
    assert verified.json["next"] == []
