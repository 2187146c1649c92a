"""Reading what is there: shards, checkpoints, positions and receive times. Never a heartbeat, which would join in."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Literal

from shared.cursors import decode_cursor, encode_cursor
from shared.errors import NotFoundError, RewindError
from shared.execution.invocation import Work
from shared.execution.parallel import Aside, in_parallel
from shared.frozen import frozen
from shared.journal.history import written_by_us
from shared.planning.liveness import Liveness, judge_liveness
from shared.planning.standing import ShardObservation, position_of, wanted_times
from shared.sls.errors import InvalidCursorError, SlsResponseError
from shared.sls.models import ConsumerGroup, Shard, ShardCheckpoint

_BOUNDS: tuple[Literal["begin"], Literal["end"]] = ("begin", "end")


@frozen
class GroupObservation:
    """A consumer group as it was read.

    Attributes:
        attributes: Its timeout and order.
        shards: The Logstore's shards, by id.
        checkpoints: The group's checkpoints by shard id; a shard without one is absent or holds "".
        server_unix: SLS's own time when the checkpoints were read.
    """

    attributes: ConsumerGroup
    shards: tuple[Shard, ...]
    checkpoints: Mapping[int, ShardCheckpoint]
    server_unix: float

    def checkpoint(self, shard_id: int) -> ShardCheckpoint:
        """Return a shard's checkpoint, empty where SLS lists none."""
        return self.checkpoints.get(shard_id, ShardCheckpoint(shard_id, "", 0, ""))


def read_attributes(work: Work, *, leaves_time: bool = False) -> ConsumerGroup:
    """Return the group's attributes.

    Args:
        work: The command at hand.
        leaves_time: Whether SLS is given up while there is time to tell what became of the operation.

    Raises:
        NotFoundError: The Logstore has no such group; ListConsumerGroup itself answers with whatever it has.
    """
    client = work.writer if leaves_time else work.client
    for group in client.list_consumer_groups(work.target.logstore).value:
        if group.name == work.group:
            return group
    raise NotFoundError(
        f"consumer group {work.target} does not exist",
        code="consumer_group_not_exist",
        sls_error_code="ConsumerGroupNotExist",
        hint="list_consumer_groups shows which there are; upper and lower case differ.",
    )


def read_checkpoints(work: Work) -> tuple[dict[int, ShardCheckpoint], float]:
    """Return the group's checkpoints by shard id, and SLS's own time of the answer."""
    answer = work.client.get_checkpoints(work.target.logstore, work.group)
    server_unix = answer.server_unix if answer.server_unix is not None else work.invocation.now().timestamp()
    return {checkpoint.shard_id: checkpoint for checkpoint in answer.value}, server_unix


def judge_group(
    work: Work,
    attributes: ConsumerGroup,
    checkpoints: Iterable[ShardCheckpoint],
    now_unix: float,
    moved: Collection[int] = (),
) -> Liveness:
    """Return what some checkpoints say of consumers; what our own newest operations wrote is no sign of one."""
    checkpoints = tuple(checkpoints)

    def judge(ours: Collection[int]) -> Liveness:
        return judge_liveness(checkpoints, timeout_s=attributes.timeout_s, now_unix=now_unix, moved=moved, ours=ours)

    # Only what looks like activity can turn out to be ours: the journal is not asked of groups that are at rest.
    verdict = judge(ours=())
    if verdict.state == "active" and any(c.updated_unix_us and not c.consumer for c in checkpoints):
        return judge(_ours(work, checkpoints))
    return verdict


def _ours(work: Work, checkpoints: Sequence[ShardCheckpoint]) -> frozenset[int]:
    if work.journal is None:
        return frozenset()
    written = {c.shard_id: (c.checkpoint, c.updated_unix_us / 1e6) for c in checkpoints}
    try:
        return written_by_us(work.journal.catch_up(), work.journal_group, written)
    except RewindError as error:
        work.warn("journal_unreadable", f"our own writes cannot be told from a consumer's: {error.message}")
        return frozenset()


def observe_group(work: Work) -> GroupObservation:
    """Return the group's attributes, shards and checkpoints, read at once.

    Raises:
        NotFoundError: The Logstore has no such group.
    """
    shards = Aside(partial(work.client.list_shards, work.target.logstore))
    checkpoints = Aside(partial(read_checkpoints, work))
    (attributes,) = in_parallel([partial(read_attributes, work)], beside=(shards, checkpoints))
    return GroupObservation(attributes, shards.result().value, *checkpoints.result())


def observe_shards(
    work: Work, group: GroupObservation, shards: Iterable[Shard], also: Mapping[int, str] | None = None
) -> list[ShardObservation]:
    """Return each shard's bounds, and the receive times that tell its lag, expiry and moves.

    Args:
        work: The command at hand.
        group: What was read of the group before.
        shards: The shards to look at.
        also: Further checkpoints by shard id whose receive times are wanted.

    A lookup that fails fails all: nothing is judged on half an observation. At most seven lookups a shard.
    """
    shards = tuple(shards)
    bounds = in_parallel([partial(cursor_position, work, shard.shard_id, at) for shard in shards for at in _BOUNDS])
    begins, ends = bounds[::2], bounds[1::2]
    wanted = []
    for shard, begin, end in zip(shards, begins, ends, strict=True):
        checkpoints = (group.checkpoint(shard.shard_id).checkpoint, (also or {}).get(shard.shard_id, ""))
        positions = set().union(*(wanted_times(position_of(c), begin, end) for c in checkpoints))
        wanted += [(shard.shard_id, position) for position in sorted(positions)]
    found = in_parallel([partial(receive_unix, work, shard_id, position) for shard_id, position in wanted])
    times: dict[int, dict[int, int]] = {shard.shard_id: {} for shard in shards}
    for (shard_id, position), unix in zip(wanted, found, strict=True):
        if unix is not None:
            times[shard_id][position] = unix
    return [
        ShardObservation(shard, group.checkpoint(shard.shard_id), begin, end, times[shard.shard_id])
        for shard, begin, end in zip(shards, begins, ends, strict=True)
    ]


def cursor_position(work: Work, shard_id: int, at: "int | Literal['begin', 'end']") -> int:
    """Return the position of the cursor that SLS gives for a time, in Unix seconds, or for an end of a shard.

    Raises:
        SlsResponseError: What SLS answered with is no cursor.
    """
    cursor = work.client.get_cursor(work.target.logstore, shard_id, at).value
    try:
        return decode_cursor(cursor)
    except ValueError as error:
        raise SlsResponseError(
            f"GetCursor on {work.target} shard {shard_id} answered with what is not a cursor", operation="GetCursor"
        ) from error


def receive_unix(work: Work, shard_id: int, position: int) -> int | None:
    """Return when SLS received the log group at a position, in Unix seconds; None if it has expired meanwhile."""
    try:
        return work.client.get_cursor_time(work.target.logstore, shard_id, encode_cursor(position)).value
    except InvalidCursorError:
        # Retention passed between the two lookups; what is gone has no time any more.
        return None
