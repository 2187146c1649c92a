"""LogGroups on the wire: the few lines of protobuf that writing and reading a journal take.

A protobuf library would cost every cold start more than these lines do (`docs/journal.md` has the measurement).

Source: reference sls-api.md 2.16 (log_logs.proto): LogGroup {1 Logs, 3 Topic, 4 Source, 6 LogTags}, Log {1 Time, 2
Contents, 4 Time_ns}, Content and LogTag {1 Key, 2 Value}, LogGroupList {1 LogGroups}.
"""

from collections.abc import Mapping

from shared.frozen import frozen

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_BYTES = {_FIXED64: 8, _FIXED32: 4}
_MAX_VARINT_BYTES = 10
_SEVEN_BITS = 0x7F
_TIME, _CONTENTS = 1, 2

Field = tuple[int, "int | bytes"]


@frozen
class Log:
    """One log: when its writer says it happened, in Unix seconds, and its contents in the order of writing."""

    time_unix: int
    contents: Mapping[str, str]


@frozen
class LogGroup:
    """What one PutLogs call wrote: logs with a common topic, source and tags; one step of a shard's cursor."""

    logs: tuple[Log, ...]
    topic: str = ""
    source: str = ""


def encode_log_group(group: LogGroup) -> bytes:
    """Return a LogGroup as PutLogs takes it."""
    logs = b"".join(_message(1, _encode_log(log)) for log in group.logs)
    return logs + _text(3, group.topic) + _text(4, group.source)


def decode_log_group_list(body: bytes) -> tuple[LogGroup, ...]:
    """Return the LogGroups of a PullLogs answer, uncompressed, in their order.

    Text that is not UTF-8 comes with replacement characters: what others wrote must not stop the reading.

    Raises:
        ValueError: It is not protobuf of that form.
    """
    return tuple(
        _decode_log_group(value) for number, value in _fields(body) if number == 1 and isinstance(value, bytes)
    )


def _encode_log(log: Log) -> bytes:
    contents = (_message(2, _text(1, key) + _text(2, value)) for key, value in log.contents.items())
    return b"\x08" + _varint(log.time_unix) + b"".join(contents)


def _text(number: int, text: str) -> bytes:
    return _message(number, text.encode("utf-8", "replace"))


def _message(number: int, body: bytes) -> bytes:
    return bytes([number << 3 | _BYTES]) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > _SEVEN_BITS:
        encoded.append(value & _SEVEN_BITS | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _decode_log_group(body: bytes) -> LogGroup:
    logs: list[Log] = []
    texts = {3: "", 4: ""}
    for number, value in _fields(body):
        if isinstance(value, bytes) and number == 1:
            logs.append(_decode_log(value))
        elif isinstance(value, bytes) and number in texts:
            texts[number] = value.decode("utf-8", "replace")
    return LogGroup(tuple(logs), texts[3], texts[4])


def _decode_log(body: bytes) -> Log:
    time_unix = 0
    contents: dict[str, str] = {}
    for number, value in _fields(body):
        if number == _TIME and isinstance(value, int):
            time_unix = value
        elif number == _CONTENTS and isinstance(value, bytes):
            pair = {n: v.decode("utf-8", "replace") for n, v in _fields(value) if isinstance(v, bytes)}
            contents[pair.get(1, "")] = pair.get(2, "")
    return Log(time_unix, contents)


def _fields(body: bytes) -> list[Field]:
    found: list[Field] = []
    at, end = 0, len(body)
    while at < end:
        # Nearly all keys and many lengths are one byte, and a journal holds millions of them.
        key, at = (body[at], at + 1) if body[at] <= _SEVEN_BITS else _read_varint(body, at)
        kind = key & 7
        if kind == _BYTES:
            length, at = (body[at], at + 1) if at < end and body[at] <= _SEVEN_BITS else _read_varint(body, at)
        elif kind == _VARINT:
            value, at = _read_varint(body, at)
            found.append((key >> 3, value))
            continue
        elif kind in _FIXED_BYTES:
            length = _FIXED_BYTES[kind]
        else:
            raise ValueError("an unknown wire type")
        begin, at = at, at + length
        if at > end:
            raise ValueError("cut short")
        found.append((key >> 3, body[begin:at]))
    return found


def _read_varint(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for n, byte in enumerate(body[at : at + _MAX_VARINT_BYTES]):
        value |= (byte & _SEVEN_BITS) << 7 * n
        if byte <= _SEVEN_BITS:
            return value, at + n + 1
    raise ValueError("cut short, or a number beyond 64 bits")
