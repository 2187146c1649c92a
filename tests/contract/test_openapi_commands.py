"""The schema of commands against the parser of commands: what one takes, the other takes."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.action_names import ACTIONS
from shared.command_parser import parse_command
from shared.errors import InvalidCommandError
from shared.fc.description.documents import schema

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
DEFINITIONS = json.loads(schema().text)["$defs"]
VALIDATOR = jsonschema.Draft202012Validator({"$ref": "#/$defs/Command", "$defs": DEFINITIONS})
COMMANDS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", README, flags=re.DOTALL)]

PARTS = {"project": "shop", "logstore": "orders", "consumer_group": "billing"}
WIRE_PARTS = {"project": "shop", "logstore": "orders", "consumerGroup": "billing"}
TARGET = {"target": "shop/orders/billing"}
OPERATION = {"operation_id": "a" * 16}
CURSOR = "MTQ0NzI5OTYwNjg5NjYzMjM1Ng=="
WRITE = {"action": "update_checkpoint", **TARGET}
ONE = {**WRITE, "shard": 0, "checkpoint": CURSOR}
REWIND = {"action": "rewind", **TARGET}

Command = dict[str, Any]


def is_parsed(command: Command) -> bool:
    try:
        parse_command(json.dumps(command).encode())
    except InvalidCommandError:
        return False
    return True


GOALS: list[object] = [
    "begin",
    "end",
    "2h",
    "90m",
    "1d12h",
    "1w",
    "PT2H",
    "P1DT12H",
    "P1W",
    "PT1H30M5S",
    "2026-11-20T01:30+08:00",
    "2026-11-20 01:30:15Z",
    "2026-11-20T01:30:15.123Z",
    "2026-02-28t23:59-0330",
    "2026-11-20T01:30",
    0,
    1795131000,
    1795131000000,
    {"shift": -100},
    {"shift": 1},
    {"checkpoints": {"0": CURSOR, "12": "MA"}},
    {"consumer_group": "other"},
    {"consumerGroup": "other"},
    {"as_of": "2026-11-20T01:30+08:00"},
    {"as_of": 1795131000},
    {"local": "00:00", "day": "yesterday", "zone": "Asia/Shanghai"},
    {"local": "01:30:15", "zone": "UTC"},
]  # fmt: skip -- one line a kind reads better
NO_GOALS: list[object] = [
    "",
    "soon",
    "0h",
    "0",
    "h",
    "2h ago",
    "P",
    "PT",
    "P1DT",
    "-2h",
    "2026-11-20",
    "2026-13-20T01:30Z",
    "2026-11-31T01:30Z",
    "2026-11-20T24:30Z",
    "1969-12-31T23:59Z",
    "20261120T0130Z",
    -1,
    10**18,
    1.5,
    True,
    None,
    [],
    {},
    {"shift": 0},
    {"shift": "1"},
    {"shift": 2**63},
    {"checkpoints": {}},
    {"checkpoints": {"x": CURSOR}},
    {"checkpoints": {"00": CURSOR}},
    {"checkpoints": {"0": "later"}},
    {"checkpoints": {"0": 5}},
    {"consumer_group": "a b"},
    {"as_of": "2h"},
    {"as_of": None},
    {"shift": 1, "as_of": 5},
    {"local": "25:00", "zone": "UTC"},
    {"local": "00:00", "day": "tomorrow", "zone": "UTC"},
    {"local": "00:00", "zone": "UTC", "x": 1},
    {"day": "today"},
    {"until": 5},
]  # fmt: skip -- as above


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command["action"])
def test_every_command_that_readme_shows_is_taken(command: Command) -> None:
    VALIDATOR.validate(command)


def test_there_is_a_schema_for_every_action() -> None:
    named = [DEFINITIONS[one["$ref"].rpartition("/")[2]] for one in DEFINITIONS["Command"]["oneOf"]]

    assert {one["properties"]["action"]["const"] for one in named} == set(ACTIONS)
    assert all(one["additionalProperties"] is False and one["description"] for one in named)


@pytest.mark.parametrize("to", GOALS, ids=str)
def test_every_goal_that_is_parsed_is_taken(to: object) -> None:
    command = {**REWIND, "to": to}

    assert is_parsed(command)
    VALIDATOR.validate(command)


@pytest.mark.parametrize("to", NO_GOALS, ids=str)
def test_what_is_parsed_as_no_goal_is_refused(to: object) -> None:
    command = {**REWIND, "to": to}

    assert not is_parsed(command)
    assert not VALIDATOR.is_valid(command)


@pytest.mark.parametrize(
    "command",
    [
        {"action": "list_consumer_groups", "target": "shop/orders"},
        {"action": "list_consumer_groups", "target": "shop/orders/billing"},
        {"action": "list_consumer_groups", "project": "shop", "logstore": "orders"},
        {"action": "describe", **PARTS, "watch_s": 30},
        {"action": "describe", **WIRE_PARTS},
        {"action": "describe", "target": "orders"},
        {"action": "describe", "target": "orders", "project": None, "consumer_group": None},
        {"action": "describe", **PARTS, "target": None},
        {"action": "peek", **TARGET, "shard": 3, "count": 10},
        {"action": "update_consumer_group", **TARGET, "timeout": 60, "order": None},
        {"action": "update_consumer_group", **TARGET, "order": False},
        ONE,
        {**ONE, "consumer": "c-1", "force_success": False},
        {**ONE, "consumer": "消费者 1", "forceSuccess": False},
        {**ONE, "forceSuccess": True},
        {**ONE, "checkpoints": None},
        {**WRITE, "checkpoints": {"0": CURSOR, "2147483647": "MA=="}, "shard": None},
        {**REWIND, "to": "2h", "at": "2026-11-20T01:30+08:00", "shards": [0, 3], "on_expired": "clamp"},
        {**REWIND, "to": "2h", "at": None, "shards": None, "reason": None},
        {"action": "apply", "plan_id": "a2b3c4d5e6", "allow_active": True, "verify_after_s": 600},
        {"action": "undo", **TARGET, **OPERATION, "dry_run": False},
        {"action": "resume", **TARGET, **OPERATION},
        {"action": "abandon", **TARGET, **OPERATION, "reason": "w" * 200},
        {"action": "verify", **TARGET, **OPERATION},
        {"action": "history", **TARGET, "limit": 200, "since": 1795131000},
        {"action": "snapshot", **WIRE_PARTS, "reason": "nightly"},
        {"action": "doctor"},
        {"action": "batch", "commands": [ONE, {"action": "snapshot", **TARGET}], "stop_on_error": True},
    ],
    ids=json.dumps,
)  # fmt: skip -- as above
def test_every_command_that_is_parsed_is_taken(command: Command) -> None:
    assert is_parsed(command)
    VALIDATOR.validate(command)


@pytest.mark.parametrize(
    "command",
    [
        {},
        {"action": "explode"},
        {"action": None},
        {"action": "describe"},
        {"action": "describe", "project": "shop", "logstore": "orders"},
        {"action": "describe", **TARGET, **PARTS},
        {"action": "describe", **TARGET, "project": "shop"},
        {"action": "describe", **PARTS, "consumerGroup": "billing"},
        {"action": "describe", "target": "shop/orders"},
        {"action": "describe", "target": "shop/orders/a/b"},
        {"action": "describe", "target": "Shop/orders/billing"},
        {"action": "describe", "target": 5},
        {"action": "describe", "target": None},
        {"action": "describe", **PARTS, "project": "-shop"},
        {"action": "describe", **PARTS, "logstore": ""},
        {"action": "describe", **PARTS, "consumer_group": "a" * 129},
        {"action": "describe", **TARGET, "watch_s": 31},
        {"action": "describe", **TARGET, "watch_s": "5"},
        {"action": "describe", **TARGET, "watch_s": True},
        {"action": "describe", **TARGET, "colour": 1},
        {"action": "list_consumer_groups", "target": "shop/orders", "consumer_group": "billing"},
        {"action": "peek", **TARGET},
        {"action": "peek", **TARGET, "shard": -1},
        {"action": "update_consumer_group", **TARGET},
        {"action": "update_consumer_group", **TARGET, "timeout": None, "order": None},
        {"action": "update_consumer_group", **TARGET, "timeout": 0},
        WRITE,
        {**WRITE, "shard": 0},
        {**WRITE, "checkpoint": CURSOR},
        {**WRITE, "checkpoints": {}},
        {**WRITE, "checkpoints": {"x": CURSOR}},
        {**WRITE, "checkpoints": {"2147483648": CURSOR}},
        {**WRITE, "checkpoints": {"00": CURSOR}},
        {**ONE, "checkpoints": {"0": CURSOR}},
        {**ONE, "checkpoint": "later"},
        {**ONE, "force_success": False},
        {**ONE, "forceSuccess": False, "consumer": None},
        {**ONE, "force_success": True, "forceSuccess": True},
        {**ONE, "consumer": ""},
        {**ONE, "consumer": "a\nb"},
        REWIND,
        {**REWIND, "to": "2h", "shards": []},
        {**REWIND, "to": "2h", "on_expired": "ignore"},
        {**REWIND, "to": "2h", "at": "yesterday"},
        {**REWIND, "to": "2h", "reason": "w" * 201},
        {**REWIND, "to": "2h", "wait_free_s": 601},
        {"action": "apply"},
        {"action": "apply", "plan_id": "A" * 10},
        {"action": "apply", "plan_id": "a" * 10, **TARGET},
        {"action": "undo", **TARGET},
        {"action": "undo", **TARGET, "operation_id": "a" * 15},
        {"action": "history", **TARGET, "limit": 0},
        {"action": "history", **TARGET, "since": "2h"},
        {"action": "batch"},
        {"action": "batch", "commands": []},
        {"action": "batch", "commands": [{"action": "batch", "commands": [ONE]}]},
        {"action": "batch", "commands": [{"action": "describe"}]},
        {"action": "batch", "commands": {}},
        {"action": "batch", "commands": [{"action": "doctor"}]},
        {"action": "doctor", **TARGET},
    ],
    ids=json.dumps,
)
def test_every_command_that_is_refused_is_no_command_of_the_schema(command: Command) -> None:
    assert not is_parsed(command)
    assert not VALIDATOR.is_valid(command)


VALUES = st.sampled_from(
    [None, True, 0, -1, 600, "", "billing", "shop/orders/billing", CURSOR, "2h", [0], [], {"0": CURSOR}, {"shift": 5}]
)
FIELDS = st.sampled_from(
    re.findall(
        r"\w+",
        "target project consumer_group consumerGroup shard shards checkpoint checkpoints consumer force_success"
        " forceSuccess timeout order to at dry_run reason wait_free_s action unknown",
    )
)


@given(st.sampled_from([*COMMANDS, ONE]), st.dictionaries(FIELDS, VALUES, max_size=2), st.sets(FIELDS, max_size=2))
def test_a_command_that_is_changed_is_taken_by_both_or_by_neither(
    command: Command, changes: Command, left_out: set[str]
) -> None:
    changed = {name: value for name, value in {**command, **changes}.items() if name not in left_out}

    assert VALIDATOR.is_valid(changed) is is_parsed(changed)


@given(st.integers(0, 2**63 - 1), st.booleans())
def test_the_cursor_of_any_position_is_taken(position: int, padded: bool) -> None:  # noqa: FBT001 -- drawn
    text = base64.b64encode(str(position).encode()).decode()
    command = {**ONE, "checkpoint": text if padded else text.rstrip("=")}

    assert is_parsed(command)
    VALIDATOR.validate(command)


@given(st.binary(max_size=21) | st.text("0123456789-.x", max_size=21).map(str.encode))
def test_base64_of_anything_else_is_no_cursor(content: bytes) -> None:
    command = {**ONE, "checkpoint": base64.b64encode(content).decode()}

    if not content.isdigit():
        assert not is_parsed(command)
        assert not VALIDATOR.is_valid(command)


@given(st.integers(0, 2**31 + 9) | st.integers(0, 9) | st.integers(2**31 - 9, 2**31 + 9))
def test_a_shard_is_a_key_up_to_the_largest_there_can_be(shard: int) -> None:
    command = {**WRITE, "checkpoints": {str(shard): CURSOR}}

    assert VALIDATOR.is_valid(command) is is_parsed(command) is (shard < 2**31)
