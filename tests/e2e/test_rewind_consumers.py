"""Rewinds under the official consumer library: stopped, moved and started again; and moved while it runs."""

import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import HOUR_S, Shop

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aliyun.log.consumer import ConsumerProcessorBase, ConsumerWorker, CursorPosition, LogHubConfig

# The SDK's own type information is incomplete.
Sdk: TypeAlias = Any
Seen: TypeAlias = list[tuple[int, int]]

GROUP = {"target": "shop/orders/billing"}
SHARDS = 2
LOG_GROUPS = 600
MIDDLE = 400

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Collector(ConsumerProcessorBase):
    """Remembers shard and number of every log group it gets, and commits after each batch."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self._seen = seen

    def process(self, log_groups: Sdk, check_point_tracker: Sdk) -> None:
        for group in log_groups.LogGroups:
            for log in group.Logs:
                values = {content.Key: content.Value for content in log.Contents}
                self._seen.append((int(values["shard"]), int(values["n"])))
        check_point_tracker.save_check_point(persistent=True)


class Consumers:
    """Workers of the official library, all of group `billing`.

    Attributes:
        seen: Shard and number of every log group that they got since they were last started.
    """

    def __init__(self, shop: Shop, domain: str) -> None:
        self.seen: Seen = []
        self._sls = shop.sls
        self._endpoint = f"http://{domain}:{urlsplit(shop.sls.url).port}"
        self._running: list[Sdk] = []

    def start(self, *names: str) -> None:
        """Start a worker of each name, with nothing seen yet."""
        self.seen = []
        self._running = [ConsumerWorker(Collector, self._config(name), args=(self.seen,)) for name in names]
        for worker in self._running:
            worker.start()

    def stop(self) -> None:
        """Stop all of them and wait until they have ended."""
        for worker in self._running:
            worker.shutdown()
        for worker in self._running:
            worker.join(30)
            worker.heart_beat.join(30)
        self._running = []

    def _config(self, name: str) -> Sdk:
        return LogHubConfig(
            self._endpoint,
            self._sls.access_key_id,
            self._sls.access_key_secret,
            project="shop",
            logstore="orders",
            consumer_group_name="billing",
            consumer_name=name,
            cursor_position=CursorPosition.BEGIN_CURSOR,
            heartbeat_interval=1,
            data_fetch_interval=0.05,  # type: ignore[arg-type]  # the SDK sleeps for fractions as well
            max_fetch_log_group_size=100,
        )


def lay_out(shop: Shop, shards: int) -> None:
    """Make log groups that came at a distance of two seconds, the last one forty minutes ago."""
    begin_unix = shop.now_unix - HOUR_S
    shop.add_logstore(shards=shards, log_groups=LOG_GROUPS, interval_s=2, begin_unix=begin_unix)


@pytest.fixture
def orders(shop: Shop) -> Shop:
    """A Logstore that nobody has read yet."""
    lay_out(shop, SHARDS)
    return shop


@pytest.fixture
def consumers(orders: Shop, loopback_names: str) -> Iterator[Consumers]:
    made = Consumers(orders, loopback_names)
    yield made
    made.stop()


def wait_for(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up_at, "it never came true"
        time.sleep(0.02)


def stored(shop: Shop) -> dict[str, Any]:
    return dict(shop.state()["consumer_groups"].get("billing", {"checkpoints": {}})["checkpoints"])


def all_read(shop: Shop) -> bool:
    found = stored(shop)
    ends = {str(shard["shard"]): shard["end"] for shard in shop.state()["shards"]}
    return {shard: entry["checkpoint"] for shard, entry in found.items()} == ends


def holders(shop: Shop) -> set[str]:
    return {entry["consumer"] for entry in stored(shop).values()}


def read_all_and_stop(shop: Shop, consumers: Consumers, *names: str) -> None:
    """Let workers read everything, half an hour ago by SLS's clock, and stop; their leases have ended since."""
    shop.sls.control("clock", {"unix": shop.now_unix - HOUR_S / 2})
    consumers.start(*names)
    wait_for(lambda: all_read(shop) and holders(shop) == set(names))
    consumers.stop()
    shop.sls.control("clock", {"unix": None})


def since(number: int, *, shards: int) -> Seen:
    return [(shard, n) for shard in range(shards) for n in range(number, LOG_GROUPS)]


def test_consumers_that_were_stopped_and_rewound_get_exactly_what_came_since(
    functions: FunctionCaller, orders: Shop, consumers: Consumers
) -> None:
    lay_out(orders, 4)
    read_all_and_stop(orders, consumers, "worker-1", "worker-2")
    first = sorted(consumers.seen)
    to = orders.now_unix - HOUR_S + 2 * MIDDLE

    plan = functions.run({"action": "rewind", **GROUP, "to": to})
    applied = functions.run(plan.json["next"][0])
    consumers.start("worker-1", "worker-2", "worker-3")
    wait_for(lambda: all_read(orders))
    consumers.stop()

    assert first == since(0, shards=4)
    assert applied.json["status"] == "applied"
    assert "not_in_effect" not in applied.warnings
    assert sorted(consumers.seen) == since(MIDDLE, shards=4)


def test_an_undone_rewind_leaves_consumers_nothing_to_read_again(
    functions: FunctionCaller, orders: Shop, consumers: Consumers
) -> None:
    lay_out(orders, 1)
    read_all_and_stop(orders, consumers, "worker-1")
    applied = functions.run({"action": "rewind", **GROUP, "to": {"shift": -50}, "dry_run": False})
    undo = next(command for command in applied.json["next"] if command["action"] == "undo")
    functions.run({**undo, "dry_run": False})

    consumers.start("worker-1")
    orders.sls.control("append", {"project": "shop", "logstore": "orders", "shard": 0, "count": 3})
    wait_for(lambda: all_read(orders))
    consumers.stop()

    assert sorted(consumers.seen) == [(0, LOG_GROUPS + n) for n in range(3)]


@pytest.fixture
def running(orders: Shop, consumers: Consumers) -> Consumers:
    """A worker that has read everything and goes on running."""
    consumers.start("worker-1")
    wait_for(lambda: all_read(orders))
    return consumers


REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}


@pytest.mark.usefixtures("running")
def test_a_rewind_under_a_running_consumer_is_refused_or_found_overwritten(
    functions: FunctionCaller, orders: Shop
) -> None:
    refused = functions.run(REWIND)
    stood = all_read(orders)
    applied = functions.run({**REWIND, "allow_active": True})
    for shard in range(SHARDS):
        orders.sls.control("append", {"project": "shop", "logstore": "orders", "shard": shard, "count": 1})
    wait_for(lambda: all_read(orders))
    found = functions.run(applied.json["next"][0]).json["verify"]

    assert (refused.status, refused.error["code"], stood) == (409, "active_consumers", True)
    assert "by worker-1" in refused.error["message"]
    assert applied.json["warnings"][0]["code"] == "not_in_effect"
    assert [(verdict["state"], verdict["consumer"]) for verdict in found] == [("overwritten", "worker-1")] * SHARDS


def test_a_rewind_waits_until_the_consumers_are_gone(
    functions: FunctionCaller, orders: Shop, running: Consumers
) -> None:
    answers = []
    command = {**REWIND, "wait_free_s": 40}
    waiting = threading.Thread(target=lambda: answers.append(functions.run(command)))
    seen_before = len(orders.calls())
    waiting.start()
    wait_for(lambda: "GetCheckPoint" in {call["operation"] for call in orders.calls()[seen_before:]})
    running.stop()
    orders.sls.control("clock", {"skew_s": 120})
    waiting.join()

    assert answers[0].json["status"] == "applied"
    assert "not_in_effect" not in answers[0].warnings
