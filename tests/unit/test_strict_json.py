import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidCommandError
from shared.strict_json import parse_strict_json

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
