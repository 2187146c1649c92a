"""JSON from outside, read without the standard library's leniencies: duplicate keys, NaN, numbers and depth at will."""

import json
from collections.abc import Iterable, Sequence
from typing import NoReturn

from shared.errors import InvalidCommandError
from shared.names import printable

_INT64_DIGITS = 20  # with a sign
_BEYOND_64_BITS = 2**64
MAX_DEPTH = 32
"""Objects and lists within one another: what walks values recurses, and nobody's payload comes near."""


class _Strict:
    """Collects what is wrong while the standard parser builds the value."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def object_of(self, pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) < len(pairs):
            seen: set[str] = set()
            twice = {key for key, _ in pairs if key in seen or seen.add(key)}  # type: ignore[func-returns-value]  # set.add is None on purpose
            self.problems += [f"{printable(key)}: given more than once" for key in sorted(twice)]
        return made

    def int_of(self, digits: str) -> int:
        # Python itself refuses to read thousands of digits; what stands in for them is out of every field's range,
        # so that the field is named like any other that is too large.
        return int(digits) if len(digits) <= _INT64_DIGITS else _BEYOND_64_BITS

    def constant_of(self, name: str) -> NoReturn:
        raise ValueError(name)


def parse_strict_json(body: bytes) -> tuple[dict[str, object], list[str]]:
    """Return the one JSON object that a body holds, and what is wrong with its keys.

    An integer of more digits than 64 bits can have comes back as 2**64.

    Raises:
        InvalidCommandError: The body is not UTF-8, not JSON, nested too deeply, or not one object.
    """
    found, problems = parse_strict_value(body)
    if not isinstance(found, dict):
        raise InvalidCommandError(["body: must be one JSON object"])
    return found, problems


def parse_strict_value(body: bytes) -> tuple[object, list[str]]:
    """Return whatever JSON a body holds, and what is wrong with the keys of its objects, as `parse_strict_json` does.

    Raises:
        InvalidCommandError: The body is not UTF-8, not JSON, or nested more than `MAX_DEPTH` levels deep.
    """
    strict = _Strict()
    try:
        found = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=strict.object_of,
            parse_int=strict.int_of,
            parse_constant=strict.constant_of,
        )
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise InvalidCommandError(
            ["body: not valid JSON in UTF-8"], hint='Send one JSON object such as {"action": "describe", ...}.'
        ) from error
    if _is_too_deep(found):
        raise _too_deep()
    return found, strict.problems


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return any(isinstance(inner, dict | list) for inner in level)


def _inside(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _too_deep() -> InvalidCommandError:
    return InvalidCommandError(
        [f"body: nested more than {MAX_DEPTH} levels deep"],
        hint="No command and no alert needs that; nothing was done.",
    )
