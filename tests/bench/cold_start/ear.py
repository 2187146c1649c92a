"""What plays Function Compute and the chat platforms: takes everything, and remembers when what came."""

import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


@dataclass(frozen=True, slots=True)
class Heard:
    """One POST, with the moment of its arrival."""

    path: str
    body: bytes
    unix: float

    @property
    def is_invocation(self) -> bool:
        """Whether it is signed and invokes a function; else it is a message to a chat."""
        return self.path.endswith("/invocations")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Take one."""
        ear = self.server
        assert isinstance(ear, Ear), "an ear alone has this handler"
        heard = Heard(self.path, self.rfile.read(int(self.headers["Content-Length"])), time.time())
        ear.heard.append(heard)
        self.send_response(HTTPStatus.ACCEPTED if heard.is_invocation else HTTPStatus.OK)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base's name
        """Say nothing."""


class Ear(ThreadingHTTPServer):
    """Listens on loopback within its `with` block.

    Attributes:
        heard: Every POST, in the order of arrival.
        url: Scheme and authority.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[Heard] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "Ear":  # noqa: PYI034 -- nothing inherits from it
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
