"""Slack as an app meets it: signed slash commands and clicks, and messages that come to a response_url.

Not imitated: that a response_url ends after 30 minutes.

Source: reference chat-and-webhooks.md section 1.
"""

import hashlib
import hmac
import html
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any, final
from urllib.parse import urlencode

from tests.local.chat.messages import AtOnce, HttpAnswer, Post, Sent, Shown, more_follows

_TEAM = "T0LOCAL"
_CHANNEL = "C0LOCAL"
_APP = "A0LOCAL"
_POSTS_A_URL = 5
_HOST = "hooks.slack.com"


@final
class Slack:
    """A workspace with one channel."""

    name = "slack"
    host = _HOST
    user = "U0YOU"

    def __init__(self) -> None:
        self._secret = secrets.token_hex(16)

    def settings(self) -> dict[str, str]:
        """Return the variables that switch Slack on."""
        return {"REWIND_SLACK_SIGNING_SECRET": self._secret, "REWIND_SLACK_TEAM": _TEAM}

    def typed(self, text: str, user: str) -> Sent:
        """Return the request of a slash command."""
        path = f"/commands/{_TEAM}/{secrets.token_urlsafe(24)}"
        fields = {
            "team_id": _TEAM,
            "team_domain": "local",
            "channel_id": _CHANNEL,
            "channel_name": "incidents",
            "user_id": user,
            "user_name": "you",
            "command": "/sls",
            "text": text,
            "response_url": f"https://{_HOST}{path}",
            "trigger_id": secrets.token_hex(16),
            "api_app_id": _APP,
            "is_enterprise_install": "false",
        }
        return self._signed(fields, path)

    def pressed(self, card: Shown, button: str, user: str) -> Sent:
        """Return the request of a click."""
        path = f"/actions/{_TEAM}/{secrets.token_urlsafe(24)}"
        place = {"type": "message", "message_ts": card.id, "channel_id": _CHANNEL, "is_ephemeral": card.private}
        action = {"type": "button", "action_id": button, "block_id": "b1", "value": card.buttons[button]}
        payload = {
            "type": "block_actions",
            "user": {"id": user, "team_id": _TEAM},
            "team": {"id": _TEAM, "domain": "local"},
            "channel": {"id": _CHANNEL, "name": "incidents"},
            "container": place,
            "trigger_id": secrets.token_hex(16),
            "api_app_id": _APP,
            "response_url": f"https://{_HOST}{path}",
            "actions": [{**action, "action_ts": f"{time.time():.6f}"}],
        }
        return self._signed({"payload": json.dumps(payload)}, path, card)

    def at_once(self, answer: bytes, sent: Sent) -> AtOnce:
        """Return what the person sees of the answer to a command; to a click, nothing is seen."""
        if not answer or sent.card is not None:
            return AtOnce((), more=True)
        return more_follows(tuple(html.unescape(json.loads(answer)["text"]).splitlines()))

    def serve(self, post: Post) -> HttpAnswer | None:  # noqa: ARG002 -- as every platform has it
        """Return None: everything here is a message."""
        return None

    def handle(self, post: Post) -> str:
        """Return the path of the response_url."""
        return post.path

    def shown(self, post: Post) -> Shown | None:
        """Return what people see of a message; None where one is only deleted."""
        if post.body.get("delete_original"):
            return None
        blocks = post.body.get("blocks", [])
        elements = [element for block in blocks for element in block.get("elements", [])]
        return Shown(
            id=f"{time.time():.6f}",
            lines=tuple(line for block in blocks for line in _lines(block)),
            buttons={one["action_id"]: one["value"] for one in elements if one["type"] == "button"},
            private=post.body["response_type"] == "ephemeral",
            replaces=post.body["replace_original"],
        )

    def verdict(self, *, taken: bool) -> HttpAnswer:
        """Return Slack's answer: a word."""
        return HttpAnswer(200, b"ok") if taken else HttpAnswer(404, b"used_url")

    def _signed(self, fields: Mapping[str, str], path: str, card: Shown | None = None) -> Sent:
        body, timestamp = urlencode(fields).encode(), str(int(time.time()))
        digest = hmac.new(self._secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": f"v0={digest.hexdigest()}",
        }
        return Sent(headers=headers, body=body, handles={path: _POSTS_A_URL}, card=card)


def _lines(block: Mapping[str, Any]) -> Iterator[str]:
    if block["type"] == "actions":
        yield "  ".join(f"[ {one['text']['text']} ]" for one in block["elements"])
        return
    texts = [block["text"]] if "text" in block else block["elements"]
    for text in texts:
        seen = html.unescape(text["text"]) if text["type"] == "mrkdwn" else text["text"]
        yield from seen.replace("```\n", "").replace("\n```", "").splitlines()
