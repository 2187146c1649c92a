"""An operation stands behind those that were granted before it, however early it was asked for the first time."""

import math
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from shared.results import Result
from tests.e2e.network.drills import TARGET
from tests.e2e.network.proxy import Fault
from tests.e2e.network.wave_world import REWIND, Clock, Gate, WaveWorld, wave_world
from tests.functions.evidence import Evidence

ON = {"action": "seek", "target": TARGET, "to": {"shift": 30}, "shards": [0], "dry_run": False}
UNDO = {"action": "undo", "target": TARGET, "dry_run": False}


@pytest.fixture
def world(world_evidence: Evidence) -> Iterator[WaveWorld]:
    with wave_world(world_evidence, waves=1) as made:
        yield made


def ran(world: WaveWorld, command: Mapping[str, object], instance_id: str, key: str | None = None) -> Result:
    made = world.invocation(Clock())
    settings = replace(made.settings, instance_id=instance_id)
    return world.run(command, Clock(), invocation=replace(made, settings=settings, idempotency_key=key))


def lost_to_another(world: WaveWorld, command: Mapping[str, object], key: str) -> Result:
    """Return the answer to a command whose claim, all that it writes, came behind another's that has ended since."""
    claiming, writing = Gate(), Gate()
    world.proxy.fault(Fault(claiming.hold, "PutLogs", on_journal=True))
    with ThreadPoolExecutor(2) as pool, claiming, writing:
        lost = pool.submit(ran, world, command, "c-one", key)
        assert claiming.have_come(1)
        world.write_through(writing)
        won = pool.submit(ran, world, {**REWIND, "shards": [1]}, "c-two")
        assert writing.have_come(1)
        claiming.let_pass(math.inf)
        result = lost.result()
        writing.let_pass(math.inf)
        assert won.result().status == "applied"
    world.proxy.fault(None)
    return result


def test_what_lost_its_group_and_was_granted_later_is_the_later_one(world: WaveWorld) -> None:
    refused = lost_to_another(world, ON, "a key")
    assert refused.error is not None
    assert refused.error.code == "operation_in_progress"
    between = ran(world, {**REWIND, "shards": [0]}, "c-two")
    moved = ran(world, ON, "c-one", "a key")
    assert (between.status, moved.status, moved.operation_id) == ("applied", "applied", refused.operation_id)
    stood = world.shop.checkpoints()

    too_early = ran(world, {**UNDO, "operation_id": between.operation_id}, "c-two")
    assert too_early.status == "unchanged"
    assert f"operation {moved.operation_id} moved it since" in (too_early.shards[0].note or "")
    assert world.shop.checkpoints() == stood

    undone = ran(world, {**UNDO, "operation_id": moved.operation_id}, "c-two")
    assert [shard.status for shard in undone.shards] == ["moved"]
