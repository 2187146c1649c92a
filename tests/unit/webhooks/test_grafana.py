import pytest

from shared.errors import AuthenticationError
from shared.webhooks.grafana import verify_grafana
from tests.unit.webhooks.requests import BODY, NOW_UNIX, hex_of

SECRET = "g" * 32
SECRETS = {"grafana": ("x" * 32, SECRET)}
VECTOR_SECRETS = {"vector": ("secret",)}


def verify(signature: str, unix: object = None, body: bytes = BODY) -> str:
    headers = {"x-grafana-alerting-signature": signature}
    if unix is not None:
        headers["x-grafana-alerting-timestamp"] = str(unix)
    return verify_grafana(headers, body, SECRETS, NOW_UNIX)


def timed(unix: object, body: bytes = BODY) -> str:
    return hex_of(SECRET, f"{unix}:".encode() + body)


def test_the_vector_without_a_time_holds() -> None:
    # Source: reference chat-and-webhooks.md 6.4.
    headers = {"x-grafana-alerting-signature": "aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494"}

    assert verify_grafana(headers, b'{"a":1}', VECTOR_SECRETS, NOW_UNIX) == "webhook:vector"


def test_the_vector_with_a_time_holds() -> None:
    # Source: as above.
    headers = {
        "x-grafana-alerting-signature": "4f0bff5cd8903c8149837f5187dd1ebbb1ba3fe7acd2a8b61cb3fb91e509a6ad",
        "x-grafana-alerting-timestamp": "1700000000",
    }

    assert verify_grafana(headers, b'{"a":1}', VECTOR_SECRETS, 1_700_000_000) == "webhook:vector"


@pytest.mark.parametrize("off_s", [-300, 0, 300])
def test_a_time_within_five_minutes_holds(off_s: int) -> None:
    assert verify(timed(NOW_UNIX + off_s), NOW_UNIX + off_s) == "webhook:grafana"


@pytest.mark.parametrize("off_s", [-301, 301, -(10**9)])
def test_a_time_further_off_does_not(off_s: int) -> None:
    with pytest.raises(AuthenticationError):
        verify(timed(NOW_UNIX + off_s), NOW_UNIX + off_s)


@pytest.mark.parametrize("unix", ["", "now", "1700000000.5", "-1", " 1700000000", "1700000000,1700000000", "²"])
def test_a_time_that_is_none_does_not_hold_even_signed(unix: str) -> None:
    with pytest.raises(AuthenticationError):
        verify(timed(unix), unix)


@pytest.mark.parametrize("unix", [NOW_UNIX, "", "0"])
def test_a_time_beside_a_signature_without_one_does_not_hold(unix: object) -> None:
    with pytest.raises(AuthenticationError):
        verify(hex_of(SECRET, BODY), unix)


def test_a_signature_with_a_time_does_not_hold_without_it() -> None:
    with pytest.raises(AuthenticationError):
        verify(timed(NOW_UNIX))


def test_another_time_does_not_hold() -> None:
    with pytest.raises(AuthenticationError):
        verify(timed(NOW_UNIX), NOW_UNIX + 1)


@pytest.mark.parametrize("form", ["", "sha256={hex}", "{upper}", "{half}", "{hex},{hex}", "\ud800", "é" * 10_000])
def test_a_signature_that_is_none_does_not_hold(form: str) -> None:
    right = hex_of(SECRET, BODY)

    with pytest.raises(AuthenticationError):
        verify(form.format(hex=right, upper=right.upper(), half=right[:32]))


@pytest.mark.parametrize("changed", [BODY + b"\n", BODY[:-1], b""])
def test_another_body_does_not_hold(changed: bytes) -> None:
    with pytest.raises(AuthenticationError):
        verify(timed(NOW_UNIX), NOW_UNIX, changed)
