"""Alerts, whoever sends them: one form for all senders, read without trusting any of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timezone
from typing import Literal, TypeGuard

from shared.errors import InvalidCommandError
from shared.execution.invocation import derived_id
from shared.frozen import frozen
from shared.goals import read_instant
from shared.positions import iso_utc
from shared.webhooks.proofs import CLOCK_WINDOW_S

Sender = Literal["alertmanager", "grafana", "sls", "cloudmonitor", "eventbridge"]

MAX_ALERTS = 50
"""Alerts of one payload: each is planned by itself, and all of them within one invocation."""


@frozen
class Alert:
    """One alert.

    Attributes:
        sender: Whose form it came in.
        name: What policy.toml's [[alerts]] know it by.
        is_firing: False for whatever tells that it is over.
        labels: What it is about, text by name.
        annotations: What it says to people, text by name.
        started_unix: When the episode began, in Unix seconds; None if the sender does not tell.
        ids: What every repetition of this episode has in common, and no other alert of this sender has.
        command: The command that it carries; None if it carries none.
        principal: Who sends it, where it proves that for itself; None for whoever sends the payload.
    """

    sender: Sender
    name: str
    is_firing: bool
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    started_unix: int | None
    ids: Sequence[str]
    command: Mapping[str, object] | None = None
    principal: str | None = None

    def told(self, now_unix: float) -> dict[str, str]:
        """Return what fills the placeholders of a command, text by placeholder.

        Args:
            now_unix: The present. A beginning that lies ahead of it by no more than clocks may differ is the present:
                no command goes to a time to come.
        """
        started_unix = self.started_unix
        if started_unix is not None and now_unix < started_unix <= now_unix + CLOCK_WINDOW_S:
            started_unix = int(now_unix)
        return {
            "name": self.name,
            **({} if started_unix is None else {"starts_at": iso_utc(started_unix)}),
            **{f"labels.{name}": text for name, text in self.labels.items()},
            **{f"annotations.{name}": text for name, text in self.annotations.items()},
        }

    def episode(self, principal: str) -> str:
        """Return the id of this episode, as this principal sends it."""
        # As JSON, so that no text from outside is one that cannot be hashed.
        return derived_id("episode", principal, self.sender, json.dumps([self.name, *self.ids]))


@frozen
class OddAlert:
    """One alert that is not as its sender documents it.

    Attributes:
        sender: Whose form the payload has.
        error: Lists everything that is wrong with the alert, by field, without values.
    """

    sender: Sender
    error: InvalidCommandError


@frozen
class Payload:
    """What a sender posts at once.

    Attributes:
        alerts: One or more; an odd one keeps none of the others from being proposed.
        left_out: How many more there were that the sender left out.
    """

    alerts: tuple[Alert | OddAlert, ...]
    left_out: int = 0


@dataclass(slots=True)
class Reader:
    """Reads the fields of payloads, and notes every problem under the field's name, without values."""

    problems: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Let what was read pass if nothing was wrong with it.

        Raises:
            InvalidCommandError: Something was; lists every problem.
        """
        if self.problems:
            raise InvalidCommandError(self.problems, hint="Nothing was planned; docs/callers.md says what is expected.")

    def judged(self, alert: Alert) -> Alert | OddAlert:
        """Return an alert whose fields were read, or what was wrong with them."""
        try:
            self.check()
        except InvalidCommandError as error:
            return OddAlert(alert.sender, error)
        return alert

    def text(self, at: str, value: object) -> str:
        """Return a text that must be there."""
        if isinstance(value, str) and value:
            return value
        self.problems.append(f"{at}: must be text, and not empty")
        return ""

    def texts(self, at: str, value: object) -> dict[str, str]:
        """Return texts by name; absent is none."""
        if value is None:
            return {}
        if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
            return value
        self.problems.append(f"{at}: must be an object of texts")
        return {}

    def choice(self, at: str, value: object, choices: Sequence[str]) -> str:
        """Return one of some words."""
        if isinstance(value, str) and value in choices:
            return value
        self.problems.append(f"{at}: must be one of {', '.join(choices)}")
        return ""

    def instant(self, at: str, value: object) -> int | None:
        """Return an instant in Unix seconds, of ISO-8601 with a zone or of epoch seconds or milliseconds."""
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _MAX_DIGITS:
            value = int(value)
        try:
            return read_instant(value, default_zone=timezone.utc)
        except ValueError:
            self.problems.append(f"{at}: must be an ISO-8601 time, or epoch seconds or milliseconds")
            return None


_MAX_DIGITS = 15


def check_count(alerts: Sequence[object], at: str) -> None:
    """Let a payload pass that is not empty and not larger than one invocation can plan.

    Raises:
        InvalidCommandError: It is.
    """
    if not alerts:
        raise InvalidCommandError([f"{at}: must hold at least one"])
    if len(alerts) > MAX_ALERTS:
        raise InvalidCommandError(
            [f"{at}: {len(alerts)} in one payload, {MAX_ALERTS} are allowed"],
            code="too_many_alerts",
            hint="Group them more finely, or let the sender cut its payload: max_alerts of Alertmanager and Grafana.",
        )


def is_scalar(value: object) -> TypeGuard[str | int | float | bool]:
    """Return whether a JSON value has a text of its own."""
    return isinstance(value, str | int | float)


def text_of(value: str | float) -> str:
    """Return a scalar as text, in JSON's spelling."""
    return value if isinstance(value, str) else json.dumps(value)
