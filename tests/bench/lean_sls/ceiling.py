"""How many calls a second the lean SLS can answer at all, asked by a process that does nothing but ask.

Run: python -m tests.bench.lean_sls.ceiling <port> (prints the number; `ceiling_per_s` starts it)
"""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

from tests.bench.lean_sls.process import LeanSls

_CONNECTIONS = 64
_LASTS_S = 2.0
_REQUEST = b"GET /logstores/orders/shards/7?type=cursor&from=begin HTTP/1.1\r\nHost: shop\r\nAccept: */*\r\n\r\n"


class _Asker(asyncio.Protocol):
    answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(_REQUEST)

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"}"):
            _Asker.answers += 1
            self._transport.write(_REQUEST)


def ceiling_per_s(sls: LeanSls) -> float:
    """Return the calls a second that it answers when it does not wait."""
    sls.reset(shards=8, latency_ms=0, keep_journal=True)
    command = [sys.executable, "-m", "tests.bench.lean_sls.ceiling", str(sls.port)]
    checkout = Path(__file__).resolve().parents[3]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=checkout)  # noqa: S603 -- our own
    return float(done.stdout)


async def _ask(port: int) -> float:
    loop = asyncio.get_running_loop()
    begun_s = time.perf_counter()
    for _ in range(_CONNECTIONS):
        await loop.create_connection(_Asker, "127.0.0.1", port)
    await asyncio.sleep(_LASTS_S)
    return _Asker.answers / (time.perf_counter() - begun_s)


if __name__ == "__main__":
    print(asyncio.run(_ask(int(sys.argv[1]))))  # noqa: T201 -- a command speaks
