"""CloudMonitor's alarm callback: a form, although its page shows JSON; both are read.

Source: reference chat-and-webhooks.md 6.5 (five seconds, three retries; nothing that could be verified but the token in
the URL; dimensions look like {instanceId=i-1, userId=2}, or are a JSON list; null is the text "null").
"""

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from shared.errors import InvalidCommandError
from shared.strict_json import parse_strict_json
from shared.webhooks.alerts import Alert, Payload, Reader, is_scalar, text_of

_STATES = ("OK", "ALERT", "INSUFFICIENT_DATA")
_MAX_FIELDS = 100
_MAX_DIMENSIONS_BYTES = 4096
# A name begins where nothing of a name stands before it, and nowhere else: else each of its characters is tried as one.
_DIMENSION = re.compile(r"(?<![^\s{},=])([^\s{},=]+)=([^{},]*)")
_NOT_LABELS = frozenset({"signature", "dimensions"})


def read_cloudmonitor(body: bytes) -> Payload:
    """Return the alarm that CloudMonitor posts, as a form or as JSON.

    Its fields are labels, and its dimensions are labels called `dimensions.<name>`. One transition of an alarm has one
    transId; without one, its rule, its dimensions and its time name it.

    Raises:
        InvalidCommandError: It is neither, or a field is not as documented; lists every problem.
    """
    fields = _read_fields(body)
    reader = Reader()
    name = reader.text("alertName", fields.get("alertName"))
    state = reader.choice("alertState", fields.get("alertState"), _STATES)
    started_unix = reader.instant("timestamp", fields["timestamp"]) if "timestamp" in fields else None
    dimensions = fields.get("dimensions", "")
    if len(dimensions.encode("utf-8", "surrogatepass")) > _MAX_DIMENSIONS_BYTES:
        reader.problems.append(f"dimensions: longer than {_MAX_DIMENSIONS_BYTES} bytes")
    reader.check()
    labels = {key: text for key, text in fields.items() if key not in _NOT_LABELS}
    labels |= {f"dimensions.{key}": text for key, text in _read_dimensions(dimensions).items()}
    transition = fields.get("transId")
    ids = (transition,) if transition else (fields.get("ruleId", ""), dimensions, str(started_unix))
    return Payload((Alert("cloudmonitor", name, state == "ALERT", labels, {}, started_unix, ids),))


def _read_fields(body: bytes) -> dict[str, str]:
    """Return the fields that have a value, as text."""
    if body.lstrip()[:1] == b"{":
        given, problems = parse_strict_json(body)
        pairs = [(key, text_of(value) if is_scalar(value) else json.dumps(value)) for key, value in given.items()]
    else:
        pairs, problems = _read_form(body), []
    if len({key for key, _ in pairs}) < len(pairs):
        problems = [*problems, "body: a field is given more than once"]
    if problems:
        raise InvalidCommandError(problems)
    return {key: text for key, text in pairs if text not in {"", "null"}}


def _read_form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise InvalidCommandError(["body: neither a form in UTF-8 nor JSON"]) from error


def _read_dimensions(text: str) -> Mapping[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {key: value.strip() for key, value in _DIMENSION.findall(text) if value.strip() not in {"", "null"}}
    first = found[0] if isinstance(found, list) and found else found
    if not isinstance(first, dict):
        return {}
    return {key: text_of(value) for key, value in first.items() if is_scalar(value) and value != ""}
