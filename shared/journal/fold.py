"""From records to state: what each operation has come to, and who holds which consumer group.

Pure: the same records in the same order give every reader the same state, and that is what makes the journal a lock.
Time enters only as the writer's own `written_unix`. An operation is in one of these states:

    (new) ──started, group free──────────────▶ claimed
    (new) ──started, group taken─────────────▶ lost          the writer sees it and withdraws; nothing was written
    claimed ──finished, nothing left─────────▶ finished      for good
    claimed ──finished, shards left──────────▶ unfinished    its claim stays, its lease ends
    claimed ──finished, nothing was written──▶ failed        its claim ends; the same key may start it again
    claimed ──withdrawn──────────────────────▶ lost
    claimed ──started again, lease passed, or
              from the very same instance────▶ claimed       with the recorded moves; the earlier claim is dead
    unfinished ──started again───────────────▶ claimed       with the recorded moves
    failed, lost ──started again, group free─▶ claimed       failed: with the recorded moves
    claimed, unfinished ──abandoned──────────▶ abandoned     for good

A group is taken while another operation on it is claimed or unfinished, however old that is: only `resume`,
`abandon`, or the 72 h window end it. A `finished` or `abandoned` that names an older claim than the present one comes
from an attempt that is dead, and counts for nothing. A record that was written twice counts once.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.journal.records import Record
from shared.moves import Move, read_moves
from shared.results import RecordedOutcome, read_outcome

State = Literal["claimed", "lost", "finished", "unfinished", "failed", "abandoned"]
Group = tuple[str, str, str]

WINDOW_S = 72 * 3600
"""How far back the journal is read."""

_SHARD = re.compile(r"[0-9]{1,10}")
_OPEN = frozenset({"claimed", "unfinished"})
_ENDS: Mapping[str, State] = {"finished": "finished", "unfinished": "unfinished", "failed": "failed"}


@dataclass(slots=True)
class Operation:
    """What the journal says of one operation.

    Attributes:
        started: The record of its first claim that was granted: who, what, with which moves.
        claimed_unix: When the claim that counts was written.
        state: See the module's docstring.
        claim: Record id of the claim that counts.
        instance: The instance that holds or held it.
        lease_unix: When the claim's invocation ends at the latest.
        attempt: How many claims were granted.
        finished: The last record of an outcome; None before.
        ended_unix: When it came to that; None before.
        verified: What was last verified of it; None if nothing.
    """

    started: Record
    state: State
    claim: str
    instance: str
    lease_unix: int
    claimed_unix: int
    attempt: int = 1
    finished: Record | None = None
    ended_unix: int | None = None
    verified: Record | None = None
    _moves: tuple[Move, ...] | None = field(default=None, compare=False, repr=False)

    @property
    def plan(self) -> Mapping[str, Any]:
        """The plan as it was recorded; empty where the record holds none."""
        plan = self.started.detail.get("plan")
        return plan if isinstance(plan, dict) else {}

    @property
    def moves(self) -> tuple[Move, ...]:
        """What it wrote down before it wrote; empty where that cannot be read, as of a record that is not ours."""
        if self._moves is None:
            try:
                self._moves = read_moves(self.plan.get("moves"))
            except ValueError:
                self._moves = ()
        return self._moves

    @property
    def outcome(self) -> RecordedOutcome:
        """What it came to; of no shard where it has not ended, or where that cannot be read."""
        try:
            return read_outcome(self.finished.detail if self.finished else {})
        except ValueError:
            return RecordedOutcome()

    @property
    def is_open(self) -> bool:
        """Whether it holds its group."""
        return self.state in _OPEN

    def is_dead(self, *, now_unix: float, instance: str) -> bool:
        """Whether nobody works on it: its lease has passed, or its instance is the one that asks."""
        same_instance = instance != "" and self.instance == instance
        return self.state != "claimed" or now_unix > self.lease_unix or same_instance


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a group stood at an instant: checkpoints by shard id."""

    taken_unix: int
    checkpoints: Mapping[int, str]


@dataclass(slots=True)
class Fold:
    """The state that records add up to; `add` takes them one by one, in the journal's order.

    Attributes:
        operations: By id.
        plans: The `planned` record by plan id.
        snapshots: By group, oldest first.
        foreign: How many LogGroups were no records.
    """

    operations: dict[str, Operation] = field(default_factory=dict)
    plans: dict[str, Record] = field(default_factory=dict)
    snapshots: dict[Group, list[Snapshot]] = field(default_factory=dict)
    foreign: int = 0
    _holders: dict[Group, str] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)
    _withdrawn: set[str] = field(default_factory=set)

    def add(self, record: Record) -> None:
        """Take one more record."""
        if record.record_id in self._seen:
            return
        self._seen[record.record_id] = record.written_unix
        if record.kind == "started":
            self._start(record)
        elif record.kind in {"finished", "abandoned", "withdrawn"}:
            self._end(record)
        elif record.kind == "planned":
            self.plans[record.plan_id] = record
        elif record.kind == "snapshot":
            self.snapshots.setdefault(record.group, []).append(_snapshot(record))
        elif record.kind == "verified" and record.operation_id in self.operations:
            self.operations[record.operation_id].verified = record

    def add_all(self, records: Iterable[Record]) -> "Fold":
        """Take several records and return the fold itself."""
        for record in records:
            self.add(record)
        return self

    def has_seen(self, record_id: str) -> bool:
        """Whether a record has been read."""
        return record_id in self._seen

    def holder(self, group: Group) -> Operation | None:
        """Return the operation that holds a group; None if it is free."""
        return self.operations.get(self._holders.get(group, ""))

    def of_group(self, group: Group) -> list[Operation]:
        """Return the operations on a group, in the order in which they began."""
        return [op for op in self.operations.values() if op.started.group == group and op.state != "lost"]

    def forget_before(self, unix: int) -> None:
        """Drop what an instance that begins to read at this instant does not see either.

        Who has read for days and who begins today must agree on who holds what; an operation counts from its claim.
        """
        for operation_id, op in list(self.operations.items()):
            if op.claimed_unix < unix:
                del self.operations[operation_id]
        self._holders = {group: op_id for group, op_id in self._holders.items() if op_id in self.operations}
        self.plans = {key: plan for key, plan in self.plans.items() if plan.written_unix >= unix}
        self.snapshots = {
            group: kept
            for group, taken in self.snapshots.items()
            if (kept := [snapshot for snapshot in taken if snapshot.taken_unix >= unix])
        }
        self._seen = {key: written for key, written in self._seen.items() if written >= unix}

    def _start(self, record: Record) -> None:
        known = self.operations.get(record.operation_id)
        holder = self.holder(record.group)
        free = holder is None or holder is known
        if record.record_id in self._withdrawn or not free or not _may_start(known, record):
            if known is None:
                self.operations[record.operation_id] = _operation(record, "lost")
            return
        if known is None or known.state == "lost":
            self.operations[record.operation_id] = _operation(record, "claimed")
        else:
            known.state, known.claim, known.attempt = "claimed", record.record_id, known.attempt + 1
            known.instance, known.lease_unix = _instance(record), _lease_unix(record)
            known.claimed_unix = record.written_unix
        self._holders[record.group] = record.operation_id

    def _end(self, record: Record) -> None:
        claim = str(record.detail.get("claim", ""))
        if record.kind == "withdrawn":
            self._withdrawn.add(claim)
        op = self.operations.get(record.operation_id)
        if op is None or op.claim != claim or op.state not in _OPEN:
            return
        if record.kind == "finished":
            op.state, op.finished = _ENDS.get(str(record.detail.get("state")), "finished"), record
        else:
            op.state = "abandoned" if record.kind == "abandoned" else "lost"
        op.ended_unix = record.written_unix
        if op.state not in _OPEN:
            self._holders.pop(op.started.group, None)


def _may_start(known: Operation | None, record: Record) -> bool:
    if known is None:
        return True
    if known.started.group != record.group or known.state in {"finished", "abandoned"}:
        return False
    return known.is_dead(now_unix=record.written_unix, instance=_instance(record))


def _operation(record: Record, state: State) -> Operation:
    return Operation(record, state, record.record_id, _instance(record), _lease_unix(record), record.written_unix)


def _instance(record: Record) -> str:
    return str(record.detail.get("instance", ""))


def _lease_unix(record: Record) -> int:
    return _whole(record.detail.get("lease_unix"), record.written_unix)


def _snapshot(record: Record) -> Snapshot:
    given = record.detail.get("checkpoints")
    pairs = given.items() if isinstance(given, dict) else ()
    return Snapshot(record.written_unix, {int(s): c for s, c in pairs if _SHARD.fullmatch(s) and isinstance(c, str)})


def _whole(value: Any, default: int) -> int:  # noqa: ANN401 -- what a record holds has no type yet
    return value if isinstance(value, int) and not isinstance(value, bool) else default
