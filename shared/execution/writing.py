"""Writing checkpoints, one call a shard: in waves, each after a fresh look, and none when time runs out.

SLS has no compare-and-set. Between the look and the write of a wave, which is one pool wide, a consumer can still
commit; that window is what remains, and `verify` tells when it was hit.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

from shared.errors import RewindError
from shared.execution.invocation import Work
from shared.execution.observing import read_checkpoints
from shared.execution.parallel import POOL_WIDTH, in_parallel
from shared.moves import Move
from shared.planning.outcomes import Attempt, Attempts, Standing, standing_of
from shared.planning.plans import OperationPlan
from shared.sls.errors import SlsError
from shared.sls.models import ShardCheckpoint

Found = Mapping[int, ShardCheckpoint]

_TRIES = 4
_LONGEST_PAUSE_S = 0.5


def write_moves(
    work: Work, plan: OperationPlan, *, seen: Found | None = None, moved_before: Collection[int] = ()
) -> Attempts:
    """Write the plan's moves and return how each was answered.

    A wave that failed as a whole is the last one: what refuses all of it would refuse the rest. No child is written
    while the write of a shard of an older generation has failed.

    Args:
        work: The command at hand.
        plan: What to write.
        seen: The checkpoints, if they were read just now.
        moved_before: Shards that an earlier attempt is known to have moved; they are not written again.
    """
    # What an earlier attempt wrote is told of as written, however far this one gets.
    done = [m.shard for m in plan.moves if m.shard in moved_before or (seen is not None and _is_done(m, seen))]
    attempts: dict[int, Attempt] = dict.fromkeys(done, "done")
    for generation in _generations(plan):
        for wave in _chunks([move for move in generation if move.shard not in attempts]):
            attempts |= _write_wave(work, plan, wave, seen)
            seen = None
            if not _any_written(attempts, wave) and _any_failed(attempts, wave):
                return attempts
        if _any_failed(attempts, generation):
            break
    return attempts


def _is_done(move: Move, seen: Found) -> bool:
    return standing_of(move, seen.get(move.shard)) == "done"


def _any_written(attempts: Attempts, moves: Sequence[Move]) -> bool:
    return any(attempts.get(move.shard) in ("written", "seen") for move in moves)


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


def _write_wave(work: Work, plan: OperationPlan, wave: Sequence[Move], seen: Found | None) -> dict[int, Attempt]:
    try:
        work.check_time()
        found = seen if seen is not None else read_checkpoints(work)[0]
    except RewindError as error:
        return {wave[0].shard: error}
    standings = {move.shard: standing_of(move, found.get(move.shard)) for move in wave}
    still_open = [move for move in wave if standings[move.shard] == "open"]
    answers = in_parallel([partial(_write, work, plan, move) for move in still_open])
    told: dict[int, Attempt] = {shard: standing for shard, standing in standings.items() if standing != "open"}
    return told | {move.shard: answer for move, answer in zip(still_open, answers, strict=True)}


def _write(work: Work, plan: OperationPlan, move: Move) -> Attempt:
    """Write one checkpoint; one whose answer was lost is looked at, and written again only if it is as it was."""
    answer = _send(work, plan, move)
    for tried in range(1, _TRIES):
        if not isinstance(answer, SlsError) or not answer.may_have_taken_effect:
            return answer
        standing = _look_again(work, move, after_s=_LONGEST_PAUSE_S * tried * work.invocation.random())
        if standing != "open":
            return "seen" if standing == "done" else answer
        answer = _send(work, plan, move)
    return answer


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
            repeatable=False,
        )
    except RewindError as error:
        return error
    return "written"


def _look_again(work: Work, move: Move, *, after_s: float) -> Standing | None:
    """Return how a move stands after a pause; None if that cannot be read."""
    try:
        work.check_time()
        work.invocation.sleep(after_s)
        return standing_of(move, read_checkpoints(work)[0].get(move.shard))
    except RewindError:
        return None
