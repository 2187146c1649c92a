"""docs/performance.md: one section for each report, replaced when its bench is run."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENT = CHECKOUT / "docs" / "performance.md"
PLOT = CHECKOUT / "docs" / "performance-growth.svg"
_HEAD = """# Performance

Every table here is printed and written by `make bench` (one alone by `python -m tests.bench <name>`). What counts are
the ratios: both sides of each were measured in turns in one run, on one machine, and medians are told. Times are
those of that machine, and of no other.
"""


def write_section(name: str, text: str) -> None:
    """Put a report where its last run's was, or at the end."""
    found = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else _HEAD
    section = f"<!-- bench: {name} -->\n{text.strip()}\n<!-- end: {name} -->"
    old = re.compile(rf"<!-- bench: {re.escape(name)} -->.*?<!-- end: {re.escape(name)} -->", re.DOTALL)
    changed = old.sub(lambda _: section, found) if old.search(found) else f"{found.rstrip()}\n\n{section}\n"
    DOCUMENT.write_text(changed, encoding="utf-8")
