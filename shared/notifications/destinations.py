"""What each kind of destination takes, and how it says no: pure, from a message to the HTTP request and back."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from urllib.parse import quote, urlsplit

from shared.frozen import frozen
from shared.names import is_loopback
from shared.notifications.messages import Message, escape
from shared.policy.rules import DestinationKind
from shared.positions import iso_utc
from shared.secret_settings import Destination

HOSTS: Mapping[DestinationKind, frozenset[str]] = {
    "slack": frozenset({"hooks.slack.com"}),
    "dingtalk": frozenset({"oapi.dingtalk.com"}),
    "feishu": frozenset({"open.feishu.cn", "open.larksuite.com"}),
}
"""The hosts of each platform; a plain webhook may be anywhere."""

_WEBHOOK_SECRET_PREFIX = "whsec_"  # noqa: S105 -- the mark of every such secret
_WEBHOOK_KEY_BYTES = range(24, 65)


@frozen
class Post:
    """One HTTP request, ready to send; all of it is secret: whoever has the URL may post, and it is signed."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def problem_with(kind: DestinationKind, destination: Destination) -> str | None:
    """Return why a destination cannot be used as of this kind, without any value; None if it can."""
    parts = urlsplit(destination.url)
    hosts = HOSTS.get(kind)
    if (
        hosts
        and not is_loopback(parts.hostname or "")
        and (parts.hostname not in hosts or parts.port not in {None, 443})
    ):
        return f"its url must be at {' or '.join(sorted(hosts))}"
    if kind == "slack":
        return None
    if destination.secret is None:
        return "its secret is missing"
    if kind == "webhook" and _webhook_key(destination.secret) is None:
        return "its secret must be whsec_ and 24 to 64 bytes in base64"
    return None


def post_to(kind: DestinationKind, destination: Destination, message: Message, now: datetime) -> Post:
    """Return the request that tells a destination; for one that `problem_with` has nothing to say of.

    Args:
        kind: What takes it.
        destination: Where it goes.
        message: What is told.
        now: The time that is signed: DingTalk and Feishu take an hour's difference, webhooks usually five minutes.
    """
    return _POSTS[kind](destination, message, now)


def dingtalk_sign(secret: str, timestamp_ms: int) -> str:
    """Return the `sign` of a DingTalk custom robot, not yet URL-encoded.

    Source: reference chat-and-webhooks.md section 2.5.
    """
    return _mac(secret.encode(), f"{timestamp_ms}\n{secret}".encode())


def feishu_sign(secret: str, timestamp_s: int) -> str:
    """Return the `sign` of a Feishu custom bot: time and secret are the key, and nothing is the message.

    Source: reference chat-and-webhooks.md section 3.6.
    """
    return _mac(f"{timestamp_s}\n{secret}".encode(), b"")


def webhook_signature(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return the `webhook-signature` of Standard Webhooks 1.0.0, version v1.

    Raises:
        ValueError: The secret is not of its form.

    Source: reference chat-and-webhooks.md section 6.2.
    """
    key = _webhook_key(secret)
    if key is None:
        raise ValueError("not a secret of Standard Webhooks")
    return f"v1,{_mac(key, f'{message_id}.{timestamp_s}.'.encode() + body)}"


def _slack_post(destination: Destination, message: Message, _now: datetime) -> Post:
    return _json_post(destination.url, {"text": escape(message.text, "slack"), "mrkdwn": False})


def _dingtalk_post(destination: Destination, message: Message, now: datetime) -> Post:
    timestamp_ms = int(now.timestamp() * 1000)
    sign = quote(dingtalk_sign(destination.secret or "", timestamp_ms), safe="")
    joint = "&" if "?" in destination.url else "?"
    body = {"msgtype": "text", "text": {"content": escape(message.text, "dingtalk")}, "at": {"isAtAll": False}}
    return _json_post(f"{destination.url}{joint}timestamp={timestamp_ms}&sign={sign}", body)


def _feishu_post(destination: Destination, message: Message, now: datetime) -> Post:
    timestamp_s = int(now.timestamp())
    signed = {"timestamp": str(timestamp_s), "sign": feishu_sign(destination.secret or "", timestamp_s)}
    content = {"text": escape(message.text, "feishu")}
    return _json_post(destination.url, {**signed, "msg_type": "text", "content": content})


def _webhook_post(destination: Destination, message: Message, now: datetime) -> Post:
    timestamp_s = int(now.timestamp())
    body = _json({"type": message.kind, "timestamp": iso_utc(timestamp_s), "data": message.data})
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message.message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": webhook_signature(destination.secret or "", message.message_id, timestamp_s, body),
    }
    return Post(destination.url, headers, body)


_POSTS: Mapping[DestinationKind, Callable[[Destination, Message, datetime], Post]] = {
    "slack": _slack_post,
    "dingtalk": _dingtalk_post,
    "feishu": _feishu_post,
    "webhook": _webhook_post,
}


def _json_post(url: str, body: object) -> Post:
    return Post(url, {"Content-Type": "application/json"}, _json(body))


def _json(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode()


def _mac(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _webhook_key(secret: str) -> bytes | None:
    if not secret.startswith(_WEBHOOK_SECRET_PREFIX):
        return None
    try:
        key = base64.b64decode(secret.removeprefix(_WEBHOOK_SECRET_PREFIX), validate=True)
    except binascii.Error:
        return None
    return key if len(key) in _WEBHOOK_KEY_BYTES else None
