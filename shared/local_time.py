"""Wall-clock times of a day in a zone, as a schedule means them, right across changes of the clocks."""

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?")
_DAYS_BACK = {"today": 0, "yesterday": 1}
FORM = '{"local": "00:00", "day": "today" or "yesterday", "zone": "Asia/Shanghai"}'


def read_local_time(given: Mapping[object, object], *, anchor_unix: float, default_zone: tzinfo | None) -> int:
    """Return the instant, in Unix seconds, of a wall-clock time on the command's own day or the day before it.

    It is the first instant at which that day's clock shows the time or a later one: a time that is skipped when clocks
    go forward is the moment of the change, and one that comes twice is its first coming.

    Args:
        given: `local`, and where they are not today and the default zone, `day` and `zone`.
        anchor_unix: The command's own time, whose day in the zone it is.
        default_zone: The zone where none is given; None refuses that.

    Raises:
        ValueError: It is not of that form.
    """
    if not set(given) <= {"local", "day", "zone"}:
        raise ValueError(f"must be {FORM}")
    zone = _zone(given.get("zone"), default_zone)
    clock, day = given.get("local"), given.get("day", "today")
    if not isinstance(clock, str) or not isinstance(day, str) or day not in _DAYS_BACK:
        raise ValueError(f"must be {FORM}")
    # What else Python takes for a time depends on its version: hours alone, fractions, zones.
    if not _CLOCK.fullmatch(clock):
        raise ValueError("local must be a time of the form HH:MM or HH:MM:SS, such as 00:00; zone names its zone")
    at = time.fromisoformat(clock)
    try:
        date = datetime.fromtimestamp(anchor_unix, zone).date() - timedelta(days=_DAYS_BACK[day])
        return first_instant(datetime.combine(date, at), zone)
    except (OverflowError, ValueError) as error:
        raise ValueError("must be a day of the calendar, which ends with the year 9999") from error


def is_zone(name: str) -> bool:
    """Return whether this machine knows a zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def first_instant(local: datetime, zone: tzinfo) -> int:
    """Return the first instant at which the clock of a zone shows a local time or a later one, in Unix seconds."""
    earlier = local.replace(tzinfo=zone, fold=0)
    unix = int(earlier.timestamp())
    shown = datetime.fromtimestamp(unix, zone).replace(tzinfo=None)
    if shown == local.replace(microsecond=0):
        return unix
    # Skipped: the change lies between what the two offsets make of it.
    low, high = int(local.replace(tzinfo=zone, fold=1).timestamp()), unix
    before = datetime.fromtimestamp(low, zone).utcoffset()
    while low < high:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            low = middle + 1
        else:
            high = middle
    return low


def _zone(name: object, default_zone: tzinfo | None) -> tzinfo:
    if name is None:
        if default_zone is None:
            raise ValueError("zone: missing; name one such as Asia/Shanghai, or set default_time_zone in policy.toml")
        return default_zone
    try:
        return ZoneInfo(name if isinstance(name, str) else "")
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise ValueError("zone must be a zone such as Asia/Shanghai") from error
