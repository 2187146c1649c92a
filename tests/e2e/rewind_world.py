"""A world to rewind in: a stand-in, the functions with a timeout of one's choice, and one consumer group a test."""

import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, final

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.watched import WatchedStandIn
from tests.local.environment import CHECKOUT, LocalEnvironment
from tests.local.sls.caller import Answer as SlsAnswer
from tests.local.sls.caller import Caller
from tests.local.sls.cursors import decode_cursor, encode_cursor
from tests.local.sls.signing import Signer

T = TypeVar("T")
Call = Mapping[str, Any]

SHARDS = range(4)
LOG_GROUPS = 7200
CONSUMED_AGO_S = 60
COMMITTED_AGO_S = 600
CONSUMER = "worker-1"
_PATIENCE_S = 60.0


def wait_until(condition: Callable[[], object]) -> None:
    """Return as soon as a condition holds; fail the test if it never does."""
    gives_up_s = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < gives_up_s, "it never came to that"
        time.sleep(0.005)


def wait_for_the_next_second() -> None:
    """Return when a time counted back from now is another one."""
    second = int(time.time())
    wait_until(lambda: int(time.time()) > second)


def checkout_with_timeout(folder: Path, timeout_s: int) -> Path:
    """Return a folder that holds this project, its functions' 60 seconds replaced by another timeout."""
    for name in ("functions", "shared"):
        (folder / name).symlink_to(CHECKOUT / name)
    template = (CHECKOUT / "template.yml").read_text(encoding="utf-8")
    changed, times = re.subn(r"timeout: 60$", f"timeout: {timeout_s}", template, flags=re.MULTILINE)
    assert times
    (folder / "template.yml").write_text(changed, encoding="utf-8")
    return folder


@final
class Functions:
    """The functions in processes of their own, over a stand-in that others use too.

    Attributes:
        caller: Sends commands as `webhook:local`.
    """

    def __init__(self, environment: LocalEnvironment, evidence: Evidence) -> None:
        self._environment = environment
        self.caller = FunctionCaller(environment.url, {"local": environment.bearer}, evidence)

    def run(self, command: Mapping[str, object], key: str | None = None) -> Answer:
        """Return the answer to a command, with an idempotency key where one is given."""
        return self.caller.run(command, **({} if key is None else {"Idempotency_Key": key}))

    def has_answered(self, command: Mapping[str, object]) -> bool:
        """Send a command, and return whether the function succeeded, however FC ended it otherwise."""
        headers = {"Authorization": f"Bearer {self.caller.tokens['local']}"}
        return self.caller.send("POST", "/command", headers, json.dumps(command).encode()).status == HTTPStatus.OK

    @contextmanager
    def killed_during(self, command: Mapping[str, object], key: str) -> Iterator[None]:
        """Send a command, and kill every instance at the end of the block; nobody gets an answer of the function."""
        headers = {"Authorization": f"Bearer {self.caller.tokens['local']}", "Idempotency-Key": key}
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(self.caller.send, "POST", "/command", headers, json.dumps(command).encode())
            try:
                yield
                assert not answer.done(), answer.result().body
            finally:
                self._environment.gateway.close()
            assert b"Process exited unexpectedly" in answer.result().body


@final
class World:
    """A stand-in of its own, and functions over it. A context manager.

    Attributes:
        sls: The stand-in.
        functions: One gateway, whose instance stays warm.
        caller: Signed calls past the functions.
    """

    def __init__(self, evidence: Evidence, checkout: Path = CHECKOUT) -> None:
        self._evidence = evidence
        self._checkout = checkout
        self._open = ExitStack()
        self._names = itertools.count(1)

    def __enter__(self) -> "World":
        self.sls = self._open.enter_context(WatchedStandIn(self._evidence))
        self._evidence.add_secret("the access key's secret", self.sls.access_key_secret)
        signer = Signer(self.sls.access_key_id, self.sls.access_key_secret, self.sls.region)
        self.caller = self._open.enter_context(Caller(self.sls.url, signer))
        self.functions = self._open.enter_context(self.more_functions())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @contextmanager
    def more_functions(self) -> Iterator[Functions]:
        """Start the functions once more, in other processes, for the length of the block."""
        environment = LocalEnvironment(self.sls, environ={}, logs=self._evidence.new_logs(), checkout=self._checkout)
        with environment:
            self._evidence.add_secret("a bearer token", environment.bearer)
            yield Functions(environment, self._evidence)

    def new_group(self) -> "Group":
        """Make a Logstore of four shards, a log group a second for two hours, with a group that consumed most of it."""
        return Group(self, f"orders-{next(self._names)}")

    @property
    def journal(self) -> str:
        """The journal's Logstore."""
        return self.sls.journal.partition("/")[2]

    def fault(self, *faults: Mapping[str, object]) -> None:
        """Replace the stand-in's faults."""
        self.sls.control("faults", list(faults))


@final
class Group:
    """Consumer group `billing` of one Logstore: consumed up to a minute ago, by consumers gone ten minutes ago.

    Attributes:
        logstore: Its Logstore.
        target: How commands name it.
        key: An idempotency key of its own.
        original: Its first checkpoints, by shard.
    """

    def __init__(self, world: World, logstore: str) -> None:
        self.world = world
        self.logstore = logstore
        self.target = f"shop/{logstore}/billing"
        self.key = f"key-of-{logstore}"
        self._path = f"/logstores/{logstore}/consumergroups"
        now_unix = int(time.time())
        times = {"log_groups": LOG_GROUPS, "begin_unix": now_unix - LOG_GROUPS}
        world.sls.control("logstores", {"project": "shop", "logstore": logstore, "shards": len(SHARDS), **times})
        self._sent("POST", self._path, document={"consumerGroup": "billing", "timeout": 60, "order": False})
        world.sls.control("clock", {"unix": now_unix - COMMITTED_AGO_S})
        for shard in SHARDS:
            self._write(shard, self.cursor_at(shard, now_unix - CONSUMED_AGO_S), "", forced=True)
        world.sls.control("clock", {"unix": None})
        self.original = self.checkpoints()

    def command(self, action: str, **fields: object) -> dict[str, object]:
        """Return a command on this group."""
        return {"action": action, "target": self.target, **fields}

    def rewind(self, to: object = "30m", **options: object) -> dict[str, object]:
        """Return the command that rewinds all shards at once."""
        return self.command("rewind", to=to, dry_run=False, **options)

    def run(
        self, action: str, *, functions: Functions | None = None, key: str | None = None, **fields: object
    ) -> Answer:
        """Return the answer to a command on this group."""
        return (functions or self.world.functions).run(self.command(action, **fields), key)

    def let_read_the_journal(self, functions: Functions) -> None:
        """Let an instance read the journal to its end; a start that takes longer than its timeout is begun again."""
        wait_until(lambda: functions.has_answered(self.command("history")))

    def history(self) -> list[Any]:
        """Return what the journal tells of this group, newest first."""
        operations: list[Any] = self.run("history").json["operations"]
        return operations

    def commit(self, shard: int, log_groups: int) -> str:
        """Consume some log groups as a consumer of the group does, and return the checkpoint that it committed."""
        query = {"type": "heartbeat", "consumer": CONSUMER}
        given = self._sent("POST", f"{self._path}/billing", query=query, document=[]).json
        assert shard in given
        committed = advanced(self.checkpoints()[shard], log_groups)
        self._write(shard, committed, CONSUMER, forced=False)
        return committed

    def checkpoints(self) -> dict[int, str]:
        """Return where the group stands, by shard."""
        state = self.world.sls.control("state", project="shop", logstore=self.logstore)
        stored = state["consumer_groups"]["billing"]["checkpoints"]
        return {int(shard): entry["checkpoint"] for shard, entry in stored.items()}

    def cursor_at(self, shard: int, unix: int) -> str:
        """Return what SLS's own GetCursor says of a time."""
        query = {"type": "cursor", "from": str(unix)}
        return str(self._sent("GET", f"/logstores/{self.logstore}/shards/{shard}", query=query).json["cursor"])

    def at(self, unix: int) -> dict[int, str]:
        """Return where the group stands if it is rewound to a time, by shard."""
        return {shard: self.cursor_at(shard, unix) for shard in SHARDS}

    def mark(self) -> int:
        """Return a mark for `calls`."""
        return len(self.world.sls.control("requests"))

    def calls(self, since: int, until: int | None = None) -> list[Call]:
        """Return the calls that concern this group or the journal, from one mark up to another."""
        mine = {self.logstore, self.world.journal}
        return [call for call in self.world.sls.control("requests")[since:until] if call["logstore"] in mine]

    def resolved_unix(self, calls: Iterable[Call]) -> list[int]:
        """Return the times whose cursors were asked for in this group's Logstore, each once."""
        asked = [call for call in calls if call["operation"] == "GetCursor" and call["logstore"] == self.logstore]
        times = [call["query"]["from"] for call in asked]
        return list(dict.fromkeys(int(text) for text in times if text.isdecimal()))

    def _write(self, shard: int, checkpoint: str, consumer: str, *, forced: bool) -> None:
        query = {"type": "checkpoint", "consumer": consumer, "forceSuccess": "true" if forced else "false"}
        self._sent("POST", f"{self._path}/billing", query=query, document={"shard": shard, "checkpoint": checkpoint})

    def _sent(self, method: str, path: str, **more: Any) -> SlsAnswer:  # noqa: ANN401 -- what Caller.call takes
        answer = self.world.caller.call(method, path, **more)
        assert answer.status == 200, answer.body
        return answer


def advanced(cursor: str, log_groups: int) -> str:
    """Return the cursor some log groups further on."""
    position = decode_cursor(cursor)
    assert position is not None
    return encode_cursor(position + log_groups)


def sent_until_it_ends(functions: Functions, command: Mapping[str, object], key: str | None) -> list[Answer]:
    """Send a command again and again, as long as it is told to wait or runs out of time; return all answers."""
    answers = [functions.run(command, key)]
    while answers[-1].status == 504 or "retry-after" in answers[-1].headers:
        assert len(answers) < 10, "it never ends"
        time.sleep(int(answers[-1].headers.get("retry-after", "0")))
        answers.append(functions.run(command, key))
    return answers


@final
class Lanes:
    """Carries out several tests at once, each in a world that no other uses meanwhile. A context manager."""

    def __init__(self, evidence: Evidence, checkout: Path, width: int) -> None:
        self._evidence = evidence
        self._checkout = checkout
        self._mine = threading.local()
        self._opening = threading.Lock()
        self._open = ExitStack()
        self._pool = ThreadPoolExecutor(width, initializer=self._open_world)

    def __enter__(self) -> "Lanes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._open.close()

    def submit(self, work: Callable[[World], T]) -> Future[T]:
        """Return what becomes of work as soon as a lane is free for it."""
        return self._pool.submit(lambda: work(self._mine.world))

    def _open_world(self) -> None:
        # One after the other: so many instances starting at once would not be up within their timeout.
        with self._opening:
            world = self._mine.world = self._open.enter_context(World(self._evidence, self._checkout))
            world.new_group().let_read_the_journal(world.functions)
