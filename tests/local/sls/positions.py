"""The operations on shards and positions: what there is, where it begins, when it came.

Source: sls-api.md sections 2.10 to 2.13 and 3.
"""

import re
from typing import Any

from tests.local.sls.calls import Call
from tests.local.sls.cursors import decode_cursor, encode_cursor
from tests.local.sls.errors import (
    InvalidCursorError,
    MissingParameterError,
    ParameterInvalidError,
    ShardNotExistError,
)
from tests.local.sls.shards import KEY_SPACE, Shard
from tests.local.sls.store import Store

_HASH_KEY = re.compile(r"[0-9a-fA-F]{32}")
_MAX_PIECES = 256


def list_shards(store: Store, call: Call) -> list[dict[str, Any]]:
    """Return every shard with status and key range."""
    shards = [_describe(shard) for shard in store.logstore(call.project, call.logstore).shards.values()]
    # The documented sample begins with shard 1 and ends with shard 0.
    return shards if store.switches.list_shards_order == "id" else shards[1:] + shards[:1]


def split_shard(store: Store, call: Call) -> list[dict[str, Any]]:
    """Split a shard at a key, or evenly into `shardCount`; return it and its children."""
    logstore = store.logstore(call.project, call.logstore)
    pieces = call.query.get("shardCount", "2")
    if not pieces.isdecimal() or not 2 <= int(pieces) <= _MAX_PIECES:
        raise ParameterInvalidError(message="invalid shard count.")
    key = call.query.get("key")
    cut = None if key is None or int(pieces) > 2 else read_hash_key(key)
    return [_describe(shard) for shard in logstore.split(call.shard, cut, int(pieces), store.clock.data_unix())]


def merge_shards(store: Store, call: Call) -> list[dict[str, Any]]:
    """Merge a shard with its right neighbour; return the new one and the two."""
    logstore = store.logstore(call.project, call.logstore)
    return [_describe(shard) for shard in logstore.merge(call.shard, store.clock.data_unix())]


def get_cursor(store: Store, call: Call) -> dict[str, str]:
    """Return the cursor of begin, end, or of the first log group received at a time or later; clamps silently."""
    shard = find_shard(store, call)
    start = call.query.get("from")
    if start is None:
        raise MissingParameterError(key="from")
    if start in ("begin", "end"):
        return {"cursor": encode_cursor(shard.begin if start == "begin" else shard.end)}
    if not start.isdecimal():
        raise ParameterInvalidError(message="Parameter From is not valid")
    return {"cursor": encode_cursor(shard.first_received_at(int(start)))}


def get_cursor_time(store: Store, call: Call) -> dict[str, int]:
    """Return the receive time, in epoch seconds, of the log group at a cursor.

    An empty shard answers with the present time. What the end cursor answers is a switch.
    """
    shard = find_shard(store, call)
    position = read_position(store, call, shard, "cursor")
    if position < shard.end:
        return {"cursor_time": shard.received_unix(position)}
    if shard.begin == shard.end or store.switches.end_cursor_time == "now":
        return {"cursor_time": int(store.clock.data_unix())}
    return {"cursor_time": shard.received_unix(shard.end - 1)}


def find_shard(store: Store, call: Call) -> Shard:
    """Return the shard in the path.

    Raises:
        ShardNotExistError: There is no such shard.
    """
    shards = store.logstore(call.project, call.logstore).shards
    if call.shard not in shards:
        raise ShardNotExistError(status=store.switches.cursor_shard_status, shard=call.shard)
    return shards[call.shard]


def read_position(store: Store, call: Call, shard: Shard, key: str) -> int:
    """Return the position behind the cursor in a query key.

    Raises:
        MissingParameterError: The key is missing.
        ParameterInvalidError: The cursor is malformed.
        InvalidCursorError: The position is below the shard's begin or above its end.
    """
    cursor = call.query.get(key)
    if cursor is None:
        raise MissingParameterError(key=key)
    position = decode_cursor(cursor)
    if position is None:
        raise ParameterInvalidError(message=f"Invalid cursor {cursor}.")
    if not shard.begin <= position <= shard.end:
        raise InvalidCursorError(status=store.switches.invalid_cursor_status, cursor=cursor)
    return position


def read_hash_key(text: str) -> int:
    """Return a hash key as a number.

    Raises:
        ParameterInvalidError: It is not 32 hex digits.
    """
    if not _HASH_KEY.fullmatch(text):
        raise ParameterInvalidError(message="invalid mid hash.")
    return int(text, 16)


def _describe(shard: Shard) -> dict[str, Any]:
    return {
        "shardID": shard.shard,
        "status": shard.status,
        "inclusiveBeginKey": f"{shard.begin_key:032x}",
        "exclusiveEndKey": f"{min(shard.end_key, KEY_SPACE - 1):032x}",
        "createTime": shard.created_unix,
    }
