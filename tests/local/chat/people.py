"""The people in the local chats: they type and press, and see what comes of it."""

import base64
import http.client
import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, final
from urllib.parse import urlsplit

from tests.local.chat.dingtalk import DingTalk
from tests.local.chat.feishu import Feishu
from tests.local.chat.messages import Platform, Sent, Shown
from tests.local.chat.replies import Replies, Show
from tests.local.chat.slack import Slack

PLATFORM_NAMES = ("slack", "feishu", "dingtalk")
_ANSWER_S = 30.0
_WAIT_S = 60.0
_KEY_BYTES = 32
_VERIFY_AFTER_S = 2


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of something that was typed or pressed.

    Attributes:
        lines: What the person saw, or why there was nothing to see.
        came: Whether an answer did.
    """

    lines: tuple[str, ...]
    came: bool


@final
class LocalChat:
    """All platforms on loopback, each with fresh secrets. A context manager.

    Args:
        show: Told of every message that functions post; None tells nobody.
        port: Port of what plays the platforms; 0 picks a free one.

    Attributes:
        url: Where functions post to, and where another process may ask for something.
        settings: The variables that switch all platforms on.
    """

    def __init__(self, show: Show | None = None, *, port: int = 0) -> None:
        platforms: Sequence[Platform] = (Slack(), Feishu(), DingTalk())
        self._platforms = {platform.name: platform for platform in platforms}
        self._replies = Replies(platforms, show, port=port)
        self._replies.ask = self._ask
        self._functions: str | None = None
        self._open = ExitStack()
        self.url = self._replies.url
        self.settings = {
            "REWIND_CHAT_ENDPOINT": self.url,
            "REWIND_CHAT_VERIFY_AFTER_S": str(_VERIFY_AFTER_S),
            "REWIND_WORKER_KEY": base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode(),
            **{name: value for platform in platforms for name, value in platform.settings().items()},
        }

    def __enter__(self) -> "LocalChat":
        self._open.enter_context(self._replies)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def connect(self, functions_url: str) -> None:
        """Let the platforms call the functions behind a URL."""
        self._functions = urlsplit(functions_url).netloc

    def say(self, name: str, text: str, user: str | None = None) -> Reply:
        """Type a text on a platform; as the person that the local policy knows, unless another is named."""
        platform = self._platforms[name]
        return self._exchange(platform, platform.typed(text, user or platform.user))

    def press(self, name: str, button: str, user: str | None = None) -> Reply:
        """Press a button of the newest message that has it."""
        platform = self._platforms[name]
        messages = self._replies.shown(platform)
        card = next((shown for shown in reversed(messages) if button in shown.buttons), None)
        if card is None:
            there = sorted({known for shown in messages for known in shown.buttons})
            return Reply((f"there is no button '{button}'; there is: {', '.join(there) or 'none'}",), came=False)
        return self._exchange(platform, platform.pressed(card, button, user or platform.user))

    def expect(self, name: str, sent: Sent) -> int:
        """Let functions answer a request of a platform; return how many messages there are before it."""
        return self._replies.expect(self._platforms[name], sent)

    def count(self) -> int:
        """Return how many messages functions have posted so far."""
        return self._replies.count()

    def since(self, name: str, count: int) -> tuple[str, ...]:
        """Return what a platform shows since there were so many messages."""
        shown = self._replies.shown(self._platforms[name], count)
        return tuple(line for one in shown for line in as_text(name, one))

    def _exchange(self, platform: Platform, sent: Sent) -> Reply:
        since = self.expect(platform.name, sent)
        try:
            status, answer = self._send(platform, sent)
        except (OSError, http.client.HTTPException) as error:
            return Reply((f"{platform.name} gets no answer from the function: {error!r}",), came=False)
        if status != http.HTTPStatus.OK:
            return Reply((f"{platform.name} gets HTTP {status}: {answer.decode(errors='replace')}",), came=False)
        at_once = platform.at_once(answer, sent)
        lines = (f"{platform.name}, at once:", *_indented(at_once.lines)) if at_once.lines else ()
        if not at_once.more:
            return Reply(lines, came=True)
        came = self._replies.wait_for(platform, sent, since, timeout_s=_WAIT_S)
        silent = () if came else (f"nothing else came within {_WAIT_S:.0f} s",)
        return Reply((*lines, *self.since(platform.name, since), *silent), came)

    def _send(self, platform: Platform, sent: Sent) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._functions or "", timeout=_ANSWER_S)
        try:
            connection.request("POST", f"/chatops/{platform.name}", sent.body, dict(sent.headers))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _ask(self, asked: Mapping[str, Any]) -> Mapping[str, object]:
        ways = {"text": self.say, "press": self.press}
        (way,) = ways.keys() & asked.keys()
        reply = ways[way](asked["platform"], asked[way], asked.get("user"))
        return {"lines": reply.lines, "came": reply.came}


def as_text(name: str, shown: Shown) -> tuple[str, ...]:
    """Return a message as lines of text, under its platform's name."""
    how = ("only to one person" if shown.private else "", "in the place of the message" if shown.replaces else "")
    return (f"{', '.join(filter(None, (name, *how)))}:", *_indented(shown.lines))


def _indented(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"  {line}".rstrip() for line in lines)
