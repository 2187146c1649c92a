"""Times and durations as people write them, and as results show them."""

import re
from datetime import datetime, timezone

_UNITS_S = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SHORT = re.compile(r"(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_ISO = re.compile(r"P(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?", re.ASCII)


def parse_duration_s(text: str) -> int:
    """Return a duration in seconds: "90m", "2h", "1d12h", or ISO-8601's "PT2H".

    Raises:
        ValueError: The text is no duration, or one of no length.
    """
    found = _SHORT.fullmatch(text) or _ISO.fullmatch(text)
    seconds = 0
    if found:
        seconds = sum(int(n) * unit for n, unit in zip(found.groups(), _UNITS_S.values(), strict=True) if n)
    if seconds == 0:
        raise ValueError("not a duration such as 90m, 2h, 1d12h or PT2H")
    return seconds


def duration(seconds: float) -> str:
    """Return a duration as a person reads it, in its two largest units: "2 h 05 min", "12 s"."""
    total = round(seconds)
    days, rest = divmod(total, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, secs = divmod(rest, 60)
    if days:
        return f"{days} d {hours:02} h"
    if hours:
        return f"{hours} h {minutes:02} min"
    if minutes:
        return f"{minutes} min {secs:02} s"
    return f"{secs} s"


def iso_utc(unix: float) -> str:
    """Return an instant as ISO-8601 in UTC, to the second."""
    return datetime.fromtimestamp(unix, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def unix_of(time: str) -> float:
    """Return the instant, in Unix seconds, that `iso_utc` wrote."""
    # Python 3.10 does not read a Z.
    return datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()
