import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import AuthenticationError
from shared.webhooks.bearer import verify_bearer

SECRETS = {"ci": ("c" * 32, "d" * 32), "ops": ("o" * 31 + "é",)}


@pytest.mark.parametrize(
    ("shown", "principal"),
    [
        ("Bearer " + "c" * 32, "webhook:ci"),
        ("Bearer " + "d" * 32, "webhook:ci"),
        ("bearer " + "c" * 32, "webhook:ci"),
        ("BEARER   " + "c" * 32 + " ", "webhook:ci"),
        ("Bearer " + "o" * 31 + "é", "webhook:ops"),
    ],
)
def test_a_secret_names_its_caller(shown: str, principal: str) -> None:
    assert verify_bearer({"authorization": shown}, SECRETS) == principal


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer ",
        "c" * 32,
        "Basic " + "c" * 32,
        "Bearer " + "C" * 32,
        "Bearer " + "c" * 31,
        "Bearer " + "c" * 33,
        "Bearer " + "c" * 32 + "," + "c" * 32,
        "Bearer " + "c" * 32 + ", Bearer " + "c" * 32,
        "Bearer\t" + "c" * 32,
        "Bearer ci",
        "Bearer \ud800",
    ],
    ids=ascii,
)
def test_anything_else_is_nobody(shown: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        verify_bearer({"authorization": shown}, SECRETS)

    assert "c" * 31 not in str(caught.value)


@pytest.mark.parametrize("headers", [{}, {"x-authorization": "Bearer " + "c" * 32}])
def test_without_the_header_nobody_is_calling(headers: dict[str, str]) -> None:
    with pytest.raises(AuthenticationError):
        verify_bearer(headers, SECRETS)


@given(st.text())
def test_without_secrets_nobody_can_be_anybody(token: str) -> None:
    with pytest.raises(AuthenticationError):
        verify_bearer({"authorization": f"Bearer {token}"}, {})
