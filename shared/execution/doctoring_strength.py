"""How hard a secret is to guess, as far as its looks tell: weaknesses that are known, never a proof of strength.

Random bytes of 16 or more, in hex, base64 or base64url, are never called weak: tests hold that on many of them. Whether
something reads like words is a matter of likelihood, so that is a doubt and not a weakness.
"""

import math
import re
from collections import Counter
from itertools import pairwise

_MIN_DISTINCT = 8
_MIN_ENTROPY_BITS = 72
_MIN_LEFT_BITS = 64
# Whoever has more than these many random characters needs no more; and it bounds what looking for repetitions takes.
_MOST_JUDGED = 256
_PREFIX = "whsec_"

_WORDS = (
    "p[a@]ss?w[o0]rd|passwd|passphrase|s[e3]cr[e3]t|change.?me|example|dummy|testing|test|letmein|welcome|admin|token|"
    "default|webhook|production|summer|winter|spring|autumn|iloveyou|dragon|monkey|master|login|company|alibaba|aliyun"
)
_YEARS = r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])"
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "abcdefghijklmnopqrstuvwxyz")
_WEAVES = ("1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujmikolp", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/")
_RUN = 4
_TRIED_FIRST = re.compile(f"(?i){_WORDS}|{_YEARS}|(.)\\1{{2,}}")
_AGAIN = re.compile(r"(.{4,})(?=.*\1)", re.DOTALL)

_WORD_LIKE = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")
_VOWELS = frozenset("aeiouy")
_HEX = re.compile("[0-9A-Fa-f-]+")
# The pairs of letters that come most often in English: four in five of its pairs, and one in six of all that there are.
_COMMON = """
th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea
ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly nc et ut ss so rs un lo wa ge ie
wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev ld ry mp
"""
_COMMON_PAIRS = frozenset(_COMMON.split())
_COMMON_SHARE, _WORDS_SHARE = 0.45, 0.6


def weakness(secret: str) -> str | None:
    """Return why a secret is easy to guess, without telling anything of it; None where no weakness is known."""
    text = _judged(secret)
    if len(set(text)) < _MIN_DISTINCT:
        return f"has fewer than {_MIN_DISTINCT} different characters"
    if text in (text + text)[1:-1]:
        # It is found in itself doubled, before its own end.
        return "is one piece repeated"
    if _in_sequence(text):
        return "runs along the alphabet or the digits"
    if entropy_bits(text) < _MIN_ENTROPY_BITS:
        return "has too little randomness"
    if entropy_bits(_without_guessable(text)) < _MIN_LEFT_BITS:
        return "is made around what is tried first: words, years, runs on a keyboard, pieces that come again"
    return None


def doubt(secret: str) -> str | None:
    """Return why a secret looks as if somebody had made it up; None for one that looks random.

    Of a thousand random ones in letters alone, a few may look so as well; of those in hex or base64, hardly any.
    """
    text = _judged(secret)
    if _HEX.fullmatch(text):
        return None
    pieces = [piece.lower() for piece in _WORD_LIKE.findall(text) if not _VOWELS.isdisjoint(piece.lower())]
    pairs = ["".join(pair) for piece in pieces for pair in pairwise(piece)]
    common = sum(pair in _COMMON_PAIRS for pair in pairs)
    if sum(map(len, pieces)) < _WORDS_SHARE * len(text) or common < _COMMON_SHARE * len(pairs):
        return None
    return "reads like words, which are easier to guess than their length says"


def entropy_bits(text: str) -> float:
    """Return how many bits a text could carry at most, by how often each of its characters comes."""
    counts = Counter(text).values()
    return -sum(count * math.log2(count / len(text)) for count in counts)


def _judged(secret: str) -> str:
    return secret.removeprefix(_PREFIX)[:_MOST_JUDGED]


def _in_sequence(text: str) -> bool:
    steps = [ord(b) - ord(a) for a, b in pairwise(text)]
    return sum(abs(step) == 1 for step in steps) > len(steps) / 2


def _without_guessable(text: str) -> str:
    """Return what is left of a text where everything that a guesser tries first is one character."""
    for pattern in (_AGAIN, _TRIED_FIRST, _ON_KEYBOARD):
        text = pattern.sub(lambda found: found[0][0], text)
    return text


def _runs() -> list[str]:
    """Return every run of four keys, or letters of the alphabet, there and back."""
    pieces = [line[at : at + _RUN] for line in (*_ROWS, *_WEAVES) for at in range(len(line) - _RUN + 1)]
    return pieces + [piece[::-1] for piece in pieces]


_ON_KEYBOARD = re.compile(f"(?i)(?:{'|'.join(map(re.escape, _runs()))})+")
