"""JSON from outside, read without the standard library's leniencies: duplicate keys, NaN, numbers of any length."""

import json
from collections.abc import Sequence
from typing import NoReturn

from shared.errors import InvalidCommandError
from shared.names import printable

_INT64_DIGITS = 20  # with a sign
_BEYOND_64_BITS = 2**64


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
        InvalidCommandError: The body is not UTF-8, not JSON, or not one object.
    """
    strict = _Strict()
    try:
        found = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=strict.object_of,
            parse_int=strict.int_of,
            parse_constant=strict.constant_of,
        )
    except (ValueError, RecursionError) as error:
        raise InvalidCommandError(
            ["body: not valid JSON in UTF-8"], hint='Send one JSON object such as {"action": "describe", ...}.'
        ) from error
    if not isinstance(found, dict):
        raise InvalidCommandError(["body: must be one JSON object"])
    return found, strict.problems
