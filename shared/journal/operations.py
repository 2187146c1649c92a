"""One operation as the journal tells it; `shared.journal.fold` says how it comes from state to state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.journal.records import Record
from shared.journal.window import LONGEST_LEASE_S, MOST_AHEAD_S
from shared.moves import Move, read_moves
from shared.results import RecordedOutcome, read_outcome

State = Literal["claimed", "lost", "finished", "unfinished", "failed", "abandoned"]

OPEN_STATES = frozenset({"claimed", "unfinished"})


@dataclass(slots=True)
class Operation:
    """What the journal says of one operation.

    Attributes:
        started: The record of its first claim that was granted: who, what, with which moves.
        claimed_unix: When the claim that counts was written.
        state: See `shared.journal.fold`.
        claim: Record id of the claim that counts.
        instance: The instance that holds or held it.
        lease_unix: When the claim's invocation ends at the latest.
        attempt: How many claims were granted.
        claimed_by: Whose the claim that counts is: the principal.
        finished: The last record of an outcome; None before.
        ended_unix: When it came to that; None before.
        verified: What was last verified of it; None if nothing.
        moved: Shards that some attempt is known to have moved; none of them is moved again.
        unsure: Shards that some attempt may have moved without anybody knowing: it was cut off, or lost its answer.
        may_have_set_attributes: Whether some attempt set the group's attributes, or may have.
        without_claim: What it is without the claim that counts: lost, or what an earlier attempt left.
        finished_without_claim: The record of an outcome that it then has; None if none.
    """

    started: Record
    state: State
    claim: str
    instance: str
    lease_unix: int
    claimed_unix: int
    attempt: int = 1
    claimed_by: str = ""
    finished: Record | None = None
    ended_unix: int | None = None
    verified: Record | None = None
    without_claim: State = "lost"
    finished_without_claim: Record | None = None
    moved: frozenset[int] = frozenset()
    unsure: frozenset[int] = frozenset()
    may_have_set_attributes: bool = False
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
            return read_outcome(dict(self.finished.detail) if self.finished else {})
        except ValueError:
            return RecordedOutcome()

    @property
    def is_open(self) -> bool:
        """Whether it holds its group."""
        return self.state in OPEN_STATES

    @property
    def is_without_effect(self) -> bool:
        """Whether no attempt is under way, and all that there were have ended without writing anything."""
        refused = self.finished is not None and self.finished.status == "refused"
        may_have_written = self.may_have_set_attributes or bool(self.moved | self.unsure)
        return (refused or self.state in {"lost", "failed"}) and not may_have_written

    def is_dead(self, *, now_unix: float, instance: str) -> bool:
        """Whether nobody works on it: its lease has passed, or its instance is the one that asks.

        A lease passes with its last second, and of a claim that is dated well into the future it is none: nobody of
        ours wrote that. Records tell whole seconds, and whoever asks must come to what the fold will make of the record
        that it then writes.
        """
        same_instance = instance != "" and self.instance == instance
        is_leased = int(now_unix) <= self.lease_unix and self.claimed_unix <= int(now_unix) + MOST_AHEAD_S
        return self.state != "claimed" or not is_leased or same_instance


def may_start(known: Operation | None, record: Record) -> bool:
    """Return whether a `started` record may claim for an operation that is known, or new."""
    if known is None:
        return True
    if known.started.group != record.group or known.state in {"finished", "abandoned"}:
        return False
    return known.is_dead(now_unix=record.written_unix, instance=_instance(record))


def start_again(op: Operation, record: Record) -> None:
    """Let a record claim for an operation that was begun before."""
    op.without_claim = "failed" if op.state == "failed" else "unfinished"
    op.finished_without_claim = op.finished
    if op.finished is None:
        op.unsure |= {move.shard for move in op.moves}
        op.may_have_set_attributes |= bool(op.plan.get("attributes"))
    op.state, op.claim, op.attempt = "claimed", record.record_id, op.attempt + 1
    op.instance, op.lease_unix, op.claimed_unix = _instance(record), lease_end_of(record), record.written_unix
    op.finished, op.ended_unix, op.claimed_by = None, None, record.principal


def may_have_set_attributes(finished: Record, outcome: RecordedOutcome) -> bool:
    """Return whether an attempt that ended so set its group's attributes, or may have."""
    change = outcome.consumer_group
    if change is None:
        # An outcome that cannot be read says nothing of what was written.
        return finished.detail.get("consumer_group") is not None
    return finished.status != "refused" and change.before != change.after


def new_operation(record: Record, state: State) -> Operation:
    """Return the operation that a `started` record begins."""
    lease_unix, written_unix = lease_end_of(record), record.written_unix
    claim, instance, claimed_by = record.record_id, _instance(record), record.principal
    return Operation(record, state, claim, instance, lease_unix, written_unix, claimed_by=claimed_by)


def _instance(record: Record) -> str:
    return str(record.detail.get("instance", ""))


def lease_end_of(record: Record) -> int:
    """Return until when at the latest the invocation that wrote a record works on it.

    A lease that no invocation can have has ended already: nobody of ours wrote it, and it must not hold a group.
    """
    told, written_unix = record.detail.get("lease_unix"), record.written_unix
    return told if type(told) is int and written_unix <= told <= written_unix + LONGEST_LEASE_S else written_unix
