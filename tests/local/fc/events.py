"""Events as the triggers make them: from an HTTP request or a timer to the bytes a handler gets."""

import base64
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import parse_qsl, unquote

from tests.local.fc.template import TimerTrigger

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TEXT_TYPES = re.compile(r"text/.*|application/([^/]*\+)?(json|xml)|application/(javascript|x-www-form-urlencoded)")

IsBinary = Callable[[str, bytes], bool]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request as it came in.

    Attributes:
        method: In capitals.
        path: Still encoded; "/" at least.
        query: What follows the question mark, still encoded; "" where there is none.
        headers: Names and values in order, repeated ones included.
        body: Decoded from its transfer encoding.
        source_ip: Address of the caller.
        protocol: Version of HTTP.
    """

    method: str
    path: str = "/"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"

    def header(self, name: str) -> str:
        """Return the first value of a header in any spelling of its name; "" where it is missing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class EventOrigin:
    """What an HTTP event says of its own way: account, domain, trigger, request, and when it came in."""

    account_id: str
    region: str
    trigger_id: str
    request_id: str
    received_at: datetime


def http_event(request: HttpRequest, origin: EventOrigin, is_binary: IsBinary) -> bytes:
    """Return the event "v1" that an HTTP trigger makes of a request.

    Header names are in Go's canonical form; repeated headers and query keys are joined by a comma; `rawPath` stays
    encoded; the body is base64 where `is_binary` says so; `x-fc-…`, Connection and Keep-Alive are not passed on.

    Source: function-compute.md, sections 3.1 and 3.3.
    """
    binary = is_binary(request.header("Content-Type"), request.body)
    event = {
        "version": "v1",
        "rawPath": request.path,
        "headers": _join((canonical_name(name), value) for name, value in request.headers if _passes(name)),
        "queryParameters": _join(parse_qsl(request.query, keep_blank_values=True)),
        "body": base64.b64encode(request.body).decode() if binary else request.body.decode(errors="replace"),
        "isBase64Encoded": binary,
        "requestContext": _request_context(request, origin),
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _request_context(request: HttpRequest, origin: EventOrigin) -> dict[str, object]:
    return {
        "accountId": origin.account_id,
        "domainName": f"{origin.trigger_id}.{origin.region}.fcapp.run",
        "domainPrefix": origin.trigger_id,
        "requestId": origin.request_id,
        "time": origin.received_at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "timeEpoch": str(int(origin.received_at.timestamp() * 1000)),
        "triggerId": origin.trigger_id,
        "http": {
            "method": request.method,
            "path": unquote(request.path),
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": request.header("User-Agent"),
        },
    }


def timer_event(trigger: TimerTrigger, triggered_at: datetime) -> bytes:
    """Return the event of a timer; its payload is text, JSON in it stays text.

    Source: function-compute.md, section 4.
    """
    event = {
        "triggerTime": triggered_at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "triggerName": trigger.trigger_name,
        "payload": trigger.trigger_config.payload or "",
    }
    return json.dumps(event).encode()


def canonical_name(name: str) -> str:
    """Return a header's name as Go spells it: `x-github-event` becomes `X-Github-Event`.

    Names with characters that no header may have stay as they are.
    """
    if not _TOKEN.fullmatch(name):
        return name
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def is_binary_body(content_type: str, body: bytes) -> bool:
    """Return whether a body enters its event as base64: neither a text type nor unmarked UTF-8.

    Which types the platform takes for binary is not documented: handlers must go by the flag.
    """
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    media_type = content_type.partition(";")[0].strip().lower()
    return bool(media_type) and not _TEXT_TYPES.fullmatch(media_type)


def _passes(name: str) -> bool:
    lowered = name.lower()
    return not lowered.startswith("x-fc-") and lowered not in {"connection", "keep-alive"}


def _join(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
