import base64
import hashlib
import hmac
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from shared.errors import AuthenticationError
from shared.webhooks.standard import verify_standard
from tests.unit.webhooks.requests import BODY, NOW_UNIX, whsec

OLD, NEW, OTHER = whsec(1), whsec(2), whsec(3)
SECRETS = {"ci": (OLD, NEW), "ops": (OTHER,), "plain": ("p" * 40,)}
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"

# Source: reference chat-and-webhooks.md 6.2, the specification's own test vector.
VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR_UNIX = 1614265330
VECTOR_BODY = b'{"test": 2432232314}'
VECTOR = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def sign(secret: str, body: bytes = BODY, unix: int = NOW_UNIX, message_id: str = ID) -> str:
    return Webhook(secret).sign(message_id, datetime.fromtimestamp(unix, timezone.utc), body.decode())


def sign_by_hand(key: bytes, signed: bytes) -> str:
    """Sign what the sender's library would not."""
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(signature: str, unix: object = NOW_UNIX, message_id: str = ID) -> dict[str, str]:
    return {"webhook-id": message_id, "webhook-timestamp": str(unix), "webhook-signature": signature}


def verify(sent: dict[str, str], body: bytes = BODY, now_unix: float = NOW_UNIX) -> str:
    return verify_standard(sent, body, SECRETS, now_unix)


def assert_nobody(sent: dict[str, str], body: bytes = BODY, now_unix: float = NOW_UNIX) -> None:
    with pytest.raises(AuthenticationError):
        verify(sent, body, now_unix)


def test_the_published_vector_holds() -> None:
    secrets = {"vector": (VECTOR_SECRET,)}

    assert verify_standard(headers(VECTOR, VECTOR_UNIX), VECTOR_BODY, secrets, VECTOR_UNIX) == "webhook:vector"


@pytest.mark.parametrize(("secret", "name"), [(OLD, "ci"), (NEW, "ci"), (OTHER, "ops")])
def test_what_the_senders_library_signs_names_its_caller(secret: str, name: str) -> None:
    assert verify(headers(sign(secret))) == f"webhook:{name}"


@given(st.text(st.characters(codec="utf-8")), st.integers(0, 2**33), st.from_regex(r"[!-~]{1,64}", fullmatch=True))
def test_whatever_the_senders_library_signs_holds(body: str, unix: int, message_id: str) -> None:
    signature = sign(OLD, body.encode(), unix, message_id)

    assert verify(headers(signature, unix, message_id), body.encode(), unix) == "webhook:ci"


@pytest.mark.parametrize(
    "form",
    [
        "{wrong} {right}",
        "{right} {wrong}",
        "no-comma {right}",
        "v1,!!! {right}",
        "v1, {right}",
        "v1a,{wrong} {right} v2,x",
        " {right}",
        "{right} ",
        "é {right}",
    ],
)
def test_one_valid_signature_among_others_is_enough(form: str) -> None:
    signature = form.format(right=sign(NEW), wrong=sign(whsec(9)))

    assert verify(headers(signature)) == "webhook:ci"


@pytest.mark.parametrize("off_s", [-300, -299, 0, 299, 300])
def test_a_time_within_five_minutes_holds(off_s: int) -> None:
    unix = NOW_UNIX + off_s

    assert verify(headers(sign(OLD, unix=unix), unix)) == "webhook:ci"


@pytest.mark.parametrize("off_s", [-100_000, -301, 301, 100_000])
def test_a_time_further_off_does_not(off_s: int) -> None:
    unix = NOW_UNIX + off_s

    assert_nobody(headers(sign(OLD, unix=unix), unix))


@pytest.mark.parametrize(
    "unix",
    [
        "",
        " ",
        "now",
        "1700000000.0",
        "+1700000000",
        " 1700000000",
        "1_700_000_000",
        "0x6553f100",
        "1" * 5000,
        "\uff11\uff17",
    ],
)
def test_a_time_that_is_none_does_not_hold_even_signed(unix: str) -> None:
    signed = f"{ID}.{unix}.".encode() + BODY
    key = base64.b64decode(OLD.removeprefix("whsec_"))

    assert_nobody(headers(sign_by_hand(key, signed), unix))


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v1",
        "v1,",
        "v1,{half}",
        "v1a,{bare}",
        "V1,{bare}",
        "v2,{bare}",
        "{bare}",
        "v1,{bare}=",
        "v1,{hex}",
        "v1,{bare},v1,{bare}",
        "v1;{bare}",
        "v1,\ud800",
        "v1," + "é" * 10_000,
        "v1,x " * 10_000,
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_a_signature_that_is_none_does_not_hold(signature: str) -> None:
    bare = sign(OLD).partition(",")[2]

    assert_nobody(headers(signature.format(bare=bare, half=bare[:20], hex=base64.b64decode(bare).hex())))


@pytest.mark.parametrize("changed", [BODY + b" ", BODY[:-1], BODY.replace(b"billing", b"Billing"), b""])
def test_another_body_does_not_hold(changed: bytes) -> None:
    assert_nobody(headers(sign(OLD)), changed)


def test_another_id_or_time_does_not_hold() -> None:
    assert_nobody({**headers(sign(OLD)), "webhook-id": "msg_2"})
    assert_nobody({**headers(sign(OLD)), "webhook-timestamp": str(NOW_UNIX + 1)})


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_nothing_may_be_missing(missing: str) -> None:
    sent = headers(sign(OLD))
    del sent[missing]

    assert_nobody(sent)


@pytest.mark.parametrize("message_id", ["", "a b", "é", "x" * 256, "a\x00", "a\n"])
def test_an_id_that_is_none_does_not_hold_even_signed(message_id: str) -> None:
    assert_nobody(headers(sign(OLD, message_id=message_id), message_id=message_id))


@pytest.mark.parametrize(
    "secret",
    ["p" * 40, base64.b64encode(b"k" * 32).decode(), "whsec_" + "!" * 40, whsec(7, 23), "whsec_" + "é" * 20],
    ids=["plain", "no prefix", "no base64", "23 bytes", "no ascii"],
)
def test_a_secret_that_is_no_key_signs_nothing(secret: str) -> None:
    signed = f"{ID}.{NOW_UNIX}.".encode() + BODY
    keys = [b"", secret.encode(), b"k" * 32, bytes([7]) * 23]
    signatures = " ".join(sign_by_hand(key, signed) for key in keys)

    with pytest.raises(AuthenticationError):
        verify_standard(headers(signatures), BODY, {"one": (secret,)}, NOW_UNIX)
