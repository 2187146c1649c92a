"""A move: one shard's checkpoint from where it is to where it is to be; what plans, journal and results share."""

from functools import cache

from pydantic import TypeAdapter

from shared.cursors import decode_cursor
from shared.frozen import as_plain, frozen
from shared.results import Direction, Position, ShardResult, ShardStatus


@frozen
class Move:
    """One shard's checkpoint from before to after.

    Attributes:
        shard: Shard id.
        before: Where the checkpoint is.
        after: Where it is to be.
        direction: Which way that is; none if it stays, or if there was no readable position before.
        log_groups: After minus before, in log groups; None if there was no readable position before.
        distance_s: Receive time between before and after, as policy's limits measure it; an upper bound where that is
            enough; None if it is not known.
        holder: The consumer that holds the shard; "" for nobody.
        updated_unix_us: When the checkpoint before was written, in microseconds; 0 if never.
        expires_at: When the log group at `after` passes retention, ISO-8601; None if it is not known or never does.
        note: What a person should know, or None.
        restorable: Whether the position before can still be read from, so that going back there makes sense.
    """

    shard: int
    before: Position
    after: Position
    direction: Direction
    log_groups: int | None
    distance_s: int | None
    holder: str = ""
    updated_unix_us: int = 0
    expires_at: str | None = None
    note: str | None = None
    restorable: bool = True

    def result(self, status: ShardStatus, *, after: Position | None = None, note: str | None = None) -> ShardResult:
        """Return what became of the move in the form that results carry."""
        return ShardResult(
            shard=self.shard,
            status=status,
            before=self.before,
            direction=self.direction,
            after=after or self.after,
            log_groups=self.log_groups,
            note=note or self.note,
        )

    def reversed(self) -> "Move":
        """Return the move that takes this one back."""
        back: Direction = {"backward": "forward", "forward": "backward", "none": "none"}[self.direction]  # type: ignore[assignment]  # each is a Direction
        steps = None if self.log_groups is None else -self.log_groups
        return Move(self.shard, self.after, self.before, back, steps, self.distance_s, self.holder)


def move_record(move: Move) -> dict[str, object]:
    """Return a move as the journal keeps it."""
    record: dict[str, object] = as_plain(move)
    return record


def read_moves(record: object) -> tuple[Move, ...]:
    """Return the moves that the journal kept; what a newer version added to them is passed over.

    Raises:
        ValueError: The record is not one of moves, each of a shard of its own and to a position.
    """
    moves = _reader().validate_python(record)
    if len({move.shard for move in moves}) < len(moves):
        raise ValueError("two moves of one shard")
    for move in moves:
        decode_cursor(move.after.checkpoint)
    return moves


@cache
def _reader() -> TypeAdapter[tuple[Move, ...]]:
    # Made when first needed: most cold starts read no journal.
    return TypeAdapter(tuple[Move, ...])
