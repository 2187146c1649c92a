"""What a text from outside looks like in messages, records and logs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.names import in_ascii, printable

CHINESE = "\u8ba2\u5355\u5806\u79ef"
ANY_TEXT = st.text(st.characters(), max_size=300)


@pytest.mark.parametrize(
    "text", [CHINESE, "r\xe9gression", "\u0414\u0435\u043f\u043b\u043e\u0439", "\U00020000", "a b"]
)
def test_letters_of_every_script_stay_as_they_are(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\x00\x1b\x7f", "a?b???"),
        ("\u202eabc", "\\u202eabc"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("a\u2028b\x85", "a\\u2028b\\x85"),
        ("\ud800", "\\ud800"),
        ("\ue000\u0378", "\\ue000\\u0378"),
        ("\u8ba2\u3000\u5355\xa0x", "\u8ba2 \u5355 x"),
    ],
    ids=ascii,
)
def test_what_cannot_be_seen_is_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(ANY_TEXT)
def test_a_printable_text_is_on_one_line_and_stays_as_it_is(text: str) -> None:
    shown = printable(text)

    assert shown.isprintable()
    assert printable(shown, longest=len(shown)) == shown


@given(ANY_TEXT, st.integers(0, 300))
def test_a_text_is_cut_before_it_is_spelled_out_so_that_no_script_keeps_less(text: str, longest: int) -> None:
    assert printable(text, longest=longest) == printable(text[:longest], longest=300)
    assert len(printable(CHINESE * 100, longest=longest)) == longest


@given(ANY_TEXT, st.integers(0, 300))
def test_headers_hold_ascii_alone(text: str, longest: int) -> None:
    shown = in_ascii(text, longest=longest)

    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) <= longest
