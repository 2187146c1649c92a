"""`python -m tests.bench [name ...]`: measure, print the figures as Markdown, and write them to docs/performance.md.

Run: make bench
"""

import argparse
from collections.abc import Callable, Mapping

from tests.bench.cold_start.report import cold_start_report
from tests.bench.document import write_section
from tests.bench.growth import growth_report
from tests.bench.journal_rate import journal_report
from tests.bench.memory import memory_report
from tests.bench.rewind import rewind_report
from tests.bench.signing import signing_report
from tests.bench.warm_command import warm_command_report

# Each returns its figures as Markdown; what it does meanwhile it tells on standard error.
BENCHES: Mapping[str, Callable[[], str]] = {
    "rewind": rewind_report,
    "signing": signing_report,
    "warm-command": warm_command_report,
    "cold-start": cold_start_report,
    "memory": memory_report,
    "growth": growth_report,
    "journal": journal_report,
}


def main() -> None:
    """Run the benches that the arguments name; all without any."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHES))
    names = parser.parse_args().names
    if unknown := [name for name in names if name not in BENCHES]:
        parser.error(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    for name in names or BENCHES:
        report = BENCHES[name]()
        print(report, flush=True)  # noqa: T201 -- a command speaks
        write_section(name, report)


if __name__ == "__main__":
    main()
