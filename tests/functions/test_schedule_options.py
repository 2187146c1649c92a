"""When a firing may begin: `max_late_s`, `only_between` and `wait_free_s`."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from tests.functions.schedules import Delivery, Scheduler
from tests.functions.shop import HOUR_S, Shop

REWIND = {"action": "rewind", "target": "orders", "to": "15m", "dry_run": False}
UNREADABLE = {"operation": "ListShards", "times": 99, "status": 401, "error_code": "Unauthorized"}


def window(*, begins_in_h: float, ends_in_h: float, zone: str = "UTC", offset_h: int = 0) -> dict[str, str]:
    """Return a part of the day that lies so many hours from now, as the clock of a zone shows it."""
    there = datetime.now(timezone.utc) + timedelta(hours=offset_h)
    begins, ends = (there + timedelta(hours=hours) for hours in (begins_in_h, ends_in_h))
    return {"from": f"{begins:%H:%M}", "to": f"{ends:%H:%M}", "zone": zone}


def partly(scheduler: Scheduler, shop: Shop, payload: object) -> None:
    """Deliver a firing of which shard 1 is not written; SLS takes writes again."""
    shop.fault({"operation": "UpdateCheckPoint", "shard": 1, "times": 99, "status": 403, "error_code": "Unauthorized"})
    assert scheduler.deliver(payload, at_unix=shop.now_unix - HOUR_S).status == "FiringFailedError"
    shop.fault()


def written(shop: Shop) -> list[int]:
    return sorted(call["shard"] for call in shop.writes() if call["status"] == 200)


def while_waiting(deliver: Callable[[], Delivery], shop: Shop, act: Callable[[], object]) -> Delivery:
    """Return what becomes of a delivery that waits; something happens once it has looked at the group."""
    found: list[Delivery] = []
    waiting = threading.Thread(target=lambda: found.append(deliver()))
    waiting.start()
    gives_up_s = time.monotonic() + 30
    while not any(call["operation"] == "GetCheckPoint" for call in shop.calls()):
        assert time.monotonic() < gives_up_s
        time.sleep(0.01)
    act()
    waiting.join()
    return found[0]


def test_a_firing_that_comes_too_late_is_refused_and_nothing_is_written(scheduler: Scheduler, shop: Shop) -> None:
    late = scheduler.deliver({**REWIND, "max_late_s": 900}, at_unix=shop.now_unix - HOUR_S)

    assert (late.status, "rewind refused, too_late: max_late_s: " in late.message) == ("FiringRefusedError", True)
    assert "comes 1 h 00 min late, 15 min 00 s are allowed" in late.message
    assert shop.calls() == []
    assert "PutLogs" not in {call["operation"] for call in shop.calls(journal=True)}


def test_a_firing_that_comes_in_time_is_carried_out(scheduler: Scheduler, shop: Shop) -> None:
    late = scheduler.deliver({**REWIND, "max_late_s": 2 * HOUR_S}, at_unix=shop.now_unix - HOUR_S)

    assert late.status == "applied"


def test_every_part_of_a_batch_is_refused_when_it_comes_too_late(scheduler: Scheduler, shop: Shop) -> None:
    parts = [REWIND, {"action": "snapshot", "target": "orders"}]

    late = scheduler.deliver({"commands": parts, "max_late_s": 900}, at_unix=shop.now_unix - HOUR_S)

    assert (late.status, late.message[:13]) == ("FiringRefusedError", "batch refused")
    assert shop.calls() == []


@pytest.mark.parametrize(
    "option",
    [{"max_late_s": 900}, {"only_between": window(begins_in_h=2, ends_in_h=3)}],
    ids=["max_late_s", "only_between"],
)
def test_what_an_earlier_delivery_began_is_finished_out_of_its_time(
    scheduler: Scheduler, shop: Shop, option: dict[str, object]
) -> None:
    partly(scheduler, shop, REWIND)

    late = scheduler.deliver({**REWIND, **option}, at_unix=shop.now_unix - HOUR_S)

    assert late.status == "applied"
    assert written(shop) == [0, 1, 2]


def test_what_a_batch_began_is_finished_out_of_its_time(scheduler: Scheduler, shop: Shop) -> None:
    batch: dict[str, object] = {"commands": [{"action": "describe", "target": "orders"}, REWIND]}
    partly(scheduler, shop, batch)

    late = scheduler.deliver({**batch, "max_late_s": 900}, at_unix=shop.now_unix - HOUR_S)

    assert (late.status, written(shop)) == ("applied", [0, 1, 2])


def test_another_firing_that_was_begun_lets_none_pass_out_of_its_time(scheduler: Scheduler, shop: Shop) -> None:
    scheduler.deliver(REWIND, at_unix=shop.now_unix - HOUR_S)

    late = scheduler.deliver({**REWIND, "max_late_s": 900}, at_unix=shop.now_unix - HOUR_S - 60)

    assert (late.status, written(shop)) == ("FiringRefusedError", [0, 1, 2])


def test_a_late_delivery_of_what_was_done_in_time_answers_duplicate(scheduler: Scheduler, shop: Shop) -> None:
    scheduler.deliver(REWIND, at_unix=shop.now_unix - HOUR_S)

    assert scheduler.deliver({**REWIND, "max_late_s": 900}, at_unix=shop.now_unix - HOUR_S).status == "duplicate"


def test_where_the_journal_cannot_tell_what_was_begun_a_retry_may(scheduler: Scheduler, shop: Shop) -> None:
    partly(scheduler, shop, REWIND)
    late = {**REWIND, "max_late_s": 900}
    shop.fault({**UNREADABLE, "logstore": shop.sls.journal.partition("/")[2]})
    unread = scheduler.deliver(late, at_unix=shop.now_unix - HOUR_S)
    shop.fault()

    assert unread.status == "FiringFailedError"
    assert scheduler.deliver(late, at_unix=shop.now_unix - HOUR_S).status == "applied"


@pytest.mark.parametrize(
    "between",
    [
        window(begins_in_h=-1, ends_in_h=1),
        window(begins_in_h=-1, ends_in_h=22),
        window(begins_in_h=-22, ends_in_h=1),
        window(begins_in_h=-1, ends_in_h=1, zone="Asia/Shanghai", offset_h=8),
        window(begins_in_h=-1, ends_in_h=1, zone="Etc/GMT+11", offset_h=-11),
    ],
    ids=["around-now", "nearly-all-day", "across-midnight", "east", "west"],
)
def test_a_firing_inside_its_window_is_carried_out(scheduler: Scheduler, shop: Shop, between: dict[str, str]) -> None:
    assert scheduler.deliver({**REWIND, "only_between": between}, at_unix=shop.now_unix).status == "applied"


@pytest.mark.parametrize(
    "between",
    [
        window(begins_in_h=1, ends_in_h=2),
        window(begins_in_h=1, ends_in_h=23),
        window(begins_in_h=-2, ends_in_h=-1),
        window(begins_in_h=-1, ends_in_h=1, zone="Asia/Shanghai"),
        window(begins_in_h=1, ends_in_h=-1, zone="Etc/GMT-6", offset_h=6),
    ],
    ids=["later", "nearly-all-day", "over", "the-same-clock-elsewhere", "across-midnight"],
)
def test_a_firing_outside_its_window_is_refused_and_nothing_is_written(
    scheduler: Scheduler, shop: Shop, between: dict[str, str]
) -> None:
    outside = scheduler.deliver({**REWIND, "only_between": between}, at_unix=shop.now_unix)

    assert (outside.status, "outside_window: only_between: " in outside.message) == ("FiringRefusedError", True)
    assert f"outside {between['from']} to {between['to']} in {between['zone']}" in outside.message
    assert shop.calls() == []


def test_a_firing_waits_until_the_consumers_are_gone(scheduler: Scheduler, shop: Shop) -> None:
    shop.commit(0, shop.cursor(0, -10))

    def leave() -> None:
        # Ten minutes later by SLS's clock, nobody has committed for long.
        shop.sls.control("clock", {"skew_s": 600})

    waiting = {**REWIND, "wait_free_s": 40}
    delivery = while_waiting(lambda: scheduler.deliver(waiting, at_unix=shop.now_unix), shop, leave)

    assert delivery.status == "applied"
    assert shop.checkpoints()[0] == shop.cursor(0, -900)


def test_a_wait_that_was_too_short_is_what_a_retry_can_mend(scheduler: Scheduler, shop: Shop) -> None:
    shop.commit(0, shop.cursor(0, -10))

    delivery = scheduler.deliver({**REWIND, "wait_free_s": 1}, at_unix=shop.now_unix)

    assert (delivery.status, "active_consumers" in delivery.message) == ("FiringFailedError", True)
    assert shop.writes() == []
