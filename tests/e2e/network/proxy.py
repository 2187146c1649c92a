"""A path between the functions and the stand-in on which things go wrong: whole answers in, damaged ones out."""

import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BufferedReader
from urllib.parse import urlsplit

from tests.local.sls.calls import Call, read_call
from tests.local.sls.messages import Request
from tests.local.sls.server import StandInServer

_NO_LINGER = struct.pack("ii", 1, 0)
_BACKLOG = 1024


@dataclass
class Exchange:
    """One request on its way, and what may be done with it.

    Attributes:
        call: What is asked.
        client: The connection to the function.
        over: Set when the proxy closes: whoever waits must end then.
        sls: The stand-in behind the proxy.
    """

    call: Call
    client: socket.socket
    over: threading.Event
    sls: StandInServer
    _forward: Callable[[], bytes]

    def answer(self) -> bytes:
        """Carry the request to the stand-in and return its whole answer: the call takes effect."""
        return self._forward()

    def reset(self) -> None:
        """End the connection with a reset."""
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)


Damage = Callable[[Exchange], bool]
"""Does something to an exchange; returns whether the connection lives on."""


@dataclass
class Fault:
    """Which calls are damaged, and how.

    Attributes:
        damage: What happens to them.
        operation: SLS's name of the operation; "*" for any.
        on_journal: Whether the journal's calls or the others are meant; None for both.
        after: Only calls that come after one of this operation match; None for all.
        nth: The first matching call that is hit, from 1.
        times: How many are hit from there on.
        seen: Matching calls so far.
        hits: How many were hit.
    """

    damage: Damage
    operation: str = "*"
    on_journal: bool | None = None
    after: str | None = None
    nth: int = 1
    times: int = 1
    seen: int = 0
    hits: int = 0

    def takes(self, call: Call, journal: str) -> bool:
        """Count a call if it matches, and return whether it is hit."""
        if self.after is not None:
            self.after = None if call.route.operation == self.after else self.after
            return False
        if self.operation not in {"*", call.route.operation}:
            return False
        if self.on_journal is not None and self.on_journal is not (call.logstore == journal):
            return False
        self.seen += 1
        is_hit = self.nth <= self.seen < self.nth + self.times
        self.hits += is_hit
        return is_hit


@dataclass
class _Traffic:
    accepted: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    fault: Fault | None = None
    connections: set[socket.socket] = field(default_factory=set)


class Proxy:
    """Stands before a stand-in, from the start of the `with` block to its end, and is one to the functions.

    Attributes:
        url: Where it listens.
        region: As the stand-in's; so are the key pair and the journal.
    """

    def __init__(self, sls: StandInServer) -> None:
        self.sls = sls
        self.region = sls.region
        self.access_key_id = sls.access_key_id
        self.access_key_secret = sls.access_key_secret
        self.journal = sls.journal
        self._behind = urlsplit(sls.url)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._traffic = _Traffic()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = [threading.Thread(target=self._accept, name="proxy", daemon=True)]

    def __enter__(self) -> "Proxy":  # noqa: PYI034 -- nothing inherits from it
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()
        for thread in self._threads:
            thread.join()

    def fault(self, fault: Fault | None) -> None:
        """Damage calls from now on as told; None lets all pass."""
        with self._lock:
            self._traffic.fault = fault

    def cut_all(self) -> None:
        """Reset every connection that is open, as something between does with those that have been idle."""
        with self._lock:
            for connection in self._traffic.connections:
                with suppress(OSError):
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                    connection.shutdown(socket.SHUT_RDWR)

    @property
    def accepted(self) -> int:
        """How many connections were made so far."""
        with self._lock:
            return self._traffic.accepted

    @property
    def open(self) -> int:
        """How many connections are open now."""
        with self._lock:
            return len(self._traffic.connections)

    @property
    def requests(self) -> int:
        """How many requests came so far."""
        with self._lock:
            return self._traffic.requests.total()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                thread = threading.Thread(target=self._serve, args=(client,), name="proxied", daemon=True)
                with self._lock:
                    self._traffic.accepted += 1
                    self._traffic.connections.add(client)
                    self._threads = [t for t in self._threads if t.is_alive()]
                    self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        behind = socket.create_connection((self._behind.hostname or "", self._behind.port or 0))
        # That the other side goes away in the middle is what this is made for.
        with suppress(OSError, ValueError), behind, client.makefile("rb") as asked, behind.makefile("rb") as answers:
            behind.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while message := _read_message(asked):
                if not self._pass(message, client, behind, answers):
                    break
        with self._lock:
            self._traffic.connections.discard(client)
        client.close()

    def _pass(self, message: bytes, client: socket.socket, behind: socket.socket, answers: BufferedReader) -> bool:
        def forward() -> bytes:
            behind.sendall(message)
            return _read_message(answers)

        call = read_call(_request_of(message))
        with self._lock:
            self._traffic.requests[str(call.route.operation)] += 1
            fault = self._traffic.fault
            is_hit = fault is not None and fault.takes(call, self.journal.partition("/")[2])
        exchange = Exchange(call, client, self._over, self.sls, forward)
        if fault is not None and is_hit:
            return fault.damage(exchange)
        answer = exchange.answer()
        client.sendall(answer)
        return bool(answer)


def _read_message(source: BufferedReader) -> bytes:
    """Return one request or answer, headers and body; empty at the end."""
    head = b"".join(_lines(source))
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head + source.read(int(lengths[0].partition(b":")[2]) if lengths else 0)


def _lines(source: BufferedReader) -> Iterator[bytes]:
    while line := source.readline():
        yield line
        if line == b"\r\n":
            return


def _request_of(message: bytes) -> Request:
    head, _, body = message.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in lines)}
    return Request(method, target, headers, body)
