"""What holds for every journal, however it came to be: forged, foreign, twice, cut anywhere."""

import json
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.journal.fold import Fold
from shared.journal.history import describe_operation, positions_as_of, written_by_us
from shared.journal.records import Record
from shared.journal.window import READ_S, WINDOW_S
from tests.unit.journal.story import AFTER, GROUP, OTHER, T0, finished, hostile_details, record, started

operation_ids = st.sampled_from(["op1", "op2", "op3"])
claims = st.sampled_from(["c1", "c2", "c3", "c4"])
times = st.integers(0, 200)
states = st.sampled_from(["finished", "unfinished", "failed"])
groups = st.sampled_from([GROUP, GROUP, OTHER])

sound = st.one_of(
    st.builds(
        started,
        operation_ids,
        times,
        claim=claims,
        instance=st.sampled_from(["a", "b"]),
        lease=st.sampled_from([0, 30, 60]),
        group=groups,
    ),
    st.builds(
        finished, operation_ids, times, claim=claims, state=st.sampled_from(["finished", "unfinished", "failed"])
    ),
    st.builds(
        lambda kind, op, at, claim: record(kind, op, at, claim=claim),
        st.sampled_from(["withdrawn", "abandoned", "verified", "planned", "snapshot"]),
        operation_ids,
        times,
        claims,
    ),
)
forged = st.builds(
    lambda kind, op, at, group, record_id, detail: replace(
        record(kind, op, at, group=group, record_id=record_id), detail=detail
    ),
    st.sampled_from(["started", "finished", "planned", "snapshot", "verified", "abandoned", "withdrawn", "proposed"]),
    operation_ids,
    times,
    groups,
    claims,
    hostile_details(),
)
journals = st.lists(sound, max_size=14)


@given(journals, st.lists(st.integers(0, 14), max_size=3))
def test_the_same_records_give_the_same_state_however_they_are_cut_into_reads(
    journal: list[Record], cuts: list[int]
) -> None:
    bounds = sorted({0, len(journal), *(min(cut, len(journal)) for cut in cuts)})
    piecewise = Fold()
    for begin, end in pairwise(bounds):
        piecewise.add_all(journal[begin:end])
    assert piecewise == Fold().add_all(journal)


@given(journals, st.data())
def test_records_that_stand_there_twice_count_once(journal: list[Record], data: st.DataObject) -> None:
    again = list(journal)
    for copied in data.draw(st.lists(st.sampled_from(journal), max_size=3)) if journal else ():
        again.insert(data.draw(st.integers(journal.index(copied) + 1, len(again))), copied)
    assert Fold().add_all(again) == Fold().add_all(journal)


@given(st.lists(sound | forged, max_size=14))
def test_at_most_one_operation_holds_a_group_at_any_position(journal: list[Record]) -> None:
    fold = Fold()
    for one in journal:
        fold.add(one)
        for group in (GROUP, OTHER):
            holding = [op for op in fold.operations.values() if op.started.group == group and op.is_open]
            assert len(holding) <= 1
            assert fold.holder(group) is (holding[0] if holding else None)


@given(journals)
def test_a_claim_once_granted_stays_until_it_ends_or_is_dead(journal: list[Record]) -> None:
    fold = Fold()
    for one in journal:
        before = deepcopy(fold.holder(GROUP))
        fold.add(one)
        after = fold.holder(GROUP)
        if before is None or (after is not None and after.claim == before.claim):
            continue
        is_end = one.kind in {"finished", "abandoned", "withdrawn"} and one.detail.get("claim") == before.claim
        taken_up = one.kind == "started" and one.operation_id == before.started.operation_id
        instance = str(one.detail.get("instance"))
        assert is_end or (taken_up and before.is_dead(now_unix=one.written_unix, instance=instance))


@given(journals)
def test_the_moves_of_an_operation_that_may_have_written_never_change(journal: list[Record]) -> None:
    fold = Fold()
    for one in journal:
        before = {key: (op.state, op.started) for key, op in fold.operations.items()}
        fold.add(one)
        for key, (state, first) in before.items():
            assert state == "lost" or fold.operations[key].started is first


@given(st.lists(sound | forged, max_size=10), times)
def test_no_record_makes_history_or_liveness_fail(journal: list[Record], at: int) -> None:
    fold = Fold().add_all(journal)
    for group in (GROUP, OTHER):
        for op in fold.of_group(group):
            json.dumps(describe_operation(op))
        json.dumps(positions_as_of(fold, group, T0 + at))
        assert written_by_us(fold, group, {0: (AFTER, T0 + 1.0), 1: ("", 0.0)}) <= {0, 1}


@given(journals, times, times)
def test_forgetting_leaves_what_a_later_reader_sees(journal: list[Record], first: int, second: int) -> None:
    early, late = sorted((first, second))
    ordered = sorted(journal, key=lambda one: one.written_unix)
    warm, once = Fold().add_all(ordered), Fold().add_all(ordered)
    warm.forget_before(T0 + early)
    warm.forget_before(T0 + late)
    once.forget_before(T0 + late)
    assert warm == once


HOUR_S = 3600
DAY_S = 24 * HOUR_S
steps = st.tuples(
    st.sampled_from(["start", "start", "end", "abandon", "cancel", "forge"]),
    st.integers(1, 30 * HOUR_S),
    # An id is made of a command, and so of its group.
    st.sampled_from([("op1", GROUP), ("op2", GROUP), ("op3", OTHER)]),
    states,
    # What is dated for years ahead is past for all that follows; what is dated for hours, hardly ever.
    st.sampled_from([2 * HOUR_S, 5 * HOUR_S, 20 * HOUR_S, 3650 * DAY_S]),
)


def told(step: tuple[Any, ...], fold: Fold, number: int, at: int) -> list[Record]:
    """Return what a writer that has read everything appends: whose claim does not count, takes it back."""
    what, _, (op, group), state, ahead_s = step
    claim, holder = f"claim{number}", fold.holder(group)
    if what in {"end", "abandon"} and holder is not None:
        kind: Any = "finished" if what == "end" else "abandoned"
        return [record(kind, holder.started.operation_id, at, group=group, claim=holder.claim, state=state)]
    if what == "cancel":
        return [record("abandoned", op, at, group=group)]
    # One that loses and is not taken back can win for whoever begins to read behind its holder: docs/reliability.md.
    if what == "forge" and holder is None:
        return [started(f"forged{number}", at + ahead_s, claim=claim, group=group, lease=DAY_S)]
    ours = started(op, at, claim=claim, group=group, instance=f"i{number}")
    after = deepcopy(fold).add_all([ours]).operations.get(op)
    is_lost = after is None or after.claim != claim or after.state != "claimed"
    return [ours, record("withdrawn", op, at + 1, group=group, claim=claim)] if is_lost else [ours]


@given(st.lists(steps, max_size=14), st.integers(1, 200 * HOUR_S), st.data())
def test_whoever_began_to_read_when_and_reads_when_agrees_on_who_holds_a_group(
    story: list[tuple[Any, ...]], later_s: int, data: st.DataObject
) -> None:
    at, journal, warm = 0, [(0, record("planned", "op1", 0))], Fold()
    warm.add(journal[0][1])
    for number, step in enumerate(story):
        at += step[1]
        if data.draw(st.booleans()):
            warm.forget_before(T0 + at - WINDOW_S)
        written = told(step, warm, number, at)
        journal += [(at, one) for one in written]
        warm.add_all(written)
    now = at + later_s
    earliest, latest = -1, max(now - READ_S, 0)
    began = data.draw(st.sampled_from([earliest, latest]) | st.integers(earliest, latest))
    cold = Fold().add_all(one for received, one in journal if received >= began)
    for fold in (warm, cold):
        if data.draw(st.booleans()):
            fold.forget_before(T0 + now - WINDOW_S)
        fold.add_all(started(f"probe{n}", now, claim=f"p{n}", group=group) for n, group in enumerate((GROUP, OTHER)))
    for group in (GROUP, OTHER):
        holders = [fold.holder(group) for fold in (warm, cold)]
        assert [op and op.claim for op in holders] == [holders[0] and holders[0].claim] * 2
