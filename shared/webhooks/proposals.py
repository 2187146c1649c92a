"""From alerts to proposals: what policy.toml makes of each is planned, kept, answered and told; never written."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.command_parser import parse_command_table
from shared.commands import Command
from shared.errors import DeadlineError, InvalidCommandError, PolicyDeniedError, RewindError
from shared.execution.authorization import authorize
from shared.execution.batches import joint_result
from shared.execution.invocation import Invocation
from shared.execution.proposing import Proposal, note_told, propose
from shared.execution.run import refusal
from shared.frozen import as_plain, frozen
from shared.names import printable
from shared.policy.alerts import ACTIONS, AlertRule, fill
from shared.policy.rules import denied
from shared.positions import iso_utc
from shared.results import Notice, Result
from shared.webhooks.alerts import Alert, OddAlert, Payload

_ACTION_UNKNOWN = "alert"
# What planning one more alert takes, and keeping its proposal.
_PLANNING_TIME_S = 5.0
_SHOWN_CHARACTERS = 120


@frozen
class _Answered:
    """What became of one alert; and the message about it, who asked for it, and who is to be told."""

    result: Result
    caller: str
    proposal: Proposal | None = None
    notify: Sequence[str] = ()


def propose_alerts(payload: Payload, invocation: Invocation) -> Result:
    """Return what became of each alert: one result, or for several a batch with one result each.

    People are told when all is planned, so that a slow destination keeps no alert from being planned.
    """
    begun_s = time.monotonic()
    answered = [_answer(alert, invocation) for alert in payload.alerts]
    results = _tell(answered, invocation)
    single = results[0] if len(results) == 1 else joint_result("batch", results, "alerts", retryable_first=True)
    elapsed_ms = round((time.monotonic() - begun_s) * 1000)
    result = replace(single, fc_request_id=invocation.fc_request_id, elapsed_ms=elapsed_ms)
    return _and_left_out(result, payload.left_out)


def _answer(alert: Alert | OddAlert, invocation: Invocation) -> _Answered:
    if isinstance(alert, OddAlert):
        return _answer_odd(alert, invocation)
    invocation = replace(invocation, principal=alert.principal or invocation.principal, idempotency_key=None)
    answered = _answer_sound(alert, invocation)
    invocation.audit(_audited(alert, invocation.principal, answered.result))
    return answered


def _answer_sound(alert: Alert, invocation: Invocation) -> _Answered:
    caller, request_id = invocation.principal, invocation.fc_request_id
    try:
        rule = invocation.policy.alert_rule(caller, alert.name, alert.labels)
        if not alert.is_firing:
            return _Answered(replace(_not_firing(alert, rule, invocation), fc_request_id=request_id), caller)
        proposal = _propose(alert, rule, invocation)
    except RewindError as error:
        # Of what is refused, no more is said than to anybody: neither whether policy knows the alert, nor its name.
        return _Answered(_refused(error, invocation), caller)
    return _Answered(replace(proposal.result, fc_request_id=request_id), caller, proposal, rule.notify)


def _answer_odd(alert: OddAlert, invocation: Invocation) -> _Answered:
    result = _refused(alert.error, invocation)
    told = {"event": "alert", "sender": alert.sender, "principal": invocation.principal}
    invocation.audit({**told, "status": result.status, "code": alert.error.code})
    return _Answered(result, invocation.principal)


def _refused(error: RewindError, invocation: Invocation) -> Result:
    return replace(refusal(_ACTION_UNKNOWN, error), dry_run=True, fc_request_id=invocation.fc_request_id)


def _propose(alert: Alert, rule: AlertRule, invocation: Invocation) -> Proposal:
    if invocation.remaining_s() < _PLANNING_TIME_S:
        raise DeadlineError(
            "not attempted: the invocation's time is nearly used up",
            hint="Send the alerts again: those that are proposed are recognized. Raise the timeout in template.yml.",
        )
    command = _command(alert, rule, invocation)
    about = {"sender": alert.sender, "alert": printable(alert.name, longest=_SHOWN_CHARACTERS)}
    episode = alert.episode(invocation.principal)
    proposal = propose(command, invocation, episode=episode, about=about, is_told=bool(rule.notify))
    message = proposal.message and _with_about(alert, proposal.message)
    return replace(proposal, result=_with_about(alert, proposal.result), message=message)


def _with_about(alert: Alert, result: Result) -> Result:
    return replace(result, warnings=(_about(alert), *result.warnings)) if result.ok else result


def _command(alert: Alert, rule: AlertRule, invocation: Invocation) -> Command:
    """Return the command of an alert, filled and read as any caller's would be, and never a write."""
    given = rule.command if rule.command is not None else alert.command
    if given is None:
        raise InvalidCommandError(
            ["command: missing"],
            hint="The alert's [[alerts]] entry in policy.toml names none, so the alert itself must carry one.",
        )
    if given.get("action") not in ACTIONS:
        raise InvalidCommandError([f"command.action: must be one of {', '.join(ACTIONS)}"])
    if given.get("dry_run", True) is not True:
        raise InvalidCommandError(["command.dry_run: what an alert asks for is always only planned"])
    try:
        told = alert.told(invocation.now().timestamp())
        return parse_command_table({**fill(given, told), "dry_run": True})
    except InvalidCommandError as error:
        raise InvalidCommandError([f"command.{problem}" for problem in error.problems], hint=error.hint) from error


def _not_firing(alert: Alert, rule: AlertRule, invocation: Invocation) -> Result:
    """Return what is told of an alert that is over.

    Raises:
        PolicyDeniedError: Policy would not let its firing twin plan, of which no more is told than of this.
    """
    try:
        authorize(_command(alert, rule, invocation), invocation)
    except InvalidCommandError:
        # What it would have planned, it does not tell; any right to plan will do.
        _check_any_right(invocation)
    told = Notice(
        "not_firing", "the alert is not firing, so nothing is planned; a plan proposed for it may still stand"
    )
    action = str(rule.command["action"]) if rule.command is not None else _ACTION_UNKNOWN
    return Result(status="unchanged", action=action, dry_run=True, warnings=(told,))


def _check_any_right(invocation: Invocation) -> None:
    for action in ACTIONS:
        try:
            invocation.policy.grant(invocation.principal, action, None)
        except PolicyDeniedError:
            continue
        return
    raise denied()


def _about(alert: Alert) -> Notice:
    since = "" if alert.started_unix is None else f", since {iso_utc(alert.started_unix)}"
    return Notice("alert", f"alert {printable(alert.name, longest=_SHOWN_CHARACTERS)} of {alert.sender}{since}")


def _audited(alert: Alert, principal: str, result: Result) -> Mapping[str, object]:
    return {
        "event": "alert",
        "sender": alert.sender,
        "alert": printable(alert.name, longest=_SHOWN_CHARACTERS),
        "episode": alert.episode(principal),
        "principal": principal,
        "action": result.action,
        "target": str(result.target) if result.target else None,
        "status": result.status,
        "plan_id": result.plan_id,
        "code": result.error.code if result.error else None,
    }


def _tell(answered: Sequence[_Answered], invocation: Invocation) -> list[Result]:
    waiting = sum(one.proposal is not None and one.proposal.message is not None for one in answered)
    results = []
    for one in answered:
        if one.proposal is not None and one.proposal.message is not None:
            results.append(_told(one, one.proposal, one.proposal.message, invocation, share=1 / waiting))
            waiting -= 1
        else:
            results.append(one.result)
    return results


def _told(one: _Answered, proposal: Proposal, message: Result, invocation: Invocation, *, share: float) -> Result:
    """Return a result after telling its destinations, within a share of the time left; what fails is a warning."""
    from shared.notifications import notify  # noqa: PLC0415 -- no cold start of a command pays for it

    left_s = invocation.remaining_s()
    outcomes = notify(
        one.notify,
        replace(message, fc_request_id=invocation.fc_request_id),
        caller=one.caller,
        policy=invocation.policy,
        settings=invocation.settings,
        now=invocation.now(),
        remaining_s=lambda: invocation.remaining_s() - left_s * (1 - share),
    )
    for outcome in outcomes:
        invocation.audit({"event": "notified", "plan_id": one.result.plan_id, **as_plain(outcome)})
    if any(outcome.sent for outcome in outcomes):
        note_told(proposal)
    failed = [Notice("not_notified", outcome.message) for outcome in outcomes if not outcome.sent]
    return replace(one.result, warnings=(*one.result.warnings, *failed))


def _and_left_out(result: Result, left_out: int) -> Result:
    if not left_out:
        return result
    told = Notice(
        "truncated_alerts", f"the sender left {left_out} alerts out of this payload: nothing is planned for them"
    )
    return replace(result, warnings=(*result.warnings, told))
