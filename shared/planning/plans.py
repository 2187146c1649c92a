"""A plan: exactly what an operation will write, what it leaves alone, and what to know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cache

from pydantic import TypeAdapter

from shared.errors import PolicyDeniedError, RefusedError
from shared.frozen import as_plain, frozen
from shared.goals import AtTime, Goal
from shared.moves import Move, move_record, read_moves
from shared.planning.liveness import HOW_TO_STOP, NOT_IN_EFFECT, Liveness
from shared.policy.rules import Limits
from shared.positions import duration, iso_utc
from shared.results import AttributeChange, Notice, ShardResult

RECEIVED = (
    "a time means when SLS received the data, not when it was consumed; if the group lagged then, go back further by "
    "that lag"
)


@frozen
class OperationPlan:
    """What an operation will do.

    Attributes:
        moves: The checkpoints to write, by shard id.
        stays: The shards that it leaves alone, and why.
        attributes: The group's attributes before and after; None if they are not its business.
        liveness: What the checkpoints of the moves' shards said of consumers; None if none is moved.
        notices: What the caller should know.
        undoes: The operation that it takes back; "" if none.
        consumer: On whose behalf it writes; None for nobody's.
        force: Whether it writes whoever holds the shard.
        generations: Shards in the order in which they are to be written, parents first; empty if that is no matter.
        known_shards: The Logstore's shards when the plan was made; empty if it moves none.
        goal_unix: The instant that its goal stands for, in Unix seconds; None where that is no time; not journaled.
        ends: By shard id, the position behind its newest log group, as far as that was asked for; not journaled.
    """

    moves: tuple[Move, ...] = ()
    stays: tuple[ShardResult, ...] = ()
    attributes: AttributeChange | None = None
    liveness: Liveness | None = None
    notices: tuple[Notice, ...] = ()
    undoes: str = ""
    consumer: str | None = None
    force: bool = True
    generations: tuple[frozenset[int], ...] = ()
    known_shards: tuple[int, ...] = ()
    goal_unix: int | None = None
    ends: Mapping[int, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        change = self.attributes
        return not self.moves and (change is None or change.before == change.after)

    def in_order(self, results: Sequence[ShardResult]) -> tuple[ShardResult, ...]:
        """Return results of the moves together with the shards that stay, by shard id."""
        return tuple(sorted((*results, *self.stays), key=lambda shard: shard.shard))


def plan_record(plan: OperationPlan) -> dict[str, object]:
    """Return a plan as the journal keeps it: what to write and on whose behalf."""
    return {
        "moves": [move_record(move) for move in plan.moves],
        "stays": [as_plain(shard) for shard in plan.stays],
        "generations": [sorted(generation) for generation in plan.generations],
        "known_shards": list(plan.known_shards),
        "attributes": as_plain(plan.attributes) if plan.attributes else None,
        "undoes": plan.undoes,
        "consumer": plan.consumer,
        "force": plan.force,
    }


def read_plan(record: object) -> OperationPlan:
    """Return the plan that the journal kept; what a newer version added to it is passed over.

    Raises:
        ValueError: The record is not one of a plan.
    """
    if not isinstance(record, dict) or not {"moves", "attributes"} <= record.keys():
        raise ValueError("not the record of a plan")
    return _reader().validate_python({**record, "moves": read_moves(record["moves"])})


@cache
def _reader() -> TypeAdapter[OperationPlan]:
    # Made when first needed: most cold starts read no journal.
    return TypeAdapter(OperationPlan)


def check_limits(moves: Sequence[Move], limits: Limits) -> None:
    """Let moves pass that policy's limits allow.

    Raises:
        PolicyDeniedError: They go beyond a limit; names it, and how to lift it.
    """
    if len(moves) > limits.max_shards:
        raise beyond("max_shards", f"{len(moves)} shards would be written, {limits.max_shards} are allowed")
    for direction, name, allowed_s in (
        ("backward", "max_rewind", limits.max_rewind_s),
        ("forward", "max_skip", limits.max_skip_s),
    ):
        going = [move for move in moves if move.direction == direction]
        unknown = [move.shard for move in going if move.distance_s is None]
        if unknown:
            raise beyond(name, f"how far shard {unknown[0]} would go is not known: its log groups expired meanwhile")
        far = [move for move in going if (move.distance_s or 0) > allowed_s]
        if far:
            furthest = max(far, key=lambda move: move.distance_s or 0)
            raise beyond(
                name,
                f"shard {furthest.shard} would go {direction} by {duration(furthest.distance_s or 0)} of receive time, "
                f"{duration(allowed_s)} are allowed ({len(far)} shards are beyond that)",
            )


def beyond(name: str, message: str) -> PolicyDeniedError:
    """Return the refusal of what goes beyond a limit: names it, and how to lift it."""
    return PolicyDeniedError(
        f"{name}: {message}",
        code="limit_exceeded",
        hint=f"Raise {name} under [limits] in policy.toml, and in the [[rules]] entry that matched if it names it.",
    )


def check_liveness(liveness: Liveness | None, *, allow_active: bool, more: str = "") -> None:
    """Let a write pass that no consumer would undo at once.

    Args:
        liveness: None where nobody can consume what is written.
        allow_active: Whether it is to pass all the same.
        more: What else the refusal's hint is to say.

    Raises:
        RefusedError: Somebody is consuming, and that was not allowed.
    """
    if liveness is None or liveness.state != "active" or allow_active:
        return
    raise RefusedError(
        f"somebody is consuming: {'; '.join(liveness.evidence[:4])}",
        code="active_consumers",
        hint=f"{HOW_TO_STOP[0].upper()}{HOW_TO_STOP[1:]} (free at {liveness.free_at} if nothing more is written); "
        f"wait_free_s waits for that, allow_active writes all the same.{more}",
    )


def goal_notices(goal: Goal) -> tuple[Notice, ...]:
    """Return what a goal's meaning asks to be said: the resolved instant, and what it means."""
    if not isinstance(goal, AtTime):
        return ()
    return (Notice("receive_time", f"to is {iso_utc(goal.unix)}: {RECEIVED}"),)


def order_notice(moves: Sequence[Move], generations: Sequence[frozenset[int]]) -> tuple[Notice, ...]:
    """Return the warning that the order across splits and merges is lost where several generations go back at once.

    SLS holds a child back only until it is first consumed, and no write of a checkpoint leads back to that.

    Args:
        moves: What the plan moves.
        generations: The shards of a group that consumes parents before children; empty for others.

    Source: reference sls-api.md sections 2.7 and 7.2.
    """
    back = {move.shard for move in moves if move.direction == "backward"}
    parts = [sorted(generation & back) for generation in generations if generation & back]
    if len(parts) < 2:  # noqa: PLR2004 -- a generation, and one that follows it
        return ()
    told = (
        "order=true, and parents go back together with their children: children that were consumed before do not wait "
        "for their parents again, so that all are consumed side by side. To have them in order, send this for one "
        "generation after the other, each consumed to its end before the next: shards "
        f"{', then '.join(map(str, parts))}"
    )
    return (Notice("order_across_splits", told),)


def effect_notice(liveness: Liveness | None, *, written: bool) -> tuple[Notice, ...]:
    """Return the warning that a write is not in effect while consumers hold the shards; none if they are free."""
    if liveness is None or liveness.state == "free":
        return ()
    told = NOT_IN_EFFECT if written else NOT_IN_EFFECT.replace("Written", "Would be written")
    return (Notice("not_in_effect", f"{told}: {'; '.join(liveness.evidence[:4])}. To be safe: {HOW_TO_STOP}."),)
