"""Cursors: padded base64 of a decimal position inside one shard."""

import base64
import binascii


def encode_cursor(position: int) -> str:
    """Return the cursor of a position, padded.

    Source: sls-api.md section 3 (decoded samples).
    """
    return base64.b64encode(str(position).encode()).decode()


def decode_base64(text: str) -> bytes | None:
    """Return the bytes behind standard base64, None if it is none.

    Missing padding and a trailing newline are tolerated: one page shows the first, the Python SDK sends the second.
    """
    stripped = text.strip()
    try:
        return base64.b64decode(stripped + "=" * (-len(stripped) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def decode_cursor(cursor: str) -> int | None:
    """Return the position behind a cursor, None if it is not base64 of a decimal number."""
    digits = decode_base64(cursor)
    return int(digits) if digits is not None and digits.isdigit() else None
