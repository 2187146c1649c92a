"""Which command an alert becomes: the entries of [[alerts]] in policy.toml, and how placeholders are filled.

Entries are tried in the order in which they stand; the first whose principals, name and labels all match decides.
A command here only ever plans: whatever it says, nothing is written.
"""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import field
from fnmatch import fnmatchcase

from shared.errors import InvalidCommandError
from shared.frozen import frozen
from shared.names import printable
from shared.results import Target

ACTIONS = ("rewind", "seek", "skip")
SENDING_CHANNELS = frozenset({"webhook", "eventbridge"})
"""Where alerts come from."""

MAX_REASON_CHARACTERS = 200

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_FORM = re.compile(r"name|starts_at|(?:labels|annotations)\..+", re.DOTALL)
_SAID = {"extra_forbidden": "unknown field", "missing": "missing"}
_SAMPLE_TIME = "2026-01-01T00:00:00Z"
# Each is right in some field: as a name, a duration, a part of one, a time, a position.
_SAMPLES = ("1h", "1", _SAMPLE_TIME, "begin")


@frozen
class AlertRule:
    """One entry of [[alerts]].

    Attributes:
        principals: Globs on who sends the alert, as in [[rules]].
        name: Glob on the alert's name.
        labels: Glob by label; the alert must have them all.
        command: What is planned, with placeholders; None takes the command that the alert itself carries.
        notify: Destinations of policy.toml that are told the plan.
    """

    principals: tuple[str, ...]
    name: str = "*"
    labels: Mapping[str, str] = field(default_factory=dict)
    command: Mapping[str, object] | None = None
    notify: tuple[str, ...] = ()

    def is_about(self, name: str, labels: Mapping[str, str]) -> bool:
        """Return whether the entry speaks of an alert of this name with these labels."""
        return fnmatchcase(name, self.name) and all(
            label in labels and fnmatchcase(labels[label], pattern) for label, pattern in self.labels.items()
        )


def fill(command: Mapping[str, object], told: Mapping[str, str]) -> dict[str, object]:
    """Return a command whose placeholders are filled with what an alert tells.

    A placeholder is `{name}`, `{starts_at}`, `{labels.<name>}` or `{annotations.<name>}`, anywhere in a text. What is
    filled in has not been checked: the whole command is still to be read as a caller's would be.

    Args:
        command: As policy.toml has it.
        told: Text by placeholder, without its braces.

    Raises:
        InvalidCommandError: The alert does not tell all of it, or a text would name more of a target than its place.
    """
    problems: list[str] = []
    filled = {key: _filled(key, value, told, problems) for key, value in command.items()}
    if problems:
        raise InvalidCommandError(
            list(dict.fromkeys(problems)),
            hint="Give the alert what its [[alerts]] entry in policy.toml asks for, or change that entry.",
        )
    reason = filled.get("reason")
    # A summary is for people and may be long; a command's reason is cut rather than the alert refused.
    return {**filled, "reason": reason[:MAX_REASON_CHARACTERS]} if isinstance(reason, str) else filled


def command_problems(command: Mapping[str, object], aliases: Container[str]) -> list[str]:
    """Return what is wrong with the command of an entry, one sentence a problem, each beginning with its field.

    A field with placeholders is wrong where no filling could make it right.

    Args:
        command: As policy.toml has it.
        aliases: What `target` may name beside project/logstore/group.
    """
    action = command.get("action")
    problems = [f"action: must be one of {', '.join(ACTIONS)}"] if action not in ACTIONS else []
    if "dry_run" in command:
        problems.append("dry_run: leave it out; what an alert asks for is always only planned")
    target = command.get("target")
    if isinstance(target, str) and "/" not in target and not _PLACEHOLDER.search(target) and target not in aliases:
        problems.append("target: no alias under [targets] is called so")
    names = list(_placeholders(command))
    problems += [
        f"{path}: {{{printable(name)}}} is no placeholder; there are name, starts_at, labels.<name>, annotations.<name>"
        for path, name in names
        if not _FORM.fullmatch(name)
    ]
    return problems or _never_right(command, [name for _, name in names])


def target_patterns(command: Mapping[str, object], aliases: Mapping[str, Target]) -> list[str]:
    """Return which targets the command of an entry can come to, project/logstore/group globs."""
    named = command.get("target")
    if isinstance(named, str) and "/" not in named:
        pattern = _PLACEHOLDER.sub("*", named)
        return [str(target) for alias, target in aliases.items() if fnmatchcase(alias, pattern)]
    parts = [named] if named else [command.get(part, "") for part in ("project", "logstore", "consumer_group")]
    return [_PLACEHOLDER.sub("*", "/".join(map(str, parts)))]


def _never_right(command: Mapping[str, object], names: list[str]) -> list[str]:
    found = []
    for sample in _SAMPLES:
        told = {name: _SAMPLE_TIME if name == "starts_at" else sample for name in names}
        found.append(_broken(fill(command, told)))
    broken = set.intersection(*(set(problems) for problems in found))
    return [problem for field_name, problem in found[0].items() if field_name in broken]


def _broken(command: Mapping[str, object]) -> dict[str, str]:
    """Return what is wrong with a command, by field."""
    # No cold start pays for the models of all commands that has no [[alerts]].
    from pydantic import ValidationError  # noqa: PLC0415 -- see above

    from shared.operation_commands import MODELS  # noqa: PLC0415 -- see above

    model = MODELS[str(command["action"])]
    problems = {rule.partition(":")[0]: rule for rule in model.broken_rules(command)}
    try:
        model.model_validate(command)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False, include_context=False):
            name = printable(str(detail["loc"][0]))
            said = _SAID.get(detail["type"]) or detail["msg"].replace("Input should be", "must be")
            problems.setdefault(name, f"{name}: {said}")
    return problems


def _filled(path: str, value: object, told: Mapping[str, str], problems: list[str]) -> object:
    if isinstance(value, Mapping):
        return {key: _filled(f"{path}.{key}", inner, told, problems) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(path, inner, told, problems) for inner in value]
    if not isinstance(value, str):
        return value

    def text_for(found: re.Match[str]) -> str:
        text = told.get(found[1], "")
        if not text:
            problems.append(f"{path}: the alert has no {printable(found[1])}")
        if path == "target" and "/" in text:
            problems.append(f"{path}: the alert's {printable(found[1])} holds a slash, and may only fill one name")
        return text

    return _PLACEHOLDER.sub(text_for, value)


def _placeholders(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _placeholders(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _placeholders(inner, path)
    elif isinstance(value, str):
        yield from ((path, name) for name in _PLACEHOLDER.findall(value))
