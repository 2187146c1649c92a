"""A firing whose first delivery died: the next one waits for its lease, as long as its own time allows."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from tests.e2e.rewind_world import Group, World, wait_until
from tests.e2e.schedule_drills import Case, Position, kill
from tests.e2e.schedule_world import (
    BACK_S,
    checkout_with_schedule_timeout,
    event,
    group_time,
    let_leases_pass,
    open_timer,
    outcome,
    warm_up,
)
from tests.functions.evidence import Evidence
from tests.local.environment import CHECKOUT

HALF_WRITTEN = Case("python3.12", Position("UpdateCheckPoint", shard=3), "killed_before")
# No more than what a delivery keeps for its work, so that next to none is left to wait in.
SHORT_TIMEOUT_S = 10


@pytest.fixture(scope="module")
def world(world_evidence: Evidence) -> Iterator[World]:
    with World(world_evidence) as made:
        yield made


def half_written(world: World, evidence: Evidence, checkout: Path = CHECKOUT) -> tuple[Group, bytes]:
    """Return a group whose first delivery was killed at its last write, with its lease still on, and the event."""
    world.sls.control("clock", {"skew_s": 0})
    group = world.new_group()
    told = event(group, group_time(group))
    with open_timer(world, evidence, checkout=checkout) as doomed:
        warm_up(doomed, group)
        assert kill(HALF_WRITTEN, group, doomed, told) == "killed"
    return group, told


def stands_where_it_is_wanted(group: Group, told: bytes) -> bool:
    trigger_time = datetime.fromisoformat(json.loads(told)["triggerTime"].replace("Z", "+00:00"))
    return group.checkpoints() == group.at(int(trigger_time.timestamp()) - BACK_S)


def test_a_retry_waits_for_the_lease_of_the_delivery_that_died(world: World, world_evidence: Evidence) -> None:
    group, told = half_written(world, world_evidence)

    with open_timer(world, world_evidence) as timer, ThreadPoolExecutor(1) as pool:
        warm_up(timer, group)
        begun = group.mark()
        retry = pool.submit(timer.invoke, told)
        wait_until(lambda: any(call["operation"] == "PullLogs" for call in group.calls(begun)))
        assert not retry.done()
        let_leases_pass(world)
        came_to = outcome(retry.result())

    assert came_to == "applied"
    assert stands_where_it_is_wanted(group, told)


def test_where_its_time_is_too_short_a_retry_fails_and_a_later_one_finishes(
    world: World, world_evidence: Evidence, tmp_path: Path
) -> None:
    checkout = checkout_with_schedule_timeout(tmp_path, SHORT_TIMEOUT_S)
    group, told = half_written(world, world_evidence)
    half = group.checkpoints()

    with open_timer(world, world_evidence, checkout=checkout) as timer:
        early = timer.invoke(told)
        stood = group.checkpoints()
        let_leases_pass(world)
        late = timer.invoke(told)

    assert (outcome(early), outcome(late)) == ("FiringFailedError", "applied")
    assert "operation_in_progress" in str(early.error["errorMessage"])
    assert (stood, stands_where_it_is_wanted(group, told)) == (half, True)


def test_two_retries_at_once_finish_it_once(world: World, world_evidence: Evidence) -> None:
    group, told = half_written(world, world_evidence)
    let_leases_pass(world)
    begun = group.mark()

    with open_timer(world, world_evidence) as timer, ThreadPoolExecutor(2) as pool:
        outcomes = sorted(outcome(retry.result()) for retry in [pool.submit(timer.invoke, told) for _ in range(2)])

    writes = [call["shard"] for call in group.calls(begun) if call["operation"] == "UpdateCheckPoint"]
    assert (outcomes, writes) == (["applied", "duplicate"], [3])
    assert stands_where_it_is_wanted(group, told)


def test_another_firing_waits_for_the_one_in_progress_and_is_told_what_it_left(
    world: World, world_evidence: Evidence
) -> None:
    group, _ = half_written(world, world_evidence)
    let_leases_pass(world)
    half = group.checkpoints()

    with open_timer(world, world_evidence) as timer:
        other = timer.invoke(event(group, group_time(group) - 60))

    assert outcome(other) == "FiringFailedError"
    assert "unfinished_operation" in str(other.error["errorMessage"])
    assert group.checkpoints() == half
