"""seek, rewind, skip, undo and the direct updates: from the command to its plan."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo

from shared.commands import UpdateCheckpoint, UpdateConsumerGroup
from shared.errors import InvalidCommandError, NotFoundError, RefusedError
from shared.execution.attributes import attributes_of, plan_attributes, plan_change, wrote_attributes
from shared.execution.goal_plans import plan_goal
from shared.execution.invocation import Work
from shared.execution.journaling import taken
from shared.execution.observing import observe_group, read_attributes
from shared.execution.performing import recorded_plan
from shared.goals import AsOf, AtTime, CopyOf, End, Exact, Goal, counts_from_an_instant, read_goal, read_instant
from shared.journal.history import positions_as_of
from shared.journal.operations import Operation
from shared.moves import Move
from shared.operation_commands import Moving, Undo
from shared.planning.aims import Rules, Way
from shared.planning.plans import OperationPlan
from shared.planning.standing import position_of
from shared.positions import duration, iso_utc
from shared.results import AttributeChange, Attributes, Notice, Position, ShardResult

_WAYS: Mapping[str, Way] = {"seek": "both", "rewind": "backward", "skip": "forward"}
_OPPOSITE: Mapping[str, Way] = {"backward": "forward", "forward": "backward"}
# Clocks differ a little; a time that is not yet by less than this is the present.
_SKEW_S = 2


def plan_command(work: Work) -> OperationPlan | None:
    """Return the plan of a command that plans; None for every other.

    Raises:
        RewindError: It cannot be planned; nothing was written.
    """
    command = work.command
    if isinstance(command, UpdateConsumerGroup):
        return plan_attributes(work, command)
    if isinstance(command, UpdateCheckpoint):
        given = command.wanted()
        plan = plan_goal(
            work, observe_group(work), Exact(given), given, list(given), Rules(can_clamp=False), lean=command.is_write
        )
        return replace(plan, consumer=command.consumer, force=command.force)
    if isinstance(command, Moving):
        return _plan_moving(work, command)
    return plan_undo(work, command) if isinstance(command, Undo) else None


def _plan_moving(work: Work, command: Moving) -> OperationPlan:
    # First, so that what counts from now counts from SLS's own time where this machine's clock is wrong.
    group = observe_group(work)
    goal = _goal(work, command)
    given, notices = _given(work, goal)
    rules = Rules(way=_WAYS[command.action], on_expired=command.on_expired)
    plan = plan_goal(work, group, goal, given, command.shards, rules, lean=command.is_write)
    return replace(plan, notices=(*plan.notices, *notices))


def _goal(work: Work, command: Moving) -> Goal:
    zone = default_zone(work)
    try:
        anchor_unix = _anchor_unix(work) if command.at is None else read_instant(command.at, default_zone=zone)
    except ValueError as error:
        raise InvalidCommandError([f"at: {error}"]) from error
    try:
        goal = read_goal(command.to, anchor_unix=anchor_unix, default_zone=zone)
        is_relative = command.at is None and counts_from_an_instant(command.to)
        work.counted_from_unix = anchor_unix if is_relative else None
    except ValueError as error:
        raise InvalidCommandError([f"to: {error}"]) from error
    if isinstance(goal, End) and command.at is None and work.was_sent_before:
        # The end as it was then: what came since is not skipped because the first try failed.
        goal = AtTime(int(anchor_unix))
    times = {"at": anchor_unix, "to": goal.unix if isinstance(goal, AtTime | AsOf) else 0}
    problems = [f"{name}: lies in the future" for name, unix in times.items() if unix > work.now_unix + _SKEW_S]
    if problems:
        raise InvalidCommandError(problems, hint='Say "end" for everything that was received until now.')
    return goal


def _anchor_unix(work: Work) -> float:
    return work.now_unix if work.anchor_unix is None else work.anchor_unix


def default_zone(work: Work) -> tzinfo | None:
    """Return the zone of times that name none; None if policy sets none, and they are refused."""
    return work.invocation.policy.default_zone()


def _given(work: Work, goal: Goal) -> tuple[Mapping[int, str], tuple[Notice, ...]]:
    """Return the goal's own checkpoints by shard, and what to know of them."""
    if isinstance(goal, Exact):
        return goal.checkpoints, ()
    if isinstance(goal, CopyOf):
        return _copied(work, goal)
    return _as_of(work, goal) if isinstance(goal, AsOf) else ({}, ())


def _copied(work: Work, goal: CopyOf) -> tuple[Mapping[int, str], tuple[Notice, ...]]:
    found = work.client.get_checkpoints(work.target.logstore, goal.consumer_group).value
    without = [str(checkpoint.shard_id) for checkpoint in found if not checkpoint.checkpoint]
    given = {checkpoint.shard_id: checkpoint.checkpoint for checkpoint in found if checkpoint.checkpoint}
    told = f"{goal.consumer_group} has no checkpoint on shards {', '.join(without)}: they stay"
    return given, (Notice("not_matched", told),) if without else ()


def _as_of(work: Work, goal: AsOf) -> tuple[Mapping[int, str], tuple[Notice, ...]]:
    fold = work.required_journal().catch_up()
    known = positions_as_of(fold, work.journal_group, goal.unix)
    if not known:
        raise RefusedError(
            f"the journal's last 72 hours know no position of {work.target} at or before {iso_utc(goal.unix)}",
            code="nothing_journaled",
            hint="Run snapshot on a timer, every five minutes say; or give a time, which means when data was received.",
        )
    oldest = min(unix for unix, _ in known.values())
    told = (
        f"as of {iso_utc(goal.unix)}, by what the journal knew at {iso_utc(oldest)}: what was consumed in the "
        f"{duration(goal.unix - oldest)} between is consumed again"
    )
    return {shard: checkpoint for shard, (_, checkpoint) in known.items()}, (Notice("as_of_gap", told),)


def find_operation(work: Work, operation_id: str) -> Operation:
    """Return what the journal knows of an operation on this group.

    Raises:
        NotFoundError: It knows none of that id on this group.
        RefusedError: No journal is set.
    """
    op = work.required_journal().catch_up().operations.get(operation_id)
    if op is None or op.started.group != work.journal_group or op.state == "lost":
        raise NotFoundError(
            f"the journal's last 72 hours know no such operation on {work.target}",
            code="operation_not_found",
            hint="history shows which there are.",
        )
    return op


def plan_undo(work: Work, command: Undo) -> OperationPlan:
    """Return the plan that takes an operation back.

    Raises:
        NotFoundError: The journal does not know it.
        RefusedError: It is not over yet, or a position has expired.
        PolicyDeniedError: A limit is exceeded.
    """
    op = find_operation(work, command.operation_id)
    if op.is_open:
        raise taken(work, op)
    done = recorded_plan(op)
    if done.attributes is not None:
        return _plan_undo_of_attributes(work, op, done.attributes)
    return _plan_undo_of_moves(work, command, op, done)


def _plan_undo_of_attributes(work: Work, op: Operation, change: AttributeChange) -> OperationPlan:
    now, operation_id = attributes_of(read_attributes(work)), op.started.operation_id
    if not wrote_attributes(op, change):
        return plan_change(now, now, undoes=operation_id)
    timeout, order = change.before.timeout != change.after.timeout, change.before.order != change.after.order
    back = Attributes(
        change.before.timeout if timeout else now.timeout,
        change.before.order if order else now.order,
    )
    if back == now:
        return plan_change(now, now, undoes=operation_id)
    if (timeout and now.timeout != change.after.timeout) or (order and now.order != change.after.order):
        raise RefusedError(
            f"what operation {operation_id} wrote was changed since; taking it back would undo that instead",
            code="changed_since_plan",
            hint="update_consumer_group writes the values you want; describe shows those there are.",
        )
    return plan_change(now, back, undoes=operation_id)


def _plan_undo_of_moves(work: Work, command: Undo, op: Operation, done: OperationPlan) -> OperationPlan:
    # Left out is only what is known not to have been written.
    moves = [move for move in done.moves if op.finished is None or move.shard in op.moved | op.unsure]
    later = _moved_since(work, op)
    lost = tuple(_stays(move, reason) for move in moves if (reason := _why_it_stays(move, later)))
    moves = [move for move in moves if not _why_it_stays(move, later)]
    given = {move.shard: move.before.checkpoint for move in moves}
    if not given:
        return OperationPlan(stays=lost, undoes=command.operation_id)
    ways = {move.shard: _OPPOSITE.get(move.direction, "both") for move in moves}
    rules = Rules(on_expired=command.on_expired, ways=ways, leaves_impossible=True)
    plan = plan_goal(work, observe_group(work), Exact(given), given, list(given), rules, lean=command.is_write)
    never = {move.shard for move in moves if move.shard not in op.moved and _is_short_of(move, plan)}
    stays = tuple(
        _stays(move, "stays: it stands where the operation had not come yet") for move in moves if move.shard in never
    )
    kept = tuple(move for move in plan.moves if move.shard not in never)
    return replace(plan, moves=kept, stays=(*plan.stays, *lost, *stays), undoes=command.operation_id)


def _moved_since(work: Work, op: Operation) -> dict[int, str]:
    """Return, by shard, why a later operation of ours keeps this one from being taken back there."""
    group = work.required_journal().fold.of_group(work.journal_group)
    later: dict[int, str] = {}
    for other in group[group.index(op) + 1 :]:
        name = other.started.operation_id
        undoes_it = other.plan.get("undoes") == op.started.operation_id
        told = (
            f"taken back already, by operation {name}"
            if undoes_it
            else f"operation {name} moved it since: undo that first"
        )
        later |= dict.fromkeys(other.moved | other.unsure, f"stays: {told}")
    return later


def _why_it_stays(move: Move, later: Mapping[int, str]) -> str | None:
    if move.shard in later:
        return later[move.shard]
    if not move.before.checkpoint:
        return "had no checkpoint before: not restorable"
    if position_of(move.before.checkpoint) is None:
        return "had no position before: not restorable"
    return None


def _stays(move: Move, reason: str) -> ShardResult:
    return ShardResult(move.shard, "skipped", Position(move.after.checkpoint), note=reason)


def _is_short_of(move: Move, plan: OperationPlan) -> bool:
    """Return whether a shard that was to go forward stands where it would have been behind it by now."""
    now = next((position_of(one.before.checkpoint) for one in plan.moves if one.shard == move.shard), None)
    after = position_of(move.after.checkpoint)
    return move.direction == "forward" and now is not None and after is not None and now < after
