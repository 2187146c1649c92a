"""Whether moves held: judged later, on what stands there then."""

from typing import Literal

from shared.moves import Move
from shared.planning.standing import position_of
from shared.sls.models import ShardCheckpoint

Verdict = Literal["held", "progressed", "not_moved", "overwritten", "caught_up_or_overwritten"]

FLUSH_INTERVAL_S = 60
"""Seconds within which the official libraries write a checkpoint that they hold in memory (sls-api.md section 7)."""


def judge_move(move: Move, found: ShardCheckpoint, *, was_moved: bool, written_unix: float) -> Verdict:
    """Return whether a move held.

    A shard that went back and soon stands at or behind its old position again was overwritten by a consumer that never
    saw the move; later, it may as well have caught up, and nothing in SLS tells the two apart.

    Args:
        move: What was to be written.
        found: What stands there now.
        was_moved: Whether the operation wrote it.
        written_unix: When it did.
    """
    if not was_moved:
        return "not_moved"
    if found.checkpoint == move.after.checkpoint:
        return "held"
    after, before, now = (position_of(c) for c in (move.after.checkpoint, move.before.checkpoint, found.checkpoint))
    if after is None or now is None or now < after:
        return "overwritten"
    if move.direction != "backward" or before is None or now < before:
        return "progressed"
    soon = found.updated_unix_us / 1e6 <= written_unix + FLUSH_INTERVAL_S
    return "overwritten" if soon else "caught_up_or_overwritten"
