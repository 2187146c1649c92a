"""Feishu and Lark: messages and card buttons, signed and encrypted; answers go through the platform's API."""

import hashlib
import hmac
from collections.abc import Mapping

from shared.chat_settings import FeishuSettings
from shared.chatops.encryption import open_feishu
from shared.chatops.feishu_cards import is_message_id, quiet, read_token, render, token_request
from shared.chatops.form import fingerprint, is_id, is_within, read_json, table_at, text_at, unix_of
from shared.chatops.messages import Button, Immediate, Message, Received
from shared.errors import AuthenticationError
from shared.fc.events import HttpEvent

__all__ = ["acknowledge", "read", "read_token", "render", "token_request"]

_PUSHED_AGAIN_S = 8 * 3600
_CLICK_S = 1800
_FUTURE_S = 300
_SIGNED = ("x-lark-request-timestamp", "x-lark-request-nonce")
_MENTION_OF_ALL = "@_all"


def read(request: HttpEvent, settings: FeishuSettings, now_unix: float) -> Received:
    """Return what a person sent, or the answer to a request that asks for nothing.

    A message may be eight hours old: Feishu pushes one again for up to 7.1 hours, and whether it signs it afresh then
    is not known; what is seen twice has one `message_id`. A click may be half an hour old, as long as its card can be
    updated. A group's message that does not mention the app's own bot is not for this app, whoever else it mentions.

    Args:
        request: As it came; nothing in it is believed before its signature holds, save the check of the URL, which
            Feishu does not sign: that must be encrypted, and hold the app's token.
        settings: The app.
        now_unix: The present, in Unix seconds.

    Raises:
        AuthenticationError: It is not proven to come from Feishu, lately, for this app, of its tenant's people.

    Source: reference chat-and-webhooks.md sections 3.1 (URL check, envelope), 3.2 (signature), 3.3 (encryption),
    3.4 (messages) and 3.5 (buttons).
    """
    signed_unix = _signed_unix(request, settings, now_unix)
    try:
        event = read_json(open_feishu(text_at(read_json(request.body), "encrypt"), settings.encrypt_key))
    except ValueError as error:
        raise AuthenticationError("not encrypted by Feishu") from error
    _check_token(event, settings)
    if event.get("type") == "url_verification":
        return Immediate({"challenge": text_at(event, "challenge")})
    if signed_unix is None:
        raise AuthenticationError("not signed by Feishu")
    return _read_event(event, settings, signed_unix, now_unix)


def acknowledge(text: str | None) -> Immediate:
    """Return the answer to a click, shown to the person for a moment; to a message, Feishu shows none of it.

    Source: reference chat-and-webhooks.md sections 3.4 and 3.5.
    """
    return Immediate({} if text is None else {"toast": {"type": "info", "content": quiet(text)}})


def _signed_unix(request: HttpEvent, settings: FeishuSettings, now_unix: float) -> float | None:
    """Return the time that Feishu signed, in Unix seconds; None where it signed nothing.

    Nothing parts the signed time from what follows it; that it must have 10 or 13 digits (the same instant either
    way) keeps digits from being moved across.
    """
    time_text, nonce = (request.headers.get(name, "").encode("utf-8", "surrogatepass") for name in _SIGNED)
    signed = time_text + nonce + settings.encrypt_key.encode() + request.body
    expected = hashlib.sha256(signed).hexdigest()
    shown = request.headers.get("x-lark-signature", "").encode("utf-8", "surrogatepass")
    signed_unix = unix_of(request.headers.get(_SIGNED[0], ""))
    if not hmac.compare_digest(expected.encode(), shown):
        return None
    return signed_unix if is_within(now_unix, signed_unix, past_s=_PUSHED_AGAIN_S, future_s=_FUTURE_S) else None


def _check_token(event: Mapping[str, object], settings: FeishuSettings) -> None:
    token = text_at(event, "header", "token") or text_at(event, "token")
    if not hmac.compare_digest(token.encode(), settings.token.encode()):
        raise AuthenticationError("not of this app")


def _read_event(event: Mapping[str, object], settings: FeishuSettings, signed_unix: float, now_unix: float) -> Received:
    header = table_at(event, "header")
    if (header.get("app_id"), header.get("tenant_key")) != (settings.app_id, settings.tenant):
        raise AuthenticationError("of another app or tenant")
    if header.get("event_type") == "im.message.receive_v1":
        return _read_message(table_at(event, "event"), settings, signed_unix, now_unix)
    if header.get("event_type") == "card.action.trigger":
        if not is_within(now_unix, signed_unix, past_s=_CLICK_S, future_s=_FUTURE_S):
            raise AuthenticationError("clicked too long ago")
        return _read_click(table_at(event, "event"), settings, signed_unix)
    return Immediate({})


def _read_message(
    event: Mapping[str, object], settings: FeishuSettings, signed_unix: float, now_unix: float
) -> Received:
    if text_at(event, "sender", "sender_type") != "user":
        return Immediate({})
    if text_at(event, "sender", "tenant_key") != settings.tenant:
        raise AuthenticationError("the message is of somebody of another tenant")
    person = _person(text_at(event, "sender", "sender_id", "open_id"))
    message = table_at(event, "message")
    sent_unix = unix_of(message.get("create_time")) or signed_unix
    if not is_within(now_unix, sent_unix, past_s=_PUSHED_AGAIN_S, future_s=_FUTURE_S):
        raise AuthenticationError("sent too long ago, or in the future")
    text, message_id = _text_of(message, settings), text_at(message, "message_id")
    if not text or not is_message_id(message_id):
        return Immediate({})
    chat_id = text_at(message, "chat_id")
    return Message(
        platform="feishu",
        principal=f"feishu:{settings.tenant}/{person}",
        person=person,
        channel=chat_id,
        message_id=message_id,
        sent_unix=int(sent_unix),
        text=text,
        reply={"message_id": message_id, "chat_id": chat_id, "chat_type": text_at(message, "chat_type")},
    )


def _text_of(message: Mapping[str, object], settings: FeishuSettings) -> str:
    """Return what was typed, without mentions; "" for what is no text, or is not for this app."""
    mentions = message.get("mentions")
    mentioned = [one for one in mentions if isinstance(one, Mapping)] if isinstance(mentions, list) else []
    is_for_us = any(text_at(one, "id", "open_id") == settings.bot for one in mentioned)
    if message.get("message_type") != "text" or (message.get("chat_type") != "p2p" and not is_for_us):
        return ""
    try:
        text = text_at(read_json(text_at(message, "content").encode()), "text")
    except ValueError:
        return ""
    # The longest first: "@_user_1" is the beginning of "@_user_10".
    for key in sorted({*(text_at(one, "key") for one in mentioned), _MENTION_OF_ALL}, key=len, reverse=True):
        text = text.replace(key, " ") if key else text
    return text.strip()


def _read_click(event: Mapping[str, object], settings: FeishuSettings, signed_unix: float) -> Received:
    if text_at(event, "operator", "tenant_key") != settings.tenant:
        raise AuthenticationError("the click is of somebody of another tenant")
    person = _person(text_at(event, "operator", "open_id"))
    action, value = text_at(event, "action", "value", "action"), text_at(event, "action", "value", "value")
    if not action:
        return Immediate({})
    message_id, chat_id = text_at(event, "context", "open_message_id"), text_at(event, "context", "open_chat_id")
    # A private card is shown elsewhere than the conversation that it is about; the button's value proves that one.
    about = text_at(event, "action", "value", "chat") or chat_id
    return Message(
        platform="feishu",
        principal=f"feishu:{settings.tenant}/{person}",
        person=person,
        channel=about,
        message_id=fingerprint(chat_id, message_id, action, value, person),
        sent_unix=int(signed_unix),
        button=Button(action, value),
        reply={
            "message_id": message_id,
            "chat_id": about,
            "token": text_at(event, "token"),
            **({"shown_in": chat_id} if about != chat_id else {}),
        },
    )


def _person(open_id: str) -> str:
    if not is_id(open_id):
        raise AuthenticationError("nobody is named")
    return open_id
