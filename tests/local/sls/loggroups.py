"""Log groups as bytes: the little of protobuf that is needed, and the compressions that SLS speaks.

Source: sls-api.md section 2.16 (LogGroup, LogGroupList) and 2.14 (raw lz4 blocks).
"""

import zlib
from collections.abc import Iterable

import lz4.block

from tests.local.sls.errors import InvalidLogGroupError, UncompressError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def encode_log_group(unix: int, contents: Iterable[tuple[str, str]]) -> bytes:
    """Return a LogGroup of one Log; `unix` is its own time in epoch seconds."""
    log = _varint(1 << 3 | _VARINT) + _varint(unix)
    log += b"".join(_field(2, _field(1, key.encode()) + _field(2, value.encode())) for key, value in contents)
    return _field(1, log)


def encode_log_group_list(groups: Iterable[bytes]) -> bytes:
    """Return a LogGroupList of these LogGroups, each taken as it is."""
    return b"".join(_field(1, group) for group in groups)


def check_log_group(data: bytes) -> None:
    """Check that bytes can be read as a LogGroup: every field whole, every Log readable.

    Raises:
        InvalidLogGroupError: They cannot.
    """
    try:
        for number, log in _fields(data):
            if number == 1:
                _fields(log)
    except (IndexError, ValueError) as error:
        raise InvalidLogGroupError from error


def compress(data: bytes, encoding: str) -> bytes:
    """Return data as a raw lz4 block ("lz4") or a zlib stream ("deflate")."""
    if encoding == "lz4":
        return bytes(lz4.block.compress(data, store_size=False))
    return zlib.compress(data)


def decompress(data: bytes, encoding: str, raw_size: int) -> bytes:
    """Return what a raw lz4 block or a zlib stream holds; `raw_size` is the size it must have, in bytes.

    Raises:
        UncompressError: It does not decompress to that size.
    """
    try:
        if encoding == "lz4":
            raw = bytes(lz4.block.decompress(data, uncompressed_size=raw_size))
        else:
            raw = zlib.decompress(data)
    except (lz4.block.LZ4BlockError, zlib.error, ValueError, OverflowError) as error:
        raise UncompressError from error
    if len(raw) != raw_size:
        raise UncompressError
    return raw


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(data)) + data


def _fields(data: bytes) -> list[tuple[int, bytes]]:
    fields, at = [], 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        value, at = _read_value(data, at, tag & 7)
        fields.append((tag >> 3, value))
    return fields


def _read_value(data: bytes, at: int, wire_type: int) -> tuple[bytes, int]:
    if wire_type == _VARINT:
        return b"", _read_varint(data, at)[1]
    if wire_type == _BYTES:
        size, at = _read_varint(data, at)
    elif wire_type in (_FIXED32, _FIXED64):
        size = 4 if wire_type == _FIXED32 else 8
    else:
        raise ValueError("unknown wire type")
    if at + size > len(data):
        raise ValueError("field is cut off")
    return data[at : at + size], at + size


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while data[at] & 0x80:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
    return value | data[at] << shift, at + 1
