"""resume and abandon: the two ways to end an operation that was left unfinished."""

from collections.abc import Mapping, Sequence

from shared.errors import RefusedError
from shared.execution.attributes import attributes_of
from shared.execution.authorization import check_direct
from shared.execution.invocation import Work
from shared.execution.journaling import check_continuable, make_record, taken
from shared.execution.moving import find_operation
from shared.execution.observing import read_attributes, read_checkpoints
from shared.execution.performing import perform_again, recorded_plan
from shared.journal.operations import Operation
from shared.moves import Move
from shared.operation_commands import OperationCommand
from shared.planning.outcomes import OUTCOME_UNKNOWN, standing_of, was_touched
from shared.planning.plans import OperationPlan
from shared.results import AttributeChange, Position, Result, ShardResult
from shared.sls.models import ShardCheckpoint


def resume(work: Work, command: OperationCommand) -> Result:
    """Finish an operation with the moves that it recorded.

    Raises:
        NotFoundError: The journal does not know it.
        RefusedError: It is under way, or was abandoned; or nothing was written yet, and somebody is consuming.
        PolicyDeniedError: The caller may not do what the operation does, or not that far, or not unconfirmed.
    """
    op = find_operation(work, command.operation_id)
    work.grant = work.invocation.policy.grant(work.invocation.principal, op.started.action, work.target)
    if op.started.principal != work.invocation.principal:
        check_direct(work.grant)
    check_continuable(work, op)
    return perform_again(work, op)


def abandon(work: Work, command: OperationCommand) -> Result:
    """End an unfinished operation as it stands, and tell what it is known to have moved; undo takes that back.

    Raises:
        NotFoundError: The journal does not know it.
        RefusedError: It is under way, or over already.
    """
    op = find_operation(work, command.operation_id)
    work.invocation.policy.grant(work.invocation.principal, op.started.action, work.target)
    if op.state == "abandoned":
        return work.result("unchanged")
    if not op.is_open:
        raise RefusedError(
            f"operation {command.operation_id} is over already: {op.state}",
            code="operation_over",
            hint="undo takes it back; verify says whether it held.",
        )
    check_continuable(work, op)
    plan = _readable_plan(op)
    found = read_checkpoints(work)[0]
    change = plan.attributes and AttributeChange(plan.attributes.before, attributes_of(read_attributes(work)))
    record = make_record(work, "abandoned", {"claim": op.claim, "checkpoints": _checkpoints(plan.moves, found)})
    fold = work.required_journal().append_and_read_back(record)
    now = fold.operations.get(command.operation_id, op)
    if now.state != "abandoned":
        raise taken(work, now)
    shards = [_as_it_stands(op, move, found.get(move.shard)) for move in plan.moves]
    wrote = any(map(was_touched, shards)) or (change is not None and change.before != change.after)
    named = {**work.again(), "operation_id": command.operation_id}
    following = [{**named, "action": action} for action in ("verify", "undo")] if wrote else []
    return work.result("applied", shards=shards, consumer_group=change, next=following)


def _readable_plan(op: Operation) -> OperationPlan:
    try:
        return recorded_plan(op)
    except RefusedError:
        # To abandon it is the one way out of an operation whose record cannot be read.
        return OperationPlan()


def _checkpoints(moves: Sequence[Move], found: Mapping[int, ShardCheckpoint]) -> dict[str, str]:
    return {str(move.shard): found[move.shard].checkpoint if move.shard in found else "" for move in moves}


def _as_it_stands(op: Operation, move: Move, there: ShardCheckpoint | None) -> ShardResult:
    """Return what an operation that ends here has done to a shard: by its record, else by what can be read."""
    stands = there.checkpoint if there else ""
    if move.shard in op.moved:
        return move.result("moved", note=None if stands == move.after.checkpoint else "it has been moved on since")
    if op.finished is not None and move.shard not in op.unsure:
        note = None if stands == move.before.checkpoint else "not written; it has been moved on since by others"
        return ShardResult(move.shard, "unchanged", Position(stands), note=note)
    standing = standing_of(move, there)
    if standing == "open":
        return ShardResult(move.shard, "unchanged", move.before)
    if standing == "done":
        return move.result("moved", note="no answer to its write is known; reading back shows that it was written")
    return ShardResult(move.shard, "failed", Position(stands), note=OUTCOME_UNKNOWN)
