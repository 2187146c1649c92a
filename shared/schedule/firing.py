"""A firing: the event of a timer trigger, read into the command that it asks for and what it says about when."""

import json
from collections.abc import Mapping
from datetime import datetime, time, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.command_parser import parse_command_table
from shared.commands import Command
from shared.errors import InvalidCommandError
from shared.frozen import frozen
from shared.goals import read_instant
from shared.names import printable
from shared.operation_commands import MODELS, Moving, Planning
from shared.strict_json import parse_strict_json

_OPTIONS = ("max_late_s", "only_between", "notify")
_MOST_LATE_S = 7 * 86_400
_MOST_DESTINATIONS = 10


@frozen
class Window:
    """A part of the day in a zone; where it begins later than it ends, it goes across midnight.

    Attributes:
        begins: Local time, part of the window.
        ends: Local time, no longer part of it.
        zone: The zone of both.
    """

    begins: time
    ends: time
    zone: ZoneInfo

    def holds(self, unix: float) -> bool:
        """Return whether an instant lies in it."""
        local = datetime.fromtimestamp(unix, self.zone).time()
        if self.begins <= self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends


@frozen
class Firing:
    """One firing of a timer trigger.

    Attributes:
        function_name: The function that it invokes.
        trigger_name: The trigger.
        trigger_unix: The time it stands for, whenever it is delivered.
        command: What it asks for; several commands are a batch.
        max_late_s: How much later it may still begin; None for any time.
        window: When it may begin; None for always.
        notify: Destinations of policy.toml that are told the outcome.
    """

    function_name: str
    trigger_name: str
    trigger_unix: int
    command: Command
    max_late_s: int | None
    window: Window | None
    notify: tuple[str, ...]

    @property
    def principal(self) -> str:
        """Who is asking."""
        return f"timer:{self.function_name}/{self.trigger_name}"

    @property
    def key(self) -> str:
        """What every delivery of this firing has in common, and no other firing has."""
        return json.dumps([self.function_name, self.trigger_name, self.trigger_unix])


def read_firing(event: bytes, function_name: str) -> Firing:
    """Return the firing that an event holds.

    The payload is a text of JSON: one command with the firing's options beside its own, or `{"commands": [...]}`.

    Raises:
        InvalidCommandError: The event is none of a timer trigger, or its payload cannot be read or breaks a rule;
            every problem at once, by field.

    Source: reference function-compute.md section 4 (three texts; the payload is exactly what was configured).
    """
    told, _ = parse_strict_json(event)
    if not all(isinstance(told.get(key), str) for key in ("triggerTime", "triggerName", "payload")):
        raise InvalidCommandError(["event: not one of a timer trigger"], hint="Only a timer may invoke this function.")
    given, problems = _read_payload(str(told["payload"]))
    trigger_unix = _trigger_unix(str(told["triggerTime"]), problems)
    options = {key: given.pop(key) for key in _OPTIONS if key in given}
    if "commands" in given and "action" not in given:
        given = {"action": "batch", **given}
    max_late_s = _max_late_s(options.get("max_late_s"), problems)
    window = _window(options.get("only_between"), problems)
    notify = _notify(options.get("notify"), problems)
    command = parse_command_table(_anchored(given, trigger_unix, problems), problems)
    trigger_name = printable(str(told["triggerName"]), longest=128).replace("/", "?")
    return Firing(function_name, trigger_name, trigger_unix, command, max_late_s, window, notify)


def _read_payload(text: str) -> tuple[dict[str, object], list[str]]:
    try:
        return parse_strict_json(text.encode("utf-8", "replace"))
    except InvalidCommandError as error:
        # Whoever set the trigger up knows of a payload, not of a body.
        problems = [problem.replace("body:", "payload:", 1) for problem in error.problems]
        raise InvalidCommandError(problems, hint=error.hint) from error


def _trigger_unix(text: str, problems: list[str]) -> int:
    try:
        return read_instant(text, default_zone=timezone.utc)
    except ValueError:
        problems.append("triggerTime: must be an ISO-8601 time")
        return 0


def _anchored(given: Mapping[str, object], trigger_unix: int, problems: list[str], path: str = "") -> dict[str, object]:
    """Return a command with the trigger's time as its own, and note what a timer must not leave open."""
    anchored = dict(given)
    model = MODELS.get(str(given.get("action")))
    if model is not None and issubclass(model, Planning) and "dry_run" not in given:
        problems.append(f"{path}dry_run: missing; say false to write, or true to plan only")
    if model is not None and issubclass(model, Moving):
        if "at" in given:
            problems.append(f"{path}at: a timer's commands are anchored at the time of the trigger")
        anchored["at"] = trigger_unix
    parts = given.get("commands")
    if given.get("action") == "batch" and isinstance(parts, list):
        anchored["commands"] = [
            _anchored(part, trigger_unix, problems, f"commands[{n}].") if isinstance(part, dict) else part
            for n, part in enumerate(parts)
        ]
    return anchored


def _max_late_s(value: object, problems: list[str]) -> int | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_LATE_S:
        return value
    problems.append(f"max_late_s: must be whole seconds, 1 to {_MOST_LATE_S}")
    return None


def _notify(value: object, problems: list[str]) -> tuple[str, ...]:
    names = [] if value is None else value
    if isinstance(names, list) and len(names) <= _MOST_DESTINATIONS and all(isinstance(name, str) for name in names):
        return tuple(names)
    problems.append(f"notify: must be a list of at most {_MOST_DESTINATIONS} names of [destinations] in policy.toml")
    return ()


def _window(value: object, problems: list[str]) -> Window | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"from", "to", "zone"}:
        problems.append('only_between: must be {"from": "22:00", "to": "06:00", "zone": "Asia/Shanghai"}')
        return None
    try:
        window = Window(time.fromisoformat(value["from"]), time.fromisoformat(value["to"]), ZoneInfo(value["zone"]))
    except (ValueError, TypeError, OSError, ZoneInfoNotFoundError):
        problems.append("only_between: from and to must be times such as 22:00, and zone a zone such as Asia/Shanghai")
        return None
    if window.begins.tzinfo or window.ends.tzinfo:
        problems.append("only_between: from and to must be times without a zone; zone names it")
        return None
    if window.begins == window.ends:
        problems.append("only_between: from and to must differ; leave it out for any time")
        return None
    return window
