"""Operations in the journal: recall what is known of one, claim its group, and write down how it ended."""

from collections.abc import Mapping

from shared.errors import IdempotencyKeyReusedError, RefusedError, RewindError
from shared.execution.invocation import Work
from shared.goals import counts_from_an_instant
from shared.journal.fold import Fold
from shared.journal.journal import Journal
from shared.journal.operations import Operation
from shared.journal.records import Kind, Record
from shared.journal.window import sees
from shared.names import printable
from shared.operation_commands import Moving
from shared.planning.plans import OperationPlan, plan_record
from shared.positions import iso_utc

_LEASE_MARGIN_S = 2


def make_record(work: Work, kind: Kind, detail: Mapping[str, object], **more: str) -> Record:
    """Return a record about the command at hand, with a fresh id."""
    reason = getattr(work.command, "reason", None)
    if not reason and work.planned is not None:
        reason = work.planned.reason
    return Record(
        kind=kind,
        record_id=work.invocation.fresh_id(),
        written_unix=int(work.now_unix),
        project=work.target.project,
        logstore=work.target.logstore,
        consumer_group=work.group,
        principal=work.invocation.principal,
        action=work.planned.action if work.planned else work.command.action,
        operation_id=more.pop("operation_id", work.operation_id or ""),
        reason=printable(reason) if reason else "",
        detail=detail,
        **more,
    )


def recall(work: Work, journal: Journal) -> Operation | None:
    """Return what the journal knows of this very operation, if it is to go on or has ended; None if it is new.

    Raises:
        IdempotencyKeyReusedError: Its key stands for another command.
        RefusedError: It is under way elsewhere or was abandoned, its plan was cancelled, or another operation holds the
            group.
    """
    fold = journal.catch_up()
    check_request(work, fold)
    op = fold.operations.get(work.operation_id or "")
    if op is None or op.is_without_effect:
        check_not_cancelled(work.planned.plan_id if work.planned else "", fold)
    if op is None or op.state == "lost":
        fold = _anchor(work, journal)
        holder = fold.holder(work.journal_group)
        if holder is not None:
            raise taken(work, holder)
        return None
    if op.started.detail.get("command_hash") != work.command_hash:
        raise _reused()
    check_continuable(work, op)
    return op


def _anchor(work: Work, journal: Journal) -> Fold:
    """Settle what instant a command counts from that is sent under a key, for this try of it and every later one.

    One record serves the whole request; of two at once, what stands first counts.

    Raises:
        IdempotencyKeyReusedError: Another command was first sent under the key just now.
        JournalError: The journal does not show what is written to it.
    """
    command, invocation = work.command, work.invocation
    is_relative = isinstance(command, Moving) and command.at is None and counts_from_an_instant(command.to)
    if invocation.idempotency_key is None or work.anchor_unix is not None or not is_relative:
        return journal.fold
    key, fold, ours = invocation.operation_id(""), journal.fold, ""
    known = fold.anchors.get(key)
    # One that is dated well into the future is none: what is written now takes its place.
    if known is None or not sees(work.now_unix, known.written_unix):
        detail = {"request_hash": invocation.request_hash}
        record = make_record(work, "anchored", detail, operation_id=key)
        fold, ours = journal.append_and_read_back(record), record.record_id
        check_request(work, fold)
    first = fold.anchors[key]
    work.anchor_unix, work.was_sent_before = first.written_unix, first.record_id != ours
    return fold


def check_request(work: Work, fold: Fold) -> None:
    """Let a request pass whose idempotency key is new, or stands for this very request, batch or not.

    Raises:
        IdempotencyKeyReusedError: It stands for another.
    """
    invocation = work.invocation
    if invocation.idempotency_key is None or work.planned is not None:
        return
    ids = [invocation.operation_id(part) for part in ("", *map(str, range(invocation.policy.limits.max_targets)))]
    known = [op.started for id_ in ids if (op := fold.operations.get(id_)) and op.state != "lost"]
    known += [fold.anchors[ids[0]]] if ids[0] in fold.anchors else []
    if any(record.detail.get("request_hash") != invocation.request_hash for record in known):
        raise _reused()


def _reused() -> IdempotencyKeyReusedError:
    return IdempotencyKeyReusedError(
        "this idempotency key stands for another command already",
        hint="Use a new key for a new command; the first one's outcome is in history.",
    )


def check_continuable(work: Work, op: Operation) -> None:
    """Let an operation pass that has ended, or that nobody works on.

    Raises:
        RefusedError: It is under way elsewhere, or was abandoned.
    """
    if op.state == "abandoned":
        raise RefusedError(
            f"operation {op.started.operation_id} was abandoned",
            code="operation_abandoned",
            hint="Send it as a new one.",
        )
    if not op.is_dead(now_unix=work.now_unix, instance=work.invocation.settings.instance_id):
        raise taken(work, op)


def check_not_cancelled(plan_id: str, fold: Fold) -> None:
    """Let a plan pass that nobody has cancelled.

    Raises:
        RefusedError: Somebody has; says who and when.
    """
    cancelled = fold.cancelled.get(plan_id)
    if cancelled is not None:
        raise RefusedError(
            f"plan {plan_id} was cancelled by {cancelled.principal} at {iso_utc(cancelled.written_unix)}; nothing was "
            "written",
            code="plan_cancelled",
            hint="Plan again if it is wanted after all.",
        )


def taken(work: Work, holder: Operation) -> RefusedError:
    """Return the refusal for a group that an operation holds: in progress, or left unfinished."""
    started, operation_id = holder.started, holder.started.operation_id
    whose = f"operation {operation_id} ({started.action}) of {started.principal}, since {iso_utc(started.written_unix)}"
    if not holder.is_dead(now_unix=work.now_unix, instance=work.invocation.settings.instance_id):
        wait_s = max(1, holder.lease_unix + 1 - int(work.now_unix))
        return RefusedError(
            f"{whose}, is in progress on {work.target}",
            code="operation_in_progress",
            hint="Wait for it to end, then look again. If its instance has died, resume or abandon it from "
            f"{iso_utc(holder.lease_unix + 1)} on.",
            retry_after_s=wait_s,
        )
    ways = tuple({**work.again(), "action": action, "operation_id": operation_id} for action in ("resume", "abandon"))
    return RefusedError(
        f"{whose}, was left unfinished on {work.target}",
        code="unfinished_operation",
        hint="resume finishes it with the moves it recorded; abandon leaves it as it stands.",
        next=ways,
    )


def claim(work: Work, journal: Journal, plan: OperationPlan, *, plan_id: str = "", known: Operation | None) -> str:
    """Claim the group for this operation and return the claim's id.

    The claim is a record; it counts only if nobody else's stands before it in the journal.

    Args:
        work: The command at hand.
        journal: Where to claim.
        plan: What is to be written; recorded before the first write.
        plan_id: The plan that is carried out; "" for a command that plans for itself.
        known: What the journal knew of this operation before; its own moves are then carried out.

    Raises:
        RefusedError: Another operation, or another attempt at this one, was first; or the plan was cancelled.
        JournalError: The journal does not show what is written to it.
    """
    record = make_record(
        work,
        "started",
        {
            "plan": plan_record(plan),
            "command_hash": known.started.detail.get("command_hash") if known else work.command_hash,
            "request_hash": work.invocation.request_hash,
            "attempt": known.attempt + 1 if known else 1,
            "instance": work.invocation.settings.instance_id,
            "asked_by": work.planned.principal if work.planned else work.invocation.principal,
            "lease_unix": lease_end_unix(work),
        },
        plan_id=plan_id,
    )
    try:
        fold = journal.append_and_read_back(record)
    except RewindError:
        withdraw(work, journal, record.record_id)
        raise
    op = fold.operations.get(record.operation_id)
    is_ours = op is not None and op.claim == record.record_id and op.state == "claimed"
    # Another attempt that came between wrote down other moves than these.
    if op is not None and is_ours and op.attempt == record.detail["attempt"]:
        return record.record_id
    withdraw(work, journal, record.record_id)
    check_not_cancelled(plan_id, fold)
    raise _lost(work, fold, op)


def lease_end_unix(work: Work) -> int:
    """Return the Unix second in which the invocation is over at the latest, by the journal's clock."""
    return int(work.now_unix + work.invocation.remaining_s()) + _LEASE_MARGIN_S


def withdraw(work: Work, journal: Journal, claim_id: str) -> None:
    """Take a claim back under which nothing was written."""
    try:
        journal.append(make_record(work, "withdrawn", {"claim": claim_id}))
    except RewindError:
        # A claim that cannot be withdrawn ends with its lease; the caller is told of the failure before this one.
        return


def _lost(work: Work, fold: Fold, op: Operation | None) -> RefusedError:
    holder = fold.holder(work.journal_group) or op
    if holder is not None and holder.state in {"claimed", "unfinished"}:
        return taken(work, holder)
    return RefusedError(
        f"another operation on {work.target} was first and has ended meanwhile",
        code="operation_in_progress",
        hint="Look at the group again, then send the command again.",
        retry_after_s=1,
    )


def end(work: Work, journal: Journal, record: Record) -> bool:
    """Write down how an operation ended, and return whether that worked; if not, its next call repairs it."""
    try:
        journal.append(record)
    except RewindError as error:
        work.warn(
            "journal_unfinished",
            f"what was done could not be written to the journal ({error.message}); send the same command again, or "
            f"resume operation {record.operation_id}: it finds what is done and only writes that down",
        )
        return False
    return True
