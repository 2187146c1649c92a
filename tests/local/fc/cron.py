"""When a timer fires: the cron and `@every` expressions of Function Compute.

A cron expression has six fields, seconds first, read in UTC or in the zone of a `CRON_TZ=<zone> ` before them. It fires
at each instant at which the clock of that zone shows a time that the fields name. So where clocks are changed, a time
that is left out does not fire that day, and one that comes twice fires twice.

More is taken here than the platform's own table has: it wants one number as seconds, and 1-7 for Monday to Sunday.
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.local.fc.errors import CronExpressionError

_ZONE = re.compile(r"CRON_TZ=(\S*)\s+(.*)")
_EVERY = "@every"
_DURATION = re.compile(r"(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?")
_PART = re.compile(
    r"(?:\*|(?P<first>[0-9]{1,4}|[A-Za-z]{3})(?:-(?P<last>[0-9]{1,4}|[A-Za-z]{3}))?)(?:/(?P<step>\d{1,4}))?"
)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_LEAP_YEAR = 2024


class Schedule(Protocol):
    """The instants at which a timer fires."""

    def firing_after(self, instant: datetime) -> datetime:
        """Return the first instant after an aware one at which it fires: whole seconds, in UTC."""


@dataclass(frozen=True, slots=True)
class IntervalSchedule:
    """Fires one interval after the other.

    Attributes:
        interval: A whole number of seconds, at least one.
    """

    interval: timedelta

    def firing_after(self, instant: datetime) -> datetime:
        """Return the end of the interval that begins with `instant`: its start, or the firing before."""
        return instant.astimezone(timezone.utc).replace(microsecond=0) + self.interval


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """Fires when the clock of its zone shows a time that its fields name.

    Attributes:
        days_of_month: None where any will do; where both this and `days_of_week` are given, either is enough.
        days_of_week: Sunday is 0; None where any will do.
    """

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days_of_month: frozenset[int] | None
    months: frozenset[int]
    days_of_week: frozenset[int] | None
    zone: tzinfo

    def firing_after(self, instant: datetime) -> datetime:
        """Return the first instant after an aware one at which it fires: whole seconds, in UTC."""
        moment = instant.astimezone(timezone.utc).replace(microsecond=0) + timedelta(seconds=1)
        while True:
            shown = moment.astimezone(self.zone)
            if not self._has_day(shown.date()):
                moment = self._next_day(shown.date())
            elif shown.hour not in self.hours or shown.minute not in self.minutes:
                # Minute by minute, in UTC: so no change of the clocks is jumped over.
                moment += timedelta(seconds=60 - shown.second)
            elif shown.second not in self.seconds:
                moment += timedelta(seconds=1)
            else:
                return moment

    def _next_day(self, day: date) -> datetime:
        while not self._has_day(day):
            day += timedelta(days=1)
        return datetime.combine(day, time.min, self.zone).astimezone(timezone.utc)

    def _has_day(self, day: date) -> bool:
        choices = []
        if self.days_of_month is not None:
            choices.append(day.day in self.days_of_month)
        if self.days_of_week is not None:
            choices.append(day.isoweekday() % 7 in self.days_of_week)
        return day.month in self.months and (not choices or any(choices))


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of an expression: its name in errors, and what may stand in it."""

    name: str
    first: int
    last: int
    names: Mapping[str, int] = field(default_factory=dict)
    may_be_any: bool = False
    may_step: bool = True

    def values(self, text: str) -> frozenset[int]:
        """Return the numbers that the field names."""
        if text == "?" and self.may_be_any:
            return frozenset(range(self.first, self.last + 1))
        return frozenset().union(*(self._part(part) for part in text.split(",")))

    def chosen(self, text: str) -> frozenset[int] | None:
        """Return the same, but None where the field leaves the choice to another one."""
        values = self.values(text)
        return None if text in {"*", "?"} else values

    def _part(self, part: str) -> range:
        match = _PART.fullmatch(part)
        if match is None:
            raise CronExpressionError(self.name, f"'{part}' is not understood")
        step = match["step"]
        if step is not None and not self.may_step:
            raise CronExpressionError(self.name, f"'{part}' has a step, which this field may not have")
        if step is not None and int(step) == 0:
            raise CronExpressionError(self.name, f"'{part}' has a step of 0")
        first, last = self._bounds(match)
        return range(first, last + 1, int(step or 1))

    def _bounds(self, match: re.Match[str]) -> tuple[int, int]:
        if match["first"] is None:
            return self.first, self.last
        first = self._number(match["first"])
        if match["last"] is None:
            return first, self.last if match["step"] else first
        last = self._number(match["last"])
        if self.names.get("SUN") == first > last:
            first = self.first
        if first > last:
            raise CronExpressionError(self.name, f"'{match[0]}' ends before it begins")
        return first, last

    def _number(self, text: str) -> int:
        number = int(text) if text.isdigit() else self.names.get(text.upper())
        if number is None:
            raise CronExpressionError(self.name, f"'{text}' is no name of this field")
        if not self.first <= number <= self.last:
            raise CronExpressionError(self.name, f"{number} is not within {self.first}-{self.last}")
        return number


_SECONDS = _Field("seconds", 0, 59)
_MINUTES = _Field("minutes", 0, 59)
_HOURS = _Field("hours", 0, 23)
_DAY_OF_MONTH = _Field("day of month", 1, 31, may_be_any=True)
_MONTH = _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)})
# No steps: counted from Sunday or from Monday, they would be different days.
_DAY_OF_WEEK = _Field(
    "day of week", 0, 7, {name: number for number, name in enumerate(_DAYS, 1)}, may_be_any=True, may_step=False
)
_FIELD_COUNT = 6


def parse_schedule(expression: str) -> Schedule:
    """Return the schedule that a timer's `cronExpression` stands for.

    Understood are six fields (`0 30 4 * * MON-FRI`) of numbers, names, ranges, lists, steps, `*` and, for days, `?`;
    the prefix `CRON_TZ=Asia/Shanghai `; and `@every 1h30m`, in whole hours, minutes and seconds.

    Raises:
        CronExpressionError: It is none of these, or would never fire.

    Source: function-compute.md, section 4; the fields' ranges: the platform's page "Time triggers".
    """
    prefixed = _ZONE.fullmatch(expression.strip())
    zone = _zone(prefixed[1]) if prefixed else timezone.utc
    fields = (prefixed[2] if prefixed else expression).split()
    if fields[:1] == [_EVERY]:
        return IntervalSchedule(_interval(fields[1:]))
    if len(fields) != _FIELD_COUNT:
        raise CronExpressionError("expression", f"it has {len(fields)} fields instead of {_FIELD_COUNT}, seconds first")
    return _cron(fields, zone)


def _cron(fields: list[str], zone: tzinfo) -> CronSchedule:
    days_of_week = _DAY_OF_WEEK.chosen(fields[5])
    schedule = CronSchedule(
        seconds=_SECONDS.values(fields[0]),
        minutes=_MINUTES.values(fields[1]),
        hours=_HOURS.values(fields[2]),
        days_of_month=_DAY_OF_MONTH.chosen(fields[3]),
        months=_MONTH.values(fields[4]),
        days_of_week=None if days_of_week is None else frozenset(day % 7 for day in days_of_week),
        zone=zone,
    )
    longest = max(monthrange(_LEAP_YEAR, month)[1] for month in schedule.months)
    if schedule.days_of_week is None and schedule.days_of_month and min(schedule.days_of_month) > longest:
        raise CronExpressionError(_DAY_OF_MONTH.name, f"the months named have no day {min(schedule.days_of_month)}")
    return schedule


def _interval(words: list[str]) -> timedelta:
    match = _DURATION.fullmatch(words[0]) if len(words) == 1 else None
    if match is None:
        raise CronExpressionError("interval", f"write {_EVERY} and a duration of h, m and s, such as {_EVERY} 5m")
    hours, minutes, seconds = (int(number or 0) for number in match.groups())
    interval = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if not interval:
        raise CronExpressionError("interval", "it must be at least 1s")
    return interval


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CronExpressionError("time zone", f"'{name}' is not known") from error
