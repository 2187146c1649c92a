from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cursors import encode_cursor
from shared.errors import DeadlineError, RewindError
from shared.moves import Move
from shared.planning.outcomes import (
    Attempt,
    Standing,
    end_state,
    judge_outcome,
    overall_error,
    overall_status,
    standing_of,
)
from shared.results import Direction, Position, ShardResult, ShardStatus
from shared.sls.errors import ConsumerNotMatchError, SlsServerError
from shared.sls.models import ShardCheckpoint

LOW, BETWEEN, HIGH = 100, 150, 200


def lost_answer() -> SlsServerError:
    error = SlsServerError("UpdateCheckPoint failed", operation="UpdateCheckPoint")
    error.say_that_it_may_have_taken_effect()
    return error


REFUSED = SlsServerError("UpdateCheckPoint failed", operation="UpdateCheckPoint")
NOT_MATCHED = ConsumerNotMatchError("not the holder", operation="UpdateCheckPoint")
ATTEMPTS: dict[str, Attempt | None] = {
    "none": None,
    "no time": DeadlineError("no time"),
    "written": "written",
    "done": "done",
    "conflict": "conflict",
    "lost": lost_answer(),
    "refused": REFUSED,
    "not matched": NOT_MATCHED,
}


def move(before: int | None = HIGH, after: int = LOW) -> Move:
    direction: Direction = "none" if before is None else "backward" if after < before else "forward"
    start = "" if before is None else encode_cursor(before)
    return Move(3, Position(start), Position(encode_cursor(after)), direction, None, None, holder="c1")


def at(position: int | None, consumer: str = "") -> ShardCheckpoint:
    return ShardCheckpoint(3, "" if position is None else encode_cursor(position), 0, consumer)


@pytest.mark.parametrize(
    ("one", "position", "standing"),
    [
        (move(), HIGH, "open"),
        (move(), LOW, "done"),
        (move(), BETWEEN, "done"),
        (move(), HIGH + 1, "conflict"),
        (move(), LOW - 1, "conflict"),
        (move(), None, "conflict"),
        (move(LOW, HIGH), LOW, "open"),
        (move(LOW, HIGH), HIGH, "done"),
        (move(LOW, HIGH), BETWEEN, "conflict"),
        (move(LOW, HIGH), HIGH + 1, "conflict"),
        (move(None, LOW), None, "open"),
        (move(None, LOW), LOW, "done"),
        (move(None, LOW), BETWEEN, "conflict"),
    ],
)
def test_a_shard_is_open_at_before_done_at_after_and_left_alone_elsewhere(
    one: Move, position: int | None, standing: Standing
) -> None:
    assert standing_of(one, at(position)) == standing


def test_a_shard_that_sls_does_not_list_stands_nowhere() -> None:
    assert standing_of(move(None, LOW), None) == "open"
    assert standing_of(move(), None) == "conflict"


@pytest.mark.parametrize(
    ("attempt", "found", "status"),
    [
        ("none", HIGH, "not_attempted"),
        ("none", LOW, "not_attempted"),
        ("no time", HIGH, "not_attempted"),
        ("written", LOW, "moved"),
        ("written", BETWEEN, "moved"),
        ("written", HIGH, "conflict"),
        ("written", HIGH + 1, "conflict"),
        ("done", LOW, "moved"),
        ("done", BETWEEN, "moved"),
        ("conflict", HIGH + 1, "conflict"),
        ("conflict", LOW, "conflict"),
        ("lost", LOW, "moved"),
        ("lost", BETWEEN, "moved"),
        ("lost", HIGH, "failed"),
        ("refused", LOW, "moved"),
        ("refused", HIGH, "failed"),
        ("not matched", HIGH, "conflict"),
    ],
)
def test_an_answer_and_what_is_read_back_make_an_outcome(attempt: str, found: int, status: ShardStatus) -> None:
    assert judge(attempt, at(found)).status == status


@pytest.mark.parametrize(
    ("attempt", "status"),
    [
        ("none", "not_attempted"),
        ("written", "moved"),
        ("lost", "failed"),
        ("refused", "failed"),
        ("conflict", "conflict"),
    ],
)
def test_an_answer_alone_makes_an_outcome_where_nothing_can_be_read_back(attempt: str, status: ShardStatus) -> None:
    assert judge(attempt, None).status == status


def judge(attempt: str, found: ShardCheckpoint | None) -> ShardResult:
    told = ATTEMPTS[attempt]
    return judge_outcome(move(), {} if told is None else {3: told}, found)


def test_what_cannot_be_known_is_said_so() -> None:
    assert "not known" in (judge("lost", None).note or "")
    assert judge("refused", None).note is None
    assert "could not be read back" in (judge("written", None).note or "")


def test_a_write_that_a_consumer_overwrote_is_told_with_its_name() -> None:
    assert judge("written", at(HIGH, "c7")).note == "written, then overwritten by c7"
    assert judge("conflict", at(HIGH + 1, "c7")).note == "left alone: it was moved by c7 after the plan was made"


def test_a_shard_that_its_consumer_does_not_hold_names_the_holder() -> None:
    shard = judge("not matched", at(HIGH))
    assert shard.note == "held by c1"
    assert shard.error is not None
    assert shard.error.code == "consumer_not_match"


@pytest.mark.parametrize(("attempt", "found"), [*product(ATTEMPTS, [None, LOW - 1, LOW, BETWEEN, HIGH, HIGH + 1])])
def test_moved_is_said_only_where_it_was_acknowledged_or_is_read_back(attempt: str, found: int | None) -> None:
    shard = judge(attempt, None if found is None else at(found))
    if shard.status == "moved":
        assert attempt == "done" or found in {LOW, BETWEEN} or (found is None and attempt == "written")


@given(
    st.none() | st.integers(0, 9),
    st.integers(0, 9),
    st.sampled_from(sorted(ATTEMPTS)),
    st.none() | st.integers(0, 9),
    st.sampled_from(["read", "unread"]),
)
def test_moved_is_never_a_guess(before: int | None, after: int, attempt: str, found: int | None, back: str) -> None:
    one, told = move(before, after), ATTEMPTS[attempt]
    shard = judge_outcome(one, {} if told is None else {3: told}, at(found) if back == "read" else None)
    if shard.status != "moved":
        return
    has_gone_on = found is not None and found > after and (attempt == "written" or one.direction == "backward")
    is_there = back == "read" and (found == after or has_gone_on)
    assert is_there or attempt == "done" or (back == "unread" and attempt == "written")


def shards(*statuses: ShardStatus) -> list[ShardResult]:
    return [ShardResult(number, status, Position("")) for number, status in enumerate(statuses)]


@pytest.mark.parametrize(
    ("statuses", "status", "state"),
    [
        ([], "unchanged", "finished"),
        (["unchanged", "skipped"], "unchanged", "finished"),
        (["moved", "moved", "skipped"], "applied", "finished"),
        (["moved", "conflict"], "partial", "finished"),
        (["moved", "failed"], "partial", "unfinished"),
        (["moved", "not_attempted"], "partial", "unfinished"),
        (["conflict", "conflict"], "refused", "finished"),
        (["conflict", "failed"], "failed", "failed"),
        (["failed"], "failed", "failed"),
        (["not_attempted"], "failed", "failed"),
    ],
)
def test_shards_make_a_whole(statuses: list[ShardStatus], status: str, state: str) -> None:
    assert overall_status(shards(*statuses)) == status
    assert end_state(shards(*statuses)) == state
    assert (overall_error(shards(*statuses)) is None) is (status in {"unchanged", "applied"})


def test_an_operation_of_which_a_write_may_stand_is_not_over() -> None:
    unknown = judge_outcome(move(), {3: lost_answer()}, None)
    assert end_state([unknown]) == "unfinished"


def test_a_partial_error_counts_what_was_written_and_names_what_was_not() -> None:
    error = overall_error(shards("moved", "failed", "moved", "not_attempted"))
    assert error is not None
    assert error.code == "partially_applied"
    assert error.message.startswith("2 of 4 shards were written; not written: 1, 3")


def test_the_deadline_is_told_of_first() -> None:
    late = judge_outcome(move(), {3: DeadlineError("no time")}, at(HIGH))
    error = overall_error([*shards("moved"), late])
    assert error is not None
    assert error.code == "deadline_exceeded"


@given(st.lists(st.sampled_from(["moved", "unchanged", "skipped", "conflict", "failed", "not_attempted"]), max_size=5))
def test_success_is_said_only_of_what_is_all_as_wanted(statuses: list[ShardStatus]) -> None:
    ok = overall_status(shards(*statuses)) in {"applied", "unchanged"}
    assert ok is (set(statuses) <= {"moved", "unchanged", "skipped"})
    assert ok is (overall_error(shards(*statuses)) is None)


def test_every_error_is_told_in_its_own_words() -> None:
    assert all(isinstance(ATTEMPTS[name], RewindError) for name in ("lost", "refused", "not matched", "no time"))
    error = judge("refused", at(HIGH)).error
    assert error is not None
    assert error.message == REFUSED.message


def test_a_shard_that_was_written_and_overwritten_is_no_sign_that_nothing_was_written() -> None:
    overwritten = judge("written", at(HIGH, "c7"))
    failed = ShardResult(4, "failed", Position(""))
    assert overwritten.status == "conflict"
    assert end_state([overwritten, failed]) == "unfinished"


def test_what_was_not_reached_is_told_with_a_reason() -> None:
    error = overall_error(shards("moved", "not_attempted"))
    assert error is not None
    assert "None" not in error.message
    assert "Writing stopped" in error.message
