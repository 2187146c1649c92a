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
    (new), failed, lost ──started, its plan
                          cancelled──────────▶ as it was, or lost; the writer sees it and withdraws

A group is taken while another operation on it is claimed or unfinished, however old that is: only `resume`,
`abandon`, or the 72 h window end it. An outcome counts until the operation is started again: what the new attempt
wrote is not in it; if that attempt is withdrawn, it counts as before. A `finished` or `abandoned` that names an older
claim than the present one comes from an attempt that is dead, and counts for nothing. A record that was written twice
counts once.

An `abandoned` that names a plan and no claim cancels the plan: whoever would start it after that has lost. It counts
only behind the plan itself or an operation of it, about the plan's own group, and where no attempt at the plan stands
before it that is under way, or may have written something. It counts as long as either of the two it stands behind.

A record goes by what stands before it no further than `shared.journal.window` says, by the times that records tell: an
operation that was claimed before its window, or by its own account more than an hour later, is past for it.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.frozen import frozen
from shared.journal.operations import (
    OPEN_STATES,
    Operation,
    State,
    may_have_set_attributes,
    may_start,
    new_operation,
    start_again,
)
from shared.journal.records import Record
from shared.journal.standing import Standing, keep_first
from shared.journal.window import sees

Group = tuple[str, str, str]

_SHARD = re.compile(r"[0-9]{1,10}")
_ENDS: Mapping[str, State] = {"finished": "finished", "unfinished": "unfinished", "failed": "failed"}


@frozen
class Snapshot:
    """Where a group stood at an instant: checkpoints by shard id."""

    taken_unix: int
    checkpoints: Mapping[int, str]


@dataclass(slots=True)
class Fold(Standing):
    """The state that records add up to; `add` takes them one by one, in the journal's order.

    Attributes:
        operations: By id.
        snapshots: By group, oldest first.
        foreign: How many LogGroups were no records.
    """

    operations: dict[str, Operation] = field(default_factory=dict)
    snapshots: dict[Group, list[Snapshot]] = field(default_factory=dict)
    foreign: int = 0
    _holders: dict[Group, str] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)
    _withdrawn: set[str] = field(default_factory=set)
    _oldest_unix: float = math.inf

    def add(self, record: Record) -> None:
        """Take one more record."""
        if record.record_id in self._seen:
            return
        self._seen[record.record_id] = record.written_unix
        self._oldest_unix = min(self._oldest_unix, record.written_unix)
        if record.kind == "started":
            self._start(record)
        elif record.kind in {"finished", "abandoned", "withdrawn"}:
            self._end(record)
        elif record.kind == "snapshot":
            self.snapshots.setdefault(record.group, []).append(_snapshot(record))
        elif record.kind == "verified" and record.operation_id in self.operations:
            self.operations[record.operation_id].verified = record
        else:
            self.note(record)

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
        """Return the operations on a group, in the order of the claims that count."""
        return [op for op in self.operations.values() if op.started.group == group and op.state != "lost"]

    def begun(self, about: Record) -> Operation | None:
        """Return the operation that carries a plan out, or may have written something of it; None if none does.

        Args:
            about: A record that names the plan and its group.
        """
        return next((op for op in self._of_plan(about) if not op.is_without_effect), None)

    def forget_before(self, unix: int) -> None:
        """Drop what an instance that begins to read at this instant does not see either.

        Who has read for days and who begins today must agree on who holds what; an operation counts from its claim.
        """
        # Everything that is kept was written by a record that is.
        if unix <= self._oldest_unix:
            return
        for operation_id, op in list(self.operations.items()):
            if op.claimed_unix < unix:
                del self.operations[operation_id]
        self._holders = {group: op_id for group, op_id in self._holders.items() if op_id in self.operations}
        self.drop_before(unix)
        needed = {op.started.plan_id for op in self.operations.values() if op.state != "lost"} | self.plans.keys()
        self.cancelled = {key: record for key, record in self.cancelled.items() if key in needed}
        self.snapshots = {
            group: kept
            for group, taken in self.snapshots.items()
            if (kept := [snapshot for snapshot in taken if snapshot.taken_unix >= unix])
        }
        self._seen = {key: written for key, written in self._seen.items() if written >= unix}
        self._oldest_unix = min(self._seen.values(), default=math.inf)

    def _drop_what_is_past(self, record: Record) -> None:
        # Whoever begins to read when this record is written does not see it; neither must who has read for days.
        for operation_id in {record.operation_id, self._holders.get(record.group, "")} & self.operations.keys():
            op = self.operations[operation_id]
            if not sees(record.written_unix, op.claimed_unix):
                del self.operations[operation_id]
                if self._holders.get(op.started.group) == operation_id:
                    del self._holders[op.started.group]

    def _start(self, record: Record) -> None:
        self._drop_what_is_past(record)
        known = self.operations.get(record.operation_id)
        holder = self.holder(record.group)
        free = (holder is None or holder is known) and not self._is_cancelled(record)
        if record.record_id in self._withdrawn or not free or not may_start(known, record):
            if known is None:
                self.operations[record.operation_id] = new_operation(record, "lost")
            return
        if known is None or known.state == "lost":
            known = new_operation(record, "claimed")
        else:
            start_again(known, record)
        # Behind all that were granted before, whenever it was first asked for: what moved a shard last stands last.
        self.operations.pop(record.operation_id, None)
        self.operations[record.operation_id] = known
        self._holders[record.group] = record.operation_id
        self._drop_void_cancellation(record)

    def _of_plan(self, about: Record) -> list[Operation]:
        # What names another group than its plan is none of the plan's.
        named = (op for op in self.operations.values() if op.started.plan_id == about.plan_id)
        return [op for op in named if op.started.group == about.group and op.state != "lost"]

    def _cancel(self, record: Record) -> None:
        planned = self.plans.get(record.plan_id)
        of_plan = [op for op in self._of_plan(record) if sees(record.written_unix, op.claimed_unix)]
        is_behind = planned.group == record.group if planned is not None else bool(of_plan)
        if is_behind and all(op.is_without_effect for op in of_plan):
            keep_first(self.cancelled, record.plan_id, record)

    def _is_cancelled(self, started: Record) -> bool:
        cancelled, planned = self.cancelled.get(started.plan_id), self.plans.get(started.plan_id)
        if cancelled is None or cancelled.group != started.group:
            return False
        # Whoever begins to read when it is started sees nothing older, nor a cancellation that stands behind nothing.
        stands_behind = [op.claimed_unix for op in self._of_plan(started)] + ([planned.written_unix] if planned else [])
        return any(sees(started.written_unix, unix) for unix in stands_behind)

    def _drop_void_cancellation(self, started: Record) -> None:
        # What did not keep this claim from being granted stood behind nothing. It must not come to stand behind this
        # very claim: whoever begins to read after the plan, or has forgotten it, never saw it count.
        cancelled = self.cancelled.get(started.plan_id)
        if cancelled is not None and cancelled.group == started.group:
            del self.cancelled[started.plan_id]

    def _end(self, record: Record) -> None:
        if record.kind == "abandoned" and "claim" not in record.detail:
            self._cancel(record)
            return
        claim = str(record.detail.get("claim", ""))
        if record.kind == "withdrawn":
            self._withdrawn.add(claim)
        op = self.operations.get(record.operation_id)
        if op is None or op.claim != claim or op.state not in OPEN_STATES:
            return
        if record.kind == "finished":
            op.state, op.finished = _ENDS.get(str(record.detail.get("state")), "finished"), record
            shards = op.outcome.shards
            op.moved |= {shard.shard for shard in shards if shard.status == "moved"}
            op.moved |= _shards(record.detail.get("written"))
            # Only a write whose outcome is not known fails with a note.
            op.unsure |= {shard.shard for shard in shards if shard.status == "failed" and shard.note}
            op.may_have_set_attributes |= may_have_set_attributes(record, op.outcome)
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
