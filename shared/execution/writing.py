"""Writing checkpoints, one call a shard: in waves, each after a fresh look, and none when time runs out.

SLS has no compare-and-set. Between the look and the write of a wave, which is one pool wide, a consumer can still
commit; that window is what remains, and `verify` tells when it was hit.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from shared.errors import RewindError
from shared.execution.invocation import Work
from shared.execution.observing import read_checkpoints
from shared.execution.parallel import POOL_WIDTH, in_parallel
from shared.moves import Move
from shared.planning.outcomes import Attempt, Attempts, standing_of
from shared.planning.plans import OperationPlan
from shared.sls.models import ShardCheckpoint

Found = Mapping[int, ShardCheckpoint]


def write_moves(work: Work, plan: OperationPlan, *, seen: Found | None = None) -> Attempts:
    """Write the plan's moves and return how each was answered.

    A wave that failed as a whole is the last one: what refuses all of it would refuse the rest.

    Args:
        work: The command at hand.
        plan: What to write.
        seen: The checkpoints, if they were read just now.
    """
    attempts: dict[int, Attempt] = {}
    for wave in _waves(plan):
        try:
            work.check_time()
            found = seen if seen is not None else read_checkpoints(work)[0]
        except RewindError as error:
            attempts[wave[0].shard] = error
            break
        seen = None
        standings = {move.shard: standing_of(move, found.get(move.shard)) for move in wave}
        attempts |= {shard: standing for shard, standing in standings.items() if standing != "open"}
        still_open = [move for move in wave if standings[move.shard] == "open"]
        answers = in_parallel([partial(_write, work, plan, move) for move in still_open])
        attempts |= {move.shard: answer for move, answer in zip(still_open, answers, strict=True)}
        if still_open and "written" not in answers:
            break
    return attempts


def _waves(plan: OperationPlan) -> Iterator[Sequence[Move]]:
    if not plan.force:
        # Without force SLS refuses shards that the named consumer does not hold. Such a one goes first and alone, if
        # there is any: then the command is refused before it is half done.
        ordered = sorted(plan.moves, key=lambda move: move.holder == plan.consumer)
        yield ordered[:1]
        yield from _chunks(ordered[1:])
        return
    generations = plan.generations or [frozenset(move.shard for move in plan.moves)]
    for generation in generations:
        yield from _chunks([move for move in plan.moves if move.shard in generation])


def _chunks(moves: Sequence[Move]) -> Iterator[Sequence[Move]]:
    for start in range(0, len(moves), POOL_WIDTH):
        yield moves[start : start + POOL_WIDTH]


def _write(work: Work, plan: OperationPlan, move: Move) -> Attempt:
    try:
        work.check_time()
        work.writer.update_checkpoint(
            work.target.logstore,
            work.group,
            shard_id=move.shard,
            checkpoint=move.after.checkpoint,
            consumer=plan.consumer,
            force=plan.force,
        )
    except RewindError as error:
        return error
    return "written"
