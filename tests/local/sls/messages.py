"""The request and the response as plain values, so that any HTTP server can be the stand-in's front."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote


@dataclass(frozen=True)
class Request:
    """One HTTP request as it was received.

    Attributes:
        method: The method, upper case.
        target: Path and query exactly as on the request line.
        headers: Values by lower-case name, surrounding blanks removed.
        body: The body as sent, compressed if it was.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @cached_property
    def raw_path(self) -> str:
        """The path as sent, percent-encoding kept."""
        return self.target.partition("?")[0]

    @cached_property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(self.raw_path)

    @cached_property
    def query(self) -> dict[str, str]:
        """The query, form-decoded ("+" is a blank); of a repeated key the first value counts.

        Source: sls-api.md section 1.2 (the Python SDK sends "+", and signs the decoded value).
        """
        values: dict[str, str] = {}
        for key, value in parse_qsl(self.target.partition("?")[2], keep_blank_values=True):
            values.setdefault(key, value)
        return values


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response, and how it reaches the caller.

    Attributes:
        status: The HTTP status.
        headers: Header values by name; Content-Length is the front's business.
        body: The body; empty for none.
        error_code: SLS's code of a refused call, for the list of requests; None on success.
        delay_s: Seconds to wait before anything is sent.
        lost: None to send it; "reset" to cut the connection instead; "timeout" to stay silent for ever.
        not_imitated: True when no such call is imitated, which a test should hear of.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    error_code: str | None = None
    delay_s: float = 0.0
    lost: Literal["reset", "timeout"] | None = None
    not_imitated: bool = False


def json_response(document: Any, *, status: int = 200, error_code: str | None = None) -> Response:  # noqa: ANN401 -- any JSON document
    """Return a response with a compact JSON body, as SLS encodes it.

    Source: sls-api.md section 1.1 (documented Content-Length values fit compact encodings exactly).
    """
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    return Response(status, {"Content-Type": "application/json"}, body, error_code)
