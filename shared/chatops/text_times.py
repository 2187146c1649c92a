"""Times and durations as people type them, from words to what commands take."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from shared.chatops.spelling import keyword, short_dashes
from shared.chatops.text_line import Line
from shared.goals import read_instant
from shared.local_time import read_local_time
from shared.positions import iso_utc, parse_duration_s

_UNITS = {
    "w": ("week", "weeks"),
    "d": ("day", "days", "\u5929"),
    "h": ("hr", "hrs", "hour", "hours", "\u5c0f\u65f6"),
    "m": ("min", "mins", "minute", "minutes", "\u5206\u949f"),
    "s": ("sec", "secs", "second", "seconds"),
}
_UNIT_OF = {name: unit for unit, names in _UNITS.items() for name in (unit, *names)}
_PART = re.compile("([0-9]{1,9})(" + "|".join(sorted(_UNIT_OF, key=len, reverse=True)) + ")?")
_ISO_DURATION = re.compile("p[0-9wdthms]+")
_EPOCH = re.compile("[0-9]{10,13}")
_DATE = re.compile("([0-9]{4})[-/]([0-9]{2})[-/]([0-9]{2})")
_CLOCK = re.compile("([01]?[0-9]|2[0-3]):([0-5][0-9])(:[0-5][0-9])?(Z|(?:UTC|GMT)?[+-][0-9:]+)?")
_OFFSET = re.compile("(?:UTC|GMT)?([+-])(1[0-4]|0?[0-9])(?::?([0-5][0-9]))?")
_ENDED = re.compile("[-~][0-9]")
_ZONE = re.compile("[A-Za-z][A-Za-z_]*(?:/[A-Za-z][A-Za-z0-9_+-]*){1,2}")
_FORMS = "a time such as 2026-11-20T01:30+08:00, 01:30 or yesterday 01:30"
_NO_RANGES = (
    "a hyphen behind a clock time may be a range or a zone behind UTC; there are no ranges, and such a zone is written "
    "as 01:30 UTC-02:30"
)


def read_duration(line: Line, *, many: bool = True) -> str | None:
    """Return a duration as commands spell it, and take its words; None if none stands next.

    Args:
        line: What is read.
        many: Whether it may have more than one part with spaces between, such as "1d 12h".

    Raises:
        ValueError: Something like one stands there, and is none.
    """
    iso = short_dashes(line.peek()).lower()
    if _ISO_DURATION.fullmatch(iso):
        line.take()
        parse_duration_s(iso.upper())
        return iso.upper()
    text = ""
    while (many or not text) and (part := _part(line)):
        text += part
    if text:
        parse_duration_s(text)
    return text or None


def read_seconds(line: Line, name: str) -> int:
    """Return a duration in seconds, which is also what a bare number means; takes its words.

    Raises:
        ValueError: None stands next.
    """
    if re.fullmatch("[0-9]{1,9}", line.peek()) and keyword(line.peek(1)) not in _UNIT_OF:
        return int(line.take())
    try:
        text = read_duration(line, many=False)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    if text is None:
        raise ValueError(f"{name}: must be seconds or a duration such as 60s")
    return parse_duration_s(text)


def read_time(line: Line, name: str) -> object:
    """Return an instant as commands spell it, or a clock time as `resolve` takes it; takes its words.

    An instant is ISO-8601, with its zone if one was typed, or epoch seconds or milliseconds. A clock time is
    `{"local": "01:30"}` with `day` and `zone` where they were typed; without `day` its last coming is meant.

    Raises:
        ValueError: None stands next, or it needs a zone and there is none, or it may be a range.
    """
    if _may_be_a_range(line):
        raise ValueError(f"{name}: {_NO_RANGES}")
    found = _clock(line) or _instant(line)
    if found is None:
        raise ValueError(f"{name}: must be {_FORMS}")
    if isinstance(found, dict):
        if "zone" not in found and not line.default_zone:
            raise ValueError(f"{name}: needs its zone: write 01:30+08:00, or set default_time_zone in policy.toml")
        return found
    try:
        read_instant(found, default_zone=timezone.utc)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    return found


def is_time(line: Line) -> bool:
    """Return whether what stands next looks like the beginning of a time."""
    word = _upper(line.peek())
    looks = any(form.match(word) for form in (_CLOCK, _DATE, _EPOCH))
    return looks or keyword(word) in {"today", "yesterday"}


def is_clock(line: Line) -> bool:
    """Return whether what stands next looks like a clock time without a day, which may be meant as a duration."""
    return _CLOCK.match(_upper(line.peek())) is not None


def resolve(clock: Mapping[object, object], *, anchor_unix: float, default_zone: tzinfo | None) -> str:
    """Return the instant of a clock time in ISO-8601, UTC: its last coming at or before the anchor.

    That counts within a day too: when clocks go back, what they show twice is the second time, once that has been.

    Raises:
        ValueError: It is none, or names no zone and there is no default.
    """
    given = dict(clock)
    offset = _OFFSET.fullmatch(str(given.get("zone")))
    if offset:
        del given["zone"]
        default_zone = _fixed_zone(offset)
    unix = read_local_time(given, anchor_unix=anchor_unix, default_zone=default_zone)
    if "day" not in given and unix > anchor_unix:
        given["day"] = "yesterday"
        unix = read_local_time(given, anchor_unix=anchor_unix, default_zone=default_zone)
    named = given.get("zone")
    zone = default_zone if named is None else ZoneInfo(str(named))
    again_unix = unix if zone is None else _second_coming(unix, zone)
    return iso_utc(again_unix if again_unix <= anchor_unix else unix)


def _second_coming(unix: int, zone: tzinfo) -> int:
    """Return when the clock of a zone shows what it shows at an instant for the last time on that day."""
    return int(datetime.fromtimestamp(unix, zone).replace(fold=1).timestamp())


def anchor_of(at: object, *, sent_unix: float, default_zone: tzinfo | None) -> float:
    """Return the command's own time in Unix seconds: what `at` says, else when the text was sent.

    Raises:
        ValueError: `at` is no instant, or names no zone and there is no default.
    """
    return sent_unix if at is None else read_instant(at, default_zone=default_zone)


def clock_text(clock: Mapping[object, object]) -> str:
    """Return how a clock time is typed."""
    words = [str(clock[key]) for key in ("day", "local", "zone") if key in clock]
    return " ".join(f"UTC{word}" if word.startswith("-") else word for word in words)


def _may_be_a_range(line: Line) -> bool:
    """Return whether a clock time without a date has a hyphen behind it, and what may be an end or an offset."""
    at = 1 if keyword(line.peek()) in {"today", "yesterday"} else 0
    word, following = _upper(line.peek(at)), _upper(line.peek(at + 1))
    glued = _CLOCK.match(word)
    return glued is not None and bool(_ENDED.match(word[glued.end(3) if glued[3] else glued.end(2) :] or following))


def _part(line: Line) -> str | None:
    """Take one number with its unit, glued to it or in the next word."""
    glued = short_dashes(line.peek()).lower()
    parts = _PART.findall(glued)
    if not parts or "".join(number + unit for number, unit in parts) != glued:
        return None
    if all(unit for _, unit in parts):
        line.take()
    elif len(parts) == 1 and keyword(line.peek(1)) in _UNIT_OF:
        line.take()
        parts = [(parts[0][0], keyword(line.take()))]
    else:
        return None
    return "".join(number + _UNIT_OF[unit] for number, unit in parts)


def _instant(line: Line) -> str | int | None:
    word = _upper(line.peek())
    if _EPOCH.fullmatch(word):
        return int(line.take())
    date = _DATE.match(word)
    if date is None:
        return None
    line.take()
    day, rest = "-".join(date.groups()), word[date.end() :]
    if not rest and _CLOCK.fullmatch(_upper(line.peek())):
        rest = "T" + _upper(line.take())
    if not rest:
        return None
    return day + rest + (_typed_offset(line) if not re.search("Z$|[+-][0-9:]+$", rest) else "")


def _clock(line: Line) -> dict[str, object] | None:
    day = keyword(line.peek())
    has_day = day in {"today", "yesterday"}
    found = _CLOCK.fullmatch(_upper(line.peek(1 if has_day else 0)))
    if found is None or (found[4] and not _is_offset(found[4])):
        return None
    for _ in range(1 + has_day):
        line.take()
    hours, minutes, seconds, offset = found.groups()
    zone = _spelled_offset(offset) if offset else _typed_offset(line) or _typed_zone(line)
    clock: dict[str, object] = {"local": f"{hours:0>2}:{minutes}{seconds or ''}"}
    clock |= {"day": day} if has_day else {}
    return clock | ({"zone": "UTC" if zone == "Z" else zone} if zone else {})


def _typed_offset(line: Line) -> str:
    word = _upper(line.peek())
    if _is_offset(word):
        line.take()
        return _spelled_offset(word)
    return ""


def _is_offset(word: str) -> bool:
    return word in {"Z", "UTC", "GMT"} or _OFFSET.fullmatch(word) is not None


def _spelled_offset(word: str) -> str:
    found = _OFFSET.fullmatch(word)
    return f"{found[1]}{found[2]:0>2}:{found[3] or '00'}" if found else "Z"


def _typed_zone(line: Line) -> str:
    return line.take() if _ZONE.fullmatch(line.peek()) else ""


def _fixed_zone(offset: re.Match[str]) -> timezone:
    sign = -1 if offset[1] == "-" else 1
    return timezone(sign * timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0)))


def _upper(word: str) -> str:
    # Some letters' upper case is ASCII although they are not.
    return short_dashes(word).upper() if word.isascii() or short_dashes(word).isascii() else word
