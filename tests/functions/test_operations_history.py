"""history, snapshot and as_of: what the journal remembers of a group."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import HOUR_S, Shop, iso_utc

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -10}, "dry_run": False}
HISTORY = {"action": "history", **GROUP}
SNAPSHOT = {"action": "snapshot", **GROUP}


def operations(answer: Answer) -> list[Any]:
    assert (answer.status, answer.json["status"]) == (200, "read")
    return list(answer.json["operations"])


def test_history_tells_who_when_what_and_how_it_ended(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()
    done = functions.run({**REWIND, "reason": "bad deploy"})

    (told,) = operations(functions.run(HISTORY))

    started_at, ended_at = told.pop("started_at"), told.pop("ended_at")
    assert iso_utc(shop.now_unix) <= started_at <= ended_at <= iso_utc(time.time())
    assert told == {
        "operation_id": done.json["operation_id"],
        "action": "rewind",
        "principal": "webhook:local",
        "asked_by": "webhook:local",
        "reason": "bad deploy",
        "state": "finished",
        "status": "applied",
        "attempts": 1,
        "plan_id": None,
        "undoes": None,
        "attributes": None,
        "verified": None,
        "shards": [
            {
                "shard": shard,
                "before": before[shard],
                "after": shop.checkpoints()[shard],
                "log_groups": -10,
                "status": "moved",
            }
            for shard in range(3)
        ],
    }


def test_history_is_newest_first_and_no_longer_than_asked(functions: FunctionCaller, shop: Shop) -> None:
    done = [functions.run(REWIND).json["operation_id"] for _ in range(4)]

    assert [told["operation_id"] for told in operations(functions.run(HISTORY))] == done[::-1]
    assert [told["operation_id"] for told in operations(functions.run({**HISTORY, "limit": 2}))] == done[:1:-1]
    assert len(shop.writes()) == 12


def test_history_has_plans_in_it_only_once_they_are_applied(functions: FunctionCaller, shop: Shop) -> None:
    plan = functions.run({**REWIND, "dry_run": True})
    planned = operations(functions.run(HISTORY))
    functions.run(plan.json["next"][0])
    (applied,) = operations(functions.run(HISTORY))

    assert planned == []
    assert (applied["action"], applied["plan_id"]) == ("rewind", plan.json["plan_id"])
    assert len(shop.writes()) == 3


def test_history_tells_of_attributes(functions: FunctionCaller, shop: Shop) -> None:
    functions.run({"action": "update_consumer_group", **GROUP, "timeout": 120})

    (told,) = operations(functions.run(HISTORY))

    assert (told["shards"], told["attributes"]) == (
        [],
        {"before": {"timeout": 60, "order": False}, "after": {"timeout": 120, "order": False}},
    )
    assert shop.attributes() == (120, False)


def test_history_tells_of_this_group_alone(functions: FunctionCaller, shop: Shop) -> None:
    shop.add_group("audit")
    functions.run(REWIND)

    assert operations(functions.run({**HISTORY, "target": "shop/orders/audit"})) == []


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (lambda now: now - HOUR_S, 1),
        (lambda now: iso_utc(now - HOUR_S), 1),
        (lambda now: now + HOUR_S, 0),
        (lambda now: (now + HOUR_S) * 1000, 0),
    ],
    ids=["seconds", "iso", "later", "later-ms"],
)
def test_history_begins_where_asked(
    functions: FunctionCaller, shop: Shop, since: Callable[[int], object], expected: int
) -> None:
    functions.run(REWIND)

    assert len(operations(functions.run({**HISTORY, "since": since(shop.now_unix)}))) == expected


@pytest.mark.parametrize(
    ("more", "field"),
    [({"limit": 0}, "limit"), ({"limit": 201}, "limit"), ({"limit": "5"}, "limit"), ({"since": "soon"}, "since")],
    ids=str,
)
def test_history_refuses_what_is_malformed(
    functions: FunctionCaller, shop: Shop, more: dict[str, object], field: str
) -> None:
    answer = functions.run({**HISTORY, **more})

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert f"{field}: " in answer.error["message"]
    assert shop.calls(journal=True) == []


def test_a_snapshot_writes_no_checkpoint_and_shows_what_it_kept(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**SNAPSHOT, "reason": "before the release"})

    assert (answer.status, answer.json["status"], answer.json["operation_id"]) == (200, "applied", None)
    assert {shard: found["before"]["checkpoint"] for shard, found in answer.shards.items()} == shop.checkpoints()
    assert shop.writes() == []


def next_second() -> int:
    """Return the time in epoch seconds, once a new second has begun."""
    before = int(time.time())
    while int(time.time()) == before:
        time.sleep(0.005)
    return int(time.time())


def test_as_of_goes_to_the_newest_snapshot_at_or_before_and_tells_the_gap(
    functions: FunctionCaller, shop: Shop
) -> None:
    functions.run(SNAPSHOT)
    first = shop.checkpoints()
    between = next_second()
    next_second()
    shop.commit(0, shop.cursor(0, -50), ago_s=HOUR_S)
    functions.run(SNAPSHOT)
    second = shop.checkpoints()
    next_second()
    shop.commit(0, shop.cursor(0, -5), ago_s=HOUR_S)

    older = functions.run({"action": "rewind", **GROUP, "to": {"as_of": between}})
    newer = functions.run({"action": "rewind", **GROUP, "to": {"as_of": iso_utc(time.time())}, "dry_run": False})

    assert older.shards[0]["after"]["checkpoint"] == first[0]
    assert newer.shards[0]["after"]["checkpoint"] == second[0]
    assert shop.checkpoints() == second
    assert older.warnings["as_of_gap"].startswith(f"as of {iso_utc(between)}, by what the journal knew at ")
    assert " between is consumed again" in older.warnings["as_of_gap"]


def test_as_of_knows_what_operations_found_and_wrote(functions: FunctionCaller, shop: Shop) -> None:
    functions.run(REWIND)
    written = shop.checkpoints()
    for shard in range(3):
        shop.commit(shard, shop.cursor(shard, -5), ago_s=HOUR_S)

    answer = functions.run({"action": "seek", **GROUP, "to": {"as_of": int(time.time()) + 1}, "dry_run": False})

    assert answer.json["status"] == "applied"
    assert shop.checkpoints() == written


def test_as_of_a_time_before_everything_journaled_is_refused(functions: FunctionCaller, shop: Shop) -> None:
    functions.run(SNAPSHOT)

    answer = functions.run({"action": "rewind", **GROUP, "to": {"as_of": shop.now_unix - HOUR_S}})

    assert (answer.status, answer.error["code"]) == (409, "nothing_journaled")
    assert iso_utc(shop.now_unix - HOUR_S) in answer.error["message"]
    assert "snapshot" in answer.error["hint"]


def test_the_gap_of_as_of_is_from_when_it_was_known_to_when_it_is_asked_for(
    functions: FunctionCaller, shop: Shop
) -> None:
    functions.run(SNAPSHOT)
    at = next_second() + 1
    shop.commit(0, shop.cursor(0, -5), ago_s=HOUR_S)

    told = functions.run({"action": "seek", **GROUP, "to": {"as_of": at}}).warnings["as_of_gap"]

    known = datetime.fromisoformat(told.partition("knew at ")[2][:19] + "+00:00").timestamp()
    assert f"consumed in the {round(at - known)} s between" in told
