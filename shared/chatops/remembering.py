"""What a person leaves to memory: "undo orders" means the last operation there, and the journal knows which."""

from collections.abc import Callable, Mapping

from shared.chatops.messages import Message
from shared.errors import NotFoundError, RefusedError
from shared.execution.invocation import Invocation, journal_required
from shared.journal.fold import Fold, Group
from shared.journal.operations import Operation
from shared.policy.rules import denied
from shared.results import Target

_Fits = Callable[[Operation, list[Operation]], bool]

# The platform's clock and SLS's.
_CLOCKS_APART_S = 5
_MOST_LISTED = 3


def with_operation(table: Mapping[str, object], message: Message, invocation: Invocation) -> dict[str, object]:
    """Return a command with the operation that it is about, where it names none and needs one.

    `undo` means the newest that moved something and was not taken back, an undo included; `resume` and `abandon` the
    one that was left unfinished; `verify` the newest. Of all, one that had begun when the message was sent: nobody
    means what comes later. Without a target, the groups are those that policy has aliases for, as far as the caller
    may do this there; to resume or abandon, there must be but one then.

    Raises:
        PolicyDeniedError: The caller may not do this there; told before the journal is read.
        NotFoundError: There is no such operation.
        RefusedError: There are several; or no journal is set; or the platform proves too little of a message to leave
            that to memory.
    """
    action, named = str(table.get("action")), table.get("target")
    if action not in _FITS or "operation_id" in table:
        return dict(table)
    if message.platform == "dingtalk" and action != "verify":
        raise _nameless(action)
    targets = _targets(action, named if isinstance(named, str) else None, invocation)
    fold, until_unix = _fold(action, invocation), message.sent_unix + _CLOCKS_APART_S
    found = [op for target in targets if (op := _found(action, fold.of_group(_group(target)), until_unix))]
    if not found:
        where = targets[0] if named else "any alias"
        raise NotFoundError(
            f"the journal's last 72 hours know nothing to {action} on {where} that had begun when this was sent",
            code="operation_not_found",
            hint="history shows which operations there are.",
        )
    if len(found) > 1 and action != "verify":
        raise _several(action, found)
    newest = max(found, key=lambda op: op.claimed_unix)
    return {"target": "/".join(newest.started.group), **table, "operation_id": newest.started.operation_id}


def _targets(action: str, named: str | None, invocation: Invocation) -> list[Target]:
    """Return the group that is named, or those with an alias; never empty, and none where this is not allowed."""
    policy, principal = invocation.policy, invocation.principal
    if named is not None:
        target = _target(named, invocation)
        policy.grant(principal, action, target)
        return [target]
    seen = [target for target in dict.fromkeys(policy.aliases.values()) if policy.sees(principal, action, target)]
    if not seen:
        raise denied()
    return seen


def _group(target: Target) -> Group:
    return target.project, target.logstore, target.consumer_group or ""


def _found(action: str, operations: list[Operation], until_unix: int) -> Operation | None:
    """Return the newest operation of a group that fits and had begun by then; None if none does."""
    begun = [op for op in operations if op.started.written_unix <= until_unix]
    return next((op for op in reversed(begun) if _FITS[action](op, operations)), None)


def command_of(action: str, opaque_id: str, invocation: Invocation) -> dict[str, object]:
    """Return the command that a button stands for.

    Args:
        action: What the button does.
        opaque_id: The plan's id for `apply`; the operation's for all others.
        invocation: Who pressed it, and where the journal is.

    Raises:
        PolicyDeniedError: The caller may do this nowhere.
        NotFoundError: The journal does not know the operation.
        RefusedError: No journal is set.
    """
    if action == "apply":
        return {"action": action, "plan_id": opaque_id}
    invocation.policy.grant(invocation.principal, action, None)
    op = _fold(action, invocation).operations.get(opaque_id)
    if op is None:
        raise NotFoundError(
            "the journal's last 72 hours know no such operation",
            code="operation_not_found",
            hint="history shows which there are.",
        )
    project, logstore, group = op.started.group
    named = {"project": project, "logstore": logstore, "consumer_group": group}
    return {"action": action, **named, "operation_id": opaque_id}


def _nameless(action: str) -> RefusedError:
    return RefusedError(
        f"DingTalk does not prove a message as a whole, so {action} must name its operation",
        code="operation_required",
        hint=f"history shows which there are; then send {action}, the group and the operation.",
    )


def _several(action: str, found: list[Operation]) -> RefusedError:
    lines = [f"`{action} {'/'.join(op.started.group)} {op.started.operation_id}`" for op in found[:_MOST_LISTED]]
    more = f", or one of {len(found) - _MOST_LISTED} more" if len(found) > _MOST_LISTED else ""
    return RefusedError(
        f"{len(found)} operations could be meant, each on a group of its own",
        code="operation_required",
        hint=f"Send one of {', '.join(lines)}{more}.",
    )


def _target(named: str, invocation: Invocation) -> Target:
    aliased = invocation.policy.aliases.get(named)
    if aliased is not None:
        return aliased
    match named.split("/"):
        case [project, logstore, group]:
            return Target(project, logstore, group)
        case _:
            raise denied()


def _fold(action: str, invocation: Invocation) -> Fold:
    journal = invocation.open_journal(None)
    if journal is None:
        raise journal_required(action)
    return journal.catch_up()


def _can_be_undone(op: Operation, operations: list[Operation]) -> bool:
    taken_back = any(_moved(other) and other.plan.get("undoes") == op.started.operation_id for other in operations)
    # One that is under way, or was left unfinished, is what stands in the way: the refusal of undo says so.
    return op.is_open or (_moved(op) and not taken_back)


def _moved(op: Operation) -> bool:
    wrote_attributes = bool(op.plan.get("attributes")) and op.finished is not None and op.finished.status == "applied"
    return bool(op.moved | op.unsure) or wrote_attributes


_FITS: Mapping[str, _Fits] = {
    "undo": _can_be_undone,
    "resume": lambda op, _others: op.is_open,
    "abandon": lambda op, _others: op.is_open,
    "verify": lambda _op, _others: True,
}
