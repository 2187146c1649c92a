"""How figures are told: tables, medians, and the machine that they come from."""

import os
import platform
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from statistics import median


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; all columns but the first are set to the right."""
    lines = ["|".join(("", *head, "")), "|" + "|".join(("---", *["--:"] * (len(head) - 1))) + "|"]
    return "\n".join([*lines, *("|".join(("", *row, "")) for row in rows)])


def middle(values: Iterable[float]) -> float:
    """Return the median."""
    return median(values)


def provenance(name: str) -> str:
    """Return the sentence that tells how, when and on what a section's figures came to be."""
    load = os.getloadavg()[0]
    today = datetime.fromtimestamp(time.time(), timezone.utc).date()
    return (
        f"`python -m tests.bench {name}`, {today}, {platform.python_implementation()} {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load average {load:.1f} at the start."
    )
