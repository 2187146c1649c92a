"""CloudEvents over HTTP: the source and id that name an event, and the command inside its envelope."""

from collections.abc import Mapping

from shared.errors import InvalidCommandError
from shared.strict_json import parse_strict_json

_STRUCTURED = "application/cloudevents+json"
_MAX_CHARACTERS = 1024


def is_structured(headers: Mapping[str, str]) -> bool:
    """Return whether the body is a whole event: attributes beside `data`."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == _STRUCTURED


def read_body(headers: Mapping[str, str], body: bytes) -> tuple[dict[str, object], list[str]]:
    """Return the JSON object that a caller means, out of its event where it is in one, and what is wrong with its keys.

    Args:
        headers: By lower-case name.
        body: The bytes that came.

    Raises:
        InvalidCommandError: The body is not one JSON object, or the event's `data` is none.

    Source: reference chat-and-webhooks.md 6.7 (structured mode: Content-Type application/cloudevents+json; in binary
    mode the body is the data itself).
    """
    given, problems = parse_strict_json(body)
    if not is_structured(headers):
        return given, problems
    data = given.get("data")
    if "specversion" not in given or not isinstance(data, dict):
        raise InvalidCommandError(
            ["body: a CloudEvent must have specversion, and as data one JSON object, the command"]
        )
    return data, problems


def read_source_and_id(headers: Mapping[str, str], body: bytes) -> tuple[str, str] | None:
    """Return the source and id of the event that a request is; None if it is none.

    Raises:
        InvalidCommandError: It is one, and lacks them.
    """
    if is_structured(headers):
        given, _ = parse_strict_json(body)
        return _named(given, "")
    return _named(headers, "ce-") if "ce-id" in headers or "ce-source" in headers else None


def _named(attributes: Mapping[str, object], prefix: str) -> tuple[str, str]:
    source, event_id = attributes.get(f"{prefix}source"), attributes.get(f"{prefix}id")
    problems = [
        f"{prefix}{name}: must be a text of 1 to {_MAX_CHARACTERS} characters"
        for name, value in (("source", source), ("id", event_id))
        if not (isinstance(value, str) and 0 < len(value) <= _MAX_CHARACTERS)
    ]
    if problems:
        raise InvalidCommandError(problems)
    return str(source), str(event_id)
