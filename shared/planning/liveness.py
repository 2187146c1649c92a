"""Whether anybody is consuming: evidence, not certainty, since SLS has no call that tells."""

from collections.abc import Collection, Sequence
from typing import Literal

from shared.frozen import frozen
from shared.names import printable
from shared.positions import duration, iso_utc
from shared.sls.models import ShardCheckpoint

State = Literal["active", "held", "free"]
MIN_WINDOW_S = 60
NOT_IN_EFFECT = "Written, but not in effect until the consumer releases the shard"
HOW_TO_STOP = (
    "stop all consumers of the group, wait until its timeout has passed so that SLS forgets them, write, "
    "start them again"
)


@frozen
class Liveness:
    """What the checkpoints say about consumers.

    Attributes:
        state: active: somebody commits; held: a consumer is named and nothing moves; free: neither.
        evidence: One sentence a sign, each naming its shard.
        free_at: When `active` ends if nothing more is written, ISO-8601 in UTC; None for the other states.
    """

    state: State
    evidence: tuple[str, ...]
    free_at: str | None


def judge_liveness(
    checkpoints: Sequence[ShardCheckpoint],
    *,
    timeout_s: int,
    now_unix: float,
    moved: Collection[int] = (),
    ours: Collection[int] = (),
) -> Liveness:
    """Return whether anybody seems to be consuming these shards.

    A checkpoint written within the larger of the group's timeout and 60 s counts as activity, by whomever it was
    written: Flink commits without a name. An idle consumer commits nothing, so `held` is not proof that it is gone.

    Args:
        checkpoints: The checkpoints of the shards in question.
        timeout_s: The group's heartbeat timeout.
        now_unix: The server's own time, from its Date header.
        moved: Shards whose checkpoint or time of writing moved between two reads.
        ours: Shards whose last write, by nobody named, was our own newest operation's: no sign of a consumer.

    Source: reference sls-api.md sections 7.1 and 8.
    """
    window_s = max(timeout_s, MIN_WINDOW_S)
    others = [c for c in checkpoints if c.consumer or c.shard_id not in ours or c.shard_id in moved]
    signs = [sign for c in others if (sign := _activity(c, window_s, now_unix, c.shard_id in moved))]
    if signs:
        last_unix = max((c.updated_unix_us / 1e6 for c in others), default=now_unix)
        return Liveness("active", tuple(signs), iso_utc(max(last_unix + window_s, now_unix)))
    holders = tuple(
        f"shard {c.shard_id} is held by {printable(c.consumer)}, which has written nothing for "
        + (duration(now_unix - c.updated_unix_us / 1e6) if c.updated_unix_us else "as long as SLS knows")
        for c in checkpoints
        if c.consumer
    )
    return Liveness("held" if holders else "free", holders, None)


def _activity(checkpoint: ShardCheckpoint, window_s: int, now_unix: float, moved: bool) -> str | None:  # noqa: FBT001 -- one private caller
    age_s = now_unix - checkpoint.updated_unix_us / 1e6
    if not moved and (not checkpoint.updated_unix_us or age_s > window_s):
        return None
    who = printable(checkpoint.consumer) if checkpoint.consumer else "a writer without a name"
    when = "while it was watched" if moved else f"{duration(max(age_s, 0))} ago"
    return f"shard {checkpoint.shard_id} was written {when} by {who}"
