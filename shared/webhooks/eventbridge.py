"""EventBridge's own events on a function: CloudEvents as FC hands them over, without a request around them.

FC alone delivers such an event, and whoever may invoke the function may do so: nothing else proves its source.

Source: reference function-compute.md section 5 (one object, or in streaming mode an array of them; source and id name
an event) and chat-and-webhooks.md 6.7.
"""

import re
from collections.abc import Iterator, Mapping

from shared.errors import InvalidCommandError
from shared.strict_json import parse_strict_value
from shared.webhooks.alerting import CHANNEL
from shared.webhooks.alerts import Alert, OddAlert, Payload, Reader, check_count, is_scalar, text_of

MAX_EVENT_BYTES = 128 * 1024
"""What an asynchronous invocation may carry."""

_VERSION = "1.0"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_MAX_SOURCE_CHARACTERS = 128
_MAX_DEPTH = 5


def read_events(event: bytes) -> Payload:
    """Return the alerts that events are, each of the principal `eventbridge:<source>`.

    The alert's name is the event's type; its labels are the attributes, and what `data` holds as `data.<path>`. An
    event has no end, so all of them are firing.

    Raises:
        InvalidCommandError: There are more than one invocation can plan, or keys are given twice. What is not of
            CloudEvents 1.0 is an alert with an error of its own.
    """
    if len(event) > MAX_EVENT_BYTES:
        raise InvalidCommandError([f"event: longer than {MAX_EVENT_BYTES} bytes"], code="body_too_large")
    found, problems = parse_strict_value(event)
    events = found if isinstance(found, list) else [found]
    check_count(events, "event")
    Reader(problems).check()
    at = "event[{}]." if isinstance(found, list) else "event."
    return Payload(tuple(_read(at.format(number), one) for number, one in enumerate(events)))


def principal_of(source: str) -> str:
    """Return the principal of an event's source; what a principal cannot hold becomes a hyphen.

    Sources that differ in such characters alone are one principal.
    """
    return f"{CHANNEL}:{_UNSAFE.sub('-', source[:_MAX_SOURCE_CHARACTERS])}"


def _read(at: str, given: object) -> Alert | OddAlert:
    reader = Reader()
    event = given if isinstance(given, dict) else {}
    reader.choice(f"{at}specversion", event.get("specversion"), (_VERSION,))
    event_id, source, name = (reader.text(f"{at}{key}", event.get(key)) for key in ("id", "source", "type"))
    labels = {key: text_of(value) for key, value in event.items() if is_scalar(value) and value != ""}
    return reader.judged(
        Alert(
            sender="eventbridge",
            name=name,
            is_firing=True,
            labels={**labels, **dict(_leaves("data", event.get("data")))},
            annotations={},
            started_unix=_time(reader, f"{at}time", event.get("time")),
            ids=(source, event_id),
            principal=principal_of(source),
        )
    )


def _time(reader: Reader, at: str, value: object) -> int | None:
    if value is not None and not isinstance(value, str):
        reader.problems.append(f"{at}: must be text, an ISO-8601 time")
        return None
    return None if value is None else reader.instant(at, value)


def _leaves(path: str, value: object, depth: int = 0) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and depth < _MAX_DEPTH:
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner, depth + 1)
    elif is_scalar(value) and value != "":
        yield path, text_of(value)
