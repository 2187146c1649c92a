"""What the doctor found: what to mend first, then all that was looked at."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from shared.chatops.chat_words import as_typed
from shared.chatops.messages import Card
from shared.chatops.tables import Row, table_of
from shared.chatops.wording import Showing, make_card, warning_lines, without_accounts
from shared.results import Result

_Check: TypeAlias = Mapping[str, Any]

_HEADER = ("check", "is", "found")
# What a person has to mend comes first.
_STATUSES = ("failed", "warning", "skipped", "ok")
_MENDED = frozenset({"failed", "warning"})
_TOLD = {"failed": "Failed", "warning": "Warning"}


def checks_card(result: Result, showing: Showing) -> Card:
    """Return what the doctor found, for whoever asked alone: what to do about all that failed, or may yet."""
    checks = sorted(_checks(result), key=_rank)
    return make_card(
        showing,
        result,
        _opening(checks),
        [*(line for check in checks if check["status"] in _MENDED for line in _lines(check)), *_rest(result, checks)],
        audience="person",
        table=table_of(_HEADER, checks, _row, _summed),
    )


def _checks(result: Result) -> Sequence[_Check]:
    found = result.own.get("checks")
    return found if isinstance(found, list | tuple) else ()


def _rank(check: _Check) -> int:
    return _STATUSES.index(check["status"]) if check["status"] in _STATUSES else 0


def _opening(checks: Sequence[_Check]) -> str:
    counts = Counter(check["status"] for check in checks)
    if counts["failed"]:
        return f"{counts['failed']} of {len(checks)} checks failed"
    if counts["warning"]:
        return f"It works, with {counts['warning']} {'warning' if counts['warning'] == 1 else 'warnings'}"
    return "All that could be checked is well"


def _lines(check: _Check) -> list[str]:
    told = f"{_TOLD[check['status']]}: {check['check']}: {_safe(check['message'])}."
    return [f"{told} What to do: {_safe(check['hint'])}." if check["hint"] else told]


def _rest(result: Result, checks: Sequence[_Check]) -> list[str]:
    skipped = sum(check["status"] == "skipped" for check in checks)
    told = [f"Not looked at: {skipped}, each for the reason that the table shows."] if skipped else []
    return [*told, *warning_lines(result.warnings)]


def _row(check: _Check) -> Row:
    return str(check["check"]), str(check["status"]), _safe(check["message"])


def _summed(checks: Sequence[_Check]) -> Row:
    counts = Counter(check["status"] for check in checks)
    return f"{len(checks)} more", ", ".join(f"{counts[status]} {status}" for status in _STATUSES if counts[status]), ""


def _safe(message: str) -> str:
    return as_typed(without_accounts(message)).rstrip(".")
