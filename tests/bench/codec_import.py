"""What importing the journal's codec costs, beside the official SDK's protobuf module: best of nine processes each.

Run: python -m tests.bench.codec_import
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

_RUNS = 9
_TIMED = """
import collections.abc, dataclasses, importlib.util, sys, time
begun = time.perf_counter()
spec = importlib.util.spec_from_file_location("measured", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["measured"] = module
spec.loader.exec_module(module)
print(1000 * (time.perf_counter() - begun))
"""


def best_ms(path: Path) -> float:
    """Return the quickest import of a file, each in a process of its own, in milliseconds."""
    command = [sys.executable, "-c", _TIMED, str(path)]
    runs = (subprocess.run(command, capture_output=True, check=True) for _ in range(_RUNS))  # noqa: S603 -- our own text
    return min(float(run.stdout) for run in runs)


def main() -> None:
    """Print both, and their ratio."""
    sdk = find_spec("aliyun.log")
    assert sdk is not None, "the official SDK is installed with the checks"
    assert sdk.origin is not None, "the official SDK is installed with the checks"
    theirs = best_ms(Path(sdk.origin).with_name("log_logs_pb2.py"))
    ours = best_ms(Path(__file__).parents[2] / "shared" / "sls" / "loggroups.py")
    print(f"protobuf module of the official SDK  {theirs:6.1f} ms")  # noqa: T201 -- a command speaks
    print(f"shared/sls/loggroups.py              {ours:6.1f} ms")  # noqa: T201 -- a command speaks
    print(f"ratio                                {theirs / ours:6.1f}")  # noqa: T201 -- a command speaks


if __name__ == "__main__":
    main()
