"""Which consumer gets which shard: pure rules over who holds what.

Source: sls-api.md sections 2.5 and 7.2. The balance rule is documented (shard counts differ by at most 1); which shard
moves is not, so the highest numbers move first and go to whoever holds least.
"""

from collections.abc import Collection, Mapping, Sequence


def shards_to_release(holders: Mapping[int, str], consumers: Sequence[str], assignable: Collection[int]) -> set[int]:
    """Return the shards that their holders must give up so that nobody holds more than a fair share.

    Args:
        holders: The holder of each shard that is held and not being released already.
        consumers: The living consumers, in the order in which they joined.
        assignable: Every shard that may be held now.
    """
    held = _by_consumer(holders, consumers)
    share, extra = divmod(len(assignable), len(consumers))
    released = {shard for shard in holders if shard not in assignable}
    for rank, consumer in enumerate(sorted(consumers, key=lambda name: -len(held[name]))):
        allowed = share + (rank < extra)
        kept = [shard for shard in sorted(held[consumer]) if shard in assignable]
        released.update(kept[allowed:])
    return released


def shards_to_grant(
    holders: Mapping[int, str], consumers: Sequence[str], assignable: Collection[int], busy: Collection[int]
) -> dict[int, str]:
    """Return the new holder of each shard that is free: always the consumer that holds least.

    Args:
        holders: As above, after releases.
        consumers: As above.
        assignable: As above.
        busy: Shards that are being released: their holders still work on them.
    """
    counts = {consumer: len(shards) for consumer, shards in _by_consumer(holders, consumers).items()}
    grants = {}
    for shard in sorted(assignable):
        if shard not in holders and shard not in busy:
            consumer = min(consumers, key=lambda name: counts[name])
            counts[consumer] += 1
            grants[shard] = consumer
    return grants


def _by_consumer(holders: Mapping[int, str], consumers: Sequence[str]) -> dict[str, list[int]]:
    held: dict[str, list[int]] = {consumer: [] for consumer in consumers}
    for shard, consumer in holders.items():
        held[consumer].append(shard)
    return held
