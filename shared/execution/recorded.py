"""resume and abandon: the two ways to end an operation that was left unfinished."""

from shared.errors import RefusedError
from shared.execution.authorization import check_direct
from shared.execution.invocation import Work
from shared.execution.journaling import check_continuable, make_record, taken
from shared.execution.moving import find_operation
from shared.execution.observing import read_checkpoints
from shared.execution.performing import perform_again, recorded_plan
from shared.journal.operations import Operation
from shared.moves import Move
from shared.operation_commands import OperationCommand
from shared.results import Position, Result, ShardResult
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
    """End an unfinished operation as it stands.

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
    found = read_checkpoints(work)[0]
    shards = [_as_it_stands(move, found) for move in _readable_moves(op)]
    stands = {str(shard.shard): shard.before.checkpoint for shard in shards}
    record = make_record(work, "abandoned", {"claim": op.claim, "checkpoints": stands})
    fold = work.required_journal().append_and_read_back(record)
    now = fold.operations.get(command.operation_id, op)
    if now.state != "abandoned":
        raise taken(work, now)
    return work.result("applied", shards=shards)


def _readable_moves(op: Operation) -> tuple[Move, ...]:
    try:
        return recorded_plan(op).moves
    except RefusedError:
        # To abandon it is the one way out of an operation whose record cannot be read.
        return ()


def _as_it_stands(move: Move, found: dict[int, ShardCheckpoint]) -> ShardResult:
    there = found.get(move.shard)
    note = "as it stands; the operation had recorded another position before it"
    checkpoint = there.checkpoint if there else ""
    return ShardResult(
        move.shard, "unchanged", Position(checkpoint), note=None if checkpoint == move.before.checkpoint else note
    )
