"""What an answer advises can be done, and does what it says."""

import time
from concurrent.futures import ThreadPoolExecutor

from tests.e2e.rewind_world import wait_until
from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import HOUR_S, Shop

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}
REFUSED = {"times": 99, "status": 403, "error_code": "Unauthorized"}
STUCK_S = 2.0


def of(answer: Answer, action: str, **more: object) -> dict[str, object]:
    return {"action": action, **GROUP, "operation_id": answer.json["operation_id"], **more}


def actions(answer: Answer) -> list[str]:
    return [command["action"] for command in answer.json["next"]]


def test_verify_names_the_undo_that_overwrote_an_operation_and_offers_no_other(
    functions: FunctionCaller, shop: Shop
) -> None:
    done = functions.run(REWIND)
    undone = functions.run(of(done, "undo", dry_run=False))

    answer = functions.run(of(done, "verify"))

    assert {found["operation_id"] for found in answer.json["verify"]} == {undone.json["operation_id"]}
    assert actions(answer) == ["describe"]
    assert len(shop.writes()) == 6


def test_verify_offers_undo_where_one_shard_of_an_undone_operation_was_overwritten_by_others(
    functions: FunctionCaller, shop: Shop
) -> None:
    done = functions.run(REWIND)
    functions.run(of(done, "undo", dry_run=False))
    shop.commit(1, shop.cursor(1, -800))

    answer = functions.run(of(done, "verify"))

    assert [found["operation_id"] is None for found in answer.json["verify"]] == [False, True, False]
    assert actions(answer) == ["undo", "describe"]


def test_a_direct_update_to_an_expired_position_advises_only_what_it_can_do(
    functions: FunctionCaller, shop: Shop
) -> None:
    expired = shop.cursor(0, 0)
    shop.sls.control("retention", {"project": "shop", "logstore": "orders", "shard": 0, "drop": 10})

    answer = functions.run({"action": "update_checkpoint", **GROUP, "shard": 0, "checkpoint": expired})

    assert (answer.status, answer.error["code"]) == (409, "position_expired")
    assert "on_expired" not in answer.error["hint"]
    assert shop.writes() == []


def test_as_of_a_time_that_the_journal_does_not_reach_names_how_far_it_does(
    functions: FunctionCaller, shop: Shop
) -> None:
    functions.run({"action": "snapshot", **GROUP})

    answer = functions.run({"action": "seek", **GROUP, "to": {"as_of": int(time.time()) - 80 * HOUR_S}})

    assert (answer.status, answer.error["code"]) == (409, "nothing_journaled")
    assert "last 72 hours" in answer.error["message"]
    assert shop.writes() == []


def test_an_outcome_that_was_not_journaled_offers_the_resume_that_repairs_it(
    functions: FunctionCaller, shop: Shop
) -> None:
    shop.fault({"operation": "PutLogs", "nth": 2, **REFUSED})
    first = functions.run(REWIND)
    shop.fault()
    offered, *others = first.json["next"]

    answer = functions.run(offered)

    assert (offered["action"], offered["operation_id"], others) == ("resume", first.json["operation_id"], [])
    assert f"resume operation {first.json['operation_id']}" in first.warnings["journal_unfinished"]
    assert (answer.json["status"], actions(answer)) == ("applied", ["verify", "undo"])
    assert len(shop.writes()) == 3


def test_what_is_under_way_names_when_it_can_be_ended_and_offers_nothing_before(
    functions: FunctionCaller, shop: Shop
) -> None:
    shop.fault({"operation": "UpdateCheckPoint", "kind": "delay", "delay_s": STUCK_S, "times": 3})
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(functions.run, REWIND)
        wait_until(lambda: len(shop.writes()) == 3)
        (operation,) = functions.run({"action": "history", **GROUP}).json["operations"]
        named = {**GROUP, "operation_id": operation["operation_id"]}
        asked = ({**REWIND, "to": {"shift": -50}}, {"action": "undo", **named}, {"action": "resume", **named})
        answers = [functions.run(command) for command in asked]
        assert not running.done()

    for answer in answers:
        assert (answer.status, answer.error["code"], actions(answer)) == (409, "operation_in_progress", [])
        assert "If its instance has died, resume or abandon it from 20" in answer.error["hint"]
    assert running.result().json["status"] == "applied"


def test_checkpoints_of_shards_that_are_left_out_are_refused_before_any_call(
    functions: FunctionCaller, shop: Shop
) -> None:
    shop.calls()
    named = {"0": shop.cursor(0, 1), "1": shop.cursor(1, 1)}

    answer = functions.run({"action": "seek", **GROUP, "to": {"checkpoints": named}, "shards": [0]})

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert answer.error["message"] == "shards: leaves out a shard that to.checkpoints names"
    assert shop.calls(journal=True) == []


def test_shards_may_name_more_than_to_has_checkpoints_for(functions: FunctionCaller, shop: Shop) -> None:
    named = {"0": shop.cursor(0, 1)}

    answer = functions.run({"action": "seek", **GROUP, "to": {"checkpoints": named}, "shards": [0, 1]})

    assert {shard: found["status"] for shard, found in answer.shards.items()} == {0: "planned", 1: "skipped"}
    assert shop.writes() == []
