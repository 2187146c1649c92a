"""Fifty operations race for one consumer group: one at a time, none lost, none counted twice."""

import itertools
import logging
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.network.drills import MOVED, TARGET, open_shop
from tests.functions.caller import Answer, FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.shop import Shop
from tests.functions.watched import WatchedStandIn
from tests.local.environment import LocalEnvironment
from tests.local.fc.gateway import GatewayOptions
from tests.local.sls.cursors import decode_cursor

_LOGGER = logging.getLogger(__name__)
OPERATIONS = 50
INSTANCES = 4
_PAUSE_S = 0.1
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Race:
    """What came of the race.

    Attributes:
        original: Where the group stood before, by shard, as positions.
        ended: Where it stood then.
        answers: Every answer that any of the racers got.
        writes: How often each shard was written.
        history: What the journal tells, oldest first.
    """

    original: dict[int, int]
    ended: dict[int, int]
    answers: list[Answer]
    writes: Counter[int]
    history: list[Any]


@pytest.fixture(scope="module")
def race(world_evidence: Evidence) -> Iterator[Race]:
    with WatchedStandIn(world_evidence) as sls:
        environment = LocalEnvironment(
            sls, environ={}, logs=world_evidence.new_logs(), options=GatewayOptions(max_instances=INSTANCES)
        )
        world_evidence.add_secret("a bearer token", environment.bearer)
        shop = open_shop(sls)
        with environment, shop.caller:
            functions = FunctionCaller(environment.url, {"local": environment.bearer}, world_evidence)
            original = positions(shop)
            begun_s = time.monotonic()
            with ThreadPoolExecutor(OPERATIONS) as pool:
                runs = pool.map(lambda number: move_back_by_one(functions, number), range(OPERATIONS))
                answers = list(itertools.chain.from_iterable(runs))
            _LOGGER.info("%d answers in %.1f s", len(answers), time.monotonic() - begun_s)
            writes = Counter(c["shard"] for c in shop.calls() if c["operation"] == "UpdateCheckPoint")
            told = functions.run({"action": "history", "target": TARGET, "limit": 200}).json["operations"]
            yield Race(original, positions(shop), answers, writes, list(reversed(told)))


def positions(shop: Shop) -> dict[int, int]:
    return {shard: decode_cursor(shop.checkpoints()[shard]) or 0 for shard in MOVED}


def move_back_by_one(functions: FunctionCaller, number: int) -> list[Answer]:
    """Send one operation until it is applied; one that ended because others were quicker is sent anew."""
    command = {"action": "rewind", "target": TARGET, "to": {"shift": -1}, "dry_run": False}
    answers: list[Answer] = []
    anew = 0
    gives_up_s = time.monotonic() + _PATIENCE_S
    while not answers or answers[-1].json["status"] != "applied":
        assert time.monotonic() < gives_up_s, answers[-1].json
        if answers:
            anew += answers[-1].error["code"] == "changed_since_plan"
            time.sleep(_PAUSE_S)
        answers.append(functions.run(command, Idempotency_Key=f"racer-{number}-{anew}"))
    return answers


def test_every_racer_is_answered_with_success_or_with_who_was_quicker(race: Race) -> None:
    refused = [answer for answer in race.answers if answer.json["status"] != "applied"]

    assert sum(answer.json["status"] == "applied" for answer in race.answers) == OPERATIONS
    assert {(a.status, a.json["status"]) for a in refused} <= {(409, "refused")}
    assert {a.error["code"] for a in refused} <= {"operation_in_progress", "changed_since_plan"}


def test_the_group_moved_once_for_each_operation_and_no_further(race: Race) -> None:
    assert race.ended == {shard: position - OPERATIONS for shard, position in race.original.items()}
    assert race.writes == dict.fromkeys(MOVED, OPERATIONS)


def test_the_history_shows_every_operation_as_one_chain(race: Race) -> None:
    applied = {a.json["operation_id"] for a in race.answers if a.json["status"] == "applied"}
    moved = [op for op in race.history if op["operation_id"] in applied]

    assert len(moved) == len(applied) == OPERATIONS
    for shard in MOVED:
        links = [next(s for s in op["shards"] if s["shard"] == shard) for op in moved]
        # Records tell whole seconds, so that history may turn neighbours round.
        chain = sorted(links, key=lambda link: decode_cursor(link["before"]) or 0, reverse=True)
        assert [decode_cursor(link["before"]) for link in chain] == [
            race.original[shard] - n for n in range(OPERATIONS)
        ]


def test_the_history_shows_who_was_refused_after_a_claim_too(race: Race) -> None:
    changed = {a.json["operation_id"] for a in race.answers if a.error and a.error["code"] == "changed_since_plan"}

    assert changed <= {op["operation_id"] for op in race.history if op["status"] == "refused"}


def test_what_was_written_before_an_operation_that_came_to_nothing_is_not_taken_for_a_consumers(
    functions: FunctionCaller, shop: Shop
) -> None:
    rewind = {"action": "rewind", "target": TARGET, "to": {"shift": -1}}
    late = functions.run(rewind).json["next"][0]
    assert functions.run({**rewind, "dry_run": False}).json["status"] == "applied"
    assert functions.run(late).error["code"] == "changed_since_plan"

    assert functions.run({**rewind, "dry_run": False}).json["status"] == "applied"
    assert len(shop.writes()) == 2 * len(MOVED)
