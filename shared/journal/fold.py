"""From records to state: what each operation has come to, and who holds which consumer group.

Pure: the same records in the same order give every reader the same state, and that is what makes the journal a lock.
Time enters only as the writer's own `written_unix`. An operation is in one of these states:

    (new) ──started, group free──────────────▶ claimed
    (new) ──started, group taken─────────────▶ lost          the writer sees it and withdraws; nothing was written
    claimed ──finished, nothing left─────────▶ finished      for good
    claimed ──finished, shards left──────────▶ unfinished    its claim stays, its lease ends
    claimed ──finished, nothing was written──▶ failed        its claim ends; the same key may start it again
    claimed ──withdrawn──────────────────────▶ lost          or, if started again, what it was: failed, unfinished
    claimed ──started again, lease passed, or
              from the very same instance────▶ claimed       with the recorded moves; the earlier claim is dead
    unfinished ──started again───────────────▶ claimed       with the recorded moves
    failed, lost ──started again, group free─▶ claimed       failed: with the recorded moves
    claimed, unfinished ──abandoned──────────▶ abandoned     for good

A group is taken while another operation on it is claimed or unfinished, however old that is: only `resume`,
`abandon`, or the 72 h window end it. An outcome counts until the operation is started again: what the new attempt
wrote is not in it; if that attempt is withdrawn, it counts as before. A `finished` or `abandoned` that names an older
claim than the present one comes from an attempt that is dead, and counts for nothing. A record that was written twice
counts once.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.journal.operations import OPEN_STATES, Operation, State, may_start, new_operation, start_again
from shared.journal.records import Record

Group = tuple[str, str, str]

WINDOW_S = 72 * 3600
"""How far back the journal is read."""

_SHARD = re.compile(r"[0-9]{1,10}")
_ENDS: Mapping[str, State] = {"finished": "finished", "unfinished": "unfinished", "failed": "failed"}


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

    def _drop_what_is_past(self, record: Record) -> None:
        # Whoever begins to read when this record is written sees nothing older; neither must who has read for days.
        for operation_id in {record.operation_id, self._holders.get(record.group, "")} & self.operations.keys():
            op = self.operations[operation_id]
            if op.claimed_unix < record.written_unix - WINDOW_S:
                del self.operations[operation_id]
                if self._holders.get(op.started.group) == operation_id:
                    del self._holders[op.started.group]

    def _start(self, record: Record) -> None:
        self._drop_what_is_past(record)
        known = self.operations.get(record.operation_id)
        holder = self.holder(record.group)
        free = holder is None or holder is known
        if record.record_id in self._withdrawn or not free or not may_start(known, record):
            if known is None:
                self.operations[record.operation_id] = new_operation(record, "lost")
            return
        if known is None or known.state == "lost":
            self.operations[record.operation_id] = new_operation(record, "claimed")
        else:
            start_again(known, record)
        self._holders[record.group] = record.operation_id

    def _end(self, record: Record) -> None:
        claim = str(record.detail.get("claim", ""))
        if record.kind == "withdrawn":
            self._withdrawn.add(claim)
        op = self.operations.get(record.operation_id)
        if op is None or op.claim != claim or op.state not in OPEN_STATES:
            return
        if record.kind == "finished":
            op.state, op.finished = _ENDS.get(str(record.detail.get("state")), "finished"), record
            op.moved |= {shard.shard for shard in op.outcome.shards if shard.status == "moved"}
            op.moved |= _shards(record.detail.get("written"))
            # Only a write whose outcome is not known fails with a note.
            op.unsure |= {shard.shard for shard in op.outcome.shards if shard.status == "failed" and shard.note}
        elif record.kind == "withdrawn":
            op.state, op.finished = op.without_claim, op.finished_without_claim
        else:
            op.state = "abandoned"
        op.ended_unix = record.written_unix
        if op.state not in OPEN_STATES:
            self._holders.pop(op.started.group, None)


def _shards(told: object) -> frozenset[int]:
    return frozenset(s for s in told if type(s) is int) if isinstance(told, list) else frozenset()


def _snapshot(record: Record) -> Snapshot:
    given = record.detail.get("checkpoints")
    pairs = given.items() if isinstance(given, dict) else ()
    return Snapshot(record.written_unix, {int(s): c for s, c in pairs if _SHARD.fullmatch(s) and isinstance(c, str)})
