"""The world of the stateful test: instances of functions that run commands on the witnessed stand-in, in held time."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import count

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
from tests.e2e.stateful_witness import LOGSTORE, PROJECT, START_UNIX, Trouble, WitnessedStandIn
from tests.local.sls.cursors import encode_cursor

GROUPS = ("billing", "audit")

_EVERYTHING = Policy(rules=(Rule(("webhook:*", "timer:*"), ("*",), ("*/*/*",)),))

Between = tuple[int, Callable[[], None]]


class KilledError(BaseException):
    """The platform ends an invocation wherever it is; nothing in it may stop that."""


@dataclass(slots=True)
class Instance:
    """One warm instance: its id, and what it has read of the journal."""

    instance_id: str
    view: View = field(default_factory=View)


class _Looks:
    """Counts an invocation's looks at the time that is left, of which there is one or more a call."""

    def __init__(self, kill_after: int | None, between: Between | None) -> None:
        self._count = count(1)
        self._kill_after = kill_after
        self._between = between

    def take(self) -> None:
        """Count one look, and let happen what is due.

        Raises:
            KilledError: The invocation is over.
        """
        number = next(self._count)
        if self._between is not None and number == self._between[0]:
            self._between[1]()
        if self._kill_after is not None and number > self._kill_after:
            raise KilledError


class World:
    """Three instances over one stand-in with two hours of orders in three shards, which two groups read.

    The groups stand at log groups 200 and 150 of the first two shards, and never read the third. All chance is
    counted, so that a run can be repeated.
    """

    def __init__(self, sls: WitnessedStandIn) -> None:
        self.sls = sls
        self.witness = sls.begin_anew()
        self._numbers = count()
        self._credentials = Credentials(sls.access_key_id, sls.access_key_secret, None)
        self.session: requests.Session = new_session(POOL_WIDTH)
        self.instances = [self._new_instance() for _ in range(3)]
        made = {"project": PROJECT, "logstore": LOGSTORE, "shards": 3, "log_groups": 240, "interval_s": 30}
        sls.control("logstores", {**made, "begin_unix": START_UNIX - 7200})
        for name in GROUPS:
            self.witness.create(name)
            for shard in range(2):
                self.witness.commit(name, shard, self.cursor(shard, 200 - 50 * shard))
        self.witness.pass_time(600)

    def cursor(self, shard: int, number: int) -> str:
        """Return the cursor of a shard's log group, counted from the oldest one kept, or that of its end."""
        there = self.witness.logstore().shards[shard]
        return encode_cursor(min(there.begin + number, there.end))

    def checkpoint(self, shard: int, group: str = GROUPS[0]) -> str:
        """Return where a group stands in a shard."""
        there = self.witness.group(group)
        return there.checkpoint(shard).checkpoint if there else ""

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def renew(self, number: int) -> None:
        """Replace an instance by a cold one."""
        self.instances[number] = self._new_instance()

    def run(
        self,
        command: Mapping[str, object],
        *,
        instance: int = 0,
        principal: str = "webhook:ci",
        key: str | None = None,
        timeout_s: float = 60,
        trouble: Trouble | None = None,
        between: Between | None = None,
    ) -> Result | None:
        """Return what became of a command; None if its invocation was killed.

        Args:
            command: As a caller sends it.
            instance: The number of the instance that runs it.
            principal: Who is calling.
            key: The caller's idempotency key.
            timeout_s: How long the invocation may take, in held time.
            trouble: What goes wrong meanwhile.
            between: What happens in the middle, after so many looks at the time that is left.
        """
        trouble = trouble or Trouble()
        looks = _Looks(trouble.kill_after, between)
        ends_unix = self.witness.now_unix + timeout_s

        def remaining_s() -> float:
            looks.take()
            return ends_unix - self.witness.now_unix

        lent = self._invocation(self.instances[instance], principal, key, remaining_s)
        with self.witness.invoked(trouble, lent.operation_id("") if key else ""):
            try:
                return run_command(parse_command_table(command), lent)
            except KilledError:
                return None

    def _new_instance(self) -> Instance:
        return Instance(f"c-{next(self._numbers)}")

    def _invocation(
        self, instance: Instance, principal: str, key: str | None, remaining_s: Callable[[], float]
    ) -> Invocation:
        def connect(endpoint: Endpoint, surroundings: Surroundings) -> SlsClient:
            return SlsClient(endpoint, self._credentials, self.session, surroundings)

        return Invocation(
            settings=self._settings(instance),
            policy=_EVERYTHING,
            principal=principal,
            connect=connect,
            remaining_s=remaining_s,
            now=lambda: datetime.fromtimestamp(self.witness.now_unix, timezone.utc),
            sleep=self.witness.pass_time,
            random=lambda: 0.5,
            random_bytes=self._fresh_bytes,
            audit=lambda _: None,
            journal_view=instance.view,
            idempotency_key=key,
        )

    def _settings(self, instance: Instance) -> Settings:
        project, _, logstore = self.sls.journal.partition("/")
        return Settings(
            region=self.sls.region,
            sls_host=f"{self.sls.region}.log.aliyuncs.com",
            loopback_url=self.sls.url,
            signature=None,
            policy_path=None,
            journal=(project, logstore),
            read_only=False,
            webhook_secrets={},
            instance_id=instance.instance_id,
        )

    def _fresh_bytes(self, length: int) -> bytes:
        return hashlib.sha256(str(next(self._numbers)).encode()).digest()[:length]
