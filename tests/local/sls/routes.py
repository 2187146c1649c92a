"""Which operation a method, a path and a selecting query key mean. A table and its lookup, nothing else.

Source: sls-api.md section 2, one heading an operation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.local.sls.errors import InvalidMethodError, MissingParameterError, ParameterInvalidError, SlsError

_PATH = re.compile(
    r"/logstores(?:/(?P<logstore>[^/]+)(?:/(?P<kind>consumergroups|shards|index)(?:/(?P<item>[^/]+))?)?)?"
)

_PLAIN = {
    ("POST", "/logstores"): "CreateLogStore",
    ("GET", "/logstores/*"): "GetLogStore",
    ("POST", "/logstores/*/index"): "CreateIndex",
    ("GET", "/logstores/*/consumergroups"): "ListConsumerGroup",
    ("POST", "/logstores/*/consumergroups"): "CreateConsumerGroup",
    ("GET", "/logstores/*/consumergroups/*"): "GetCheckPoint",
    ("PUT", "/logstores/*/consumergroups/*"): "UpdateConsumerGroup",
    ("DELETE", "/logstores/*/consumergroups/*"): "DeleteConsumerGroup",
    ("GET", "/logstores/*/shards"): "ListShards",
    ("POST", "/logstores/*/shards/lb"): "PutLogs",
    ("POST", "/logstores/*/shards/route"): "PutLogs",
}

# By the query key that selects, and its value. The pages print both `log` and `logs`, and the SDKs send both.
_PULL = {"cursor": "GetCursor", "cursor_time": "GetCursorTime", "log": "PullLogs", "logs": "PullLogs"}
_SELECTED = {
    ("POST", "/logstores/*/consumergroups/*"): ("type", {"checkpoint": "UpdateCheckPoint", "heartbeat": "HeartBeat"}),
    ("GET", "/logstores/*/shards/*"): ("type", _PULL),
    ("HEAD", "/logstores/*/shards/*"): ("type", {"log": "PullLogs", "logs": "PullLogs"}),
    ("POST", "/logstores/*/shards/*"): ("action", {"split": "SplitShard", "merge": "MergeShards"}),
}


@dataclass(frozen=True, slots=True)
class Route:
    """What a request line names.

    Attributes:
        operation: SLS's name of the operation, None when there is none.
        logstore: The Logstore in the path, None without one.
        consumer_group: The consumer group in the path, None without one.
        shard: The shard in the path as text, None without one.
        refusal: Why there is no operation.
    """

    operation: str | None = None
    logstore: str | None = None
    consumer_group: str | None = None
    shard: str | None = None
    refusal: SlsError | None = None


def find_route(method: str, path: str, query: Mapping[str, str]) -> Route:
    """Return what a request line names; `operation` is None and `refusal` set where SLS has no such call."""
    match = _PATH.fullmatch(path)
    if match is None:
        return Route(refusal=InvalidMethodError(path=path))
    logstore, kind, item = match["logstore"], match["kind"], match["item"]
    found = _operation(method, _shape(logstore, kind, item), path, query)
    return Route(
        operation=None if isinstance(found, SlsError) else found,
        logstore=logstore,
        consumer_group=item if kind == "consumergroups" else None,
        shard=item if kind == "shards" and item not in ("lb", "route") else None,
        refusal=found if isinstance(found, SlsError) else None,
    )


def _shape(logstore: str | None, kind: str | None, item: str | None) -> str:
    parts = ["/logstores"]
    if logstore is not None:
        parts.append("*")
    if kind is not None:
        parts.append(kind)
    if item is not None:
        parts.append(item if kind == "shards" and item in ("lb", "route") else "*")
    return "/".join(parts)


def _operation(method: str, shape: str, path: str, query: Mapping[str, str]) -> str | SlsError:
    if plain := _PLAIN.get((method, shape)):
        return plain
    if (method, shape) not in _SELECTED:
        return InvalidMethodError(path=path)
    key, choices = _SELECTED[method, shape]
    if key not in query:
        return MissingParameterError(key=key)
    operation = choices.get(query[key])
    return operation or ParameterInvalidError(message=f"Parameter {key} is not valid")
