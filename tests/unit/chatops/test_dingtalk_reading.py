import base64
import json
import os
from dataclasses import replace

import pytest

from shared.chat_settings import DingTalkSettings
from shared.chatops import dingtalk
from shared.chatops.messages import Immediate, Message, Received
from shared.errors import AuthenticationError
from shared.fc.events import HttpEvent
from tests.unit.chatops.sent import (
    DINGTALK,
    DINGTALK_PLAIN,
    NOW_UNIX,
    SESSION_WEBHOOK,
    Table,
    dingtalk_encrypted,
    dingtalk_headers,
    dingtalk_message,
    dingtalk_request,
    http,
    padded_cbc,
)


def read(request: HttpEvent, *, now_unix: float = NOW_UNIX, settings: DingTalkSettings = DINGTALK) -> Received:
    return dingtalk.read(request, settings, now_unix)


def message_of(told: Table) -> Message:
    found = read(dingtalk_request(told))
    assert isinstance(found, Message)
    return found


def test_the_signature_of_the_reference_is_taken() -> None:
    headers = {"timestamp": "1577262236757", "sign": "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="}
    told = dingtalk_message(createAt=1577262236000)
    settings = replace(DINGTALK_PLAIN, app_secret="this is secret")

    found = read(http(headers, json.dumps(told).encode()), now_unix=1_577_262_240, settings=settings)

    assert isinstance(found, Message)
    assert found.sent_unix == 1_577_262_236


def test_an_encrypted_message_may_write() -> None:
    message = message_of(dingtalk_message())

    assert (message.platform, message.principal) == ("dingtalk", "dingtalk:ding9f50b15bccd16741/manager4220")
    assert (message.person, message.channel) == ("manager4220", "cidKAIamVtxxxxxZyg==")
    assert (message.text, message.button) == ("rewind orders 2h", None)
    assert message.sent_unix == int(NOW_UNIX)
    assert message.may_write is True
    assert message.reply == {"session_webhook": SESSION_WEBHOOK, "expires_unix": str(int(NOW_UNIX) + 5400)}


def test_a_message_is_known_again_by_who_said_what_where_and_when() -> None:
    known = message_of(dingtalk_message()).message_id
    others = [
        dingtalk_message("undo orders"),
        dingtalk_message(conversationId="cid2"),
        dingtalk_message(createAt=int(NOW_UNIX * 1000) + 1),
        dingtalk_message(senderStaffId="li"),
    ]

    assert message_of(dingtalk_message(msgId="another-id")).message_id == known
    assert len({known, *(message_of(other).message_id for other in others)}) == 5


def test_a_plain_message_may_not_write() -> None:
    found = read(dingtalk_request(dingtalk_message(), is_plain=True), settings=DINGTALK_PLAIN)

    assert isinstance(found, Message)
    assert found.may_write is False


def test_a_plain_message_was_sent_when_its_signature_says() -> None:
    told = dingtalk_message(createAt=int((NOW_UNIX - 600) * 1000))

    found = read(dingtalk_request(told, is_plain=True), settings=DINGTALK_PLAIN)

    assert isinstance(found, Message)
    assert found.sent_unix == int(NOW_UNIX)


def test_a_plain_message_is_nobody_where_bodies_are_encrypted() -> None:
    with pytest.raises(AuthenticationError):
        read(dingtalk_request(dingtalk_message(), is_plain=True))


def test_an_encrypted_message_is_nobody_where_bodies_are_plain() -> None:
    with pytest.raises(AuthenticationError):
        read(dingtalk_request(dingtalk_message()), settings=DINGTALK_PLAIN)


def test_an_envelope_without_trailer_is_opened() -> None:
    body = dingtalk_encrypted(dingtalk_message(), trailer=b"")

    assert isinstance(read(http(dingtalk_headers(), body)), Message)


@pytest.mark.parametrize("moved_s", [-3598, 3598])
def test_an_hour_either_way_is_taken(moved_s: int) -> None:
    headers = dingtalk_headers(sent_unix=NOW_UNIX + moved_s)

    assert isinstance(read(http(headers, dingtalk_encrypted(dingtalk_message()))), Message)


@pytest.mark.parametrize("moved_s", [-3602, 3602])
def test_a_stale_or_future_signature_is_nobody(moved_s: int) -> None:
    headers = dingtalk_headers(sent_unix=NOW_UNIX + moved_s)

    with pytest.raises(AuthenticationError):
        read(http(headers, dingtalk_encrypted(dingtalk_message())))


@pytest.mark.parametrize(
    "created", [0, None, "x", True, -1, 10**16 - 1, int((NOW_UNIX - 3700) * 1000), 10**30], ids=ascii
)
def test_a_message_of_another_time_is_nobody(created: object) -> None:
    with pytest.raises(AuthenticationError):
        read(dingtalk_request(dingtalk_message(createAt=created)))


@pytest.mark.parametrize("name", ["timestamp", "sign"])
@pytest.mark.parametrize(
    "value", ["", "é", "\ud800", "1,1", "9" * 5000, "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="], ids=ascii
)
def test_a_garbled_header_is_nobody(name: str, value: str) -> None:
    request = dingtalk_request(dingtalk_message())

    with pytest.raises(AuthenticationError):
        read(replace(request, headers={**request.headers, name: value}))


def test_another_robots_secret_is_nobody() -> None:
    with pytest.raises(AuthenticationError):
        read(http(dingtalk_headers(secret="another-secret-of-a-robot"), dingtalk_encrypted(dingtalk_message())))


@pytest.mark.parametrize(
    "changes",
    [
        {"senderCorpId": "dinganother"},
        {"chatbotCorpId": "dinganother"},
        {"senderCorpId": None},
        {"senderStaffId": None},
        {"senderStaffId": ""},
        {"senderStaffId": "a/b"},
        {"senderStaffId": "a b"},
        {"senderStaffId": ["manager4220"]},
    ],
    ids=ascii,
)
def test_guests_and_other_organizations_are_refused(changes: Table) -> None:
    with pytest.raises(AuthenticationError):
        read(dingtalk_request(dingtalk_message(**changes)))


@pytest.mark.parametrize(
    "told",
    [
        dingtalk_message(msgtype="picture"),
        dingtalk_message(msgtype="richText"),
        dingtalk_message(msgtype=None),
        dingtalk_message(msgId=""),
        dingtalk_message(msgId="x" * 5000),
        dingtalk_message(conversationId="a\nb"),
    ],
    ids=["picture", "richText", "none", "no id", "long id", "odd conversation"],
)
def test_what_asks_for_nothing_is_answered_and_no_more(told: Table) -> None:
    assert read(dingtalk_request(told)) == Immediate()


@pytest.mark.parametrize("text", ["", "  ", None, 7, {"content": "x"}], ids=ascii)
def test_a_message_without_text_is_told_what_to_send(text: object) -> None:
    found = read(dingtalk_request(dingtalk_message(text)))

    assert isinstance(found, Immediate)
    assert "help" in str(found.body)


def test_a_repeated_message_has_the_same_id() -> None:
    first, again = message_of(dingtalk_message()), message_of(dingtalk_message())

    assert first == again


@pytest.mark.parametrize(
    "url",
    [
        "https://oapi.dingtalk.com.evil.example/robot/sendBySession?session=1",
        "https://oapi.dingtalk.com/robot/send?access_token=of-a-stranger",
        "http://oapi.dingtalk.com/robot/sendBySession?session=1",
        "https://oapi.dingtalk.com:444/robot/sendBySession?session=1",
        "https://oapi.dingtalk.com@evil.example/robot/sendBySession?session=1",
        "https://evil.example#oapi.dingtalk.com/robot/sendBySession?session=1",
        "https://OAPI.dingtalk.com/robot/sendBySession?session=1",
        "https://oapi.dingtalk.com\\@evil.example/robot/sendBySession?session=1",
        "https://oapi.dingtalk.co\uff4d/robot/sendBySession?session=1",
        "https://oapi.dingtalk.com/robot/sendBySession?session=1\n",
        "https://hooks.slack.com/commands/1",
        "https://127.0.0.1/robot/sendBySession?session=1",
        None,
        7,
    ],
    ids=ascii,
)
def test_an_answer_goes_to_dingtalk_or_nowhere(url: object) -> None:
    assert message_of(dingtalk_message(sessionWebhook=url)).reply == {}


@pytest.mark.parametrize("host", ["oapi.dingtalk.com", "api.dingtalk.com"])
def test_both_hosts_of_dingtalk_are_answered(host: str) -> None:
    url = f"https://{host}/robot/sendBySession?session=1"

    assert message_of(dingtalk_message(sessionWebhook=url)).reply["session_webhook"] == url


def test_a_session_without_a_known_end_is_answered_too() -> None:
    assert message_of(dingtalk_message(sessionWebhookExpiredTime=None)).reply == {"session_webhook": SESSION_WEBHOOK}


def framed(length: int, plain: bytes) -> str:
    key = DINGTALK.aes_key or b""
    return base64.b64encode(padded_cbc(os.urandom(16) + length.to_bytes(4, "big") + plain, key, key[:16], 32)).decode()


@pytest.mark.parametrize(
    "encrypted",
    [
        *("", "AAAA", "=", "é", "A" * 24, "A" * 44, 7, None),
        pytest.param(framed(2**32 - 1, b"{}"), id="longest"),
        pytest.param(framed(0, b"{}"), id="shorter"),
        pytest.param(framed(2, b""), id="longer"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_garbled_envelope_is_nobody(encrypted: object) -> None:
    with pytest.raises(AuthenticationError):
        read(http(dingtalk_headers(), json.dumps({"encrypt": encrypted}).encode()))


def test_a_length_beyond_the_envelope_is_nobody() -> None:
    plain = json.dumps(dingtalk_message()).encode()

    with pytest.raises(AuthenticationError):
        read(http(dingtalk_headers(), json.dumps({"encrypt": framed(len(plain) + 1, plain)}).encode()))


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 60_000], ids=lambda body: ascii(body[:10]))
def test_a_garbled_plain_body_is_nobody(body: bytes) -> None:
    with pytest.raises(AuthenticationError):
        read(http(dingtalk_headers(), body), settings=DINGTALK_PLAIN)


def test_a_short_answer_is_a_text_without_mentions() -> None:
    assert dingtalk.acknowledge("on it @all").body == {"msgtype": "text", "text": {"content": "on it \uff20all"}}


def test_no_text_is_an_empty_answer() -> None:
    assert dingtalk.acknowledge(None) == Immediate()
