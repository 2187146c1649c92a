import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cursors import encode_cursor
from shared.moves import Move
from shared.planning.verdicts import FLUSH_INTERVAL_S, Verdict, judge_move
from shared.results import Direction, Position
from shared.sls.models import ShardCheckpoint

WRITTEN_UNIX = 1_750_000_000.0
LOW, BETWEEN, HIGH = 100, 150, 200


def move(before: int | None, after: int) -> Move:
    direction: Direction = "none" if before is None else "backward" if after < before else "forward"
    start = "" if before is None else encode_cursor(before)
    return Move(0, Position(start), Position(encode_cursor(after)), direction, None, None)


def verdict(one: Move, position: int | None, *, after_s: float = 1, was_moved: bool = True) -> Verdict:
    checkpoint = "" if position is None else encode_cursor(position)
    found = ShardCheckpoint(0, checkpoint, int((WRITTEN_UNIX + after_s) * 1e6), "c1")
    return judge_move(one, found, was_moved=was_moved, written_unix=WRITTEN_UNIX)


@pytest.mark.parametrize(
    ("before", "after", "position", "after_s", "expected"),
    [
        (HIGH, LOW, LOW, 1, "held"),
        (HIGH, LOW, BETWEEN, 1, "progressed"),
        (HIGH, LOW, HIGH, 1, "overwritten"),
        (HIGH, LOW, HIGH + 5, FLUSH_INTERVAL_S, "overwritten"),
        (HIGH, LOW, HIGH, FLUSH_INTERVAL_S + 1, "caught_up_or_overwritten"),
        (HIGH, LOW, LOW - 1, 1, "overwritten"),
        (HIGH, LOW, None, 1, "overwritten"),
        (LOW, HIGH, HIGH, 1, "held"),
        (LOW, HIGH, HIGH + 5, 1, "progressed"),
        (LOW, HIGH, BETWEEN, 1, "overwritten"),
        (LOW, HIGH, LOW, 99, "overwritten"),
        (None, LOW, LOW, 1, "held"),
        (None, LOW, HIGH, 1, "progressed"),
        (None, LOW, LOW - 1, 1, "overwritten"),
    ],
)
def test_what_stands_there_now_makes_the_verdict(
    before: int | None, after: int, position: int | None, after_s: float, expected: Verdict
) -> None:
    assert verdict(move(before, after), position, after_s=after_s) == expected


def test_a_shard_that_was_not_moved_is_said_to_be_so_wherever_it_stands() -> None:
    assert {verdict(move(HIGH, LOW), p, was_moved=False) for p in (LOW, BETWEEN, HIGH, None)} == {"not_moved"}


@given(st.none() | st.integers(0, 9), st.integers(0, 9), st.none() | st.integers(0, 9), st.integers(0, 200))
def test_held_means_at_after_and_progressed_means_past_it(
    before: int | None, after: int, position: int | None, after_s: int
) -> None:
    said = verdict(move(before, after), position, after_s=after_s)
    assert (said == "held") is (position == after)
    assert said != "progressed" or (position is not None and position > after)
