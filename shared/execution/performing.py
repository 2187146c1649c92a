"""Performing a plan: claim, check that nothing moved, write, read back, finish. Every write goes this one way."""

from collections.abc import Sequence
from dataclasses import replace

from shared.errors import RefusedError, RewindError
from shared.execution.apply_options import check_consumers
from shared.execution.attributes import write_attributes, wrote_attributes
from shared.execution.invocation import Work
from shared.execution.journaling import claim, end, make_record, withdraw
from shared.execution.observing import judge_group, read_attributes, read_checkpoints
from shared.execution.telling import Outcome, told, told_again
from shared.execution.writing import Found, Look, look_at, write_moves
from shared.frozen import as_plain
from shared.journal.journal import Journal
from shared.journal.operations import Operation
from shared.moves import Move
from shared.operation_commands import Careful, Resume
from shared.planning.outcomes import Attempts, judge_outcome, standing_of, written
from shared.planning.plans import OperationPlan, check_limits, read_plan
from shared.results import Result, ShardResult, error_of
from shared.sls.models import ShardCheckpoint

CHANGED = "changed_since_plan"


def perform(work: Work, plan: OperationPlan, *, plan_id: str = "", known: Operation | None = None) -> Result:
    """Return what became of a plan once it is written and read back.

    Args:
        work: The command at hand.
        plan: What to write; not empty.
        plan_id: The plan's id where it was made before; "" for a command that planned for itself.
        known: What the journal knows of this operation from an earlier attempt, whose moves `plan` are.

    Raises:
        RefusedError: Another operation holds the group, or what the plan saw has changed.
        JournalError: The journal cannot serve as a lock.
        SlsError: SLS failed before anything was written.
    """
    journal = work.journal
    if journal is None:
        work.warn("not_journaled", _NOT_JOURNALED)
        return _write(work, plan, "", None, None, is_first=True)
    # What stands at or past `after` was put there by others as long as no attempt of ours has written.
    wrote_nothing = known is None or (known.state == "failed" and not _may_have_written_attributes(known, plan))
    claim_id = claim(work, journal, plan, plan_id=plan_id, known=known)
    try:
        seen = look_at(work) if plan.moves else None
        if wrote_nothing and seen is not None:
            _check_unchanged(plan, seen.found)
    except RewindError as error:
        if wrote_nothing:
            _end_without_writing(work, journal, claim_id, error)
        else:
            # What an earlier attempt wrote is not undone by this one's failure to look.
            withdraw(work, journal, claim_id)
        raise
    return _write(work, plan, claim_id, seen, known, is_first=wrote_nothing)


def _may_have_written_attributes(known: Operation, plan: OperationPlan) -> bool:
    return plan.attributes is not None and wrote_attributes(known, plan.attributes)


def _end_without_writing(work: Work, journal: Journal, claim_id: str, error: RewindError) -> None:
    refused = isinstance(error, RefusedError)
    detail = {"claim": claim_id, "state": "finished" if refused else "failed", "error": as_plain(error_of(error))}
    end(work, journal, make_record(work, "finished", detail, status="refused" if refused else "failed"))


_NOT_JOURNALED = (
    "REWIND_JOURNAL is not set: nothing remembers this write, so a repetition is not recognized and undo does not know "
    "it; `next` holds the command that puts it back"
)


def perform_again(work: Work, op: Operation) -> Result:
    """Return what became of an operation of which the journal knows: told again if it has ended, else continued.

    Raises:
        PolicyDeniedError: What is left goes beyond a limit, as limits stand now.
        RefusedError: Nothing was written so far, and somebody is consuming; or a position has expired.
    """
    if op.state == "finished":
        return told_again(work, op)
    plan = recorded_plan(op)
    not_moved = [move for move in plan.moves if move.shard not in op.moved]
    if not_moved:
        found, now_unix = read_checkpoints(work)
        left = [move for move in not_moved if standing_of(move, found.get(move.shard)) == "open"]
        check_limits(left, work.grant.limits)
        _check_targets(work, op, left)
        concerned = [found[move.shard] for move in not_moved if move.shard in found]
        plan = replace(plan, liveness=judge_group(work, read_attributes(work), concerned, now_unix))
        if op.state == "failed" and isinstance(work.command, Careful | Resume):
            check_consumers(work, plan.liveness)
    return perform(work, plan, plan_id=op.started.plan_id, known=op)


def _check_targets(work: Work, op: Operation, left: Sequence[Move]) -> None:
    from shared.execution.sighting import expired_targets  # noqa: PLC0415 -- only where an operation is continued

    expired = expired_targets(work, left)
    if expired:
        raise RefusedError(
            f"the positions recorded for shards {', '.join(map(str, expired))} have expired; nothing was written now",
            code="position_expired",
            hint=f"abandon operation {op.started.operation_id}, then plan anew with on_expired.",
            next=({**work.again(), "action": "abandon", "operation_id": op.started.operation_id},),
        )


def recorded_plan(op: Operation) -> OperationPlan:
    """Return what an operation recorded that it would write.

    Raises:
        RefusedError: The record cannot be read.
    """
    try:
        return read_plan(op.plan)
    except ValueError as error:
        raise RefusedError(
            f"the journal's record of operation {op.started.operation_id} cannot be read",
            code="unfinished_operation",
            hint="abandon it, then look at the group and plan anew.",
        ) from error


def _check_unchanged(plan: OperationPlan, found: Found) -> None:
    changed = [move.shard for move in plan.moves if not _is_as_planned(move, found)]
    if changed:
        raise RefusedError(
            f"shards {', '.join(map(str, changed))} were written after the plan was made; nothing was written",
            code=CHANGED,
            hint="Plan again; if consumers are running, stop them first.",
        )


def _is_as_planned(move: Move, found: Found) -> bool:
    checkpoint = found.get(move.shard)
    if checkpoint is None:
        return move.before.checkpoint == ""
    return (checkpoint.checkpoint, checkpoint.updated_unix_us) == (move.before.checkpoint, move.updated_unix_us)


def _write(
    work: Work,
    plan: OperationPlan,
    claim_id: str,
    seen: Look | None,
    known: Operation | None,
    *,
    is_first: bool,
) -> Result:
    work.tell("intent", _intent(plan))
    change, error = plan.attributes, None
    if change is not None:
        change, error = write_attributes(work, change, is_first=is_first)
    shards: list[ShardResult] = []
    attempts: Attempts = {}
    if plan.moves and error is None:
        attempts = write_moves(work, plan, seen=seen, moved_before=known.moved if known else ())
        after = _read_back(work)
        shards = [judge_outcome(move, attempts, _found(after, move.shard)) for move in plan.moves]
    outcome = Outcome(plan, tuple(shards), change, error, written(attempts))
    is_kept = True
    if work.journal is not None:
        detail = {"claim": claim_id, "state": outcome.end_state, **outcome.record()}
        is_kept = end(work, work.journal, make_record(work, "finished", detail, status=outcome.status))
    return told(work, outcome, is_kept=is_kept)


def _found(after: Found | None, shard_id: int) -> ShardCheckpoint | None:
    return None if after is None else after.get(shard_id, ShardCheckpoint(shard_id, "", 0, ""))


def _intent(plan: OperationPlan) -> dict[str, object]:
    return {
        "moves": {str(move.shard): [move.before.checkpoint, move.after.checkpoint] for move in plan.moves},
        "attributes": as_plain(plan.attributes) if plan.attributes else None,
    }


def _read_back(work: Work) -> Found | None:
    try:
        return read_checkpoints(work)[0]
    except RewindError as error:
        work.warn("not_read_back", f"the checkpoints could not be read back: {error.message}")
        return None
