"""A server on loopback that plays a script: one step a request, down to resets and answers that never come."""

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from typing_extensions import Self

DATE = "Mon, 09 Nov 2026 06:11:16 GMT"
DATE_UNIX = 1794204676
REQUEST_ID = "5B17D5A3D7F0B0D6A2C4E8F1"
_NO_LINGER = struct.pack("ii", 1, 0)
_DRIP_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came over the wire; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """What the server does with one request: sends `data`, then what `then` says.

    `then`: "keep" the connection, "close" it, "reset" it, leave it "silent" till the end, or "drip" the body in single
    bytes.
    """

    data: bytes = b""
    then: str = "keep"


def answer(
    body: object = b"", *, status: int = 200, headers: Mapping[str, str] | None = None, date: str = DATE
) -> Step:
    """Return an answer as SLS gives it; anything but bytes is sent as compact JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    lines = {"Content-Length": str(len(data)), "x-log-requestid": REQUEST_ID, "Date": date, **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return Step(f"HTTP/1.1 {status} Scripted\r\n{head}\r\n".encode() + data)


def refusal(code: str, message: str = "no", *, status: int = 400, date: str = DATE) -> Step:
    """Return an error answer as SLS gives it."""
    return answer({"errorCode": code, "errorMessage": message}, status=status, date=date)


SILENCE = Step(then="silent")
RESET = Step(then="reset")


@dataclass
class Script:
    """The steps still to play, and what was received so far."""

    steps: list[Step] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        script = cast("_Server", self.server).script
        script.connections += 1
        # A client that goes away in the middle is part of many a test.
        with suppress(OSError):
            while not script.over.is_set() and (received := self._receive()) is not None:
                script.received.append(received)
                step = script.steps.pop(0) if script.steps else refusal("ScriptIsOver", "no step is left", status=418)
                if not self._play(step, script.over):
                    return

    def _receive(self) -> Received | None:
        line = self.rfile.readline().decode().split()
        if not line:
            return None
        headers = dict(self._headers())
        return Received(line[0], line[1], headers, self.rfile.read(int(headers.get("content-length", "0"))))

    def _headers(self) -> list[tuple[str, str]]:
        pairs = []
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            name, _, value = line.partition(":")
            pairs.append((name.lower(), value.strip()))
        return pairs

    def _play(self, step: Step, over: threading.Event) -> bool:
        if step.then == "drip":
            return self._drip(step.data, over)
        self.connection.sendall(step.data)
        if step.then == "silent":
            over.wait()
        if step.then == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        return step.then == "keep"

    def _drip(self, data: bytes, over: threading.Event) -> bool:
        head, _, body = data.partition(b"\r\n\r\n")
        self.connection.sendall(head + b"\r\n\r\n")
        for index in range(len(body)):
            self.connection.sendall(body[index : index + 1])
            if over.wait(_DRIP_EVERY_S):
                return False
        return True


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = Script()

    def shutdown_request(self, request: object) -> None:
        # The default says goodbye first, which would turn a reset into an orderly end.
        cast("socket.socket", request).close()


class ScriptedServer:
    """Plays its script from the start of the `with` block to its end."""

    def __init__(self) -> None:
        self._server = _Server()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.script.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def play(self, *steps: Step) -> None:
        """Add steps to the script."""
        self._server.script.steps += steps

    @property
    def received(self) -> Sequence[Received]:
        """Every request so far."""
        return self._server.script.received

    @property
    def last(self) -> Received:
        """The newest request."""
        return self._server.script.received[-1]

    @property
    def connections(self) -> int:
        """How many connections were made so far."""
        return self._server.script.connections
