import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cursors import decode_cursor, encode_cursor
from shared.errors import RefusedError
from shared.goals import AtTime, Begin, End, Exact, Goal, Shift
from shared.moves import Move
from shared.planning.aims import NO_CHECKPOINT, OnExpired, Rules, Way, plan_shard
from shared.results import Position, ShardResult
from tests.unit.planning.seen import FIRST, T0, FakeShard, fake_shards, goals_and_cursors, plan, ten, ways

rules = st.builds(Rules, way=ways, on_expired=st.sampled_from(["refuse", "clamp"]))


def planned(
    shard: FakeShard, told: tuple[Goal, str | None], given_rules: Rules, *, lean: bool
) -> Move | ShardResult | str:
    """Return what a goal makes of a shard; where it is refused, the code."""
    goal, cursor = told
    try:
        return plan_shard(shard.observe(goal, cursor, lean=lean), goal, cursor, given_rules)
    except RefusedError as error:
        return error.code


def exact(position: int) -> tuple[Goal, str]:
    cursor = encode_cursor(position)
    return Exact({0: cursor}), cursor


def moved(result: Move | ShardResult) -> Move:
    assert isinstance(result, Move), result
    return result


def stayed(result: Move | ShardResult) -> ShardResult:
    assert isinstance(result, ShardResult), result
    return result


@pytest.mark.parametrize(
    ("goal", "position"),
    [
        (Begin(), FIRST),
        (End(), FIRST + 10),
        (AtTime(T0 + 20), FIRST + 2),
        (AtTime(T0 + 21), FIRST + 3),
        (AtTime(T0), FIRST),
        (Shift(-3), FIRST + 2),
        (Shift(4), FIRST + 9),
    ],
)
def test_a_goal_leads_to_its_position(goal: Goal, position: int) -> None:
    move = moved(plan(ten(), goal))
    assert decode_cursor(move.after.checkpoint) == position
    assert move.log_groups == position - FIRST - 5
    assert move.direction == ("backward" if position < FIRST + 5 else "forward")


def test_a_given_checkpoint_is_gone_to_as_it_is() -> None:
    assert moved(plan(ten(), *exact(FIRST + 1))).after.checkpoint == encode_cursor(FIRST + 1)


def test_a_preview_tells_the_receive_times_of_what_was_last_consumed() -> None:
    move = moved(plan(ten(), AtTime(T0 + 20)))
    assert move.before == Position(encode_cursor(FIRST + 5), "2025-06-15T15:07:20Z")
    assert move.after == Position(encode_cursor(FIRST + 2), "2025-06-15T15:06:50Z")
    assert move.distance_s == 20
    assert move.expires_at == "2025-07-15T15:07:00Z"


def test_a_logstore_that_keeps_for_ever_lets_nothing_expire() -> None:
    assert moved(plan(ten(), AtTime(T0 + 20), ttl_days=3650)).expires_at is None


def test_a_shard_that_is_there_already_is_unchanged() -> None:
    shard = stayed(plan(ten(), AtTime(T0 + 50)))
    assert (shard.status, shard.after) == ("unchanged", shard.before)


@pytest.mark.parametrize(("way", "goal"), [("backward", End()), ("forward", Begin())])
def test_a_shard_stays_that_would_go_the_wrong_way(way: Way, goal: Goal) -> None:
    shard = stayed(plan(ten(), goal, way=way))
    assert shard.status == "skipped"
    assert "stays: it stands" in (shard.note or "")


def test_a_way_that_is_named_for_a_shard_counts_more_than_that_for_all() -> None:
    seen = ten().observe(End())
    assert isinstance(plan_shard(seen, End(), None, Rules(way="backward", ways={0: "forward"})), Move)
    assert isinstance(plan_shard(seen, End(), None, Rules(way="forward", ways={0: "backward"})), ShardResult)
    assert isinstance(plan_shard(seen, End(), None, Rules(way="forward", ways={7: "backward"})), Move)


@pytest.mark.parametrize("goal", [Begin(), End(), AtTime(T0), Shift(1)])
def test_a_shard_without_a_checkpoint_is_left_alone_and_named(goal: Goal) -> None:
    shard = stayed(plan(ten(None), goal))
    assert (shard.status, shard.note) == ("skipped", NO_CHECKPOINT)


def test_a_shard_without_a_checkpoint_goes_where_it_is_told_to_go() -> None:
    move = moved(plan(ten(None), *exact(FIRST + 3)))
    assert (move.before.checkpoint, move.direction, move.log_groups) == ("", "none", None)


@pytest.mark.parametrize("way", ["backward", "forward"])
def test_a_shard_without_a_checkpoint_goes_neither_back_nor_forward(way: Way) -> None:
    assert stayed(plan(ten(None), *exact(FIRST + 3), way=way)).status == "skipped"


def test_a_shard_for_which_no_checkpoint_is_given_stays() -> None:
    shard = stayed(plan(ten(), Exact({1: "MQ=="}), None))
    assert (shard.status, shard.note) == ("skipped", "no position is given for it")


def test_an_expired_time_is_refused() -> None:
    with pytest.raises(RefusedError, match="before the oldest log group kept") as caught:
        plan(ten(), AtTime(T0 - 1))
    assert caught.value.code == "position_expired"


def test_an_expired_time_is_clamped_where_that_is_asked_for_and_told() -> None:
    move = moved(plan(ten(), AtTime(T0 - 1), on_expired="clamp"))
    assert decode_cursor(move.after.checkpoint) == FIRST
    assert "clamped: 2025-06-15T15:06:39Z has expired" in (move.note or "")


def test_an_expired_checkpoint_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        plan(ten(), *exact(FIRST - 1))
    assert caught.value.code == "position_expired"


def test_an_expired_checkpoint_is_clamped_where_that_is_asked_for_and_told() -> None:
    move = moved(plan(ten(), *exact(FIRST - 1), on_expired="clamp"))
    assert decode_cursor(move.after.checkpoint) == FIRST
    assert "clamped: the position has expired" in (move.note or "")


@pytest.mark.parametrize("on_expired", ["refuse", "clamp"])
def test_a_checkpoint_beyond_the_end_is_refused(on_expired: OnExpired) -> None:
    with pytest.raises(RefusedError) as caught:
        plan(ten(), *exact(FIRST + 11), on_expired=on_expired)
    assert caught.value.code == "position_out_of_range"


def test_a_child_begins_at_its_creation_where_a_time_lies_before_it() -> None:
    child = ten(is_child=True, created_unix=T0)
    move = moved(plan(child, AtTime(T0 - 500)))
    assert decode_cursor(move.after.checkpoint) == FIRST
    assert "what is older is in its parent" in (move.note or "")


def test_a_child_whose_oldest_log_groups_have_expired_is_clamped_as_any_other() -> None:
    child = ten(is_child=True, created_unix=T0 - 100)
    with pytest.raises(RefusedError, match="before the oldest log group kept"):
        plan(child, AtTime(T0 - 50))


def test_a_time_after_the_newest_log_group_leads_to_the_end_and_is_told() -> None:
    move = moved(plan(ten(), AtTime(T0 + 91)))
    assert decode_cursor(move.after.checkpoint) == FIRST + 10
    assert "nothing was received since then" in (move.note or "")


@pytest.mark.parametrize(("steps", "position", "short"), [(-7, FIRST, 5), (9, FIRST + 10, 5)])
def test_a_shift_is_bounded_and_says_so(steps: int, position: int, short: int) -> None:
    move = moved(plan(ten(), Shift(steps)))
    assert decode_cursor(move.after.checkpoint) == position
    assert move.note == f"bounded: only {short} log groups are there to shift over"


def test_a_readonly_shard_at_its_end_counts_as_finished() -> None:
    assert "counts as finished" in (moved(plan(ten(status="readonly"), End())).note or "")


@pytest.mark.parametrize(("in_order", "told"), [(True, "are not held back"), (False, "what follows it is in its")])
def test_a_readonly_shard_that_goes_back_tells_of_its_children(*, in_order: bool, told: str) -> None:
    assert told in (moved(plan(ten(status="readonly"), Begin(), in_order=in_order)).note or "")


def test_a_target_that_expired_between_two_lookups_is_not_gone_to() -> None:
    goal = AtTime(T0 + 5)
    seen = ten().observe(goal)
    raced = type(seen)(seen.shard, seen.checkpoint, FIRST + 3, seen.end, {FIRST + 3: T0 + 30}, FIRST + 1, T0 + 100)
    with pytest.raises(RefusedError) as caught:
        plan_shard(raced, goal, None, Rules())
    assert caught.value.code == "position_expired"


@given(fake_shards, goals_and_cursors, rules, st.sampled_from(["lean", "full"]))
def test_an_aim_lies_within_the_shard_and_in_the_allowed_way(
    shard: FakeShard, told: tuple[Goal, str | None], given_rules: Rules, look: str
) -> None:
    result = planned(shard, told, given_rules, lean=look == "lean")
    if not isinstance(result, Move):
        return
    after, way = decode_cursor(result.after.checkpoint), given_rules.way
    assert FIRST <= after <= shard.end
    assert after != shard.position
    assert result.direction in ({"backward", "forward", "none"} if way == "both" else {way})
    assert result.direction == _direction(shard.position, after)
    assert result.log_groups == (None if shard.position is None else after - shard.position)


@given(fake_shards, goals_and_cursors, rules)
def test_what_expired_is_refused_only_where_it_is_not_to_be_clamped(
    shard: FakeShard, told: tuple[Goal, str | None], given_rules: Rules
) -> None:
    result = planned(shard, told, given_rules, lean=False)
    allowed = {"position_out_of_range"} | ({"position_expired"} if given_rules.on_expired == "refuse" else set())
    assert not isinstance(result, str) or result in allowed


def _direction(before: int | None, after: int) -> str:
    if before is None:
        return "none"
    return "backward" if after < before else "forward"


@given(fake_shards, goals_and_cursors, rules)
def test_a_lean_look_leads_to_the_same_position_as_a_full_one(
    shard: FakeShard, told: tuple[Goal, str | None], given_rules: Rules
) -> None:
    lean, full = (planned(shard, told, given_rules, lean=is_lean) for is_lean in (True, False))
    # What a lean look refuses is looked at fully before anything is said of it.
    assert _gist(lean) == _gist(full) or isinstance(lean, str)


def _gist(result: Move | ShardResult | str) -> object:
    if isinstance(result, Move):
        return result.before.checkpoint, result.after.checkpoint, result.direction, result.log_groups
    return result if isinstance(result, str) else result.status


@given(fake_shards, goals_and_cursors)
def test_a_lean_look_never_thinks_that_a_shard_goes_less_far(shard: FakeShard, told: tuple[Goal, str | None]) -> None:
    full, lean = (planned(shard, told, Rules(on_expired="clamp"), lean=is_lean) for is_lean in (False, True))
    if isinstance(full, Move) and isinstance(lean, Move) and None not in {full.distance_s, lean.distance_s}:
        # A time bounds how far a shard goes by itself: from it on everything is consumed again.
        bound_s = shard.now_unix - told[0].unix if isinstance(told[0], AtTime) else lean.distance_s
        assert max(lean.distance_s or 0, bound_s or 0) >= min(full.distance_s or 0, bound_s or 0)


@given(fake_shards, st.integers(T0 - 20, T0 + 70))
def test_nothing_is_clamped_in_silence(shard: FakeShard, unix: int) -> None:
    result = plan(shard, AtTime(unix), on_expired="clamp")
    if isinstance(result, Move) and shard.times and unix < shard.times[0]:
        assert any(word in (result.note or "") for word in ("clamped", "begins at its creation"))
