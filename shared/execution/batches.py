"""Carrying a batch out: all parts planned and judged together first, then one after the other."""

from collections.abc import Sequence
from dataclasses import replace

from shared.errors import PolicyDeniedError, RewindError
from shared.execution.carrying import Planned, is_planned, plan_work, run_work
from shared.execution.invocation import Work
from shared.moves import Move
from shared.operation_commands import (
    Batch,
    Snapshot,
)
from shared.planning.plans import OperationPlan, beyond, read_plan
from shared.positions import duration
from shared.results import Error, Result, Status, Target

_NOT_BEGUN = Error(
    code="not_attempted",
    message="an earlier part of the batch failed, and stop_on_error is set",
    hint="Mend that part, then send this one again.",
    retryable=True,
)


def run_batch(batch: Batch, works: list[Work]) -> Result:
    """Return the results of a batch's parts, carried out in order; all are planned before the first is begun."""
    plans = _plan_all(works)
    results: list[Result] = []
    written: set[Target] = set()
    for number, work in enumerate(works):
        if batch.stop_on_error and any(not result.ok for result in results):
            results.append(work.result("refused", error=_NOT_BEGUN))
            continue
        # What an earlier part wrote, this one must see.
        results.append(run_work(work, None if work.target in written else plans.get(number)))
        if work.command.is_write or isinstance(work.command, Snapshot):
            written.add(work.target)
    return joint_result(batch.action, results, "commands")


def _plan_all(works: list[Work]) -> dict[int, Planned]:
    """Plan every part that plans, before the first write.

    A part that SLS would refuse keeps its error for its turn. One beyond policy's limits, alone or together with the
    others, or out of its shard's range, refuses the batch.
    """
    plans: dict[int, Planned] = {}
    for number, work in enumerate(works):
        if is_planned(work.command):
            plans[number] = plan_work(work)
            _share_anchor(work, works[number + 1 :])
    for number, error in plans.items():
        if isinstance(error, RewindError) and error.code in _REFUSE_ALL:
            error.message = f"commands[{number}]: {error.message}; nothing was written"
            raise error
    moves = [_moves_of(work, plans.get(number)) for number, work in enumerate(works)]
    try:
        _check_limits_together(works, moves)
    except PolicyDeniedError:
        # What writing looks up only bounds how far a shard goes; a preview's look tells it.
        _check_limits_together(works, [_looked_up(work, found) for work, found in zip(works, moves, strict=True)])
    return plans


def _share_anchor(work: Work, later: Sequence[Work]) -> None:
    """Let all parts of a request count from one instant, and know alike whether it was sent before."""
    if work.anchor_unix is not None:
        for other in later:
            other.anchor_unix, other.was_sent_before = work.anchor_unix, work.was_sent_before


def _looked_up(work: Work, moves: Sequence[Move]) -> Sequence[Move]:
    if not moves or work.planned is not None:
        return moves
    command = work.command.model_copy(update={"dry_run": True})
    plan = plan_work(replace(work, command=command, warnings=[]))
    return plan.moves if isinstance(plan, OperationPlan) else moves


def _check_limits_together(works: list[Work], moves: Sequence[Sequence[Move]]) -> None:
    """Let a batch pass whose parts together stay within policy's limits: shards, and how far each of them goes.

    Raises:
        PolicyDeniedError: They do not.
    """
    shards = 0
    far: dict[tuple[Target, int, str], int] = {}
    for work, found in zip(works, moves, strict=True):
        shards += len(found)
        limits = work.grant.limits
        if shards > limits.max_shards:
            raise beyond("max_shards", f"the batch would write {shards} shards, {limits.max_shards} are allowed")
        for move in found:
            key = work.target, move.shard, move.direction
            far[key] = far.get(key, 0) + (move.distance_s or 0)
            name, allowed_s = limits.of(move.direction)
            if far[key] > allowed_s:
                told = f"the batch would take shard {move.shard} {move.direction} by {duration(far[key])} in all"
                raise beyond(name, f"{told}, {duration(allowed_s)} are allowed")


def _moves_of(work: Work, planned: Planned) -> Sequence[Move]:
    if not work.command.is_write:
        return ()
    if work.planned is not None:
        try:
            return read_plan(work.planned.detail.get("plan") or {}).moves
        except ValueError:
            return ()
    return planned.moves if isinstance(planned, OperationPlan) else ()


_REFUSE_ALL = frozenset(
    {
        "denied_by_policy",
        "idempotency_key_reused",
        "limit_exceeded",
        "position_expired",
        "position_out_of_range",
    }
)


def joint_result(action: str, results: Sequence[Result], of: str, *, retryable_first: bool = False) -> Result:
    """Return the one result of several parts.

    Args:
        action: What was asked.
        results: Of each part, in order; at least one.
        of: The list in the request whose entries the parts are.
        retryable_first: Whether a part that may succeed later goes before what never will, so that the sender tries
            again; else the first part that is not ok stands for all.
    """
    wrong = [(number, result) for number, result in enumerate(results) if not result.ok]
    if retryable_first:
        wrong.sort(key=lambda one: not (one[1].error and one[1].error.retryable))
    status, error = _ok_status(results), None
    if wrong:
        number, speaker = wrong[0]
        is_partial = any(result.status in {"applied", "partial"} for result in results)
        status = "partial" if is_partial else speaker.status
        error = speaker.error and _placed(speaker.error, f"{of}[{number}]")
    ids = dict.fromkeys(request_id for result in results for request_id in result.sls_request_ids)
    return Result(
        status=status,
        action=action,
        dry_run=all(result.dry_run for result in results),
        error=error,
        sls_request_ids=tuple(ids),
        retry_after_s=next((result.retry_after_s for result in results if result.retry_after_s), None),
        own={"results": [result.as_dict() for result in results]},
        parts=tuple(results),
    )


def _placed(error: Error, at: str) -> Error:
    return error if error.message.startswith(at) else replace(error, message=f"{at}: {error.message}")


def _ok_status(results: Sequence[Result]) -> Status:
    statuses = {result.status for result in results}
    order: tuple[Status, ...] = ("applied", "planned", "duplicate", "unchanged")
    return next((status for status in order if status in statuses), "read")
