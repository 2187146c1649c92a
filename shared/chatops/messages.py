"""What passes between the chat platforms and the flow: messages and cards, neither in any platform's form."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, TypeAlias

from shared.frozen import frozen

PlatformName = Literal["slack", "feishu", "dingtalk"]
ButtonAction = Literal["apply", "cancel", "undo", "resume", "abandon", "verify"]
Audience = Literal["person", "channel"]
Style = Literal["primary", "danger", "default"]


@frozen
class Button:
    """A button that somebody pressed.

    Attributes:
        action: What it says it does.
        value: What it carries; nothing is believed of it before `shared.chatops.buttons` has checked it.
    """

    action: str
    value: str


@frozen
class Message:
    """What a proven person sent: a text, or a button.

    Attributes:
        platform: Where it came from.
        principal: `<platform>:<tenant>/<user>`, from verified bytes.
        person: The user's id as the platform mentions people.
        channel: Id of the conversation.
        message_id: What a repetition of it has in common with it, and no other message has.
        sent_unix: When it was sent, as far as the platform signs that.
        text: What was typed, without the mention of the bot; None for a button.
        button: None for a text.
        reply: The platform's own handle for answering later; secret, and in nothing but the sealed hand-over.
        may_write: Whether the platform proves the body; if not, reads and previews alone.
    """

    platform: PlatformName
    principal: str
    person: str
    channel: str
    message_id: str
    sent_unix: int
    text: str | None = field(default=None, repr=False)
    button: Button | None = field(default=None, repr=False)
    reply: Mapping[str, str] = field(default_factory=dict, repr=False)
    may_write: bool = True


@frozen
class Immediate:
    """An HTTP answer that needs no work: an acknowledgement, a challenge, a short text.

    Attributes:
        body: JSON value to answer with; None answers with an empty body.
    """

    body: Mapping[str, object] | None = None


Received: TypeAlias = Message | Immediate


@frozen
class Offer:
    """A button to show, or on a platform without buttons the text to send.

    Attributes:
        label: What stands on it, at most 30 characters.
        action: What it does.
        value: The plan's or operation's id; where it is shown, that and what proves that the button was made here.
        text: The text command that does the same.
        style: How loud it is.
    """

    label: str
    action: ButtonAction
    value: str
    text: str
    style: Style = "default"


@frozen
class Card:
    """A message to show, before it takes a platform's form; no text in it is escaped yet.

    Attributes:
        title: One line.
        lines: What it says, a line each, most important first; a platform that must cut, cuts at the end.
        table: Rows of cells, the first the header; empty for none.
        footer: Ids that find it again; one line.
        offers: What to press next.
        audience: Who sees it: everybody in the conversation, or where the platform can, the person alone.
        replaces: Whether it takes the place of the message whose button was pressed.
    """

    title: str
    lines: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    footer: str = ""
    offers: tuple[Offer, ...] = ()
    audience: Audience = "channel"
    replaces: bool = False


@frozen
class ChatPost:
    """One HTTP POST to a platform, as `shared.chatops.posting` sends it.

    Attributes:
        url: https; its host must be one of the platform's own.
        body: JSON value.
        headers: Beside Content-Type; may hold a token.
    """

    url: str = field(repr=False)
    body: Mapping[str, object] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
