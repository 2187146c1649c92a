"""Telling what became of an operation: now to the caller, later from the journal."""

from collections.abc import Sequence
from typing import cast, get_args

from shared.execution.apply_options import options_notice
from shared.execution.invocation import Work
from shared.frozen import as_plain, frozen
from shared.journal.operations import Operation
from shared.planning.outcomes import EndState, end_state, overall_error, overall_status
from shared.planning.plans import OperationPlan, effect_notice
from shared.positions import iso_utc
from shared.results import (
    OK_STATUSES,
    AttributeChange,
    Error,
    Result,
    ShardResult,
    Status,
)


@frozen
class Outcome:
    """What a plan came to.

    Attributes:
        plan: What was to be written.
        shards: What became of each of its moves.
        attributes: The attributes before, and as they read back; None if they were not its business.
        attribute_error: Why the attributes are not as wanted, or None.
        written: The shards that are known to have been written, whatever became of them since.
    """

    plan: OperationPlan
    shards: tuple[ShardResult, ...]
    attributes: AttributeChange | None
    attribute_error: Error | None
    written: frozenset[int] = frozenset()

    @property
    def error(self) -> Error | None:
        """What to tell of the whole; None if all is as wanted."""
        return self.attribute_error or overall_error(self.shards)

    @property
    def status(self) -> Status:
        """The whole result's status."""
        if self.attribute_error is not None:
            return "refused" if self.attribute_error.code == "changed_since_plan" else "failed"
        if self.plan.is_empty or (self.attributes is not None and self.attributes.before == self.attributes.after):
            return "unchanged"
        return overall_status(self.shards) if self.plan.moves else "applied"

    @property
    def end_state(self) -> EndState:
        """How the journal is to keep it."""
        if self.attribute_error is not None:
            return "finished" if self.attribute_error.code in {"changed_since_plan", "not_held"} else "failed"
        return end_state(self.shards)

    def record(self) -> dict[str, object]:
        """Return it as the journal keeps it."""
        return {
            "written": sorted(self.written),
            "shards": [as_plain(shard) for shard in self.plan.in_order(self.shards)],
            "consumer_group": as_plain(self.attributes) if self.attributes else None,
            "error": as_plain(self.error) if self.error else None,
        }


def told(work: Work, outcome: Outcome, *, is_kept: bool) -> Result:
    """Return an outcome as the caller's result, with the commands that fit now.

    Args:
        work: The command at hand.
        outcome: What its plan came to.
        is_kept: Whether the journal holds it, where there is one.
    """
    is_moved = any(shard.status == "moved" for shard in outcome.shards)
    effect = effect_notice(outcome.plan.liveness, written=True) if is_moved else ()
    work.warnings[:0] = [*effect, *(options_notice(work.command, work.planned) if work.planned else ())]
    return work.result(
        outcome.status,
        shards=outcome.plan.in_order(outcome.shards),
        consumer_group=outcome.attributes,
        error=outcome.error,
        plan_id=work.planned.plan_id if work.planned else None,
        is_over=work.journal is not None and outcome.end_state == "finished",
        next=_next(work, outcome, is_kept=is_kept),
    )


def told_again(work: Work, op: Operation) -> Result:
    """Return the outcome that the journal keeps of a finished operation.

    What came out well is a `duplicate`; what did not is told as it was, with the same error.
    """
    record = op.finished or op.started
    came_out_well = record.status in OK_STATUSES
    if not came_out_well:
        work.warn("duplicate", "this operation has ended before; nothing was done now")
    outcome = op.outcome
    return work.result(
        "duplicate" if came_out_well else _status(record.status),
        shards=outcome.shards,
        consumer_group=outcome.consumer_group,
        error=None if came_out_well else outcome.error,
        next=_after(work, op.started.operation_id, record.status, outcome.shards),
        plan_id=op.started.plan_id or None,
        is_over=True,
        recorded_by=record.principal,
        recorded_at=iso_utc(op.ended_unix if op.ended_unix is not None else record.written_unix),
    )


def _status(recorded: str) -> Status:
    return cast("Status", recorded) if recorded in get_args(Status) else "failed"


def _next(work: Work, outcome: Outcome, *, is_kept: bool) -> list[dict[str, object]]:
    if work.journal is None:
        return _without_a_journal(work, outcome)
    named = {**work.again(), "operation_id": work.operation_id}
    if outcome.end_state == "unfinished":
        return [{**named, "action": "resume"}, {**named, "action": "abandon"}]
    if not is_kept:
        return [{**named, "action": "resume"}]
    return _after(work, work.operation_id or "", outcome.status, outcome.shards)


def _after(work: Work, operation_id: str, status: str, shards: Sequence[ShardResult]) -> list[dict[str, object]]:
    """Return what fits once an operation is over: a look at the group if it changed nothing."""
    if status != "applied" and not any(shard.status == "moved" for shard in shards):
        return [{**work.again(), "action": "describe"}]
    named = {**work.again(), "operation_id": operation_id}
    return [{**named, "action": "verify"}, {**named, "action": "undo"}]


def _without_a_journal(work: Work, outcome: Outcome) -> list[dict[str, object]]:
    if outcome.attributes is not None:
        before = as_plain(outcome.attributes.before)
        return [{**work.again(), "action": "update_consumer_group", **before}]
    plan, moved = outcome.plan, {shard.shard for shard in outcome.shards if shard.status == "moved"}
    named: dict[str, object] = {**work.again(), "action": "update_checkpoint"}
    whose: dict[str, object] = {"consumer": plan.consumer, "force_success": plan.force} if plan.consumer else {}
    left = {str(move.shard): move.after.checkpoint for move in plan.moves if move.shard not in moved}
    back = {str(m.shard): m.before.checkpoint for m in plan.moves if m.shard in moved and m.restorable}
    return [
        *([{**named, **whose, "checkpoints": left}] if left else []),
        *([{**named, "checkpoints": back}] if back else []),
        {**work.again(), "action": "describe"},
    ]
