"""A stand-in for the stateful test: time is held, consumers meddle, and every write is judged as it takes effect."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus

from shared.journal.fold import Fold
from shared.journal.records import Record, read_record
from shared.journal.window import WINDOW_S
from shared.sls.loggroups import decode_log_group_list
from tests.local.sls.app import StandIn
from tests.local.sls.calls import Call, read_call
from tests.local.sls.consumer_groups import CheckpointWrite, ConsumerGroup
from tests.local.sls.cursors import decode_cursor, encode_cursor
from tests.local.sls.errors import SlsError
from tests.local.sls.loggroups import encode_log_group_list
from tests.local.sls.logstores import Logstore
from tests.local.sls.messages import Request, Response
from tests.local.sls.server import StandInServer
from tests.local.sls.store import JOURNAL_LOGSTORE, JOURNAL_PROJECT

START_UNIX = 1_800_000_000
PROJECT, LOGSTORE = "shop", "orders"


@dataclass(frozen=True, slots=True)
class Write:
    """One checkpoint write that took effect.

    Attributes:
        operation_id: Whose it was; "" for a consumer's.
        prior: What stood there before it.
        number: Counts all writes, consumers' included.
        invocation: In which invocation it happened.
        unix: When, in held time.
    """

    operation_id: str
    consumer_group: str
    shard: int
    prior: str
    checkpoint: str
    number: int
    invocation: int
    unix: float


@dataclass(slots=True)
class Trouble:
    """What goes wrong during one invocation.

    Attributes:
        faults: The stand-in's own.
        kill_after: Looks at the time left, one or more a call, after which the platform ends it; None never.
        latency_s: Held time that every call takes.
        is_hidden: Whether the journal shows nothing that is written to it meanwhile.
        meddling: Consumers' commits: before which call, by operation and number, which group and shard, how far on.
    """

    faults: list[dict[str, object]] = field(default_factory=list)
    kill_after: int | None = None
    latency_s: float = 0.0
    is_hidden: bool = False
    meddling: list[tuple[str, int, str, int, int]] = field(default_factory=list)


class Witness(StandIn):
    """Holds the three promises against every checkpoint write, at the moment at which it takes effect."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[Write] = []
        self.broken: list[str] = []
        self.trouble = Trouble()
        self.invocation = self.last_invocation = self._invocations = 0
        self.operations_around: frozenset[str] = frozenset()
        self._running: list[str] = []
        self.now_unix = float(START_UNIX)
        self._time_lock = threading.Lock()
        self._calls: dict[str, int] = {}

    @contextmanager
    def invoked(self, trouble: Trouble, operation_id: str) -> Iterator[None]:
        """Count one more invocation while the block runs, and let go wrong what is told; one may run inside another.

        The writes of the one around it, which has threads, may take effect meanwhile: `operations_around` tells whose.
        """
        outer = self.invocation
        self._running.append(operation_id)
        self.invocation = self._invocations = self._invocations + 1
        self._set(trouble)
        try:
            yield
        finally:
            self._set(Trouble())
            self._running.pop()
            self.operations_around = frozenset(self._running)
            self.last_invocation, self.invocation = self.invocation, outer

    def _set(self, trouble: Trouble) -> None:
        self.trouble, self._calls = trouble, {}
        self.control("faults", trouble.faults)
        self.control("switches", {"put_logs_visible_after_s": 1000 if trouble.is_hidden else 0})

    def pass_time(self, seconds: float) -> None:
        """Let held time pass, for the data and for the Date header alike."""
        with self._time_lock:
            self.now_unix += seconds
            self._store.clock.unix = self.now_unix
            self._store.clock.skew_s = self.now_unix + 0.3 - time.time()

    def logstore(self) -> Logstore:
        """Return the Logstore under test."""
        return self._store.projects[PROJECT][LOGSTORE]

    def group(self, name: str) -> ConsumerGroup | None:
        """Return a consumer group as it is stored."""
        return self.logstore().consumer_groups.get(name)

    def commit(self, name: str, shard: int, checkpoint: str) -> None:
        """Write a checkpoint as a consumer without a name does."""
        group = self.group(name)
        if group is None or shard not in self.logstore().shards:
            return
        prior = group.checkpoint(shard).checkpoint
        write = CheckpointWrite(shard, checkpoint, "", force=True)
        group.write_checkpoint(write, self.logstore().shards, self.now_unix, self._store.switches)
        self._note("", name, shard, prior, checkpoint)

    def consume(self, name: str, consumer: str, steps: int) -> None:
        """Let a consumer join a group, or beat again, and commit on every shard that it holds."""
        group, shards = self.group(name), self.logstore().shards
        if group is None:
            return
        switches = self._store.switches
        held = [shard for shard, there in group.checkpoints.items() if there.consumer == consumer]
        group.expire_consumers(self.now_unix, switches)
        still = [shard for shard in held if group.checkpoint(shard).consumer == consumer]
        for shard in group.heartbeat(consumer, still, shards, self.now_unix, switches):
            prior, checkpoint = group.checkpoint(shard).checkpoint, further(self.logstore(), group, shard, steps)
            write = CheckpointWrite(shard, checkpoint, consumer, force=False)
            group.write_checkpoint(write, shards, self.now_unix, switches)
            self._note("", name, shard, prior, checkpoint)

    def create(self, name: str) -> None:
        """Make a consumer group without positions, in the place of one that may be there."""
        old = self.group(name)
        for shard in old.checkpoints if old else ():
            self._note("", name, shard, old.checkpoint(shard).checkpoint if old else "", "")
        self.logstore().consumer_groups[name] = ConsumerGroup(name, 60, in_order=name == "audit")

    def split_or_merge(self, shard: int, *, is_split: bool) -> None:
        """Split a shard in two, or merge it with its neighbour; if it cannot be, nothing happens."""
        with suppress(SlsError):
            if is_split:
                self.logstore().split(shard, None, 2, self.now_unix)
            else:
                self.logstore().merge(shard, self.now_unix)

    def records(self) -> list[tuple[int, Record]]:
        """Return all records of the journal, with when they were received."""
        shard = self._store.projects[JOURNAL_PROJECT][JOURNAL_LOGSTORE].shards[0]
        groups = decode_log_group_list(encode_log_group_list(shard.log_groups(shard.begin, shard.end)))
        read = [(shard.received_unix(shard.begin + n), read_record(group)) for n, group in enumerate(groups)]
        return [(unix, record) for unix, record in read if record is not None]

    def cold_fold(self) -> Fold:
        """Return what an instance that begins now makes of the journal."""
        since = int(self.now_unix) - WINDOW_S
        return Fold().add_all(record for unix, record in self.records() if unix >= since)

    def operations(self) -> list[tuple[str, str]]:
        """Return group and id of the operations in the journal, in the order in which they began."""
        fold = self.cold_fold()
        return [(op.started.consumer_group, op_id) for op_id, op in fold.operations.items() if op.state != "lost"]

    def handle(self, request: Request) -> Response:
        """Answer as ever, and look at what each write found and left."""
        if request.path.startswith("/_local/"):
            return super().handle(request)
        call = read_call(request)
        self._meddle(call)
        if self.trouble.latency_s:
            self.pass_time(self.trouble.latency_s)
        group = self.group(call.consumer_group) if call.route.operation == "UpdateCheckPoint" else None
        shard = call.named_shard
        if group is None or shard is None:
            return super().handle(request)
        before = group.checkpoint(shard)
        prior, prior_unix = before.checkpoint, before.updated_unix_us
        response = super().handle(request)
        stored = group.checkpoint(shard)
        took_effect = response.status == HTTPStatus.OK and not response.lost
        if took_effect or (stored.checkpoint, stored.updated_unix_us) != (prior, prior_unix):
            _, _, operation_id = request.headers.get("user-agent", "").partition(" operation/")
            self._judge(self._note(operation_id, group.name, shard, prior, stored.checkpoint))
        return response

    def _meddle(self, call: Call) -> None:
        operation = call.route.operation or ""
        self._calls[operation] = number = self._calls.get(operation, 0) + 1
        for when, nth, name, shard, steps in self.trouble.meddling:
            if (when, nth) == (operation, number):
                self.commit(name, shard, further(self.logstore(), self.group(name), shard, steps))

    def _note(self, operation_id: str, group: str, shard: int, prior: str, checkpoint: str) -> Write:
        write = Write(operation_id, group, shard, prior, checkpoint, len(self.writes), self.invocation, self.now_unix)
        self.writes.append(write)
        return write

    def _judge(self, write: Write) -> None:
        if not write.operation_id:
            return
        holder = self.cold_fold().holder((PROJECT, LOGSTORE, write.consumer_group))
        if holder is None or holder.started.operation_id != write.operation_id:
            self.broken.append(f"{write} without holding the group in a fresh reader's eyes")
            return
        moves = {move["shard"]: move for move in holder.started.detail["plan"]["moves"]}
        move = moves.get(write.shard)
        if move is None or move["after"]["checkpoint"] != write.checkpoint:
            self.broken.append(f"{write} was not written down before")
        elif write.prior != write.checkpoint and not self.was_meddled_with(write):
            since = self.now_unix - WINDOW_S
            own = [w for w in self.of_operation(write) if w.number < write.number and w.unix > since]
            earlier = [w for w in own if w.prior != w.checkpoint]
            if earlier:
                self.broken.append(f"{write} is a second move after {earlier}")
            if write.prior != move["before"]["checkpoint"]:
                self.broken.append(f"{write} lost a position that the journal does not hold")

    def was_meddled_with(self, write: Write) -> bool:
        # Between the last look and the write of its wave nothing can help: that window is documented.
        return any(not w.operation_id and w.invocation == write.invocation for w in self.of_shard(write))

    def of_operation(self, write: Write) -> list[Write]:
        """Return the writes of the same operation on the same shard."""
        return [w for w in self.of_shard(write) if w.operation_id == write.operation_id]

    def of_shard(self, write: Write) -> list[Write]:
        """Return all writes of the same group's same shard."""
        return [w for w in self.writes if (w.consumer_group, w.shard) == (write.consumer_group, write.shard)]


def further(logstore: Logstore, group: ConsumerGroup | None, shard_id: int, steps: int) -> str:
    """Return the checkpoint of a consumer that has gone on by some log groups, at most to the end."""
    shard = logstore.shards.get(shard_id)
    if shard is None:
        return encode_cursor(0)
    at = decode_cursor(group.checkpoint(shard_id).checkpoint) if group else None
    start = max(shard.begin, at) if at is not None else shard.begin
    return encode_cursor(min(start + steps, shard.end))


class WitnessedStandIn(StandInServer):
    """The stand-in's own server with a witness behind it; `begin_anew` for each run of the test."""

    def __init__(self) -> None:
        super().__init__()
        self.begin_anew()

    def begin_anew(self) -> Witness:
        """Forget everything, and return the new witness."""
        self._app = self.witness = Witness()
        self.control = self._app.control
        self.witness.pass_time(0)
        return self.witness
