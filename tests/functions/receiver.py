"""A receiver of notifications on loopback: plays Slack, DingTalk, Feishu and a plain webhook, well or badly."""

import json
import secrets
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, final
from urllib.parse import parse_qs, urlsplit

ANSWERS = {
    "slack": b"ok",
    "dingtalk": b'{"errcode":0,"errmsg":"ok"}',
    "feishu": b'{"code":0,"msg":"success"}',
    "audit": b"",
}


@dataclass(frozen=True, slots=True)
class Received:
    """One request, as it came in.

    Attributes:
        name: Whom it was for: the first part of its path.
        query: Its query, each key once.
        headers: By lower-case name.
        body: As bytes.
    """

    name: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 -- any JSON document
        """The body as JSON."""
        return json.loads(self.body)


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Receiver)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        name = self.path.split("/")[1]
        if name == "slow":
            server.closing.wait()
            return
        known = name in ANSWERS
        answer = ANSWERS.get(name, f"no_service {self.path}".encode())
        self.send_response(200 if known else 500)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing: the test speaks."""


@final
class Receiver(ThreadingHTTPServer):
    """Takes every request, and notes it. A context manager.

    `/slow/…` never answers, and what is none of the four known names answers 500 with its own path, which is secret.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.closing = threading.Event()
        self._received: list[Received] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def url(self, name: str) -> str:
        """Return a fresh address of a name; what comes after the name is secret."""
        return f"http://127.0.0.1:{self.server_port}/{name}/{secrets.token_hex(16)}"

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Note one request."""
        parts = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        with self._lock:
            self._received.append(Received(parts.path.split("/")[1], query, headers, body))

    def received(self, name: str | None = None) -> list[Received]:
        """Return what came in for a name, or for all, since `forget`."""
        with self._lock:
            return [one for one in self._received if name in {None, one.name}]

    def forget(self) -> None:
        """Forget what came in."""
        with self._lock:
            self._received.clear()
