"""An instance that has worked for long holds no more than one that has worked for a little while."""

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.load_world import MOST_FILES, MOST_THREADS, Group, Held, Loaded, held, loaded
from tests.functions.evidence import Evidence

_LOGGER = logging.getLogger(__name__)
SOAKED = (1_000, 5_000)
WARM, ALL = SOAKED if "SOAK" in os.environ else (240, 1_200)
ROUNDS_A_DAY = 10
# Half of what a small leak would be: a result of one shard, say, that something keeps.
MOST_GROWTH_BYTES = 2 * 1024


@pytest.fixture(scope="module")
def world(world_evidence: Evidence, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    with loaded(world_evidence, tmp_path_factory.mktemp("measured"), instances=1) as made:
        yield made


@pytest.fixture(scope="module")
def days(world: Loaded) -> list[list[Held]]:
    """What the one instance held after each of many invocations, day by day.

    A day begins with an empty journal: what that holds of the last 72 hours is what an instance is to remember.
    """
    made: list[list[Held]] = []
    while len(made) * len(made[0] if made else ()) < ALL:
        world.shop.sls.control("reset", {})
        group = next(iter(world.make_groups(1)))
        made.append([one for number in range(ROUNDS_A_DAY) for one in round_of(world, group, number)])
    return made


def round_of(world: Loaded, group: Group, number: int) -> list[Held]:
    """Send reads, plans, writes and refusals, so that all that is moved is moved back; return what was held then."""
    states: list[Held] = []

    def run(status: str, action: str, **more: object) -> Any:  # noqa: ANN401 -- any JSON document
        target = {} if action == "apply" else {"target": group.target}
        answer = world.functions.run({"action": action, **target, **more})
        assert answer.json["status"] == status, answer.json
        states.append(held(answer))
        return answer.json

    plan = run("planned", "rewind", to={"shift": -5}, shards=group.shards)
    applied = run("applied", "apply", plan_id=plan["plan_id"])
    run("read", "verify", operation_id=applied["operation_id"])
    run("applied", "undo", operation_id=applied["operation_id"], dry_run=False)
    run("applied", "update_consumer_group", timeout=100 + number)
    run("read", "list_consumer_groups")
    run("read", "history")
    run("read", "peek", shard=group.shards[0], count=2)
    run("failed", "describe", target=f"shop/{group.logstore}/nobody")
    run("refused", "rewind", to="no time at all", **{"x" * 1_000: 1})
    return states


def test_an_invocation_leaves_no_memory_behind(days: list[list[Held]]) -> None:
    # At the end of a day its journal is as long as at the end of any other.
    evenings = [day[-1].memory for day in days]
    warm = WARM // len(days[0]) - 1
    invocations = len(days[0]) * (len(days) - 1 - warm)
    _LOGGER.info(
        "memory in MiB: %s", {len(days[0]) * (n + 1): round(evenings[n] / 2**20, 1) for n in (0, warm, len(days) - 1)}
    )
    _LOGGER.info("%d invocations, %d bytes each", invocations, (evenings[-1] - evenings[warm]) // invocations)

    assert len({state.pid for day in days for state in day}) == 1
    assert evenings[-1] - evenings[warm] <= MOST_GROWTH_BYTES * invocations


def test_threads_and_open_files_stay_within_what_calls_side_by_side_need(days: list[list[Held]]) -> None:
    assert max(state.threads for day in days for state in day) <= MOST_THREADS
    assert max(state.open_files for day in days for state in day) <= MOST_FILES
