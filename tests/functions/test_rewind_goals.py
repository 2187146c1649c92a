"""Every spelling of `to`, and what it comes to on the shards."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.plugin import POLICY, MakeFunctions
from tests.functions.shop import HOUR_S, LOG_GROUPS, Shop, iso_utc

SEEK = {"action": "seek", "target": "shop/orders/billing"}
RECEIVED = (
    "a time means when SLS received the data, not when it was consumed; if the group lagged then, go back further by "
    "that lag"
)
BEGUN_S = LOG_GROUPS
"""Seconds before now at which the first log group came; one a second since."""


def utc(unix: int, hours: int = 0) -> datetime:
    return datetime.fromtimestamp(unix, timezone(timedelta(hours=hours)))


def planned(answer_shards: Mapping[int, object]) -> list[int]:
    return [shard for shard, found in answer_shards.items() if found["status"] == "planned"]  # type: ignore[index]  # any JSON document


@pytest.mark.parametrize(
    "spell",
    [
        lambda _: "30m",
        lambda _: "PT30M",
        lambda _: "0h30m",
        lambda unix: unix,
        lambda unix: unix * 1000,
        iso_utc,
        lambda unix: utc(unix).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        lambda unix: utc(unix, 8).strftime("%Y-%m-%d %H:%M:%S+08:00"),
        lambda unix: utc(unix, -5).strftime("%Y-%m-%dT%H:%M:%S.000-0500"),
    ],
    ids=["short", "iso-duration", "zero-hours", "seconds", "milliseconds", "zulu", "utc", "shanghai", "fraction"],
)
def test_every_spelling_of_a_time_is_the_first_log_group_received_since(
    functions: FunctionCaller, shop: Shop, spell: Callable[[int], object]
) -> None:
    unix = shop.now_unix - HOUR_S // 2

    answer = functions.run({**SEEK, "to": spell(unix), "at": shop.now_unix})

    assert planned(answer.shards) == [0, 1, 2]
    for shard in range(3):
        assert answer.shards[shard]["after"] == {
            "checkpoint": shop.cursor(shard, BEGUN_S - HOUR_S // 2),
            "time": iso_utc(unix - 1),
        }
    assert answer.warnings == {"receive_time": f"to is {iso_utc(unix)}: {RECEIVED}"}


@pytest.mark.parametrize(
    ("to", "number", "log_groups"),
    [
        ("begin", 0, -6600),
        ("end", LOG_GROUPS, 600),
        ({"shift": -100}, 6500, -100),
        ({"shift": 250}, 6850, 250),
        ({"shift": 10_000}, LOG_GROUPS, 600),
        ({"shift": -10_000}, 0, -6600),
    ],
    ids=str,
)
def test_a_goal_without_a_time_says_nothing_of_times(
    functions: FunctionCaller, shop: Shop, to: object, number: int, log_groups: int
) -> None:
    answer = functions.run({**SEEK, "to": to})

    for shard in range(3):
        found = answer.shards[shard]
        assert (found["status"], found["log_groups"]) == ("planned", log_groups)
        assert found["after"]["checkpoint"] == shop.cursor(shard, number)
    assert answer.warnings == {}


def test_a_shift_says_where_it_was_bounded(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**SEEK, "to": {"shift": 700}})

    assert shop.end(0) == answer.shards[0]["after"]["checkpoint"]
    assert answer.shards[0]["note"] == "bounded: only 600 log groups are there to shift over"


def test_checkpoints_go_to_the_shards_that_they_name(functions: FunctionCaller, shop: Shop) -> None:
    to = {"checkpoints": {"1": shop.cursor(1, 7), "3": shop.cursor(3, 9)}}

    answer = functions.run({**SEEK, "to": to, "dry_run": False})

    assert {shard: found["status"] for shard, found in answer.shards.items()} == {
        0: "skipped",
        1: "moved",
        2: "skipped",
        3: "moved",
    }
    assert (shop.checkpoints()[1], shop.checkpoints()[3]) == (shop.cursor(1, 7), shop.cursor(3, 9))
    assert answer.warnings["no_position_before"].endswith("on shards 3: undo cannot restore them")


def test_checkpoints_of_a_shard_that_does_not_exist_stop_all_of_it(functions: FunctionCaller, shop: Shop) -> None:
    to = {"checkpoints": {"0": shop.cursor(0, 5), "9": shop.cursor(0, 5)}}

    answer = functions.run({**SEEK, "to": to, "dry_run": False})

    assert (answer.status, answer.error["sls_error_code"]) == (404, "ShardNotExist")
    assert shop.writes() == []


@pytest.mark.parametrize("action", ["seek", "rewind"])
def test_a_shard_whose_checkpoint_is_no_cursor_is_not_said_to_be_without_one(
    functions: FunctionCaller, shop: Shop, action: str
) -> None:
    shop.commit(1, "garbage", ago_s=HOUR_S)

    found = functions.run({**SEEK, "action": action, "to": "30m"}).shards[1]
    placed = functions.run({**SEEK, "action": "seek", "to": {"checkpoints": {"1": shop.cursor(1, 5)}}}).shards[1]

    assert (found["status"], found["after"]) == ("skipped", None)
    assert found["note"].startswith("its checkpoint is not a cursor")
    assert found["note"].endswith('to place it, name it in {"checkpoints": ...}')
    assert (placed["status"], placed["after"]["checkpoint"]) == ("planned", shop.cursor(1, 5))


@pytest.mark.parametrize("action", ["rewind", "skip"])
def test_a_shard_without_a_checkpoint_has_no_way_to_go(functions: FunctionCaller, shop: Shop, action: str) -> None:
    to = {"checkpoints": {"3": shop.cursor(3, 5)}}

    found = functions.run({**SEEK, "action": action, "to": to}).shards[3]
    placed = functions.run({**SEEK, "to": to}).shards[3]

    assert (found["status"], found["after"]) == ("skipped", None)
    assert "no readable checkpoint" in found["note"]
    assert 'seek places it, with the same "to"' in found["note"]
    assert placed["after"]["checkpoint"] == to["checkpoints"]["3"]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("shop/orders/nobody", "ConsumerGroupNotExist"),
        ("shop/nothing/billing", "LogStoreNotExist"),
        ("nowhere/orders/billing", "ProjectNotExist"),
    ],
)
def test_what_does_not_exist_keeps_the_sls_code(functions: FunctionCaller, shop: Shop, target: str, code: str) -> None:
    answer = functions.run({**SEEK, "target": target, "to": "1h", "dry_run": False})

    assert (answer.status, answer.error["sls_error_code"]) == (404, code)
    assert shop.writes() == []


def test_a_copy_goes_where_another_group_stands_and_says_what_did_not_match(
    functions: FunctionCaller, shop: Shop
) -> None:
    shop.add_group("audit")
    shop.commit(0, shop.cursor(0, 40), group="audit")
    shop.commit(3, shop.cursor(3, 41), group="audit")

    answer = functions.run({**SEEK, "to": {"consumer_group": "audit"}, "dry_run": False})

    assert answer.json["status"] == "applied"
    assert shop.checkpoints() == {
        0: shop.cursor(0, 40),
        1: shop.cursor(1, -600),
        2: shop.cursor(2, -600),
        3: shop.cursor(3, 41),
    }
    assert "audit has no checkpoint on shards 1, 2" in answer.warnings["not_matched"]
    assert answer.shards[1]["note"] == "no position is given for it"


def test_a_copy_of_a_missing_group_keeps_the_sls_code(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**SEEK, "to": {"consumerGroup": "nobody"}})

    assert (answer.status, answer.error["sls_error_code"]) == (404, "ConsumerGroupNotExist")
    assert shop.writes() == []


def test_a_duration_counts_back_from_the_commands_own_time(functions: FunctionCaller, shop: Shop) -> None:
    at = utc(shop.now_unix - HOUR_S, 8).isoformat()

    answer = functions.run({**SEEK, "to": "30m", "at": at})

    assert answer.shards[0]["after"]["checkpoint"] == shop.cursor(0, BEGUN_S - HOUR_S - HOUR_S // 2)


def test_a_duration_without_a_time_counts_back_from_now(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**SEEK, "to": "90m"})

    told = answer.warnings["receive_time"].split(" ")[2].rstrip(":")
    unix = int(datetime.fromisoformat(told.replace("Z", "+00:00")).timestamp())
    assert shop.now_unix - 5400 <= unix
    assert answer.shards[0]["after"]["checkpoint"] == shop.cursor(0, unix - (shop.now_unix - BEGUN_S))


@pytest.mark.parametrize("dry_run", [True, False], ids=["plan", "write"])
def test_a_duration_counts_back_from_the_time_of_sls_where_this_clock_is_wrong(
    functions: FunctionCaller, shop: Shop, *, dry_run: bool
) -> None:
    shop.sls.control("clock", {"skew_s": -HOUR_S // 2})

    answer = functions.run({**SEEK, "to": "30m", "dry_run": dry_run})

    told = datetime.fromisoformat(answer.warnings["receive_time"].split(" ")[2][:19] + "+00:00").timestamp()
    assert answer.json["status"] == ("planned" if dry_run else "applied")
    assert 0 <= told + 1 - (shop.now_unix - HOUR_S) < HOUR_S // 2


def test_a_time_without_a_zone_is_read_in_the_default_zone(
    make_functions: MakeFunctions, shop: Shop, tmp_path: Path
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('default_time_zone = "Asia/Shanghai"\n' + POLICY.read_text(encoding="utf-8"), encoding="utf-8")
    unix = shop.now_unix - HOUR_S // 2

    with make_functions(settings={"REWIND_POLICY": str(path)}) as functions:
        answer = functions.run({**SEEK, "to": utc(unix, 8).strftime("%Y-%m-%d %H:%M:%S")})

    assert answer.warnings["receive_time"].startswith(f"to is {iso_utc(unix)}: ")
    assert answer.shards[0]["after"]["checkpoint"] == shop.cursor(0, BEGUN_S - HOUR_S // 2)
