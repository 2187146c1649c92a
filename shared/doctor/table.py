"""Checks as lines that a person reads at a glance."""

from collections.abc import Iterable, Iterator

from shared.execution.doctoring_findings import Check

_STATUS_WIDTH = len("warning")


def check_lines(checks: Iterable[Check]) -> Iterator[str]:
    """Yield a line a check, status first, and under what is not ok a line that says what to do."""
    checks = tuple(checks)
    width = max((len(check.check) for check in checks), default=0)
    for check in checks:
        yield f"{check.status:<{_STATUS_WIDTH}}  {check.check:<{width}}  {check.message}"
        if check.hint is not None and check.status != "ok":
            yield f"{'':<{_STATUS_WIDTH}}  {'':<{width}}  -> {check.hint}"
