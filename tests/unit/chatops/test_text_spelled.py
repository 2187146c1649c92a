"""Every command that a text can ask for has a text; every other one says that it has none."""

# ruff: noqa: RUF001 -- signs that only look like others are what is tested here

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chatops.spelling import tidy
from shared.chatops.text_commands import CommandAsked, read_text
from shared.chatops.text_spelled import spell
from shared.positions import iso_utc

LATEST_UNIX = 253_402_300_799
names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
groups = st.from_regex(r"[0-9a-zA-Z_-]{1,20}", fullmatch=True)
targets = st.sampled_from(["orders", "end", "2h", "my.alias"]) | st.tuples(names, names, groups).map("/".join)
clocks = st.fixed_dictionaries(
    {"local": st.times().map(lambda time: time.strftime("%H:%M"))},
    optional={
        "day": st.sampled_from(["today", "yesterday"]),
        "zone": st.sampled_from(["Asia/Shanghai", "UTC", "-03:30"]),
    },
)
times = (
    st.integers(0, LATEST_UNIX).map(iso_utc)
    | st.sampled_from(["2026-11-20T01:30", "2026-11-20T01:30:15.5+08:00"])
    | st.integers(10**9, 10**13 - 1)
    | clocks
)
durations = st.tuples(st.integers(1, 99), st.sampled_from("wdhms")).map(lambda part: f"{part[0]}{part[1]}")
reasons = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(
    lambda text: text == tidy(text) and text.isprintable() and any(map(str.isalnum, text)) and text[0].isalnum()
)
ids = {n: st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=n, max_size=n) for n in (10, 16)}
CAREFUL = {
    "allow_active": st.just(value=True),
    "wait_free_s": st.integers(1, 600),
    "verify_after_s": st.integers(1, 600),
    "reason": reasons,
}
PLANNING = {**CAREFUL, "on_expired": st.just("clamp")}


def commands(action: str, needed: dict[str, st.SearchStrategy], **optional: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries({"action": st.just(action), **needed}, optional=optional)


def moves(action: str, shifts: st.SearchStrategy) -> st.SearchStrategy:
    goals = (
        st.sampled_from(["begin", "end", "PT2H", "P1DT12H", "1d12h"])
        | durations
        | times
        | times.map(lambda time: {"as_of": time})
        | groups.map(lambda name: {"consumer_group": name})
        | shifts.map(lambda log_groups: {"shift": log_groups})
    )
    shards = st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=6, unique=True)
    return commands(action, {"target": targets, "to": goals}, shards=shards, at=times, **PLANNING)


def attributes(key: str, values: st.SearchStrategy) -> st.SearchStrategy:
    needed = {"target": targets, "dry_run": st.just(value=True), key: values}
    return commands("update_consumer_group", needed, reason=reasons)


POSITIVE = st.integers(1, 10**12)
ON_GROUP = {"target": targets}
asked_commands = st.one_of(
    commands("describe", ON_GROUP, watch_s=st.integers(1, 30)),
    commands("list_consumer_groups", {"target": targets | st.tuples(names, names).map("/".join)}),
    commands("peek", {**ON_GROUP, "shard": st.integers(0, 2**31 - 1)}, count=st.integers(1, 10)),
    commands("history", ON_GROUP, limit=st.integers(1, 200), since=times),
    commands("snapshot", ON_GROUP, reason=reasons),
    commands("apply", {"plan_id": ids[10]}, **CAREFUL),
    commands("undo", ON_GROUP, operation_id=ids[16], **PLANNING),
    commands("abandon", ON_GROUP, operation_id=ids[16], reason=reasons),
    *(commands(action, ON_GROUP, operation_id=ids[16]) for action in ("verify", "resume")),
    attributes("timeout", st.integers(1, 10**6)),
    attributes("order", st.booleans()),
    moves("rewind", POSITIVE.map(lambda n: -n)),
    moves("skip", POSITIVE),
    moves("seek", POSITIVE | POSITIVE.map(lambda n: -n)),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
FIELDS = (
    "action",
    "target",
    "project",
    "to",
    "shards",
    "shard",
    "reason",
    "dry_run",
    "at",
    "timeout",
    "order",
    "wait_free_s",
)


@given(asked_commands)
def test_what_is_spelled_reads_back_as_the_same_command(command: dict[str, object]) -> None:
    text = spell(command)

    assert read_text(text, aliases=(str(command.get("target")),), default_zone=True) == CommandAsked(command)


@given(
    st.sampled_from(["rewind", "skip", "describe", "undo", "apply", "update_consumer_group"]),
    st.dictionaries(st.sampled_from(FIELDS), json_values),
)
def test_any_table_has_a_text_that_reads_back_or_none(action: str, fields: dict[str, object]) -> None:
    try:
        text = spell({"action": action, "target": "orders", **fields})
    except ValueError:
        return
    aliases = (str(fields.get("target", "orders")),)
    assert isinstance(read_text(text, aliases=aliases, default_zone=True), CommandAsked)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ({"action": "apply", "plan_id": "zkphfbw3pm"}, "apply zkphfbw3pm"),
        (
            {"action": "undo", "project": "shop", "logstore": "orders", "consumer_group": "billing"}
            | {"operation_id": "k3v7q2mfa5xw6dtb"},
            "undo shop/orders/billing k3v7q2mfa5xw6dtb",
        ),
        ({"action": "undo", "target": "orders", "dry_run": True}, "undo orders"),
        ({"action": "list_consumer_groups", "project": "shop", "logstore": "orders"}, "list shop/orders"),
        (
            {"action": "rewind", "target": "orders", "to": {"shift": -5}, "shards": [0, 3], "reason": "bad deploy"},
            "rewind orders by 5 shards 0,3 because bad deploy",
        ),
        (
            {"action": "rewind", "target": "orders", "to": {"as_of": {"local": "01:00", "day": "yesterday"}}},
            "rewind orders as-of yesterday 01:00",
        ),
        ({"action": "seek", "target": "orders", "to": "2026-11-20T01:30Z"}, "seek orders to 2026-11-20T01:30Z"),
    ],
)
def test_the_text_is_what_a_person_would_type(command: dict[str, object], text: str) -> None:
    assert spell(command) == text


@pytest.mark.parametrize(
    "command",
    [
        {},
        {"action": "rewind", "target": "orders", "to": "2h", "dry_run": False},
        {"action": "update_consumer_group", "target": "orders", "timeout": 120},
        {"action": "update_consumer_group", "target": "orders", "timeout": 120, "order": True, "dry_run": True},
        {"action": "rewind", "target": "orders", "to": {"checkpoints": {"0": "MQ=="}}},
        {"action": "rewind", "target": "orders", "to": {"shift": 5}},
        {"action": "rewind", "target": "orders", "to": {"shift": None}},
        {"action": "rewind", "target": "orders"},
        {"action": "update_checkpoint", "target": "orders", "shard": 0, "checkpoint": "MQ=="},
        {"action": "batch", "commands": []},
        {"action": "help"},
        {"action": "describe", "target": "orders", "project": "shop"},
        {"action": "list_consumer_groups", "project": "shop", "consumer_group": "billing"},
        {"action": "describe", "target": "оrders"},
        {"action": "describe", "target": "orders because"},
        {"action": "snapshot", "target": "orders", "reason": "two  spaces"},
        {"action": "snapshot", "target": "orders", "reason": "x" * 3_000},
    ],
    ids=lambda command: json.dumps(command)[:60],
)
def test_what_no_text_asks_for_is_a_value_error(command: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no text asks for this command"):
        spell(command)
