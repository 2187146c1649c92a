"""Where one shard of a consumer group stands: how far behind, and until when its position can be read."""

from shared.cursors import decode_cursor
from shared.frozen import frozen
from shared.positions import duration, iso_utc
from shared.results import Position
from shared.sls.models import Shard, ShardCheckpoint

_DAY_S = 86_400
EXPIRED_NOTE = (
    "expired: the log groups from this checkpoint to the oldest one kept are gone; a Python consumer would jump to the "
    "end, a Java consumer to its configured start position, a Go consumer would retry the same cursor for ever"
)
NEVER_NOTE = "never checkpointed: a consumer would begin at its configured start position"
BEYOND_NOTE = "the checkpoint is not a position of this shard: it lies beyond its end"
UNREADABLE_NOTE = "the checkpoint is not a cursor: no consumer can read from it"


@frozen
class ShardObservation:
    """What was read of one shard.

    Attributes:
        shard: The shard itself.
        checkpoint: The group's checkpoint in it.
        begin: Position of the oldest log group kept.
        end: The next position to be written; where nobody asked, the furthest position known.
        receive_unix: Receive times, in Unix seconds, by position of a log group, as far as they were looked up.
        target: What GetCursor answered for the goal's time; None for other goals.
        now_unix: SLS's own time of the observation; None where nobody needs it.
        is_child: Whether the shard came out of a split or merge.
        end_is_known: Whether `end` was asked for.
    """

    shard: Shard
    checkpoint: ShardCheckpoint
    begin: int
    end: int
    receive_unix: dict[int, int]
    target: int | None = None
    now_unix: int | None = None
    is_child: bool = False
    end_is_known: bool = True

    @property
    def position(self) -> int | None:
        """The next position that would be read; None if never checkpointed or unreadable."""
        return position_of(self.checkpoint.checkpoint)

    def consumed_unix(self, position: int | None) -> int | None:
        """Return the receive time of the log group before a position; at the begin, that of the oldest one."""
        if position is None or not self.begin <= position <= self.end:
            return None
        return self.receive_unix.get(max(position - 1, self.begin))


def position_of(checkpoint: str) -> int | None:
    """Return a checkpoint's position; None if it is empty or no cursor at all."""
    try:
        return decode_cursor(checkpoint)
    except ValueError:
        return None


def wanted_times(position: int | None, begin: int, end: int) -> set[int]:
    """Return the positions whose receive times tell lag and expiry: last consumed, next, newest, oldest.

    A cursor is never read as a time; each of these is asked of GetCursorTime.
    """
    wanted = {end - 1, begin} if end > begin else set()
    if position is not None and begin <= position <= end:
        wanted |= {max(position - 1, begin), min(position, end - 1)}
    return {p for p in wanted if begin <= p < end}


@frozen
class ShardStanding:
    """Where a shard stands, as `describe` shows it.

    Attributes:
        shard: Shard id.
        shard_status: SLS's word: readwrite or readonly.
        checkpoint: The cursor; "" if never checkpointed.
        state: never, expired, caught_up, behind, beyond_end or unreadable.
        time: Receive time of the last consumed log group; None if never or no longer known.
        lag_s: Newest receive time minus that; None if it has none. 0 when caught up.
        lag_is_at_least: True when `lag_s` counts from the oldest log group kept, since more was lost.
        log_groups_behind: Log groups from the checkpoint to the end that can still be read; None if never.
        log_groups_lost: Log groups between an expired checkpoint and the oldest one kept; 0 else.
        update_time: When the checkpoint was last written; None if never.
        consumer: Who holds the shard; None if nobody is named.
        position_expires_at: When the next log group to read passes retention; None if there is none, or it has passed.
        note: What a person should know, or None.
    """

    shard: int
    shard_status: str
    checkpoint: str
    state: str
    time: str | None
    lag_s: int | None
    lag_is_at_least: bool
    log_groups_behind: int | None
    log_groups_lost: int
    update_time: str | None
    consumer: str | None
    position_expires_at: str | None
    note: str | None

    @property
    def before(self) -> Position:
        """The checkpoint in the form that results carry."""
        return Position(self.checkpoint, self.time)


def shard_standing(seen: ShardObservation, *, ttl_days: int) -> ShardStanding:
    """Return where a shard stands.

    Args:
        seen: What was read of it, with the times that `wanted_times` names.
        ttl_days: The Logstore's retention; 3650 keeps for ever.
    """
    position, state = seen.position, _state(seen)
    consumed = seen.consumed_unix(position)
    newest = seen.receive_unix.get(seen.end - 1)
    expires = _expiry_unix(seen, position, ttl_days) if state == "behind" else None
    return ShardStanding(
        shard=seen.shard.shard_id,
        shard_status=seen.shard.status,
        checkpoint=seen.checkpoint.checkpoint,
        state=state,
        time=iso_utc(consumed) if consumed is not None else None,
        lag_s=_lag_s(seen, state, consumed, newest),
        lag_is_at_least=state == "expired" or (state == "behind" and position == seen.begin),
        log_groups_behind=None if position is None else max(0, seen.end - max(position, seen.begin)),
        log_groups_lost=seen.begin - position if state == "expired" and position is not None else 0,
        update_time=iso_utc(seen.checkpoint.updated_unix_us / 1e6) if seen.checkpoint.updated_unix_us else None,
        consumer=seen.checkpoint.consumer or None,
        position_expires_at=iso_utc(expires) if expires is not None else None,
        note=_note(seen, state),
    )


def _state(seen: ShardObservation) -> str:
    position = seen.position
    if position is None:
        return "unreadable" if seen.checkpoint.checkpoint else "never"
    if position < seen.begin:
        return "expired"
    if position > seen.end:
        return "beyond_end"
    return "caught_up" if position == seen.end else "behind"


def _lag_s(seen: ShardObservation, state: str, consumed: int | None, newest: int | None) -> int | None:
    if state == "caught_up":
        return 0
    since = seen.receive_unix.get(seen.begin) if state == "expired" else consumed
    return max(0, newest - since) if newest is not None and since is not None else None


def _expiry_unix(seen: ShardObservation, position: int | None, ttl_days: int) -> int | None:
    forever_days = 3650
    received = None if position is None else seen.receive_unix.get(position)
    return None if received is None or ttl_days >= forever_days else received + ttl_days * _DAY_S


def _note(seen: ShardObservation, state: str) -> str | None:
    notes = {"never": NEVER_NOTE, "expired": EXPIRED_NOTE, "beyond_end": BEYOND_NOTE, "unreadable": UNREADABLE_NOTE}
    if state in notes:
        return notes[state]
    if seen.shard.status == "readonly" and state == "caught_up":
        return "readonly and read to its end: finished, its children go on"
    return None


def lag_sentence(standings: "list[ShardStanding]") -> str:
    """Return one sentence on the whole group's lag."""
    known = [(s.lag_s, s.shard) for s in standings if s.lag_s is not None]
    if not known:
        return "no shard has a lag yet"
    lag_s, shard = max(known)
    return f"largest lag is {duration(lag_s)}, on shard {shard}"
