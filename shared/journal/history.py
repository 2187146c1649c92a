"""What the journal tells of a group's past: positions at an instant, and who did what."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.journal.fold import Fold, Group
from shared.journal.operations import Operation
from shared.moves import Move
from shared.positions import iso_utc

_CLOCK_MARGIN_S = 2


def positions_as_of(fold: Fold, group: Group, unix: int) -> dict[int, tuple[int, str]]:
    """Return, by shard, the newest position known at or before an instant, and when it was known.

    Snapshots count, and where operations moved a shard, what it was moved from and to.
    """
    known: dict[int, tuple[int, str]] = {}
    for at, shard, checkpoint in _sightings(fold, group):
        if at <= unix and checkpoint and at >= known.get(shard, (0, ""))[0]:
            known[shard] = (at, checkpoint)
    return known


def _sightings(fold: Fold, group: Group) -> Iterator[tuple[int, int, str]]:
    for snapshot in fold.snapshots.get(group, []):
        for shard, checkpoint in snapshot.checkpoints.items():
            yield snapshot.taken_unix, shard, checkpoint
    for op in fold.of_group(group):
        # Where an operation wrote nothing, what it had planned from may have been gone by then.
        for result in op.outcome.shards:
            if op.finished and result.status == "moved" and result.after:
                yield op.started.written_unix, result.shard, result.before.checkpoint
                # A note may say that it was written by an earlier attempt: nothing newer is known of it then.
                seen = op.started if result.note else op.finished
                yield seen.written_unix, result.shard, result.after.checkpoint


def written_by_us(fold: Fold, group: Group, checkpoints: Mapping[int, tuple[str, float]]) -> frozenset[int]:
    """Return the shards whose present checkpoint was written by one of this group's operations.

    It need not be the newest: one that found nothing to write may have begun since, or one that writes just now.

    Args:
        fold: What the journal says.
        group: The consumer group.
        checkpoints: By shard, the checkpoint and when it was written, in Unix seconds.
    """
    return frozenset(
        move.shard
        for op in fold.of_group(group)
        for move in op.moves
        if move.shard in checkpoints and _wrote(op, move, *checkpoints[move.shard])
    )


def _wrote(op: Operation, move: Move, checkpoint: str, written_unix: float) -> bool:
    if checkpoint != move.after.checkpoint or (op.finished and move.shard not in op.moved | op.unsure):
        return False
    until = op.ended_unix if op.ended_unix is not None else op.lease_unix
    return op.started.written_unix - _CLOCK_MARGIN_S <= written_unix <= until + _CLOCK_MARGIN_S


def describe_operation(op: Operation) -> dict[str, Any]:
    """Return one line of history: who, when, what, and what it came to."""
    started, plan = op.started, op.plan
    return {
        "operation_id": started.operation_id,
        "action": started.action,
        "principal": started.principal,
        "asked_by": started.detail.get("asked_by") or started.principal,
        "reason": started.reason or None,
        "started_at": iso_utc(started.written_unix),
        "ended_at": iso_utc(op.ended_unix) if op.ended_unix is not None else None,
        "state": op.state,
        "status": op.finished.status if op.finished else None,
        "attempts": op.attempt,
        "plan_id": started.plan_id or None,
        "undoes": plan.get("undoes") or None,
        "shards": _outcomes(op),
        "attributes": plan.get("attributes"),
        "verified": op.verified.detail.get("states") if op.verified else None,
    }


def _outcomes(op: Operation) -> list[dict[str, Any]]:
    told = {shard.shard: shard.status for shard in op.outcome.shards}
    return [
        {
            "shard": move.shard,
            "before": move.before.checkpoint,
            "after": move.after.checkpoint,
            "log_groups": move.log_groups,
            "status": told.get(move.shard),
        }
        for move in op.moves
    ]
