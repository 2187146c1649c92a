"""Secrets of callers: what cannot prove anything, and what would prove two callers at once, is refused at start."""

import base64
import hashlib
import json

import pytest

from shared.errors import ConfigurationError
from shared.settings import load_settings

REGION = {"REWIND_REGION": "cn-hangzhou"}
KEY = base64.b64encode(b"k" * 32).decode()
"""Its last character but the padding holds two bits that mean nothing."""
SAME_KEY = KEY[:-2] + chr(ord(KEY[-2]) + 1) + "="
NO_KEY = "a secret of hooks begins with whsec_, and what follows is not base64 of at least 24 bytes"
SHARED = "two callers share a secret"


def problems(**secrets: object) -> list[str]:
    try:
        load_settings({**REGION, "REWIND_WEBHOOK_SECRETS": json.dumps(secrets)})
    except ConfigurationError as error:
        return [problem.removeprefix("REWIND_WEBHOOK_SECRETS: ") for problem in error.problems]
    return []


def whsec(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_not base64 at all, but quite long enough ****",
        whsec(b"k" * 23),
        f"whsec_{KEY[:-1]}",
        "whsec_" + "\u00e9" * 20,
    ],
    ids=["no base64", "23 bytes", "no padding", "no ascii"],
)
def test_a_secret_of_standard_webhooks_that_holds_no_key_is_a_mistake(secret: str) -> None:
    secret = secret.ljust(32, "A") if len(secret) < 32 else secret

    assert problems(hooks=[whsec(b"k" * 24), secret], ci="s" * 32) == [NO_KEY]


@pytest.mark.parametrize("key", [b"k" * 24, b"k" * 64, b"k" * 100])
def test_a_secret_of_standard_webhooks_that_holds_a_key_is_right(key: bytes) -> None:
    assert problems(hooks=whsec(key)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"whsec_{KEY}", f"whsec_{SAME_KEY}"),
        ("x" * 40, "x" * 40 + "\0"),
        (whsec(b"x" * 40), "x" * 40),
        (whsec(b"x" * 40), whsec(b"x" * 40 + b"\0")),
        (whsec(b"x" * 100), whsec(hashlib.sha256(b"x" * 100).digest())),
    ],
    ids=["tail of base64", "zeros", "key as text", "zeros in base64", "hash of a long one"],
)
def test_two_names_whose_secrets_are_one_key_are_refused(one: str, other: str) -> None:
    assert base64.b64decode(KEY) == base64.b64decode(SAME_KEY)

    assert problems(a=one, b=["s" * 32, other]) == [SHARED]
    assert problems(a=[one, other], b="s" * 32) == []
    assert problems(a=one, b="s" * 32) == problems(b=other, a="s" * 32) == []
