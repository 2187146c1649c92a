"""Feishu and DingTalk as the chatops function sees them: signed and encrypted by another library than ours."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tests.functions.caller import Answer
from tests.functions.chat_platforms import Post
from tests.functions.chats import SlackChannel

GROUP = "oc_incident"


def encrypted(key: bytes, iv: bytes, plain: bytes, *, block_bytes: int) -> bytes:
    """Return a text in AES-CBC, filled up to whole blocks."""
    padder = PKCS7(8 * block_bytes).padder()
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()


class FeishuGroup:
    """One group of Feishu and its people.

    Args:
        like: The functions, with their settings and what plays the platforms.
    """

    def __init__(self, like: SlackChannel) -> None:
        self.functions, self.platforms, self._settings = like.functions, like.platforms, like.settings

    def say(self, text: str, *, user: str = "ou_wei") -> Post:
        """Type a command, mentioning the bot, and return what is shown for it."""
        message_id = f"om_{secrets.token_hex(12)}"
        answer = self.send(self.message(text, message_id, user))
        assert (answer.status, answer.json) == (200, {})
        return self.platforms.wait_for(f"/open-apis/im/v1/messages/{message_id}/reply")[0]

    def message(self, text: str, message_id: str, user: str = "ou_wei") -> dict[str, Any]:
        """Return the event of a message."""
        tenant = self._settings["REWIND_FEISHU_TENANT"]
        return {
            "schema": "2.0",
            "header": self._header("im.message.receive_v1"),
            "event": {
                "sender": {"sender_id": {"open_id": user}, "sender_type": "user", "tenant_key": tenant},
                "message": {
                    "message_id": message_id,
                    "create_time": str(int(time.time() * 1000)),
                    "chat_id": GROUP,
                    "chat_type": "group",
                    "message_type": "text",
                    "content": json.dumps({"text": f"@_user_1 {text}"}),
                    "mentions": [{"key": "@_user_1", "id": {"open_id": "ou_bot"}, "name": "sls-rewind"}],
                },
            },
        }

    def click(self, post: Post, action: str, *, user: str = "ou_wei", chat: str = "") -> tuple[Answer, str]:
        """Press a button where its card is shown, and return the answer and the token by which its card may be updated.

        What was sent to a person is shown in the conversation of that person and the bot.
        """
        is_private = "receive_id_type=open_id" in post.path
        chat = chat or (f"oc_direct_{post.body['receive_id']}" if is_private else GROUP)
        token = f"c-{secrets.token_hex(16)}"
        tenant = self._settings["REWIND_FEISHU_TENANT"]
        event = {
            "schema": "2.0",
            "header": self._header("card.action.trigger"),
            "event": {
                "operator": {"open_id": user, "tenant_key": tenant},
                "token": token,
                "action": {"tag": "button", "value": buttons_of(post)[action]},
                "context": {"open_message_id": f"om_{secrets.token_hex(12)}", "open_chat_id": chat},
            },
        }
        return self.send(event), token

    def updated(self, token: str) -> Post:
        """Return what took the place of a card."""
        return self.platforms.wait_until(lambda post: post.body.get("token") == token)[0]

    def shown(self, text: str) -> Post:
        """Return what the group was shown in answer to nothing that is in it."""
        return self.platforms.wait_until(lambda post: post.body.get("receive_id") == GROUP and text in post.text)[0]

    def told(self, user: str, text: str) -> Post:
        """Return what somebody was told in private."""
        return self.platforms.wait_until(lambda post: post.body.get("receive_id") == user and text in post.text)[0]

    def send(self, event: dict[str, Any]) -> Answer:
        """Return what the function answers at once to an event."""
        encrypt_key, iv = self._settings["REWIND_FEISHU_ENCRYPT_KEY"], secrets.token_bytes(16)
        key = hashlib.sha256(encrypt_key.encode()).digest()
        sealed = iv + encrypted(key, iv, json.dumps(event).encode(), block_bytes=16)
        body = json.dumps({"encrypt": base64.b64encode(sealed).decode()}).encode()
        timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
        signature = hashlib.sha256((timestamp + nonce + encrypt_key).encode() + body).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Lark-Request-Timestamp": timestamp,
            "X-Lark-Request-Nonce": nonce,
            "X-Lark-Signature": signature,
        }
        return self.functions.send("POST", "/chatops/feishu", headers, body)

    def _header(self, event_type: str) -> dict[str, str]:
        return {
            "event_id": secrets.token_hex(16),
            "event_type": event_type,
            "create_time": str(int(time.time() * 1000)),
            "token": self._settings["REWIND_FEISHU_TOKEN"],
            "app_id": self._settings["REWIND_FEISHU_APP_ID"],
            "tenant_key": self._settings["REWIND_FEISHU_TENANT"],
        }


def buttons_of(post: Post) -> dict[str, dict[str, str]]:
    """Return what the buttons of a Feishu card carry, by action."""
    card = json.loads(post.body["content"]) if "content" in post.body else post.body["card"]
    return {value["action"]: value for value in values_in(card)}


def values_in(tree: Any) -> Iterator[dict[str, str]]:  # noqa: ANN401 -- any JSON document
    """Yield what each button of a Feishu card carries, to be read or changed."""
    if isinstance(tree, dict):
        if isinstance(tree.get("value"), dict) and "action" in tree["value"]:
            yield tree["value"]
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from values_in(branch)


class DingTalkGroup:
    """One conversation of DingTalk.

    Args:
        like: The functions, with their settings and what plays the platforms.
    """

    def __init__(self, like: SlackChannel) -> None:
        self.functions, self.platforms, self._settings = like.functions, like.platforms, like.settings

    def say(self, text: str, *, user: str = "wei") -> Post:
        """Type a command, and return what is shown for it."""
        session = secrets.token_hex(16)
        assert self.send(self.message(text, session, user)).status == 200
        return self.platforms.wait_for(f"/robot/sendBySession?session={session}")[0]

    def told(self, text: str, session: str, user: str = "wei", *, session_s: int = 5400) -> dict[str, Any]:
        """Return what a message says; its session is good for so many seconds."""
        corp, now_ms = self._settings["REWIND_DINGTALK_CORP"], int(time.time() * 1000)
        return {
            "msgtype": "text",
            "text": {"content": f" {text}"},
            "msgId": f"msg{secrets.token_hex(12)}",
            "createAt": now_ms,
            "conversationType": "2",
            "conversationId": "cid-incident",
            "senderId": "$:LWCP_v1:$abc",
            "senderStaffId": user,
            "senderCorpId": corp,
            "chatbotCorpId": corp,
            "sessionWebhook": f"https://oapi.dingtalk.com/robot/sendBySession?session={session}",
            "sessionWebhookExpiredTime": now_ms + 1000 * session_s,
        }

    def message(self, text: str, session: str, user: str = "wei", *, session_s: int = 5400) -> bytes:
        """Return the body of a message, encrypted where the settings say so."""
        body = json.dumps(self.told(text, session, user, session_s=session_s)).encode()
        encoded = self._settings["REWIND_DINGTALK_AES_KEY"]
        if not encoded:
            return body
        key = base64.b64decode(encoded + "=")
        plain = secrets.token_bytes(16) + len(body).to_bytes(4, "big") + body
        sealed = encrypted(key, key[:16], plain, block_bytes=32)
        return json.dumps({"encrypt": base64.b64encode(sealed).decode()}).encode()

    def send(self, body: bytes) -> Answer:
        """Return what the function answers at once to a body."""
        secret, timestamp = self._settings["REWIND_DINGTALK_APP_SECRET"], str(int(time.time() * 1000))
        digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "timestamp": timestamp,
            "sign": base64.b64encode(digest).decode(),
        }
        return self.functions.send("POST", "/chatops/dingtalk", headers, body)
