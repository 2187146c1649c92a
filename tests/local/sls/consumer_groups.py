"""One consumer group: attributes, checkpoints, consumers and what they hold, and who may write a checkpoint.

Not imitated: how long the real service takes for any of this, and parents that retention has removed altogether (an
expired parent blocks its children until its end is checkpointed).

Source: sls-api.md sections 2.5 to 2.7 and 7.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.local.sls.assignment import shards_to_grant, shards_to_release
from tests.local.sls.cursors import decode_base64, decode_cursor
from tests.local.sls.errors import (
    CheckpointShardNotExistError,
    ConsumerNotExistError,
    ConsumerNotMatchError,
    InvalidShardCheckPointError,
    NotExistConsumerWithBodyError,
    ParameterInvalidError,
    SlsError,
)
from tests.local.sls.shards import Shard
from tests.local.sls.switches import Switches


@dataclass(slots=True)
class Checkpoint:
    """What is stored for one shard.

    Attributes:
        checkpoint: The cursor of the next log group to read; empty if never written.
        updated_unix_us: When it was written, in epoch microseconds; 0 if never.
        consumer: The present holder of the shard; empty for none.
    """

    checkpoint: str = ""
    updated_unix_us: int = 0
    consumer: str = ""


@dataclass(frozen=True, slots=True)
class CheckpointWrite:
    """One write of a checkpoint as it was asked for.

    Attributes:
        shard: The shard's number.
        checkpoint: The cursor as sent.
        consumer: Who writes; empty for nobody named.
        force: True writes whoever holds the shard.
    """

    shard: int
    checkpoint: str
    consumer: str
    force: bool


@dataclass(slots=True)
class ConsumerGroup:
    """One consumer group of one Logstore.

    Attributes:
        name: Its name.
        timeout_s: Seconds without a heartbeat after which a consumer is forgotten.
        in_order: True holds children of split or merged shards back until their parents are finished.
        checkpoints: What is stored, by shard; a shard is missing until it is first written or held.
    """

    name: str
    timeout_s: int
    in_order: bool
    checkpoints: dict[int, Checkpoint] = field(default_factory=dict)
    _leases_unix: dict[str, float] = field(default_factory=dict)
    _holders: dict[int, str] = field(default_factory=dict)
    _releasing: set[int] = field(default_factory=set)
    _started: set[int] = field(default_factory=set)

    def checkpoint(self, shard: int) -> Checkpoint:
        """Return what is stored for a shard; empty values if nothing is."""
        return self.checkpoints.get(shard, Checkpoint())

    def heartbeat(
        self, consumer: str, reported: list[int], shards: Mapping[int, Shard], now_unix: float, switches: Switches
    ) -> list[int]:
        """Renew a consumer's lease, rebalance, and return the shards that are its own now.

        A shard that is to move is missing from the answer, and moves when its holder no longer reports it.

        Raises:
            NotExistConsumerWithBodyError: The consumer is unknown, or has expired, and reports shards.
        """
        self.expire_consumers(now_unix, switches)
        if reported and consumer not in self._leases_unix:
            raise NotExistConsumerWithBodyError
        self._leases_unix[consumer] = now_unix
        for shard in [shard for shard in self._releasing if self._holders[shard] == consumer]:
            if shard not in reported:
                self._free(shard)
        self._rebalance(shards)
        return sorted(s for s, holder in self._holders.items() if holder == consumer and s not in self._releasing)

    def expire_consumers(self, now_unix: float, switches: Switches) -> None:
        """Forget every consumer whose last heartbeat is longer ago than the group's timeout."""
        gone = {name for name, beat_unix in self._leases_unix.items() if now_unix - beat_unix > self.timeout_s}
        for name in gone:
            del self._leases_unix[name]
        for shard in [shard for shard, holder in self._holders.items() if holder in gone]:
            self._free(shard, forget=switches.clear_expired_consumer)

    def write_checkpoint(
        self, write: CheckpointWrite, shards: Mapping[int, Shard], now_unix: float, switches: Switches
    ) -> None:
        """Store a checkpoint, if this caller may.

        Raises:
            SlsError: No such shard, no base64, or neither forced nor by the shard's holder.
        """
        self.expire_consumers(now_unix, switches)
        shard = shards.get(write.shard)
        if shard is None:
            code = "ShardNotExsit" if switches.misspelt_codes else None
            raise CheckpointShardNotExistError(status=switches.checkpoint_shard_status, error_code=code)
        self._check_value(write.checkpoint, shard, switches)
        self._check_writer(write, switches)
        self._store(write, now_unix, switches)

    def _check_value(self, checkpoint: str, shard: Shard, switches: Switches) -> None:
        if not checkpoint and switches.empty_checkpoint == "clear":
            return
        if not checkpoint or decode_base64(checkpoint) is None:
            raise InvalidShardCheckPointError
        position = decode_cursor(checkpoint)
        in_range = position is not None and shard.begin <= position <= shard.end
        if switches.checkpoint_values == "in_range" and not in_range:
            raise InvalidShardCheckPointError

    def _check_writer(self, write: CheckpointWrite, switches: Switches) -> None:
        known = write.consumer in self._leases_unix
        if write.force:
            if write.consumer and not known and switches.forced_unknown_consumer == "refuse":
                raise _consumer_not_exist(switches)
            return
        if not write.consumer:
            raise _unforced_without_consumer(switches)
        if not known:
            raise _consumer_not_exist(switches)
        if self._holders.get(write.shard) != write.consumer:
            raise ConsumerNotMatchError(status=switches.consumer_not_match_status)

    def _store(self, write: CheckpointWrite, now_unix: float, switches: Switches) -> None:
        stored = self.checkpoints.setdefault(write.shard, Checkpoint())
        stored.checkpoint = write.checkpoint.strip()
        if not write.force or switches.forced_write_updates_time:
            stored.updated_unix_us = int(now_unix * 1_000_000)
        if write.force and switches.forced_write_consumer != "keep":
            stored.consumer = write.consumer if switches.forced_write_consumer == "set" else ""

    def _rebalance(self, shards: Mapping[int, Shard]) -> None:
        consumers = list(self._leases_unix)
        assignable = {number for number in shards if self._is_assignable(number, shards)}
        settled = {shard: holder for shard, holder in self._holders.items() if shard not in self._releasing}
        self._releasing |= shards_to_release(settled, consumers, assignable)
        settled = {shard: holder for shard, holder in settled.items() if shard not in self._releasing}
        for shard, consumer in shards_to_grant(settled, consumers, assignable, self._releasing).items():
            self._holders[shard] = consumer
            self._started.add(shard)
            self.checkpoints.setdefault(shard, Checkpoint()).consumer = consumer

    def _is_assignable(self, number: int, shards: Mapping[int, Shard]) -> bool:
        if self._is_over(shards[number]):
            return False
        if not self.in_order or number in self._started:
            return True
        return all(self._is_over(shards[ancestor]) for ancestor in _ancestors(number, shards))

    def _is_over(self, shard: Shard) -> bool:
        stored = self.checkpoints.get(shard.shard)
        return shard.status == "readonly" and stored is not None and decode_cursor(stored.checkpoint) == shard.end

    def _free(self, shard: int, *, forget: bool = True) -> None:
        self._releasing.discard(shard)
        del self._holders[shard]
        if forget:
            self.checkpoints[shard].consumer = ""


def _ancestors(number: int, shards: Mapping[int, Shard]) -> set[int]:
    found: set[int] = set()
    waiting = [number]
    while waiting:
        parents = shards[waiting.pop()].parents
        waiting += [parent for parent in parents if parent not in found]
        found.update(parents)
    return found


def _consumer_not_exist(switches: Switches) -> SlsError:
    return ConsumerNotExistError(error_code="ConsumerNotExsit" if switches.misspelt_codes else None)


def _unforced_without_consumer(switches: Switches) -> SlsError:
    return ParameterInvalidError(
        status=switches.unforced_without_consumer_status,
        error_code=switches.unforced_without_consumer_code,
        message="consumer is empty and forceSuccess is not true",
    )
