"""People in a Slack channel, as the chatops function sees them: requests that Slack's own library has signed."""

import base64
import json
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from slack_sdk.signature import SignatureVerifier

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.chat_platforms import ChatPlatforms, Post
from tests.functions.evidence import Evidence

TEAM = "T024BE7LD"
CHANNEL = "C0INCIDENT"
_POLICY = Path(__file__).with_name("chat_policy.toml")


def new_chat_settings(platforms_url: str) -> dict[str, str]:
    """Return the variables that switch all chat platforms on, with fresh secrets.

    Args:
        platforms_url: Where what plays the platforms listens.
    """
    return {
        "REWIND_POLICY": str(_POLICY),
        "REWIND_CHAT_ENDPOINT": platforms_url,
        # Longer than any test: what a test does is over when it ends.
        "REWIND_CHAT_VERIFY_AFTER_S": "300",
        "REWIND_WORKER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "REWIND_SLACK_SIGNING_SECRET": secrets.token_hex(16),
        "REWIND_SLACK_TEAM": TEAM,
        "REWIND_FEISHU_APP_ID": "cli_a1b2c3",
        "REWIND_FEISHU_APP_SECRET": secrets.token_hex(16),
        "REWIND_FEISHU_ENCRYPT_KEY": secrets.token_hex(16),
        "REWIND_FEISHU_TOKEN": secrets.token_hex(16),
        "REWIND_FEISHU_TENANT": "tenant-1",
        "REWIND_FEISHU_BOT": "ou_bot",
        "REWIND_DINGTALK_APP_SECRET": secrets.token_hex(32),
        "REWIND_DINGTALK_CORP": "corp-1",
        "REWIND_DINGTALK_AES_KEY": base64.b64encode(secrets.token_bytes(32)).decode().rstrip("="),
    }


@dataclass(frozen=True, slots=True)
class Signed:
    """A request of Slack, to be sent as often as a test likes.

    Attributes:
        path: Of its response_url, where answers come in.
    """

    headers: dict[str, str]
    body: bytes
    path: str


class SlackChannel:
    """One channel and its people.

    Args:
        functions: Behind them is the chatops function.
        platforms: Takes what comes back.
        settings: Hold Slack's signing secret.
        evidence: Takes every secret; its newest logs are those of the functions.
    """

    def __init__(
        self, functions: FunctionCaller, platforms: ChatPlatforms, settings: Mapping[str, str], evidence: Evidence
    ) -> None:
        self.functions = functions
        self.platforms = platforms
        self.settings = settings
        self.logs = evidence.logs[-1]
        self._secret = settings["REWIND_SLACK_SIGNING_SECRET"]
        self._evidence = evidence

    def command(self, text: str, *, user: str = "U0WEI", channel: str = CHANNEL, team: str = TEAM) -> Signed:
        """Return the request of a slash command."""
        fields = {
            "team_id": team,
            "channel_id": channel,
            "user_id": user,
            "command": "/sls",
            "text": text,
            "response_url": self._response_url(),
            "trigger_id": secrets.token_hex(12),
        }
        return self.signed(urlencode(fields).encode(), fields["response_url"])

    def press(
        self,
        post: Post,
        action: str,
        *,
        user: str = "U0WEI",
        channel: str = CHANNEL,
        value: str | None = None,
        sent_unix: float | None = None,
    ) -> Signed:
        """Return the request of a button that somebody presses in a message."""
        response_url = self._response_url()
        payload = {
            "type": "block_actions",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "channel": {"id": channel},
            "container": {
                "type": "message",
                "message_ts": post.path.rpartition("/")[2],
                "channel_id": channel,
                "is_ephemeral": post.body["response_type"] == "ephemeral",
            },
            "trigger_id": secrets.token_hex(12),
            "response_url": response_url,
            "actions": [{"action_id": action, "value": post.buttons.get(action) if value is None else value}],
        }
        return self.signed(urlencode({"payload": json.dumps(payload)}).encode(), response_url, sent_unix)

    def send(self, signed: Signed) -> Answer:
        """Return what the function answers at once."""
        return self.functions.send("POST", "/chatops/slack", signed.headers, signed.body)

    def say(self, text: str, **by: str) -> Post:
        """Type a command, and return what is shown for it."""
        signed = self.command(text, **by)
        assert self.send(signed).status == 200
        return self.platforms.wait_for(signed.path)[0]

    def click(
        self, post: Post, action: str, *, user: str = "U0WEI", channel: str = CHANNEL, value: str | None = None
    ) -> Post:
        """Press a button, and return what is shown for it first."""
        signed = self.press(post, action, user=user, channel=channel, value=value)
        answer = self.send(signed)
        assert (answer.status, answer.body) == (200, b"")
        return self.platforms.wait_for(signed.path)[0]

    def _response_url(self) -> str:
        url = f"https://hooks.slack.com/commands/{TEAM}/{secrets.token_urlsafe(24)}"
        self._evidence.add_secret("a response_url", url)
        self._evidence.add_secret("a response_url's path", urlsplit(url).path)
        return url

    def signed(self, body: bytes, response_url: str = "", sent_unix: float | None = None) -> Signed:
        """Return any body as a request of Slack."""
        timestamp = str(int(time.time() if sent_unix is None else sent_unix))
        signature = SignatureVerifier(self._secret).generate_signature(timestamp=timestamp, body=body)
        assert signature
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature,
        }
        return Signed(headers, body, urlsplit(response_url).path)


MakeSlack = Callable[..., AbstractContextManager[SlackChannel]]
