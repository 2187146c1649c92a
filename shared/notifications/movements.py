"""Shards in words and numbers: how far they went, and what became of those that are not as wanted."""

from collections.abc import Iterable, Sequence

from shared.positions import duration, unix_of
from shared.results import Position, Result, ShardResult

MAX_REMARKS = 8
"""Different things that are told of single shards; what is beyond stands in the result alone."""

_WAYS = {
    ("backward", "moved"): ("went back", "come again"),
    ("backward", "planned"): ("would go back", "would come again"),
    ("forward", "moved"): ("went forward", "are skipped"),
    ("forward", "planned"): ("would go forward", "would be skipped"),
    ("none", "moved"): ("got a checkpoint", ""),
    ("none", "planned"): ("would get a checkpoint", ""),
}
# What a person has to look at comes first.
_STATUSES = {
    "failed": "failed",
    "conflict": "not moved, in conflict",
    "not_attempted": "not attempted",
    "skipped": "left out",
    "moved": "moved",
    "planned": "to be moved",
    "unchanged": "as before",
    "read": "",
}
_ALWAYS_TOLD = frozenset({"failed", "conflict", "not_attempted", "skipped"})


def movement_lines(result: Result) -> list[str]:
    """Return what moved, or would move, one line for each way; and how many shards stay."""
    lines = []
    for (direction, status), (verb, effect) in _WAYS.items():
        shards = [s for s in result.shards if (s.direction, s.status) == (direction, status)]
        if shards:
            lines.append(_movement(shards, verb, effect))
    staying = [s for s in result.shards if s.status == "unchanged"]
    if staying:
        lines.append(f"{_counted(staying)} {'stays' if len(staying) == 1 else 'stay'} as it was.")
    return lines


def remark_lines(result: Result) -> list[str]:
    """Return what is to be said of single shards, what went wrong first; shards of which the same is true, together."""
    remarks: dict[tuple[str, str], list[int]] = {}
    for shard in sorted(result.shards, key=lambda shard: list(_STATUSES).index(shard.status)):
        why = (shard.error.message if shard.error else None) or shard.note or ""
        if why or shard.status in _ALWAYS_TOLD:
            remarks.setdefault((shard.status, why), []).append(shard.shard)
    told = [
        f"{named_shards(shards)} {_STATUSES[status]}".rstrip() + (f": {why}" if why else "")
        for (status, why), shards in list(remarks.items())[:MAX_REMARKS]
    ]
    left = [shard for shards in list(remarks.values())[MAX_REMARKS:] for shard in shards]
    return [*told, f"{named_shards(left)}: see the result"] if left else told


def attribute_lines(result: Result) -> list[str]:
    """Return what became, or would become, of the group's attributes in one line; none if they stay."""
    change = result.consumer_group
    if change is None or change.before == change.after:
        return []
    verb = "would become" if result.status == "planned" else "became"
    before, after = change.before, change.after
    timeout = f"timeout {before.timeout} s {verb} {after.timeout} s" if before.timeout != after.timeout else ""
    order = f"order {before.order} {verb} {after.order}".lower() if before.order != after.order else ""
    return [f"Attributes: {', '.join(filter(None, (timeout, order)))}."]


def _movement(shards: Sequence[ShardResult], verb: str, effect: str) -> str:
    distances = [_seconds_between(s.before.time, s.after.time) for s in shards if s.after is not None]
    known = [distance_s for distance_s in distances if distance_s is not None]
    far = f" by up to {duration(max(known))}" if known else ""
    return f"{_counted(shards)} {verb}{far}{_log_groups(shards, effect)}.{_times(shards)}"


def _log_groups(shards: Iterable[ShardResult], effect: str) -> str:
    counts = [s.log_groups for s in shards]
    known = [abs(count) for count in counts if count is not None]
    if not known or not effect:
        return ""
    return f": {'at least ' if len(known) < len(counts) else ''}{sum(known)} log groups {effect}"


def _times(shards: Sequence[ShardResult]) -> str:
    before, after = _span(s.before for s in shards), _span(s.after for s in shards)
    told = [f"{word} {span}" for word, span in (("before", before), ("after", after)) if span]
    return f" Last consumed, by receive time: {', '.join(told)}." if told else ""


def _span(positions: Iterable[Position | None]) -> str:
    times = sorted({position.time for position in positions if position and position.time})
    return times[0] if len(times) == 1 else " - ".join((times[0], times[-1])) if times else ""


def _seconds_between(before: str | None, after: str | None) -> float | None:
    if before is None or after is None:
        return None
    return abs(unix_of(after) - unix_of(before))


def _counted(shards: Sequence[ShardResult]) -> str:
    noun = "shard" if len(shards) == 1 else "shards"
    return f"{len(shards)} {noun} ({_ranges(s.shard for s in shards)})"


def named_shards(shards: Sequence[int]) -> str:
    """Return shards as a sentence begins with them: "shard 7", "shards 0-3, 7"."""
    return f"{'shard' if len(shards) == 1 else 'shards'} {_ranges(shards)}"


def _ranges(shards: Iterable[int]) -> str:
    """Return shard ids as a person writes them: "0-3, 7"."""
    runs: list[tuple[int, int]] = []
    for shard in sorted(shards):
        if runs and shard == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], shard)
        else:
            runs.append((shard, shard))
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
