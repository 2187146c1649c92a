"""A Slack channel whose hand-overs wait at a gate: each is delivered when the test says so, and as often."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.functions.chat_platforms import Post
from tests.functions.chats import Signed, SlackChannel
from tests.functions.fc_gate import FcGate, Held

_WAIT_S = 60.0
# Refused for good: what is to be written there is left unfinished.
REFUSED = {"operation": "UpdateCheckPoint", "shard": 1, "times": 99, "status": 400, "error_code": "Unauthorized"}


def wait_until(condition: Callable[[], object]) -> None:
    """Return as soon as a condition holds; fail the test if it never does."""
    gives_up_s = time.monotonic() + _WAIT_S
    while not condition():
        assert time.monotonic() < gives_up_s, "it never came to that"
        time.sleep(0.01)


@dataclass(frozen=True)
class Handed:
    """One message, as it was handed over.

    Attributes:
        held: The hand-over.
        path: Where its answers come in.
        posts: The answers so far.
    """

    held: Held
    path: str
    posts: tuple[Post, ...] = ()

    @property
    def post(self) -> Post:
        """The newest answer."""
        return self.posts[-1]


class GatedChannel:
    """The channel.

    Args:
        gate: Takes the hand-overs of the functions.
        slack: Speaks to them.
    """

    def __init__(self, gate: FcGate, slack: SlackChannel) -> None:
        self.gate, self.slack = gate, slack

    def say(self, text: str, *, user: str = "U0WEI") -> Handed:
        """Type a command, and deliver it."""
        return self.deliver(self.type(text, user=user))

    def click(self, post: Post, action: str, *, user: str = "U0WEI") -> Handed:
        """Press a button, and deliver it."""
        return self.deliver(self.press(post, action, user=user))

    def type(self, text: str, *, user: str = "U0WEI") -> Handed:
        """Type a command, and leave it at the gate."""
        return self._sent(self.slack.command(text, user=user))

    def press(self, post: Post, action: str, *, user: str = "U0WEI") -> Handed:
        """Press a button, and leave it at the gate."""
        return self._sent(self.slack.press(post, action, user=user))

    def deliver(self, handed: Handed, *, held: Held | None = None) -> Handed:
        """Deliver a message, or something else that was held, and return the message with what was answered so far."""
        self.gate.hand_on(held or handed.held, self.slack.functions.url)
        return Handed(handed.held, handed.path, tuple(self.slack.platforms.posts(handed.path)))

    def _sent(self, signed: Signed) -> Handed:
        before = len(self.gate.held())
        assert self.slack.send(signed).status == 200
        (held,) = self.gate.held()[before:]
        return Handed(held, signed.path)
