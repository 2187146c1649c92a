"""What people wrote is shown in their script, and misleads nobody."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chatops.prose import Prose, fitting, padded, prose, width_of
from shared.names import in_ascii, printable

UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    "text",
    [
        "\u90e8\u7f72\u5931\u8d25\uff01",
        "r\xe9gression n\xb2",
        "\u0414\u0435\u043f\u043b\u043e\u0439",
        "bad deploy",
        "\U00020000",
    ],
    ids=ascii,
)
def test_prose_is_the_same_as_typed_and_as_recorded(text: str) -> None:
    assert prose(text) == text
    assert prose(printable(text)) == text
    assert prose(in_ascii(text)) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u202eabc", "\\u202eabc"),
        ("a\u200bb", "a\\u200bb"),
        ("a\u2028b", "a b"),
        ("a\nb", "a?b"),
        ("a\u3000b", "a b"),
        ("\u05d0\u05d1", "\\u05d0\\u05d1"),
        ("\u3164", "\\u3164"),
        ("\u0378", "\\u0378"),
        ("\ud800", "\\ud800"),
        ("e" + "\u0301" * 9, "e\u0301\u0301"),
        ("\\u0041\\x41\\U00000041", "\\u0041\\x41\\U00000041"),
        ("\\U00110000", "\\U00110000"),
        ("C:\\users", "C:\\users"),
    ],
    ids=ascii,
)
def test_what_is_not_seen_or_turns_the_line_around_stays_an_escape(text: str, shown: str) -> None:
    assert prose(text) == shown


def test_a_record_that_was_cut_within_an_escape_ends_before_it() -> None:
    recorded = in_ascii("x" * 3 + "\u90e8" * 60)

    assert recorded.endswith("\\u90e")
    assert prose(recorded) == "xxx" + "\u90e8" * 32 + "\u2026"


@given(st.text(max_size=200), st.booleans())
def test_any_prose_is_seen_whole_and_on_one_line(text: str, recorded: bool) -> None:  # noqa: FBT001 -- drawn
    shown = prose(printable(text) if recorded else text)

    assert shown.isprintable() or not shown
    assert not {unicodedata.category(char) for char in shown} & UNSEEN
    assert not {unicodedata.bidirectional(char) for char in shown} & {"R", "AL", "AN", "RLO", "RLE", "RLI"}


@given(st.text(max_size=80), st.integers(2, 60))
def test_prose_fits_the_columns_that_it_is_given(text: str, columns: int) -> None:
    shown = fitting(prose(text), columns)

    assert width_of(shown) <= columns
    assert width_of(padded(shown, columns)) == columns


def test_what_is_no_prose_is_shown_in_ascii() -> None:
    assert fitting("\u90e8", 40) == "\\u90e8"
    assert isinstance(fitting(prose("\u90e8"), 40), Prose)
