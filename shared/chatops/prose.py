"""What people wrote, such as reasons: shown in their own script, as far as that cannot mislead.

Records hold what can be seen as it was typed, and spell the rest out as escapes; those of earlier versions spelled out
all that is not ASCII. A card takes escapes back, for display alone, and judges each character anew.
"""

import re
import unicodedata

from shared.names import in_ascii

_LONGEST_RECORDED = 200
# Exactly as `in_ascii` writes them: never for ASCII, always lower case, each in its shortest form.
_ESCAPE = re.compile(r"\\(?:x([89a-f][0-9a-f])|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_CUT_OFF = re.compile(r"\\(?:x[89a-f]?|u[0-9a-f]{0,3}|U[0-9a-f]{0,7})?\Z")
_SEEN = frozenset("LMNP")
# Of letters that run from right to left the order of all that stands beside them on the line is changed.
_LEFT_TO_RIGHT = frozenset({"L", "EN", "ES", "ET", "CS", "NSM", "BN", "WS", "ON"})
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")
_MOST_MARKS = 2
_WIDE = frozenset("WF")


class Prose(str):
    """A text that may stand in a card as it is, whatever its script; `prose` makes it."""

    __slots__ = ()


def prose(text: str, *, leading: str = "") -> Prose:
    """Return what somebody wrote as a card may show it: letters, marks, digits and punctuation; the rest as escapes.

    Args:
        text: As it was typed, or as a record spells it.
        leading: Our own words before it.
    """
    return Prose(leading + "".join(map(_shown, _without_piles(_unescaped(text)))))


def fitting(text: str, chars: int) -> str:
    """Return a text in at most so many columns of a font of one width: prose as it is, all else in ASCII."""
    if not isinstance(text, Prose):
        return in_ascii(text, longest=chars)
    if width_of(text) <= chars:
        return text
    kept = len(text)
    while kept and width_of(text[:kept]) > chars - 1:
        kept -= 1
    return Prose(text[:kept] + "\u2026")


def width_of(text: str) -> int:
    """Return how many columns a text takes in a font of one width: Chinese letters take two, marks none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def padded(text: str, columns: int) -> str:
    """Return a text with spaces behind it up to so many columns."""
    return text + " " * (columns - width_of(text))


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in _WIDE else 1


def _unescaped(text: str) -> str:
    """Return a recorded text as it was typed; one that was cut within an escape ends before it."""
    whole = _CUT_OFF.sub("\u2026", text) if len(text) >= _LONGEST_RECORDED else text
    return _ESCAPE.sub(_typed, whole)


def _typed(escape: re.Match[str]) -> str:
    code = int(escape[1] or escape[2] or escape[3], 16)
    shortest = code >= (0x80 if escape[1] else 0x100 if escape[2] else 0x10000)
    return chr(code) if shortest and code <= 0x10FFFF else escape[0]  # noqa: PLR2004 -- the last code point


def _without_piles(text: str) -> str:
    """Return a text without the marks that would be piled over other lines."""
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def _shown(char: str) -> str:
    if char.isascii():
        return in_ascii(char)
    if char.isspace():
        return " "
    seen = unicodedata.category(char)[0] in _SEEN and char not in _BLANK_LETTERS
    return char if seen and unicodedata.bidirectional(char) in _LEFT_TO_RIGHT else in_ascii(char)
