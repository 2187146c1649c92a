"""Reading an LZ4 block, the form in which SLS compresses logs; a C extension would have to be built for each runtime.

Source: LZ4 block format description (lz4 project, doc/lz4_Block_format.md): a token of two lengths, literals, a
two-byte offset backwards, and so on, ending with literals.
"""

_LONGER = 15
_MIN_MATCH_BYTES = 4


def decompress_block(block: bytes, size_bytes: int) -> bytes:
    """Return what a block holds.

    Args:
        block: One raw block, without a frame.
        size_bytes: How long the content is; the block does not say.

    Raises:
        ValueError: It is not such a block, or its content has another length.
    """
    content = bytearray()
    at = 0
    try:
        while True:
            token, at = block[at], at + 1
            literals, at = _length(block, at, token >> 4)
            content += block[at : at + literals]
            at += literals
            if at >= len(block):
                break
            offset, at = block[at] | block[at + 1] << 8, at + 2
            match, at = _length(block, at, token & _LONGER)
            if len(content) + match + _MIN_MATCH_BYTES > size_bytes:
                break
            _repeat(content, offset, match + _MIN_MATCH_BYTES)
    except IndexError as error:
        raise ValueError("an LZ4 block that is cut short") from error
    if at != len(block) or len(content) != size_bytes:
        raise ValueError("an LZ4 block of another length")
    return bytes(content)


def _length(block: bytes, at: int, nibble: int) -> tuple[int, int]:
    length = nibble
    if nibble == _LONGER:
        while True:
            length, at = length + block[at], at + 1
            if block[at - 1] < 255:  # noqa: PLR2004 -- a full byte is followed by another
                break
    return length, at


def _repeat(content: bytearray, offset: int, length: int) -> None:
    if not 0 < offset <= len(content):
        raise ValueError("an LZ4 block that points outside itself")
    start = len(content) - offset
    # A match may reach into what it is itself about to write.
    pattern = content[start:]
    content += (pattern * (length // offset + 1))[:length]
