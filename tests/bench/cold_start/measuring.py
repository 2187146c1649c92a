"""One process at a time: from its start to its first signed write, by the clock of this machine."""

import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.cold_start.world import World

_KIB = 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """What one cold start cost.

    Attributes:
        first_write_s: Seconds from the start of the process to its first signed write.
        peak_bytes: The most memory that the process had by its end.
    """

    first_write_s: float
    peak_bytes: int


def measure(world: World, folder: Path, program: str, told: str, environ: Mapping[str, str]) -> Cost:
    """Return what starting one program anew costs; nothing is on its path but a folder and the standard library.

    Raises:
        RuntimeError: It came to no write.
    """
    since = world.mark()
    # No site-packages, no bytecode written; warnings as the runtime has them.
    command = [sys.executable, "-S", "-B", "-W", "ignore", "-c", program, told]
    started_unix = time.time()
    done = subprocess.run(  # noqa: S603 -- our own programs
        command, cwd=folder, env=dict(environ), capture_output=True, text=True, check=False
    )
    written_unix = world.first_write_unix(since)
    if done.returncode or written_unix is None:
        raise RuntimeError(f"no write came of it: {done.stdout[-500:]} {done.stderr[-2000:]}")
    return Cost(written_unix - started_unix, int(done.stdout.split()[-1]) * _KIB)
