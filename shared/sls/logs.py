"""The calls that write and read logs; their bodies are protobuf, not JSON.

Source: reference sls-api.md 2.14 (PullLogs), 2.16 (PutLogs).
"""

from shared.frozen import frozen
from shared.sls.calls import Call, Reply, Target
from shared.sls.loggroups import LogGroup, decode_log_group_list
from shared.sls.lz4_block import decompress_block

_PROTOBUF = "application/x-protobuf"
_MAX_LOGS_BYTES = 32 * 1024 * 1024


@frozen
class PulledLogs:
    """One page of a shard.

    Attributes:
        groups: In the order in which they were written; empty at the shard's end.
        next_cursor: Where the next page begins; the same cursor again, or empty, if there is nothing new.
    """

    groups: tuple[LogGroup, ...]
    next_cursor: str


def put_logs_call(target: Target, log_group: bytes) -> Call[None]:
    """Return the call that appends one encoded LogGroup to a Logstore, to a shard of SLS's choice.

    Sent again after a lost answer, it may append twice; whoever reads must tell the copies apart.
    """
    path = f"{target.logstore_path}/shards/lb"
    return Call("PutLogs", target, "POST", path, _read_nothing, headers={"Content-Type": _PROTOBUF}, body=log_group)


def pull_logs_call(target: Target, cursor: str, count: int) -> Call[PulledLogs]:
    """Return the call that reads up to `count` LogGroups (1 to 1000) from a cursor on.

    An uncompressed answer is asked for. Nobody says that every region heeds this, so a compressed one is read too.
    """
    return Call(
        "PullLogs",
        target,
        "GET",
        target.shard_path,
        _read_pulled_logs,
        query={"type": "log", "cursor": cursor, "count": str(count)},
        headers={"Accept": _PROTOBUF, "Accept-Encoding": ""},
        max_reply_bytes=_MAX_LOGS_BYTES,
    )


def _read_nothing(reply: Reply) -> None:
    if reply.body.strip() not in {b"", b"{}"}:
        raise ValueError("a body where there should be none")


def _read_pulled_logs(reply: Reply) -> PulledLogs:
    next_cursor = reply.headers.get("x-log-cursor")
    if next_cursor is None:
        raise ValueError("x-log-cursor: missing")
    groups = decode_log_group_list(_plain_body(reply))
    if len(groups) != _number(reply, "x-log-count"):
        raise ValueError("x-log-count: another number than there are log groups")
    return PulledLogs(groups, next_cursor)


def _plain_body(reply: Reply) -> bytes:
    compression = reply.headers.get("x-log-compresstype", "")
    if not compression:
        return reply.body
    if compression != "lz4":
        raise ValueError("x-log-compresstype: neither lz4 nor absent")
    size_bytes = _number(reply, "x-log-bodyrawsize")
    if size_bytes > _MAX_LOGS_BYTES:
        raise ValueError(f"x-log-bodyrawsize: more than {_MAX_LOGS_BYTES}")
    return decompress_block(reply.body, size_bytes) if size_bytes else b""


def _number(reply: Reply, header: str) -> int:
    text = reply.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) < 20):  # noqa: PLR2004 -- 64 bits
        raise ValueError(f"{header}: not a whole number")
    return int(text)
