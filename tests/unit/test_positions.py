import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.positions import duration, iso_utc, parse_duration_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90m", 5400),
        ("2h", 7200),
        ("1d12h", 129_600),
        ("1w", 604_800),
        ("1w1d1h1m1s", 694_861),
        ("45s", 45),
        ("PT2H", 7200),
        ("P1D", 86_400),
        ("P1W", 604_800),
        ("P1DT12H", 129_600),
        ("PT1M30S", 90),
    ],
)
def test_a_duration_is_read_in_both_spellings(text: str, seconds: int) -> None:
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2",
        "h",
        "2 h",
        "-2h",
        "+2h",
        "2H",
        "1.5h",
        "1h1d",
        "2h2h",
        "0s",
        "P",
        "PT",
        "P1H",
        "PT1D",
        "p1d",
        "٢h",
        "2h\n",
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration such as"):
        parse_duration_s(text)


@given(st.integers(0, 999), st.integers(0, 23), st.integers(0, 59))
def test_short_and_iso_spellings_mean_the_same(days: int, hours: int, minutes: int) -> None:
    if days or hours or minutes:
        assert parse_duration_s(f"{days}d{hours}h{minutes}m") == parse_duration_s(f"P{days}DT{hours}H{minutes}M")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min 00 s"),
        (60, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (86_400, "1 d 00 h"),
        (400 * 86_400, "400 d 00 h"),
    ],
)
def test_a_duration_is_written_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_an_instant_is_written_in_utc_to_the_second() -> None:
    assert iso_utc(1524224984.9) == "2018-04-20T11:49:44Z"
