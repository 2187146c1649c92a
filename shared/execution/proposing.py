"""Proposals: the plan that stands for one episode of an alert, however often the alert is sent."""

from collections.abc import Mapping
from dataclasses import replace

from shared.commands import Command
from shared.errors import RewindError
from shared.execution.authorization import authorize
from shared.execution.carrying import run_work
from shared.execution.invocation import Invocation, Work, derived_id
from shared.execution.journaling import lease_end_unix, make_record
from shared.execution.previewing import PLAN_LIFETIME_S
from shared.frozen import frozen
from shared.journal.fold import Fold
from shared.journal.operations import Operation, lease_end_of
from shared.journal.records import Record
from shared.planning.plans import read_plan
from shared.positions import iso_utc, unix_of
from shared.results import Error, Notice, Result, ShardResult, Target

_NOT_APPLIED = frozenset({"lost", "failed"})


@frozen
class Proposal:
    """What stands for one episode of an alert.

    Attributes:
        result: What the sender is answered.
        work: The command that was, or would be, planned.
        message: What people are to be told of it now, by the caller; None if nothing.
        record: The record that the message is about, as the journal has it; None without a message.
    """

    result: Result
    work: Work
    message: Result | None = None
    record: Record | None = None


def propose(
    command: Command, invocation: Invocation, *, episode: str, about: Mapping[str, str], is_told: bool
) -> Proposal:
    """Return the plan of a command that writes nothing, kept as the one proposal of an episode.

    A repetition of the episode is a `duplicate` with the first one's plan, whether it still can be applied or not; of
    two that come at once, what stands first in the journal is the proposal. Where there is nothing to propose, the
    result says why, and the next repetition is looked at afresh. Whoever made the proposal tells people of it; if its
    invocation ended without noting that, the next repetition does, or once the plan has expired, proposes anew.

    Without a journal nothing is proposed: no repetition would be recognized, so that people were told of each, and
    nobody could apply the plan.

    Args:
        command: Without the right to write: a dry run.
        invocation: Of the alert's sender.
        episode: What every repetition of the episode has in common, and nothing else has.
        about: What the record tells of the alert.
        is_told: Whether there is anybody to tell.

    Raises:
        RewindError: Policy does not allow the command, there is no journal, or it cannot be read.
    """
    (work,) = authorize(command, invocation)
    journal = work.required_journal()
    known = journal.catch_up().proposal(episode, now_unix=work.now_unix)
    if known is not None:
        return _proposed_before(work, journal.fold, known)
    result = run_work(work)
    if result.status != "planned":
        return Proposal(result, work)
    if result.plan_id is None or result.expires_at is None:
        return Proposal(_not_kept(result, "the plan could not be kept in the journal"), work)
    return _keep(work, result, {**about, "episode": episode}, is_told=is_told)


def _keep(work: Work, result: Result, about: Mapping[str, str], *, is_told: bool) -> Proposal:
    """Write a plan down as the proposal of its episode, and return what stands there first."""
    journal = work.required_journal()
    lease = {"lease_unix": lease_end_unix(work)} if is_told else {}
    detail = {**about, "expires_unix": int(unix_of(result.expires_at or "")), **lease}
    record = make_record(work, "proposed", detail, plan_id=result.plan_id or "", operation_id="")
    ours = Proposal(result, work, result, record) if is_told else Proposal(result, work)
    try:
        journal.append(record)
    except RewindError as error:
        if not getattr(error, "may_have_taken_effect", False):
            return Proposal(_not_kept(result, error.message), work)
    try:
        fold = journal.read_until(lambda fold: fold.has_seen(record.record_id), what="the proposal just written")
    except RewindError as error:
        # It may stand there, and then every repetition passes for one of which people were told.
        return _unconfirmed(ours, error.message)
    first = fold.proposals[about["episode"]]
    return ours if first.record_id == record.record_id else _proposed_before(work, fold, first)


def note_told(proposal: Proposal) -> None:
    """Write down that people were told of a proposal, so that its next repetition need not tell them."""
    told, work = proposal.record, proposal.work
    if told is None:
        return
    detail = {"episode": told.detail.get("episode"), "proposal": told.record_id}
    record = make_record(work, "proposed", detail, status="told", plan_id=told.plan_id, operation_id="")
    try:
        work.required_journal().append(record)
    except RewindError:
        # Whoever tells it once more does no harm.
        return


def _unconfirmed(ours: Proposal, why: str) -> Proposal:
    told = Notice(
        "proposal_not_confirmed",
        f"whether the journal holds this proposal could not be read back ({why}): its plan can be applied, and people "
        "may be told of it, or of a new one, when the alert comes again",
    )
    result = replace(ours.result, warnings=(*ours.result.warnings, told))
    return replace(ours, result=result, message=result if ours.message else None)


def _not_kept(result: Result, why: str) -> Result:
    error = Error(
        code="proposal_not_kept",
        message=f"the plan was made but not proposed: {why}",
        hint="Send the alert again; nothing was written to the consumer group.",
        retryable=True,
    )
    return replace(result, status="failed", error=error, plan_id=None, expires_at=None, next=())


def _proposed_before(work: Work, fold: Fold, proposed: Record) -> Proposal:
    applied = fold.operations.get(derived_id("plan", proposed.plan_id))
    if applied is not None and applied.state not in _NOT_APPLIED:
        return Proposal(_applied_before(work, fold, proposed, applied), work)
    if proposed.plan_id in fold.cancelled:
        work.warn("plan_cancelled", "this episode was proposed before, and somebody cancelled its plan")
        return Proposal(_as_before(work, proposed, _anew(work)), work)
    if _expires_unix(proposed) <= work.now_unix:
        work.warn("plan_expired", "this episode was proposed before, and its plan has expired: plan anew by `next`")
        return Proposal(_as_before(work, proposed, _anew(work)), work)
    result = _as_before(work, proposed, {"action": "apply", "plan_id": proposed.plan_id})
    if not fold.is_to_be_told(proposed) or work.now_unix <= lease_end_of(proposed):
        return Proposal(result, work)
    # Who proposed it died before it had told anybody.
    message = replace(result, status="planned", shards=_recorded_shards(fold, proposed))
    return Proposal(result, work, message, proposed)


def _applied_before(work: Work, fold: Fold, proposed: Record, applied: Operation) -> Result:
    told = f"the plan of this episode was applied: operation {applied.started.operation_id} is {applied.state}"
    is_over = not applied.is_open and not _stands(fold, applied)
    since = "what it moved was taken back" if applied.moved else "it moved nothing"
    work.warn("plan_applied", f"{told}, and {since}: plan anew by `next`" if is_over else told)
    return _as_before(work, proposed, _anew(work) if is_over else None)


def _stands(fold: Fold, applied: Operation) -> bool:
    """Return whether an operation may have moved what no later one took back; what was undone itself takes nothing."""
    undone: set[str] = set()
    for op in reversed(fold.of_group(applied.started.group)):
        # Of one that was abandoned before it told any outcome, nobody knows.
        moved = bool(op.moved | op.unsure) or (op.state == "abandoned" and op.finished is None)
        stands = moved and op.started.operation_id not in undone
        if op is applied:
            return stands
        if stands:
            undone.add(str(op.plan.get("undoes")))
    return False


def _as_before(work: Work, proposed: Record, offered: Mapping[str, object] | None) -> Result:
    result = work.result(
        "duplicate",
        plan_id=proposed.plan_id,
        expires_at=iso_utc(_expires_unix(proposed)),
        next=[offered] if offered else [],
    )
    target = Target(proposed.project, proposed.logstore, proposed.consumer_group)
    return replace(result, action=proposed.action, target=target)


def _recorded_shards(fold: Fold, proposed: Record) -> tuple[ShardResult, ...]:
    planned = fold.plans.get(proposed.plan_id)
    try:
        plan = read_plan(planned.detail.get("plan") if planned else None)
    except ValueError:
        return ()
    return tuple(plan.in_order([move.result("planned") for move in plan.moves]))


def _expires_unix(proposed: Record) -> int:
    recorded = proposed.detail.get("expires_unix")
    latest = proposed.written_unix + PLAN_LIFETIME_S
    return recorded if type(recorded) is int and proposed.written_unix <= recorded <= latest else latest


def _anew(work: Work) -> dict[str, object]:
    return {**work.again(), **work.command.options()}
