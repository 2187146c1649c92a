"""One Logstore: its shards, how they split and merge, where written data goes."""

import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.local.sls.consumer_groups import ConsumerGroup
from tests.local.sls.errors import ParameterInvalidError
from tests.local.sls.shards import KEY_SPACE, Shard

_DAY_S = 86_400
# Wider than any test's shard is long, so that a cursor of one shard is out of range in every other.
_BASE_STEP = 10_000_000_019


@dataclass(slots=True)
class Logstore:
    """One Logstore; `new_logstore` makes it with its shards.

    Attributes:
        name: Its name.
        ttl_days: How long data is kept; it expires when the stand-in's clock is set, never as real time passes.
        created_unix: When it came to be, in epoch seconds.
        attributes: What else it was created with, in GetLogStore's own keys.
        usable_monotonic_s: When it may first be used, on the monotonic clock.
        shards: The shards by number.
        consumer_groups: The groups by name, in the order of their creation.
        has_index: True once it has an index.
    """

    name: str
    ttl_days: int
    created_unix: int
    attributes: dict[str, Any] = field(default_factory=dict)
    usable_monotonic_s: float = 0.0
    shards: dict[int, Shard] = field(default_factory=dict)
    consumer_groups: dict[str, ConsumerGroup] = field(default_factory=dict)
    has_index: bool = False
    _puts: int = 0

    def writable(self) -> list[Shard]:
        """Return the shards that take data, by their key ranges."""
        return sorted((s for s in self.shards.values() if s.status == "readwrite"), key=lambda shard: shard.begin_key)

    def next_shard(self) -> Shard:
        """Return the shard that gets the next log group sent without a hash key: each in turn."""
        writable = self.writable()
        self._puts += 1
        return writable[(self._puts - 1) % len(writable)]

    def shard_of_key(self, key: int) -> Shard:
        """Return the writable shard whose range a hash key falls in."""
        return next(shard for shard in reversed(self.writable()) if shard.begin_key <= key)

    def expire(self, now_unix: float) -> None:
        """Let data expire that is older than the Logstore keeps it at an instant in epoch seconds."""
        for shard in self.shards.values():
            shard.expire_before(now_unix - self.ttl_days * _DAY_S)

    def split(self, shard_id: int, key: int | None, pieces: int, now_unix: float) -> list[Shard]:
        """Split a shard; return it, readonly from now on, and its children.

        Args:
            shard_id: The shard.
            key: The first key of the second child; None cuts evenly.
            pieces: How many children, at least 2; more than 2 cut evenly.
            now_unix: When the children come to be, in epoch seconds.

        Raises:
            ParameterInvalidError: The shard does not take data, or the key does not lie inside it.
        """
        parent = self._writable(shard_id)
        width = parent.end_key - parent.begin_key
        cuts = [parent.begin_key + width * piece // pieces for piece in range(1, pieces)] if key is None else [key]
        if not all(parent.begin_key < cut < parent.end_key for cut in cuts):
            raise ParameterInvalidError(message="invalid mid hash.")
        return self._replace([parent], [parent.begin_key, *cuts, parent.end_key], now_unix)

    def merge(self, shard_id: int, now_unix: float) -> list[Shard]:
        """Merge a shard with its right neighbour; return the new shard and the two, readonly from now on.

        Raises:
            ParameterInvalidError: The shard does not take data, or has no neighbour that does.
        """
        left = self._writable(shard_id)
        right = next((shard for shard in self.writable() if shard.begin_key == left.end_key), None)
        if right is None:
            raise ParameterInvalidError(message="can not merge the last shard.")
        *parents, child = self._replace([left, right], [left.begin_key, right.end_key], now_unix)
        return [child, *parents]

    def add_shards(self, bounds: list[int], parents: Iterable[int], now_unix: float) -> list[Shard]:
        """Add shards between neighbouring bounds and return them; numbers go up and are never used again."""
        first = max(self.shards, default=-1) + 1
        added = []
        for shard_id, (begin, end) in enumerate(itertools.pairwise(bounds), first):
            base = int(now_unix * 1_000_000_000) + shard_id * _BASE_STEP + time.time_ns() % 1000
            added.append(Shard(shard_id, begin, end, int(now_unix), base, tuple(parents)))
        self.shards.update((shard.shard, shard) for shard in added)
        return added

    def _writable(self, shard_id: int) -> Shard:
        shard = self.shards.get(shard_id)
        if shard is None or shard.status == "readonly":
            raise ParameterInvalidError(message="invalid shard id.")
        return shard

    def _replace(self, parents: list[Shard], bounds: list[int], now_unix: float) -> list[Shard]:
        for parent in parents:
            parent.status = "readonly"
        return [*parents, *self.add_shards(bounds, [parent.shard for parent in parents], now_unix)]


def new_logstore(name: str, *, shard_count: int, ttl_days: int, now_unix: float) -> Logstore:
    """Return an empty Logstore whose shards share the key space evenly."""
    logstore = Logstore(name, ttl_days, int(now_unix))
    logstore.add_shards([KEY_SPACE * index // shard_count for index in range(shard_count + 1)], (), now_unix)
    return logstore
