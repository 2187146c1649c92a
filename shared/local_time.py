"""Wall-clock times of a day in a zone, as a schedule means them, right across changes of the clocks."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
    try:
        at = time.fromisoformat(clock)
    except ValueError as error:
        raise ValueError("local must be a time such as 00:00 or 01:30:00") from error
    if at.tzinfo is not None:
        raise ValueError("local must be a time without a zone; zone names it")
    date = datetime.fromtimestamp(anchor_unix, zone).date() - timedelta(days=_DAYS_BACK[day])
    return first_instant(datetime.combine(date, at), zone)


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
