"""What was begun in time is finished; what was not is not begun late, nor where nothing would remember it."""

from tests.functions.caller import FunctionCaller
from tests.functions.schedules import Scheduler
from tests.functions.shop import Shop

REWIND = {"action": "rewind", "target": "orders", "to": "15m", "dry_run": False}
REFUSED = {"operation": "UpdateCheckPoint", "times": 99, "status": 403, "error_code": "Unauthorized"}
LATE_S = 900


def test_a_late_retry_finishes_the_plan_that_it_began_to_apply(
    scheduler: Scheduler, functions: FunctionCaller, shop: Shop
) -> None:
    planned = functions.run({"action": "rewind", "target": "orders", "to": {"shift": -5}})
    payload = {"action": "apply", "plan_id": planned.json["plan_id"], "max_late_s": LATE_S}
    shop.fault({**REFUSED, "shard": 1})
    first = scheduler.deliver(payload, at_unix=shop.now_unix)
    shop.fault()

    second = scheduler.deliver({**payload, "max_late_s": 1}, at_unix=shop.now_unix - LATE_S)
    third = scheduler.deliver(payload, at_unix=shop.now_unix)

    assert (first.status, second.status, third.status) == ("FiringFailedError", "applied", "duplicate")


def test_a_firing_of_which_nothing_was_written_is_not_begun_late(scheduler: Scheduler, shop: Shop) -> None:
    before = shop.checkpoints()
    at_unix = shop.now_unix - LATE_S
    shop.fault(REFUSED)
    first = scheduler.deliver({**REWIND, "max_late_s": LATE_S + 600}, at_unix=at_unix)
    shop.fault()

    late = scheduler.deliver({**REWIND, "max_late_s": 60}, at_unix=at_unix)

    assert (first.status, late.status) == ("FiringFailedError", "FiringRefusedError")
    assert "too_late" in late.message
    assert shop.checkpoints() == before


def test_a_firing_that_ended_for_good_is_not_said_to_be_mendable(scheduler: Scheduler, shop: Shop) -> None:
    shop.heartbeat("worker-1")
    shop.heartbeat("worker-2")
    checkpoints = shop.state()["consumer_groups"]["billing"]["checkpoints"]
    held = next(shard for shard in range(3) if checkpoints[str(shard)]["consumer"] == "worker-1")
    wanted = {"shard": held, "checkpoint": shop.cursor(held, 5), "consumer": "worker-2"}
    payload = {"action": "update_checkpoint", "target": "orders", **wanted}

    deliveries = [scheduler.deliver(payload, at_unix=shop.now_unix) for _ in range(2)]

    assert [delivery.status for delivery in deliveries] == ["FiringRefusedError"] * 2
    assert "consumer_not_match" in deliveries[1].message


def test_a_trigger_of_a_clock_a_little_ahead_is_waited_for(scheduler: Scheduler, shop: Shop) -> None:
    delivery = scheduler.deliver(REWIND, at_unix=shop.now_unix + 4)

    assert delivery.status == "applied"
