"""The chat platforms side by side: how each is read, answered and written to."""

from collections.abc import Callable
from typing import TypeAlias

from shared.chat_settings import ChatSettings, DingTalkSettings, FeishuSettings, SlackSettings
from shared.chatops import dingtalk, feishu, slack
from shared.chatops.messages import Card, ChatPost, Immediate, Message, Received
from shared.chatops.posting import PostOutcome, post
from shared.errors import DeadlineError, RewindError
from shared.fc.events import HttpEvent
from shared.frozen import frozen

_MAX_POST_S = 5.0
_MIN_POST_S = 0.2

_Post: TypeAlias = Callable[[ChatPost], PostOutcome]
_Posts: TypeAlias = Callable[[Card, Message, _Post], list[ChatPost]]


@frozen
class Platform:
    """One platform that is switched on.

    Attributes:
        read: Verifies a request at a time in Unix seconds, and returns what it holds.
        acknowledge: Makes the answer of a request; None shows nothing.
        answers_in_place: Whether people see what that answer says.
        posts: Makes what shows a card; raises `RewindError` where the platform does not let it.
        loopback_url: Where to connect instead of the platform's own hosts; else None.
    """

    read: Callable[[HttpEvent, float], Received]
    acknowledge: Callable[[str | None], Immediate]
    answers_in_place: Callable[[Message], bool]
    posts: _Posts
    loopback_url: str | None

    def send(
        self, card: Card, message: Message, *, now_unix: float, remaining_s: Callable[[], float]
    ) -> list[tuple[str, str]]:
        """Show a card in answer to a message; return what became of each post: its code, and why, without any address.

        Args:
            card: What to show.
            message: What it answers.
            now_unix: The present, in Unix seconds; there are platforms whose answers must come in time.
            remaining_s: Seconds left for all of it; a post for which none are left is not begun.
        """

        def send_one(chat_post: ChatPost) -> PostOutcome:
            if remaining_s() < _MIN_POST_S:
                raise DeadlineError("there is no time left to post", code="no_time_left")
            return post(chat_post, loopback_url=self.loopback_url, timeout_s=min(_MAX_POST_S, remaining_s()))

        told: list[tuple[str, str]] = []
        try:
            _check_open(message, now_unix)
            for one in self.posts(card, message, send_one):
                outcome = send_one(one)
                told.append((outcome.code, outcome.message))
        except RewindError as error:
            told.append((error.code, error.message))
        return told or [("no_way_to_answer", "the message left no way to answer it")]


def _check_open(message: Message, now_unix: float) -> None:
    """Let a message pass that can still be answered.

    Raises:
        RewindError: The platform's time for answers is over; code "session_expired".
    """
    expires_unix = message.reply.get("expires_unix", "")
    if expires_unix.isdecimal() and int(expires_unix) <= now_unix:
        raise RewindError("not sent: the platform's time for answers is over", code="session_expired")


def platform_of(name: str, chat: ChatSettings) -> Platform | None:
    """Return a platform by its name; None for one that is not switched on, or is none."""
    if name == "slack" and chat.slack is not None:
        return _slack(chat.slack, chat.loopback_url)
    if name == "feishu" and chat.feishu is not None:
        return _feishu(chat.feishu, chat.loopback_url)
    if name == "dingtalk" and chat.dingtalk is not None:
        return _dingtalk(chat.dingtalk, chat.loopback_url)
    return None


def _slack(settings: SlackSettings, loopback_url: str | None) -> Platform:
    return Platform(
        read=lambda request, now_unix: slack.read(request, settings, now_unix),
        acknowledge=slack.acknowledge,
        # Slack shows nothing of the answer to a click.
        answers_in_place=lambda message: message.text is not None,
        posts=lambda card, message, _: slack.render(card, message.reply, message.person, settings),
        loopback_url=loopback_url,
    )


def _feishu(settings: FeishuSettings, loopback_url: str | None) -> Platform:
    def posts(card: Card, message: Message, send: _Post) -> list[ChatPost]:
        token = feishu.read_token(send(feishu.token_request(settings)).body)
        return feishu.render(card, message.reply, message.person, settings, token=token)

    return Platform(
        read=lambda request, now_unix: feishu.read(request, settings, now_unix),
        acknowledge=feishu.acknowledge,
        # Feishu shows nothing of the answer to a message.
        answers_in_place=lambda message: message.button is not None,
        posts=posts,
        loopback_url=loopback_url,
    )


def _dingtalk(settings: DingTalkSettings, loopback_url: str | None) -> Platform:
    return Platform(
        read=lambda request, now_unix: dingtalk.read(request, settings, now_unix),
        acknowledge=dingtalk.acknowledge,
        answers_in_place=lambda _message: True,
        posts=lambda card, message, _: dingtalk.render(card, message.reply, message.person, settings),
        loopback_url=loopback_url,
    )
