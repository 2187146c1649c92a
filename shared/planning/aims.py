"""Where each shard is to go for a goal, or why it stays: nothing is clamped in silence, nothing goes the wrong way."""

from collections.abc import Mapping
from typing import Literal

from shared.cursors import encode_cursor
from shared.errors import RefusedError
from shared.frozen import frozen
from shared.goals import AtTime, Begin, End, Goal, Shift
from shared.moves import Move
from shared.planning.standing import ShardObservation, position_of
from shared.positions import iso_utc
from shared.results import Direction, Position, ShardResult

Way = Literal["backward", "forward", "both"]
OnExpired = Literal["refuse", "clamp"]

_CLAMP = 'Say on_expired: "clamp" to begin at the oldest log group kept; what is older is gone.'
_DAY_S = 86_400
_FOREVER_DAYS = 3650
_TO_PLACE_IT = '; to place it, name it in {"checkpoints": ...}'
NO_CHECKPOINT = f"never checkpointed, so left alone: a consumer begins at its configured start position{_TO_PLACE_IT}"
UNREADABLE = f"its checkpoint is not a cursor, so left alone: no consumer can read from it{_TO_PLACE_IT}"


@frozen
class Rules:
    """What a goal may do to a shard.

    Attributes:
        ways: By shard id, which way it may go; shards that are absent may go both ways.
        way: Which way all shards may go that `ways` does not name.
        on_expired: What to do with a position that has expired.
        ttl_days: The Logstore's retention, for telling when a target expires.
        in_order: Whether the group consumes parents before children.
        leaves_impossible: Whether a shard whose position lies beyond its end stays; else that is refused.
        can_clamp: Whether the command has an option to clamp; only then is it named.
    """

    way: Way = "both"
    on_expired: OnExpired = "refuse"
    ttl_days: int = _FOREVER_DAYS
    in_order: bool = False
    can_clamp: bool = True
    leaves_impossible: bool = False
    ways: Mapping[int, Way] | None = None

    def way_of(self, shard_id: int) -> Way:
        """Return which way a shard may go."""
        return (self.ways or {}).get(shard_id, self.way)


@frozen
class _Aim:
    position: int | None
    note: str | None = None


def plan_shard(seen: ShardObservation, goal: Goal, given: str | None, rules: Rules) -> Move | ShardResult:
    """Return the move that a goal makes of one shard, or the shard's result if it stays.

    Args:
        seen: What was read of the shard; for a time, with what GetCursor answered.
        goal: Where to go.
        given: The checkpoint that the goal has for this very shard, where it has some; "" or None if none.
        rules: What it may do.

    Raises:
        RefusedError: The position has expired and is not to be clamped, or is none of this shard.
    """
    before = seen.position
    if before is None and not given:
        return _stays(seen, "skipped", UNREADABLE if seen.checkpoint.checkpoint else NO_CHECKPOINT)
    aim = _aim(seen, goal, given, rules)
    if aim.position is None:
        return _stays(seen, "skipped", aim.note or "no position is given for it")
    direction: Direction = "none" if before in {None, aim.position} else _direction(before, aim.position)
    way = rules.way_of(seen.shard.shard_id)
    if way != "both" and (direction not in {way, "none"} or before is None):
        return _stays(seen, "skipped", _NO_WAY if before is None else _WRONG_WAY[way])
    if before == aim.position:
        return _stays(seen, "unchanged", aim.note)
    return _move(seen, aim, direction, goal, rules)


# Said only where the goal has a position for this very shard, which seek would take it to.
_NO_WAY = (
    'stays: it has no readable checkpoint, so there is no way from it to anywhere; seek places it, with the same "to"'
)
_WRONG_WAY = {
    "backward": "stays: it stands before that already, and this action only goes back",
    "forward": "stays: it stands behind that already, and this action only goes forward",
}


def _stays(seen: ShardObservation, status: Literal["skipped", "unchanged"], note: str | None) -> ShardResult:
    before = position_at(seen, seen.checkpoint.checkpoint)
    return ShardResult(seen.shard.shard_id, status, before, after=before if status == "unchanged" else None, note=note)


def _direction(before: int | None, after: int) -> Direction:
    return "backward" if before is not None and after < before else "forward"


def _aim(seen: ShardObservation, goal: Goal, given: str | None, rules: Rules) -> _Aim:
    if isinstance(goal, Begin):
        return _Aim(seen.begin)
    if isinstance(goal, End):
        return _Aim(seen.end)
    if isinstance(goal, AtTime):
        return _aim_at_time(seen, goal.unix, rules)
    if isinstance(goal, Shift):
        return _aim_by_shift(seen, goal.log_groups, rules)
    return _aim_at_checkpoint(seen, given, rules)


def _aim_at_time(seen: ShardObservation, unix: int, rules: Rules) -> _Aim:
    # Retention may have passed the target since it was looked up.
    target = None if seen.target is None else max(seen.target, seen.begin)
    is_empty = seen.end_is_known and seen.begin == seen.end
    oldest = seen.receive_unix.get(seen.begin)
    if target != seen.begin or is_empty or (oldest is not None and oldest <= unix):
        at_end = seen.end_is_known and target == seen.end
        return _Aim(target, "nothing was received since then: it would stand at the end" if at_end else None)
    born = seen.shard.created_unix
    if seen.is_child and born is not None and oldest is not None and unix < born <= oldest:
        return _Aim(
            seen.begin, f"begins at its creation by a split or merge, {iso_utc(born)}; what is older is in its parent"
        )
    received = iso_utc(oldest) if oldest is not None else "at a time that is not known any more"
    if rules.on_expired == "refuse":
        raise _expired(seen, rules, f"{iso_utc(unix)} lies before the oldest log group kept, received {received}")
    return _Aim(seen.begin, f"clamped: {iso_utc(unix)} has expired; the oldest log group kept was received {received}")


def _aim_by_shift(seen: ShardObservation, log_groups: int, rules: Rules) -> _Aim:
    start = seen.position or 0
    if start < seen.begin and rules.on_expired == "refuse":
        raise _expired(seen, rules, "its checkpoint has expired, so there is nothing to count from")
    clamped = (
        "clamped: its checkpoint has expired; counted from the oldest log group kept" if start < seen.begin else None
    )
    start = max(start, seen.begin)
    wanted = start + log_groups
    bounded = min(max(wanted, seen.begin), seen.end)
    short = f"bounded: only {abs(bounded - start)} log groups are there to shift over" if bounded != wanted else None
    return _Aim(bounded, "; ".join(filter(None, (clamped, short))) or None)


def _aim_at_checkpoint(seen: ShardObservation, given: str | None, rules: Rules) -> _Aim:
    position = position_of(given or "")
    if position is None:
        return _Aim(None, "no position is given for it")
    if position < seen.begin:
        if rules.on_expired == "refuse":
            raise _expired(seen, rules, "the position lies before the oldest log group kept")
        return _Aim(seen.begin, "clamped: the position has expired; it would begin at the oldest log group kept")
    if position > seen.end and rules.leaves_impossible:
        return _Aim(None, "stood beyond its end before: not restorable")
    if position > seen.end:
        raise RefusedError(
            f"shard {seen.shard.shard_id}: the position lies beyond its end",
            code="position_out_of_range",
            hint="Cursors are not comparable between shards; take one between the shard's begin and end.",
        )
    return _Aim(position)


def _expired(seen: ShardObservation, rules: Rules, what: str) -> RefusedError:
    return RefusedError(
        f"shard {seen.shard.shard_id}: {what}",
        code="position_expired",
        hint=_CLAMP if rules.can_clamp else "Take a position between the shard's begin and end; what is older is gone.",
    )


def _move(seen: ShardObservation, aim: _Aim, direction: Direction, goal: Goal, rules: Rules) -> Move:
    before, after = seen.position, aim.position or 0
    received = seen.receive_unix.get(after)
    expires = None if received is None or rules.ttl_days >= _FOREVER_DAYS else received + rules.ttl_days * _DAY_S
    notes = [note for note in (aim.note, _lineage(seen, after, direction, rules)) if note]
    return Move(
        shard=seen.shard.shard_id,
        before=position_at(seen, seen.checkpoint.checkpoint),
        after=position_at(seen, encode_cursor(after)),
        direction=direction,
        log_groups=None if before is None else after - before,
        distance_s=distance_s(seen, before, after, goal),
        holder=seen.checkpoint.consumer,
        updated_unix_us=seen.checkpoint.updated_unix_us,
        expires_at=iso_utc(expires) if expires is not None else None,
        note="; ".join(notes) or None,
        restorable=before is not None and seen.begin <= before <= seen.end,
    )


def _lineage(seen: ShardObservation, after: int, direction: Direction, rules: Rules) -> str | None:
    if seen.shard.status != "readonly":
        return None
    if after == seen.end:
        return "readonly: at its end it counts as finished, and no consumer gets it any more"
    if direction == "backward" and rules.in_order:
        return "readonly, order=true: it is consumed again, but children that go on already are not held back"
    return "readonly: split or merged; what follows it is in its children"


def position_at(seen: ShardObservation, checkpoint: str) -> Position:
    """Return a checkpoint with its time, as far as that was looked up."""
    unix = seen.consumed_unix(position_of(checkpoint))
    return Position(checkpoint, iso_utc(unix) if unix is not None else None)


def distance_s(seen: ShardObservation, before: int | None, after: int, goal: Goal) -> int | None:
    """Return the receive time between two positions; an upper bound where one of the times was not looked up.

    What an expired position would have been worth is gone: only what can still be read counts. None if the times that
    were looked up do not tell.
    """
    if before is None or seen.begin == seen.end:
        return 0
    start = seen.consumed_unix(max(before, seen.begin))
    if after < before:
        return _apart(start if start is not None else seen.now_unix, _first_read_again_unix(seen, after, goal))
    stop = seen.consumed_unix(after)
    if stop is None:
        stop = goal.unix if isinstance(goal, AtTime) else seen.now_unix
    return _apart(start, stop)


def _first_read_again_unix(seen: ShardObservation, after: int, goal: Goal) -> int | None:
    # Not the log group before it: a gap in the data is no distance.
    received = seen.receive_unix.get(after)
    if received is not None:
        return received
    return goal.unix if isinstance(goal, AtTime) else seen.consumed_unix(after)


def _apart(start: int | None, stop: int | None) -> int | None:
    return None if start is None or stop is None else abs(stop - start)
