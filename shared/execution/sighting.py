"""Looking at what a goal concerns: bounds, the goal's own position and receive times, in as few calls as will do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from shared.execution.invocation import Work
from shared.execution.observing import GroupObservation, cursor_position, receive_unix
from shared.execution.parallel import in_parallel
from shared.goals import AtTime, Goal
from shared.moves import Move
from shared.planning.lookups import Bound, children, wanted_bounds, wanted_receive_times
from shared.planning.standing import ShardObservation, position_of
from shared.sls.models import Shard


def observe_for_goal(
    work: Work,
    group: GroupObservation,
    shards: Sequence[Shard],
    goal: Goal,
    given: Mapping[int, str],
    *,
    lean: bool,
) -> list[ShardObservation]:
    """Return what a goal needs to know of each shard.

    Args:
        work: The command at hand.
        group: What was read of the group before.
        shards: The shards that the goal concerns.
        goal: Where to go.
        given: The goal's own checkpoints by shard id, where it has some.
        lean: Ask only for what writing needs, at most three lookups a shard; else all that a preview shows, at most
            six.

    A lookup that fails fails all: nothing is judged on half an observation.
    """
    kinds = wanted_bounds(goal, lean=lean)
    asked = [(shard, kind) for shard in shards for kind in kinds]
    answers = in_parallel([partial(_bound, work, shard.shard_id, kind, goal) for shard, kind in asked])
    bounds = {(shard.shard_id, kind): at for (shard, kind), at in zip(asked, answers, strict=True)}
    born_of_others = children(group.shards)
    seen = [_observation(group, shard, bounds, is_child=shard.shard_id in born_of_others) for shard in shards]
    wanted = [
        (number, position)
        for number, one in enumerate(seen)
        for position in sorted(wanted_receive_times(one, goal, given.get(one.shard.shard_id), lean=lean))
    ]
    times = in_parallel([partial(receive_unix, work, seen[n].shard.shard_id, position) for n, position in wanted])
    for (number, position), unix in zip(wanted, times, strict=True):
        if unix is not None:
            seen[number].receive_unix[position] = unix
    return seen


def _observation(
    group: GroupObservation, shard: Shard, bounds: Mapping[tuple[int, Bound], int], *, is_child: bool
) -> ShardObservation:
    shard_id = shard.shard_id
    checkpoint = group.checkpoint(shard_id)
    begin, target, end = bounds[shard_id, "begin"], bounds.get((shard_id, "target")), bounds.get((shard_id, "end"))
    known = ShardObservation(shard, checkpoint, begin, begin, {}, target, int(group.server_unix), is_child)
    furthest = max(begin, target or 0, position_of(checkpoint.checkpoint) or 0)
    return replace(known, end=furthest if end is None else end, end_is_known=end is not None)


def _bound(work: Work, shard_id: int, kind: Bound, goal: Goal) -> int:
    if kind == "target":
        return cursor_position(work, shard_id, goal.unix if isinstance(goal, AtTime) else "begin")
    return cursor_position(work, shard_id, kind)


def expired_targets(work: Work, moves: Sequence[Move]) -> list[int]:
    """Return the shards whose planned position retention has passed meanwhile."""
    begins = in_parallel([partial(cursor_position, work, move.shard, "begin") for move in moves])
    targets = [position_of(move.after.checkpoint) or 0 for move in moves]
    return [move.shard for move, begin, target in zip(moves, begins, targets, strict=True) if begin > target]
