"""apply: a plan from the journal, carried out exactly as it was shown."""

from dataclasses import replace
from typing import Any

from shared.command_parser import parse_command_table
from shared.errors import RefusedError, RewindError
from shared.execution.apply_options import check_consumers
from shared.execution.invocation import Work
from shared.execution.moving import plan_command
from shared.execution.performing import CHANGED, perform
from shared.execution.previewing import preview
from shared.execution.sighting import expired_targets
from shared.execution.waiting import wait_until_free
from shared.journal.records import Record
from shared.operation_commands import Apply
from shared.planning.plans import OperationPlan, check_limits, read_plan
from shared.positions import iso_utc
from shared.results import Result, error_of


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
    again = _asked_again(planned)
    expires_unix = _expires_unix(planned)
    if expires_unix < work.now_unix:
        raise RefusedError(
            f"plan {command.plan_id} expired at {iso_utc(expires_unix)}",
            code="plan_expired",
            hint="Plan again and look at it again.",
            next=again,
        )
    plan = _plan_of(command.plan_id, detail.get("plan"))
    check_limits(plan.moves, work.grant.limits)
    if plan.moves:
        liveness = wait_until_free(work, {move.shard for move in plan.moves}, wait_s=command.wait_free_s)
        check_consumers(work, liveness)
        plan = replace(plan, liveness=liveness)
    try:
        _check_targets(work, plan)
        result = perform(work, plan, plan_id=command.plan_id)
    except RefusedError as error:
        if error.code != CHANGED:
            raise
        return _with_a_new_plan(work, again, error)
    if result.error is not None and result.error.code == CHANGED:
        return _with_a_new_plan(work, again, RefusedError(result.error.message, code=CHANGED, hint=result.error.hint))
    return result


def _asked_again(planned: Record) -> tuple[dict[str, Any], ...]:
    """Return the command that plans anew; none where the record holds no such command, as one of others may."""
    command = planned.detail.get("command")
    again = {**command, "dry_run": True} if isinstance(command, dict) else {}
    try:
        parse_command_table(again)
    except RewindError:
        return ()
    return (again,)


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
    expired = gone or expired_targets(work, plan.moves)
    if expired:
        raise RefusedError(
            f"the positions planned for shards {', '.join(map(str, expired))} have expired; nothing was written",
            code=CHANGED,
            hint="Plan again.",
        )
    new = sorted(there - set(plan.known_shards)) if plan.known_shards else []
    if new:
        work.warn("new_shards", f"shards {', '.join(map(str, new))} are newer than the plan and no part of it")


def _with_a_new_plan(work: Work, again: tuple[dict[str, Any], ...], error: RefusedError) -> Result:
    """Return the refusal together with a new plan for what was asked."""
    shown = None
    try:
        shown = _planned_anew(work, again[0]) if again else None
    except RewindError:
        shown = None
    if shown is None:
        error.next = again
        raise error
    return replace(shown, status="refused", action="apply", dry_run=False, error=error_of(error))


def _planned_anew(work: Work, asked: dict[str, Any]) -> Result | None:
    """Return the preview of a plan that takes the place of the one at hand, for whoever asked for that; None if empty.

    Raises:
        RewindError: It cannot be planned, or policy does not allow it any more to the one who asked.
    """
    invocation = work.invocation
    asker = work.planned.principal if work.planned else invocation.principal
    command = parse_command_table(asked)
    grant = invocation.policy.grant(asker, command.action, work.target)
    anew = replace(
        work, invocation=replace(invocation, principal=asker), command=command, grant=grant, planned=None, warnings=[]
    )
    plan = plan_command(anew)
    if plan is None or plan.is_empty:
        return None
    anew.warnings += plan.notices
    return preview(anew, plan)
