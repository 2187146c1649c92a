"""The front of the lean SLS: an asyncio server on loopback that reads of HTTP only what the callers here send.

Run: python -m tests.bench.lean_sls.server (prints its port; `process.py` starts it)
"""

import asyncio
import json
import time
from email.utils import formatdate
from typing import cast
from urllib.parse import parse_qs, urlsplit

from tests.bench.lean_sls.state import JOURNAL, Reply, State

CONTROL = "/_bench/"
_TAPE = 100
"""Calls that are remembered at the most."""

_HEAD_END = b"\r\n\r\n"


class Control:
    """The state that is served, and how a bench sets it."""

    def __init__(self) -> None:
        self.state = State()
        self.tape: list[tuple[str, str, str, str]] = []

    def handle(self, url: str) -> Reply:
        """Set what the query says, and return the counts since it was last set.

        `reset` begins anew with `shards`, `latency_ms` and `groups`; `journal` keeps all but the journal, which it
        fills up to `records` with its first `seed` records. `tape` answers with the calls since it was last asked for.
        """
        parts = urlsplit(url)
        told = {name: float(values[0]) for name, values in parse_qs(parts.query).items()}
        counts = dict(self.state.counts)
        name = parts.path.removeprefix(CONTROL)
        if name == "reset":
            journals = self.state.journals
            self.state = State(int(told["shards"]), told["latency_ms"] / 1000, int(told["groups"]))
            if told.get("keep_journal"):
                self.state.journals = journals
        elif name == "tape":
            self.tape, tape = [], self.tape
            return Reply(json.dumps(tape).encode())
        elif name == "journal":
            self.state.fill_journal(int(told["records"]), int(told["seed"]))
        return Reply(json.dumps({"counts": counts, "records": len(self.state.journals[JOURNAL])}).encode())


class _Connection(asyncio.Protocol):
    def __init__(self, control: Control) -> None:
        self._control = control
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(_HEAD_END)
        if end < 0:
            return
        head = self._received[:end]
        length = _content_length(head)
        begin = end + len(_HEAD_END)
        if len(self._received) < begin + length:
            return
        body, self._received = self._received[begin : begin + length], b""
        method, url, _ = head[: head.index(b"\r\n")].decode().split(" ", 2)
        if url.startswith(CONTROL):
            self._answer(self._control.handle(url))
            return
        state, tape = self._control.state, self._control.tape
        if len(tape) < _TAPE:
            tape.append((method, url, head.decode("latin-1"), body.decode("latin-1")))
        reply = state.handle(method, url, body)
        if state.latency_s:
            self._loop.call_later(state.latency_s, self._answer, reply)
        else:
            self._answer(reply)

    def _answer(self, reply: Reply) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n%s\r\n"
        self._transport.write(head % (_dated(int(time.time())), len(reply.body), reply.headers) + reply.body)


_ID_LINE = "x-log-requestid: 5CDB2F1A0C3F8B5E4D6A7B80"
_dates: dict[int, bytes] = {}


def _dated(unix: int) -> bytes:
    if unix not in _dates:
        _dates.clear()
        _dates[unix] = f"Server: AliyunSLS\r\nDate: {formatdate(unix, usegmt=True)}\r\n{_ID_LINE}\r\n".encode()
    return _dates[unix]


def _content_length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    return int(lowered[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def _serve() -> None:
    control = Control()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(control), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 -- how the parent learns the port
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
