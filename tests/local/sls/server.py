"""The stand-in's own front: an asyncio server in a thread of its own, HTTP/1.1 with keep-alive.

It can do to a connection what a network does: cut it, never answer, answer late without holding up others.
Not imitated: TLS, pipelining (a second request on a connection before the answer to the first).
"""

import asyncio
import logging
import socket
import struct
import threading
from http import HTTPStatus
from types import TracebackType
from typing import cast

import httptools
from typing_extensions import Self

from tests.local.sls.app import StandIn
from tests.local.sls.errors import error_response
from tests.local.sls.messages import Request, Response
from tests.local.sls.store import ACCESS_KEY_ID, ACCESS_KEY_SECRET, JOURNAL_LOGSTORE, JOURNAL_PROJECT, REGION

logger = logging.getLogger(__name__)

_NO_LINGER = struct.pack("ii", 1, 0)
_BACKLOG = 1024


class StandInServer:
    """A stand-in on 127.0.0.1, serving from the start of the `with` block to its end.

    Attributes:
        url: Where it listens, `http://127.0.0.1:<port>`.
        region: The region that V4 signatures must name.
        access_key_id: The id of the key pair that it knows.
        access_key_secret: The secret of that pair.
        journal: `<project>/<logstore>` of the journal that is always there: one shard, autoSplit off.
        control: Calls a control route by its name without a socket, as `StandIn.control` does.
    """

    region = REGION
    access_key_id = ACCESS_KEY_ID
    access_key_secret = ACCESS_KEY_SECRET
    journal = f"{JOURNAL_PROJECT}/{JOURNAL_LOGSTORE}"

    def __init__(self, *, port: int = 0) -> None:
        self._socket = socket.create_server(("127.0.0.1", port), backlog=_BACKLOG)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._app = StandIn()
        self.control = self._app.control
        self._loop = asyncio.new_event_loop()
        self._connections: set[_Connection] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="sls-stand-in", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving and cut every connection; a second call does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        if not self._loop.is_closed():
            self._loop.close()
        self._socket.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        make = self._loop.create_server(lambda: _Connection(self._app, self._connections), sock=self._socket)
        server = self._loop.run_until_complete(make)
        self._loop.call_soon(self._ready.set)
        self._loop.run_forever()
        server.close()
        for connection in list(self._connections):
            connection.cut()
        self._loop.run_until_complete(asyncio.sleep(0))


class _Connection(asyncio.Protocol):
    """One connection: bytes to requests, responses to bytes. httptools calls the on_... methods."""

    def __init__(self, app: StandIn, connections: "set[_Connection]") -> None:
        self._app = app
        self._connections = connections
        self._begin_message()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up a new connection."""
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's signature
        """Forget a connection that is gone."""
        self._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Feed what arrived to the parser; what is not HTTP is answered 400 and ends the connection."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._send(error_response(400, "BadRequest", "not HTTP"), keep_alive=False)

    def on_url(self, url: bytes) -> None:
        """Take the request line's target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1").strip()

    def on_headers_complete(self) -> None:
        """Let a caller that asks first go on and send its body."""
        if self._headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Answer the request that is now whole."""
        method = self._parser.get_method().decode()
        request = Request(method, self._target.decode("latin-1"), self._headers, bytes(self._body))
        keep_alive = self._parser.should_keep_alive()
        self._begin_message()
        response = self._handle(request)
        if response.lost == "timeout":
            return
        if response.delay_s:
            asyncio.get_running_loop().call_later(response.delay_s, self._deliver, response, keep_alive)
        else:
            self._deliver(response, keep_alive)

    def cut(self) -> None:
        """End the connection with a reset, whatever is under way."""
        connection = self._transport.get_extra_info("socket")
        if connection is not None and not self._transport.is_closing():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    def _begin_message(self) -> None:
        self._target, self._headers, self._body = b"", dict[str, str](), bytearray()

    def _handle(self, request: Request) -> Response:
        try:
            response = self._app.handle(request)
        except Exception:
            logger.exception("the stand-in failed on %s %s", request.method, request.path)
            return error_response(500, "InternalServerError", "the stand-in failed; see its log")
        if response.not_imitated:
            logger.warning("not imitated: %s %s", request.method, request.target)
        return response

    def _deliver(self, response: Response, keep_alive: bool) -> None:  # noqa: FBT001 -- passed on by call_later
        if response.lost:
            self.cut()
        elif not self._transport.is_closing():
            self._send(response, keep_alive=keep_alive)

    def _send(self, response: Response, *, keep_alive: bool) -> None:
        lines = [f"HTTP/1.1 {response.status} {_phrase(response.status)}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        lines += [f"Content-Length: {len(response.body)}", f"Connection: {'keep-alive' if keep_alive else 'close'}"]
        self._transport.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + response.body)
        if not keep_alive:
            self._transport.close()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
