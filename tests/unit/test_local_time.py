"""Wall-clock times of a day in a zone, held against a search minute by minute."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.local_time import first_instant, read_local_time
from tests.fuzz.amount import some

MINUTE_S = 60


def wall(text: str) -> datetime:
    """Return what a clock on the wall shows: a time without a zone."""
    return datetime.fromisoformat(text)


ZONES = ("Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Gaza")
# The nights in which clocks changed there, both ways; Shanghai's last ones are of 1991.
CHANGES = {
    "Europe/Berlin": (wall("2026-03-29T02:00"), wall("2026-10-25T02:00")),
    "America/New_York": (wall("2026-03-08T02:00"), wall("2026-11-01T01:00")),
    "Asia/Shanghai": (wall("1991-04-14T02:00"), wall("1991-09-15T01:00")),
    "Australia/Lord_Howe": (wall("2026-10-04T02:00"), wall("2026-04-05T01:30")),
    "America/Sao_Paulo": (wall("2018-11-04T00:00"), wall("2018-02-18T00:00")),
    "Asia/Gaza": (wall("2023-04-29T02:00"), wall("2023-10-28T01:00")),
}


def unix(text: str) -> int:
    """Return an instant, of an ISO-8601 text in UTC."""
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())


def searched(local: datetime, zone: ZoneInfo) -> int:
    """Return the first instant whose clock shows a time or a later one: by looking at each minute in turn."""
    instant = int(local.replace(tzinfo=timezone.utc).timestamp()) - 15 * 3600
    while datetime.fromtimestamp(instant, zone).replace(tzinfo=None) < local:
        instant += MINUTE_S
    return instant


@given(
    change=st.sampled_from([(zone, when) for zone, pair in CHANGES.items() for when in pair]),
    minutes=st.integers(-180, 180),
)
@some(150)
def test_near_a_change_of_the_clocks_it_is_what_a_search_finds(change: tuple[str, datetime], minutes: int) -> None:
    zone, local = ZoneInfo(change[0]), change[1] + timedelta(minutes=minutes)

    assert first_instant(local, zone) == searched(local, zone)


@given(
    zone=st.sampled_from(ZONES),
    local=st.datetimes(wall("1995-01-01T00:00"), wall("2035-01-01T00:00")).map(
        lambda t: t.replace(second=0, microsecond=0)
    ),
)
@some(60)
def test_on_any_day_it_is_what_a_search_finds(zone: str, local: datetime) -> None:
    assert first_instant(local, ZoneInfo(zone)) == searched(local, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        ("Europe/Berlin", wall("2026-03-29T02:30"), "2026-03-29T01:00:00"),
        ("Europe/Berlin", wall("2026-10-25T02:30"), "2026-10-25T00:30:00"),
        ("America/New_York", wall("2026-03-08T02:00"), "2026-03-08T07:00:00"),
        ("America/New_York", wall("2026-11-01T01:59"), "2026-11-01T05:59:00"),
        ("Asia/Shanghai", wall("2026-03-29T02:30"), "2026-03-28T18:30:00"),
        # Samoa went over the date line: 30 December 2011 was never.
        ("Pacific/Apia", wall("2011-12-30T12:00"), "2011-12-30T10:00:00"),
    ],
)
def test_a_skipped_time_is_the_change_and_one_that_comes_twice_is_its_first_coming(
    zone: str, local: datetime, expected: str
) -> None:
    assert first_instant(local, ZoneInfo(zone)) == unix(expected)


@pytest.mark.parametrize(
    ("zone", "anchor", "day", "expected"),
    [
        # Days of 23 and of 25 hours: yesterday is the calendar's, not 24 hours ago.
        ("Europe/Berlin", "2026-03-30T01:00:00", "yesterday", "2026-03-28T23:00:00"),
        ("Europe/Berlin", "2026-03-30T01:00:00", "today", "2026-03-29T22:00:00"),
        ("Europe/Berlin", "2026-10-26T01:00:00", "yesterday", "2026-10-24T22:00:00"),
        ("America/New_York", "2026-03-09T06:30:00", "yesterday", "2026-03-08T05:00:00"),
        ("America/New_York", "2026-11-02T07:30:00", "yesterday", "2026-11-01T04:00:00"),
        # The trigger's own day is the zone's: in Shanghai it is tomorrow already.
        ("Asia/Shanghai", "2026-11-19T18:30:00", "today", "2026-11-19T16:00:00"),
        ("Asia/Shanghai", "2026-11-19T18:30:00", "yesterday", "2026-11-18T16:00:00"),
        ("Asia/Shanghai", "2026-11-19T15:59:59", "today", "2026-11-18T16:00:00"),
    ],
)
def test_midnight_is_that_of_the_anchors_day_in_the_zone(zone: str, anchor: str, day: str, expected: str) -> None:
    given_time: dict[object, object] = {"local": "00:00", "day": day, "zone": zone}

    assert read_local_time(given_time, anchor_unix=unix(anchor), default_zone=None) == unix(expected)


def test_the_day_is_today_and_the_zone_the_default_unless_given() -> None:
    found = read_local_time(
        {"local": "01:30:05"}, anchor_unix=unix("2026-11-19T18:30:00"), default_zone=ZoneInfo("Asia/Shanghai")
    )

    assert found == unix("2026-11-19T17:30:05")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"local": "25:00", "zone": "UTC"}, "local must be a time"),
        ({"local": "24:00", "zone": "UTC"}, "local must be a time"),
        ({"local": "noon", "zone": "UTC"}, "local must be a time"),
        ({"local": "00:00+08:00", "zone": "UTC"}, "local must be a time"),
        ({"local": "00:00Z", "zone": "UTC"}, "local must be a time"),
        ({"local": "00", "zone": "UTC"}, "local must be a time"),
        ({"local": "0:00", "zone": "UTC"}, "local must be a time"),
        ({"local": "0000", "zone": "UTC"}, "local must be a time"),
        ({"local": "T00:00", "zone": "UTC"}, "local must be a time"),
        ({"local": "00:00:00.5", "zone": "UTC"}, "local must be a time"),
        ({"local": "00:00\n", "zone": "UTC"}, "local must be a time"),
        ({"local": "\u0660\u0660:00", "zone": "UTC"}, "local must be a time"),
        ({"local": 0, "zone": "UTC"}, "must be {"),
        ({"zone": "UTC"}, "must be {"),
        ({"local": "00:00", "day": "tomorrow", "zone": "UTC"}, "must be {"),
        ({"local": "00:00", "day": [], "zone": "UTC"}, "must be {"),
        ({"local": "00:00", "day": None, "zone": "UTC"}, "must be {"),
        ({"local": "00:00", "offset": 1, "zone": "UTC"}, "must be {"),
        ({"local": "00:00"}, "zone: missing"),
        ({"local": "00:00", "zone": "Mars/Olympus"}, "zone must be a zone"),
        ({"local": "00:00", "zone": "../../etc/passwd"}, "zone must be a zone"),
        ({"local": "00:00", "zone": "Asia"}, "zone must be a zone"),
        ({"local": "00:00", "zone": ""}, "zone must be a zone"),
        ({"local": "00:00", "zone": 8}, "zone must be a zone"),
        ({"local": "00:00", "zone": "x" * 5000}, "zone must be a zone"),
    ],
    ids=str,
)
def test_a_wrong_local_time_is_refused(wrong: dict[object, object], message: str) -> None:
    with pytest.raises(ValueError, match=r"must|missing") as refusal:
        read_local_time(wrong, anchor_unix=unix("2026-11-19T18:30:00"), default_zone=None)

    assert message in str(refusal.value)
    assert "passwd" not in str(refusal.value)


@given(
    anchor_unix=st.sampled_from([0, 253_402_300_799]),
    zone=st.sampled_from(["Pacific/Kiritimati", "Etc/GMT+12", "America/New_York", "UTC"]),
    clock=st.times().map(lambda at: at.isoformat("minutes")),
    day=st.sampled_from(["today", "yesterday"]),
)
def test_at_the_ends_of_the_calendar_it_is_an_instant_or_a_refusal(
    anchor_unix: int, zone: str, clock: str, day: str
) -> None:
    given_time: dict[object, object] = {"local": clock, "day": day, "zone": zone}

    try:
        found = read_local_time(given_time, anchor_unix=anchor_unix, default_zone=None)
    except ValueError as error:
        assert "calendar" in str(error)  # noqa: PT017 -- either outcome is right
    else:
        assert abs(found - anchor_unix) <= 3 * 86_400
