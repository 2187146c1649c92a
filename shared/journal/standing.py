"""What stands first: plans, cancellations, and the records of which only the first of its kind counts."""

from dataclasses import dataclass, field

from shared.journal.records import Record
from shared.journal.window import LONGEST_LEASE_S, sees


@dataclass(slots=True)
class Standing:
    """What the journal holds beside operations; `note` takes it record by record, in the journal's order.

    Attributes:
        plans: The first `planned` record by plan id.
        proposals: The first `proposed` record by the episode of an alert.
        told: The ids of proposals of which people were told.
        anchors: The first `anchored` record by operation id: when the request was first sent under its key.
        answers: The first `answered` record by the delivery that it answers.
        cancelled: The first `abandoned` record that counts by the plan that it cancels.
    """

    plans: dict[str, Record] = field(default_factory=dict)
    proposals: dict[str, Record] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    anchors: dict[str, Record] = field(default_factory=dict)
    answers: dict[str, Record] = field(default_factory=dict)
    cancelled: dict[str, Record] = field(default_factory=dict)

    def note(self, record: Record) -> None:
        """Take a record of one of these kinds; any other is passed over."""
        if record.kind == "planned":
            # However late a second one is dated: it would let people start what they had cancelled.
            self.plans.setdefault(record.plan_id, record)
        elif record.kind == "proposed":
            self._propose(record)
        elif record.kind == "anchored":
            keep_first(self.anchors, record.operation_id, record)
        elif record.kind == "answered":
            keep_first(self.answers, str(record.detail.get("delivery", "")), record)

    def proposal(self, episode: str, *, now_unix: float) -> Record | None:
        """Return the record that stands for an episode; None if there is none, or it has lapsed.

        It lapses where its plan has expired before anybody was told of it, although somebody was to be; and one that is
        dated well into the future never stood.
        """
        record = self.proposals.get(episode)
        if record is None or not sees(now_unix, record.written_unix):
            return None
        if not self.is_to_be_told(record):
            return record
        expires_unix, latest_unix = record.detail.get("expires_unix"), record.written_unix + LONGEST_LEASE_S
        return record if not isinstance(expires_unix, int) or now_unix < min(expires_unix, latest_unix) + 1 else None

    def is_to_be_told(self, proposed: Record) -> bool:
        """Whether people are to be told of a proposal, and nobody has noted that they were."""
        return "lease_unix" in proposed.detail and proposed.record_id not in self.told

    def drop_before(self, unix: int) -> None:
        """Drop what was written before an instant; cancellations are left, as operations may need them longer."""
        self.plans = _since(unix, self.plans)
        self.proposals = _since(unix, self.proposals)
        self.told &= {record.record_id for record in self.proposals.values()}
        self.anchors = _since(unix, self.anchors)
        self.answers = _since(unix, self.answers)

    def _propose(self, record: Record) -> None:
        if record.status == "told":
            self.told.add(str(record.detail.get("proposal", "")))
            return
        episode = str(record.detail.get("episode", ""))
        if self.proposal(episode, now_unix=record.written_unix) is None:
            self.proposals.pop(episode, None)
        keep_first(self.proposals, episode, record)


def keep_first(kept: dict[str, Record], key: str, record: Record) -> None:
    """Keep a record unless one stands before it that whoever begins to read when it is written still sees."""
    if key not in kept or not sees(record.written_unix, kept[key].written_unix):
        kept[key] = record


def _since(unix: int, kept: dict[str, Record]) -> dict[str, Record]:
    return {key: record for key, record in kept.items() if record.written_unix >= unix}
