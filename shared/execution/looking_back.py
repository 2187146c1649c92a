"""verify, snapshot and history: what the journal tells, and what is told to it, without moving anything."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.errors import InvalidCommandError, RewindError
from shared.execution.attributes import attributes_of, wrote_attributes
from shared.execution.invocation import Work
from shared.execution.journaling import make_record
from shared.execution.moving import default_zone, find_operation
from shared.execution.observing import read_attributes, read_checkpoints
from shared.execution.performing import recorded_plan
from shared.frozen import as_plain
from shared.goals import read_instant
from shared.journal.history import describe_operation
from shared.journal.operations import Operation
from shared.moves import Move
from shared.names import printable
from shared.operation_commands import History, OperationCommand
from shared.planning.liveness import Liveness
from shared.planning.plans import effect_notice
from shared.planning.verdicts import judge_move
from shared.positions import iso_utc
from shared.results import AttributeChange, Attributes, Notice, Position, Result, ShardResult
from shared.sls.models import ShardCheckpoint

_AS_LEFT = frozenset({"held", "progressed", "not_moved"})


def verify(work: Work, command: OperationCommand) -> Result:
    """Return, shard by shard, whether an operation's moves held, and write that to the journal.

    Warnings tell what the verdicts alone do not: `not_in_effect` where a consumer holds a shard that stands as it was
    written, `taken_back` or `moved_on` where operations of this journal moved it since, and `not_written` where the
    attributes were never written.

    Raises:
        NotFoundError: The journal does not know it.
    """
    op = find_operation(work, command.operation_id)
    plan = recorded_plan(op)
    found = read_checkpoints(work)[0] if plan.moves else {}
    later = _later(work, op)
    verdicts = [_verdict(op, move, found, later) for move in plan.moves]
    states = {str(verdict["shard"]): verdict["state"] for verdict in verdicts}
    movers = {str(verdict["shard"]): verdict["operation_id"] for verdict in verdicts}
    change = None
    if plan.attributes is not None:
        change = AttributeChange(plan.attributes.after, attributes_of(read_attributes(work)))
        states["attributes"] = _attribute_state(work, op, plan.attributes, change)
        movers["attributes"] = _attributes_by(later, change.after)
    work.warnings[:0] = _not_in_effect(work, plan.moves, verdicts)
    work.warnings += _by_later_operations(op, states, movers, later)
    _note_down(work, make_record(work, "verified", {"states": states}, operation_id=command.operation_id))
    return work.result(
        "read",
        shards=[ShardResult(v["shard"], "read", Position(v["checkpoint"]), note=v["state"]) for v in verdicts],
        consumer_group=change,
        next=_following(work, command, states, movers),
        own={"verify": verdicts},
        looked_at=command.operation_id,
    )


def _following(
    work: Work, command: OperationCommand, states: Mapping[str, str], movers: Mapping[str, str | None]
) -> list[dict[str, object]]:
    """Return what fits now; what a later operation of ours wrote is no reason to take this one back."""
    wrong = {name for name, state in states.items() if state not in _AS_LEFT}
    undo = {**work.again(), "operation_id": command.operation_id, "action": "undo"}
    by_others = any(not movers[name] for name in wrong)
    return [*([undo] if by_others else []), *([{**work.again(), "action": "describe"}] if wrong else [])]


def _later(work: Work, op: Operation) -> list[Operation]:
    """Return the operations on the group that were granted it after this one, newest first."""
    group = work.required_journal().fold.of_group(work.journal_group)
    return group[group.index(op) + 1 :][::-1]


def _verdict(
    op: Operation, move: Move, found: dict[int, ShardCheckpoint], later: Sequence[Operation]
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
        "operation_id": _moved_by(later, there),
        "update_time": iso_utc(there.updated_unix_us / 1e6) if there.updated_unix_us else None,
    }


def _moved_by(later: Sequence[Operation], there: ShardCheckpoint) -> str | None:
    """Return the later operation that a checkpoint comes from, by its write or by what was consumed since."""
    for other in later:
        move = next((move for move in other.moves if move.shard == there.shard_id), None)
        if move is None or (other.finished is not None and move.shard not in other.moved | other.unsure):
            continue
        if there.checkpoint == move.after.checkpoint:
            return other.started.operation_id
        if move.shard in other.moved:
            written_unix = other.ended_unix or other.started.written_unix
            state = judge_move(move, there, was_moved=True, written_unix=written_unix)
            return other.started.operation_id if state == "progressed" else None
    return None


def _attribute_state(work: Work, op: Operation, planned: AttributeChange, change: AttributeChange) -> str:
    if not wrote_attributes(op, planned):
        work.warn("not_written", f"operation {op.started.operation_id} did not write the attributes")
        return "not_moved"
    return "held" if change.before == change.after else "overwritten"


def _attributes_by(later: Sequence[Operation], now: Attributes) -> str | None:
    """Return the later operation that wrote the attributes as they are; None if it was none of ours."""
    for other in later:
        told = other.plan.get("attributes")
        wrote = other.finished is None or other.finished.status == "applied"
        if isinstance(told, dict) and wrote and told.get("after") == as_plain(now):
            return other.started.operation_id
    return None


def _not_in_effect(work: Work, moves: Sequence[Move], verdicts: Sequence[Mapping[str, Any]]) -> tuple[Notice, ...]:
    """Return the warning that what stands as it was written has no effect yet, since consumers hold it.

    A consumer reads its checkpoint when it gets the shard, and never again: one that holds it may have done so before
    the write. When the checkpoint was written tells nothing here, since that was the write itself.
    """
    if any(warning.code == "not_in_effect" for warning in work.warnings):
        return ()
    by_shard = {verdict["shard"]: verdict for verdict in verdicts}
    held = [(m, by_shard[m.shard]["consumer"]) for m in moves if by_shard[m.shard]["state"] == "held"]
    evidence = tuple(_holding(move, consumer) for move, consumer in held if consumer)
    return effect_notice(Liveness("held" if evidence else "free", evidence, None), written=True)


def _holding(move: Move, consumer: str) -> str:
    whence = "" if consumer == move.holder else ", which came after the plan was made and may have begun there"
    return f"shard {move.shard} is held by {printable(consumer)}{whence}"


def _by_later_operations(
    op: Operation, states: Mapping[str, str], movers: Mapping[str, str | None], later: Sequence[Operation]
) -> list[Notice]:
    """Return that operations of ours moved on what does not stand as written; nothing where others overwrote it."""
    if any(state not in _AS_LEFT and not movers[name] for name, state in states.items()):
        return []
    by = {movers[name] for name, state in states.items() if state not in {"held", "not_moved"}}
    others = [other for other in later if other.started.operation_id in by]
    if not others:
        return []
    names = ", ".join(other.started.operation_id for other in others)
    whose = f"operation{'s' if len(others) > 1 else ''} {names}"
    if all(other.plan.get("undoes") == op.started.operation_id for other in others):
        return [Notice("taken_back", f"taken back by {whose}")]
    return [Notice("moved_on", f"moved on by {whose}")]


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
