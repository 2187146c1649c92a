"""Which way shards may go, which stay and why, what has expired, and what splits and order mean for a rewind."""

from typing import Any

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import HOUR_S, Shop, iso_utc
from tests.local.sls.server import StandInServer

GROUP = {"target": "shop/orders/billing"}
STATUS = dict[int, str]


def statuses(shards: dict[int, Any]) -> STATUS:
    return {shard: found["status"] for shard, found in shards.items()}


@pytest.fixture
def spread(shop: Shop) -> Shop:
    """A group whose first shard stands before the middle of the data, its second behind, its third right there."""
    for shard, number in ((0, 3000), (1, 4000), (2, 3600)):
        shop.commit(shard, shop.cursor(shard, number), ago_s=HOUR_S)
    return shop


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("seek", {0: "moved", 1: "moved", 2: "unchanged", 3: "skipped"}),
        ("rewind", {0: "skipped", 1: "moved", 2: "unchanged", 3: "skipped"}),
        ("skip", {0: "moved", 1: "skipped", 2: "unchanged", 3: "skipped"}),
    ],
)
def test_each_action_moves_the_shards_that_go_its_way(
    functions: FunctionCaller, spread: Shop, action: str, expected: STATUS
) -> None:
    before, middle = spread.checkpoints(), spread.now_unix - HOUR_S

    answer = functions.run({"action": action, **GROUP, "to": middle, "dry_run": False})

    assert (answer.json["status"], statuses(answer.shards)) == ("applied", expected)
    moved = {shard: spread.cursor(shard, 3600) for shard, status in expected.items() if status == "moved"}
    assert spread.checkpoints() == {**before, **moved}


@pytest.mark.parametrize(
    ("action", "shard", "said"),
    [
        ("rewind", 0, "stands before that already, and this action only goes back"),
        ("skip", 1, "stands behind that already, and this action only goes forward"),
    ],
)  # fmt: skip -- a pair a line
def test_a_shard_that_would_go_the_other_way_stays_and_says_so(
    functions: FunctionCaller, spread: Shop, action: str, shard: int, said: str
) -> None:
    found = functions.run({"action": action, **GROUP, "to": spread.now_unix - HOUR_S}).shards[shard]

    assert said in found["note"]
    assert found["after"] is None


def test_a_rewind_that_moves_nothing_is_unchanged_and_has_no_plan(functions: FunctionCaller, spread: Shop) -> None:
    answer = functions.run({"action": "rewind", **GROUP, "to": "end"})

    assert (answer.json["status"], answer.json["plan_id"], answer.json["next"]) == ("unchanged", None, [])
    assert spread.writes() == []


def test_planning_is_the_default_and_writes_nothing(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()

    answer = functions.run({"action": "rewind", **GROUP, "to": "1h"})

    assert (answer.json["status"], answer.json["dry_run"], answer.json["operation_id"]) == ("planned", True, None)
    assert (shop.checkpoints(), shop.writes()) == (before, [])


def test_a_plan_tells_each_shards_way_and_when_its_target_expires(functions: FunctionCaller, shop: Shop) -> None:
    unix = shop.now_unix - HOUR_S

    found = functions.run({"action": "rewind", **GROUP, "to": unix}).shards[0]

    assert (found["direction"], found["log_groups"]) == ("backward", 3600 - 6600)
    assert found["before"] == {"checkpoint": shop.cursor(0, -600), "time": iso_utc(shop.now_unix - 601)}
    assert found["after"] == {"checkpoint": shop.cursor(0, 3600), "time": iso_utc(unix - 1)}


def test_only_the_named_shards_are_concerned(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()

    answer = functions.run({"action": "rewind", **GROUP, "to": "begin", "shards": [2, 0], "dry_run": False})

    assert statuses(answer.shards) == {0: "moved", 2: "moved"}
    assert shop.checkpoints() == {**before, 0: shop.cursor(0, 0), 2: shop.cursor(2, 0)}


def test_a_shard_that_does_not_exist_stops_all_of_it(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({"action": "rewind", **GROUP, "to": "begin", "shards": [0, 9], "dry_run": False})

    assert (answer.status, answer.error["sls_error_code"]) == (404, "ShardNotExist")
    assert shop.writes() == []


@pytest.mark.parametrize("shards", [[], [-1], ["0"], [2**31], 0])
def test_shards_are_a_list_of_numbers(functions: FunctionCaller, sls: StandInServer, shards: object) -> None:
    answer = functions.run({"action": "rewind", **GROUP, "to": "begin", "shards": shards})

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert "shards" in answer.error["message"]
    assert sls.control("requests") == []


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_time_that_expired_is_refused(functions: FunctionCaller, shop: Shop, *, dry_run: bool) -> None:
    unix = shop.now_unix - 3 * HOUR_S

    answer = functions.run({"action": "rewind", **GROUP, "to": unix, "dry_run": dry_run})

    assert (answer.status, answer.error["code"]) == (409, "position_expired")
    oldest = iso_utc(shop.now_unix - 2 * HOUR_S)
    assert f"{iso_utc(unix)} lies before the oldest log group kept, received {oldest}" in answer.error["message"]
    assert 'on_expired: "clamp"' in answer.error["hint"]
    assert shop.writes() == []


def test_one_expired_shard_stops_all_of_it(functions: FunctionCaller, shop: Shop) -> None:
    shop.sls.control("retention", {"project": "shop", "logstore": "orders", "shard": 1, "drop": 5000})

    answer = functions.run({"action": "rewind", **GROUP, "to": shop.now_unix - HOUR_S, "dry_run": False})

    assert (answer.status, answer.error["code"]) == (409, "position_expired")
    assert answer.error["message"].startswith("shard 1: ")
    assert shop.writes() == []


def test_a_time_that_expired_is_clamped_where_that_is_asked_and_says_so(functions: FunctionCaller, shop: Shop) -> None:
    shop.sls.control("retention", {"project": "shop", "logstore": "orders", "shard": 1, "drop": 5000})
    command = {"action": "rewind", **GROUP, "to": shop.now_unix - HOUR_S, "on_expired": "clamp", "dry_run": False}

    answer = functions.run(command)

    assert shop.checkpoints()[1] == shop.cursor(1, 0)
    assert answer.shards[1]["note"].startswith("clamped: ")
    assert answer.shards[0]["note"] is None


def test_an_expired_checkpoint_is_clamped_where_that_is_asked(functions: FunctionCaller, shop: Shop) -> None:
    gone = shop.cursor(0, 10)
    shop.sls.control("retention", {"project": "shop", "logstore": "orders", "shard": 0, "drop": 100})
    command = {"action": "rewind", **GROUP, "to": {"checkpoints": {"0": gone}}}

    refused, clamped = functions.run(command), functions.run({**command, "on_expired": "clamp"})

    assert (refused.status, refused.error["code"]) == (409, "position_expired")
    assert clamped.shards[0]["after"]["checkpoint"] == shop.cursor(0, 0)
    assert "clamped: the position has expired" in clamped.shards[0]["note"]


@pytest.fixture
def split(shop: Shop) -> Shop:
    """Shard 2 was split half an hour ago; its children got data since; the group has read all of it."""
    shop.add_logstore(log_groups=5400)
    shop.add_group()
    shop.sls.control("clock", {"unix": shop.now_unix - HOUR_S / 2})
    shop.split(2)
    shop.sls.control("clock", {"unix": None})
    for child in (4, 5):
        told = {
            "project": "shop",
            "logstore": "orders",
            "shard": child,
            "count": 9,
            "at_unix": shop.now_unix - HOUR_S / 4,
        }
        shop.sls.control("append", told)
    for shard in range(6):
        shop.commit(shard, shop.end(shard), ago_s=HOUR_S)
    return shop


def set_order(shop: Shop) -> None:
    answer = shop.caller.call("PUT", "/logstores/orders/consumergroups/billing", document={"order": True})
    assert answer.status == 200


def test_children_of_a_split_begin_at_their_creation(functions: FunctionCaller, split: Shop) -> None:
    answer = functions.run({"action": "rewind", **GROUP, "to": split.now_unix - HOUR_S})

    assert answer.json["status"] == "planned"
    for child in (4, 5):
        assert answer.shards[child]["after"]["checkpoint"] == split.cursor(child, 0)
        assert answer.shards[child]["note"].startswith("begins at its creation by a split or merge")
    assert answer.shards[2]["note"].startswith("readonly: split or merged")


def test_under_order_a_parents_replay_does_not_hold_its_children_back(functions: FunctionCaller, split: Shop) -> None:
    set_order(split)

    answer = functions.run({"action": "rewind", **GROUP, "to": split.now_unix - HOUR_S})

    assert answer.shards[2]["note"].startswith(
        "readonly, order=true: it is consumed again, but children that go on already are not held back"
    )


def test_under_order_parents_are_written_before_their_children(functions: FunctionCaller, split: Shop) -> None:
    set_order(split)

    functions.run({"action": "rewind", **GROUP, "to": split.now_unix - HOUR_S, "dry_run": False})

    written = [call["shard"] for call in split.writes() if call["operation"] == "UpdateCheckPoint"]
    assert sorted(written) == list(range(6))
    assert set(written[4:]) == {4, 5}


def test_a_plan_under_order_is_applied_parents_first_too(functions: FunctionCaller, split: Shop) -> None:
    set_order(split)
    plan = functions.run({"action": "rewind", **GROUP, "to": split.now_unix - HOUR_S})

    functions.run(plan.json["next"][0])

    written = [call["shard"] for call in split.writes() if call["operation"] == "UpdateCheckPoint"]
    assert set(written[4:]) == {4, 5}


def test_a_readonly_shard_skipped_to_its_end_counts_as_finished(functions: FunctionCaller, split: Shop) -> None:
    split.commit(2, split.cursor(2, 5), ago_s=HOUR_S)

    found = functions.run({"action": "skip", **GROUP, "to": "end"}).shards[2]

    assert found["note"] == "readonly: at its end it counts as finished, and no consumer gets it any more"
