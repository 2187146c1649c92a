"""Rewinds under the official consumer library: stopped, moved and started again; and moved while it runs."""

import threading
import time
from collections.abc import Iterator

import pytest

from tests.e2e.consumer_world import GROUP, Consumers, Seen, all_read, append, holders, lay_out, received_unix
from tests.e2e.rewind_world import wait_until
from tests.functions.caller import FunctionCaller
from tests.functions.shop import Shop

SHARDS = 2
LOG_GROUPS = 600
MIDDLE = 400

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def orders(shop: Shop) -> Shop:
    """A Logstore that nobody has read yet."""
    lay_out(shop, shards=SHARDS, log_groups=LOG_GROUPS)
    return shop


@pytest.fixture
def consumers(orders: Shop, loopback_names: str) -> Iterator[Consumers]:
    made = Consumers(orders, loopback_names)
    yield made
    made.stop()


def since(number: int, *, shards: int) -> Seen:
    return [(shard, n) for shard in range(shards) for n in range(number, LOG_GROUPS)]


def test_consumers_that_were_stopped_and_rewound_get_exactly_what_came_since(
    functions: FunctionCaller, orders: Shop, consumers: Consumers
) -> None:
    lay_out(orders, shards=4, log_groups=LOG_GROUPS)
    first = consumers.read_all("worker-1", "worker-2")

    plan = functions.run({"action": "rewind", **GROUP, "to": received_unix(orders, MIDDLE)})
    applied = functions.run(plan.json["next"][0])
    again = consumers.read_all("worker-1", "worker-2", "worker-3")

    assert sorted(first) == since(0, shards=4)
    assert applied.json["status"] == "applied"
    assert "not_in_effect" not in applied.warnings
    assert sorted(again) == since(MIDDLE, shards=4)


def test_an_undone_rewind_leaves_consumers_nothing_to_read_again(
    functions: FunctionCaller, orders: Shop, consumers: Consumers
) -> None:
    lay_out(orders, shards=1, log_groups=LOG_GROUPS)
    consumers.read_all("worker-1")
    applied = functions.run({"action": "rewind", **GROUP, "to": {"shift": -50}, "dry_run": False})
    undo = next(command for command in applied.json["next"] if command["action"] == "undo")
    functions.run({**undo, "dry_run": False})

    append(orders, 0, 3)

    assert consumers.read_all("worker-1") == [(0, LOG_GROUPS + n) for n in range(3)]


@pytest.fixture
def running(orders: Shop, consumers: Consumers) -> Consumers:
    """Two workers that have read everything and go on running; time stands still, so that none loses its lease."""
    orders.sls.control("clock", {"unix": time.time()})
    consumers.start("worker-1", "worker-2")
    wait_until(lambda: all_read(orders) and set(holders(orders).values()) == {"worker-1", "worker-2"})
    return consumers


REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}


@pytest.mark.usefixtures("running")
def test_a_rewind_under_running_consumers_is_refused_or_found_overwritten(
    functions: FunctionCaller, orders: Shop
) -> None:
    whose = holders(orders)
    refused = functions.run(REWIND)
    stood = all_read(orders)
    applied = functions.run({**REWIND, "allow_active": True})
    for shard in range(SHARDS):
        append(orders, shard)
    wait_until(lambda: all_read(orders))
    found = functions.run(applied.json["next"][0]).json["verify"]

    assert (refused.status, refused.error["code"], stood) == (409, "active_consumers", True)
    assert all(f"by {name}" in refused.error["message"] for name in whose.values())
    assert applied.json["warnings"][0]["code"] == "not_in_effect"
    assert {verdict["shard"]: (verdict["state"], verdict["consumer"]) for verdict in found} == {
        shard: ("overwritten", name) for shard, name in whose.items()
    }


def test_a_rewind_waits_until_the_consumers_are_gone(
    functions: FunctionCaller, orders: Shop, running: Consumers
) -> None:
    answers = []
    command = {**REWIND, "wait_free_s": 40}
    waiting = threading.Thread(target=lambda: answers.append(functions.run(command)))
    seen_before = len(orders.calls())
    waiting.start()
    wait_until(lambda: "GetCheckPoint" in {call["operation"] for call in orders.calls()[seen_before:]})
    running.stop()
    orders.sls.control("clock", {"skew_s": 120})
    waiting.join()

    assert answers[0].json["status"] == "applied"
    assert "not_in_effect" not in answers[0].warnings
