"""Requests that no platform would send, or not like this: each wrong in one way, and else signed as it should be."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from slack_sdk.signature import SignatureVerifier

from tests.functions.chats import TEAM

Settings = Mapping[str, str]


class Forged(NamedTuple):
    """One request to the chatops function."""

    platform: str
    headers: dict[str, str]
    body: bytes


def slack_form(settings: Settings, fields: Mapping[str, str], *, ago_s: float = 0, secret: str = "") -> Forged:
    """Return a form that Slack's own library signs, with the app's secret unless another is given."""
    body, timestamp = urlencode(fields).encode(), str(int(time.time() - ago_s))
    verifier = SignatureVerifier(secret or settings["REWIND_SLACK_SIGNING_SECRET"])
    signature = verifier.generate_signature(timestamp=timestamp, body=body)
    assert signature
    return Forged("slack", {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}, body)


def slack_command(settings: Settings, *, ago_s: float = 0, secret: str = "", **changes: str) -> Forged:
    """Return a slash command."""
    fields = {"team_id": TEAM, "channel_id": "C1", "user_id": "U0WEI", "command": "/sls", "text": "rewind orders 1h"}
    fields |= {"trigger_id": secrets.token_hex(8), "response_url": f"https://hooks.slack.com/{secrets.token_hex(16)}"}
    return slack_form(settings, {**fields, **changes}, ago_s=ago_s, secret=secret)


def slack_payload(settings: Settings, **changes: object) -> Forged:
    """Return what comes of a click, or of any other interaction."""
    actions = [{"action_id": "apply", "value": "abcdefghij.x"}]
    payload = {"type": "block_actions", "user": {"id": "U0WEI", "team_id": TEAM}, "actions": actions, **changes}
    return slack_form(settings, {"payload": json.dumps(payload)})


def feishu_message(settings: Settings, changes: Mapping[str, object], *, ago_s: float = 0, key: str = "") -> Forged:
    """Return a message's event; a change is named by its path, such as `header.tenant_key`."""
    sent_ms = str(int((time.time() - ago_s) * 1000))
    message = {
        "message_id": f"om_{secrets.token_hex(12)}",
        "create_time": sent_ms,
        "chat_id": "oc_incident",
        "chat_type": "group",
        "message_type": "text",
        "content": json.dumps({"text": "@_user_1 rewind orders 1h"}),
        "mentions": [{"key": "@_user_1", "id": {"open_id": settings["REWIND_FEISHU_BOT"]}}],
    }
    sender = {"sender_id": {"open_id": "ou_wei"}, "sender_type": "user", "tenant_key": "tenant-1"}
    return _feishu(settings, "im.message.receive_v1", {"sender": sender, "message": message}, changes, ago_s, key)


def feishu_click(settings: Settings, changes: Mapping[str, object], *, ago_s: float = 0) -> Forged:
    """Return a click's event."""
    event = {
        "operator": {"open_id": "ou_wei", "tenant_key": "tenant-1"},
        "token": f"c-{secrets.token_hex(8)}",
        "action": {"tag": "button", "value": {"action": "apply", "value": "abcdefghij.x"}},
        "context": {"open_message_id": "om_1", "open_chat_id": "oc_incident"},
    }
    return _feishu(settings, "card.action.trigger", event, changes, ago_s, "")


def feishu_challenge(settings: Settings, challenge: str) -> Forged:
    """Return the check of the URL, which Feishu encrypts and does not sign."""
    told = {"challenge": challenge, "token": settings["REWIND_FEISHU_TOKEN"], "type": "url_verification"}
    return Forged("feishu", {}, _feishu_envelope(settings, told))


def feishu_body(settings: Settings, body: bytes, *, ago_s: float = 0, key: str = "") -> Forged:
    """Return any body, signed as Feishu signs."""
    timestamp, signing_key = str(int(time.time() - ago_s)), key or settings["REWIND_FEISHU_ENCRYPT_KEY"]
    signature = hashlib.sha256(f"{timestamp}nonce{signing_key}".encode() + body).hexdigest()
    headers = {"X-Lark-Request-Timestamp": timestamp, "X-Lark-Request-Nonce": "nonce", "X-Lark-Signature": signature}
    return Forged("feishu", headers, body)


def _feishu(
    settings: Settings, kind: str, event: dict[str, Any], changes: Mapping[str, object], ago_s: float, key: str
) -> Forged:
    header = {
        "event_id": secrets.token_hex(8),
        "event_type": kind,
        "token": settings["REWIND_FEISHU_TOKEN"],
        "app_id": settings["REWIND_FEISHU_APP_ID"],
        "tenant_key": settings["REWIND_FEISHU_TENANT"],
    }
    told: dict[str, Any] = {"schema": "2.0", "header": header, "event": event}
    for path, value in changes.items():
        *above, last = path.split(".")
        place = told
        for name in above:
            place = place[name]
        place[last] = value
    return feishu_body(settings, _feishu_envelope(settings, told), ago_s=ago_s, key=key)


def _feishu_envelope(settings: Settings, told: object) -> bytes:
    key, iv = hashlib.sha256(settings["REWIND_FEISHU_ENCRYPT_KEY"].encode()).digest(), secrets.token_bytes(16)
    return _envelope(iv + _sealed(key, iv, told, b"", 16))


def dingtalk_message(
    settings: Settings,
    changes: Mapping[str, object],
    *,
    ago_s: float = 0,
    secret: str = "",
    aes_key: bytes = b"",
    encrypted: bool = True,
) -> Forged:
    """Return a message of the robot; a change that is None leaves the key out."""
    now_ms = int(time.time() * 1000)
    told: dict[str, object] = {
        "msgtype": "text",
        "text": {"content": " rewind orders 1h"},
        "msgId": f"msg{secrets.token_hex(8)}",
        "createAt": now_ms,
        "conversationId": "cid-incident",
        "senderStaffId": "wei",
        "senderCorpId": "corp-1",
        "chatbotCorpId": "corp-1",
        "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=0123456789abcdef",
        "sessionWebhookExpiredTime": now_ms + 5_400_000,
        **changes,
    }
    told = {name: value for name, value in told.items() if value is not None}
    key = aes_key or base64.b64decode(settings["REWIND_DINGTALK_AES_KEY"] + "=")
    framing = secrets.token_bytes(16) + len(json.dumps(told).encode()).to_bytes(4, "big")
    body = _envelope(_sealed(key, key[:16], told, framing, 32)) if encrypted else json.dumps(told).encode()
    timestamp, app_secret = str(int((time.time() - ago_s) * 1000)), secret or settings["REWIND_DINGTALK_APP_SECRET"]
    digest = hmac.new(app_secret.encode(), f"{timestamp}\n{app_secret}".encode(), hashlib.sha256).digest()
    return Forged("dingtalk", {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}, body)


def _envelope(sealed: bytes) -> bytes:
    return json.dumps({"encrypt": base64.b64encode(sealed).decode()}).encode()


def _sealed(key: bytes, iv: bytes, told: object, framing: bytes, block_bytes: int) -> bytes:
    padder = PKCS7(8 * block_bytes).padder()
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    padded = padder.update(framing + json.dumps(told).encode()) + padder.finalize()
    return cipher.update(padded) + cipher.finalize()
