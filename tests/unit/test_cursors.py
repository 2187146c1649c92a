import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cursors import MAX_CURSOR, decode_cursor, encode_cursor

# Published cursors and what they decode to (sls-api.md section 3).
PUBLISHED = {
    "MTUyNDE1NTM3OTM3MzkwODQ5Ng==": 1524155379373908496,
    "MTQ0NzI5OTYwNjg5NjYzMjM1Ng==": 1447299606896632356,
    "MTU0NzQ3MDY4MjM3NjUxMzQ0Ng==": 1547470682376513446,
    "MTczMjcwMDMzMDU0MTIyNTM2MA==": 1732700330541225360,
    "MTczMjczMjg3MTkzNTQwOTc5Mw==": 1732732871935409793,
}


@pytest.mark.parametrize(("cursor", "position"), PUBLISHED.items())
def test_published_cursors_decode_and_encode_as_documented(cursor: str, position: int) -> None:
    assert decode_cursor(cursor) == position
    assert encode_cursor(position) == cursor


@given(st.integers(0, MAX_CURSOR))
def test_every_position_survives_encoding(position: int) -> None:
    assert decode_cursor(encode_cursor(position)) == position


@given(st.integers(0, MAX_CURSOR), st.sampled_from(["", "\n"]))
def test_padding_may_be_missing_and_a_newline_may_follow(position: int, end: str) -> None:
    assert decode_cursor(encode_cursor(position).rstrip("=") + end) == position


@given(st.integers(0, MAX_CURSOR - 1))
def test_cursors_order_by_number_not_by_text(position: int) -> None:
    assert decode_cursor(encode_cursor(position)) < decode_cursor(encode_cursor(position + 1))


@given(st.text())
def test_any_text_is_a_position_or_a_value_error(text: str) -> None:
    try:
        position = decode_cursor(text)
    except ValueError:
        return
    assert 0 <= position <= MAX_CURSOR


@pytest.mark.parametrize(
    "plain", [b"", b"-1", b"+1", b" 1", b"1.0", b"1e3", b"words", b"\xff", "\u0661".encode(), b"1_0"]
)
def test_base64_of_anything_but_digits_is_no_cursor(plain: bytes) -> None:
    with pytest.raises(ValueError, match="decimal position"):
        decode_cursor(base64.b64encode(plain).decode())


@pytest.mark.parametrize("position", [MAX_CURSOR + 1, 2**64, 10**18 * 10])
def test_a_position_beyond_64_bits_is_no_cursor(position: int) -> None:
    with pytest.raises(ValueError, match=r"beyond 64 bits|decimal position"):
        decode_cursor(base64.b64encode(str(position).encode()).decode())


@pytest.mark.parametrize("position", [-1, MAX_CURSOR + 1])
def test_a_position_beyond_64_bits_is_not_encoded(position: int) -> None:
    with pytest.raises(ValueError, match="beyond 64 bits"):
        encode_cursor(position)
