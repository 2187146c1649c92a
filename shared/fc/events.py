"""Events as FC hands them over: bytes in, typed event out, nothing trusted yet."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import field

from shared.errors import AuthenticationError
from shared.frozen import frozen


@frozen
class HttpEvent:
    """A request that came through an HTTP trigger.

    Attributes:
        method: Upper case.
        path: Still percent-encoded; "/" for the trigger's root.
        headers: By lower-case name; FC has already joined repeated ones with a comma.
        body: The bytes that the caller sent.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def read_http_event(event: bytes) -> HttpEvent:
    """Return the request inside an event.

    Raises:
        AuthenticationError: It is no HTTP event: what invokes the function otherwise proves nothing of its caller.

    Source: reference function-compute.md 3.1 (event "v1"; header names come in Go's canonical case; the body is base64
    where the flag says so, whatever the content type).
    """
    try:
        told = json.loads(event)
        http = told["requestContext"]["http"]
        headers = {str(name).lower(): _text(value) for name, value in told["headers"].items()}
        body = _body(told["body"], encoded=bool(told.get("isBase64Encoded")))
        return HttpEvent(str(http["method"]).upper(), str(told.get("rawPath") or "/"), headers, body)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AuthenticationError("the event is not one of an HTTP trigger") from error


def _text(value: object) -> str:
    text = str(value)
    # Half a surrogate is no text that HTTP could have carried, and nothing behind could sign or hash it.
    text.encode()
    return text


def _body(text: object, *, encoded: bool) -> bytes:
    if not isinstance(text, str):
        raise TypeError("body")
    if not encoded:
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("body") from error
