import pytest

from shared.errors import AuthenticationError
from shared.webhooks.url_token import verify_url_token

TOKENS = {"monitor": ("t" * 32, "u" * 40)}


@pytest.mark.parametrize("token", ["t" * 32, "u" * 40])
def test_a_token_at_the_end_of_the_path_names_its_sender(token: str) -> None:
    assert verify_url_token(f"/cloudmonitor/{token}", TOKENS) == "webhook:monitor"


@pytest.mark.parametrize(
    "end",
    ["", "t", "t" * 31, "t" * 33, "t" * 32 + "/", "T" * 32, "t" * 31 + "%74", "x/" + "t" * 32, "é" * 99, "\ud800"],
)
def test_anything_else_is_nobody(end: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        verify_url_token(f"/cloudmonitor/{end}", TOKENS)

    assert "ttt" not in str(caught.value)


def test_without_tokens_nobody_can_be_anybody() -> None:
    with pytest.raises(AuthenticationError):
        verify_url_token("/cloudmonitor/", {})
