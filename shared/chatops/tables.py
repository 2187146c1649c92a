"""Tables of a card: what is most worth seeing first, the rest in one last row."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, TypeVar

from shared.chatops.prose import fitting
from shared.results import Position, Result, ShardResult

MAX_ROWS = 12
CELL_CHARS = 40

Row: TypeAlias = tuple[str, ...]
Table: TypeAlias = tuple[Row, ...]
Item = TypeVar("Item")

_HEADER = ("shard", "what", "log groups", "from (UTC)", "to (UTC)")
# What a person has to look at comes first.
_STATUSES = ("failed", "conflict", "not_attempted", "moved", "planned", "skipped", "unchanged", "read")
_WORDS = {
    ("planned", "backward"): "back",
    ("planned", "forward"): "forward",
    ("planned", "none"): "gets a position",
    ("moved", "backward"): "went back",
    ("moved", "forward"): "went forward",
    ("moved", "none"): "got a position",
}
_STAYING = {"unchanged": "as before", "skipped": "left out", "not_attempted": "not attempted"}
_MOVING = frozenset({"planned", "moved"})


def table_of(
    header: Row, items: Sequence[Item], row: Callable[[Item], Row], sum_up: Callable[[Sequence[Item]], Row]
) -> Table:
    """Return a table of at most twelve rows under its header, the last of which sums up what is beyond; () for none.

    Args:
        header: Names of the columns.
        items: What it is about, most worth seeing first.
        row: Makes the cells of one.
        sum_up: Makes the cells of many.
    """
    if not items:
        return ()
    shown = items if len(items) <= MAX_ROWS else items[: MAX_ROWS - 1]
    rest = items[len(shown) :]
    rows = [header, *map(row, shown), *([sum_up(rest)] if rest else [])]
    return tuple(tuple(fitting(cell, CELL_CHARS) for cell in cells) for cells in rows)


def shard_table(result: Result) -> Table:
    """Return what became, or would become, of each shard: what went wrong first, then the largest moves."""
    return table_of(_HEADER, sorted(result.shards, key=_rank), _row, _summed)


def short_time(time: str | None) -> str:
    """Return a time in UTC as a narrow cell: month, day and clock; "" if it is not known."""
    return time[5:19].replace("T", " ") if time else ""


def _rank(shard: ShardResult) -> tuple[int, int, int]:
    return _STATUSES.index(shard.status), -abs(shard.log_groups or 0), shard.shard


def _row(shard: ShardResult) -> Row:
    return str(shard.shard), _word(shard), _log_groups([shard]), _cell(shard.before), _cell(shard.after)


def _summed(shards: Sequence[ShardResult]) -> Row:
    counts = Counter(map(_word, shards))
    told = ", ".join(f"{count} {word}".rstrip() for word, count in counts.most_common())
    return f"{len(shards)} more", told, _log_groups(shards), "", ""


def _word(shard: ShardResult) -> str:
    if shard.status == "read":
        return ""
    return _WORDS.get((shard.status, shard.direction)) or _STAYING.get(shard.status, shard.status)


def _log_groups(shards: Iterable[ShardResult]) -> str:
    return again_and_skipped(shard.log_groups for shard in shards if shard.status in _MOVING)


def again_and_skipped(moved: Iterable[int | None]) -> str:
    """Return how many log groups come again and how many are skipped, each by itself; "" for none of either.

    Args:
        moved: After minus before of each shard; None where it is not known.
    """
    counts = [count for count in moved if count is not None]
    again, skipped = sum(-count for count in counts if count < 0), sum(count for count in counts if count > 0)
    return ", ".join(filter(None, (f"{again} again" if again else "", f"{skipped} skipped" if skipped else "")))


def _cell(position: Position | None) -> str:
    if position is None:
        return ""
    if not position.checkpoint:
        return "never"
    return short_time(position.time)
