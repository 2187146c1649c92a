"""What passes between the local chat platforms, the functions and the people who look on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

ON_IT = "On it."
"""What the function says at once when the answer comes later."""
MANY = 1000
"""Posts to a handle that the platform does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message as people see it.

    Attributes:
        id: The platform's id of the message.
        lines: What it says, its buttons included.
        buttons: What each button carries, by the word that presses it.
        private: Whether only one person sees it.
        replaces: Whether it takes the place of the message whose button was pressed.
    """

    id: str
    lines: tuple[str, ...]
    buttons: Mapping[str, str] = field(default_factory=dict)
    private: bool = False
    replaces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request of the platform to the function.

    Attributes:
        headers: With the platform's signature.
        body: As signed.
        handles: By what later posts answer it, and how many of them each is good for.
        card: The message whose button was pressed; None for a text.
    """

    headers: Mapping[str, str]
    body: bytes
    handles: Mapping[str, int]
    card: Shown | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """What a function posts to the platform.

    Attributes:
        path: With its query.
        authorization: The header; "" if there is none.
        body: As JSON.
    """

    path: str
    authorization: str
    body: Any


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the platform answers to a post."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class AtOnce:
    """What people see of the function's answer to a request.

    Attributes:
        lines: Empty where the platform shows none of it.
        more: Whether a post follows.
    """

    lines: tuple[str, ...]
    more: bool


class Platform(Protocol):
    """One platform, with fresh secrets of its own.

    Attributes:
        name: As in the path of the function's trigger.
        host: Where functions post to.
        user: Id of the person that the local policy knows.
    """

    name: str
    host: str
    user: str

    def settings(self) -> dict[str, str]:
        """Return the variables that switch the platform on."""

    def typed(self, text: str, user: str) -> Sent:
        """Return the request of somebody who types a text."""

    def pressed(self, card: Shown, button: str, user: str) -> Sent:
        """Return the request of somebody who presses a button that the message has."""

    def at_once(self, answer: bytes, sent: Sent) -> AtOnce:
        """Return what people see of the function's own answer."""

    def serve(self, post: Post) -> HttpAnswer | None:
        """Return the answer to what shows nothing, or is not allowed; None for a message."""

    def handle(self, post: Post) -> str:
        """Return by which handle a message came."""

    def shown(self, post: Post) -> Shown | None:
        """Return what people see of a message; None for nothing."""

    def verdict(self, *, taken: bool) -> HttpAnswer:
        """Return the answer to a message whose handle is good, or is not."""


def more_follows(lines: tuple[str, ...]) -> AtOnce:
    """Return what was said at once; a post follows where nothing was said, or that somebody is on it."""
    return AtOnce(lines, more=lines in {(), (ON_IT,)})
