"""Which lookups a goal needs, so that a preview costs at most six a shard and a direct apply at most three."""

from collections.abc import Iterable
from typing import Literal

from shared.goals import AtTime, Begin, End, Goal, Shift
from shared.planning.standing import ShardObservation, position_of
from shared.sls.models import Shard

Bound = Literal["begin", "end", "target"]


def wanted_bounds(goal: Goal, *, lean: bool) -> tuple[Bound, ...]:
    """Return which cursors to ask of each shard; `lean` leaves out what only a preview shows."""
    if isinstance(goal, AtTime):
        return ("begin", "target") if lean else ("begin", "end", "target")
    return ("begin",) if lean and isinstance(goal, Begin) else ("begin", "end")


def wanted_receive_times(seen: ShardObservation, goal: Goal, given: str | None, *, lean: bool) -> set[int]:
    """Return of which log groups to ask the receive time: what was last consumed before and after, what comes next.

    Lean asks for one alone: that which bounds how far the shard goes, the rest of the way being counted until now.
    """
    before, after = seen.position, _raw_position(seen, goal, given)
    if after is None:
        return set()
    consumed_before = None if before is None else min(max(before - 1, seen.begin), seen.end)
    consumed_after = max(after - 1, seen.begin)
    if not lean:
        wanted = {consumed_before, consumed_after, after}
    elif isinstance(goal, AtTime):
        wanted = {seen.begin if after == seen.begin else consumed_before}
    else:
        wanted = {consumed_after if before is not None and after < before else consumed_before}
    return {p for p in wanted if p is not None and seen.begin <= p and (p < seen.end or not seen.end_is_known)}


def _raw_position(seen: ShardObservation, goal: Goal, given: str | None) -> int | None:
    if isinstance(goal, Begin):
        return seen.begin
    if isinstance(goal, End):
        return seen.end
    if isinstance(goal, AtTime):
        return seen.target
    if isinstance(goal, Shift):
        wanted = None if seen.position is None else max(seen.position, seen.begin) + goal.log_groups
    else:
        wanted = position_of(given or "")
    return None if wanted is None else min(max(wanted, seen.begin), seen.end)


def children(shards: Iterable[Shard]) -> frozenset[int]:
    """Return the shards that came out of a split or merge: an older readonly shard covers part of their keys."""
    shards = tuple(shards)
    closed = [shard for shard in shards if shard.status == "readonly"]
    return frozenset(child.shard_id for child in shards if any(_is_parent(other, child) for other in closed))


def lineage(shards: Iterable[Shard]) -> tuple[frozenset[int], ...]:
    """Return the shards in generations, parents before the children that split and merge made of them."""
    shards = sorted(shards, key=lambda shard: shard.shard_id)
    closed = [shard for shard in shards if shard.status == "readonly"]
    depth: dict[int, int] = {}
    for shard in shards:
        above = [depth[other.shard_id] for other in closed if other.shard_id in depth and _is_parent(other, shard)]
        depth[shard.shard_id] = 1 + max(above, default=-1)
    return tuple(
        frozenset(shard_id for shard_id, at in depth.items() if at == generation)
        for generation in range(max(depth.values(), default=-1) + 1)
    )


def _is_parent(parent: Shard, child: Shard) -> bool:
    return parent.shard_id < child.shard_id and parent.begin_key < child.end_key and child.begin_key < parent.end_key
