import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.planning.liveness import MIN_WINDOW_S, judge_liveness
from shared.sls.models import ShardCheckpoint

NOW_UNIX = 1_750_000_000.0


def written(ago_s: float, consumer: str = "", *, shard: int = 0) -> ShardCheckpoint:
    return ShardCheckpoint(shard, "MTAw", int((NOW_UNIX - ago_s) * 1e6), consumer)


def never(consumer: str = "", *, shard: int = 0) -> ShardCheckpoint:
    return ShardCheckpoint(shard, "", 0, consumer)


@pytest.mark.parametrize(
    ("checkpoint", "timeout_s", "state"),
    [
        (written(5, "c1"), 60, "active"),
        (written(5), 60, "active"),
        (written(60, "c1"), 10, "active"),
        (written(61, "c1"), 10, "held"),
        (written(61), 10, "free"),
        (written(299, "c1"), 300, "active"),
        (written(301, "c1"), 300, "held"),
        (written(-3, "c1"), 60, "active"),
        (never("c1"), 60, "held"),
        (never(), 60, "free"),
    ],
)
def test_a_group_is_judged_by_its_timeout_and_a_minute_at_least(
    checkpoint: ShardCheckpoint, timeout_s: int, state: str
) -> None:
    assert judge_liveness([checkpoint], timeout_s=timeout_s, now_unix=NOW_UNIX).state == state


def test_what_our_own_operation_wrote_is_no_sign_of_a_consumer() -> None:
    assert judge_liveness([written(5)], timeout_s=60, now_unix=NOW_UNIX, ours={0}).state == "free"


def test_a_named_consumer_counts_even_where_the_last_write_was_ours() -> None:
    assert judge_liveness([written(5, "c1")], timeout_s=60, now_unix=NOW_UNIX, ours={0}).state == "active"


@pytest.mark.parametrize("checkpoint", [written(500), written(500, "c1"), never()])
def test_a_shard_that_moves_while_it_is_watched_is_active_whoever_wrote(checkpoint: ShardCheckpoint) -> None:
    liveness = judge_liveness([checkpoint], timeout_s=60, now_unix=NOW_UNIX, moved={0}, ours={0})
    assert liveness.state == "active"
    assert "while it was watched" in liveness.evidence[0]


def test_evidence_names_each_shard_and_by_whom() -> None:
    told = judge_liveness([written(5, "c1"), written(9, shard=2), never(shard=3)], timeout_s=60, now_unix=NOW_UNIX)
    assert told.evidence == (
        "shard 0 was written 5 s ago by c1",
        "shard 2 was written 9 s ago by a writer without a name",
    )


def test_holders_are_named_with_how_long_they_have_been_silent() -> None:
    told = judge_liveness([written(3600, "c1"), never("c2", shard=1)], timeout_s=60, now_unix=NOW_UNIX)
    assert told.evidence == (
        "shard 0 is held by c1, which has written nothing for 1 h 00 min",
        "shard 1 is held by c2, which has written nothing for as long as SLS knows",
    )


def test_a_group_is_free_once_the_window_after_the_last_write_has_passed() -> None:
    told = judge_liveness([written(50), written(20, shard=1)], timeout_s=30, now_unix=NOW_UNIX)
    assert told.free_at == "2025-06-15T15:07:20Z"


def test_a_name_of_a_consumer_is_shown_without_control_characters() -> None:
    told = judge_liveness([written(5, "c\u202e1\n")], timeout_s=60, now_unix=NOW_UNIX)
    assert told.evidence[0].endswith(r"by c\u202e1?")


checkpoints = st.builds(
    ShardCheckpoint,
    st.integers(0, 5),
    st.just("MTAw"),
    st.just(0) | st.integers(int((NOW_UNIX - 400) * 1e6), int((NOW_UNIX + 5) * 1e6)),
    st.sampled_from(["", "c1"]),
)
some = st.lists(checkpoints, max_size=4, unique_by=lambda checkpoint: checkpoint.shard_id)


@given(some, st.integers(1, 300), st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_free_means_that_nobody_is_named_and_nobody_else_wrote_lately(
    there: list[ShardCheckpoint], timeout_s: int, moved: set[int], ours: set[int]
) -> None:
    told = judge_liveness(there, timeout_s=timeout_s, now_unix=NOW_UNIX, moved=moved, ours=ours)
    window_s = max(timeout_s, MIN_WINDOW_S)
    if told.state == "free":
        assert not any(one.consumer or one.shard_id in moved for one in there)
        late = [one for one in there if one.updated_unix_us / 1e6 >= NOW_UNIX - window_s]
        assert {one.shard_id for one in late} <= ours
    assert (told.state == "active") is (told.free_at is not None)
    assert (told.state == "free") is (not told.evidence)


@given(some, some)
def test_a_further_checkpoint_never_makes_a_group_look_less_alive(
    there: list[ShardCheckpoint], more: list[ShardCheckpoint]
) -> None:
    order = ["free", "held", "active"]
    few = judge_liveness(there, timeout_s=60, now_unix=NOW_UNIX).state
    many = judge_liveness([*there, *more], timeout_s=60, now_unix=NOW_UNIX).state
    assert order.index(many) >= order.index(few)
