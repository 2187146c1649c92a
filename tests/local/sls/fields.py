"""Reading the JSON bodies of the control routes: every problem of a body is found before anything is changed."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

# No default: the field must be there.
REQUIRED: Any = object()


class InvalidControlError(Exception):
    """A control route's input is not acceptable; the message lists every problem.

    Attributes:
        status: The HTTP status: 400, or 404 for what does not exist.
    """

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Fields:
    """The fields of one JSON object, read one by one with their defaults; `check` then tells all that was wrong."""

    def __init__(self, document: object) -> None:
        self._values: Mapping[str, Any] = document if isinstance(document, dict) else {}
        self._unread = set(self._values)
        self._problems = [] if isinstance(document, dict) else ["the body is not a JSON object"]

    def given(self, name: str) -> bool:
        """Return whether a field is there and not null."""
        return self._values.get(name) is not None

    def text(self, name: str, default: Any = REQUIRED, *, choices: Iterable[str] = ()) -> Any:  # noqa: ANN401 -- text, or the default's type
        """Return a field that is non-empty text, one of `choices` where there are any."""
        allowed = tuple(choices)
        what = f"one of {', '.join(allowed)}" if allowed else "text"
        value = self._value(name, default)
        sound = isinstance(value, str) and value and (not allowed or value in allowed)
        return self._checked(name, value, default, sound=bool(sound), what=what)

    def integer(self, name: str, default: Any = REQUIRED, *, low: int = 0, high: int = 2**63) -> Any:  # noqa: ANN401 -- an integer, or the default's type
        """Return a field that is an integer from `low` to `high`."""
        value = self._value(name, default)
        sound = type(value) is int and low <= value <= high
        return self._checked(name, value, default, sound=sound, what=f"an integer from {low} to {high}")

    def number(self, name: str, default: Any = REQUIRED, *, low: float = 0.0, high: float = 1e11) -> Any:  # noqa: ANN401 -- a number, or the default's type
        """Return a field that is a finite number from `low` to `high`."""
        value = self._value(name, default)
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        sound = plain and math.isfinite(value) and low <= value <= high
        return self._checked(name, value, default, sound=sound, what=f"a number from {low:g} to {high:g}")

    def check(self) -> None:
        """Accept what was read.

        Raises:
            InvalidControlError: A field was missing, wrong or unknown.
        """
        problems = self._problems + [f"{name}: no such field" for name in sorted(self._unread)]
        if problems:
            raise InvalidControlError("; ".join(problems))

    def _value(self, name: str, default: object) -> Any:  # noqa: ANN401 -- any JSON value
        self._unread.discard(name)
        return self._values.get(name, None if default is REQUIRED else default)

    def _checked(self, name: str, value: Any, default: Any, *, sound: bool, what: str) -> Any:  # noqa: ANN401 -- any JSON value
        if not sound and value is not default:
            self._problems.append(f"{name}: must be {what}")
        return value
