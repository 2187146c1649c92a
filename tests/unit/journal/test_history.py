from shared.journal.fold import Fold
from shared.journal.history import describe_operation, positions_as_of, written_by_us
from shared.journal.records import Record
from tests.unit.journal.story import (
    AFTER,
    BEFORE,
    GROUP,
    OTHER,
    T0,
    finished,
    move,
    plan_of,
    record,
    shard_record,
    started,
)


def fold_of(*records: Record) -> Fold:
    return Fold().add_all(records)


def moved(at: int = 10) -> list[Record]:
    """Return the records of an operation that moved shard 0, begun and ended so many seconds in."""
    return [started(at=at, claim="c1"), finished(at=at + 2, claim="c1", shards=[shard_record(0)])]


def test_a_snapshot_tells_where_a_group_stood() -> None:
    fold = fold_of(record("snapshot", at=5, checkpoints={"0": BEFORE, "3": ""}))
    assert positions_as_of(fold, GROUP, T0 + 5) == {0: (T0 + 5, BEFORE)}
    assert positions_as_of(fold, GROUP, T0 + 4) == {}
    assert positions_as_of(fold, OTHER, T0 + 5) == {}


def test_an_operation_tells_where_a_group_stood_before_and_after_it() -> None:
    fold = fold_of(*moved())
    assert positions_as_of(fold, GROUP, T0 + 9) == {}
    assert positions_as_of(fold, GROUP, T0 + 11) == {0: (T0 + 10, BEFORE)}
    assert positions_as_of(fold, GROUP, T0 + 12) == {0: (T0 + 12, AFTER)}


def test_the_newest_that_is_known_counts_by_shard() -> None:
    fold = fold_of(
        record("snapshot", at=20, checkpoints={"1": BEFORE}),
        *moved(),
        record("snapshot", at=5, checkpoints={"0": "MQ=="}),
    )
    assert positions_as_of(fold, GROUP, T0 + 99) == {0: (T0 + 12, AFTER), 1: (T0 + 20, BEFORE)}


def test_a_shard_that_was_not_moved_tells_nothing() -> None:
    fold = fold_of(started(claim="c1"), finished(claim="c1", shards=[shard_record(0, "failed")]))
    assert positions_as_of(fold, GROUP, T0 + 99) == {}


def test_what_our_newest_operation_wrote_is_ours() -> None:
    fold = fold_of(*moved())
    assert written_by_us(fold, GROUP, {0: (AFTER, T0 + 11.0)}) == {0}
    assert written_by_us(fold, OTHER, {0: (AFTER, T0 + 11.0)}) == frozenset()


def test_what_was_written_elsewhere_earlier_or_later_is_not_ours() -> None:
    fold = fold_of(*moved())
    for checkpoint, unix in ((BEFORE, 11.0), (AFTER, 7.0), (AFTER, 15.0)):
        assert written_by_us(fold, GROUP, {0: (checkpoint, T0 + unix)}) == frozenset()


def test_while_an_operation_is_open_its_writes_are_ours_up_to_its_lease() -> None:
    fold = fold_of(started(claim="c1"))
    assert written_by_us(fold, GROUP, {0: (AFTER, T0 + 61.0)}) == {0}
    assert written_by_us(fold, GROUP, {0: (AFTER, T0 + 63.0)}) == frozenset()


def test_history_tells_who_when_what_and_what_it_came_to() -> None:
    verified = record("verified", at=30, states={"0": "held"})
    (op,) = fold_of(*moved(), verified).of_group(GROUP)
    told = describe_operation(op)
    assert (told["operation_id"], told["action"], told["principal"], told["state"]) == (
        "op",
        "rewind",
        "webhook:ci",
        "finished",
    )
    assert (told["started_at"], told["ended_at"], told["attempts"]) == (
        "2025-06-15T15:06:50Z",
        "2025-06-15T15:06:52Z",
        1,
    )
    assert told["shards"] == [{"shard": 0, "before": BEFORE, "after": AFTER, "log_groups": -100, "status": "moved"}]
    assert told["verified"] == {"0": "held"}


def test_history_tells_the_original_positions_of_an_operation_that_was_cut_off() -> None:
    (op,) = fold_of(started(claim="c1", plan=plan_of(move(0), move(1)))).of_group(GROUP)
    told = describe_operation(op)
    assert [(s["shard"], s["before"], s["status"]) for s in told["shards"]] == [(0, BEFORE, None), (1, BEFORE, None)]
    assert (told["state"], told["ended_at"]) == ("claimed", None)


def test_history_leaves_out_what_never_began() -> None:
    assert [op.started.operation_id for op in fold_of(*moved()[:1], started("late", claim="c2")).of_group(GROUP)] == [
        "op"
    ]


def test_a_record_whose_moves_cannot_be_read_is_told_of_without_them() -> None:
    (op,) = fold_of(started(claim="c1", plan={"moves": "all"})).of_group(GROUP)
    assert describe_operation(op)["shards"] == []
