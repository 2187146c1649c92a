"""What a result says to a person: short lines, in words and numbers that can be acted on, and how to undo it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate

from shared.frozen import frozen
from shared.names import printable
from shared.notifications.movements import attribute_lines, movement_lines, remark_lines
from shared.planning.liveness import NOT_IN_EFFECT
from shared.policy.rules import DestinationKind
from shared.positions import duration, iso_utc
from shared.results import Error, Result, Status

MAX_SIZE = 15_000
"""Bytes of one text, as it is sent: what is not ASCII takes about six. Feishu takes a body of 20 KB, the least of all.

Source: reference chat-and-webhooks.md section 3.6.
"""
_LINE_SIZE = 600
_MAX_WARNINGS = 4
# What a plan does besides, or that it has no effect, is never among those that are left out.
_TOLD_FIRST = frozenset({"not_in_effect", "apply_options"})
_WROTE = frozenset({"applied", "partial"})

_OPENINGS: Mapping[Status, str] = {
    "read": "Read",
    "planned": "Planned, nothing is written yet",
    "applied": "Applied",
    "unchanged": "Nothing to do",
    "duplicate": "Done before, nothing was written again",
    "accepted": "Accepted, not done yet",
    "partial": "Only partly done",
    "refused": "Refused",
    "failed": "Failed",
}
# In this order: how to take it back is never to be cut off.
_OFFERS = {
    "undo": "Undo it (shows a plan first)",
    "update_checkpoint": "",
    "update_consumer_group": "",
    "apply": "Apply the plan",
    "resume": "Finish it",
    "abandon": "End it as it stands",
    "verify": "See whether it held",
    "describe": "See where it stands",
}


@frozen
class Message:
    """One notification, before it takes a platform's form.

    Attributes:
        message_id: Tells this notification from every other, and is the same when it is told again.
        kind: What happened, for software: "command.applied", with the result's status.
        text: What happened, for people: lines.
        data: All of it: the caller, the text and the whole result as plain JSON.
    """

    message_id: str
    kind: str
    text: str
    data: Mapping[str, object]


def compose(result: Result, *, caller: str, now: datetime) -> Message:
    """Return the notification of a result.

    Args:
        result: What became of a command, or of a batch of them.
        caller: Who asked for it: the principal.
        now: When it is told; part of the id where no FC request names the invocation.
    """
    text = text_of(result, caller=caller)
    which = [result.fc_request_id or iso_utc(now.timestamp()), result.operation_id, result.plan_id]
    told = [caller, *which, result.action, result.status]
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
    data = {"caller": caller, "text": text, "result": result.as_dict()}
    return Message(f"msg_{digest}", f"command.{result.status}", text, data)


def text_of(result: Result, *, caller: str) -> str:
    """Return what a result says to a person, at most `MAX_SIZE`.

    A batch's parts follow one another, what is not ok first, each with its number.
    """
    page = _Page()
    page.add([_headline(result, asked_by=caller), *_body(result)])
    _offer(page, result)
    for number, part in _parts(result):
        if not page.add([f"{number}. {_headline(part)}", *_body(part)]):
            page.close("More parts are in the result.")
            break
        _offer(page, part)
    page.close(_footer(result))
    return "\n".join(page.lines)


def escape(text: str, kind: DestinationKind) -> str:
    """Return a text so that a platform shows it as it stands: no mention, link or tag comes to life.

    Slack decodes entities. Feishu's texts know tags such as <at>, and what it does with entities is not known:
    there look-alikes stand in. DingTalk's texts and plain webhooks know no markup.

    Source: reference chat-and-webhooks.md sections 1.2, 2.2 and 3.4.
    """
    if kind == "slack":
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("<", "\uff1c").replace(">", "\uff1e") if kind == "feishu" else text


class _Page:
    """Takes lines as long as there is room; keeps some for the two that close it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._left = MAX_SIZE - 2 * (_LINE_SIZE + 1)

    def add(self, lines: Sequence[str]) -> bool:
        """Take all of these lines, or none; return which."""
        size = sum(_size(line) + 1 for line in lines)
        if size > self._left:
            return False
        self.lines += lines
        self._left -= size
        return True

    def close(self, line: str) -> None:
        """Take a line for which room was kept."""
        self.lines.append(line)


def _line(text: str) -> str:
    shown = printable(text, longest=_LINE_SIZE)
    return "".join(char for char, size in zip(shown, accumulate(map(_size, shown)), strict=True) if size <= _LINE_SIZE)


def _size(text: str) -> int:
    return len(text.encode("ascii", "backslashreplace"))


def _headline(result: Result, *, asked_by: str = "") -> str:
    opening = _OPENINGS[result.status]
    if is_not_in_effect(result):
        opening = NOT_IN_EFFECT + (", and only in part" if result.status == "partial" else "")
    # A refused apply may hold the id of a new plan.
    carried_out = result.action == "apply" and result.plan_id and result.ok
    what = f"plan {result.plan_id}" if carried_out else result.action
    where = f" on {result.target}" if result.target else ""
    return _line(f"{opening}: {what}{where}{f', asked for by {asked_by}' if asked_by else ''}.")


def is_not_in_effect(result: Result) -> bool:
    """Return whether something was written that has no effect as long as consumers hold the shards."""
    here = result.status in _WROTE and any(warning.code == "not_in_effect" for warning in result.warnings)
    return here or any(is_not_in_effect(part) for part in result.parts)


def _parts(result: Result) -> list[tuple[int, Result]]:
    return sorted(enumerate(result.parts, start=1), key=lambda numbered: (numbered[1].ok, numbered[0]))


def _body(result: Result) -> list[str]:
    lines = [*_summary(result), *movement_lines(result), *attribute_lines(result)]
    if result.error is not None and not result.parts:
        lines += _reason(result.error, result.retry_after_s)
    lines += remark_lines(result)
    warnings = sorted(result.warnings, key=lambda warning: warning.code not in _TOLD_FIRST)
    lines += [f"Note ({warning.code}): {warning.message}" for warning in warnings[:_MAX_WARNINGS]]
    if len(result.warnings) > _MAX_WARNINGS:
        lines.append(f"{len(result.warnings) - _MAX_WARNINGS} more notes are in the result.")
    return [_line(line) for line in lines]


def _reason(error: Error, retry_after_s: int | None) -> list[str]:
    again = f" Worth trying again in {duration(retry_after_s)}." if retry_after_s is not None else ""
    again = again or (" The same may succeed later." if error.retryable else "")
    hint = [f"What to do: {error.hint}"] if error.hint else []
    return [f"Why: {error.message.rstrip('.')}.{again}", *hint]


def _summary(result: Result) -> list[str]:
    described = result.own.get("describe")
    summary = described.get("summary") if isinstance(described, Mapping) else None
    return [f"{summary}."] if isinstance(summary, str) else []


def _offer(page: _Page, result: Result) -> None:
    """Put the commands that fit now on the page, each exactly as it is to be sent."""
    known = [command for command in result.next if command.get("action") in _OFFERS]
    others = [command for command in result.next if command.get("action") not in _OFFERS]
    for command in (*sorted(known, key=lambda c: list(_OFFERS).index(str(c["action"]))), *others):
        label = _label(result, command)
        exactly = json.dumps(command, ensure_ascii=True)
        if not page.add([f"{label}: {exactly}"]):
            page.add([f"{label}: too long for a message, `next` of the result holds it."])


def _label(result: Result, command: Mapping[str, object]) -> str:
    action = str(command.get("action"))
    if action == "apply" and result.expires_at:
        return f"Apply the plan, until {result.expires_at}"
    if label := _OFFERS.get(action):
        return label
    if result.status not in _WROTE:
        return "Do it"
    return "Undo it" if action == "update_consumer_group" or _puts_back(result, command) else "Finish it"


def _puts_back(result: Result, command: Mapping[str, object]) -> bool:
    """Return whether a command on checkpoints is about what was moved; else it is about what was left."""
    moved = {str(shard.shard) for shard in result.shards if shard.status == "moved"}
    checkpoints = command.get("checkpoints")
    return isinstance(checkpoints, Mapping) and moved >= set(checkpoints)


def _footer(result: Result) -> str:
    """Return what finds it again, in journal and logs; the project's name stands in every text.

    A DingTalk or Feishu robot that is secured by a keyword can take that name.
    """
    ids: Iterable[tuple[str, str | None]] = (
        ("operation", result.operation_id),
        ("FC request", result.fc_request_id),
        ("SLS request", result.error.sls_request_id if result.error else None),
    )
    named = "".join(f", {name} {printable(value)}" for name, value in ids if value)
    return _line(f"sls-rewind{named}")
