import base64

import pytest

from shared.errors import AuthenticationError
from shared.webhooks.github import verify_github
from tests.unit.webhooks.requests import BODY, hex_of

SECRETS = {"ci": ("c" * 32, "d" * 32), "repo": ("r" * 32 + "é",)}


def verify(signature: str, body: bytes = BODY) -> str:
    return verify_github({"x-hub-signature-256": signature}, body, SECRETS)


def test_the_published_vector_holds() -> None:
    # Source: reference chat-and-webhooks.md 6.1.
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    secrets = {"vector": ("It's a Secret to Everybody",)}

    assert verify_github({"x-hub-signature-256": signature}, b"Hello, World!", secrets) == "webhook:vector"


@pytest.mark.parametrize(
    ("secret", "principal"),
    [("c" * 32, "webhook:ci"), ("d" * 32, "webhook:ci"), ("r" * 32 + "é", "webhook:repo")],
)
@pytest.mark.parametrize(
    "body", [BODY, b"", b"\x00\xff", '{"ü": "漢"}'.encode()], ids=["command", "empty", "binary", "utf-8"]
)
def test_a_signature_names_its_caller(secret: str, principal: str, body: bytes) -> None:
    assert verify("sha256=" + hex_of(secret, body), body) == principal


@pytest.mark.parametrize(
    "form",
    [
        "",
        "sha256=",
        "{hex}",
        "sha1={hex}",
        "SHA256={hex}",
        "sha256={upper}",
        "sha256={base64}",
        "sha256={half}",
        "sha256={hex}0",
        "sha256={hex}, sha256={hex}",
        "sha256={hex},sha256={hex}",
        " sha256={hex}",
        "sha256=\ud800",
        "sha256=" + "é" * 10_000,
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_a_signature_that_is_none_does_not_hold(form: str) -> None:
    right = hex_of("c" * 32, BODY)
    told = base64.b64encode(bytes.fromhex(right)).decode()

    with pytest.raises(AuthenticationError):
        verify(form.format(hex=right, upper=right.upper(), half=right[:32], base64=told))


@pytest.mark.parametrize("changed", [BODY + b"\n", BODY[:-1], BODY.replace(b"describe", b"rewind"), b""])
def test_another_body_does_not_hold(changed: bytes) -> None:
    with pytest.raises(AuthenticationError):
        verify("sha256=" + hex_of("c" * 32, BODY), changed)


def test_the_older_signature_proves_nothing() -> None:
    with pytest.raises(AuthenticationError):
        verify_github({"x-hub-signature": "sha1=" + "0" * 40}, BODY, SECRETS)
