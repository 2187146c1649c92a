"""What phones, input methods and chat platforms do to a typed line, taken back without changing any name.

Only what can stand for one ASCII character alone is turned into it: full-width signs, single hyphens, smart quotes.
Letters that merely look like others stay, so that they fail the patterns of names. A long dash stays too, since it may
stand for one hyphen or two; `short_dashes` is for words that are no names.
"""

import re
from typing import NamedTuple

_FULL_WIDTH = {sign: sign - 0xFEE0 for sign in range(0xFF01, 0xFF5F)}
_LIKE = {
    "-": "\u2010\u2011\u2012\u2212\ufe63",
    '"': "\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f\u300a\u300b\u301d\u301e",
    "'": "\u2018\u2019\u201a\u201b\u2039\u203a",
    ".": "\u3002\uff61",
    ",": "\u3001\uff64",
    "~": "\u301c",
}
_FOLDED = {**_FULL_WIDTH, **{ord(sign): ord(plain) for plain, signs in _LIKE.items() for sign in signs}}
_LONG_DASHES = re.compile("[\u2013\u2014\u2015\u2e3a\u2e3b\ufe31\ufe32\ufe58]")
# Without width, and without a say in the order of what is seen: those that reverse it stay, and are refused in names.
_INVISIBLE = dict.fromkeys(
    map(ord, "\u00ad\u200b\u200c\u200d\u200e\u2060\ufeff\u202a\u202c\u2066\u2068\u2069\ufe0e\ufe0f")
)
_GAPS = dict.fromkeys(map(ord, "`\uff40"), " ")
_ENTITY = re.compile(r"&(?:amp;)*(?:(lt|gt);)?")
_QUOTES = "\"'"
_ENDS = ".,;:!?" + _QUOTES


class Word(NamedTuple):
    """One word of a line.

    Attributes:
        plain: Normalised, without quotes around it and punctuation behind it; never empty.
        raw: Normalised, with the comma behind it that makes a list of words.
        place: Which word of `tidy(text)` it is, from 0.
    """

    plain: str
    raw: str
    place: int


def tidy(text: str) -> str:
    """Return a text on one line, with single spaces, without invisible signs, backticks and HTML entities.

    Source: reference chat-and-webhooks.md section 1.2 (`&`, `<` and `>` arrive as entities).
    """
    seen = text.translate(_INVISIBLE).translate(_GAPS)
    return " ".join(_ENTITY.sub(_sign_of, seen).split())


def normalise(text: str) -> str:
    """Return a tidy text with every sign that can stand for one ASCII character alone turned into that.

    It changes no letter into another one, and applied again changes nothing.
    """
    return _ENTITY.sub(_sign_of, tidy(text).translate(_FOLDED))


def words_of(text: str) -> list[Word]:
    """Return the words of a text in order; what is punctuation alone is left out."""
    words: list[Word] = []
    for place, typed in enumerate(tidy(text).split()):
        raw = normalise(typed)
        plain = raw.lstrip(_QUOTES).rstrip(_ENDS)
        if plain:
            words.append(Word(plain, raw.strip(_QUOTES), place))
        elif "," in raw and words:
            words[-1] = words[-1]._replace(raw=words[-1].raw + ",")
    return words


def has_long_dash(word: str) -> bool:
    """Return whether a word has a dash that may stand for one hyphen, for two, or for an underscore."""
    return _LONG_DASHES.search(word) is not None


def short_dashes(word: str) -> str:
    """Return a word that is no name with a hyphen for every long dash."""
    return _LONG_DASHES.sub("-", word)


def keyword(word: str) -> str:
    """Return how the grammar spells a word: lower case, single hyphens inside and none around.

    What is not ASCII is left as it is, and so is no word of the grammar's: some letters' lower case is ASCII.
    """
    plain = short_dashes(word)
    return re.sub("[-_]+", "-", plain.lower()).strip("-") if plain.isascii() else plain


def _sign_of(entity: re.Match[str]) -> str:
    return {"lt": "<", "gt": ">"}.get(entity[1], "&")
