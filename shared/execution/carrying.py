"""Carrying one command out: recall what is known of it, plan, preview or perform, and tell what became of it."""

from dataclasses import replace
from typing import TypeAlias

from shared.commands import Command, UpdateCheckpoint, UpdateConsumerGroup
from shared.errors import (
    AuthenticationError,
    ConfigurationError,
    IdempotencyKeyReusedError,
    InvalidCommandError,
    PolicyDeniedError,
    RefusedError,
    RewindError,
)
from shared.execution.apply_options import check_consumers
from shared.execution.attributes import plan_attributes
from shared.execution.invocation import CLOSING_TIME_S, Work
from shared.execution.journaling import recall
from shared.execution.performing import perform, perform_again
from shared.execution.previewing import preview, unchanged
from shared.journal.journal import JournalError
from shared.journal.operations import Operation
from shared.operation_commands import Apply, Careful, Moving, Planning, Undo, Verify
from shared.planning.plans import OperationPlan
from shared.results import Result, Status, error_of

Planned: TypeAlias = OperationPlan | Operation | RewindError | None

_REFUSALS = (
    AuthenticationError,
    ConfigurationError,
    IdempotencyKeyReusedError,
    InvalidCommandError,
    JournalError,
    PolicyDeniedError,
    RefusedError,
)
_PLANNED = (UpdateConsumerGroup, UpdateCheckpoint, Moving, Undo, Apply)


def run_work(work: Work, planned: Planned = None) -> Result:
    """Return what became of one command.

    Args:
        work: The command, authorized.
        planned: What planning it before came to; None plans it now.
    """
    try:
        result = _carry_out(work, planned)
    except RewindError as error:
        told = {"error": error_of(error), "next": error.next, "retry_after_s": error.retry_after_s}
        result = work.result(status_of(error), **told)
    if work.command.is_write:
        work.tell("outcome", {"status": result.status, "shards": {str(s.shard): s.status for s in result.shards}})
    return result


def _carry_out(work: Work, planned: Planned) -> Result:
    command = work.command
    if not is_planned(command):
        from shared.execution.unplanned import carry_out_unplanned  # noqa: PLC0415 -- no write's cold start pays for it

        return carry_out_unplanned(work)
    planned = plan_work(work) if planned is None else planned
    if isinstance(planned, RewindError):
        raise planned
    if isinstance(planned, Operation):
        return perform_again(work, planned)
    if isinstance(command, Apply):
        from shared.execution.applying import apply_plan  # noqa: PLC0415 -- no other command's cold start pays for it

        return _and_verified(work, apply_plan(work, command))
    if planned is None:
        raise RefusedError(f"{command.action} cannot be carried out here", code="unknown_action")
    return _and_verified(work, _preview_or_perform(work, planned))


def is_planned(command: Command) -> bool:
    """Return whether a command plans before it does anything."""
    return isinstance(command, _PLANNED)


def _preview_or_perform(work: Work, plan: OperationPlan) -> Result:
    command = work.command
    work.warnings += plan.notices
    # With a key, what a write came to is kept even if that was nothing: a repetition must not write after all.
    kept = command.is_write and work.invocation.idempotency_key is not None
    if plan.is_empty and not (kept and work.journal):
        return unchanged(work, plan)
    if not command.is_write:
        return preview(work, plan)
    if isinstance(command, Careful):
        check_consumers(work, plan.liveness)
    return perform(work, plan)


def plan_work(work: Work) -> Planned:
    """Return the command's plan, or the operation that it has begun before, or why there is none."""
    try:
        if work.command.is_write:
            known = _recalled(work)
            if known is not None:
                return known
        return _plan(work)
    except RewindError as error:
        return error


def _plan(work: Work) -> Planned:
    if isinstance(work.command, UpdateConsumerGroup):
        return plan_attributes(work, work.command)
    from shared.execution.moving import plan_command  # noqa: PLC0415 -- attributes do without all that moving needs

    return plan_command(work)


def _recalled(work: Work) -> Operation | None:
    command = work.command
    if isinstance(command, Moving | Undo | Apply):
        work.required_journal()
    known = recall(work, work.journal) if work.journal is not None else None
    if known is None and isinstance(command, Planning) and command.wait_free_s:
        from shared.execution.waiting import wait_until_free  # noqa: PLC0415 -- it waits anyhow

        shards = command.shards if isinstance(command, Moving) else None
        wait_until_free(work, shards, wait_s=command.wait_free_s)
    return known


def _and_verified(work: Work, result: Result) -> Result:
    """Return a result, verified after as long as the command asks, or as the invocation still has."""
    command = work.command
    wait_s = command.verify_after_s if isinstance(command, Careful) else 0
    if not wait_s or result.status != "applied" or work.operation_id is None:
        return result
    from shared.execution.looking_back import verify  # noqa: PLC0415 -- it waits anyhow

    invocation = work.invocation
    invocation.sleep(max(0.0, min(wait_s, invocation.remaining_s() - 2 * CLOSING_TIME_S)))
    asked = Verify.model_construct(action="verify", operation_id=work.operation_id)
    try:
        verified = verify(work, asked)
    except RewindError as error:
        work.warn("not_verified", f"it was done, but whether it held could not be looked up: {error.message}")
        return replace(result, warnings=tuple(work.warnings))
    return replace(
        result,
        own={**result.own, **verified.own},
        warnings=verified.warnings,
        sls_request_ids=verified.sls_request_ids,
    )


def status_of(error: RewindError) -> Status:
    """Return the status of a command that an error ended: refused, or failed."""
    return "refused" if isinstance(error, _REFUSALS) else "failed"
