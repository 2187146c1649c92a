"""DingTalk's robot in HTTP mode: messages whose time is signed, and whose body is proven only where it is encrypted."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from shared.chat_settings import DingTalkSettings
from shared.chatops.dingtalk_cards import quiet, render
from shared.chatops.encryption import open_dingtalk
from shared.chatops.form import fingerprint, is_handle, is_id, is_within, read_json, text_at, unix_of
from shared.chatops.hosts import is_of
from shared.chatops.messages import Immediate, Message, Received
from shared.errors import AuthenticationError
from shared.fc.events import HttpEvent

__all__ = ["acknowledge", "read", "render"]

_WINDOW_S = 3600
_NOTHING_ASKED = "Nothing was asked. Send help to see what there is."


def read(request: HttpEvent, settings: DingTalkSettings, now_unix: float) -> Received:
    """Return what a person sent, or the answer to a message that asks for nothing.

    The signature covers the time and no more: whoever sees one may send any body with it, for an hour. Where bodies
    are encrypted, that shuts strangers out, and plain bodies are refused; where they are not, the message may not
    write. Encryption is no integrity: in a body that was seen, single characters can be changed without the key. So a
    message is known again by who said what, where and when, and not by the platform's id for it.

    Args:
        request: As it came.
        settings: The robot.
        now_unix: The present, in Unix seconds; the signed time, and the message's own, may be an hour before or after.

    Raises:
        AuthenticationError: It is not proven to come from DingTalk, lately, of this organization's staff.

    Source: reference chat-and-webhooks.md section 2.1.
    """
    signed_unix = _verify(request, settings, now_unix)
    told = _read_body(request.body, settings)
    if {text_at(told, "senderCorpId"), text_at(told, "chatbotCorpId")} != {settings.corp}:
        raise AuthenticationError("of another organization")
    sent_unix, person = unix_of(told.get("createAt")), text_at(told, "senderStaffId")
    if sent_unix is None or not is_within(now_unix, sent_unix, past_s=_WINDOW_S, future_s=_WINDOW_S):
        raise AuthenticationError("sent too long ago, or in the future")
    if not is_id(person):
        raise AuthenticationError("the message is of nobody of the staff")
    text, message_id = text_at(told, "text", "content").strip(), text_at(told, "msgId")
    channel = text_at(told, "conversationId")
    if told.get("msgtype") != "text" or not (is_handle(message_id) and is_handle(channel)):
        return Immediate()
    if not text:
        return acknowledge(_NOTHING_ASKED)
    return Message(
        platform="dingtalk",
        principal=f"dingtalk:{settings.corp}/{person}",
        person=person,
        channel=channel,
        message_id=fingerprint(person, channel, str(told.get("createAt")), text),
        sent_unix=int(sent_unix if settings.aes_key else signed_unix),
        text=text,
        reply=_reply(told),
        may_write=settings.aes_key is not None,
    )


def acknowledge(text: str | None) -> Immediate:
    """Return the answer to a message: a text that the conversation sees; None answers with nothing to see.

    Source: reference chat-and-webhooks.md section 2.2.
    """
    return Immediate(None if text is None else {"msgtype": "text", "text": {"content": quiet(text)}})


def _verify(request: HttpEvent, settings: DingTalkSettings, now_unix: float) -> float:
    """Return the time that DingTalk signed, in Unix seconds."""
    timestamp = request.headers.get("timestamp", "")
    signed = timestamp.encode("utf-8", "surrogatepass") + b"\n" + settings.app_secret.encode()
    expected = base64.b64encode(hmac.new(settings.app_secret.encode(), signed, hashlib.sha256).digest())
    is_signed = hmac.compare_digest(expected, request.headers.get("sign", "").encode("utf-8", "surrogatepass"))
    signed_unix = unix_of(timestamp)
    if signed_unix is None or not is_signed:
        raise AuthenticationError("not signed by DingTalk")
    if not is_within(now_unix, signed_unix, past_s=_WINDOW_S, future_s=_WINDOW_S):
        raise AuthenticationError("signed too long ago, or in the future")
    return signed_unix


def _read_body(body: bytes, settings: DingTalkSettings) -> Mapping[str, object]:
    try:
        told = read_json(body)
        if settings.aes_key is None:
            return told
        return read_json(open_dingtalk(text_at(told, "encrypt"), settings.aes_key))
    except ValueError as error:
        raise AuthenticationError("not a body of DingTalk") from error


def _reply(told: Mapping[str, object]) -> dict[str, str]:
    webhook = text_at(told, "sessionWebhook")
    expires_unix = unix_of(told.get("sessionWebhookExpiredTime"))
    expiry = {} if expires_unix is None else {"expires_unix": str(int(expires_unix))}
    return {"session_webhook": webhook, **expiry} if is_of("dingtalk", webhook) else {}
