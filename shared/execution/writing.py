"""Writing checkpoints, one call a shard: in waves, each after a fresh look, and none when time runs out.

SLS has no compare-and-set: what a consumer commits between the look and the write of a wave is written over, and
nothing tells. So that moment is kept short. A wave is at most one pool wide, and all of it is sent at once. The next
begins when the last answer of this one is there; its look is taken meanwhile, and taken again if it has then waited
for longer than it took (20 ms at the least, 250 ms at the most). So a wave begins within twice the time of a look, or
within that time and 20 ms if this is more, after SLS was asked how the shards stand. A write that has to be sent again
is looked at right before that, by itself.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

from shared.errors import RewindError
from shared.execution.invocation import CLOSING_TIME_S, Work
from shared.execution.observing import read_checkpoints
from shared.execution.parallel import POOL_WIDTH, Aside, in_parallel
from shared.frozen import frozen
from shared.moves import Move
from shared.planning.outcomes import Attempt, Attempts, Standing, standing_of
from shared.planning.plans import OperationPlan
from shared.sls.errors import SlsError
from shared.sls.models import ShardCheckpoint
from shared.sls.retries import MAX_TRIES, pause_s

Found = Mapping[int, ShardCheckpoint]

# Threads may wake up so late; without it quick networks would be asked twice by chance.
_SHORTEST_WAIT_S = 0.02
# A look that was refused and tried again takes long, and what it saw does not keep for as long.
_LONGEST_WAIT_S = 0.25
_WRITTEN = ("written", "seen")


@frozen
class Look:
    """The checkpoints as they were at a moment.

    Attributes:
        found: By shard.
        took_s: Seconds from the call to its answer.
        left_s: What was left of the invocation's time when the answer came.
    """

    found: Found
    took_s: float
    left_s: float


def look_at(work: Work) -> Look:
    """Return the group's checkpoints as they are now."""
    begun_s = work.invocation.remaining_s()
    found, _ = read_checkpoints(work)
    left_s = work.invocation.remaining_s()
    return Look(found, begun_s - left_s, left_s)


def write_moves(
    work: Work, plan: OperationPlan, *, seen: Look | None = None, moved_before: Collection[int] = ()
) -> Attempts:
    """Write the plan's moves and return how each was answered.

    A wave that failed as a whole is the last one: what refuses all of it would refuse the rest. No child is written
    while the write of a shard of an older generation has failed.

    Args:
        work: The command at hand.
        plan: What to write.
        seen: The look that was taken last, if there was one: the first wave needs no other if it is fresh.
        moved_before: Shards that an earlier attempt is known to have moved; they are not written again.
    """
    # What an earlier attempt wrote is told of as written, however far this one gets.
    done = [m.shard for m in plan.moves if m.shard in moved_before or (seen is not None and _is_done(m, seen.found))]
    attempts: dict[int, Attempt] = dict.fromkeys(done, "done")
    for generation in _generations(plan):
        left = [move for move in generation if move.shard not in attempts]
        attempts |= _write_generation(work, plan, left, seen)
        seen = None
        if _any_failed(attempts, generation):
            break
    return attempts


def _is_done(move: Move, seen: Found) -> bool:
    return standing_of(move, seen.get(move.shard)) == "done"


def _any_failed(attempts: Attempts, moves: Sequence[Move]) -> bool:
    return any(isinstance(attempts.get(move.shard), RewindError) for move in moves)


def _generations(plan: OperationPlan) -> Iterator[Sequence[Move]]:
    if not plan.force:
        # Without force SLS refuses shards that the named consumer does not hold. Such a one goes first and alone, if
        # there is any: then the command is refused before it is half done.
        ordered = sorted(plan.moves, key=lambda move: move.holder == plan.consumer)
        yield from (ordered[:1], ordered[1:])
        return
    for generation in plan.generations or [frozenset(move.shard for move in plan.moves)]:
        yield [move for move in plan.moves if move.shard in generation]


def _chunks(moves: Sequence[Move]) -> Iterator[Sequence[Move]]:
    for start in range(0, len(moves), POOL_WIDTH):
        yield moves[start : start + POOL_WIDTH]


def _write_generation(work: Work, plan: OperationPlan, moves: Sequence[Move], seen: Look | None) -> dict[int, Attempt]:
    attempts: dict[int, Attempt] = {}
    waves = list(_chunks(moves))
    look: Callable[[], Look] = lambda: seen or _look_in_time(work)  # noqa: E731 -- the first of several
    for wave in waves:
        try:
            found = _fresh(work, look).found
        except RewindError as error:
            return attempts | {wave[0].shard: error}
        following = Aside(partial(_look_in_time, work))
        answers = _write_wave(work, plan, wave, found, beside=[following] if wave is not waves[-1] else [])
        attempts |= answers
        if _has_failed_as_a_whole(answers):
            break
        look = following.result
    return attempts


def _look_in_time(work: Work) -> Look:
    work.check_time()
    return look_at(work)


def _fresh(work: Work, look: Callable[[], Look]) -> Look:
    """Return a look, taken again if it has waited for too long."""
    taken = look()
    waited_s = taken.left_s - work.invocation.remaining_s()
    keeps_s = min(max(taken.took_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S)
    return taken if waited_s <= keeps_s else _look_in_time(work)


def _write_wave(
    work: Work, plan: OperationPlan, moves: Sequence[Move], found: Found, *, beside: Sequence[Aside[Look]]
) -> dict[int, Attempt]:
    """Write what still stands where it did, all at once, and return how each move was answered once all are."""
    standings = {move.shard: standing_of(move, found.get(move.shard)) for move in moves}
    told: dict[int, Attempt] = {shard: standing for shard, standing in standings.items() if standing != "open"}
    to_write = [move for move in moves if move.shard not in told]
    answers = in_parallel([partial(_write, work, plan, move) for move in to_write], beside=beside)
    return told | {move.shard: answer for move, answer in zip(to_write, answers, strict=True)}


def _has_failed_as_a_whole(attempts: Attempts) -> bool:
    answers = attempts.values()
    return any(isinstance(one, RewindError) for one in answers) and not any(one in _WRITTEN for one in answers)


def _write(work: Work, plan: OperationPlan, move: Move) -> Attempt:
    """Write one checkpoint.

    One that SLS refused for now, or whose answer was lost, is looked at after a pause, and written again only if it
    is as it was.
    """
    answer = _send(work, plan, move)
    for tried in range(1, MAX_TRIES):
        if not isinstance(answer, SlsError) or not (answer.may_have_taken_effect or answer.retryable):
            return answer
        after_s = max(pause_s(tried, work.invocation.random()), answer.retry_after_s or 0)
        standing = _look_again(work, move, after_s=after_s)
        if standing is None:
            return answer
        if standing != "open":
            return _instead(answer, standing)
        answer = _send(work, plan, move)
    return answer


def _instead(answer: SlsError, standing: Literal["done", "conflict"]) -> Attempt:
    """Return what a write came to that is not made again."""
    if not answer.may_have_taken_effect:
        return standing
    return "seen" if standing == "done" else answer


def _send(work: Work, plan: OperationPlan, move: Move) -> Attempt:
    try:
        work.check_time()
        work.writer.update_checkpoint(
            work.target.logstore,
            work.group,
            shard_id=move.shard,
            checkpoint=move.after.checkpoint,
            consumer=plan.consumer,
            force=plan.force,
            retried=False,
        )
    except RewindError as error:
        return error
    return "written"


def _look_again(work: Work, move: Move, *, after_s: float) -> Standing | None:
    """Return how a move stands after a pause; None if there is no time for one, or that cannot be read."""
    if work.invocation.remaining_s() - after_s < CLOSING_TIME_S:
        return None
    work.invocation.sleep(after_s)
    try:
        return standing_of(move, read_checkpoints(work)[0].get(move.shard))
    except RewindError:
        return None
