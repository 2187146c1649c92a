"""One firing, delivered three times, with its first delivery broken at each of its SLS calls in turn."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial

import pytest

from tests.e2e.rewind_world import SHARDS, Lanes, World, advanced
from tests.e2e.schedule_drills import (
    CONSUMED_MEANWHILE,
    FAULTS,
    Case,
    Drill,
    Position,
    calls_of_a_firing,
    carry_out,
)
from tests.e2e.schedule_world import BACK_S, PROFILES, Timers, open_timer
from tests.functions.evidence import Evidence
from tests.local.environment import CHECKOUT

LANES = 5
POSITIONS = (
    Position("ListShards", on_journal=True),
    *(Position("PullLogs", on_journal=True, nth=nth) for nth in (1, 2)),
    *(Position("PutLogs", on_journal=True, nth=nth) for nth in (1, 2)),
    Position("ListConsumerGroup"),
    Position("ListShards"),
    *(Position("GetCheckPoint", nth=nth) for nth in (1, 2, 3)),
    *(Position("GetCursor", shard=shard, nth=nth) for shard in SHARDS for nth in (1, 2)),
    *(Position("GetCursorTime", shard=shard) for shard in SHARDS),
    *(Position("UpdateCheckPoint", shard=shard) for shard in SHARDS),
)
"""Every call of a firing that rewinds four shards, on an instance that has read the journal before."""
CASES = [
    Case(profile, position, kind)
    for profile in PROFILES
    for position in POSITIONS
    for kind in FAULTS
    if position.writes or kind in {"error", "killed_before"}
]

GetDrill = Callable[[Case], Drill]
each_case = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.fixture(scope="module")
def drill(request: pytest.FixtureRequest, world_evidence: Evidence) -> Iterator[GetDrill]:
    """What came of a case; all that the run asks for are carried out at once."""
    asked = dict.fromkeys(
        case
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module and "case" in item.fixturenames
        if isinstance(case := item.callspec.params["case"], Case)
    )
    timers = Timers(world_evidence)
    with Lanes(world_evidence, CHECKOUT, LANES) as lanes:
        drills: dict[Case, Future[Drill]] = {
            case: lanes.submit(partial(carry_out, case, timers=timers, evidence=world_evidence)) for case in asked
        }
        yield lambda case: drills[case].result()
        timers.close()


@pytest.mark.parametrize("profile", PROFILES)
def test_the_positions_are_all_calls_of_a_firing(world_evidence: Evidence, profile: str) -> None:
    with (
        World(world_evidence) as world,
        open_timer(world, world_evidence, next(p for p in PROFILES if p == profile)) as timer,
    ):
        assert calls_of_a_firing(world, timer) == sorted(POSITIONS, key=str)


@each_case
def test_the_group_ends_exactly_at_the_triggers_time_minus_the_duration(drill: GetDrill, case: Case) -> None:
    done = drill(case)

    assert done.moved == done.wanted
    assert done.moved.keys() == set(SHARDS)
    assert done.resolved_unix == [done.trigger_unix - BACK_S]


@each_case
def test_every_shard_is_moved_once(drill: GetDrill, case: Case) -> None:
    done = drill(case)

    assert done.effects == dict.fromkeys(SHARDS, 1)
    assert done.operations == 1


@each_case
def test_a_delivery_after_success_answers_duplicate_and_leaves_consumers_alone(drill: GetDrill, case: Case) -> None:
    done = drill(case)

    assert done.outcomes[-1] == "duplicate"
    assert done.committed == {0: advanced(done.wanted[0], CONSUMED_MEANWHILE)}
    assert done.ended == {**done.wanted, **done.committed}


@each_case
def test_what_went_wrong_is_told_as_failed_and_mended_by_a_retry(drill: GetDrill, case: Case) -> None:
    first, second, third = drill(case).outcomes

    assert first == "killed" if case.kills else first in {"FiringFailedError", "applied"}
    assert second in {"applied", "duplicate"}
    assert third == "duplicate"


@each_case
def test_the_journal_keeps_the_positions_before_the_first_delivery(drill: GetDrill, case: Case) -> None:
    done = drill(case)

    assert done.before == done.original
