"""Cards as DingTalk shows them: Markdown, posted to the conversation's session; buttons are texts to send."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from shared.chat_settings import DingTalkSettings
from shared.chatops.layout import inert, pages, without_emphasis
from shared.chatops.messages import Card, ChatPost, Offer

_TITLE_CHARS = 100
_TEXT_CHARS = 4000
_ROW_CHARS = 300
_BREAK = "\n\n"
_LOOK_ALIKES = str.maketrans("[]<>#|\\", "\uff3b\uff3d\uff1c\uff1e\uff03\uff5c\uff3c")
_LIST = re.compile(r"[-+=]|[0-9]+[.)]")


def render(
    card: Card,
    message_reply: Mapping[str, str],
    person: str,
    settings: DingTalkSettings,  # noqa: ARG001 -- one signature for all platforms
) -> list[ChatPost]:
    """Return what is posted to show a card; nothing where the message left no way to answer.

    The conversation sees every card: a session knows no private answer, and nothing that was posted is replaced. An
    offer names the text to send, and has a link that sends it: dtmd links are described by others and untried here,
    and in a group what such a link sends may lack the mention that the robot needs to see it.

    Args:
        card: What to show.
        message_reply: `Message.reply` of what it answers.
        person: The user's staff id; the card mentions this person.
        settings: The robot.

    Source: reference chat-and-webhooks.md sections 2.2 and 2.3.
    """
    webhook = message_reply.get("session_webhook")
    if not webhook:
        return []
    body = {
        "msgtype": "markdown",
        "markdown": {"title": markdown(card.title, longest=_TITLE_CHARS) or "sls-rewind", "text": _text(card, person)},
        "at": {"atUserIds": [person], "isAtAll": False},
    }
    return [ChatPost(webhook, body)]


def markdown(text: str, *, longest: int = 300) -> str:
    """Return one line as Markdown shows it as it stands."""
    plain = without_emphasis(inert(text, longest=longest).translate(_LOOK_ALIKES))
    # After a space that does not break, a line begins no list, no rule and no heading.
    return f"\u00a0{plain}" if _LIST.match(plain) else plain


def quiet(text: str) -> str:
    """Return a short text of several lines as DingTalk's texts take it: they know no markup, but mentions."""
    return pages([inert(line) for line in text.splitlines()] or [" "], chars=_TEXT_CHARS)[0]


def _text(card: Card, person: str) -> str:
    rows = [markdown(" · ".join(row), longest=_ROW_CHARS) for row in card.table]
    said = [line for line in (*(markdown(line) for line in card.lines), *rows) if line]
    offers = [_offer(offer) for offer in card.offers if offer.text]
    footer = [markdown(card.footer)] if card.footer else []
    parts = [f"#### {markdown(card.title)}", *pages(said, chars=_TEXT_CHARS, joint=_BREAK), *offers, *footer]
    return _BREAK.join([*parts, f"@{person}"])


def _offer(offer: Offer) -> str:
    label, command = markdown(offer.label, longest=60), inert(offer.text)
    link = f"dtmd://dingtalkclient/sendMessage?content={quote(command, safe='')}"
    return f"{label}: send {markdown(command)} or press [{label}]({link})"
