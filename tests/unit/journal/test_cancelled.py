import pytest

from shared.journal.fold import Fold
from shared.journal.records import Record
from shared.journal.window import WINDOW_S
from tests.unit.journal.story import GROUP, OTHER, finished, record, shard_record, started

PLANNED = record("planned", "op")


def cancelled(at: int = 1, *, group: tuple[str, str, str] = GROUP) -> Record:
    return record("abandoned", "op", at, group=group)


def fold_of(*records: Record) -> Fold:
    return Fold().add_all(records)


def test_whoever_starts_a_plan_behind_its_cancellation_has_lost() -> None:
    fold = fold_of(PLANNED, cancelled(), started(claim="c1", at=2))
    assert fold.operations["op"].state == "lost"
    assert fold.holder(GROUP) is None


def test_a_plan_that_was_started_before_is_not_cancelled() -> None:
    fold = fold_of(PLANNED, started(claim="c1", at=1), cancelled(2))
    assert fold.cancelled == {}
    assert fold.begun(PLANNED) is fold.operations["op"]
    assert fold.operations["op"].state == "claimed"


@pytest.mark.parametrize(
    "end",
    [
        record("withdrawn", "op", 2, claim="c1"),
        finished("op", 2, claim="c1", state="failed"),
    ],
    ids=["withdrawn", "failed"],
)
def test_a_plan_of_which_nothing_was_written_can_still_be_cancelled(end: Record) -> None:
    fold = fold_of(PLANNED, started(claim="c1", at=1), end, cancelled(3), started(claim="c2", at=4))
    assert fold.cancelled.keys() == {"op"}
    assert fold.operations["op"].claim == "c1"
    assert fold.holder(GROUP) is None


def test_a_plan_of_which_something_was_written_is_not_cancelled() -> None:
    end = finished("op", 2, claim="c1", state="failed", shards=[shard_record()])
    assert fold_of(PLANNED, started(claim="c1", at=1), end, cancelled(3)).cancelled == {}


def test_a_cancellation_under_another_groups_name_counts_for_nothing() -> None:
    fold = fold_of(PLANNED, cancelled(group=OTHER), started(claim="c1", at=2))
    assert fold.cancelled == {}
    assert fold.operations["op"].state == "claimed"


def test_a_start_under_another_groups_name_keeps_nobody_from_cancelling() -> None:
    fold = fold_of(PLANNED, started(claim="c1", at=1, group=OTHER), cancelled(2))
    assert fold.cancelled.keys() == {"op"}


def test_a_cancellation_before_its_plan_counts_for_nothing() -> None:
    fold = fold_of(cancelled(0), PLANNED, started(claim="c1", at=2))
    assert fold.operations["op"].state == "claimed"


def test_who_cancelled_first_counts() -> None:
    first = cancelled(1)
    assert fold_of(PLANNED, first, cancelled(2)).cancelled["op"] is first


def test_a_cancellation_ends_no_operation() -> None:
    fold = fold_of(started(claim="c1"), cancelled(1))
    assert fold.operations["op"].state == "claimed"


def test_a_cancellation_is_forgotten_with_its_plan() -> None:
    fold = fold_of(PLANNED, cancelled(5))
    fold.forget_before(PLANNED.written_unix + 1)
    assert fold.cancelled == {}


def test_who_has_read_for_days_and_who_begins_today_agree_on_a_cancelled_plan() -> None:
    late = WINDOW_S + 1
    of_days = fold_of(PLANNED, cancelled(5), started(claim="c1", at=late))
    of_today = fold_of(cancelled(5), started(claim="c1", at=late))
    assert of_days.operations["op"].state == of_today.operations["op"].state == "claimed"


def test_a_second_plan_of_the_same_id_lets_nobody_start_what_was_cancelled() -> None:
    for again in (record("planned", "op", 2), record("planned", "op", 2, group=OTHER), record("planned", "op", 10**8)):
        fold = fold_of(PLANNED, cancelled(1), again, started(claim="c1", at=3))
        assert fold.plans == {"op": PLANNED}
        assert fold.operations["op"].state == "lost"


def test_a_start_under_another_groups_name_is_none_of_the_plan_s() -> None:
    forged = started("forged", claim="c0", at=1, group=OTHER, plan_id="op")
    fold = fold_of(PLANNED, forged, cancelled(2), started(claim="c1", at=3))
    assert fold.begun(PLANNED) is None
    assert (fold.operations["forged"].state, fold.operations["op"].state) == ("claimed", "lost")


@pytest.mark.parametrize("is_cold", [False, True])
def test_a_cancellation_counts_as_long_as_the_failed_operation_that_it_stands_behind(*, is_cold: bool) -> None:
    late = WINDOW_S - 3600
    failed = [started(claim="c1", at=late), finished("op", late + 1, claim="c1", state="failed"), cancelled(late + 2)]
    fold = fold_of(*failed) if is_cold else fold_of(PLANNED, *failed)
    fold.forget_before(PLANNED.written_unix + 1)

    fold.add(started(claim="c2", at=WINDOW_S + 5))

    assert (fold.operations["op"].state, fold.operations["op"].claim) == ("failed", "c1")
    assert fold.holder(GROUP) is None


BEFORE, AFTER = {"timeout": 60, "order": False}, {"timeout": 90, "order": False}


@pytest.mark.parametrize(
    ("change", "is_cancelled"),
    [
        ({"before": BEFORE, "after": AFTER}, False),
        ({"before": BEFORE, "after": "unreadable"}, False),
        ({"before": BEFORE, "after": BEFORE}, True),
        (None, True),
    ],
)
def test_a_plan_whose_attributes_may_have_been_written_is_not_cancelled(change: object, *, is_cancelled: bool) -> None:
    end = finished("op", 2, claim="c1", state="failed", consumer_group=change)
    assert bool(fold_of(PLANNED, started(claim="c1", at=1), end, cancelled(3)).cancelled) is is_cancelled


def test_what_an_attempt_that_was_cut_off_may_have_written_is_not_forgotten_by_the_next() -> None:
    plan = {"attributes": {"before": BEFORE, "after": AFTER}}
    cut_off = [started(claim="c1", at=1, plan=plan), started(claim="c2", at=100, plan=plan)]
    end = finished("op", 101, claim="c2", state="failed", consumer_group={"before": BEFORE, "after": BEFORE})
    assert fold_of(PLANNED, *cut_off, end, cancelled(102)).cancelled == {}


def test_a_cancellation_that_counts_no_more_comes_to_stand_behind_no_later_start() -> None:
    journal = [
        record("planned", "op", 0),
        record("abandoned", "op", WINDOW_S),
        started("op", WINDOW_S + 1, claim="c1", instance="a"),
    ]
    cold, warm = Fold().add_all(journal), Fold().add_all(journal[:2])
    warm.forget_before(journal[2].written_unix - WINDOW_S)
    warm.add_all(journal[2:])
    again = started("op", WINDOW_S + 100, claim="c2", instance="b")

    for fold in (cold, warm):
        holder = fold.add_all([again]).holder(GROUP)
        assert holder is not None
        assert (holder.claim, holder.state) == ("c2", "claimed")
