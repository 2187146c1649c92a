"""The operations on Logstores and what is in them: describe, create, index, put, pull.

Not imitated: automatic splitting, queries and processors on PullLogs, zstd, and everything an index is good for.

Source: sls-api.md sections 2.8, 2.14 and 2.16.
"""

import time
from typing import Any, TypeGuard

from tests.local.sls.calls import Call
from tests.local.sls.cursors import encode_cursor
from tests.local.sls.errors import (
    IndexAlreadyExistError,
    IndexInfoInvalidError,
    InvalidContentTypeError,
    InvalidHeaderError,
    LogStoreAlreadyExistError,
    LogStoreInfoInvalidError,
    MissingHeaderError,
    ParameterInvalidError,
    PostBodyInvalidError,
    PostBodyTooLargeError,
)
from tests.local.sls.loggroups import check_log_group, compress, decompress, encode_log_group_list
from tests.local.sls.logstores import Logstore, new_logstore
from tests.local.sls.messages import Response
from tests.local.sls.positions import find_shard, read_hash_key, read_position
from tests.local.sls.shards import Shard
from tests.local.sls.store import Store

_MAX_TTL_DAYS = 3650
_MAX_NEW_SHARDS = 100
_MAX_PULL_COUNT = 1000
_MAX_PULL_BYTES = 10 * 1024 * 1024
# What the Python SDK lets one log group be before it is compressed.
_MAX_RAW_BYTES = 30 * 1024 * 1024
_ENCODINGS = ("lz4", "deflate")
_REQUIRED_KEYS = {"logstoreName", "ttl", "shardCount"}
_DEFAULTS = {
    "enable_tracking": False,
    "autoSplit": False,
    "maxSplitShard": 64,
    "appendMeta": False,
    "telemetryType": "",
    "mode": "standard",
}


def get_logstore(store: Store, call: Call) -> dict[str, Any]:
    """Return a Logstore's attributes; `shardCount` counts the shards that take data."""
    logstore = store.logstore(call.project, call.logstore)
    return {
        **_DEFAULTS,
        **logstore.attributes,
        "logstoreName": logstore.name,
        "ttl": logstore.ttl_days,
        "shardCount": len(logstore.writable()),
        "createTime": logstore.created_unix,
        "lastModifyTime": logstore.created_unix,
    }


def create_logstore(store: Store, call: Call) -> None:
    """Create a Logstore in a project that exists; only name, days and shard count have an effect."""
    logstores = store.project(call.project)
    body = call.json
    if not isinstance(body, dict):
        raise PostBodyInvalidError
    if store.switches.logstore_redundant_keys == "refuse" and not body.keys() <= _REQUIRED_KEYS | _DEFAULTS.keys():
        raise LogStoreInfoInvalidError(message="redundant key exist in json")
    name, ttl_days, shard_count = body.get("logstoreName"), body.get("ttl"), body.get("shardCount")
    if not (name and isinstance(name, str) and _within(ttl_days, _MAX_TTL_DAYS)):
        raise LogStoreInfoInvalidError(message="logstore info is invalid")
    if not _within(shard_count, _MAX_NEW_SHARDS):
        raise LogStoreInfoInvalidError(message="logstore info is invalid")
    if name in logstores:
        raise LogStoreAlreadyExistError(logstore=name)
    now_unix = store.clock.data_unix()
    logstore = new_logstore(name, shard_count=shard_count, ttl_days=ttl_days, now_unix=now_unix)
    logstore.attributes.update(body)
    logstore.usable_monotonic_s = time.monotonic() + store.switches.new_logstore_ready_after_s
    logstores[name] = logstore


def create_index(store: Store, call: Call) -> None:
    """Remember that the Logstore has an index; nothing ever reads it."""
    logstore = store.logstore(call.project, call.logstore)
    body = call.json
    if not isinstance(body, dict) or not body.keys() & {"line", "keys"}:
        raise IndexInfoInvalidError
    if logstore.has_index:
        raise IndexAlreadyExistError
    logstore.has_index = True


def put_logs(store: Store, call: Call) -> None:
    """Store one log group as it was sent: in a shard by hash key, else in each shard in turn."""
    logstore = store.logstore(call.project, call.logstore)
    content_type = call.request.headers.get("content-type", "")
    if content_type != "application/x-protobuf":
        raise InvalidContentTypeError(content_type=content_type)
    raw = _uncompressed_body(call)
    check_log_group(raw)
    _target_shard(logstore, call).put(raw, store.clock.data_unix())


def pull_logs(store: Store, call: Call) -> Response:
    """Return log groups from a cursor on, at most `count` and about 10 MiB.

    x-log-cursor-time is taken to be the receive time of the last log group
    that was read; its meaning is not published.
    """
    shard = find_shard(store, call)
    begin = read_position(store, call, shard, "cursor")
    end = min(begin + _pull_count(call), shard.visible_end(store.switches.put_logs_visible_after_s))
    if call.query.get("end_cursor"):
        end = min(end, read_position(store, call, shard, "end_cursor"))
    groups: list[bytes] = []
    size = 0
    for group in shard.log_groups(begin, end):
        groups.append(group)
        size += len(group)
        if size >= _MAX_PULL_BYTES:
            break
    return _pulled(call, shard, begin, groups)


def _pulled(call: Call, shard: Shard, begin: int, groups: list[bytes]) -> Response:
    raw = encode_log_group_list(groups)
    next_position = begin + len(groups)
    headers = {
        "Content-Type": "application/x-protobuf",
        "x-log-cursor": encode_cursor(next_position),
        "x-log-count": str(len(groups)),
        "x-log-bodyrawsize": str(len(raw)),
        "x-log-end-of-cursor": "1" if next_position == shard.end else "0",
    }
    if groups:
        headers["x-log-read-last-cursor"] = str(next_position - 1)
        headers["x-log-cursor-time"] = str(shard.received_unix(next_position - 1))
    encoding = _accepted_encoding(call)
    if encoding and raw:
        headers["x-log-compresstype"] = encoding
        raw = compress(raw, encoding)
    return Response(200, headers, raw)


def _accepted_encoding(call: Call) -> str | None:
    accepted = {part.partition(";")[0].strip() for part in call.request.headers.get("accept-encoding", "").split(",")}
    # HTTP libraries accept deflate among others by themselves, which is no wish for it.
    if "lz4" in accepted:
        return "lz4"
    return "deflate" if accepted == {"deflate"} else None


def _pull_count(call: Call) -> int:
    count = call.query.get("count", str(_MAX_PULL_COUNT))
    if not count.isdecimal() or int(count) > _MAX_PULL_COUNT:
        raise ParameterInvalidError(message="ParameterCount should be in [0-1000].")
    return int(count)


def _uncompressed_body(call: Call) -> bytes:
    headers = call.request.headers
    encoding = headers.get("x-log-compresstype")
    if encoding is None:
        return call.request.body
    if encoding not in _ENCODINGS:
        raise InvalidHeaderError(header="x-log-compresstype", value=encoding)
    raw_size = headers.get("x-log-bodyrawsize")
    if raw_size is None:
        raise MissingHeaderError(header="x-log-bodyrawsize")
    if not raw_size.isdecimal():
        raise InvalidHeaderError(header="x-log-bodyrawsize", value=raw_size)
    if int(raw_size) > _MAX_RAW_BYTES:
        raise PostBodyTooLargeError(size=raw_size)
    return decompress(call.request.body, encoding, int(raw_size))


def _target_shard(logstore: Logstore, call: Call) -> Shard:
    if call.request.path.endswith("/lb"):
        return logstore.next_shard()
    return logstore.shard_of_key(read_hash_key(call.query.get("key", "")))


def _within(value: object, high: int) -> TypeGuard[int]:
    return type(value) is int and 1 <= value <= high
