"""Each edge of the state machine, one test an edge."""

import pytest

from shared.journal.fold import Fold
from shared.journal.operations import Operation
from shared.journal.records import Record
from shared.journal.window import WINDOW_S
from tests.unit.journal.story import GROUP, OTHER, T0, finished, move, plan_of, record, started


def fold_of(*records: Record) -> Fold:
    return Fold().add_all(records)


def op_of(*records: Record) -> Operation:
    return fold_of(*records).operations["op"]


def ended(state: str) -> list[Record]:
    return [started(claim="c1"), finished(claim="c1", state=state)]


def test_a_claim_on_a_free_group_is_granted() -> None:
    op = op_of(started(claim="c1", at=5))
    assert (op.state, op.claim, op.instance, op.lease_unix, op.attempt) == ("claimed", "c1", "a", T0 + 65, 1)


def test_a_claim_on_a_taken_group_is_lost() -> None:
    fold = fold_of(started("first", claim="c1"), started(claim="c2"))
    assert fold.operations["op"].state == "lost"
    assert fold.holder(GROUP) is fold.operations["first"]


def test_claims_on_different_groups_are_both_granted() -> None:
    fold = fold_of(started("first", claim="c1"), started(claim="c2", group=OTHER))
    assert [op.state for op in fold.operations.values()] == ["claimed", "claimed"]


@pytest.mark.parametrize("state", ["claimed", "unfinished"])
def test_a_group_stays_taken_however_long_its_operation_is_dead(state: str) -> None:
    first = [started("first", claim="c1"), *([finished("first", claim="c1", state=state)] * (state == "unfinished"))]
    fold = fold_of(*first, started(claim="c2", at=40 * 3600))
    assert fold.operations["op"].state == "lost"
    assert fold.operations["first"].state == state


@pytest.mark.parametrize("state", ["finished", "failed"])
def test_the_end_of_an_operation_frees_its_group(state: str) -> None:
    fold = fold_of(*ended(state))
    assert (fold.operations["op"].state, fold.holder(GROUP)) == (state, None)
    assert fold.add_all([started("next", claim="c2", at=2)]).operations["next"].state == "claimed"


def test_an_operation_with_shards_left_keeps_its_group() -> None:
    fold = fold_of(*ended("unfinished"))
    assert fold.holder(GROUP) is fold.operations["op"]
    assert fold.operations["op"].state == "unfinished"


def test_a_withdrawn_claim_is_lost_and_frees_the_group() -> None:
    fold = fold_of(started(claim="c1"), record("withdrawn", at=1, claim="c1"))
    assert (fold.operations["op"].state, fold.holder(GROUP)) == ("lost", None)


def test_a_withdrawal_counts_before_the_claim_that_comes_late() -> None:
    fold = fold_of(record("withdrawn", at=1, claim="c1"), started(claim="c1"))
    assert (fold.operations["op"].state, fold.holder(GROUP)) == ("lost", None)


def test_a_dead_operation_is_started_again_with_the_recorded_moves() -> None:
    other = plan_of(move(7))
    op = op_of(started(claim="c1"), started(claim="c2", at=61, instance="b", plan=other))
    assert (op.state, op.claim, op.instance, op.attempt) == ("claimed", "c2", "b", 2)
    assert [m.shard for m in op.moves] == [0]


def test_a_living_operation_is_not_started_again_by_another_instance() -> None:
    op = op_of(started(claim="c1"), started(claim="c2", at=60, instance="b"))
    assert (op.state, op.claim, op.attempt) == ("claimed", "c1", 1)


def test_an_instance_takes_up_its_own_operation_before_the_lease_ends() -> None:
    assert op_of(started(claim="c1"), started(claim="c2", at=1)).claim == "c2"


def test_an_instance_without_an_id_is_nobody_s_own() -> None:
    assert op_of(started(claim="c1", instance=""), started(claim="c2", at=1, instance="")).claim == "c1"


def test_an_unfinished_operation_is_started_again_at_once() -> None:
    op = op_of(*ended("unfinished"), started(claim="c2", at=2, instance="b"))
    assert (op.state, op.claim, op.attempt) == ("claimed", "c2", 2)


def test_a_failed_operation_is_started_again_with_the_recorded_moves() -> None:
    op = op_of(*ended("failed"), started(claim="c2", at=2, instance="b", plan=plan_of(move(7))))
    assert (op.state, op.attempt) == ("claimed", 2)
    assert [m.shard for m in op.moves] == [0]


def test_a_failed_operation_is_not_started_again_while_another_holds_the_group() -> None:
    fold = fold_of(*ended("failed"), started("other", claim="c2", at=2), started(claim="c3", at=3))
    assert fold.operations["op"].state == "failed"
    assert fold.holder(GROUP) is fold.operations["other"]


def test_a_lost_operation_is_started_anew_with_its_new_moves() -> None:
    lost = [started("first", claim="c1"), started(claim="c2"), finished("first", claim="c1")]
    op = op_of(*lost, started(claim="c3", at=3, plan=plan_of(move(7))))
    assert (op.state, op.claim, op.attempt) == ("claimed", "c3", 1)
    assert [m.shard for m in op.moves] == [7]


@pytest.mark.parametrize("state", ["unfinished", "failed"])
def test_a_second_attempt_that_is_withdrawn_leaves_what_was_before_it(state: str) -> None:
    fold = fold_of(*ended(state), started(claim="c2", at=2), record("withdrawn", at=3, claim="c2"))
    assert fold.operations["op"].state == state
    assert [m.shard for m in fold.operations["op"].moves] == [0]
    assert (fold.holder(GROUP) is not None) is (state == "unfinished")


def test_a_second_attempt_at_a_dead_claim_that_is_withdrawn_leaves_it_unfinished() -> None:
    fold = fold_of(started(claim="c1"), started(claim="c2", at=61), record("withdrawn", at=62, claim="c2"))
    assert fold.operations["op"].state == "unfinished"
    assert fold.holder(GROUP) is fold.operations["op"]


def test_an_outcome_counts_until_the_operation_is_started_again() -> None:
    op = op_of(*ended("unfinished"), started(claim="c2", at=2))
    assert (op.finished, op.ended_unix) == (None, None)


@pytest.mark.parametrize("first", [[started(claim="c1")], ended("unfinished")], ids=["claimed", "unfinished"])
def test_an_open_operation_is_abandoned_for_good(first: list[Record]) -> None:
    fold = fold_of(*first, record("abandoned", at=2, claim="c1"), started(claim="c2", at=100))
    assert (fold.operations["op"].state, fold.holder(GROUP)) == ("abandoned", None)


@pytest.mark.parametrize("kind", ["finished", "abandoned"])
def test_a_finished_operation_stays_as_it_is(kind: str) -> None:
    more = record("abandoned", at=5, claim="c1") if kind == "abandoned" else finished(at=5, claim="c1", state="failed")
    fold = fold_of(*ended("finished"), more, started(claim="c2", at=100))
    assert (fold.operations["op"].state, fold.operations["op"].ended_unix) == ("finished", T0 + 1)
    assert fold.holder(GROUP) is None


@pytest.mark.parametrize("kind", ["finished", "abandoned", "withdrawn"])
def test_the_end_of_a_claim_that_is_dead_counts_for_nothing(kind: str) -> None:
    late = finished(at=70, claim="c1") if kind == "finished" else record("withdrawn", at=70, claim="c1")
    late = record("abandoned", at=70, claim="c1") if kind == "abandoned" else late
    op = op_of(started(claim="c1"), started(claim="c2", at=61), late)
    assert (op.state, op.claim) == ("claimed", "c2")


def test_the_end_of_an_unknown_operation_counts_for_nothing() -> None:
    assert fold_of(finished(claim="c1"), record("abandoned", claim="c1")).operations == {}


def test_an_end_under_another_group_s_name_frees_only_its_own_operation_s_group() -> None:
    forged = record("finished", "op", 1, group=OTHER, claim="c1", state="finished")
    fold = fold_of(started(claim="c1"), started("other", claim="c2", group=OTHER), forged)
    assert fold.holder(GROUP) is None
    assert fold.holder(OTHER) is fold.operations["other"]


def test_an_operation_does_not_start_again_on_another_group() -> None:
    fold = fold_of(*ended("unfinished"), started(claim="c2", at=2, group=OTHER))
    assert (fold.operations["op"].claim, fold.holder(OTHER)) == ("c1", None)


def test_a_record_that_was_written_twice_counts_once() -> None:
    claim, end = started(claim="c1"), finished(claim="c1", state="unfinished")
    assert op_of(claim, claim, end, claim, end).attempt == 1


def test_plans_and_snapshots_and_verdicts_are_kept() -> None:
    planned, snapshot = (
        record("planned", "p1"),
        record("snapshot", at=3, checkpoints={"0": "MQ==", "x": "MQ==", "1": 5}),
    )
    fold = fold_of(planned, snapshot, *ended("finished"), record("verified", at=9, states={"0": "held"}))
    assert fold.plans == {"p1": planned}
    assert [(s.taken_unix, s.checkpoints) for s in fold.snapshots[GROUP]] == [(T0 + 3, {0: "MQ=="})]
    verified = fold.operations["op"].verified
    assert verified is not None
    assert verified.detail == {"states": {"0": "held"}}


def test_forgetting_drops_what_a_new_reader_would_not_see() -> None:
    fold = fold_of(record("planned", "p1"), record("snapshot"), *ended("finished"), started("late", at=50, claim="c9"))
    fold.forget_before(T0 + 10)
    assert (fold.plans, fold.snapshots, list(fold.operations)) == ({}, {}, ["late"])


def test_an_open_operation_that_is_forgotten_holds_its_group_no_longer() -> None:
    fold = fold_of(started(claim="c1"))
    fold.forget_before(T0 + 10)
    assert fold.holder(GROUP) is None
    assert fold.add_all([started("next", at=11, claim="c2")]).operations["next"].state == "claimed"


def test_an_operation_older_than_the_window_is_past_for_who_has_not_read_for_days() -> None:
    fold = fold_of(started(claim="c1"), started("next", at=WINDOW_S + 1, claim="c2"), finished("next", claim="c2"))
    assert [(key, op.state) for key, op in fold.operations.items()] == [("next", "finished")]
    assert fold.holder(GROUP) is None


def test_an_operation_older_than_the_window_begins_anew_under_the_same_key() -> None:
    later = started(claim="c2", at=WINDOW_S + 1, plan=plan_of(move(7)))
    op = op_of(*ended("finished"), later)
    assert (op.state, op.claim, op.attempt, [m.shard for m in op.moves]) == ("claimed", "c2", 1, [7])


def test_an_operation_counts_from_its_last_claim() -> None:
    fold = fold_of(started(claim="c1"), started(claim="c2", at=100))
    fold.forget_before(T0 + 50)
    assert fold.holder(GROUP) is fold.operations["op"]


@pytest.mark.parametrize("ahead", [2 * 3600, 20 * 3600, 10**9])
def test_a_claim_dated_well_into_the_future_is_past_for_what_stands_behind_it(ahead: int) -> None:
    fold = fold_of(started("forged", ahead, claim="c1"), started(claim="c2", at=1))
    assert fold.holder(GROUP) is fold.operations["op"]


@pytest.mark.parametrize("ahead", [2 * 3600, 20 * 3600, 10**9])
def test_nobody_waits_for_the_lease_of_a_claim_dated_well_into_the_future(ahead: int) -> None:
    op = op_of(started(claim="c1", at=ahead))
    assert op.is_dead(now_unix=T0, instance="b")


def test_the_longest_lease_counts_where_clocks_are_minutes_apart() -> None:
    ahead, lease = 600, 86_400
    fold = fold_of(started("first", ahead, claim="c1", lease=lease), started(claim="c2"))
    assert fold.holder(GROUP) is fold.operations["first"]
    assert not fold.operations["first"].is_dead(now_unix=T0, instance="b")
