"""`make fuzz`: all property tests again and again with fresh seeds, for FUZZ_MINUTES (60); ends with what it found.

Of each file of tests, or of those that are named, those tests run that draw their input: the properties of Hypothesis,
the machine that does whatever comes together, and Schemathesis on the routes. A counterexample is printed as it is
found, with the seed that leads to it; it is to be kept as an `@example`. For each seed, 10 times as many examples are
drawn as in the tests, or as FUZZ_FACTOR says.
"""

import os
import re
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]
_PASSED, _NONE_SELECTED = 0, 5
# What hangs is a finding too.
_LONGEST_RUN_S = 1800
_DRAWS = re.compile(r"^from hypothesis import|mark\.hypothesis", re.MULTILINE)
_PROPERTY = re.compile(r"^(\S+\.py::\S+):$", re.MULTILINE)
_EXAMPLES = re.compile(r"- (\d+) passing\b")
_NOTED = re.compile(r"^examples: (\d+) of (\S+)$", re.MULTILINE)


@dataclass
class Tally:
    """What was done so far.

    Attributes:
        rounds: How often all files were run; the last time perhaps not all of them.
        properties: The tests that drew their input, each but once.
        examples: How many inputs were drawn and held.
        findings: The files, and the seeds, with which a test failed.
    """

    rounds: int = 0
    properties: set[str] = field(default_factory=set)
    examples: int = 0
    findings: list[str] = field(default_factory=list)

    def add(self, output: str) -> None:
        """Count what a run of tests tells of itself."""
        noted = _NOTED.findall(output)
        self.properties.update(_PROPERTY.findall(output), (name for _, name in noted))
        self.examples += sum(map(int, [*_EXAMPLES.findall(output), *(examples for examples, _ in noted)]))

    def __str__(self) -> str:
        return (
            f"{self.rounds} rounds, {len(self.properties)} properties, {self.examples:,} examples, "
            f"{len(self.findings)} findings"
        )


def main() -> int:
    """Return 0 if nothing was found."""
    minutes = float(os.environ.get("FUZZ_MINUTES", "60"))
    begun_s, files = time.monotonic(), sys.argv[1:] or _files()
    tally = Tally()
    try:
        for number, path in enumerate(cycle(files)):
            tally.rounds = number // len(files) + 1
            _run(path, tally)
            _say(f"{path}: so far {tally}")
            if time.monotonic() - begun_s >= minutes * 60:
                break
    except KeyboardInterrupt:
        _say("stopped")
    for finding in tally.findings:
        _say(f"found: {finding}")
    _say(f"fuzz: {tally} in {(time.monotonic() - begun_s) / 60:.0f} minutes")
    return 1 if tally.findings else 0


def _run(path: str, tally: Tally) -> None:
    seed = str(secrets.randbelow(2**32))
    words = ["-m", "hypothesis", "--hypothesis-show-statistics", f"--hypothesis-seed={seed}"]
    # What something else than Hypothesis drew, it logs.
    logged = ["-o", "log_cli=true", "-o", "log_cli_level=INFO", "-o", "log_cli_format=%(message)s"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words, *logged, path]
    try:
        done = subprocess.run(  # noqa: S603 -- this project's own tests
            command,
            cwd=_CHECKOUT,
            env={**os.environ, "FUZZ_SEED": seed},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=_LONGEST_RUN_S,
        )
        status, output = done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as error:
        status, output = 1, (error.output or b"").decode(errors="replace") + f"\nnot over after {_LONGEST_RUN_S} s"
    tally.add(output)
    if status not in {_PASSED, _NONE_SELECTED}:
        tally.findings.append(f"FUZZ_SEED={seed} pytest -m hypothesis --hypothesis-seed={seed} {path}")
        _say(f"{output}\n{tally.findings[-1]}")


def _files() -> list[str]:
    found = (path for path in sorted((_CHECKOUT / "tests").rglob("test_*.py")) if "fixtures" not in path.parts)
    return [str(path.relative_to(_CHECKOUT)) for path in found if _DRAWS.search(path.read_text("utf-8"))]


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 -- a command line's answer


if __name__ == "__main__":
    sys.exit(main())
