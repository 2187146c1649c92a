"""Signed raw HTTP calls to a stand-in over one connection that is kept: what tests and measurements call it with."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from tests.local.sls.signing import Signer, Version, target


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        status: The HTTP status.
        headers: Values by lower-case name.
        body: The body as received.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 -- any JSON document
        """The body as JSON; None if it is empty."""
        return json.loads(self.body) if self.body else None

    @property
    def error_code(self) -> str | None:
        """SLS's error code; None on success."""
        return None if self.status == http.HTTPStatus.OK else self.json["errorCode"]


class Caller:
    """Calls one project of a stand-in. Use as a context manager, or `close` it.

    Attributes:
        signer: Signs every call.
        host: The Host header of every call.
    """

    def __init__(self, url: str, signer: Signer, *, project: str = "shop", timeout_s: float = 10.0) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)
        self.signer = signer
        self.host = f"{project}.{signer.region}.log.local"

    def __enter__(self) -> "Caller":  # noqa: PYI034 -- nothing inherits from it
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        self._connection.close()

    def use(self, version: Version) -> None:
        """Sign with another version from now on."""
        self.signer = replace(self.signer, version=version)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        document: object = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer to a signed call; `document` is sent as JSON."""
        data = body if document is None else json.dumps(document).encode()
        signed = self.signer.headers(method, path, host=self.host, query=query, body=data, extra=headers)
        return self.send(method, target(path, query), headers=signed, body=data)

    def send(self, method: str, line_target: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Return the answer to a request sent exactly so."""
        self._connection.putrequest(method, line_target, skip_host=True, skip_accept_encoding=True)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self._connection.putheader(name, value)
        self._connection.endheaders(body)
        response = self._connection.getresponse()
        received = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, received, response.read())
