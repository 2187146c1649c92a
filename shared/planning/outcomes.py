"""What became of a write, judged by its answer and by what is read back; never by the answer alone."""

from collections.abc import Mapping, Sequence
from typing import Literal

from shared.errors import DeadlineError, RewindError
from shared.moves import Move
from shared.names import printable
from shared.planning.standing import position_of
from shared.results import Error, Position, ShardResult, Status, error_of
from shared.sls.errors import ConsumerNotMatchError, SlsError
from shared.sls.models import ShardCheckpoint

Standing = Literal["open", "done", "conflict"]
Attempt = RewindError | Literal["written", "seen", "done", "conflict"]
Attempts = Mapping[int, Attempt]
"""By shard: how its write was answered (`seen`: its answer was lost, and it was seen to be written), or why none was
needed or right; shards that were not reached are absent."""

OUTCOME_UNKNOWN = "whether it was written is not known: neither its answer nor what can be read back tells"
EndState = Literal["finished", "unfinished", "failed"]
_LEFT = frozenset({"failed", "not_attempted"})


def written(attempts: Attempts) -> frozenset[int]:
    """Return the shards that are known to have been written, whatever became of them since."""
    return frozenset(shard for shard, attempt in attempts.items() if attempt in ("written", "seen", "done"))


def standing_of(move: Move, found: ShardCheckpoint | None) -> Standing:
    """Return whether a move is still to be made: open as it was found, done at its after or past it, else a conflict.

    A checkpoint that stands at its old position but was written since is a conflict: an earlier attempt may have moved
    it and consumers may have caught up, and moving it again would be a second move.

    A shard that goes backward and stands between the two has been moved, and consumers have gone on since. Whatever
    stands elsewhere was moved by somebody else and is left alone.
    """
    checkpoint = found.checkpoint if found else ""
    if checkpoint == move.before.checkpoint:
        return "open" if (found.updated_unix_us if found else 0) == move.updated_unix_us else "conflict"
    if checkpoint == move.after.checkpoint:
        return "done"
    before, after, now = (position_of(c) for c in (move.before.checkpoint, move.after.checkpoint, checkpoint))
    between = before is not None and after is not None and now is not None and after < now < before
    return "done" if between else "conflict"


def judge_outcome(move: Move, attempts: Attempts, found: ShardCheckpoint | None) -> ShardResult:
    """Return what became of one shard.

    Args:
        move: What was to be written.
        attempts: How the writes were answered.
        found: The checkpoint read after all writes; None if it could not be read.
    """
    attempt = attempts.get(move.shard)
    if attempt is None or isinstance(attempt, DeadlineError):
        told = error_of(attempt) if attempt else None
        return ShardResult(move.shard, "not_attempted", move.before, error=told)
    if attempt == "done":
        return move.result("moved", note=_done_before(move, found))
    if attempt == "conflict":
        at = Position(found.checkpoint) if found else None
        return ShardResult(move.shard, "conflict", move.before, after=at, note=_moved_by_others(move, found))
    return _judge_written(move, attempt, found)


def _judge_written(
    move: Move, attempt: "RewindError | Literal['written', 'seen']", found: ShardCheckpoint | None
) -> ShardResult:
    if found is not None and found.checkpoint == move.after.checkpoint:
        lost = "the answer was lost or an error; reading back shows that it was written"
        return move.result("moved", note=None if attempt == "written" else lost)
    if isinstance(attempt, RewindError):
        return _not_written(move, attempt, found)
    if found is None:
        return move.result("moved", note="SLS took it; it could not be read back")
    return _changed_since(move, found)


def _done_before(move: Move, found: ShardCheckpoint | None) -> str:
    if found is None or found.checkpoint == move.after.checkpoint:
        return "it was written by an earlier attempt"
    if standing_of(move, found) == "done":
        return "it was written by an earlier attempt; consumers have gone on from there since"
    return "it was written by an earlier attempt, and by others since"


def _not_written(move: Move, error: RewindError, found: ShardCheckpoint | None) -> ShardResult:
    if isinstance(error, ConsumerNotMatchError):
        held = f"held by {printable(move.holder)}" if move.holder else "held by another consumer"
        return ShardResult(move.shard, "conflict", move.before, note=held, error=error_of(error))
    if found is not None and standing_of(move, found) == "done":
        return move.result("moved", note="the answer was lost or an error; consumers have gone on from there since")
    # What stands neither where it stood nor where it was to go may have been there and gone on.
    tells = found is not None and standing_of(move, found) == "open"
    unknown = not tells and isinstance(error, SlsError) and error.may_have_taken_effect
    note = OUTCOME_UNKNOWN if unknown else None
    return ShardResult(move.shard, "failed", move.before, note=note, error=error_of(error))


def _changed_since(move: Move, found: ShardCheckpoint) -> ShardResult:
    after, now = position_of(move.after.checkpoint), position_of(found.checkpoint)
    went_on = after is not None and now is not None and now > after and move.direction != "backward"
    if went_on or standing_of(move, found) == "done":
        return move.result("moved", note="consumers have gone on from there since")
    return move.result("conflict", after=Position(found.checkpoint), note=f"{_OVERWRITTEN}{_overwriter(found)}")


_OVERWRITTEN = "written, then overwritten by "


def _overwriter(found: ShardCheckpoint) -> str:
    return printable(found.consumer) if found.consumer else "a writer without a name"


def _moved_by_others(move: Move, found: ShardCheckpoint | None) -> str:
    who = f" by {printable(found.consumer)}" if found and found.consumer else ""
    if found and found.checkpoint == move.before.checkpoint:
        return f"left alone: it stands where it stood, but was written{who} after the plan was made"
    return f"left alone: it was moved{who} after the plan was made"


def overall_status(shards: Sequence[ShardResult]) -> Status:
    """Return the whole command's status from those of the shards that it was to move."""
    statuses = {shard.status for shard in shards} - {"unchanged", "skipped"}
    if not statuses:
        return "unchanged"
    if statuses == {"moved"}:
        return "applied"
    if "moved" in statuses:
        return "partial"
    return "refused" if statuses == {"conflict"} else "failed"


def end_state(shards: Sequence[ShardResult]) -> EndState:
    """Return how the journal is to keep the operation: over, with shards left to write, or without any effect."""
    left = [shard for shard in shards if shard.status in _LEFT]
    if not left:
        return "finished"
    return "unfinished" if any(map(was_touched, shards)) else "failed"


def was_touched(shard: ShardResult) -> bool:
    """Return whether a shard was written, or may have been."""
    unknown = shard.status == "failed" and bool(shard.note)
    return shard.status == "moved" or _was_overwritten(shard) or unknown


def _aside(shard: ShardResult) -> str:
    if shard.note == OUTCOME_UNKNOWN:
        return " (not known)"
    return " (written, then overwritten)" if _was_overwritten(shard) else ""


def _was_overwritten(shard: ShardResult) -> bool:
    return (shard.note or "").startswith(_OVERWRITTEN)


def _cause(shard: ShardResult) -> Error:
    if shard.status == "not_attempted":
        return Error("not_attempted", "Writing stopped when the answers to the writes before failed to come.")
    return Error("conflict", f"shard {shard.shard}: {shard.note}", "Stop the consumers, then plan anew.")


def overall_error(shards: Sequence[ShardResult]) -> Error | None:
    """Return what to tell of the whole command; None if every shard is as wanted."""
    wrong = [shard for shard in shards if shard.status not in {"moved", "unchanged", "planned", "skipped"}]
    if not wrong:
        return None
    first = next((shard for shard in wrong if shard.error), wrong[0])
    cause = first.error or _cause(first)
    out_of_time = next((s.error for s in wrong if s.error and s.error.code == DeadlineError.code), None)
    moved = sum(shard.status == "moved" for shard in shards)
    if not moved and not out_of_time:
        return cause
    names = ", ".join(f"{shard.shard}{_aside(shard)}" for shard in wrong)
    return Error(
        code=out_of_time.code if out_of_time else "partially_applied",
        message=f"{moved} of {len(shards)} shards were written; not written: {names}. {cause.message}",
        hint="`next` holds the commands for what is left, and those that put back what was written.",
        sls_error_code=cause.sls_error_code,
        sls_status=cause.sls_status,
        sls_request_id=cause.sls_request_id,
        retryable=cause.retryable,
    )
