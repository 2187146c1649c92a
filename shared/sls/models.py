"""What SLS says, as values: wire names and units are left behind here.

Each `read_…` takes decoded JSON and raises ValueError naming the key that is not as documented; the client makes an
`SlsResponseError` of it. Unknown keys are left alone: SLS adds some from time to time.
"""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from shared.frozen import frozen

T = TypeVar("T")


@frozen
class Answer(Generic[T]):
    """One answer of SLS.

    Attributes:
        value: What was asked for; None for calls that only change something.
        sls_request_id: SLS's id of the call; None if it gave none.
        server_unix: SLS's own clock, from the Date header; None if it gave none.
    """

    value: T
    sls_request_id: str | None
    server_unix: int | None


@frozen
class ConsumerGroup:
    """A consumer group's attributes.

    Attributes:
        name: As created; upper and lower case differ.
        timeout_s: Seconds without a heartbeat after which a consumer loses its shards.
        in_order: True if a shard's children wait until it is consumed to its end.
    """

    name: str
    timeout_s: int
    in_order: bool


@frozen
class ShardCheckpoint:
    """Where a consumer group stands in one shard.

    Attributes:
        shard_id: The shard.
        checkpoint: Cursor of what is read next; empty if there never was one.
        updated_unix_us: When it was last written, in microseconds; 0 if never.
        consumer: Who holds or last held the shard; empty if nobody is named.

    Note:
        Pages call `updateTime` seconds, or milliseconds; every sample has the 16 digits of microseconds.

    Source: reference sls-api.md 2.6.
    """

    shard_id: int
    checkpoint: str
    updated_unix_us: int
    consumer: str


@frozen
class Shard:
    """One shard of a Logstore.

    Attributes:
        shard_id: Its number.
        status: `readwrite`, or `readonly` after a split or merge; SLS may add others.
        begin_key: First hash key, included; empty if SLS does not say.
        end_key: Last hash key, excluded; empty if SLS does not say.
        created_unix: In seconds; None if SLS does not say (it sends 0 then, or nothing).
    """

    shard_id: int
    status: str
    begin_key: str
    end_key: str
    created_unix: int | None


@frozen
class Logstore:
    """A Logstore's attributes.

    Attributes:
        name: As created.
        ttl_days: How long data is kept; 3650 means for ever.
        shard_count: As SLS counts; None if it does not say.
        auto_split: Whether SLS splits shards by itself; None if it does not say.
    """

    name: str
    ttl_days: int
    shard_count: int | None
    auto_split: bool | None


def read_consumer_groups(answer: object) -> tuple[ConsumerGroup, ...]:
    """Return the groups of a ListConsumerGroup answer, in SLS's order.

    Note:
        One page shows the list inside an object; every SDK and newer sample shows the bare list.

    Raises:
        ValueError: It is not as documented.

    Source: reference sls-api.md 2.4.
    """
    return tuple(
        ConsumerGroup(_text(entry, "name"), _integer(entry, "timeout"), _boolean(entry, "order"))
        for entry in _entries(answer)
    )


def read_checkpoints(answer: object) -> tuple[ShardCheckpoint, ...]:
    """Return the checkpoints of a GetCheckPoint answer, by shard.

    Raises:
        ValueError: It is not as documented.

    Source: reference sls-api.md 2.6 (`consumer` may be missing).
    """
    found = (
        ShardCheckpoint(
            shard_id=_integer(entry, "shard"),
            checkpoint=_text(entry, "checkpoint"),
            updated_unix_us=_optional(_integer, entry, "updateTime") or 0,
            consumer=_optional(_text, entry, "consumer") or "",
        )
        for entry in _entries(answer)
    )
    return tuple(sorted(found, key=lambda checkpoint: checkpoint.shard_id))


def read_shards(answer: object) -> tuple[Shard, ...]:
    """Return the shards of a ListShards answer, by number.

    Raises:
        ValueError: It is not as documented.

    Source: reference sls-api.md 2.10 (unsorted on the wire; `createTime` may be text, and 0).
    """
    found = (
        Shard(
            shard_id=_integer(entry, "shardID"),
            status=_text(entry, "status"),
            begin_key=_optional(_text, entry, "inclusiveBeginKey") or "",
            end_key=_optional(_text, entry, "exclusiveEndKey") or "",
            created_unix=_optional(_number, entry, "createTime") or None,
        )
        for entry in _entries(answer)
    )
    return tuple(sorted(found, key=lambda shard: shard.shard_id))


def read_logstore(answer: object) -> Logstore:
    """Return the Logstore of a GetLogStore answer.

    Raises:
        ValueError: It is not as documented.

    Source: reference sls-api.md 2.8.
    """
    entry = _object(answer)
    return Logstore(
        name=_text(entry, "logstoreName"),
        ttl_days=_integer(entry, "ttl"),
        shard_count=_optional(_integer, entry, "shardCount"),
        auto_split=_optional(_boolean, entry, "autoSplit"),
    )


def read_cursor(answer: object) -> str:
    """Return the cursor of a GetCursor answer.

    Raises:
        ValueError: It is not as documented.
    """
    cursor = _text(_object(answer), "cursor")
    if not cursor:
        raise ValueError("cursor: empty")
    return cursor


def read_cursor_time(answer: object) -> int:
    """Return the time, in Unix seconds, of a GetCursorTime answer.

    Raises:
        ValueError: It is not as documented.

    Source: reference sls-api.md 2.13 (text in the table, a number in the sample; both are read).
    """
    return _number(_object(answer), "cursor_time")


def read_nothing(answer: object) -> None:
    """Take the answer of a call that only changes something: an empty body, or an object.

    Raises:
        ValueError: It is something else, which SLS would not send.

    Source: reference sls-api.md 1.1 (empty in samples, `{}` on newer pages).
    """
    if answer is not None and "errorCode" in _object(answer):
        raise ValueError("an error under the status of success")


def _entries(answer: object) -> list[Mapping[str, object]]:
    if not isinstance(answer, list):
        raise ValueError("not a list")  # noqa: TRY004 -- it is what came over the wire that is wrong, not a caller's type
    return [_object(entry) for entry in answer]


def _object(answer: object) -> Mapping[str, object]:
    if not isinstance(answer, dict):
        raise ValueError("not an object")  # noqa: TRY004 -- as above
    return answer


def _text(entry: Mapping[str, object], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{key}: not text")  # noqa: TRY004 -- as above
    return value


def _integer(entry: Mapping[str, object], key: str) -> int:
    value = entry.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{key}: not a whole number")
    return value


def _number(entry: Mapping[str, object], key: str) -> int:
    value = entry.get(key)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004 -- 64 bits
        return int(value)
    return _integer(entry, key)


def _boolean(entry: Mapping[str, object], key: str) -> bool:
    value = entry.get(key)
    if not isinstance(value, bool):
        raise ValueError(f"{key}: neither true nor false")  # noqa: TRY004 -- as above
    return value


def _optional(read: Callable[[Mapping[str, object], str], T], entry: Mapping[str, object], key: str) -> T | None:
    return None if entry.get(key) is None else read(entry, key)
