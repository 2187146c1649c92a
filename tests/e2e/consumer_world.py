"""The official consumer library, and a writer like Flink's, on Logstore `orders` of a shop; what it gets is seen."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from tests.e2e.rewind_world import wait_until
from tests.functions.shop import HOUR_S, Shop

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aliyun.log import LogClient
    from aliyun.log.consumer import ConsumerProcessorBase, ConsumerWorker, CursorPosition, LogHubConfig

# The SDK's own type information is incomplete.
Sdk: TypeAlias = Any
Seen: TypeAlias = list[tuple[int, int]]

GROUP = {"target": "shop/orders/billing"}
INTERVAL_S = 2
_TARGET = ("shop", "orders", "billing")
_ENDS_WITHIN_S = 30
_PULLED_AT_ONCE = 100


class Collector(ConsumerProcessorBase):
    """Remembers shard and number of every log group it gets, and commits after each batch."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self._seen = seen

    def process(self, log_groups: Sdk, check_point_tracker: Sdk) -> None:
        """Take a batch."""
        self._seen += numbers(log_groups)
        check_point_tracker.save_check_point(persistent=True)


def numbers(log_groups: Sdk) -> Seen:
    """Return shard and number of each log group of the SDK's own kind."""
    logs = [{content.Key: content.Value for content in log.Contents} for g in log_groups.LogGroups for log in g.Logs]
    return [(int(values["shard"]), int(values["n"])) for values in logs]


class Consumers:
    """Workers of the official library, all of group `billing`.

    Attributes:
        seen: Shard and number of every log group that they got since they were last started, in order of arrival.

    Args:
        shop: Where they consume.
        domain: A domain whose names all resolve to loopback.
        in_order: Whether they ask for parents before children.
    """

    def __init__(self, shop: Shop, domain: str, *, in_order: bool = False) -> None:
        self.seen: Seen = []
        self._shop = shop
        self._endpoint = endpoint_of(shop, domain)
        self._in_order = in_order
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
            worker.join(_ENDS_WITHIN_S)
            worker.heart_beat.join(_ENDS_WITHIN_S)
        self._running = []

    def read_all(self, *names: str) -> Seen:
        """Let workers read to the end and stop, half an hour ago by SLS's clock, and return what they got.

        Time stands still meanwhile, so that no lease ends however slow the machine; afterwards all leases have ended.
        """
        shop = self._shop
        shop.sls.control("clock", {"unix": shop.now_unix - HOUR_S / 2})
        self.start(*names)
        # Under order there may be but one shard at a time to hold.
        wait_until(lambda: all_read(shop) and (self._in_order or set(holders(shop).values()) == set(names)))
        self.stop()
        shop.sls.control("clock", {"unix": None})
        return self.seen

    def _config(self, name: str) -> Sdk:
        return LogHubConfig(
            self._endpoint,
            self._shop.sls.access_key_id,
            self._shop.sls.access_key_secret,
            project="shop",
            logstore="orders",
            consumer_group_name="billing",
            consumer_name=name,
            cursor_position=CursorPosition.BEGIN_CURSOR,
            heartbeat_interval=1,
            data_fetch_interval=0.05,  # type: ignore[arg-type]  # the SDK sleeps for fractions as well
            in_order=self._in_order,
            # Signature V1, which is the library's default, is what tests/contract runs it with.
            auth_version="v4",
            region=self._shop.sls.region,
            max_fetch_log_group_size=_PULLED_AT_ONCE,
        )


class FlinkLikeReader:
    """Reads one shard from the group's checkpoint on, as Flink's connector does: no heartbeat, commits without a name.

    Attributes:
        seen: Shard and number of every log group that it got.
    """

    def __init__(self, shop: Shop, domain: str, shard: int) -> None:
        self.seen: Seen = []
        key = (shop.sls.access_key_id, shop.sls.access_key_secret)
        self._client: Sdk = LogClient(endpoint_of(shop, domain), *key)
        self._shard = shard
        self._asked_to_stop = threading.Event()

    @contextmanager
    def running(self) -> Iterator["FlinkLikeReader"]:
        """Read on within the block, committing after every batch."""
        self._asked_to_stop.clear()
        thread = threading.Thread(target=self._read)
        thread.start()
        try:
            yield self
        finally:
            self._asked_to_stop.set()
            thread.join(_ENDS_WITHIN_S)

    def _read(self) -> None:
        # Like every official consumer, it looks at the checkpoint once, when it begins.
        (stored,) = self._client.get_check_point(*_TARGET, self._shard).get_consumer_group_check_points()
        cursor = stored["checkpoint"]
        while not self._asked_to_stop.wait(0.05):
            pulled = self._client.pull_logs("shop", "orders", self._shard, cursor, _PULLED_AT_ONCE)
            self.seen += numbers(pulled.get_loggroup_list())
            if pulled.get_next_cursor() != cursor:
                cursor = pulled.get_next_cursor()
                self._client.update_check_point(*_TARGET, self._shard, cursor)


def endpoint_of(shop: Shop, domain: str) -> str:
    """Return the endpoint before which the SDK puts the project's name."""
    return f"http://{domain}:{urlsplit(shop.sls.url).port}"


def lay_out(shop: Shop, *, shards: int, log_groups: int) -> None:
    """Make log groups that came at a distance of two seconds, the first one an hour ago."""
    begin_unix = shop.now_unix - HOUR_S
    shop.add_logstore(shards=shards, log_groups=log_groups, interval_s=INTERVAL_S, begin_unix=begin_unix)


def received_unix(shop: Shop, number: int) -> int:
    """Return when the log group of a number came that `lay_out` made."""
    return shop.now_unix - HOUR_S + INTERVAL_S * number


def append(shop: Shop, shard: int, count: int = 1, *, ago_s: float = 0) -> None:
    """Append log groups that all came so long ago."""
    named = {"project": "shop", "logstore": "orders", "shard": shard, "count": count}
    shop.sls.control("append", {**named, "at_unix": shop.now_unix - ago_s})


def stored(shop: Shop) -> dict[str, Any]:
    """Return what SLS holds of group `billing` by shard; empty as long as there is no such group."""
    return dict(shop.state()["consumer_groups"].get("billing", {"checkpoints": {}})["checkpoints"])


def all_read(shop: Shop) -> bool:
    """Return whether every shard is committed to its end."""
    ends = {str(shard["shard"]): shard["end"] for shard in shop.state()["shards"]}
    return {shard: entry["checkpoint"] for shard, entry in stored(shop).items()} == ends


def holders(shop: Shop) -> dict[int, str]:
    """Return which consumer holds which shard, "" for nobody."""
    return {int(shard): entry["consumer"] for shard, entry in stored(shop).items()}
