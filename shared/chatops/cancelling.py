"""Cancel: a record that takes a plan out of the world, unless somebody has begun to carry it out before."""

from shared.chatops.cards import cancelled_card
from shared.chatops.desk import Desk, Reply
from shared.chatops.messages import Card
from shared.chatops.wording import fitted
from shared.errors import NotFoundError, RefusedError
from shared.execution.invocation import journal_required
from shared.execution.proof_strength import proof_too_weak
from shared.journal.journal import Journal
from shared.journal.operations import Operation
from shared.journal.records import Record
from shared.policy.rules import Policy, denied, principal_matches
from shared.positions import iso_utc
from shared.results import Target

_CAME_TO = {
    "applied": "done",
    "unchanged": "nothing to do",
    "partial": "partly done",
    "failed": "it failed, and may have taken effect",
}
# An attempt that stands before the cancellation, and is refused behind it, leaves neither; so does hardly a second one.
_TRIES = 2


def cancel(plan_id: str, desk: Desk) -> Reply:
    """Return the card that takes a plan's place; or in private who has carried it out, and what that came to.

    What stands first in the journal decides: a cancellation before which no claim stands is one for every instance,
    and whoever claims after it is refused.

    Raises:
        PolicyDeniedError: The caller neither asked for the plan nor may do what it does; or the proof is too weak.
        NotFoundError: The journal does not know the plan.
        RefusedError: No journal is set; or the plan was just being applied, and that came to nothing.
        JournalError: The journal does not show what is written to it.
    """
    policy, principal = desk.invocation.policy, desk.invocation.principal
    _check_known(policy, principal)
    if desk.invocation.assurance == "preview":
        raise proof_too_weak()
    journal = _journal(desk)
    fold = journal.catch_up()
    planned = fold.plans.get(plan_id)
    if planned is None:
        raise NotFoundError(
            "no such plan in the journal's last 72 hours", code="plan_not_found", hint="Nothing can apply it any more."
        )
    if planned.principal != principal:
        policy.grant(principal, planned.action, Target(planned.project, planned.logstore, planned.consumer_group))
    for _ in range(_TRIES):
        if plan_id not in fold.cancelled:
            fold = journal.append_and_read_back(_cancellation(planned, journal, desk))
        cancelled, begun = fold.cancelled.get(plan_id), fold.begun(planned)
        if cancelled is not None:
            return Reply(cancelled_card(cancelled))
        if begun is not None:
            return Reply(_too_late_card(planned, begun))
    raise _crossed(plan_id)


def _check_known(policy: Policy, principal: str) -> None:
    """Keep those out whom no rule names, before the journal is read for them."""
    named = (pattern for rule in policy.rules for pattern in rule.principals)
    if not any(principal_matches(pattern, principal) for pattern in named):
        raise denied()


def _journal(desk: Desk) -> Journal:
    journal = desk.invocation.open_journal(None)
    if journal is None:
        raise journal_required("cancel")
    return journal


def _crossed(plan_id: str) -> RefusedError:
    return RefusedError(
        f"plan {plan_id} was being applied just then, which came to nothing; it is not cancelled yet",
        code="operation_in_progress",
        hint="Try again.",
        retry_after_s=1,
    )


def _cancellation(planned: Record, journal: Journal, desk: Desk) -> Record:
    return Record(
        kind="abandoned",
        record_id=desk.invocation.fresh_id(),
        written_unix=int(journal.now_unix()),
        project=planned.project,
        logstore=planned.logstore,
        consumer_group=planned.consumer_group,
        principal=desk.invocation.principal,
        action=planned.action,
        plan_id=planned.plan_id,
    )


def _too_late_card(planned: Record, op: Operation) -> Card:
    """Return who has carried a plan out, and what that came to."""
    operation_id, started = op.started.operation_id, op.started
    target = "/".join(started.group)
    lines = [f"It was applied by {op.claimed_by or started.principal}, at {iso_utc(op.claimed_unix)}: {_came_to(op)}."]
    if op.state == "finished":
        lines.append(f"To take it back: `undo {target} {operation_id}`.")
    return Card(
        title="Not cancelled: somebody applied it",
        lines=fitted([*lines, "The message with the buttons stays as it is."]),
        footer=f"sls-rewind, plan {planned.plan_id}, operation {operation_id}",
        audience="person",
    )


def _came_to(op: Operation) -> str:
    if op.state == "claimed":
        return "it is under way"
    if op.state == "abandoned":
        return "ended as it stood"
    status = op.finished.status if op.finished else ""
    return _CAME_TO.get(status, status or op.state)
