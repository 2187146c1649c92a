"""Carrying a firing out: only while it is time for it, once however often it is delivered."""

from collections.abc import Sequence
from dataclasses import replace

from shared.commands import Command, UpdateConsumerGroup
from shared.errors import InvalidCommandError, RefusedError, RewindError
from shared.execution.invocation import Invocation, derived_id, journal_required
from shared.execution.run import refusal, run_command
from shared.frozen import as_plain
from shared.notifications import check_names, notify
from shared.operation_commands import Apply, Batch, Resume
from shared.positions import duration, iso_utc
from shared.results import Result
from shared.schedule.firing import Firing

_PAUSE_S = 3.0
_MOST_AHEAD_S = 60.0
# What planning and writing take after the wait.
_WORKING_TIME_S = 5.0


def carry_out(firing: Firing, invocation: Invocation) -> Result:
    """Return what became of a firing.

    One that comes too late is refused, unless an earlier delivery of it has begun already: what was begun is finished.

    Raises:
        InvalidCommandError: It names a destination that does not exist.
    """
    problems = check_names(firing.notify, invocation.policy, invocation.settings)
    if problems:
        raise InvalidCommandError([f"notify: {problem}" for problem in problems])
    ahead_s = firing.trigger_unix - invocation.now().timestamp()
    if 0 < ahead_s <= _MOST_AHEAD_S:
        # FC's clock is ahead of this one; what is not yet would be refused as a time to come.
        invocation.sleep(ahead_s)
    return _run_when_free(firing, invocation)


def _run_in_time(firing: Firing, invocation: Invocation) -> Result:
    error: RewindError | None = _forgetful(firing, invocation) or _too_late(firing, invocation.now().timestamp())
    if error is not None:
        error = _unless_begun(error, firing, invocation)
    if error is not None:
        return replace(refusal(firing.command.action, error), fc_request_id=invocation.fc_request_id)
    return run_command(firing.command, invocation)


def _forgetful(firing: Firing, invocation: Invocation) -> RefusedError | None:
    """Refuse to move checkpoints where nothing would remember it: the next delivery would move them again."""
    moves = any(part.is_write and not isinstance(part, UpdateConsumerGroup) for part in _parts(firing))
    return journal_required(firing.command.action) if moves and invocation.settings.journal is None else None


def _parts(firing: Firing) -> Sequence[Command]:
    command = firing.command
    return command.commands if isinstance(command, Batch) else (command,)


def _run_when_free(firing: Firing, invocation: Invocation) -> Result:
    """Return the command's result, once no operation in progress is in its way, as long as time allows.

    An earlier delivery of this firing whose instance died holds the group until its lease passes. FC's retries may all
    come before that, so the one that is here waits for it.
    """
    result = _run_in_time(firing, invocation)
    while result.retry_after_s is not None:
        # A batch is not looked at as often: its other parts are carried out again each time.
        pause_s = result.retry_after_s if result.parts else min(_PAUSE_S, result.retry_after_s)
        if invocation.remaining_s() < pause_s + _WORKING_TIME_S:
            break
        invocation.sleep(pause_s)
        result = _run_in_time(firing, invocation)
    return result


def tell(firing: Firing, invocation: Invocation, result: Result) -> None:
    """Tell the firing's destinations what became of it; whether that works changes nothing of what was done."""
    outcomes = notify(
        firing.notify,
        result,
        caller=firing.principal,
        policy=invocation.policy,
        settings=invocation.settings,
        now=invocation.now(),
        remaining_s=invocation.remaining_s,
    )
    for outcome in outcomes:
        invocation.audit({"event": "notified", **as_plain(outcome)})


def _too_late(firing: Firing, now_unix: float) -> RefusedError | None:
    late_s = now_unix - firing.trigger_unix
    if firing.max_late_s is not None and late_s > firing.max_late_s:
        return RefusedError(
            f"max_late_s: this firing of {iso_utc(firing.trigger_unix)} comes {duration(late_s)} late, "
            f"{duration(firing.max_late_s)} are allowed",
            code="too_late",
            hint="Nothing was written. Send the command by hand if it is still wanted.",
        )
    if firing.window is not None and not firing.window.holds(now_unix):
        return RefusedError(
            f"only_between: it is outside {firing.window.begins:%H:%M} to {firing.window.ends:%H:%M} "
            f"in {firing.window.zone.key}",
            code="outside_window",
            hint="Nothing was written. Widen only_between in the trigger's payload, or move the trigger.",
        )
    return None


def _unless_begun(error: RewindError, firing: Firing, invocation: Invocation) -> RewindError | None:
    """Return what keeps a firing that comes too late from being carried out; None if it was begun in time."""
    try:
        return None if _was_begun(firing, invocation) else error
    except RewindError as unread:
        # Whether there is something to finish cannot be told now; a retry may.
        return unread


def _was_begun(firing: Firing, invocation: Invocation) -> bool:
    journal = invocation.open_journal(None)
    if journal is None:
        return False
    parts = _parts(firing)
    ids = {invocation.operation_id(part) for part in ("", *map(str, range(len(parts))))}
    ids |= {derived_id("plan", part.plan_id) for part in parts if isinstance(part, Apply)}
    ids |= {part.operation_id for part in parts if isinstance(part, Resume)}
    known = map(journal.catch_up().operations.get, ids)
    # What failed has written nothing: there is nothing to finish.
    return any(op is not None and op.state not in {"lost", "failed"} for op in known)
