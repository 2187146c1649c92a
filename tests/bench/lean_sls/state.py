"""What the lean SLS holds, and its answers: the least that a rewind, an update and a look need.

Every shard is alike: a log group a second for two hours, the last of it ten minutes ago. Signatures are not verified,
names are not checked, nothing is refused: the stand-in of the tests does all that, and pays for it.
"""

import base64
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from urllib.parse import parse_qs, unquote, urlsplit

JOURNAL = "rewind-journal"
"""The journal that is filled; other Logstores of a name that ends so are journals, too."""
LOG_GROUPS = 7200
COMMITTED = LOG_GROUPS - 600
"""Where every group stands in every shard, in log groups from the oldest."""

_BASE = 1_700_000_000_000_000_000
_ID = re.compile(rb"(?<![a-z2-7])[a-z2-7]{16}(?![a-z2-7])|(?<=plan_id\x12\x0a)[a-z2-7]{10}")
_ALPHABET = b"abcdefghijklmnopqrstuvwxyz234567"
_PATH = re.compile(r"/logstores/(?P<logstore>[^/]+)(?:/(?P<kind>shards|consumergroups)(?:/(?P<name>[^/]+))?)?")


@dataclass(slots=True)
class Reply:
    """One answer: its body, and headers beside those that every answer has, each ended by a line break."""

    body: bytes = b""
    headers: bytes = b""


@dataclass(slots=True)
class State:
    """One project.

    Attributes:
        shards: How many the Logstore has; the journal has one.
        latency_s: Seconds before each answer.
        groups: How many consumer groups there are beside two.
        counts: Calls so far, by operation; those on the journal by themselves.
        checkpoints: By group and shard, those that were written.
        journals: Their LogGroups as a list holds them, by Logstore.
    """

    shards: int = 4
    latency_s: float = 0.0
    groups: int = 0
    begin_unix: int = field(default_factory=lambda: int(time.time()) - LOG_GROUPS - 600)
    timeout_s: int = 60
    counts: Counter[str] = field(default_factory=Counter)
    checkpoints: dict[str, dict[int, tuple[str, int]]] = field(default_factory=dict)
    journals: defaultdict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def handle(self, method: str, url: str, body: bytes) -> Reply:
        """Return the answer to one call, and count it."""
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        found = _PATH.fullmatch(parts.path)
        assert found is not None, f"{method} {url}: the lean SLS does not know it"
        logstore, kind, name = found["logstore"], found["kind"], unquote(found["name"] or "")
        operation = _operation(method, kind, name, query)
        self.counts[f"{operation} (journal)" if _is_journal(logstore) else operation] += 1
        return _OPERATIONS[operation](self, logstore, name, query, body)

    def list_groups(self, *_: object) -> Reply:
        """Return the consumer groups."""
        names = ("billing", "warming", *(f"group-{number}" for number in range(self.groups)))
        return _json([{"name": name, "timeout": self.timeout_s, "order": False} for name in names])

    def update_group(self, _logstore: str, _name: str, _query: dict[str, str], body: bytes) -> Reply:
        """Change the groups' timeout."""
        self.timeout_s = json.loads(body).get("timeout", self.timeout_s)
        return Reply()

    def get_checkpoints(self, _logstore: str, name: str, *_: object) -> Reply:
        """Return where a group stands."""
        written = self.checkpoints.get(name, {})
        at = [written.get(shard, (_cursor(COMMITTED), (self.begin_unix + LOG_GROUPS) * 10**6)) for shard in self._ids()]
        return _json(
            [{"shard": s, "checkpoint": c, "updateTime": u, "consumer": ""} for s, (c, u) in zip(self._ids(), at)]  # noqa: B905 -- both are of the shards
        )

    def update_checkpoint(self, _logstore: str, name: str, _query: dict[str, str], body: bytes) -> Reply:
        """Move a group in one shard."""
        told = json.loads(body)
        self.checkpoints.setdefault(name, {})[int(told["shard"])] = told["checkpoint"], int(time.time() * 1e6)
        return Reply()

    def list_shards(self, logstore: str, *_: object) -> Reply:
        """Return the shards; of the journal, one."""
        ids = range(1) if _is_journal(logstore) else self._ids()
        keys = {"inclusiveBeginKey": "0" * 32, "exclusiveEndKey": "f" * 32, "createTime": self.begin_unix}
        return _json([{"shardID": shard, "status": "readwrite", **keys} for shard in ids])

    def get_cursor(self, logstore: str, _name: str, query: dict[str, str], _body: bytes) -> Reply:
        """Return the cursor of a time, or of an end."""
        if _is_journal(logstore):
            return _json({"cursor": _number(0)})
        at = query["from"]
        if at.isdigit():
            position = min(max(int(at) - self.begin_unix, 0), LOG_GROUPS)
        else:
            position = 0 if at == "begin" else LOG_GROUPS
        return _json({"cursor": _cursor(position)})

    def get_cursor_time(self, _logstore: str, _name: str, query: dict[str, str], _body: bytes) -> Reply:
        """Return when the log group at a cursor was received."""
        position = int(base64.b64decode(query["cursor"])) - _BASE
        return _json({"cursor_time": self.begin_unix + position})

    def get_logstore(self, logstore: str, *_: object) -> Reply:
        """Return the Logstore's attributes."""
        return _json({"logstoreName": logstore, "ttl": 30, "shardCount": self.shards, "autoSplit": False})

    def put_logs(self, logstore: str, _name: str, _query: dict[str, str], body: bytes) -> Reply:
        """Append one LogGroup to the journal."""
        self.journals[logstore].append(b"\x0a" + _varint(len(body)) + body)
        return Reply()

    def pull_logs(self, logstore: str, _name: str, query: dict[str, str], _body: bytes) -> Reply:
        """Return the journal's LogGroups from a cursor on."""
        begin = int(base64.b64decode(query["cursor"]))
        groups = self.journals[logstore][begin : begin + int(query["count"])]
        told = f"x-log-cursor: {_number(begin + len(groups))}\r\nx-log-count: {len(groups)}\r\n"
        return Reply(b"".join(groups), told.encode())

    def fill_journal(self, records: int, seed: int) -> None:
        """Repeat the journal's first `seed` records, each time under ids of their own, until there are so many."""
        once = self.journals[JOURNAL][:seed]
        ids = sorted(set(_ID.findall(b"".join(once))))
        repeated = (_renamed(group, ids, number) for number in range(records // seed + 1) for group in once)
        self.journals[JOURNAL] = list(islice(repeated, records))

    def _ids(self) -> range:
        return range(self.shards)


def _is_journal(logstore: str) -> bool:
    return logstore.endswith("-journal")


def _operation(method: str, kind: str | None, name: str, query: dict[str, str]) -> str:
    if kind is None:
        return "GetLogStore"
    if kind == "shards" and name and method == "GET":
        return {"cursor": "GetCursor", "cursor_time": "GetCursorTime", "log": "PullLogs"}[query["type"]]
    return _BY_FORM[method, kind, bool(name)]


_BY_FORM = {
    ("GET", "consumergroups", False): "ListConsumerGroup",
    ("GET", "consumergroups", True): "GetCheckPoint",
    ("PUT", "consumergroups", True): "UpdateConsumerGroup",
    ("POST", "consumergroups", True): "UpdateCheckPoint",
    ("GET", "shards", False): "ListShards",
    ("POST", "shards", True): "PutLogs",
}
_OPERATIONS: dict[str, Callable[[State, str, str, dict[str, str], bytes], Reply]] = {
    "GetLogStore": State.get_logstore,
    "UpdateConsumerGroup": State.update_group,
    "UpdateCheckPoint": State.update_checkpoint,
    "GetCheckPoint": State.get_checkpoints,
    "ListConsumerGroup": State.list_groups,
    "ListShards": State.list_shards,
    "PutLogs": State.put_logs,
    "GetCursor": State.get_cursor,
    "GetCursorTime": State.get_cursor_time,
    "PullLogs": State.pull_logs,
}


def _json(document: object) -> Reply:
    return Reply(json.dumps(document, separators=(",", ":")).encode())


def _cursor(position: int) -> str:
    return _number(_BASE + position)


def _number(number: int) -> str:
    return base64.b64encode(str(number).encode()).decode()


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(encoded) + bytes([value])


def _renamed(group: bytes, ids: list[bytes], number: int) -> bytes:
    if not number:
        return group
    for at, name in enumerate(ids):
        group = group.replace(name, _id(number, at, len(name)))
    return group


def _id(number: int, at: int, length: int) -> bytes:
    digits: Iterator[int] = (number >> shift & 31 for shift in cycle((0, 5, 10, 15)))
    return bytes(_ALPHABET[d] for d in islice(digits, length - 2)) + bytes([_ALPHABET[at >> 5], _ALPHABET[at & 31]])
