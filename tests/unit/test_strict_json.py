import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidCommandError
from shared.strict_json import MAX_DEPTH, parse_strict_json, parse_strict_value

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), values, max_size=4))
def test_every_object_is_read_as_the_standard_parser_does(document: dict[str, object]) -> None:
    assert parse_strict_json(json.dumps(document).encode()) == (document, [])


@given(
    st.binary(max_size=40)
    | st.text(alphabet='{}[]":,0123456789eE+-.nulltruefalseNaN \\ud8', max_size=40).map(str.encode)
)
def test_any_bytes_are_an_object_or_an_invalid_command(body: bytes) -> None:
    try:
        found, _ = parse_strict_json(body)
    except InvalidCommandError as error:
        assert error.problems[0].startswith("body: ")  # noqa: PT017 -- either outcome is right
    else:
        assert isinstance(found, dict)


def test_every_key_that_is_given_twice_is_named_once_an_object() -> None:
    _, problems = parse_strict_json(b'{"b": 1, "a": {"x": 1, "x": 2, "x": 3}, "b": 2, "a": 1}')

    assert problems == ["x: given more than once", "a: given more than once", "b: given more than once"]


def test_a_key_that_cannot_be_printed_is_spelled_out() -> None:
    _, problems = parse_strict_json('{"\\n\u202e": 1, "\\n\u202e": 2}'.encode())

    assert problems == ["?\\u202e: given more than once"]


@pytest.mark.parametrize("digits", ["9" * 21, "-" + "9" * 20, "1" + "0" * 5000])
def test_a_number_of_too_many_digits_comes_back_as_out_of_every_range(digits: str) -> None:
    assert parse_strict_json(f'{{"n": {digits}}}'.encode()) == ({"n": 2**64}, [])


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 2**64])
def test_a_number_of_64_bits_is_read_exactly(number: int) -> None:
    assert parse_strict_json(f'{{"n": {number}}}'.encode()) == ({"n": number}, [])


def nested(depth: int, kinds: str) -> bytes:
    """Return so many objects and lists within one another, taking turns as the signs say."""
    signs = [kinds[number % len(kinds)] for number in range(depth)]
    opened = "".join('{"a":' if sign == "{" else "[" for sign in signs)
    closed = "".join("}" if sign == "{" else "]" for sign in reversed(signs))
    return f"{opened}1{closed}".encode()


@given(st.integers(1, 80), st.text("{[", min_size=1, max_size=4))
def test_nesting_is_read_down_to_its_limit_and_refused_beyond_it(depth: int, kinds: str) -> None:
    body = nested(depth, kinds)
    if depth <= MAX_DEPTH:
        assert parse_strict_value(body) == (json.loads(body), [])
    else:
        with pytest.raises(InvalidCommandError) as caught:
            parse_strict_value(body)
        assert caught.value.problems == ("body: nested more than 32 levels deep",)


@pytest.mark.parametrize("depth", [33, 500, 950, 1000, 5000, 15000, 100_000])
@pytest.mark.parametrize("kinds", ["[", "{", "[{"])
def test_no_depth_is_a_crash(depth: int, kinds: str) -> None:
    with pytest.raises(InvalidCommandError, match="nested more than 32 levels deep"):
        parse_strict_value(nested(depth, kinds))
