import json
from datetime import timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cursors import MAX_CURSOR, encode_cursor
from shared.goals import AsOf, AtTime, Begin, CopyOf, End, Exact, Goal, Shift, read_goal, read_instant
from shared.positions import iso_utc

ANCHOR_UNIX = 1_750_000_000
LATEST_UNIX = 253_402_300_799
BERLIN, SHANGHAI, LORD_HOWE = map(ZoneInfo, ("Europe/Berlin", "Asia/Shanghai", "Australia/Lord_Howe"))
WORDS = "x" * 3 + "SECRET" + "y" * 3

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text("0123456789-+:TZPdhmsw .", max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["as_of", "consumer_group", "consumerGroup", "checkpoints", "shift"])
            | st.text(max_size=12),
            inner,
            max_size=2,
        )
    ),
    max_leaves=6,
)
ZONES = st.sampled_from([None, timezone.utc, BERLIN, SHANGHAI, LORD_HOWE, ZoneInfo("America/St_Johns")])


LONGEST_WORD_OF_OURS = 14


def read(to: object, default_zone: tzinfo | None = None) -> Goal:
    return read_goal(to, anchor_unix=ANCHOR_UNIX, default_zone=default_zone)


def refusal(to: object, zone: tzinfo | None) -> str:
    """Return why a goal is refused; "" if it is read."""
    try:
        read(to, zone)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("to", "goal"),
    [
        ("begin", Begin()),
        ("end", End()),
        ("2h", AtTime(ANCHOR_UNIX - 7200)),
        ("90m", AtTime(ANCHOR_UNIX - 5400)),
        ("1d12h", AtTime(ANCHOR_UNIX - 129_600)),
        ("PT2H", AtTime(ANCHOR_UNIX - 7200)),
        ("2025-06-01T12:00:00Z", AtTime(1_748_779_200)),
        ("2025-06-01T12:00:00.999Z", AtTime(1_748_779_200)),
        ("2025-06-01t12:00z", AtTime(1_748_779_200)),
        ("2025-06-01 20:00:00 +08:00", AtTime(1_748_779_200)),
        ("2025-06-01T20:00:00+0800", AtTime(1_748_779_200)),
        ("2025-06-01T20:00:00+08", AtTime(1_748_779_200)),
        ("2025-06-01T08:30:00-03:30", AtTime(1_748_779_200)),
        (" 2025-06-01T12:00:00Z ", AtTime(1_748_779_200)),
        (1_748_779_200, AtTime(1_748_779_200)),
        (1_748_779_200_999, AtTime(1_748_779_200)),
        (0, AtTime(0)),
        ({"as_of": "2025-06-01T12:00:00Z"}, AsOf(1_748_779_200)),
        ({"as_of": 1_748_779_200}, AsOf(1_748_779_200)),
        ({"consumer_group": "other"}, CopyOf("other")),
        ({"consumerGroup": "other"}, CopyOf("other")),
        ({"checkpoints": {"0": "MQ==", "12": "MTIz"}}, Exact({0: "MQ==", 12: "MTIz"})),
        ({"checkpoints": {"2147483647": "MQ=="}}, Exact({2**31 - 1: "MQ=="})),
        ({"shift": -100}, Shift(-100)),
        ({"shift": 1}, Shift(1)),
    ],
)
def test_every_spelling_is_read(to: object, goal: Goal) -> None:
    assert read(to) == goal


@pytest.mark.parametrize(
    "to",
    [
        None,
        True,
        1.5e9,
        "",
        "begin ",
        "Begin",
        "now",
        "-2h",
        "0s",
        "2025-06-01",
        "2025-13-01T00:00Z",
        "2025-02-29T00:00Z",
        "2025-06-01T24:00Z",
        "2025-06-01T12:00:60Z",
        "2025-06-01T12:00+24:00",
        "٢٠٢٥-06-01T12:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00+01:00",
        -1,
        LATEST_UNIX * 1000 + 1000,
        10**400,
        [],
        {},
        {"as_of": "2h"},
        {"as_of": None},
        {"consumer_group": ""},
        {"consumer_group": "a b"},
        {"consumer_group": 1},
        {"checkpoints": {}},
        {"checkpoints": []},
        {"checkpoints": {"00": "MQ=="}},
        {"checkpoints": {"-1": "MQ=="}},
        {"checkpoints": {"٣": "MQ=="}},
        {"checkpoints": {"12345678901": "MQ=="}},
        {"checkpoints": {"2147483648": "MQ=="}},
        {"checkpoints": {"": "MQ=="}},
        {"checkpoints": {"0": 1}},
        {"checkpoints": {"0": ""}},
        {"checkpoints": {"0": "begin"}},
        {"shift": 0},
        {"shift": True},
        {"shift": "1"},
        {"shift": 2**63},
        {"shift": 1, "as_of": 1},
        {"unknown": 1},
    ],
)
def test_what_spells_no_goal_is_a_value_error(to: object) -> None:
    with pytest.raises(ValueError, match=r"must|is not a time"):
        read(to)


def test_a_time_without_a_zone_is_refused_where_no_default_is_set() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        read("2025-06-01T12:00")


def test_a_time_without_a_zone_is_of_the_default_zone() -> None:
    assert read("2025-06-01T20:00", SHANGHAI) == AtTime(1_748_779_200)


def test_a_zone_that_is_written_counts_more_than_the_default() -> None:
    assert read("2025-06-01T12:00Z", SHANGHAI) == AtTime(1_748_779_200)


@pytest.mark.parametrize(
    ("text", "zone"), [("2025-03-30T02:30", BERLIN), ("2025-03-30T02:00", BERLIN), ("2025-10-05T02:15", LORD_HOWE)]
)
def test_a_time_that_clocks_jumped_over_is_refused(text: str, zone: tzinfo) -> None:
    with pytest.raises(ValueError, match="does not exist in the default zone"):
        read(text, zone)


@pytest.mark.parametrize(
    ("text", "zone"), [("2025-10-26T02:30", BERLIN), ("2025-10-26T02:00", BERLIN), ("2025-04-06T01:45", LORD_HOWE)]
)
def test_a_time_that_clocks_showed_twice_is_refused(text: str, zone: tzinfo) -> None:
    with pytest.raises(ValueError, match="happened twice in the default zone"):
        read(text, zone)


@pytest.mark.parametrize(
    ("text", "unix"),
    [
        ("2025-03-30T01:59", 1_743_296_340),
        ("2025-03-30T03:00", 1_743_296_400),
        ("2025-10-26T01:59", 1_761_436_740),
        ("2025-10-26T03:00", 1_761_444_000),
    ],
)
def test_the_minutes_beside_a_change_of_clocks_are_read(text: str, unix: int) -> None:
    assert read(text, BERLIN) == AtTime(unix)


def test_an_offset_settles_a_time_that_clocks_showed_twice() -> None:
    assert read("2025-10-26T02:30+02:00", BERLIN) == AtTime(1_761_438_600)
    assert read("2025-10-26T02:30+01:00", BERLIN) == AtTime(1_761_442_200)


def test_integers_are_milliseconds_from_ten_to_the_eleventh_on() -> None:
    assert read_instant(10**11 - 1, default_zone=None) == 10**11 - 1
    assert read_instant(10**11, default_zone=None) == 10**8


@pytest.mark.parametrize("text", ["0001-01-01T00:00", "9999-12-31T23:59"])
@pytest.mark.parametrize("zone", [SHANGHAI, ZoneInfo("America/St_Johns"), timezone(timedelta(hours=-12))])
def test_a_year_at_the_end_of_the_calendar_is_a_value_error_in_every_zone(text: str, zone: tzinfo) -> None:
    try:
        goal = read(text, zone)
    except ValueError:
        return
    assert goal == AtTime(LATEST_UNIX - 59 - 8 * 3600)


def test_a_duration_beyond_1970_means_1970() -> None:
    assert read("999999999w") == AtTime(0)


@given(JSON, ZONES)
def test_any_json_value_is_a_goal_or_a_value_error_that_does_not_repeat_it(to: object, zone: tzinfo | None) -> None:
    sent = json.dumps(to).strip('"')
    assert len(sent) <= LONGEST_WORD_OF_OURS or sent not in refusal(to, zone)


@given(st.sampled_from(["{}", "2025-{}", "{}h", "2025-06-01T12:00 {}"]), ZONES)
def test_no_message_repeats_what_was_sent(form: str, zone: tzinfo | None) -> None:
    sent = form.format(WORDS)
    for to in (sent, {"as_of": sent}, {"consumer_group": f"a {sent}"}, {"checkpoints": {"0": sent}}, {sent: 1}):
        with pytest.raises(ValueError, match=r"^(?!.*SECRET)"):
            read(to, zone)


@given(JSON, ZONES)
def test_a_goal_with_a_time_can_be_shown_and_asked_for(to: object, zone: tzinfo | None) -> None:
    try:
        goal = read(to, zone)
    except ValueError:
        return
    if isinstance(goal, AtTime | AsOf):
        assert 0 <= goal.unix <= LATEST_UNIX
        assert iso_utc(goal.unix)


@given(st.integers(0, LATEST_UNIX), ZONES)
def test_an_instant_written_in_utc_comes_back(unix: int, zone: tzinfo | None) -> None:
    assert read_instant(iso_utc(unix), default_zone=zone) == unix


@given(st.dictionaries(st.integers(0, 2**31 - 1), st.integers(0, MAX_CURSOR), min_size=1, max_size=5))
def test_checkpoints_come_back_by_shard(positions: dict[int, int]) -> None:
    cursors = {shard: encode_cursor(position) for shard, position in positions.items()}
    assert read({"checkpoints": {str(shard): cursor for shard, cursor in cursors.items()}}) == Exact(cursors)


@pytest.mark.parametrize("shift", [2**63, -(2**63), 0])
def test_a_shift_that_is_none_is_told_all_that_it_may_be(shift: int) -> None:
    with pytest.raises(ValueError, match=r"not 0, and below 2\^63 either way$"):
        read_goal({"shift": shift}, anchor_unix=0, default_zone=None)
