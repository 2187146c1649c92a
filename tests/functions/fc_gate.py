"""Function Compute's API as a gate: accepts an event, and hands it on only when the test says so."""

import threading
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import final
from urllib.parse import urlsplit

_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Held:
    """One invocation that was accepted.

    Attributes:
        path: Names the function.
        headers: By lower-case name.
        event: What the function is to get.
    """

    path: str
    headers: dict[str, str]
    event: bytes


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        gate = self.server
        assert isinstance(gate, FcGate)
        event = self.rfile.read(int(self.headers["Content-Length"]))
        if gate.status is None:
            gate.closing.wait(_TIMEOUT_S)
            return
        gate.take(Held(self.path, {name.lower(): value for name, value in self.headers.items()}, event))
        self.send_response(gate.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the test speaks."""


@final
class FcGate(ThreadingHTTPServer):
    """Takes invocations and holds them. A context manager.

    Attributes:
        url: Where it listens.
        status: What it answers; None never answers.
    """

    def __init__(self, status: int | None = 202) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.status = status
        self.closing = threading.Event()
        self._held: list[Held] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> "FcGate":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def take(self, held: Held) -> None:
        """Note an invocation."""
        with self._lock:
            self._held.append(held)

    def held(self) -> list[Held]:
        """Return what was accepted so far, in order."""
        with self._lock:
            return list(self._held)

    @staticmethod
    def hand_on(held: Held, url: str) -> str:
        """Give an invocation to the real gateway, wait for its end, and return FC's request id; it must not fail."""
        return send_event(held.event, url, held.path)


def send_event(event: bytes, url: str, path: str = "/2023-03-30/functions/sls-rewind-worker/invocations") -> str:
    """Invoke a function with an event, wait for its end, and return FC's request id; it must not fail."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=_TIMEOUT_S)
    try:
        connection.request("POST", path, event)
        response = connection.getresponse()
        response.read()
    finally:
        connection.close()
    assert (response.status, response.getheader("X-Fc-Error-Type")) == (200, None)
    return response.getheader("X-Fc-Request-Id") or ""
