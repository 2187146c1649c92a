"""Rewinds of many shards in this process, with a gate before their writes and time that passes when a test says so."""

import math
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone

import requests

from shared.command_parser import parse_command_table
from shared.execution.invocation import Invocation
from shared.execution.parallel import POOL_WIDTH
from shared.execution.run import run_command
from shared.journal.journal import View
from shared.policy.rules import Policy, Rule
from shared.results import Result
from shared.settings import Endpoint, Settings
from shared.sls.client import SlsClient, Surroundings, new_session
from shared.sls.credentials import Credentials
from tests.e2e.network.drills import TARGET
from tests.e2e.network.proxy import Exchange, Fault, Proxy
from tests.functions.evidence import Evidence
from tests.functions.shop import HOUR_S, Shop
from tests.functions.watched import WatchedStandIn

REWIND = {"action": "rewind", "target": TARGET, "to": "begin", "dry_run": False}
PATIENCE_S = 30.0
_LONG_S = 600.0
_TICK_S = 0.005
_EVERYTHING = Policy(rules=(Rule(("webhook:*",), ("*",), ("*/*/*",)),))


class Clock:
    """Time that stands still until a test lets it pass, and passes for whoever runs the command alone.

    So a look that another thread took meanwhile took no time, and has waited for as long as the test says.

    Args:
        pauses: What happens in the first pause, in the second, and so on.

    Attributes:
        passed_s: How much has passed.
    """

    def __init__(self, *pauses: Callable[[], object]) -> None:
        self.passed_s = 0.0
        self._pauses = list(pauses)
        self._asleep = threading.Lock()
        self._runner: threading.Thread | None = None

    def start(self) -> None:
        """Begin an invocation in this thread."""
        self._runner = threading.current_thread()

    def remaining_s(self) -> float:
        """Return what is left of the invocation."""
        return _LONG_S - (self.passed_s if threading.current_thread() is self._runner else 0.0)

    def sleep(self, _: float) -> None:
        """Pass a pause at once, in which the next thing happens that is to happen in one."""
        # Whoever else sleeps meanwhile wakes up no sooner.
        with self._asleep:
            if self._pauses:
                self._pauses.pop(0)()


class Gate:
    """Holds writes on their way until a test lets them pass, in the order in which they came; open after its block."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._came = 0
        self._may_pass = 0.0

    def __enter__(self) -> "Gate":  # noqa: PYI034 -- nothing inherits from it
        return self

    def __exit__(self, *_: object) -> None:
        self.let_pass(math.inf)

    def hold(self, exchange: Exchange) -> bool:
        """Hold one write, then let it pass."""
        with self._changed:
            number, self._came = self._came, self._came + 1
            self._changed.notify_all()
            in_time = self._changed.wait_for(lambda: number < self._may_pass, PATIENCE_S)
        if in_time:
            exchange.client.sendall(exchange.answer())
        return in_time

    def have_come(self, count: int, *, within_s: float = PATIENCE_S) -> bool:
        """Return whether so many writes have come, as soon as they have."""
        with self._changed:
            return self._changed.wait_for(lambda: self._came >= count, within_s)

    def let_pass(self, count: float) -> None:
        """Let the first so many writes pass."""
        with self._changed:
            self._may_pass = count
            self._changed.notify_all()


@dataclass(frozen=True)
class WaveWorld:
    """A Logstore of several waves of shards, and a group whose consumers are gone, behind a proxy."""

    shop: Shop
    proxy: Proxy
    session: requests.Session

    def write_through(self, gate: Gate) -> None:
        """Send every write through a gate from now on."""
        self.proxy.fault(Fault(gate.hold, "UpdateCheckPoint", times=10**6))

    def looks(self) -> int:
        """Return how often the group's checkpoints were asked for."""
        return sum(call["operation"] == "GetCheckPoint" for call in self.shop.calls())

    def have_looked(self, times: int) -> bool:
        """Return whether there were so many looks, as soon as there were."""
        ends_s = time.monotonic() + PATIENCE_S
        while self.looks() < times and time.monotonic() < ends_s:
            time.sleep(_TICK_S)
        return self.looks() >= times

    def consume(self, shard: int) -> str:
        """Let a consumer go on in a shard, and return where it stands then."""
        there = self.shop.cursor(shard, -50)
        query = {"type": "checkpoint", "consumer": "worker-1", "forceSuccess": "true"}
        path = "/logstores/orders/consumergroups/billing"
        self.shop.caller.call("POST", path, query=query, document={"shard": shard, "checkpoint": there})
        return there

    def rewind(self, clock: Clock, audit: Callable[[Mapping[str, object]], None] = lambda _: None) -> Result:
        """Return what came of rewinding every shard to its begin."""
        return self.run(REWIND, clock, invocation=self.invocation(clock, audit))

    def run(self, command: Mapping[str, object], clock: Clock, *, invocation: Invocation) -> Result:
        """Return what came of a command."""
        clock.start()
        return run_command(parse_command_table(command), invocation)

    def invocation(self, clock: Clock, audit: Callable[[Mapping[str, object]], None] = lambda _: None) -> Invocation:
        """Return an invocation of an instance that has read no journal yet."""
        credentials = Credentials(self.proxy.access_key_id, self.proxy.access_key_secret, None)

        def connect(endpoint: Endpoint, surroundings: Surroundings) -> SlsClient:
            return SlsClient(endpoint, credentials, self.session, surroundings)

        return Invocation(
            settings=self._settings(),
            policy=_EVERYTHING,
            principal="webhook:ci",
            connect=connect,
            remaining_s=clock.remaining_s,
            now=lambda: datetime.now(timezone.utc),
            sleep=clock.sleep,
            random=random.random,
            random_bytes=os.urandom,
            audit=audit,
            journal_view=View(),
        )

    def _settings(self) -> Settings:
        project, _, logstore = self.proxy.journal.partition("/")
        return Settings(
            region=self.proxy.region,
            sls_host=f"{self.proxy.region}.log.aliyuncs.com",
            loopback_url=self.proxy.url,
            signature=None,
            policy_path=None,
            journal=(project, logstore),
            read_only=False,
            webhook_secrets={},
            instance_id="c-waves",
        )


@contextmanager
def wave_world(evidence: Evidence, *, waves: int) -> Iterator[WaveWorld]:
    """Give a world of so many waves of shards."""
    with WatchedStandIn(evidence) as sls, Proxy(sls) as proxy, new_session(POOL_WIDTH) as session:
        shop = Shop(sls)
        with shop.caller:
            fill(shop, waves * POOL_WIDTH)
            yield WaveWorld(shop, proxy, session)


def fill(shop: Shop, shards: int) -> None:
    """Make a Logstore with a group that stopped an hour ago, 100 log groups before the end of every shard."""
    shop.add_logstore(shards=shards)
    shop.add_group()
    for shard in range(shards):
        shop.commit(shard, shop.cursor(shard, -100), ago_s=HOUR_S)
