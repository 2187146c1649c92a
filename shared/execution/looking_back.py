"""verify, snapshot and history: what the journal tells, and what is told to it, without moving anything."""

from typing import Any

from shared.errors import InvalidCommandError, RewindError
from shared.execution.invocation import Work
from shared.execution.journaling import make_record
from shared.execution.moving import default_zone, find_operation, wrote_attributes
from shared.execution.observing import read_attributes, read_checkpoints
from shared.execution.performing import attributes_of, recorded_plan
from shared.goals import read_instant
from shared.journal.history import describe_operation
from shared.journal.operations import Operation
from shared.moves import Move
from shared.operation_commands import History, OperationCommand
from shared.planning.verdicts import judge_move
from shared.positions import iso_utc
from shared.results import AttributeChange, Position, Result, ShardResult
from shared.sls.models import ShardCheckpoint

_AS_LEFT = frozenset({"held", "progressed", "not_moved"})


def verify(work: Work, command: OperationCommand) -> Result:
    """Return, shard by shard, whether an operation's moves held, and write that to the journal.

    Raises:
        NotFoundError: The journal does not know it.
    """
    op = find_operation(work, command.operation_id)
    plan = recorded_plan(op)
    found = read_checkpoints(work)[0] if plan.moves else {}
    later = _later_writes(work, op)
    verdicts = [_verdict(op, move, found, later) for move in plan.moves]
    change = plan.attributes and AttributeChange(plan.attributes.after, attributes_of(read_attributes(work)))
    states = {str(verdict["shard"]): verdict["state"] for verdict in verdicts}
    if change:
        wrote = plan.attributes is not None and wrote_attributes(op, plan.attributes)
        states["attributes"] = ("held" if change.before == change.after else "overwritten") if wrote else "not_moved"
    record = make_record(work, "verified", {"states": states}, operation_id=command.operation_id)
    _note_down(work, record)
    shards = [ShardResult(v["shard"], "read", Position(v["checkpoint"]), note=v["state"]) for v in verdicts]
    named = {**work.again(), "operation_id": command.operation_id}
    wrong = {name for name, state in states.items() if state not in _AS_LEFT}
    # What a later operation of ours wrote is no reason to take this one back.
    by_others = wrong - {str(verdict["shard"]) for verdict in verdicts if verdict["operation_id"]}
    undo, look = {**named, "action": "undo"}, {**work.again(), "action": "describe"}
    following = [*([undo] if by_others else []), *([look] if wrong else [])]
    return work.result("read", shards=shards, consumer_group=change, next=following, own={"verify": verdicts})


def _later_writes(work: Work, op: Operation) -> dict[tuple[int, str], str]:
    """Return which later operation of ours was to write which checkpoint to which shard."""
    after = work.required_journal().fold.of_group(work.journal_group)
    return {
        (move.shard, move.after.checkpoint): other.started.operation_id
        for other in after[after.index(op) + 1 :]
        for move in other.moves
    }


def _verdict(
    op: Operation, move: Move, found: dict[int, ShardCheckpoint], later: dict[tuple[int, str], str]
) -> dict[str, Any]:
    there = found.get(move.shard, ShardCheckpoint(move.shard, "", 0, ""))
    # Of an attempt that was cut off, or lost its answer, what stands there is all that tells.
    is_known = op.finished is not None and move.shard not in op.unsure
    was_moved = move.shard in op.moved or (not is_known and there.checkpoint != move.before.checkpoint)
    written_unix = op.ended_unix or op.started.written_unix
    return {
        "shard": move.shard,
        "state": judge_move(move, there, was_moved=was_moved, written_unix=written_unix),
        "checkpoint": there.checkpoint,
        "expected": move.after.checkpoint,
        "consumer": there.consumer or None,
        "operation_id": later.get((move.shard, there.checkpoint)),
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
        JournalError: It cannot serve as one.
    """
    journal = work.required_journal()
    # What goes into a journal that nobody can read would be no snapshot.
    journal.catch_up()
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
