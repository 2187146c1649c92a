"""What the platforms send, signed and encrypted by other code than ours."""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from slack_sdk.signature import SignatureVerifier

from shared.chat_settings import DingTalkSettings, FeishuSettings, SlackSettings
from shared.fc.events import HttpEvent

NOW_UNIX = 1_794_204_676.25
RESPONSE_URL = "https://hooks.slack.com/commands/T024BE7LD/397700885554/96rGlfmibIGlgcZRskXaIFfN"
SESSION_WEBHOOK = "https://oapi.dingtalk.com/robot/sendBySession?session=0123456789abcdef"

SLACK = SlackSettings("8f742231b10e8888abcd99yyyzzz85a5", "T024BE7LD")
FEISHU = FeishuSettings(
    app_id="cli_9f5343c580712544",
    app_secret="an-app-secret-of-feishu",
    encrypt_key="an-encrypt-key-of-feishu",
    token="a-verification-token",
    tenant="2ca1d211f64f6438",
    bot="ou_bot",
    host="open.feishu.cn",
)
DINGTALK_PLAIN = DingTalkSettings("an-app-secret-of-dingtalk", "ding9f50b15bccd16741", None)
DINGTALK = DingTalkSettings("an-app-secret-of-dingtalk", "ding9f50b15bccd16741", bytes(range(32)))

Table = dict[str, object]


def http(headers: Mapping[str, str], body: bytes) -> HttpEvent:
    return HttpEvent("POST", "/", headers, body)


def slack_request(body: bytes, *, sent_unix: float = NOW_UNIX, secret: str = SLACK.signing_secret) -> HttpEvent:
    timestamp = str(int(sent_unix))
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    return http({"x-slack-request-timestamp": timestamp, "x-slack-signature": str(signature)}, body)


def slack_command(text: str = "rewind orders 2h", **fields: str) -> bytes:
    """Return a slash command's body, form-encoded as Slack does."""
    command = {
        "token": "xyzz0WbapA4vBCDEFasx0q6G",
        "team_id": SLACK.team,
        "team_domain": "shop",
        "channel_id": "C2147483705",
        "channel_name": "incidents",
        "user_id": "U2147483697",
        "user_name": "steve",
        "command": "/rewind",
        "text": text,
        "response_url": RESPONSE_URL,
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
        "api_app_id": "A123456",
        "is_enterprise_install": "false",
    }
    return urlencode({**command, **fields}).encode()


def slack_click(
    *, value: str = "opaque", action_id: str = "apply", is_private: bool = False, **changes: object
) -> bytes:
    """Return the body of a button's click."""
    payload: Table = {
        "type": "block_actions",
        "user": {"id": "U2147483697", "username": "steve", "team_id": SLACK.team},
        "team": {"id": SLACK.team, "domain": "shop"},
        "channel": {"id": "C2147483705", "name": "incidents"},
        "container": {
            "type": "message",
            "message_ts": "1548261231.000200",
            "channel_id": "C2147483705",
            "is_ephemeral": is_private,
        },
        "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
        "response_url": RESPONSE_URL.replace("commands", "actions"),
        "actions": [
            {
                "action_id": action_id,
                "block_id": "=qXel",
                "type": "button",
                "value": value,
                "action_ts": "1548426417.84",
            }
        ],
    }
    return urlencode({"payload": json.dumps({**payload, **changes})}).encode()


def padded_cbc(plain: bytes, key: bytes, iv: bytes, block_bytes: int) -> bytes:
    padder = PKCS7(block_bytes * 8).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def feishu_encrypted(event: object, *, key: str = FEISHU.encrypt_key) -> bytes:
    iv = os.urandom(16)
    sealed = iv + padded_cbc(json.dumps(event).encode(), hashlib.sha256(key.encode()).digest(), iv, 16)
    return json.dumps({"encrypt": base64.b64encode(sealed).decode()}).encode()


def feishu_signed(
    body: bytes, *, sent_unix: float = NOW_UNIX, key: str = FEISHU.encrypt_key, nonce: str = "1628345"
) -> HttpEvent:
    timestamp = str(int(sent_unix))
    signature = hashlib.sha256(f"{timestamp}{nonce}{key}".encode() + body).hexdigest()
    headers = {
        "x-lark-request-timestamp": timestamp,
        "x-lark-request-nonce": nonce,
        "x-lark-signature": signature,
    }
    return http(headers, body)


def feishu_request(event: object, *, sent_unix: float = NOW_UNIX) -> HttpEvent:
    return feishu_signed(feishu_encrypted(event), sent_unix=sent_unix)


def feishu_event(event_type: str, event: Table, **header: str) -> Table:
    told = {
        "event_id": "5e3702a84e847582be8db7fb73283c02",
        "event_type": event_type,
        "create_time": str(int(NOW_UNIX * 1000)),
        "token": FEISHU.token,
        "app_id": FEISHU.app_id,
        "tenant_key": FEISHU.tenant,
    }
    return {"schema": "2.0", "header": {**told, **header}, "event": event}


def feishu_message(
    text: str = "@_user_1 rewind orders 2h",
    *,
    sender: Mapping[str, object] | None = None,
    header: Mapping[str, str] | None = None,
    **message: object,
) -> Table:
    """Return a message's event; keywords replace fields of the message."""
    who: Table = {
        "sender_id": {"open_id": "ou_84aad35d084aa403", "union_id": "on_8ed6aa67826108097d", "user_id": "e33ggbyz"},
        "sender_type": "user",
        "tenant_key": FEISHU.tenant,
    }
    said: Table = {
        "message_id": "om_5ce6d572455d361153b7cb51da133945",
        "create_time": str(int(NOW_UNIX * 1000)),
        "chat_id": "oc_5ce6d572455d361153b7xx51da133945",
        "chat_type": "group",
        "message_type": "text",
        "content": json.dumps({"text": text}),
        "mentions": [{"key": "@_user_1", "id": {"open_id": FEISHU.bot}, "name": "rewind", "tenant_key": FEISHU.tenant}],
    }
    event: Table = {"sender": {**who, **(sender or {})}, "message": {**said, **message}}
    return feishu_event("im.message.receive_v1", event, **(header or {}))


def feishu_click(value: object = None, **event: object) -> Table:
    clicked: Table = {
        "operator": {"tenant_key": FEISHU.tenant, "user_id": "e33ggbyz", "open_id": "ou_84aad35d084aa403"},
        "token": "c-295ee57216a5dc9de90fefd0aadb4b1d7d80ed7a",
        "action": {"value": value or {"action": "apply", "value": "opaque"}, "tag": "button"},
        "host": "im_message",
        "context": {"open_message_id": "om_aaaaaaaaaa", "open_chat_id": "oc_bbbbbbbbbb"},
    }
    return feishu_event("card.action.trigger", {**clicked, **event}, create_time=str(int(NOW_UNIX * 1_000_000)))


def dingtalk_headers(*, sent_unix: float = NOW_UNIX, secret: str = DINGTALK.app_secret) -> dict[str, str]:
    timestamp = str(int(sent_unix * 1000))
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), "sha256").digest()
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}


def dingtalk_message(text: object = " rewind orders 2h", **changes: object) -> Table:
    told: Table = {
        "msgtype": "text",
        "text": {"content": text},
        "msgId": "msg0xxxxxKDNA==",
        "createAt": int(NOW_UNIX * 1000),
        "conversationType": "2",
        "conversationId": "cidKAIamVtxxxxxZyg==",
        "conversationTitle": "incidents",
        "senderId": "$:LWCP_v1:$xxxxx",
        "senderStaffId": "manager4220",
        "senderNick": "Steve",
        "senderCorpId": DINGTALK.corp,
        "chatbotCorpId": DINGTALK.corp,
        "chatbotUserId": "$:LWCP_v1:$yyyyy",
        "isAdmin": True,
        "sessionWebhook": SESSION_WEBHOOK,
        "sessionWebhookExpiredTime": int(NOW_UNIX * 1000) + 5_400_000,
    }
    return {**told, **changes}


def dingtalk_encrypted(told: object, *, key: bytes = DINGTALK.aes_key or b"", trailer: bytes = b"dingkey") -> bytes:
    plain = json.dumps(told).encode()
    framed = os.urandom(16) + len(plain).to_bytes(4, "big") + plain + trailer
    sealed = padded_cbc(framed, key, key[:16], 32)
    return json.dumps({"encrypt": base64.b64encode(sealed).decode()}).encode()


def dingtalk_request(told: object, *, is_plain: bool = False) -> HttpEvent:
    body = json.dumps(told).encode() if is_plain else dingtalk_encrypted(told)
    return http(dingtalk_headers(), body)
