"""Feishu as an app meets it: signed and encrypted events, and messages that come through its API.

Not imitated: that an event which is not answered comes again, and what its API limits.

Source: reference chat-and-webhooks.md section 3.
"""

import base64
import hashlib
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any, final

from Cryptodome.Cipher import AES
from Cryptodome.Util.Padding import pad

from tests.local.chat.messages import MANY, AtOnce, HttpAnswer, Post, Sent, Shown, more_follows

_TENANT = "local-tenant"
_APP = "cli_local"
_BOT = "ou_bot"
_CHAT = "oc_local"
_UPDATES_A_CLICK = 2
_IV_BYTES = 16
_TOKEN_PATH = "/open-apis/auth/v3/tenant_access_token/internal"
_UPDATE_PATH = "/open-apis/interactive/v1/card/update"
_REPLY_PATH = re.compile(r"/open-apis/im/v1/messages/([A-Za-z0-9_-]+)/reply")


@final
class Feishu:
    """A tenant with one group."""

    name = "feishu"
    host = "open.feishu.cn"
    user = "ou_you"

    def __init__(self) -> None:
        self._app_secret, self._encrypt_key, self._token = (secrets.token_hex(16) for _ in range(3))
        self._access_token = f"t-{secrets.token_hex(16)}"

    def settings(self) -> dict[str, str]:
        """Return the variables that switch Feishu on."""
        return {
            "REWIND_FEISHU_APP_ID": _APP,
            "REWIND_FEISHU_APP_SECRET": self._app_secret,
            "REWIND_FEISHU_ENCRYPT_KEY": self._encrypt_key,
            "REWIND_FEISHU_TOKEN": self._token,
            "REWIND_FEISHU_TENANT": _TENANT,
            "REWIND_FEISHU_BOT": _BOT,
        }

    def typed(self, text: str, user: str) -> Sent:
        """Return the event of a message that mentions the bot."""
        message_id = f"om_{secrets.token_hex(16)}"
        event = {
            "sender": {"sender_id": {"open_id": user}, "sender_type": "user", "tenant_key": _TENANT},
            "message": {
                "message_id": message_id,
                "create_time": str(int(time.time() * 1000)),
                "chat_id": _CHAT,
                "chat_type": "group",
                "message_type": "text",
                "content": json.dumps({"text": f"@_user_1 {text}"}),
                "mentions": [{"key": "@_user_1", "id": {"open_id": _BOT}, "name": "sls-rewind"}],
            },
        }
        handles = {_by_message(message_id): MANY, _by_receiver(user): MANY}
        return self._signed("im.message.receive_v1", event, handles)

    def pressed(self, card: Shown, button: str, user: str) -> Sent:
        """Return the event of a click; on what was sent to a person, it comes from a conversation of two."""
        chat = f"oc_direct_{user}" if card.private else _CHAT
        token = f"c-{secrets.token_hex(16)}"
        event = {
            "operator": {"open_id": user, "tenant_key": _TENANT},
            "token": token,
            "action": {"tag": "button", "value": json.loads(card.buttons[button])},
            "context": {"open_message_id": card.id, "open_chat_id": chat},
        }
        handles = {
            f"token {token}": _UPDATES_A_CLICK,
            _by_message(card.id): MANY,
            _by_receiver(user): MANY,
            _by_receiver(_CHAT): MANY,
        }
        return self._signed("card.action.trigger", event, handles, card)

    def at_once(self, answer: bytes, sent: Sent) -> AtOnce:
        """Return what the person sees of the answer to a click; to a message, nothing is seen."""
        if sent.card is None:
            return AtOnce((), more=True)
        toast = json.loads(answer).get("toast", {}).get("content", "")
        return more_follows(tuple(toast.splitlines()))

    def serve(self, post: Post) -> HttpAnswer | None:
        """Return the access token, or the refusal of a post that does not carry it; else None."""
        if post.path == _TOKEN_PATH:
            known = post.body == {"app_id": _APP, "app_secret": self._app_secret}
            token = {"tenant_access_token": self._access_token, "expire": 7200} if known else {}
            return _answer(0 if known else 10014, **token)
        return None if post.authorization == f"Bearer {self._access_token}" else _answer(99991663)

    def handle(self, post: Post) -> str:
        """Return which message, person or card it is for."""
        if post.path == _UPDATE_PATH:
            return f"token {post.body['token']}"
        reply = _REPLY_PATH.fullmatch(post.path)
        return _by_message(reply[1]) if reply else _by_receiver(post.body.get("receive_id", ""))

    def shown(self, post: Post) -> Shown | None:
        """Return what people see of a card."""
        card = post.body["card"] if "card" in post.body else json.loads(post.body["content"])
        return Shown(
            id=f"om_{secrets.token_hex(16)}",
            lines=(card["header"]["title"]["content"], *(line for one in card["elements"] for line in _lines(one))),
            buttons={
                button["value"]["action"]: json.dumps(button["value"])
                for one in card["elements"]
                for button in one.get("actions", [])
            },
            private="receive_id_type=open_id" in post.path,
            replaces=post.path == _UPDATE_PATH,
        )

    def verdict(self, *, taken: bool) -> HttpAnswer:
        """Return Feishu's answer, always with HTTP 200."""
        return _answer(0 if taken else 230011)

    def _signed(
        self, event_type: str, event: Mapping[str, object], handles: Mapping[str, int], card: Shown | None = None
    ) -> Sent:
        header = {
            "event_id": secrets.token_hex(16),
            "event_type": event_type,
            "create_time": str(int(time.time() * 1000)),
            "token": self._token,
            "app_id": _APP,
            "tenant_key": _TENANT,
        }
        body = self._encrypted(json.dumps({"schema": "2.0", "header": header, "event": event}).encode())
        timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
        signature = hashlib.sha256((timestamp + nonce + self._encrypt_key).encode() + body).hexdigest()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Lark-Request-Timestamp": timestamp,
            "X-Lark-Request-Nonce": nonce,
            "X-Lark-Signature": signature,
        }
        return Sent(headers=headers, body=body, handles=handles, card=card)

    def _encrypted(self, plain: bytes) -> bytes:
        key, iv = hashlib.sha256(self._encrypt_key.encode()).digest(), secrets.token_bytes(_IV_BYTES)
        sealed = iv + AES.new(key, AES.MODE_CBC, iv=iv).encrypt(pad(plain, AES.block_size))
        return json.dumps({"encrypt": base64.b64encode(sealed).decode()}).encode()


def _by_message(message_id: str) -> str:
    return f"message {message_id}"


def _by_receiver(receive_id: str) -> str:
    return f"receiver {receive_id}"


def _answer(code: int, **more: object) -> HttpAnswer:
    return HttpAnswer(200, json.dumps({"code": code, "msg": "failed" if code else "ok", **more}).encode())


def _lines(element: Mapping[str, Any]) -> Iterator[str]:
    if element["tag"] == "column_set":
        yield "  ".join(part["text"]["content"] for one in element["columns"] for part in one["elements"])
    elif element["tag"] == "action":
        yield "  ".join(f"[ {button['text']['content']} ]" for button in element["actions"])
    else:
        texts = [element["text"]] if "text" in element else element["elements"]
        for text in texts:
            yield from text["content"].splitlines()
