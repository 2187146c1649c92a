"""HTTP answers: from what a handler returned, or from a refusal."""

import base64
import binascii
import json
import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from tests.local.fc.errors import RequestRefusedError

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SET_BY_SERVER = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive", "date", "server"})


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP answer: status, headers with one value each, body."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    def with_headers(self, **headers: str | None) -> "HttpResponse":
        """Return the same answer with more headers; underscores in a name stand for hyphens, None adds nothing."""
        added = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        return replace(self, headers={**self.headers, **added})


def function_response(payload: bytes) -> HttpResponse:
    """Return the HTTP answer that a handler's output stands for.

    A JSON object with `statusCode` is an envelope. Anything else is the body of a 200 of type application/json: what
    the platform does with it is not settled, so always return an envelope. An envelope that its documented struct
    cannot hold answers 502 and says what is wrong.

    Source: function-compute.md, section 3.2.
    """
    envelope = _envelope(payload)
    if envelope is None:
        return HttpResponse(HTTPStatus.OK, {"Content-Type": "application/json"}, payload)
    problem = _problem(envelope)
    if problem:
        return json_response(
            HTTPStatus.BAD_GATEWAY, {"errorMessage": f"Invalid HTTP response of the function: {problem}"}
        )
    body = envelope.get("body", "")
    return HttpResponse(
        envelope["statusCode"],
        {name: value for name, value in envelope.get("headers", {}).items() if name.lower() not in _SET_BY_SERVER},
        base64.b64decode(body) if envelope.get("isBase64Encoded") else body.encode(errors="replace"),
    )


def json_response(status: int, content: dict[str, Any]) -> HttpResponse:
    """Return an answer with a JSON body."""
    return HttpResponse(status, {"Content-Type": "application/json"}, json.dumps(content).encode())


def refusal(error: RequestRefusedError, request_id: str) -> HttpResponse:
    """Return the platform's answer to a request that reaches no function."""
    content = {"Code": error.code, "Message": str(error), "RequestId": request_id}
    return json_response(error.status, content).with_headers(X_Fc_Request_Id=request_id)


def _envelope(payload: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(payload)
    except ValueError:
        return None
    return content if isinstance(content, dict) and "statusCode" in content else None


def _problem(envelope: dict[str, Any]) -> str | None:
    status, headers, body = envelope["statusCode"], envelope.get("headers", {}), envelope.get("body", "")
    if type(status) is not int or not HTTPStatus.OK <= status <= 599:
        return "statusCode must be an integer from 200 to 599"
    if not isinstance(headers, dict) or not all(_is_header(name, value) for name, value in headers.items()):
        return "headers must be an object of header names to strings on one line"
    if not isinstance(body, str):
        return "body must be a string"
    if not isinstance(envelope.get("isBase64Encoded", False), bool):
        return "isBase64Encoded must be a boolean"
    if envelope.get("isBase64Encoded") and not _is_base64(body):
        return "body is not base64"
    return None


def _is_header(name: str, value: object) -> bool:
    return bool(_TOKEN.fullmatch(name)) and isinstance(value, str) and not _CONTROL.search(value)


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
