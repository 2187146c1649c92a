"""From what a command names to what it may touch: aliases resolved, policy asked, before any call leaves."""

from shared.commands import Command, LogstoreCommand
from shared.errors import NotFoundError, PolicyDeniedError
from shared.execution.apply_options import as_planned
from shared.execution.invocation import Invocation, Work, derived_id, journal_required
from shared.execution.proof_strength import check_proof, check_remembered
from shared.journal.journal import Journal
from shared.journal.records import Record
from shared.operation_commands import Abandon, Apply, Batch, Moving, OperationCommand, Resume, Verify
from shared.policy.rules import Grant, denied
from shared.results import Target


def authorize(command: Command, invocation: Invocation) -> list[Work]:
    """Return the command, or each part of a batch in order, ready to be carried out.

    Raises:
        PolicyDeniedError: Policy does not allow all of it, or the caller's proof is too weak for it.
        NotFoundError: The journal does not know the plan that is to be applied.
        RefusedError: A plan is to be applied, or a write carried out on a signature, and no journal is set.
    """
    check_proof(command, invocation.assurance, invocation.policy, now_unix=invocation.now().timestamp())
    check_remembered(command, invocation)
    journal = invocation.open_journal(None)
    if not isinstance(command, Batch):
        return [_work(command, invocation, journal, part="")]
    _check_size(command, invocation.policy.limits.max_targets)
    works = [_work(part, invocation, journal, part=str(number)) for number, part in enumerate(command.commands)]
    _check_size(command, min((work.grant.limits.max_targets for work in works), default=0))
    return works


def _check_size(batch: Batch, most: int) -> None:
    if len(batch.commands) > most:
        raise PolicyDeniedError(
            f"max_targets: the batch has {len(batch.commands)} commands, {most} are allowed",
            code="limit_exceeded",
            hint="Send it in several batches, or raise max_targets under [limits] in policy.toml.",
        )


def _work(command: Command, invocation: Invocation, journal: Journal | None, *, part: str) -> Work:
    if isinstance(command, Apply):
        return _work_of_plan(command, invocation, journal)
    target = _resolve(command, invocation)
    grant = _grant(invocation, command.action, target)
    if isinstance(command, Moving):
        _check_source(command, invocation, target)
    if command.is_write:
        _check_frozen(invocation)
        if not isinstance(command, Resume | Abandon):
            check_direct(grant)
    operation_id = None
    if isinstance(command, OperationCommand) and isinstance(command, Resume | Abandon):
        operation_id = command.operation_id
    elif command.is_write:
        operation_id = invocation.operation_id(part)
    client = invocation.client(target.project, operation_id)
    return Work(invocation, command, target, grant, operation_id, client, journal)


def _work_of_plan(command: Apply, invocation: Invocation, journal: Journal | None) -> Work:
    invocation.policy.grant(invocation.principal, command.action, None)
    _check_frozen(invocation)
    planned = _find_plan(command.plan_id, journal)
    target = Target(planned.project, planned.logstore, planned.consumer_group)
    _grant(invocation, command.action, target)
    grant = _grant(invocation, planned.action, target)
    _check_confirmation(invocation, planned, target)
    operation_id = derived_id("plan", command.plan_id)
    client = invocation.client(target.project, operation_id)
    command = as_planned(command, planned, invocation)
    return Work(invocation, command, target, grant, operation_id, client, journal, planned)


def follow_up(operation_id: str, invocation: Invocation) -> Work:
    """Return the look at what an operation came to, for whoever may do what it did: that takes no right to `verify`.

    Raises:
        PolicyDeniedError: Policy does not allow it, or not any more.
        NotFoundError: The journal does not know the operation.
        RefusedError: No journal is set.
    """
    journal = invocation.open_journal(None)
    if journal is None:
        raise journal_required("verify")
    op = journal.catch_up().operations.get(operation_id)
    if op is None:
        raise NotFoundError("the journal's last 72 hours know no such operation", code="operation_not_found")
    project, logstore, group = op.started.group
    target = Target(project, logstore, group)
    grant = _grant(invocation, op.started.action, target)
    command = Verify.model_validate({"action": "verify", "target": str(target), "operation_id": operation_id})
    return Work(invocation, command, target, grant, None, invocation.client(project, None), journal)


def _find_plan(plan_id: str, journal: Journal | None) -> Record:
    if journal is None:
        raise journal_required("apply")
    plans = journal.catch_up().plans
    if plan_id not in plans:
        raise NotFoundError(
            "no such plan in the journal's last 72 hours",
            code="plan_not_found",
            hint="Plan again; a plan can be applied for 15 minutes.",
        )
    return plans[plan_id]


def _grant(invocation: Invocation, action: str, target: Target) -> Grant:
    grant = invocation.policy.grant(invocation.principal, action, target)
    if (target.project, target.logstore) == invocation.settings.journal:
        raise denied()
    return grant


def _resolve(command: Command, invocation: Invocation) -> Target:
    if not isinstance(command, LogstoreCommand):
        raise denied()
    group = getattr(command, "consumer_group", None)
    if command.project is not None and command.logstore is not None:
        return Target(command.project, command.logstore, group)
    named = command.target or ""
    if "/" in named:
        project, logstore, *rest = named.split("/")
        target = Target(project, logstore, rest[0] if rest else None)
    elif named in invocation.policy.aliases:
        target = invocation.policy.aliases[named]
    else:
        raise denied()
    return target if "consumer_group" in command.parts else Target(target.project, target.logstore, None)


def _check_source(command: Moving, invocation: Invocation, target: Target) -> None:
    """Let positions be copied only from a group on which the caller may do the same."""
    source = command.copied_group()
    if source is not None:
        _grant(invocation, command.action, Target(target.project, target.logstore, source))


def _check_frozen(invocation: Invocation) -> None:
    if invocation.settings.read_only:
        raise PolicyDeniedError(
            "all writes are frozen by REWIND_READ_ONLY",
            code="read_only",
            hint="Preview with dry_run; whoever set REWIND_READ_ONLY=1 on the function takes it away again.",
        )


def check_direct(grant: Grant) -> None:
    """Let a write pass that needs no confirmation.

    Raises:
        PolicyDeniedError: Policy wants a preview that was confirmed.
    """
    if grant.confirm != "none":
        raise PolicyDeniedError(
            f'policy.toml says confirm = "{grant.confirm}" here: no write without a preview that was confirmed',
            code="confirmation_required",
            hint="Send it with dry_run: true, then apply the plan that it answers with.",
        )


def _check_confirmation(invocation: Invocation, planned: Record, target: Target) -> None:
    """Let those apply a plan whom the rule of its asker, as it stands now, lets."""
    asked = invocation.policy.grant(planned.principal, planned.action, target)
    if asked.lets_apply(invocation.principal, planned.principal):
        return
    if asked.confirm == "same":
        raise _not_theirs('confirm = "same" lets only the one who asked for the plan apply it')
    raise _not_theirs('confirm = "other" lets only a named approver other than the asker apply it')


def _not_theirs(message: str) -> PolicyDeniedError:
    return PolicyDeniedError(
        f"policy.toml says {message}",
        code="confirmation_required",
        hint="Ask the one it names to apply the plan before it expires.",
    )
