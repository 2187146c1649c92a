"""One firing, however often and however late it is delivered: anchored at its time, carried out once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.rewind_world import wait_until
from tests.functions.schedules import Scheduler, event
from tests.functions.shop import HOUR_S, LOG_GROUPS, Shop

REWIND = {"action": "rewind", "target": "orders", "to": "15m", "dry_run": False}
MINUTE_S = 60


def at(shop: Shop, shard: int, unix: int) -> str:
    """Return the cursor of the first log group of an instant."""
    return shop.cursor(shard, LOG_GROUPS - (shop.now_unix - unix))


def stands_at(shop: Shop, unix: int) -> None:
    assert {n: shop.checkpoints()[n] for n in range(3)} == {n: at(shop, n, unix) for n in range(3)}


def moves(shop: Shop) -> list[int]:
    return sorted(call["shard"] for call in shop.writes() if call["operation"] == "UpdateCheckPoint")


@pytest.mark.parametrize("late_s", [0, 7 * MINUTE_S, HOUR_S])
def test_a_duration_counts_back_from_the_trigger_however_late_it_comes(
    scheduler: Scheduler, shop: Shop, late_s: int
) -> None:
    trigger_unix = shop.now_unix - late_s

    delivery = scheduler.deliver(REWIND, at_unix=trigger_unix)

    assert (delivery.status, moves(shop)) == ("applied", [0, 1, 2])
    stands_at(shop, trigger_unix - 15 * MINUTE_S)


def test_a_second_delivery_answers_duplicate_with_the_same_operation(scheduler: Scheduler, shop: Shop) -> None:
    first, second = (scheduler.deliver(REWIND, at_unix=shop.now_unix) for _ in range(2))

    assert (first.status, second.status) == ("applied", "duplicate")
    assert first.document["operation_id"] == second.document["operation_id"]
    assert first.document["fc_request_id"] == first.request_id != second.request_id
    assert moves(shop) == [0, 1, 2]


def test_a_second_delivery_leaves_alone_what_consumers_went_on_to(scheduler: Scheduler, shop: Shop) -> None:
    scheduler.deliver(REWIND, at_unix=shop.now_unix)
    shop.commit(0, shop.cursor(0, -3))

    second = scheduler.deliver(REWIND, at_unix=shop.now_unix)

    assert second.status == "duplicate"
    assert shop.checkpoints()[0] == shop.cursor(0, -3)


def test_the_same_instant_in_another_spelling_is_the_same_firing(scheduler: Scheduler, shop: Shop) -> None:
    told = event(REWIND, at_unix=shop.now_unix)
    scheduler.send(told)

    assert scheduler.send(told.replace(b'Z"', b'.000+00:00"')).status == "duplicate"


def test_a_firing_that_moved_nothing_moves_nothing_when_it_comes_again(scheduler: Scheduler, shop: Shop) -> None:
    trigger_unix = shop.now_unix - HOUR_S
    late = {**REWIND, "to": "1m"}
    for shard in range(3):
        shop.commit(shard, at(shop, shard, trigger_unix - 30 * MINUTE_S), ago_s=HOUR_S)
    first = scheduler.deliver(late, at_unix=trigger_unix)
    shop.commit(0, shop.cursor(0, -3), ago_s=HOUR_S)

    second = scheduler.deliver(late, at_unix=trigger_unix)

    assert (first.status, second.status) == ("unchanged", "duplicate")
    assert shop.checkpoints()[0] == shop.cursor(0, -3)


def test_another_trigger_time_is_another_firing(scheduler: Scheduler, shop: Shop) -> None:
    earlier_unix = shop.now_unix - 10 * MINUTE_S

    both = [scheduler.deliver(REWIND, at_unix=unix) for unix in (shop.now_unix, earlier_unix)]

    assert [delivery.status for delivery in both] == ["applied", "applied"]
    assert moves(shop) == [0, 0, 1, 1, 2, 2]
    stands_at(shop, earlier_unix - 15 * MINUTE_S)


def test_another_trigger_is_another_firing_at_the_same_time(scheduler: Scheduler, shop: Shop) -> None:
    further = {**REWIND, "to": "20m"}
    scheduler.deliver(REWIND, at_unix=shop.now_unix)

    assert scheduler.deliver(further, at_unix=shop.now_unix, trigger="second").status == "applied"
    stands_at(shop, shop.now_unix - 20 * MINUTE_S)


def test_one_firing_with_another_payload_is_refused(scheduler: Scheduler, shop: Shop) -> None:
    scheduler.deliver(REWIND, at_unix=shop.now_unix)

    again = scheduler.deliver({**REWIND, "to": "20m"}, at_unix=shop.now_unix)

    assert (again.status, "idempotency_key_reused" in again.message) == ("FiringRefusedError", True)
    stands_at(shop, shop.now_unix - 15 * MINUTE_S)


def test_two_deliveries_at_once_move_the_group_once(scheduler: Scheduler, shop: Shop) -> None:
    # Hold the first back between its claim and its writes, so that the other meets it there.
    shop.fault({"operation": "UpdateCheckPoint", "kind": "delay", "delay_s": 0.5, "times": 99})

    with ThreadPoolExecutor(2) as pool:
        pair = [pool.submit(scheduler.deliver, REWIND, at_unix=shop.now_unix) for _ in range(2)]
        statuses = sorted(delivery.result().status for delivery in pair)

    assert statuses == ["applied", "duplicate"]
    assert moves(shop) == [0, 1, 2]
    stands_at(shop, shop.now_unix - 15 * MINUTE_S)


def test_a_failed_firing_is_finished_by_the_next_delivery_with_the_recorded_moves(
    scheduler: Scheduler, shop: Shop
) -> None:
    shop.fault({"operation": "UpdateCheckPoint", "shard": 1, "times": 99, "status": 403, "error_code": "Unauthorized"})
    first = scheduler.deliver(REWIND, at_unix=shop.now_unix)
    shop.fault()

    second = scheduler.deliver(REWIND, at_unix=shop.now_unix)

    assert (first.status, second.status) == ("FiringFailedError", "applied")
    assert "partially_applied" in first.message
    stands_at(shop, shop.now_unix - 15 * MINUTE_S)
    assert sorted(call["shard"] for call in shop.writes() if call["status"] == 200) == [0, 1, 2]


def test_the_principal_and_the_trigger_stand_in_the_history(scheduler: Scheduler, shop: Shop) -> None:
    scheduler.deliver(REWIND, at_unix=shop.now_unix)

    told = scheduler.functions.run({"action": "history", "target": "orders"}).json["operations"]

    assert [operation["principal"] for operation in told] == ["timer:sls-rewind-schedule/nightly"]


def test_what_changed_after_the_plan_is_told_the_same_at_every_delivery(scheduler: Scheduler, shop: Shop) -> None:
    before = shop.checkpoints()
    # Hold the claim back, so that a consumer comes between plan and write.
    shop.fault({"operation": "PutLogs", "kind": "delay", "delay_s": 0.5})
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(scheduler.deliver, REWIND, at_unix=shop.now_unix)
        wait_until(lambda: any(call["operation"] == "PutLogs" for call in shop.calls(journal=True)))
        shop.commit(0, shop.cursor(0, -590), ago_s=HOUR_S)

    again = scheduler.deliver(REWIND, at_unix=shop.now_unix)

    assert (first.result().status, first.result().message) == (again.status, again.message)
    assert (again.status, "refused, changed_since_plan: " in again.message) == ("FiringRefusedError", True)
    assert shop.checkpoints() == {**before, 0: shop.cursor(0, -590)}


def test_what_was_abandoned_is_not_taken_up_again(scheduler: Scheduler, shop: Shop) -> None:
    shop.fault({"operation": "UpdateCheckPoint", "shard": 1, "times": 99, "status": 403, "error_code": "Unauthorized"})
    scheduler.deliver(REWIND, at_unix=shop.now_unix)
    shop.fault()
    (told,) = scheduler.functions.run({"action": "history", "target": "orders"}).json["operations"]
    abandon = {"action": "abandon", "target": "orders", "operation_id": told["operation_id"]}
    assert scheduler.functions.run(abandon).json["status"] == "applied"
    half = shop.checkpoints()

    again = scheduler.deliver(REWIND, at_unix=shop.now_unix)

    assert (again.status, "operation_abandoned" in again.message) == ("FiringRefusedError", True)
    assert shop.checkpoints() == half
