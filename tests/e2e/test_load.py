"""Under load: everything is answered, nothing is mixed up, connections are used again, nothing is left behind."""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.e2e.load_world import MOST_CONNECTIONS, MOST_FILES, MOST_THREADS, SHARDS, Group, Loaded, by_instance, loaded
from tests.functions.caller import Answer
from tests.functions.evidence import Evidence

_LOGGER = logging.getLogger(__name__)
AT_ONCE = 200
INSTANCES = 4
# Every one of them in `make soak`; all 64 shards of 200 groups are 80,000 calls of SLS.
WHOLE_EVERY = 1 if "SOAK" in os.environ else 10


@dataclass(frozen=True)
class Rush:
    """What came of many commands at once."""

    stands: Mapping[Group, Mapping[int, str]]
    answers: Mapping[Group, Answer]
    accepted: int
    requests: int
    open_connections: int

    @property
    def pairs(self) -> Iterator[tuple[Group, Answer]]:
        """Each group with the answer that its command got."""
        yield from self.answers.items()


@pytest.fixture(scope="module")
def world(world_evidence: Evidence, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    with loaded(world_evidence, tmp_path_factory.mktemp("measured"), instances=INSTANCES) as made:
        yield made


@pytest.fixture(scope="module")
def rush(world: Loaded) -> Rush:
    stands = world.make_groups(AT_ONCE)
    begun_s = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(zip(stands, pool.map(world.functions.run, map(command_for, stands)), strict=True))
    done = Rush(stands, answers, world.proxy.accepted, world.proxy.requests, world.proxy.open)
    _LOGGER.info(
        "%d commands at once on %d instances: %.1f s, %d calls of SLS over %d connections",
        AT_ONCE,
        INSTANCES,
        time.monotonic() - begun_s,
        done.requests,
        done.accepted,
    )
    return done


def command_for(group: Group) -> dict[str, object]:
    """Return a describe of all shards, or a plan for the group's own ones."""
    if group.number % WHOLE_EVERY == 0:
        return {"action": "describe", "target": group.target}
    return {"action": "rewind", "target": group.target, "to": {"shift": -1 - group.number}, "shards": group.shards}


def test_each_of_many_commands_at_once_is_answered(rush: Rush) -> None:
    assert len(rush.answers) == AT_ONCE
    assert {answer.status for answer in rush.answers.values()} == {200}
    assert len({answer.json["fc_request_id"] for answer in rush.answers.values()}) == AT_ONCE


def test_no_two_answers_are_mixed_up(rush: Rush) -> None:
    for group, answer in rush.pairs:
        told = answer.json
        assert told["target"] == {"project": "shop", "logstore": group.logstore, "consumer_group": group.name}
        before = {n: s["before"]["checkpoint"] for n, s in answer.shards.items() if s["before"]["checkpoint"]}
        assert before == rush.stands[group]
        if told["action"] == "describe":
            assert answer.shards.keys() == set(range(SHARDS))
        else:
            assert {shard["log_groups"] for shard in answer.shards.values()} == {-1 - group.number}


def test_several_instances_worked_and_used_their_connections_again(rush: Rush) -> None:
    assert len(by_instance(rush.answers.values())) == INSTANCES
    assert rush.accepted <= INSTANCES * MOST_CONNECTIONS
    assert rush.requests > 30 * rush.accepted


def test_no_thread_and_no_socket_is_left_behind(rush: Rush, world: Loaded) -> None:
    for states in by_instance(rush.answers.values()).values():
        # An instance may keep its threads for the next invocation, but never more than it uses at once.
        assert max(state.threads for state in states) <= MOST_THREADS
        assert max(state.open_files for state in states) <= MOST_FILES
    assert rush.open_connections == rush.accepted
    assert world.proxy.open <= INSTANCES * MOST_CONNECTIONS
