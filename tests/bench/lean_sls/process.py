"""The lean SLS as a process that a bench starts and sets."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.bench.lean_sls.server import CONTROL

_CHECKOUT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call as it was sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def _headers(head: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in head.split("\r\n")[1:])


class LeanSls:
    """The process, from the start of the `with` block to its end.

    Attributes:
        port: Where it listens on 127.0.0.1.
        url: The same as scheme and authority.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.lean_sls.server"], stdout=subprocess.PIPE, cwd=_CHECKOUT, text=True
        )
        assert self._process.stdout is not None, "it was asked for"
        self.port = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "LeanSls":  # noqa: PYI034 -- nothing inherits from it
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None, "it was asked for"
        self._process.stdout.close()

    def reset(self, *, shards: int, latency_ms: float, groups: int = 0, keep_journal: bool = False) -> None:
        """Begin anew, with so many consumer groups beside `billing` and `warming`."""
        told = f"reset?shards={shards}&latency_ms={latency_ms}&groups={groups}"
        self._ask(f"{told}&keep_journal=1" if keep_journal else told)

    def counts(self) -> Mapping[str, int]:
        """Return the calls by operation since the last `reset`."""
        counts: dict[str, int] = self._ask("counts")["counts"]
        return counts

    def fill_journal(self, records: int, *, seed: int) -> None:
        """Repeat the journal's first `seed` records until there are so many."""
        self._ask(f"journal?records={records}&seed={seed}")

    def records(self) -> int:
        """Return how many records the journal has."""
        return int(self._ask("counts")["records"])

    def tape(self) -> list[Exchange]:
        """Return the calls since this was last asked, a hundred at the most."""
        return [
            Exchange(method, url, _headers(head), body.encode("latin-1"))
            for method, url, head, body in self._ask("tape")
        ]

    def _ask(self, told: str) -> Any:  # noqa: ANN401 -- any JSON document
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", f"{CONTROL}{told}")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()
