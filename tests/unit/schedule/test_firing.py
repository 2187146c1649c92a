"""The event of a timer trigger, read into a firing or into everything that is wrong with it."""

import json
from datetime import datetime, time, timezone
from zoneinfo import ZoneInfo

import pytest

from shared.errors import InvalidCommandError
from shared.operation_commands import Batch, Rewind
from shared.schedule.firing import Firing, Window, read_firing

TRIGGER_UNIX = 1_795_141_800
TRIGGER_TIME = "2026-11-20T02:30:00Z"
REWIND = {"action": "rewind", "target": "shop/orders/billing", "to": "2h", "dry_run": False}
SHANGHAI = ZoneInfo("Asia/Shanghai")


def read(payload: object, *, name: str = "nightly", at: str = TRIGGER_TIME, function: str = "fn") -> Firing:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return read_firing(json.dumps({"triggerTime": at, "triggerName": name, "payload": text}).encode(), function)


def problems(payload: object) -> list[str]:
    with pytest.raises(InvalidCommandError) as refusal:
        read(payload)
    return list(refusal.value.problems)


def test_a_command_is_anchored_at_the_triggers_time() -> None:
    command = read(REWIND).command

    assert isinstance(command, Rewind)
    assert command.at == TRIGGER_UNIX


def test_every_moving_part_of_commands_is_anchored() -> None:
    command = read({"commands": [REWIND, {"action": "snapshot", "target": "a/b/c"}], "stop_on_error": True}).command

    assert isinstance(command, Batch)
    assert [getattr(part, "at", None) for part in command.commands] == [TRIGGER_UNIX, None]
    assert command.stop_on_error


def test_a_batch_may_be_spelled_out() -> None:
    assert isinstance(read({"action": "batch", "commands": [REWIND]}).command, Batch)


def test_the_principal_is_the_function_and_the_trigger() -> None:
    assert read(REWIND).principal == "timer:fn/nightly"


def test_a_trigger_name_cannot_pass_for_another_principal() -> None:
    assert read(REWIND, name="a/b\nc").principal == "timer:fn/a?b?c"


def test_the_key_tells_function_trigger_and_time_apart_and_nothing_else() -> None:
    others = [
        read(REWIND, function="other"),
        read(REWIND, name="other"),
        read(REWIND, at="2026-11-20T02:30:01Z"),
        read(REWIND, function="fn/nightly", name=""),
    ]

    assert len({read(REWIND).key, *(other.key for other in others)}) == 5
    assert read(REWIND).key == read({**REWIND, "to": "3h"}, at="2026-11-20T10:30:00+08:00").key


def test_options_are_read_and_no_part_of_the_command() -> None:
    options = {"max_late_s": 900, "notify": ["oncall"]}
    firing = read({**REWIND, **options, "only_between": {"from": "22:00", "to": "06:00", "zone": "Asia/Shanghai"}})

    assert (firing.max_late_s, firing.notify) == (900, ("oncall",))
    assert firing.window == Window(time(22), time(6), SHANGHAI)
    assert firing.command == read(REWIND).command


def test_options_are_none_unless_given() -> None:
    firing = read(REWIND)

    assert (firing.max_late_s, firing.window, firing.notify) == (None, None, ())


@pytest.mark.parametrize("max_late_s", [0, -1, 1.5, "900", True, 10**9, [900]])
def test_a_wrong_max_late_is_refused(max_late_s: object) -> None:
    assert problems({**REWIND, "max_late_s": max_late_s}) == ["max_late_s: must be whole seconds, 1 to 604800"]


@pytest.mark.parametrize("notify", ["oncall", {"oncall": 1}, [1], [["oncall"]], ["a"] * 11])
def test_a_wrong_notify_is_refused(notify: object) -> None:
    (problem,) = problems({**REWIND, "notify": notify})

    assert problem.startswith("notify: must be a list")


@pytest.mark.parametrize(
    "change",
    [
        {"from": "25:00"},
        {"to": "24:00"},
        {"from": "late"},
        {"from": 22},
        {"to": None},
        {"from": "22:00+08:00"},
        {"to": "06:00+00:00"},
        {"from": "06:00"},
        {"zone": "Mars/Olympus"},
        {"zone": ""},
        {"zone": 8},
        {"zone": []},
        {"zone": None},
        {"zone": "../../etc/passwd"},
        {"zone": "Asia"},
        {"zone": "a\0b"},
        {"zone": "\ud800"},
        {"zone": "x" * 5000},
        {"days": [1]},
    ],
    ids=lambda change: json.dumps(change)[:30],
)
def test_a_wrong_window_is_refused_once_and_without_its_values(change: dict[str, object]) -> None:
    window = {"from": "22:00", "to": "06:00", "zone": "Asia/Shanghai", **change}

    (problem,) = problems({**REWIND, "only_between": window})

    assert problem.startswith("only_between: ")
    assert "Mars" not in problem
    assert "passwd" not in problem


@pytest.mark.parametrize("window", ["22:00-06:00", [], 5, {}, {"from": "22:00", "to": "06:00"}])
def test_a_window_of_another_form_is_refused(window: object) -> None:
    (problem,) = problems({**REWIND, "only_between": window})

    assert problem.startswith("only_between: must be {")


@pytest.mark.parametrize(
    ("begins", "ends", "zone", "instant", "held"),
    [
        ("22:00", "06:00", "Asia/Shanghai", "2026-11-20T14:00:00", True),
        ("22:00", "06:00", "Asia/Shanghai", "2026-11-20T13:59:59", False),
        ("22:00", "06:00", "Asia/Shanghai", "2026-11-20T16:00:00", True),
        ("22:00", "06:00", "Asia/Shanghai", "2026-11-20T21:59:59", True),
        ("22:00", "06:00", "Asia/Shanghai", "2026-11-20T22:00:00", False),
        ("02:00", "05:00", "UTC", "2026-11-20T02:00:00", True),
        ("02:00", "05:00", "UTC", "2026-11-20T05:00:00", False),
        ("02:00", "05:00", "UTC", "2026-11-20T01:59:59", False),
        ("00:00", "23:59", "UTC", "2026-11-20T00:00:00", True),
        # The same hour of UTC lies within in winter, and without in summer.
        ("02:00", "03:00", "Europe/Berlin", "2026-01-20T01:30:00", True),
        ("02:00", "03:00", "Europe/Berlin", "2026-07-20T01:30:00", False),
        # An hour that comes twice holds twice.
        ("02:00", "03:00", "Europe/Berlin", "2026-10-25T00:30:00", True),
        ("02:00", "03:00", "Europe/Berlin", "2026-10-25T01:30:00", True),
    ],
)
def test_a_window_begins_with_its_first_instant_and_ends_before_its_last(
    begins: str, ends: str, zone: str, instant: str, *, held: bool
) -> None:
    window = Window(time.fromisoformat(begins), time.fromisoformat(ends), ZoneInfo(zone))

    assert window.holds(datetime.fromisoformat(instant).replace(tzinfo=timezone.utc).timestamp()) is held


@pytest.mark.parametrize("action", ["rewind", "seek", "skip"])
def test_a_command_that_only_plans_must_say_so(action: str) -> None:
    silent = {key: value for key, value in {**REWIND, "action": action}.items() if key != "dry_run"}

    assert problems(silent) == ["dry_run: missing; say false to write, or true to plan only"]
    assert problems({"commands": [REWIND, silent]}) == [
        "commands[1].dry_run: missing; say false to write, or true to plan only"
    ]


def test_an_undo_must_say_whether_it_writes() -> None:
    undo = {"action": "undo", "target": "shop/orders/billing", "operation_id": "a" * 16}

    assert problems(undo) == ["dry_run: missing; say false to write, or true to plan only"]


@pytest.mark.parametrize("at", [None, 1_700_000_000, "2026-01-01T00:00:00Z"])
def test_a_timers_command_has_no_time_of_its_own(at: object) -> None:
    assert problems({**REWIND, "at": at})[0].startswith("at: ")
    assert problems({"commands": [{**REWIND, "at": at}]})[0].startswith("commands[0].at: ")


def test_all_problems_are_told_at_once() -> None:
    found = problems({"action": "rewind", "target": "a/b/c", "to": "soon", "notify": 1, "max_late_s": 0, "sooner": 1})

    assert [problem.partition(":")[0] for problem in found] == [
        "max_late_s",
        "notify",
        "dry_run",
        "to",
        "sooner",
    ]


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ("", "payload: not valid JSON in UTF-8"),
        ("rewind", "payload: not valid JSON in UTF-8"),
        ("{'action': 'rewind'}", "payload: not valid JSON in UTF-8"),
        ('{"a": NaN}', "payload: not valid JSON in UTF-8"),
        ("[" * 100_000, "payload: nested more than 32 levels deep"),
        ("[]", "payload: must be one JSON object"),
        ('"rewind"', "payload: must be one JSON object"),
        ("null", "payload: must be one JSON object"),
    ],
    ids=["empty", "word", "quotes", "nan", "deep", "list", "text", "null"],
)
def test_a_payload_that_is_no_object_of_json_is_told_as_such(payload: str, problem: str) -> None:
    assert problems(payload) == [problem]


def test_a_key_given_twice_is_refused() -> None:
    payload = json.dumps(REWIND)[:-1] + ', "to": "9h"}'

    assert problems(payload) == ["to: given more than once"]


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"[]",
        b"{}",
        b'{"triggerTime": "2026-11-20T02:30:00Z", "triggerName": "nightly"}',
        b'{"triggerTime": "2026-11-20T02:30:00Z", "triggerName": "nightly", "payload": {}}',
        b'{"triggerTime": 1795141800, "triggerName": "nightly", "payload": "{}"}',
        b'{"version": "v1", "rawPath": "/", "headers": {}, "body": "{}"}',
    ],
)
def test_an_event_of_no_timer_is_refused(event: bytes) -> None:
    with pytest.raises(InvalidCommandError):
        read_firing(event, "fn")


@pytest.mark.parametrize("at", ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-20"])
def test_a_trigger_time_that_is_none_is_refused(at: str) -> None:
    with pytest.raises(InvalidCommandError) as refusal:
        read(REWIND, at=at)

    assert refusal.value.problems == ("triggerTime: must be an ISO-8601 time",)
