import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chatops.layout import columns, cut, inert, pages, without_emphasis
from tests.unit.chatops.drawn import FEW, texts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\n c\u2028d", "a b c d"),
        ("a\u202eb\u200bc\ud800d\x00e", "a b c d e"),
        ("mail @all", "mail \uff20all"),
        ("see https://evil.example", "see https\uff1a//evil.example"),
        ("02:15:10 shop/orders", "02:15:10 shop/orders"),
    ],
    ids=ascii,
)
def test_inert_text_is_on_one_line_without_mentions_and_links(text: str, shown: str) -> None:
    assert inert(text) == shown


@FEW
@given(texts, st.integers(2, 80))
def test_inert_text_is_never_longer_than_allowed_and_stays_as_it_is(text: str, longest: int) -> None:
    shown = inert(text, longest=longest)

    assert len(shown) <= longest
    assert inert(shown, longest=longest) == shown
    assert shown.encode("utf-8", "strict") is not None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("shop/my_orders/group_1", "shop/my_orders/group_1"),
        ("_slanted_", "\uff3fslanted\uff3f"),
        ("*bold* ~gone~ `code`", "\u2217bold\u2217 \u223cgone\u223c 'code'"),
    ],
    ids=ascii,
)
def test_names_keep_their_underscores_and_nothing_is_emphasised(text: str, shown: str) -> None:
    assert without_emphasis(text) == shown


def test_what_is_cut_ends_with_an_ellipsis() -> None:
    assert (cut("abcdef", 4), cut("abcd", 4)) == ("abc…", "abcd")


def test_columns_stand_under_one_another() -> None:
    assert columns([("shard", "to"), ("0", "begin"), ("10", "x")]) == ["shard  to", "0      begin", "10     x"]


def test_rows_may_differ_in_length() -> None:
    assert columns([("a",), (), ("bb", "c")]) == ["a", "", "bb  c"]


def test_what_does_not_fit_is_counted() -> None:
    assert pages(["x" * 20] * 5, chars=66) == [f"{'x' * 20}\n{'x' * 20}\n… 3 more"]


def test_nothing_is_counted_where_all_fits() -> None:
    assert pages(["a", "b"], chars=66) == ["a\nb"]


@FEW
@given(st.lists(st.text("ab", max_size=50), max_size=60), st.integers(30, 200), st.integers(1, 4))
def test_pages_hold_every_line_or_count_it(lines: list[str], chars: int, most: int) -> None:
    texts = pages(lines, chars=chars, most=most)

    assert len(texts) <= most
    assert all(len(text) <= chars for text in texts)
    shown = [line for text in texts for line in text.split("\n")]
    left = int(shown.pop().split()[1]) if shown and shown[-1].startswith("…") else 0
    assert len(shown) + left == len(lines)
