import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import PolicyDeniedError, RefusedError
from shared.goals import AtTime, Begin
from shared.moves import Move
from shared.planning.liveness import Liveness
from shared.planning.plans import (
    OperationPlan,
    check_limits,
    check_liveness,
    effect_notice,
    goal_notices,
    order_notice,
    plan_record,
    read_plan,
)
from shared.policy.rules import Limits
from shared.results import AttributeChange, Attributes, Position, ShardResult
from tests.unit.journal.story import hostile_details, hostile_values, move

ACTIVE = Liveness("active", ("shard 0 was written 3 s ago by c1",), "2025-06-15T15:07:50Z")
HELD = Liveness("held", ("shard 0 is held by c1",), None)
FREE = Liveness("free", (), None)

cursors = st.sampled_from(["MTAw", "MjAw", "MzAw"])
positions = st.builds(Position, cursors, st.none() | st.just("2025-06-15T15:07:50Z"))
moves = st.builds(
    Move,
    shard=st.integers(0, 300),
    before=st.builds(Position, st.just("") | cursors),
    after=positions,
    direction=st.sampled_from(["backward", "forward", "none"]),
    log_groups=st.none() | st.integers(-(2**63), 2**63),
    distance_s=st.none() | st.integers(0, 10**9),
    holder=st.text(max_size=5),
    updated_unix_us=st.integers(0, 2**63),
    expires_at=st.none() | st.just("2025-07-15T15:07:00Z"),
    note=st.none() | st.text(max_size=9),
)
plans = st.builds(
    OperationPlan,
    moves=st.lists(moves, max_size=4, unique_by=lambda one: one.shard).map(tuple),
    stays=st.lists(st.builds(ShardResult, st.integers(0, 9), st.just("skipped"), positions), max_size=2).map(tuple),
    attributes=st.none() | st.builds(AttributeChange, *[st.builds(Attributes, st.integers(1, 99), st.booleans())] * 2),
    undoes=st.sampled_from(["", "op"]),
    consumer=st.none() | st.text(min_size=1, max_size=5),
    force=st.booleans(),
    generations=st.lists(st.frozensets(st.integers(0, 300), max_size=3), max_size=3).map(tuple),
)


@given(plans)
def test_a_plan_comes_back_from_its_record(plan: OperationPlan) -> None:
    assert read_plan(json.loads(json.dumps(plan_record(plan)))) == plan


@given(plans)
def test_a_plan_of_a_newer_version_is_read_without_what_is_new(plan: OperationPlan) -> None:
    record = plan_record(plan)
    told = [{**one, "colour": "blue"} for one in record["moves"]]  # type: ignore[attr-defined]  # a list of moves
    assert read_plan({**record, "moves": told, "mood": "good"}) == plan


@pytest.mark.parametrize(
    "record",
    [None, [], "moves", {}, {"moves": []}, {"attributes": None}, {"moves": {}, "attributes": None}, {"moves": 5}],
)
def test_what_is_no_plan_is_a_value_error(record: object) -> None:
    with pytest.raises(ValueError, match=r"plan|valid"):
        read_plan(record)


@pytest.mark.parametrize(
    "changed",
    [
        {"shard": "x"},
        {"direction": "up"},
        {"before": None},
        {"after": {}},
        {"after": {"checkpoint": 5}},
        {"after": {"checkpoint": ""}},
        {"after": {"checkpoint": "begin"}},
        {"holder": None},
        {"log_groups": "many"},
    ],
)
def test_a_plan_with_a_move_that_cannot_be_made_is_a_value_error(changed: dict[str, object]) -> None:
    record = plan_record(OperationPlan(moves=(move(),)))
    with pytest.raises(ValueError, match=r"validation error|not base64"):
        read_plan({**record, "moves": [{**record["moves"][0], **changed}]})  # type: ignore[index]  # a list of moves


def test_a_plan_with_two_moves_of_one_shard_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="two moves of one shard"):
        read_plan(plan_record(OperationPlan(moves=(move(1), move(1)))))


@given(hostile_values | hostile_details().map(lambda detail: detail["plan"]))
def test_any_json_is_a_plan_or_a_value_error(record: object) -> None:
    try:
        plan = read_plan(record)
    except ValueError:
        return
    assert isinstance(plan, OperationPlan)
    json.dumps(plan_record(plan))


def test_moves_within_the_limits_pass() -> None:
    there = [move(0, distance_s=60), replace(move(1, distance_s=30), direction="forward")]
    check_limits(there, Limits(max_rewind_s=60, max_skip_s=30, max_shards=2))
    check_limits([replace(move(), direction="none", distance_s=None)], Limits(max_rewind_s=0))


@pytest.mark.parametrize(
    ("moves_beyond", "limits", "named"),
    [
        ([move(0), move(1)], Limits(max_shards=1), "max_shards"),
        ([move(0, distance_s=61)], Limits(max_rewind_s=60), "max_rewind"),
        ([replace(move(0, distance_s=61), direction="forward")], Limits(max_skip_s=60), "max_skip"),
        ([move(0, distance_s=None)], Limits(), "max_rewind"),
    ],
)
def test_moves_beyond_a_limit_are_denied_and_the_limit_is_named(
    moves_beyond: list[Move], limits: Limits, named: str
) -> None:
    with pytest.raises(PolicyDeniedError, match=f"^{named}: ") as caught:
        check_limits(moves_beyond, limits)
    assert (caught.value.code, named in (caught.value.hint or "")) == ("limit_exceeded", True)


@given(st.lists(moves, max_size=4), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 4))
def test_nothing_that_passes_is_beyond_a_limit(there: list[Move], back_s: int, forth_s: int, most: int) -> None:
    try:
        check_limits(there, Limits(max_rewind_s=back_s, max_skip_s=forth_s, max_shards=most))
    except PolicyDeniedError:
        return
    assert len(there) <= most
    for one in there:
        allowed_s = {"backward": back_s, "forward": forth_s}.get(one.direction)
        assert allowed_s is None or (one.distance_s is not None and one.distance_s <= allowed_s)


def test_consumers_at_work_stop_a_write_unless_that_is_allowed() -> None:
    with pytest.raises(RefusedError, match="somebody is consuming") as caught:
        check_liveness(ACTIVE, allow_active=False)
    assert caught.value.code == "active_consumers"
    assert "2025-06-15T15:07:50Z" in (caught.value.hint or "")
    check_liveness(ACTIVE, allow_active=True)


@pytest.mark.parametrize("liveness", [None, HELD, FREE])
def test_a_group_nobody_works_on_may_be_written(liveness: Liveness | None) -> None:
    check_liveness(liveness, allow_active=False)


@pytest.mark.parametrize("liveness", [ACTIVE, HELD])
def test_a_write_under_holders_is_said_to_be_not_in_effect(liveness: Liveness) -> None:
    (written,), (planned,) = effect_notice(liveness, written=True), effect_notice(liveness, written=False)
    assert written.code == planned.code == "not_in_effect"
    assert written.message.startswith("Written, but not in effect until the consumer releases the shard")
    assert planned.message.startswith("Would be written, but not in effect")


def test_a_write_on_a_free_group_needs_no_warning() -> None:
    assert effect_notice(FREE, written=True) == effect_notice(None, written=True) == ()


def test_parents_that_go_back_together_with_their_children_are_warned_of() -> None:
    back = [replace(move(shard), direction="backward") for shard in (0, 2, 3)]
    generations = (frozenset({0, 5}), frozenset({1, 2}), frozenset({3}))

    (notice,) = order_notice(back, generations)

    assert notice.code == "order_across_splits"
    assert notice.message.endswith("shards [0], then [2], then [3]")


@pytest.mark.parametrize("shards", [(), (0,), (1, 2)], ids=str)
def test_one_generation_that_goes_back_needs_no_warning_of_its_order(shards: tuple[int, ...]) -> None:
    generations = (frozenset({0}), frozenset({1, 2}))
    forward = replace(move(0), direction="forward")

    assert order_notice([replace(move(shard), direction="backward") for shard in shards], generations) == ()
    assert order_notice([replace(move(1), direction="backward"), forward], generations) == ()


def test_without_order_no_generations_are_told() -> None:
    assert order_notice([replace(move(shard), direction="backward") for shard in (0, 1)], ()) == ()


def test_a_time_is_echoed_with_what_it_means() -> None:
    (notice,) = goal_notices(AtTime(1_750_000_000))
    assert notice.message.startswith("to is 2025-06-15T15:06:40Z: a time means when SLS received the data")
    assert goal_notices(Begin()) == ()


def test_a_plan_is_empty_where_nothing_is_written() -> None:
    same = AttributeChange(Attributes(60, order=False), Attributes(60, order=False))
    assert OperationPlan().is_empty
    assert OperationPlan(attributes=same).is_empty
    assert not OperationPlan(moves=(move(),)).is_empty
    assert not OperationPlan(
        attributes=AttributeChange(Attributes(60, order=False), Attributes(60, order=True))
    ).is_empty


def test_results_and_shards_that_stay_come_in_the_order_of_shards() -> None:
    stays = (ShardResult(1, "skipped", Position("")), ShardResult(4, "skipped", Position("")))
    told = OperationPlan(stays=stays).in_order([move(5).result("moved"), move(0).result("moved")])
    assert [shard.shard for shard in told] == [0, 1, 4, 5]
