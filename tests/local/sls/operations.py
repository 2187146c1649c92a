"""The operations on consumer groups and their checkpoints, and the table of all operations.

Each takes the store and a call that is authentic, and returns the JSON document to answer: `None` for an empty body.

Source: sls-api.md sections 2.1 to 2.7.
"""

from collections.abc import Callable
from typing import Any, TypeGuard

from tests.local.sls import logs, positions
from tests.local.sls.calls import Call
from tests.local.sls.consumer_groups import CheckpointWrite, ConsumerGroup
from tests.local.sls.errors import (
    ConsumerGroupAlreadyExistError,
    ConsumerGroupNotExistError,
    ConsumerGroupQuotaExceedError,
    JsonInfoInvalidError,
    MissingParameterError,
    ParameterInvalidError,
    PostBodyInvalidError,
)
from tests.local.sls.messages import Response
from tests.local.sls.store import Store
from tests.local.sls.switches import Switches

_MAX_TIMEOUT_S = 3600


def list_consumer_group(store: Store, call: Call) -> list[dict[str, Any]]:
    """Return every group's name, timeout in seconds, and order."""
    groups = store.logstore(call.project, call.logstore).consumer_groups.values()
    return [{"name": group.name, "timeout": group.timeout_s, "order": group.in_order} for group in groups]


def create_consumer_group(store: Store, call: Call) -> None:
    """Create a group. Neither its name's form nor the range of its timeout is checked: no rule is published."""
    groups = store.logstore(call.project, call.logstore).consumer_groups
    body = _object(call)
    name, timeout_s, in_order = body.get("consumerGroup"), body.get("timeout"), body.get("order", False)
    if not (name and isinstance(name, str) and isinstance(in_order, bool) and _is_timeout(timeout_s, store.switches)):
        raise JsonInfoInvalidError(message="consumerGroup or timeout is of error format")
    if name in groups:
        raise ConsumerGroupAlreadyExistError
    if len(groups) >= store.switches.consumer_group_quota:
        raise ConsumerGroupQuotaExceedError(status=store.switches.consumer_group_quota_status)
    groups[name] = ConsumerGroup(name, timeout_s, in_order)


def update_consumer_group(store: Store, call: Call) -> None:
    """Change a group's timeout, its order, or both; a key beside these fails the call unless a switch ignores it."""
    group = _group(store, call, status=store.switches.update_missing_group_status)
    body = _object(call)
    known = {key: body[key] for key in ("timeout", "order") if key in body}
    extra = len(body) > len(known) and store.switches.update_group_extra_keys == "refuse"
    sound = _is_timeout(known.get("timeout", 1), store.switches) and isinstance(known.get("order", True), bool)
    if extra or not known or not sound:
        raise JsonInfoInvalidError(message="timeout is of error value type")
    group.timeout_s = known.get("timeout", group.timeout_s)
    group.in_order = known.get("order", group.in_order)


def delete_consumer_group(store: Store, call: Call) -> None:
    """Delete a group with all its checkpoints."""
    groups = store.logstore(call.project, call.logstore).consumer_groups
    gone = groups.pop(call.consumer_group, None)
    if gone is None and store.switches.delete_missing_group == "error":
        raise ConsumerGroupNotExistError


def get_check_point(store: Store, call: Call) -> list[dict[str, Any]]:
    """Return the checkpoints of all shards, or of one; a shard that does not exist gives an empty list."""
    group = _group(store, call)
    shards: set[int] = set(store.logstore(call.project, call.logstore).shards)
    group.expire_consumers(store.clock.data_unix(), store.switches)
    if "shard" in call.query:
        shards &= {_number(call.query["shard"])}
    if store.switches.never_checkpointed == "absent":
        shards &= set(group.checkpoints)
    return [_checkpoint(group, shard) for shard in sorted(shards)]


def update_check_point(store: Store, call: Call) -> None:
    """Store one shard's checkpoint."""
    group = _group(store, call)
    shards = store.logstore(call.project, call.logstore).shards
    body = _object(call)
    shard, checkpoint = body.get("shard"), body.get("checkpoint")
    if type(shard) is not int or not isinstance(checkpoint, str):
        raise ParameterInvalidError(message="shard or checkpoint is of error format")
    write = CheckpointWrite(shard, checkpoint, call.query.get("consumer", ""), _flag(call, "forceSuccess"))
    group.write_checkpoint(write, shards, store.clock.data_unix(), store.switches)


def heart_beat(store: Store, call: Call) -> list[int]:
    """Renew a consumer's lease and return the shards that are its own."""
    group = _group(store, call)
    shards = store.logstore(call.project, call.logstore).shards
    consumer = call.query.get("consumer")
    if not consumer:
        raise MissingParameterError(key="consumer")
    reported = call.json
    if not isinstance(reported, list) or not all(type(shard) is int for shard in reported):
        raise PostBodyInvalidError
    return group.heartbeat(consumer, reported, shards, store.clock.data_unix(), store.switches)


def _group(store: Store, call: Call, *, status: int = 404) -> ConsumerGroup:
    return store.consumer_group(call.project, call.logstore, call.consumer_group, status=status)


def _checkpoint(group: ConsumerGroup, shard: int) -> dict[str, Any]:
    stored = group.checkpoint(shard)
    return {
        "shard": shard,
        "checkpoint": stored.checkpoint,
        "updateTime": stored.updated_unix_us,
        "consumer": stored.consumer,
    }


def _object(call: Call) -> dict[str, Any]:
    if not isinstance(call.json, dict):
        raise PostBodyInvalidError
    return call.json


def _is_timeout(value: object, switches: Switches) -> TypeGuard[int]:
    if type(value) is not int:
        return False
    return switches.timeout_range == "any" or 1 <= value <= _MAX_TIMEOUT_S


def _flag(call: Call, key: str) -> bool:
    # Python sends True and False, the other SDKs true and false.
    value = call.query.get(key, "false").lower()
    if value not in ("true", "false"):
        raise ParameterInvalidError(message=f"Parameter {key} is not valid")
    return value == "true"


def _number(text: str) -> int:
    if not text.isdecimal():
        raise ParameterInvalidError(message="invalid shard id.")
    return int(text)


OPERATIONS: dict[str, Callable[[Store, Call], Response | list[Any] | dict[str, Any] | None]] = {
    "ListConsumerGroup": list_consumer_group,
    "CreateConsumerGroup": create_consumer_group,
    "UpdateConsumerGroup": update_consumer_group,
    "DeleteConsumerGroup": delete_consumer_group,
    "GetCheckPoint": get_check_point,
    "UpdateCheckPoint": update_check_point,
    "HeartBeat": heart_beat,
    "ListShards": positions.list_shards,
    "SplitShard": positions.split_shard,
    "MergeShards": positions.merge_shards,
    "GetCursor": positions.get_cursor,
    "GetCursorTime": positions.get_cursor_time,
    "GetLogStore": logs.get_logstore,
    "CreateLogStore": logs.create_logstore,
    "CreateIndex": logs.create_index,
    "PutLogs": logs.put_logs,
    "PullLogs": logs.pull_logs,
}
