from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from tests.local.fc.cron import parse_schedule
from tests.local.fc.errors import CronExpressionError

NEW_YORK = ZoneInfo("America/New_York")


def after(expression: str, instant: str) -> str:
    """Return the first firing after an instant, both as UTC without a zone."""
    start = datetime.fromisoformat(f"{instant}+00:00")
    return parse_schedule(expression).firing_after(start).replace(tzinfo=None).isoformat(" ")


def firings(expression: str, start: datetime, end: datetime) -> list[datetime]:
    schedule, found = parse_schedule(expression), []
    while (start := schedule.firing_after(start)) < end:
        found.append(start)
    return found


@pytest.mark.parametrize(
    ("expression", "instant", "expected"),
    [
        ("0 0 4 * * *", "2026-01-31 03:59:59", "2026-01-31 04:00:00"),
        ("0 0 4 * * *", "2026-01-31 04:00:00", "2026-02-01 04:00:00"),
        ("30 5 4 * * *", "2026-01-31 04:05:29.999999", "2026-01-31 04:05:30"),
        ("* * * * * *", "2026-12-31 23:59:59", "2027-01-01 00:00:00"),
        ("0 0/20 8 * * *", "2026-01-31 08:00:00", "2026-01-31 08:20:00"),
        ("0 */25 * * * *", "2026-01-31 08:25:00", "2026-01-31 08:50:00"),
        ("0 */25 * * * *", "2026-01-31 08:50:00", "2026-01-31 09:00:00"),
        ("0 10-30/10 * * * *", "2026-01-31 08:30:00", "2026-01-31 09:10:00"),
        ("0 0 9-11,17 * * *", "2026-01-31 11:00:00", "2026-01-31 17:00:00"),
        ("0 0 0 1 JAN,jul *", "2026-01-31 00:00:00", "2026-07-01 00:00:00"),
        ("0 0 0 31 * ?", "2026-01-31 00:00:00", "2026-03-31 00:00:00"),
        ("0 0 0 29 2 *", "2096-02-29 00:00:00", "2104-02-29 00:00:00"),
    ],
)
def test_a_cron_expression_fires_when_all_its_fields_match(expression: str, instant: str, expected: str) -> None:
    assert after(expression, instant) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("MON", [5, 12]),
        ("1", [5, 12]),
        ("Sun", [4, 11]),
        ("7", [4, 11]),
        ("0", [4, 11]),
        ("SAT-SUN", [3, 4, 10, 11]),
        ("SUN-TUE", [4, 5, 6, 11, 12, 13]),
        ("mon,5", [2, 5, 9, 12]),
    ],
)
def test_days_of_the_week_count_from_monday_or_have_names(days: str, expected: list[int]) -> None:
    start, end = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 14, tzinfo=timezone.utc)

    assert [firing.day for firing in firings(f"0 0 0 ? * {days}", start, end)] == expected


def test_a_day_of_the_month_and_one_of_the_week_are_alternatives() -> None:
    start, end = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 14, tzinfo=timezone.utc)

    assert [firing.day for firing in firings("0 0 0 13 * MON", start, end)] == [5, 12, 13]


def test_fields_are_read_in_the_zone_that_stands_before_them() -> None:
    assert after("CRON_TZ=Asia/Shanghai 0 0 4 1 * *", "2026-01-15 00:00:00") == "2026-01-31 20:00:00"


def test_the_zone_of_the_instant_given_does_not_matter() -> None:
    instant = datetime(2026, 1, 31, 3, 0, tzinfo=NEW_YORK)

    assert parse_schedule("0 0 9 * * *").firing_after(instant) == datetime(2026, 1, 31, 9, tzinfo=timezone.utc)


def test_a_time_that_a_change_of_the_clocks_leaves_out_does_not_fire() -> None:
    expression = "CRON_TZ=America/New_York 0 30 2 * * *"

    assert after(expression, "2026-03-07 08:00:00") == "2026-03-09 06:30:00"


def test_a_time_that_a_change_of_the_clocks_repeats_fires_twice() -> None:
    expression = "CRON_TZ=America/New_York 0 30 1 * * *"

    assert after(expression, "2026-11-01 00:00:00") == "2026-11-01 05:30:00"
    assert after(expression, "2026-11-01 05:30:00") == "2026-11-01 06:30:00"
    assert after(expression, "2026-11-01 06:30:00") == "2026-11-02 06:30:00"


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("America/New_York", datetime(2026, 3, 7, tzinfo=timezone.utc)),
        ("America/New_York", datetime(2026, 10, 31, tzinfo=timezone.utc)),
        ("America/Havana", datetime(2026, 3, 7, tzinfo=timezone.utc)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=timezone.utc)),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, tzinfo=timezone.utc)),
    ],
)
def test_it_fires_at_each_instant_whose_wall_clock_matches(zone: str, start: datetime) -> None:
    minutes = [start + timedelta(minutes=count) for count in range(1, 3 * 24 * 60)]
    shown = [(minute, minute.astimezone(ZoneInfo(zone))) for minute in minutes]
    expected = [minute for minute, wall in shown if wall.hour in {0, 1, 2, 3} and wall.minute in {0, 15, 30, 45}]

    assert firings(f"CRON_TZ={zone} 0 */15 0-3 * * *", start, minutes[-1]) == expected


@pytest.mark.parametrize(
    ("duration", "expected"),
    [("90s", "00:01:30"), ("5m", "00:05:00"), ("2h", "02:00:00"), ("1h30m", "01:30:00")],
)
def test_an_interval_ends_that_long_after_the_instant_given(duration: str, expected: str) -> None:
    assert after(f"@every {duration}", "2026-01-31 00:00:00.5") == f"2026-01-31 {expected}"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("0 4 * * *", "expression: it has 5 fields instead of 6"),
        ("", "expression: it has 0 fields instead of 6"),
        ("0 0 0 4 * * * 2026", "expression: it has 8 fields"),
        ("60 * * * * *", "seconds: 60 is not within 0-59"),
        ("? * * * * *", r"seconds: '\?' is not understood"),
        ("0 5- * * * *", "minutes: '5-' is not understood"),
        ("0 */0 * * * *", r"minutes: '\*/0' has a step of 0"),
        ("0 1,,2 * * * *", "minutes: '' is not understood"),
        ("0 0 24 * * *", "hours: 24 is not within 0-23"),
        ("0 0 5-3 * * *", "hours: '5-3' ends before it begins"),
        ("0 0 0 0 * *", "day of month: 0 is not within 1-31"),
        ("0 0 0 L * *", "day of month: 'L' is not understood"),
        ("0 0 0 31 2,4 *", "day of month: the months named have no day 31"),
        ("0 0 0 1 13 *", "month: 13 is not within 1-12"),
        ("0 0 0 1 MON *", "month: 'MON' is no name of this field"),
        ("0 0 0 ? * 8", "day of week: 8 is not within 0-7"),
        ("0 0 0 ? * MON/2", "day of week: 'MON/2' has a step"),
        ("0 0 0 ? * JAN", "day of week: 'JAN' is no name of this field"),
        ("CRON_TZ=Asia/Atlantis 0 0 4 * * *", "time zone: 'Asia/Atlantis' is not known"),
        ("CRON_TZ=Asia 0 0 4 * * *", "time zone: 'Asia' is not known"),
        ("CRON_TZ=../zone 0 0 4 * * *", "time zone: '../zone' is not known"),
        ("CRON_TZ= 0 0 4 * * *", "time zone: '' is not known"),
        ("@every", "interval: write @every and a duration"),
        ("@every 5", "interval: write @every and a duration"),
        ("@every 1.5h", "interval: write @every and a duration"),
        ("@every 0s", "interval: it must be at least 1s"),
        ("@daily", "expression: it has 1 fields"),
    ],
)
def test_a_wrong_expression_is_refused_by_the_name_of_its_field(expression: str, message: str) -> None:
    with pytest.raises(CronExpressionError, match=message) as refused:
        parse_schedule(expression)

    assert message.startswith(f"{refused.value.field}: ")
