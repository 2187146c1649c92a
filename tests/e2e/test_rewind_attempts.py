"""Operations that took several attempts: what each may write, and what may be said of it."""

from collections.abc import Iterator

import pytest

from shared.journal.window import WINDOW_S
from tests.e2e.stateful_witness import LOGSTORE, PROJECT, Trouble, WitnessedStandIn
from tests.e2e.stateful_world import World

TARGET = {"target": f"{PROJECT}/{LOGSTORE}/billing"}
FORCED: dict[str, object] = {**TARGET, "dry_run": False, "allow_active": True}


@pytest.fixture
def world() -> Iterator[World]:
    with WitnessedStandIn() as sls:
        shop = World(sls)
        yield shop
        assert shop.witness.broken == []
        shop.close()


def failing(*shards: int) -> Trouble:
    """Return what makes the writes of some shards fail for good."""
    return Trouble(faults=[{"operation": "UpdateCheckPoint", "shard": shard, "times": 99} for shard in shards])


def half_done(world: World) -> str:
    """Leave a rewind behind that moved shard 0 and not shard 1, and return its id."""
    result = world.run({**FORCED, "action": "rewind", "to": "begin"}, key="k", trouble=failing(1))
    assert result is not None
    assert result.status == "partial"
    return result.operation_id or ""


def test_an_operation_that_wrote_nothing_is_not_credited_with_what_others_wrote(world: World) -> None:
    wanted = {"0": world.cursor(0, 10)}
    first = world.run(
        {**TARGET, "action": "update_checkpoint", "checkpoints": wanted}, key="k", trouble=failing(0, 1, 2)
    )
    assert first is not None
    assert first.status == "failed"
    world.run({**FORCED, "action": "rewind", "to": {"checkpoints": {"0": world.cursor(0, 20)}}})
    resumed = world.run({**TARGET, "action": "resume", "operation_id": first.operation_id})
    assert resumed is not None
    assert resumed.error is not None
    assert (resumed.status, resumed.error.code) == ("refused", "changed_since_plan")
    assert world.checkpoint(0) == world.cursor(0, 20)


def test_an_attempt_that_the_journal_never_showed_leaves_the_operation_as_it_was(world: World) -> None:
    operation_id = half_done(world)
    resume = {**TARGET, "action": "resume", "operation_id": operation_id}
    hidden = world.run(resume, trouble=Trouble(is_hidden=True))
    assert hidden is not None
    assert hidden.status == "refused"
    again = world.run({**FORCED, "action": "rewind", "to": "begin"}, key="k", instance=2)
    assert again is not None
    assert (again.operation_id, again.status) == (operation_id, "applied")
    assert {shard.shard: shard.before.checkpoint for shard in again.shards if shard.status == "moved"} == {
        0: world.cursor(0, 200),
        1: world.cursor(1, 150),
    }


def test_what_an_abandoned_operation_moved_in_any_attempt_is_undone(world: World) -> None:
    operation_id = half_done(world)
    named = {**TARGET, "operation_id": operation_id}
    assert world.run({**named, "action": "resume"}, instance=1, trouble=Trouble(kill_after=20)) is None
    world.witness.pass_time(100)
    abandoned = world.run({**named, "action": "abandon"}, instance=2)
    assert abandoned is not None
    assert abandoned.status == "applied"
    undone = world.run({**FORCED, "action": "undo", "operation_id": operation_id})
    assert undone is not None
    assert undone.ok
    assert (world.checkpoint(0), world.checkpoint(1)) == (world.cursor(0, 200), world.cursor(1, 150))


def test_who_has_read_for_days_and_who_begins_today_agree_on_who_holds_a_group(world: World) -> None:
    half_done(world)
    world.run({**TARGET, "action": "history"}, instance=1)
    world.witness.pass_time(WINDOW_S + 3600)
    world.renew(2)
    cold = world.run({**FORCED, "action": "rewind", "to": "begin"}, key="new", instance=2)
    warm = world.run({**FORCED, "action": "rewind", "to": "begin"}, key="new", instance=1)
    assert cold is not None
    assert warm is not None
    assert (cold.status, warm.status) == ("applied", "duplicate")
