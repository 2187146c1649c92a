import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import AuthenticationError
from shared.fc.events import read_http_event

EVENT = {
    "version": "v1",
    "rawPath": "/",
    "headers": {"Content-Type": "application/json", "X-Slack-Signature": "v0=1"},
    "body": "{}",
    "isBase64Encoded": False,
    "requestContext": {"http": {"method": "POST", "path": "/"}},
}


def event(**changes: object) -> bytes:
    return json.dumps({**EVENT, **changes}).encode()


def test_an_event_of_an_http_trigger_is_read() -> None:
    request = read_http_event(event())

    assert (request.method, request.path, request.body) == ("POST", "/", b"{}")
    assert request.headers == {"content-type": "application/json", "x-slack-signature": "v0=1"}


@given(st.binary())
def test_a_base64_body_is_decoded_to_the_bytes_that_were_sent(body: bytes) -> None:
    encoded = base64.b64encode(body).decode()

    assert read_http_event(event(body=encoded, isBase64Encoded=True)).body == body


@given(st.text(st.characters(codec="utf-8")))
def test_a_text_body_is_the_bytes_that_were_sent(body: str) -> None:
    assert read_http_event(event(body=body)).body == body.encode()


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"triggerTime": "2026-01-01T00:00:00Z", "triggerName": "t", "payload": ""}',
        event(headers=None),
        event(headers=[]),
        event(headers={"Idempotency-Key": "\ud800"}),
        event(body=None),
        event(body=1),
        event(requestContext=None),
        event(requestContext={}),
        event(requestContext={"http": []}),
        event(isBase64Encoded=True, body="not base64"),
    ],
    ids=lambda wrong: wrong[:40].decode(errors="replace"),
)
def test_what_is_no_http_event_proves_nothing_of_its_caller(wrong: bytes) -> None:
    with pytest.raises(AuthenticationError):
        read_http_event(wrong)


def test_secrets_in_a_request_stay_out_of_its_repr() -> None:
    request = read_http_event(event(headers={"Authorization": "Bearer hidden-token"}, body="hidden-body"))

    assert "hidden" not in repr(request)
