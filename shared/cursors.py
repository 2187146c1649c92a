"""Cursors and checkpoints as numbers: what SLS hands out as base64 text is a decimal position inside one shard."""

import base64
import binascii

MAX_CURSOR = 2**63 - 1
_MAX_DIGITS = 19


def decode_cursor(cursor: str) -> int:
    """Return a cursor's position in its shard; one log group is one step.

    Positions order within one shard and mean nothing across shards. They look like nanoseconds and are not times.
    Padding may be missing and a newline may follow, as one page and one SDK have it.

    Raises:
        ValueError: The text is not base64 of a decimal number from 0 to 2**63-1.

    Source: reference sls-api.md section 3 (measured on published cursors; every SDK decodes them so).
    """
    text = cursor.rstrip("\n")
    try:
        digits = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64") from error
    if not digits.isdigit() or len(digits) > _MAX_DIGITS:
        raise ValueError("not base64 of a decimal position")
    position = int(digits)
    if position > MAX_CURSOR:
        raise ValueError("beyond 64 bits")
    return position


def encode_cursor(position: int) -> str:
    """Return the cursor of a position, padded as SLS sends it.

    Raises:
        ValueError: The position is below 0 or beyond 2**63-1.
    """
    if not 0 <= position <= MAX_CURSOR:
        raise ValueError("beyond 64 bits")
    return base64.b64encode(str(position).encode()).decode()
