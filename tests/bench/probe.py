"""One command in a process of its own: what it costs an instance that has started, in CPU, time and memory.

Run: python -m tests.bench.probe '<json>' (prints JSON; `probe` starts it)
"""

import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.instance import REWIND, Instance
from tests.bench.lean_sls.server import CONTROL
from tests.bench.lean_sls.state import JOURNAL

_KIB = 1024
_STATUS = Path("/proc/self/status")
_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command cost.

    Attributes:
        calls: How many calls it made.
        cpu_s: CPU time of the process.
        wall_s: From event to response.
        started_bytes: The most memory that the process had before the command, once it had done a small one.
        peak_bytes: The most that it had at the end.
    """

    calls: int
    cpu_s: float
    wall_s: float
    started_bytes: int
    peak_bytes: int


def probe(sls_url: str, command: Mapping[str, object]) -> Cost:
    """Return what a command costs in a fresh process that has run one small rewind, over another journal."""
    told = json.dumps({"url": sls_url, "command": command})
    run = [sys.executable, "-m", "tests.bench.probe", told]
    done = subprocess.run(run, capture_output=True, text=True, check=True, cwd=_CHECKOUT)  # noqa: S603 -- our own
    return Cost(**json.loads(done.stdout))


def _measure(url: str, command: Mapping[str, object]) -> Mapping[str, float]:
    instance = Instance(url, journal="warming-journal")
    instance.run({**REWIND, "target": "shop/orders/warming", "shards": [0]})
    instance.use_journal(JOURNAL)
    started_bytes, calls = _peak_bytes(), _calls(url)
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    instance.run(command)
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    instance.close()
    calls = _calls(url) - calls
    peak_bytes = _peak_bytes()
    return {"calls": calls, "cpu_s": cpu_s, "wall_s": wall_s, "started_bytes": started_bytes, "peak_bytes": peak_bytes}


def _calls(url: str) -> int:
    connection = HTTPConnection(urlsplit(url).netloc)
    try:
        connection.request("GET", f"{CONTROL}counts")
        return sum(json.loads(connection.getresponse().read())["counts"].values())
    finally:
        connection.close()


def _peak_bytes() -> int:
    # What getrusage tells of a process begins with what its parent had.
    told = _STATUS.read_text(encoding="ascii") if _STATUS.exists() else ""
    found = re.search(r"VmHWM:\s*(\d+) kB", told)
    return (int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * _KIB


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    print(json.dumps(_measure(asked["url"], asked["command"])))  # noqa: T201 -- a command speaks
