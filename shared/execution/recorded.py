"""Commands on what the journal holds: apply, resume, abandon, verify, snapshot, history."""

from dataclasses import replace
from typing import Any

from shared.command_parser import parse_command_table
from shared.cursors import decode_cursor
from shared.errors import InvalidCommandError, RefusedError, RewindError
from shared.execution.invocation import Work
from shared.execution.journaling import check_continuable, make_record
from shared.execution.moving import default_zone, find_operation, plan_command
from shared.execution.observing import read_attributes, read_checkpoints
from shared.execution.parallel import in_parallel
from shared.execution.performing import CHANGED, attributes_of, perform, perform_again, recorded_plan
from shared.execution.previewing import preview
from shared.execution.waiting import wait_until_free
from shared.goals import read_instant
from shared.journal.fold import Operation
from shared.journal.history import describe_operation
from shared.journal.records import Record
from shared.moves import Move
from shared.operation_commands import Apply, History, OperationCommand
from shared.planning.plans import OperationPlan, check_limits, check_liveness, read_plan
from shared.planning.verdicts import judge_move
from shared.positions import iso_utc
from shared.results import AttributeChange, Position, Result, ShardResult
from shared.sls.models import ShardCheckpoint


def apply_plan(work: Work, command: Apply) -> Result:
    """Carry out a plan exactly as it was shown.

    Raises:
        RefusedError: It has expired, somebody is consuming, or what it saw has changed.
        PolicyDeniedError: A limit is exceeded, as limits stand now.
    """
    planned = work.planned
    if planned is None:
        raise RefusedError("there is no plan to apply", code="plan_not_found")
    detail = planned.detail
    again = {**_command_of(planned), "dry_run": True}
    expires_unix = _expires_unix(planned)
    if expires_unix < work.now_unix:
        raise RefusedError(
            f"plan {command.plan_id} expired at {iso_utc(expires_unix)}",
            code="plan_expired",
            hint="Plan again and look at it again.",
            next=(again,),
        )
    plan = _plan_of(command.plan_id, detail.get("plan"))
    check_limits(plan.moves, work.grant.limits)
    if plan.moves:
        liveness = wait_until_free(work, {move.shard for move in plan.moves}, wait_s=command.wait_free_s)
        check_liveness(liveness, allow_active=command.allow_active)
        plan = replace(plan, liveness=liveness)
    try:
        _check_targets(work, plan)
        return perform(work, plan, plan_id=command.plan_id)
    except RefusedError as error:
        if error.code != CHANGED:
            raise
        return _with_a_new_plan(work, again, error)


def _command_of(planned: Record) -> dict[str, Any]:
    command = planned.detail.get("command")
    return command if isinstance(command, dict) else {}


def _expires_unix(planned: Record) -> int:
    expires_unix = planned.detail.get("expires_unix")
    return expires_unix if isinstance(expires_unix, int) and expires_unix > 0 else 0


def _plan_of(plan_id: str, record: Any) -> OperationPlan:  # noqa: ANN401 -- what a record holds has no type yet
    try:
        return read_plan(record)
    except ValueError as error:
        raise RefusedError(
            f"the journal's record of plan {plan_id} cannot be read", code="plan_not_found", hint="Plan again."
        ) from error


def _check_targets(work: Work, plan: OperationPlan) -> None:
    """Let a plan pass whose shards are there and still hold the positions that they are to go to."""
    if not plan.moves:
        return
    there = {shard.shard_id for shard in work.client.list_shards(work.target.logstore).value}
    gone = [move.shard for move in plan.moves if move.shard not in there]
    expired = gone or _expired_targets(work, plan)
    if expired:
        raise RefusedError(
            f"the positions planned for shards {', '.join(map(str, expired))} have expired; nothing was written",
            code=CHANGED,
            hint="Plan again.",
        )
    new = sorted(there - set(plan.known_shards)) if plan.known_shards else []
    if new:
        work.warn("new_shards", f"shards {', '.join(map(str, new))} are newer than the plan and no part of it")


def _expired_targets(work: Work, plan: OperationPlan) -> list[int]:
    def begins_behind(move: Move) -> bool:
        begin = work.client.get_cursor(work.target.logstore, move.shard, "begin").value
        return decode_cursor(begin) > decode_cursor(move.after.checkpoint)

    late = in_parallel([lambda move=move: begins_behind(move) for move in plan.moves])  # type: ignore[misc]  # a default binds the loop's move
    return [move.shard for move, is_late in zip(plan.moves, late, strict=True) if is_late]


def _with_a_new_plan(work: Work, again: dict[str, Any], error: RefusedError) -> Result:
    """Return the refusal together with a new plan for what was asked."""
    try:
        anew = replace(work, command=parse_command_table(again), warnings=[])
        plan = plan_command(anew)
        shown = preview(anew, plan) if plan is not None and not plan.is_empty else None
    except RewindError:
        shown = None
    if shown is None:
        error.next = (again,)
        raise error
    from shared.results import error_of  # noqa: PLC0415 -- only here

    return replace(shown, status="refused", action="apply", dry_run=False, error=error_of(error))


def resume(work: Work, command: OperationCommand) -> Result:
    """Finish an operation with the moves that it recorded.

    Raises:
        NotFoundError: The journal does not know it.
        RefusedError: It is under way, or was abandoned.
    """
    op = find_operation(work, command.operation_id)
    work.invocation.policy.grant(work.invocation.principal, op.started.action, work.target)
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
    shards = [_as_it_stands(move, found) for move in recorded_plan(op).moves]
    stands = {str(shard.shard): shard.before.checkpoint for shard in shards}
    record = make_record(work, "abandoned", {"claim": op.claim, "checkpoints": stands})
    work.required_journal().append_and_read_back(record)
    return work.result("applied", shards=shards)


def _as_it_stands(move: Move, found: dict[int, ShardCheckpoint]) -> ShardResult:
    there = found.get(move.shard)
    note = "as it stands; the operation had recorded another position before it"
    checkpoint = there.checkpoint if there else ""
    return ShardResult(
        move.shard, "unchanged", Position(checkpoint), note=None if checkpoint == move.before.checkpoint else note
    )


def verify(work: Work, command: OperationCommand) -> Result:
    """Return, shard by shard, whether an operation's moves held, and write that to the journal.

    Raises:
        NotFoundError: The journal does not know it.
    """
    op = find_operation(work, command.operation_id)
    plan = recorded_plan(op)
    found = read_checkpoints(work)[0] if plan.moves else {}
    verdicts = [_verdict(op, move, found) for move in plan.moves]
    change = plan.attributes and AttributeChange(plan.attributes.after, attributes_of(read_attributes(work)))
    states = {str(verdict["shard"]): verdict["state"] for verdict in verdicts}
    if change:
        states["attributes"] = "held" if change.before == change.after else "overwritten"
    record = make_record(work, "verified", {"states": states}, operation_id=command.operation_id)
    _note_down(work, record)
    shards = [ShardResult(v["shard"], "read", Position(v["checkpoint"]), note=v["state"]) for v in verdicts]
    named = {**work.again(), "operation_id": command.operation_id}
    held = set(states.values()) <= {"held", "progressed", "not_moved"}
    following = [] if held else [{**named, "action": "undo"}, {**work.again(), "action": "describe"}]
    return work.result("read", shards=shards, consumer_group=change, next=following, own={"verify": verdicts})


def _verdict(op: Operation, move: Move, found: dict[int, ShardCheckpoint]) -> dict[str, Any]:
    there = found.get(move.shard, ShardCheckpoint(move.shard, "", 0, ""))
    told = {shard.shard: shard.status for shard in op.outcome.shards}
    # An attempt that was cut off left no outcome; then what stands there is all that tells.
    was_moved = told[move.shard] == "moved" if move.shard in told else there.checkpoint != move.before.checkpoint
    written_unix = op.ended_unix or op.started.written_unix
    return {
        "shard": move.shard,
        "state": judge_move(move, there, was_moved=was_moved, written_unix=written_unix),
        "checkpoint": there.checkpoint,
        "expected": move.after.checkpoint,
        "consumer": there.consumer or None,
        "update_time": iso_utc(there.updated_unix_us / 1e6) if there.updated_unix_us else None,
    }


def _note_down(work: Work, record: Any) -> None:  # noqa: ANN401 -- a Record
    try:
        work.required_journal().append(record)
    except RewindError as error:
        work.warn("not_journaled", f"this could not be written to the journal: {error.message}")


def snapshot(work: Work) -> Result:
    """Write the group's present positions to the journal.

    Raises:
        RefusedError: No journal is set.
    """
    journal = work.required_journal()
    found = read_checkpoints(work)[0]
    stands = {str(shard): checkpoint.checkpoint for shard, checkpoint in sorted(found.items()) if checkpoint.checkpoint}
    journal.append(make_record(work, "snapshot", {"checkpoints": stands}))
    shards = [
        ShardResult(shard, "read", Position(checkpoint.checkpoint)) for shard, checkpoint in sorted(found.items())
    ]
    return work.result("applied", shards=shards)


def history(work: Work, command: History) -> Result:
    """Return the operations on this group, newest first.

    Raises:
        RefusedError: No journal is set.
    """
    fold = work.required_journal().catch_up()
    since = 0 if command.since is None else _since(work, command.since)
    told = [op for op in reversed(fold.of_group(work.journal_group)) if op.started.written_unix >= since]
    return work.result("read", own={"operations": [describe_operation(op) for op in told[: command.limit]]})


def _since(work: Work, since: object) -> int:
    try:
        return read_instant(since, default_zone=default_zone(work))
    except ValueError as error:
        raise InvalidCommandError([f"since: {error}"]) from error
