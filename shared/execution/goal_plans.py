"""From a goal to a plan: observe the group, aim each shard, judge limits and liveness."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.errors import NotFoundError, PolicyDeniedError, RefusedError
from shared.execution.invocation import Work
from shared.execution.observing import GroupObservation, judge_group
from shared.execution.sighting import observe_for_goal
from shared.goals import AsOf, AtTime, Exact, Goal
from shared.moves import Move
from shared.planning.aims import Rules, plan_shard
from shared.planning.lookups import lineage
from shared.planning.plans import OperationPlan, check_limits, goal_notices, order_notice
from shared.positions import iso_utc
from shared.results import Notice, ShardResult
from shared.sls.models import Shard

_SOON_S = 86_400


def plan_goal(
    work: Work,
    group: GroupObservation,
    goal: Goal,
    given: Mapping[int, str],
    shard_ids: Sequence[int] | None,
    rules: Rules,
    *,
    lean: bool,
) -> OperationPlan:
    """Return the plan that brings a group to a goal.

    Args:
        work: The command at hand.
        group: What was read of the group before.
        goal: Where to go.
        given: The goal's own checkpoints by shard id, where it has some.
        shard_ids: The shards concerned; None for all.
        rules: What the goal may do; retention and order are filled in here.
        lean: Look up only what writing needs. Where policy's limits cannot be judged on that, everything is looked up.

    Raises:
        NotFoundError: The Logstore has no such shard.
        RefusedError: A position has expired, or is none of its shard.
        PolicyDeniedError: A limit is exceeded.
    """
    shards = _concerned(work, group.shards, shard_ids, goal)
    rules = replace(rules, in_order=group.attributes.in_order)
    if not lean:
        rules = replace(rules, ttl_days=work.client.get_logstore(work.target.logstore).value.ttl_days)
    try:
        results, ends = _aim(work, group, shards, goal, given, rules, lean=lean)
        check_limits(_moves(results), work.grant.limits)
    except (PolicyDeniedError, RefusedError):
        # What a lean look refuses, a full one may know better: that a shard is empty, or how far it really goes.
        if not lean:
            raise
        results, ends = _aim(work, group, shards, goal, given, rules, lean=False)
        check_limits(_moves(results), work.grant.limits)
    goal_unix = goal.unix if isinstance(goal, AtTime | AsOf) else None
    return replace(_plan(work, group, results, goal), goal_unix=goal_unix, ends=ends)


def _concerned(work: Work, shards: Sequence[Shard], shard_ids: Sequence[int] | None, goal: Goal) -> list[Shard]:
    by_id = {shard.shard_id: shard for shard in shards}
    named = {*(shard_ids or ()), *(goal.checkpoints if isinstance(goal, Exact) else ())}
    missing = sorted(named - by_id.keys())
    if missing:
        raise NotFoundError(
            f"shard {missing[0]} of {work.target.project}/{work.target.logstore} does not exist",
            code="shard_not_exist",
            sls_error_code="ShardNotExist",
            hint=f"Its shards are {', '.join(map(str, sorted(by_id)))}. Nothing was written.",
        )
    return [by_id[shard_id] for shard_id in sorted(by_id.keys() if shard_ids is None else set(shard_ids))]


def _aim(
    work: Work,
    group: GroupObservation,
    shards: Sequence[Shard],
    goal: Goal,
    given: Mapping[int, str],
    rules: Rules,
    *,
    lean: bool,
) -> tuple[list[Move | ShardResult], dict[int, int]]:
    seen = observe_for_goal(work, group, shards, goal, given, lean=lean)
    ends = {one.shard.shard_id: one.end for one in seen if one.end_is_known}
    return [plan_shard(one, goal, given.get(one.shard.shard_id), rules) for one in seen], ends


def _moves(results: Sequence[Move | ShardResult]) -> list[Move]:
    return [result for result in results if isinstance(result, Move)]


def _plan(work: Work, group: GroupObservation, results: Sequence[Move | ShardResult], goal: Goal) -> OperationPlan:
    moves = _moves(results)
    concerned = [group.checkpoint(move.shard) for move in moves]
    liveness = judge_group(work, group.attributes, concerned, group.server_unix) if moves else None
    generations = lineage(group.shards) if group.attributes.in_order else ()
    return OperationPlan(
        moves=tuple(moves),
        stays=tuple(result for result in results if isinstance(result, ShardResult)),
        liveness=liveness,
        generations=generations,
        known_shards=tuple(shard.shard_id for shard in group.shards),
        notices=(
            *goal_notices(goal),
            *_expiring(group, moves),
            *_without_a_position(moves),
            *order_notice(moves, generations),
        ),
    )


def _expiring(group: GroupObservation, moves: Sequence[Move]) -> tuple[Notice, ...]:
    soon = iso_utc(group.server_unix + _SOON_S)
    expiring = sorted((move.expires_at, move.shard) for move in moves if move.expires_at and move.expires_at < soon)
    if not expiring:
        return ()
    at, shard = expiring[0]
    told = f"what is to be read next passes retention from {at} on (shard {shard} first): be consuming by then"
    return (Notice("target_expires", told),)


def _without_a_position(moves: Sequence[Move]) -> tuple[Notice, ...]:
    shards = [str(move.shard) for move in moves if not move.restorable]
    if not shards:
        return ()
    told = f"no readable position to go back to on shards {', '.join(shards)}: undo cannot restore them"
    return (Notice("no_position_before", told),)
