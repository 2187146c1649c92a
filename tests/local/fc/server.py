"""The HTTP front of the gateway: sockets and HTTP/1.1, nothing else."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import final

from tests.local.fc.errors import PayloadTooLargeError, RequestRefusedError
from tests.local.fc.events import HttpRequest
from tests.local.fc.gateway import BODY_LIMIT_BYTES, Gateway
from tests.local.fc.invocation import new_request_id
from tests.local.fc.responses import HttpResponse, refusal
from tests.local.fc.routes import answer

LISTEN_QUEUE = 128
"""Connections that may wait to be taken."""

_READ_BYTES = 1 << 20
_LINE_BYTES = 1 << 16


@final
class FunctionServer:
    """Serves a gateway on loopback until it is closed. A context manager.

    Args:
        gateway: Runs the functions; stays open when the server closes.
        port: Port to listen on; 0 picks a free one.
        listener: A socket that listens already, taken over; the port is then its own.

    Attributes:
        url: Scheme and authority, without a slash at the end.
    """

    def __init__(self, gateway: Gateway, port: int = 0, *, listener: socket.socket | None = None) -> None:
        self._server = _Server(gateway, port if listener is None else listener)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self) -> "FunctionServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    request_queue_size = LISTEN_QUEUE

    def __init__(self, gateway: Gateway, place: int | socket.socket) -> None:
        self.gateway = gateway
        if isinstance(place, int):
            super().__init__(("127.0.0.1", place), _Connection)
            return
        super().__init__(place.getsockname(), _Connection, bind_and_activate=False)
        self.socket.close()
        self.socket = place

    def server_bind(self) -> None:
        # Not HTTPServer's own, which asks the resolver for this machine's name.
        socketserver.TCPServer.server_bind(self)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "local-fc"
    sys_version = ""
    disable_nagle_algorithm = True
    # Head and body leave in one write: the base flushes after each request.
    wbufsize = 1 << 16
    server: _Server

    def _serve(self) -> None:
        started_s = time.monotonic()
        path, _, query = self.path.partition("?")
        try:
            body = self._read_body()
        except RequestRefusedError as error:
            response = refusal(error, new_request_id())
        else:
            response = answer(self.server.gateway, self._request(path, query, body))
        self._write(response)
        # Without the query and the path's end: tokens may stand in both.
        elapsed_ms = (time.monotonic() - started_s) * 1000
        self.server.gateway.logs.write(
            "http", f"{self.command} {_beginning(path)} {response.status} {elapsed_ms:.0f} ms"
        )

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _serve  # noqa: N815 -- the base's names

    def _request(self, path: str, query: str, body: bytes) -> HttpRequest:
        return HttpRequest(
            method=self.command,
            path=path,
            query=query,
            headers=tuple((name, _utf8(value)) for name, value in self.headers.items()),
            body=body,
            source_ip=self.client_address[0],
            protocol=self.request_version,
        )

    def _read_body(self) -> bytes:
        """Read the body to its end, even where it is too long: else the caller could not read the refusal.

        Raises:
            RequestRefusedError: It ends early, its length cannot be told, or is over 32 MB.
        """
        body = bytearray()
        length_bytes = 0
        for length in self._part_lengths():
            length_bytes += length
            kept = length_bytes <= BODY_LIMIT_BYTES
            for start in range(0, length, _READ_BYTES):
                part = self._read_part(min(length - start, _READ_BYTES))
                body += part if kept else b""
        if length_bytes > BODY_LIMIT_BYTES:
            raise PayloadTooLargeError(f"a request body may have {BODY_LIMIT_BYTES} bytes")
        return bytes(body)

    def _read_part(self, length: int) -> bytes:
        part = self.rfile.read(length)
        if len(part) < length:
            self.close_connection = True
            raise RequestRefusedError("the request body ended early")
        return part

    def _part_lengths(self) -> Iterator[int]:
        """Tell how many bytes to read next, part by part; one part where the body is not chunked."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            yield self._length(self.headers.get("Content-Length", "0"), 10)
            return
        while length := self._length(self.rfile.readline(_LINE_BYTES).decode("latin-1").partition(";")[0], 16):
            yield length
            self.rfile.readline(_LINE_BYTES)
        while self.rfile.readline(_LINE_BYTES).strip():
            pass

    def _length(self, digits: str, base: int) -> int:
        try:
            return int(digits, base)
        except ValueError as error:
            self.close_connection = True
            raise RequestRefusedError("the length of the request body cannot be told") from error

    def _write(self, response: HttpResponse) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base's name
        """Say nothing: `_serve` writes the one line a request gets."""


def _beginning(path: str) -> str:
    first = path.split("/")[:3]
    return "/".join(first) + ("/…" if len(first) < path.count("/") + 1 else "")


def _utf8(value: str) -> str:
    return value.encode("latin-1").decode(errors="replace")
