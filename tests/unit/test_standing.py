from hypothesis import given
from hypothesis import strategies as st

from shared.cursors import encode_cursor
from shared.planning.liveness import judge_liveness
from shared.planning.standing import ShardObservation, shard_standing, wanted_times
from shared.sls.models import Shard, ShardCheckpoint

NOW_UNIX = 1_800_000_000.0
STATES = {"never", "expired", "caught_up", "behind", "beyond_end", "unreadable"}


@st.composite
def observations(draw: st.DrawFn) -> ShardObservation:
    """A shard with a log group a second, and a checkpoint anywhere, with what a look at it wants to know."""
    begin = draw(st.integers(1, 50))
    end = begin + draw(st.integers(0, 50))
    position = draw(st.none() | st.integers(0, 150))
    checkpoint = "" if position is None else encode_cursor(position)
    times = {at: 1_700_000_000 + at for at in wanted_times(position, begin, end)}
    shard = Shard(0, draw(st.sampled_from(["readwrite", "readonly"])), "", "", None)
    return ShardObservation(shard, ShardCheckpoint(0, checkpoint, 0, ""), begin, end, times)


@given(observations())
def test_every_shard_has_one_state_and_no_number_below_zero(seen: ShardObservation) -> None:
    standing = shard_standing(seen, ttl_days=30)

    assert standing.state in STATES
    assert all(n is None or n >= 0 for n in (standing.lag_s, standing.log_groups_behind, standing.log_groups_lost))


@given(observations())
def test_lag_is_newest_minus_last_consumed_receive_time(seen: ShardObservation) -> None:
    standing = shard_standing(seen, ttl_days=30)

    if standing.state == "behind" and seen.position is not None:
        assert standing.lag_s == seen.end - 1 - max(seen.position - 1, seen.begin)
    if standing.state == "caught_up":
        assert standing.lag_s == 0


@given(observations())
def test_only_a_shard_that_is_behind_has_a_position_that_will_expire(seen: ShardObservation) -> None:
    standing = shard_standing(seen, ttl_days=30)

    assert (standing.position_expires_at is not None) is (standing.state == "behind")
    assert shard_standing(seen, ttl_days=3650).position_expires_at is None


@given(st.integers(0, 100), st.integers(0, 50), st.integers(0, 50))
def test_a_look_asks_only_for_times_of_log_groups_that_are_kept(position: int, begin: int, count: int) -> None:
    assert all(begin <= at < begin + count for at in wanted_times(position, begin, begin + count))


def checkpoint(age_s: float | None, consumer: str = "", shard_id: int = 0) -> ShardCheckpoint:
    updated_unix_us = 0 if age_s is None else int((NOW_UNIX - age_s) * 1_000_000)
    return ShardCheckpoint(shard_id, "", updated_unix_us, consumer)


@given(st.integers(1, 4000), st.floats(0, 4000), st.sampled_from(["", "worker"]))
def test_a_write_within_the_timeout_or_a_minute_is_activity(timeout_s: int, age_s: float, consumer: str) -> None:
    found = judge_liveness([checkpoint(age_s, consumer)], timeout_s=timeout_s, now_unix=NOW_UNIX)

    if abs(age_s - max(timeout_s, 60)) > 0.01:
        assert (found.state == "active") is (age_s < max(timeout_s, 60))
    assert (found.free_at is not None) is (found.state == "active")
    assert found.state != "free" or not consumer


def test_nobody_and_nothing_written_is_free() -> None:
    found = judge_liveness([checkpoint(None), checkpoint(None, shard_id=1)], timeout_s=60, now_unix=NOW_UNIX)

    assert (found.state, found.evidence) == ("free", ())


def test_the_name_of_a_consumer_is_told_without_what_cannot_be_printed() -> None:
    found = judge_liveness([checkpoint(None, "work\u202e\ner")], timeout_s=60, now_unix=NOW_UNIX)

    assert found.evidence == ("shard 0 is held by work\\u202e?er, which has written nothing for as long as SLS knows",)
