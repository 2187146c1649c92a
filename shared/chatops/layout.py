"""Texts of cards, as every platform needs them: on one line, inert, cut to fit, tables in columns."""

import re
import unicodedata
from collections.abc import Sequence

from shared.chatops.prose import padded, width_of

_MAX_LINE_CHARS = 300
_MAX_CELL_CHARS = 40
_MORE_CHARS = 24
_GAP = "  "
# Controls, direction marks, what has no width, line ends of Unicode, halves of surrogates: all that is not seen.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def inert(text: str, *, longest: int = _MAX_LINE_CHARS) -> str:
    """Return a text on one line and of at most so many characters, in which no mention and no link is left.

    Look-alikes stand for "@" and for the colon of "://", since clients bring both to life in places that no platform
    documents; what the platforms' own markup needs comes on top of it.
    """
    seen = "".join(" " if unicodedata.category(char) in _UNSEEN else char for char in text[: 4 * longest])
    return cut(" ".join(seen.split()).replace("@", "\uff20").replace("://", "\uff1a//"), longest)


def without_emphasis(text: str) -> str:
    """Return a text whose characters start no code, bold, italic or struck-out run, as chat platforms know them.

    Underscores within a word start none: names that have them stay as they are.
    """
    plain = text.replace("`", "'").replace("*", "\u2217").replace("~", "\u223c")
    return _EMPHASIS.sub("\uff3f", plain)


def cut(text: str, chars: int) -> str:
    """Return a text of at most so many characters; one that had to be cut ends with an ellipsis."""
    return text if len(text) <= chars else text[: chars - 1] + "…"


def columns(table: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines whose cells stand under one another in a font of one width; inert, not yet escaped."""
    cells = [[inert(cell, longest=_MAX_CELL_CHARS) for cell in row] for row in table]
    number = max((len(row) for row in cells), default=0)
    widths = [max(width_of(row[index]) for row in cells if index < len(row)) for index in range(number)]
    return [_GAP.join(map(padded, row, widths)).rstrip() for row in cells]


def pages(lines: Sequence[str], *, chars: int, most: int = 1, joint: str = "\n") -> list[str]:
    """Return lines packed into at most `most` texts of at most `chars` characters; the rest is counted: "… 3 more".

    Args:
        lines: Each at most `chars` - 24 long; of a longer one the end is lost.
        chars: The size of a text.
        most: How many texts there may be.
        joint: What stands between lines.
    """
    packed: list[str] = []
    room = chars - _MORE_CHARS - len(joint)
    for number, whole in enumerate(lines):
        line = whole[:room]
        if packed and len(packed[-1]) + len(joint) + len(line) <= room:
            packed[-1] += joint + line
        elif len(packed) < most:
            packed.append(line)
        else:
            packed[-1] += f"{joint}… {len(lines) - number} more"
            break
    return packed
