"""Clock times, from how they are typed to the instants that they mean."""

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from shared.chatops.text_commands import CommandAsked, TextError, read_text, resolve_clock
from shared.command_parser import parse_command_table

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def resolved(text: str, sent: str, zone: tzinfo | None = SHANGHAI) -> dict[str, object]:
    asked = read_text(text, default_zone=True)
    assert isinstance(asked, CommandAsked)
    sent_unix = datetime.fromisoformat(sent).timestamp()
    return resolve_clock(asked.command, sent_unix=sent_unix, default_zone=zone)


@pytest.mark.parametrize(
    ("where", "sent", "to"),
    [
        ("to 01:00", "2026-11-20T03:00+08:00", "2026-11-19T17:00:00Z"),
        ("to 01:00", "2026-11-20T01:00+08:00", "2026-11-19T17:00:00Z"),
        ("to 01:00", "2026-11-20T00:30+08:00", "2026-11-18T17:00:00Z"),
        ("to today 01:00", "2026-11-20T00:30+08:00", "2026-11-19T17:00:00Z"),
        ("to yesterday 01:00", "2026-11-20T03:00+08:00", "2026-11-18T17:00:00Z"),
        ("to 01:00 UTC", "2026-11-20T03:00+08:00", "2026-11-19T01:00:00Z"),
        ("to 01:00 +05:30", "2026-11-20T03:00+08:00", "2026-11-18T19:30:00Z"),
        ("to 01:00 Europe/Berlin", "2026-11-20T03:00+08:00", "2026-11-19T00:00:00Z"),
        ("20h at 01:00", "2026-11-20T03:00+08:00", "20h"),
        ("to 02:00 at 2026-11-10T01:00+08:00", "2026-11-20T03:00+08:00", "2026-11-08T18:00:00Z"),
        ("to 02:00 at 01:00", "2026-11-20T03:00+08:00", "2026-11-18T18:00:00Z"),
        ("to 2026-11-20T01:30", "2026-11-20T03:00+08:00", "2026-11-20T01:30"),
    ],
)
def test_a_clock_time_is_its_last_coming_unless_its_day_is_said(where: str, sent: str, to: str) -> None:
    command = resolved(f"rewind orders {where}", sent)

    assert command["to"] == to
    assert parse_command_table(command).action == "rewind"


def test_as_of_takes_clock_times_like_to() -> None:
    command = resolved("rewind orders as-of 01:00", "2026-11-20T00:30+08:00")

    assert command["to"] == {"as_of": "2026-11-18T17:00:00Z"}
    assert parse_command_table(command).action == "rewind"


def test_at_and_since_take_clock_times_too() -> None:
    sent = "2026-11-20T03:00+08:00"

    assert resolved("rewind orders 2h at 01:30", sent)["at"] == "2026-11-19T17:30:00Z"
    assert resolved("history orders since yesterday 01:30", sent)["since"] == "2026-11-18T17:30:00Z"


def test_a_clock_time_that_is_skipped_is_the_change_of_the_clocks() -> None:
    command = resolved("rewind orders to 02:30", "2026-03-29T12:00+02:00", BERLIN)

    assert command["to"] == "2026-03-29T01:00:00Z"


def test_a_command_without_clock_times_is_not_changed() -> None:
    text = "rewind shop/orders/billing by 100 shards 0,3"
    asked = read_text(text)

    assert isinstance(asked, CommandAsked)
    assert resolve_clock(asked.command, sent_unix=0, default_zone=None) == asked.command


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("to 01:00", "zone: missing"),
        ("as-of yesterday 01:00", "zone: missing"),
        ("to 01:00 Mars/Olympus", "zone must be a zone"),
        ("to 01:00+99:00", "to: must be a time"),
        ("to 01:00Z at 2026-11-20T01:30", "has no zone"),
        ("to 01:00+14 at 9999-12-31T23:59Z", "the time must be a day of the calendar"),
    ],
)
def test_a_clock_time_whose_zone_is_missing_or_unknown_is_refused(where: str, message: str) -> None:
    with pytest.raises(TextError, match=message):
        resolved(f"rewind orders {where}", "2026-11-20T03:00+08:00", None)


@pytest.mark.parametrize(
    ("sent", "to"),
    [
        ("2026-10-25T02:20+02:00", "2026-10-24T00:30:00Z"),
        ("2026-10-25T02:45+02:00", "2026-10-25T00:30:00Z"),
        ("2026-10-25T02:20+01:00", "2026-10-25T00:30:00Z"),
        ("2026-10-25T02:45+01:00", "2026-10-25T01:30:00Z"),
        ("2026-10-25T12:00+01:00", "2026-10-25T01:30:00Z"),
        ("2026-10-26T02:00+01:00", "2026-10-25T01:30:00Z"),
    ],
)
def test_an_hour_that_came_twice_is_its_last_coming(sent: str, to: str) -> None:
    assert resolved("rewind orders to 02:30", sent, BERLIN)["to"] == to
    assert resolved("rewind orders to 02:30 Europe/Berlin", sent)["to"] == to
    assert resolved("rewind orders as-of 02:30", sent, BERLIN)["to"] == {"as_of": to}
