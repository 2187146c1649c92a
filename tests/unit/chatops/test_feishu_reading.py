import hashlib
import json
import subprocess
import sys
from dataclasses import replace

import pytest

from shared.chatops import feishu
from shared.chatops.encryption import open_feishu
from shared.chatops.messages import Button, Immediate, Message, Received
from shared.errors import AuthenticationError
from shared.fc.events import HttpEvent
from tests.unit.chatops.sent import (
    FEISHU,
    NOW_UNIX,
    Table,
    feishu_click,
    feishu_encrypted,
    feishu_event,
    feishu_message,
    feishu_request,
    feishu_signed,
    http,
)

CHALLENGE = {"type": "url_verification", "token": FEISHU.token, "challenge": "ajls384kdjx98XX"}


def read(request: HttpEvent, *, now_unix: float = NOW_UNIX) -> Received:
    return feishu.read(request, FEISHU, now_unix)


def message_of(event: Table, *, now_unix: float = NOW_UNIX) -> Message:
    found = read(feishu_request(event), now_unix=now_unix)
    assert isinstance(found, Message)
    return found


def test_feishus_own_ciphertext_is_opened() -> None:
    assert open_feishu("P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=", "test key") == b"hello world"


def test_the_signature_of_the_reference_is_taken() -> None:
    body = b'{"encrypt":"P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="}'
    headers = {
        "x-lark-request-timestamp": "1600000000",
        "x-lark-request-nonce": "nonce",
        "x-lark-signature": "6eaec02189b9656660b57fc99f5a3c394903d7dcd7d22ac546a7aed5db86151a",
    }

    assert feishu_signed(body, sent_unix=1_600_000_000, key="test key", nonce="nonce").headers == headers
    with pytest.raises(AuthenticationError, match="not encrypted"):
        # What it holds is no JSON.
        feishu.read(http(headers, body), replace(FEISHU, encrypt_key="test key"), 1_600_000_000)


def test_a_group_message_is_a_message_of_its_proven_sender() -> None:
    message = message_of(feishu_message("@_user_1 rewind orders 2h "))

    assert (message.platform, message.person) == ("feishu", "ou_84aad35d084aa403")
    assert message.principal == "feishu:2ca1d211f64f6438/ou_84aad35d084aa403"
    assert (message.text, message.button) == ("rewind orders 2h", None)
    assert (message.message_id, message.channel) == (
        "om_5ce6d572455d361153b7cb51da133945",
        "oc_5ce6d572455d361153b7xx51da133945",
    )
    assert (message.sent_unix, message.may_write) == (int(NOW_UNIX), True)
    assert message.reply == {
        "message_id": "om_5ce6d572455d361153b7cb51da133945",
        "chat_id": "oc_5ce6d572455d361153b7xx51da133945",
        "chat_type": "group",
    }


def test_a_private_message_needs_no_mention() -> None:
    message = message_of(feishu_message("describe orders", chat_type="p2p", mentions=None))

    assert message.text == "describe orders"


def test_mentions_are_stripped_the_longest_first() -> None:
    mentions = [{"key": f"@_user_{number}", "id": {"open_id": "ou_bot"}} for number in (1, 10)]

    assert message_of(feishu_message("@_user_10 @_user_1 @_all verify", mentions=mentions)).text == "verify"


def test_a_message_pushed_again_hours_later_is_the_same_message() -> None:
    event = feishu_message()
    later = NOW_UNIX + 7.1 * 3600

    again = read(feishu_request(event, sent_unix=later), now_unix=later)

    assert again == message_of(event)
    assert read(feishu_request(event), now_unix=later) == again


@pytest.mark.parametrize("moved_s", [-302, 8 * 3600 + 2, 86_400])
def test_a_stale_or_future_request_is_nobody(moved_s: int) -> None:
    with pytest.raises(AuthenticationError):
        read(feishu_request(feishu_message()), now_unix=NOW_UNIX + moved_s)


@pytest.mark.parametrize("moved_s", [400, -9 * 3600])
def test_a_stale_or_future_message_is_nobody_however_it_is_signed(moved_s: int) -> None:
    created = str(int((NOW_UNIX + moved_s) * 1000))

    with pytest.raises(AuthenticationError):
        read(feishu_request(feishu_message(create_time=created)))


def test_a_click_of_an_hour_ago_is_nobody() -> None:
    with pytest.raises(AuthenticationError):
        read(feishu_request(feishu_click()), now_unix=NOW_UNIX + 3600)


def test_a_click_is_a_message_with_a_button() -> None:
    message = message_of(feishu_click({"action": "undo", "value": "v1.abc"}))

    assert (message.text, message.button) == (None, Button("undo", "v1.abc"))
    assert (message.principal, message.channel) == ("feishu:2ca1d211f64f6438/ou_84aad35d084aa403", "oc_bbbbbbbbbb")
    assert message.reply == {
        "message_id": "om_aaaaaaaaaa",
        "chat_id": "oc_bbbbbbbbbb",
        "token": "c-295ee57216a5dc9de90fefd0aadb4b1d7d80ed7a",
    }


def test_two_peoples_clicks_differ_and_one_persons_repeated_click_does_not() -> None:
    other = {"tenant_key": FEISHU.tenant, "open_id": "ou_other"}
    mine, again, theirs = (
        message_of(event) for event in (feishu_click(), feishu_click(), feishu_click(operator=other))
    )

    assert mine.message_id == again.message_id != theirs.message_id


@pytest.mark.parametrize("value", [{"value": "x"}, {"action": 7}, "apply", ["apply"], {"action": {"a": 1}}], ids=ascii)
def test_a_click_on_what_is_not_ours_is_answered_and_no_more(value: object) -> None:
    assert read(feishu_request(feishu_click(value))) == Immediate({})


@pytest.mark.parametrize(
    "event",
    [
        feishu_message(sender={"tenant_key": "another"}),
        feishu_message(sender={"tenant_key": None}),
        feishu_message(sender={"sender_id": {"user_id": "e33ggbyz"}}),
        feishu_message(sender={"sender_id": {"open_id": "a/b"}}),
        feishu_message(header={"tenant_key": "another"}),
        feishu_message(header={"app_id": "cli_another"}),
        feishu_message(header={"token": "another-token"}),
        feishu_message(header={"token": ""}),
        feishu_click(operator={"tenant_key": "another", "open_id": "ou_84aad35d084aa403"}),
        feishu_click(operator={"open_id": "ou_84aad35d084aa403"}),
        feishu_click(operator={"tenant_key": FEISHU.tenant}),
        {},
        {"type": "event_callback", "token": "another"},
    ],
    ids=lambda event: ascii(event.get("header", event))[:30],
)
def test_another_tenant_app_or_nobody_is_refused(event: Table) -> None:
    with pytest.raises(AuthenticationError):
        read(feishu_request(event))


@pytest.mark.parametrize(
    "event",
    [
        feishu_event("contact.user.created_v3", {}),
        feishu_event("card.action.trigger_v1", {"operator": {}}),
        feishu_event("", {}),
        feishu_message(sender={"sender_type": "app"}),
        feishu_message(message_type="image"),
        feishu_message(message_type="post", content='{"text": "rewind orders 2h"}'),
        feishu_message(content="not json"),
        feishu_message(content='{"text": 7}'),
        feishu_message(content=None),
        feishu_message("@_user_1"),
        feishu_message("hello all", mentions=[]),
        feishu_message("@_user_1 rewind orders 1h", mentions=[{"key": "@_user_1", "id": {"open_id": "ou_alice"}}]),
        feishu_message("@_user_1 rewind orders 1h", mentions=[{"key": "@_user_1"}]),
        feishu_message(message_id="../../secrets"),
        feishu_message(message_id=None),
    ],
    ids=lambda event: ascii(event["header"])[80:120],
)
def test_what_asks_for_nothing_is_answered_and_no_more(event: Table) -> None:
    assert read(feishu_request(event)) == Immediate({})


def test_an_old_envelope_with_our_token_is_no_message() -> None:
    event = {"uuid": "x", "token": FEISHU.token, "type": "event_callback", "event": {"type": "message"}}

    with pytest.raises(AuthenticationError):
        read(feishu_request(event))


@pytest.mark.parametrize("name", ["x-lark-request-timestamp", "x-lark-request-nonce", "x-lark-signature"])
@pytest.mark.parametrize("value", ["", "é", "\ud800", "1,1", "9" * 5000, "ABCDEF" * 10], ids=ascii)
def test_a_garbled_header_is_nobody(name: str, value: str) -> None:
    request = feishu_request(feishu_message())

    with pytest.raises(AuthenticationError):
        read(replace(request, headers={**request.headers, name: value}))


def test_an_unsigned_message_is_nobody() -> None:
    with pytest.raises(AuthenticationError):
        read(http({}, feishu_encrypted(feishu_message())))


def test_a_plain_body_is_nobody_even_when_signed() -> None:
    with pytest.raises(AuthenticationError):
        read(feishu_signed(json.dumps(feishu_message()).encode()))


def test_another_apps_key_is_nobody() -> None:
    body = feishu_encrypted(feishu_message(), key="another key")

    with pytest.raises(AuthenticationError):
        read(feishu_signed(body))
    with pytest.raises(AuthenticationError):
        read(feishu_signed(feishu_encrypted(feishu_message()), key="another key"))


def test_digits_moved_between_time_and_nonce_are_nobody() -> None:
    request = feishu_signed(feishu_encrypted(feishu_message()), nonce="1628345")
    timestamp = request.headers["x-lark-request-timestamp"]
    moved = {"x-lark-request-timestamp": f"{timestamp}1", "x-lark-request-nonce": "628345"}

    with pytest.raises(AuthenticationError):
        read(replace(request, headers={**request.headers, **moved}))


def test_the_check_of_the_url_is_answered_unsigned() -> None:
    assert read(http({}, feishu_encrypted(CHALLENGE))) == Immediate({"challenge": "ajls384kdjx98XX"})


def test_the_check_of_the_url_is_answered_with_a_quote_in_it() -> None:
    found = read(http({}, feishu_encrypted({**CHALLENGE, "challenge": 'a"b'})))

    assert found == Immediate({"challenge": 'a"b'})


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(CHALLENGE).encode(),
        feishu_encrypted({**CHALLENGE, "token": "another"}),
        feishu_encrypted({**CHALLENGE, "token": None}),
        feishu_encrypted(CHALLENGE, key="another key"),
        feishu_encrypted(CHALLENGE)[:-10],
    ],
    ids=["plain", "another token", "no token", "another key", "cut"],
)
def test_the_check_of_the_url_must_be_encrypted_and_hold_the_token(body: bytes) -> None:
    with pytest.raises(AuthenticationError):
        read(http({}, body))


@pytest.mark.parametrize(
    "encrypted",
    ["", "AAAA", "=", "é", "A" * 24, "A" * 44, "A" * 64_000, 7, None, {"a": 1}],
    ids=lambda v: ascii(v)[:20],
)
def test_a_garbled_envelope_is_nobody(encrypted: object) -> None:
    with pytest.raises(AuthenticationError):
        read(feishu_signed(json.dumps({"encrypt": encrypted}).encode()))


def test_a_body_made_longer_without_the_key_is_nobody() -> None:
    # SHA-256 alone lets anybody continue what it has hashed; what is continued holds the hash's own padding.
    body = feishu_encrypted(feishu_message())
    request = feishu_signed(body)
    longer = body + b"\x80" + b"\x00" * 40 + b'{"encrypt": "x"}'
    signature = hashlib.sha256(
        f"{request.headers['x-lark-request-timestamp']}1628345{FEISHU.encrypt_key}".encode() + longer
    ).hexdigest()

    with pytest.raises(AuthenticationError):
        read(http({**request.headers, "x-lark-signature": signature}, longer))


def test_a_short_answer_is_shown_for_a_moment() -> None:
    assert feishu.acknowledge('on it <at id="all">') == Immediate(
        {"toast": {"type": "info", "content": 'on it \uff1cat id="all"\uff1e'}}
    )


def test_no_text_is_an_empty_object() -> None:
    assert feishu.acknowledge(None) == Immediate({})


def test_the_cipher_is_loaded_when_it_is_needed_and_not_before() -> None:
    loaded = "import sys, shared.chatops.feishu, shared.chatops.dingtalk, shared.chatops.slack"
    probe = [sys.executable, "-c", f"{loaded}; print('Cryptodome' in sys.modules)"]

    done = subprocess.run(probe, capture_output=True, text=True, check=True)  # noqa: S603 -- our own probe

    assert done.stdout.strip() == "False"
