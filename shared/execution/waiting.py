"""Liveness at this moment, and waiting until the consumers are gone."""

from collections.abc import Collection

from shared.execution.invocation import CLOSING_TIME_S, Work
from shared.execution.observing import judge_group, read_attributes, read_checkpoints
from shared.planning.liveness import Liveness

_PAUSE_S = 2.0
# What planning and writing take after the wait.
_WORKING_TIME_S = 5.0


def liveness_now(work: Work, shard_ids: Collection[int] | None) -> Liveness:
    """Return what the checkpoints of some shards, or of all, say of consumers at this moment."""
    attributes = read_attributes(work)
    checkpoints, now_unix = read_checkpoints(work)
    concerned = [c for shard, c in checkpoints.items() if shard_ids is None or shard in shard_ids]
    return judge_group(work, attributes, concerned, now_unix)


def wait_until_free(work: Work, shard_ids: Collection[int] | None, *, wait_s: float) -> Liveness:
    """Return the liveness once nobody holds the shards, or as it is when the time to wait is used up.

    Never waits so long that no time is left to write.
    """
    left_s = min(wait_s, work.invocation.remaining_s() - CLOSING_TIME_S - _WORKING_TIME_S)
    liveness = liveness_now(work, shard_ids)
    while liveness.state != "free" and left_s > 0:
        pause_s = min(_PAUSE_S, left_s)
        work.invocation.sleep(pause_s)
        left_s -= pause_s
        liveness = liveness_now(work, shard_ids)
    return liveness
