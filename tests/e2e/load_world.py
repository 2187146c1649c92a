"""Functions under load, which tell with each answer what their instance holds: memory, threads, open files."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from shared.execution.parallel import POOL_WIDTH
from tests.e2e.network.proxy import Proxy
from tests.functions.caller import Answer, FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.shop import HOUR_S, MARGIN_S, Shop
from tests.functions.watched import WatchedStandIn
from tests.local.environment import CHECKOUT, LocalEnvironment
from tests.local.fc.gateway import GatewayOptions
from tests.local.sls.cursors import decode_cursor, encode_cursor

SHARDS = 64
# The platform's own quota is 30 in one Logstore.
GROUPS_A_LOGSTORE = 20
# Of one instance's pool: as many as there are threads, and one for the look beside them.
MOST_CONNECTIONS = POOL_WIDTH + 1
# The runtime's own two, and those that make calls side by side; they may stay for the next invocation.
MOST_THREADS = 2 + POOL_WIDTH
# The instance's own channel, standard streams and the like, and its connections.
MOST_FILES = 16 + MOST_CONNECTIONS
# Where there is no /proc, the most memory that it ever had stands in for what it has; macOS tells that in bytes.
MEASURING = """
import gc
import json
import os
import resource
import threading
from itertools import count
from pathlib import Path

from sls_rewind_command import handler as measured

invocations = count(1)

def memory():
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def handler(event, context):
    response = measured(event, context)
    # What waits for the collector is no leak; to collect it each time would take longer than the work.
    if next(invocations) % 10 == 0:
        gc.collect()
    held = {
        "pid": os.getpid(),
        "memory": memory(),
        "threads": threading.active_count(),
        "open_files": len(os.listdir("/dev/fd")),
    }
    response["headers"]["X-Held"] = json.dumps(held)
    return response
"""


@dataclass(frozen=True)
class Held:
    """What an instance holds when it has answered.

    Attributes:
        pid: Its process.
        memory: In bytes.
        threads: Threads that are alive, the first one included.
        open_files: Open files and sockets.
    """

    pid: int
    memory: int
    threads: int
    open_files: int


def held(answer: Answer) -> Held:
    """Return what the instance that answered holds."""
    return Held(**json.loads(answer.headers["x-held"]))


def by_instance(answers: Iterable[Answer]) -> dict[int, list[Held]]:
    """Return what each instance held, answer by answer."""
    found: dict[int, list[Held]] = {}
    for one in map(held, answers):
        found.setdefault(one.pid, []).append(one)
    return found


@dataclass(frozen=True)
class Group:
    """One of many groups; where it stands in three of its shards tells it from all others.

    Attributes:
        number: From 0 up.
    """

    number: int

    @property
    def logstore(self) -> str:
        """Its Logstore."""
        return f"orders-{self.number // GROUPS_A_LOGSTORE}"

    @property
    def name(self) -> str:
        """Its name."""
        return f"group-{self.number}"

    @property
    def target(self) -> str:
        """How commands name it."""
        return f"shop/{self.logstore}/{self.name}"

    @property
    def shards(self) -> list[int]:
        """The shards that it has checkpoints in."""
        return sorted((self.number * 3 + offset) % SHARDS for offset in range(3))


@dataclass(frozen=True)
class Loaded:
    """A stand-in behind a proxy that counts, and functions in front of both."""

    shop: Shop
    proxy: Proxy
    functions: FunctionCaller
    _states: dict[str, Any] = field(default_factory=dict)

    def make_groups(self, count: int) -> dict[Group, dict[int, str]]:
        """Make groups in as many Logstores as they need; returns where each stands in its three shards."""
        groups = [Group(number) for number in range(count)]
        # What the stand-in forgot meanwhile stands elsewhere now.
        self._states.clear()
        for logstore in sorted({group.logstore for group in groups}):
            self.shop.add_logstore(logstore, shards=SHARDS)
        self.shop.sls.control("clock", {"unix": self.shop.now_unix - HOUR_S - MARGIN_S})
        made = {group: self._add(group) for group in groups}
        self.shop.sls.control("clock", {"unix": None})
        return made

    def _add(self, group: Group) -> dict[int, str]:
        self.shop.add_group(group.name, logstore=group.logstore)
        ends = {entry["shard"]: decode_cursor(entry["end"]) or 0 for entry in self._state(group.logstore)["shards"]}
        stands = {shard: encode_cursor(ends[shard] - 100 - group.number) for shard in group.shards}
        path = f"/logstores/{group.logstore}/consumergroups/{group.name}"
        for shard, checkpoint in stands.items():
            body = {"shard": shard, "checkpoint": checkpoint}
            query = {"type": "checkpoint", "forceSuccess": "true"}
            assert self.shop.caller.call("POST", path, query=query, document=body).status == HTTPStatus.OK
        return stands

    def _state(self, logstore: str) -> Any:  # noqa: ANN401 -- any JSON document
        if logstore not in self._states:
            self._states[logstore] = self.shop.state(logstore)
        return self._states[logstore]


@contextmanager
def loaded(evidence: Evidence, folder: Path, *, instances: int) -> Iterator[Loaded]:
    """Run measured functions over a stand-in and a proxy of their own.

    Args:
        evidence: Takes logs and answers.
        folder: An empty one, for the functions' sources.
        instances: The most instances of each function.
    """
    with WatchedStandIn(evidence) as sls, Proxy(sls) as proxy:
        environment = LocalEnvironment(
            proxy,
            environ={},
            logs=evidence.new_logs(),
            options=GatewayOptions(max_instances=instances),
            checkout=_measured_checkout(folder),
        )
        evidence.add_secret("a bearer token", environment.bearer)
        shop = Shop(sls)
        with environment, shop.caller:
            yield Loaded(shop, proxy, FunctionCaller(environment.url, {"local": environment.bearer}, evidence))


def _measured_checkout(folder: Path) -> Path:
    for name in ("shared", "template.yml"):
        (folder / name).symlink_to(CHECKOUT / name)
    command = folder / "functions" / "command"
    command.mkdir(parents=True)
    for source in (CHECKOUT / "functions").iterdir():
        if source.name != command.name:
            (folder / "functions" / source.name).symlink_to(source)
    original = (CHECKOUT / "functions" / "command" / "index.py").read_text(encoding="utf-8")
    (command / "sls_rewind_command.py").write_text(original, encoding="utf-8")
    (command / "index.py").write_text(MEASURING, encoding="utf-8")
    return folder
