"""From a command to its result: authorize all of it, plan, carry it out, and say what became of it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from shared.commands import Command, Describe, ListConsumerGroups
from shared.errors import (
    AuthenticationError,
    ConfigurationError,
    IdempotencyKeyReusedError,
    InvalidCommandError,
    PolicyDeniedError,
    RefusedError,
    RewindError,
)
from shared.execution.authorization import authorize
from shared.execution.invocation import CLOSING_TIME_S, Invocation, Work
from shared.execution.journaling import recall
from shared.execution.moving import plan_command
from shared.execution.peeking import peek
from shared.execution.performing import perform, perform_again
from shared.execution.previewing import preview, unchanged
from shared.execution.reading import describe, list_consumer_groups
from shared.execution.recorded import abandon, apply_plan, history, resume, snapshot, verify
from shared.execution.waiting import wait_until_free
from shared.journal.fold import Operation
from shared.journal.journal import JournalError
from shared.operation_commands import (
    Abandon,
    Apply,
    Batch,
    Careful,
    History,
    Moving,
    Peek,
    Planning,
    Resume,
    Snapshot,
    Undo,
    Verify,
)
from shared.planning.plans import OperationPlan, beyond, check_liveness
from shared.results import Error, Result, Status, Target, error_of

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
_NOT_BEGUN = Error(
    code="not_attempted",
    message="an earlier part of the batch failed, and stop_on_error is set",
    hint="Mend that part, then send this one again.",
    retryable=True,
)
_OTHERS: Mapping[type[Command], Callable[[Work, Any], Result]] = {
    ListConsumerGroups: lambda work, _: list_consumer_groups(work),
    Describe: lambda work, _: describe(work),
    Peek: peek,
    Resume: resume,
    Abandon: abandon,
    Verify: verify,
    Snapshot: lambda work, _: snapshot(work),
    History: history,
}


def run_command(command: Command, invocation: Invocation) -> Result:
    """Return what became of a command; every foreseen failure is a result, not an exception."""
    begun_s = time.monotonic()
    try:
        works = authorize(command, invocation)
        result = _run_batch(command, works) if isinstance(command, Batch) else _run(works[0])
    except RewindError as error:
        result = refusal(command.action, error)
    elapsed_ms = round((time.monotonic() - begun_s) * 1000)
    return replace(result, fc_request_id=invocation.fc_request_id, elapsed_ms=elapsed_ms)


def refusal(action: str, error: RewindError) -> Result:
    """Return the result of a command that was not begun, or broke off before it wrote anything."""
    return Result(status=_status_of(error), action=action, error=error_of(error), retry_after_s=error.retry_after_s)


def _status_of(error: RewindError) -> Status:
    return "refused" if isinstance(error, _REFUSALS) else "failed"


def _run(work: Work, planned: Planned = None) -> Result:
    try:
        result = _carry_out(work, planned)
    except RewindError as error:
        told = {"error": error_of(error), "next": error.next, "retry_after_s": error.retry_after_s}
        result = work.result(_status_of(error), **told)
    if work.command.is_write:
        work.tell("outcome", {"status": result.status, "shards": {str(s.shard): s.status for s in result.shards}})
    return result


def _carry_out(work: Work, planned: Planned) -> Result:
    command = work.command
    other = _OTHERS.get(type(command))
    if other is not None:
        return other(work, command)
    planned = _planned(work) if planned is None else planned
    if isinstance(planned, RewindError):
        raise planned
    if isinstance(planned, Operation):
        return perform_again(work, planned)
    if isinstance(command, Apply):
        return _and_verified(work, apply_plan(work, command))
    if planned is None:
        raise RefusedError(f"{command.action} cannot be carried out here", code="unknown_action")
    return _and_verified(work, _preview_or_perform(work, planned))


def _preview_or_perform(work: Work, plan: OperationPlan) -> Result:
    command = work.command
    work.warnings += plan.notices
    if plan.is_empty and not (command.is_write and work.journal and work.invocation.idempotency_key):
        return unchanged(work, plan)
    if not command.is_write:
        return preview(work, plan)
    if isinstance(command, Careful):
        check_liveness(plan.liveness, allow_active=command.allow_active)
    return perform(work, plan)


def _planned(work: Work) -> Planned:
    """Return the command's plan, or the operation that it has begun before, or why there is none."""
    try:
        if work.command.is_write:
            known = _recalled(work)
            if known is not None:
                return known
        return plan_command(work)
    except RewindError as error:
        return error


def _recalled(work: Work) -> Operation | None:
    command = work.command
    if isinstance(command, Moving | Undo | Apply):
        work.required_journal()
    known = recall(work, work.journal) if work.journal is not None else None
    if known is None and isinstance(command, Planning) and command.wait_free_s:
        shards = command.shards if isinstance(command, Moving) else None
        wait_until_free(work, shards, wait_s=command.wait_free_s)
    return known


def _and_verified(work: Work, result: Result) -> Result:
    """Return a result, verified after as long as the command asks, or as the invocation still has."""
    command = work.command
    wait_s = command.verify_after_s if isinstance(command, Careful) else 0
    if not wait_s or result.status != "applied" or work.operation_id is None:
        return result
    invocation = work.invocation
    invocation.sleep(max(0.0, min(wait_s, invocation.remaining_s() - 2 * CLOSING_TIME_S)))
    asked = Verify.model_construct(action="verify", operation_id=work.operation_id)
    verified = verify(work, asked)
    return replace(result, own={**result.own, **verified.own}, sls_request_ids=verified.sls_request_ids)


def _run_batch(batch: Batch, works: list[Work]) -> Result:
    plans = _plan_all(works)
    results: list[Result] = []
    written: set[Target] = set()
    for number, work in enumerate(works):
        if batch.stop_on_error and any(not result.ok for result in results):
            results.append(work.result("refused", error=_NOT_BEGUN))
            continue
        # What an earlier part wrote, this one must see.
        results.append(_run(work, None if work.target in written else plans.get(number)))
        if work.command.is_write:
            written.add(work.target)
    return _batch_result(batch, results)


def _plan_all(works: list[Work]) -> dict[int, Planned]:
    """Plan every part that plans, before the first write.

    A part that SLS would refuse keeps its error for its turn. One beyond policy's limits, alone or together with the
    others, or out of its shard's range, refuses the batch.
    """
    plans = {number: _planned(work) for number, work in enumerate(works) if type(work.command) not in _OTHERS}
    for number, error in plans.items():
        if isinstance(error, RewindError) and error.code in _REFUSE_ALL:
            error.message = f"commands[{number}]: {error.message}; nothing was written"
            raise error
    moving = [(works[number], plan) for number, plan in plans.items() if isinstance(plan, OperationPlan)]
    shards = sum(len(plan.moves) for work, plan in moving if work.command.is_write)
    most = min((work.grant.limits.max_shards for work, _ in moving), default=shards)
    if shards > most:
        raise beyond("max_shards", f"the batch would write {shards} shards, {most} are allowed; nothing was written")
    return plans


_REFUSE_ALL = frozenset({"denied_by_policy", "limit_exceeded", "position_expired", "position_out_of_range"})


def _batch_result(batch: Batch, results: list[Result]) -> Result:
    wrong = next(((number, result) for number, result in enumerate(results) if not result.ok), None)
    error = None
    if wrong is not None and wrong[1].error is not None:
        error = replace(wrong[1].error, message=f"commands[{wrong[0]}]: {wrong[1].error.message}")
    ids = dict.fromkeys(request_id for result in results for request_id in result.sls_request_ids)
    return Result(
        status=_batch_status(results),
        action=batch.action,
        dry_run=all(result.dry_run for result in results),
        error=error,
        sls_request_ids=tuple(ids),
        own={"results": [result.as_dict() for result in results]},
        parts=tuple(results),
    )


def _batch_status(results: list[Result]) -> Status:
    statuses: Mapping[Status, None] = dict.fromkeys(result.status for result in results)
    if all(result.ok for result in results):
        return next(s for s in ("applied", "planned", "duplicate", "unchanged", "read") if s in statuses)
    if statuses.keys() & {"applied", "partial"}:
        return "partial"
    return next(result.status for result in results if not result.ok)
