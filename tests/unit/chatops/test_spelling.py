# ruff: noqa: RUF001 -- signs that only look like others are what is tested here

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chatops.spelling import keyword, normalise, short_dashes, tidy, words_of

FULL_WIDTH = range(0xFF01, 0xFF5F)
ODD = (
    "—–―‐‑−－“”‘’「」，。：（）／～＆；＠ａＺ０９｀\u212aſİаıⅷ①𝐚`&amp;lt;gt;<>\"' \n\t"
    "\u3000\u00a0\u2005\u200b\u200d\ufeff\u202e\u2066"
)
odd_text = st.text(st.sampled_from(ODD) | st.characters(), max_size=60)


def resembles_ascii(sign: str) -> bool:
    """Return whether any folding that libraries do makes letters or digits of ASCII of a sign."""
    foldings = [unicodedata.normalize("NFKC", sign), sign.lower(), sign.upper(), sign.casefold()]
    folded = "".join(part for text in foldings for part in unicodedata.normalize("NFKD", text))
    return any(part.isascii() and part.isalnum() for part in folded)


@given(odd_text)
def test_normalising_again_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert tidy(tidy(text)) == tidy(text)


@given(odd_text)
def test_the_words_of_a_text_are_those_of_its_normal_form(text: str) -> None:
    assert [word.plain for word in words_of(text)] == [word.plain for word in words_of(normalise(text))]


def test_no_sign_but_the_full_width_ones_becomes_a_letter_or_a_digit() -> None:
    alike = [chr(code) for code in range(0x80, sys.maxunicode + 1) if resembles_ascii(chr(code))]
    changed = [sign for sign in alike if normalise(sign) != tidy(sign) and ord(sign) not in FULL_WIDTH]

    assert len(alike) > 1_000
    assert [sign for sign in changed if normalise(sign).isalnum()] == []
    assert [sign for sign in alike if keyword(sign).isascii() and keyword(sign).isalnum()] == []


def test_full_width_signs_become_the_ascii_ones() -> None:
    assert normalise("ｒｅｗｉｎｄ　ｓｈｏｐ／ｏｒｄｅｒｓ　２ｈ　（０，３）：～") == "rewind shop/orders 2h (0,3):~"


@pytest.mark.parametrize(("dash", "plain"), [("‐", "-"), ("‑", "-"), ("−", "-"), ("－", "-")])
def test_a_dash_that_can_only_be_one_hyphen_becomes_it(dash: str, plain: str) -> None:
    assert normalise(f"a{dash}b") == f"a{plain}b"


@pytest.mark.parametrize("dash", ["–", "—", "―", "⸺"])
def test_a_dash_that_can_be_two_hyphens_becomes_one_only_where_that_names_nothing(dash: str) -> None:
    assert normalise(f"a{dash}b") == f"a{dash}b"
    assert short_dashes(f"a{dash}b") == "a-b"
    assert keyword(f"{dash}ALLOW{dash}{dash}Active") == "allow-active"


def test_entities_become_signs_however_often_they_were_escaped() -> None:
    assert normalise("a &amp;amp;amp;amp;lt; b &amp; c &gt;") == "a < b & c >"


def test_invisible_signs_and_gaps_go() -> None:
    assert normalise(" re\u200bwind\ufeff\u00a0 `or\u00adders`\r\n\u20052h\u3000") == "rewind orders 2h"


def test_what_reverses_the_order_of_signs_stays_to_be_refused() -> None:
    assert normalise("\u202esredro") == "\u202esredro"


def test_quotes_and_punctuation_around_words_go() -> None:
    assert [word.plain for word in words_of("“rewind”: 'orders', 2h。 ！ ？")] == ["rewind", "orders", "2h"]


def test_a_comma_that_stands_alone_belongs_to_the_word_before() -> None:
    assert [word.raw for word in words_of("shards 0 ， 3")] == ["shards", "0,", "3"]
