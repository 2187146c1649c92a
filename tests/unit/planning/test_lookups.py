import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.goals import AsOf, AtTime, Begin, CopyOf, End, Exact, Goal, Shift
from shared.planning.lookups import children, lineage, wanted_bounds, wanted_receive_times
from shared.sls.models import Shard
from tests.unit.planning.seen import FIRST, FakeShard, fake_shards, goals_and_cursors


@pytest.mark.parametrize("goal", [Begin(), End(), AtTime(1), AsOf(1), CopyOf("g"), Exact({0: "MQ=="}), Shift(1)])
def test_every_goal_asks_where_a_shard_begins(goal: Goal) -> None:
    assert "begin" in wanted_bounds(goal, lean=True)
    assert set(wanted_bounds(goal, lean=True)) <= set(wanted_bounds(goal, lean=False))


@given(fake_shards, goals_and_cursors, st.sampled_from(["lean", "full"]))
def test_a_preview_asks_six_times_a_shard_at_most_and_a_direct_write_three(
    shard: FakeShard, told: tuple[Goal, str | None], look: str
) -> None:
    (goal, cursor), lean = told, look == "lean"
    times = wanted_receive_times(shard.observe(goal, cursor, lean=lean), goal, cursor, lean=lean)
    assert len(wanted_bounds(goal, lean=lean)) + len(times) <= (3 if lean else 6)


@given(fake_shards, goals_and_cursors)
def test_a_preview_asks_only_of_log_groups_that_are_there(shard: FakeShard, told: tuple[Goal, str | None]) -> None:
    goal, cursor = told
    assert all(
        FIRST <= p < shard.end for p in wanted_receive_times(shard.observe(goal, cursor), goal, cursor, lean=False)
    )


def shard(number: int, begin: str, end: str, status: str = "readwrite") -> Shard:
    return Shard(number, status, begin, end, None)


SPLIT = (shard(0, "00", "80", "readonly"), shard(1, "80", "ff"), shard(2, "00", "40", "readonly"), shard(3, "40", "80"))
MERGED = (*SPLIT, shard(4, "00", "20"), shard(5, "20", "40"))


def test_shards_that_were_never_split_are_one_generation_without_children() -> None:
    plain = (shard(1, "80", "ff"), shard(0, "00", "80"))
    assert children(plain) == frozenset()
    assert list(lineage(plain)) == [{0, 1}]


def test_children_of_splits_come_in_generations_after_their_parents() -> None:
    assert children(MERGED) == {2, 3, 4, 5}
    assert list(lineage(reversed(MERGED))) == [{0, 1}, {2, 3}, {4, 5}]


def test_a_merged_shard_comes_after_both_of_its_parents() -> None:
    merged = (shard(0, "00", "80", "readonly"), shard(1, "80", "ff", "readonly"), shard(2, "00", "ff"))
    assert children(merged) == {2}
    assert list(lineage(merged)) == [{0, 1}, {2}]


def test_no_shards_have_no_generations() -> None:
    assert lineage(()) == ()


@given(
    st.lists(
        st.builds(
            shard,
            st.integers(0, 20),
            st.sampled_from(["00", "40"]),
            st.sampled_from(["80", "ff"]),
            st.sampled_from(["readonly", "readwrite"]),
        ),
        unique_by=lambda one: one.shard_id,
    )
)
def test_every_shard_is_in_exactly_one_generation(shards: list[Shard]) -> None:
    generations = lineage(shards)
    assert sorted(number for generation in generations for number in generation) == sorted(s.shard_id for s in shards)
    assert all(generations)
