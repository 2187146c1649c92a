"""DingTalk as a robot in HTTP mode meets it: signed times, encrypted bodies, answers to a session.

A link on a message sends a text in the name of who presses it; that real clients do is untried here.
Not imitated: that a session ends.

Source: reference chat-and-webhooks.md section 2.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from typing import final
from urllib.parse import unquote

from Cryptodome.Cipher import AES
from Cryptodome.Util.Padding import pad

from tests.local.chat.messages import MANY, AtOnce, HttpAnswer, Post, Sent, Shown, more_follows

_CORP = "local-corp"
_CONVERSATION = "cid-local"
_SESSION_S = 5400
_KEY_BYTES = 32
_RANDOM_BYTES = 16
_PADDED_BYTES = 32
_LINK = re.compile(r"\[([^\]]*)\]\(dtmd://dingtalkclient/sendMessage\?content=([^)]*)\)")


@final
class DingTalk:
    """An organization with one group."""

    name = "dingtalk"
    host = "oapi.dingtalk.com"
    user = "you"

    def __init__(self) -> None:
        self._secret, self._aes_key = secrets.token_hex(32), secrets.token_bytes(_KEY_BYTES)

    def settings(self) -> dict[str, str]:
        """Return the variables that switch DingTalk on."""
        return {
            "REWIND_DINGTALK_APP_SECRET": self._secret,
            "REWIND_DINGTALK_CORP": _CORP,
            "REWIND_DINGTALK_AES_KEY": base64.b64encode(self._aes_key).decode().rstrip("="),
        }

    def typed(self, text: str, user: str) -> Sent:
        """Return the request of a message that mentions the robot."""
        path = f"/robot/sendBySession?session={secrets.token_hex(16)}"
        now_ms = int(time.time() * 1000)
        message = {
            "msgtype": "text",
            "text": {"content": f" {text}"},
            "msgId": f"msg{secrets.token_hex(16)}",
            "createAt": now_ms,
            "conversationType": "2",
            "conversationId": _CONVERSATION,
            "conversationTitle": "incidents",
            "senderId": f"$:LWCP_v1:${user}",
            "senderStaffId": user,
            "senderNick": "you",
            "senderCorpId": _CORP,
            "chatbotCorpId": _CORP,
            "isInAtList": True,
            "sessionWebhook": f"https://{self.host}{path}",
            "sessionWebhookExpiredTime": now_ms + _SESSION_S * 1000,
        }
        body = self._encrypted(json.dumps(message).encode())
        return Sent(headers=self._headers(str(now_ms)), body=body, handles={path: MANY})

    def pressed(self, card: Shown, button: str, user: str) -> Sent:
        """Return the request of the text that a link sends."""
        return self.typed(card.buttons[button], user)

    def at_once(self, answer: bytes, sent: Sent) -> AtOnce:  # noqa: ARG002 -- as every platform has it
        """Return the message that an answer is."""
        return more_follows(tuple(json.loads(answer)["text"]["content"].splitlines()) if answer else ())

    def serve(self, post: Post) -> HttpAnswer | None:  # noqa: ARG002 -- as every platform has it
        """Return None: everything here is a message."""
        return None

    def handle(self, post: Post) -> str:
        """Return the path and query of the session."""
        return post.path

    def shown(self, post: Post) -> Shown | None:
        """Return what people see of a message."""
        text: str = post.body["markdown"]["text"]
        sent_texts = [unquote(content) for _, content in _LINK.findall(text)]
        return Shown(
            id=secrets.token_hex(16),
            lines=tuple(_LINK.sub(r"[ \1 ]", line).removeprefix("#### ") for line in text.splitlines() if line),
            buttons={sent_text.partition(" ")[0]: sent_text for sent_text in sent_texts},
        )

    def verdict(self, *, taken: bool) -> HttpAnswer:
        """Return DingTalk's answer, always with HTTP 200."""
        code, message = (0, "ok") if taken else (300001, "session does not exist")
        return HttpAnswer(200, json.dumps({"errcode": code, "errmsg": message}).encode())

    def _headers(self, timestamp: str) -> dict[str, str]:
        digest = hmac.new(self._secret.encode(), f"{timestamp}\n{self._secret}".encode(), hashlib.sha256).digest()
        sign = base64.b64encode(digest).decode()
        return {"Content-Type": "application/json; charset=utf-8", "timestamp": timestamp, "sign": sign}

    def _encrypted(self, plain: bytes) -> bytes:
        framed = secrets.token_bytes(_RANDOM_BYTES) + len(plain).to_bytes(4, "big") + plain
        cipher = AES.new(self._aes_key, AES.MODE_CBC, iv=self._aes_key[: AES.block_size])
        sealed = cipher.encrypt(pad(framed, _PADDED_BYTES))
        return json.dumps({"encrypt": base64.b64encode(sealed).decode()}).encode()
