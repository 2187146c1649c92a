"""What became of a write that others, or an attempt that was cut off, are at as well."""

from dataclasses import replace

from shared.chatops.deliveries import Delivery
from shared.execution.apply_options import as_planned
from shared.execution.invocation import Invocation, derived_id
from shared.execution.run import look_afterwards, run_command
from shared.operation_commands import AnyCommand, Apply, Resume
from shared.results import Notice, Result

_IN_PROGRESS = "operation_in_progress"
_SETTLES_WITHIN_S = 8


def settled(command: AnyCommand, invocation: Invocation) -> Result:
    """Return a command's result; if somebody else is just at it, what that came to, as long as it comes soon."""
    result = run_command(command, invocation)
    for _ in range(_SETTLES_WITHIN_S if isinstance(command, Apply | Resume) else 0):
        if result.error is None or result.error.code != _IN_PROGRESS:
            break
        invocation.sleep(1.0)
        result = run_command(command, invocation)
    return result


def put_off(command: AnyCommand, invocation: Invocation) -> tuple[AnyCommand, int | None]:
    """Return a command that looks at nothing later itself, and the seconds after which it, or its plan, asked for that.

    In a chat what was done is told at once, and the look at it comes as a message of its own.
    """
    if not isinstance(command, Apply):
        return command, None
    journal = invocation.open_journal(None)
    planned = journal.fold.plans.get(command.plan_id) if journal is not None else None
    asked = as_planned(command, planned, invocation) if planned is not None else command
    return command.model_copy(update={"verify_after_s": 0}), asked.verify_after_s or None


def again_in_s(command: AnyCommand, result: Result, invocation: Invocation) -> int | None:
    """Return the seconds after which an attempt of the very person can be continued, if it was cut off.

    None where nothing of the person's own stands in the way: whoever presses after somebody else is told so.
    """
    journal = invocation.open_journal(None)
    operation_id = _operation_of(command)
    if journal is None or operation_id is None or result.error is None or result.error.code != _IN_PROGRESS:
        return None
    op = journal.fold.operations.get(operation_id)
    is_own = op is not None and op.state == "claimed" and op.claimed_by == invocation.principal
    return result.retry_after_s + 1 if is_own and result.retry_after_s is not None else None


def awaited(result: Result) -> Result:
    """Return a refusal as it is to be told where the same is worked on once more by itself."""
    hint = "Nothing: this is looked at again by itself, and what it came to is told here"
    return replace(result, error=replace(result.error, hint=hint) if result.error else None)


def as_done_now(result: Result, delivery: Delivery) -> Result:
    """Return what one's own attempt came to as if it had just ended, where nobody was shown it yet.

    So it is where an instance died between the write and the message.
    """
    invocation, operation_id = delivery.invocation, result.operation_id
    if result.status != "duplicate" or result.recorded_by != invocation.principal or operation_id is None:
        return result
    if delivery.is_shown(operation_id):
        return result
    changed = any(shard.status == "moved" for shard in result.shards)
    attributes = result.consumer_group
    changed = changed or (attributes is not None and attributes.before != attributes.after)
    done = replace(result, status="applied" if changed else "unchanged", recorded_by=None, recorded_at=None)
    return replace(done, warnings=(*_effect(done, invocation), *done.warnings))


def _effect(result: Result, invocation: Invocation) -> tuple[Notice, ...]:
    """Return that it is not in effect, where a consumer still holds what was written."""
    if result.operation_id is None or result.status != "applied":
        return ()
    looked = look_afterwards(result.operation_id, invocation)
    return tuple(warning for warning in looked.warnings if warning.code == "not_in_effect")


def _operation_of(command: AnyCommand) -> str | None:
    if isinstance(command, Apply):
        return derived_id("plan", command.plan_id)
    return command.operation_id if isinstance(command, Resume) else None
