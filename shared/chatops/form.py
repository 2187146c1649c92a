"""What platforms send, taken apart without trust: JSON, form fields, ids, times."""

import hashlib
import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from shared.errors import InvalidCommandError
from shared.strict_json import parse_strict_json

_ID = re.compile(r"[A-Za-z0-9_.$@+=-]{1,128}")
"""Ids of people, as they stand in a principal: none of them parts its segments."""
_HANDLE = re.compile(r"[!-~]{1,256}")
_UNIX = re.compile(r"[0-9]{10}(?:[0-9]{3}){0,2}")
_SECONDS_DIGITS = 10
_MAX_FIELDS = 100


def read_json(body: bytes) -> dict[str, object]:
    """Return the one JSON object of a body.

    Raises:
        ValueError: It is none, or has a key twice, so that two readers could disagree on it.
    """
    try:
        found, problems = parse_strict_json(body)
    except InvalidCommandError as error:
        raise ValueError("not one JSON object") from error
    if problems:
        raise ValueError("a key is given twice")
    return found


def read_form(body: bytes) -> dict[str, str]:
    """Return the fields of a form-encoded body, empty ones included.

    Raises:
        ValueError: It is not UTF-8, has more than 100 fields, or has one twice.
    """
    text = body.decode("utf-8")
    pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field is given twice")
    return fields


def table_at(table: Mapping[str, object], *path: str) -> Mapping[str, object]:
    """Return the object at a path of keys; an empty one where there is none."""
    for key in path:
        found = table.get(key)
        table = found if isinstance(found, Mapping) else {}
    return table


def text_at(table: Mapping[str, object], *path: str) -> str:
    """Return the text at a path of keys, "" where there is none; half a surrogate in it becomes a question mark."""
    found = table_at(table, *path[:-1]).get(path[-1])
    return found.encode("utf-8", "replace").decode() if isinstance(found, str) else ""


def is_id(text: str) -> bool:
    """Return whether a text can be the id of a person."""
    return _ID.fullmatch(text) is not None


def is_handle(text: str) -> bool:
    """Return whether a text can be the id of a message or a conversation."""
    return _HANDLE.fullmatch(text) is not None


def unix_of(told: object) -> float | None:
    """Return a time that is told in seconds, milliseconds or microseconds since 1970, by its number of digits.

    Returns:
        Unix seconds; None for what is neither digits nor a whole number of 10, 13 or 16 digits.
    """
    digits = told if isinstance(told, str) else str(told) if isinstance(told, int) else ""
    if not _UNIX.fullmatch(digits):
        return None
    return float(int(digits) / 10 ** (len(digits) - _SECONDS_DIGITS))


def is_within(now_unix: float, unix: float | None, *, past_s: float, future_s: float) -> bool:
    """Return whether a time is known, at most `past_s` ago and at most `future_s` ahead."""
    return unix is not None and -future_s <= now_unix - unix <= past_s


def fingerprint(*parts: str) -> str:
    """Return 32 hexadecimal digits that stand for these texts in this order, and for no others."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
