"""Cards as Slack shows them: blocks, each within Slack's limits, posted to a request's response_url."""

import re
from collections.abc import Mapping, Sequence
from itertools import count

from shared.chat_settings import SlackSettings
from shared.chatops.layout import columns, inert, pages, without_emphasis
from shared.chatops.messages import Card, ChatPost, Offer

Block = dict[str, object]

_HEADER_CHARS = 150
_SECTION_CHARS = 3000
_MAX_SECTIONS = 3
_MAX_BUTTONS = 25
_LABEL_CHARS = 75
_CONFIRM_CHARS = 30
_QUESTION_CHARS = 300
_FALLBACK_CHARS = 3000
_CONTEXT_CHARS = 1000
_FENCE = "```"
_NAME = "sls-rewind"
_PERSON = re.compile(r"[UW][A-Z0-9]{1,30}")
_CONFIRMED = frozenset({"apply", "resume", "abandon"})


def render(
    card: Card,
    message_reply: Mapping[str, str],
    person: str,
    settings: SlackSettings,  # noqa: ARG001 -- one signature for all platforms
) -> list[ChatPost]:
    """Return what is posted to show a card; nothing where the request left no way to answer.

    A private answer never takes the place of what everybody sees. What one person alone saw cannot become everybody's:
    the card is posted anew, and the old one deleted.

    Args:
        card: What to show.
        message_reply: `Message.reply` of what it answers.
        person: The user's id; a card for everybody mentions this person.
        settings: The app.

    Source: reference chat-and-webhooks.md section 1.3: five posts within 30 minutes; private ones stay private.
    """
    url, original = message_reply.get("response_url"), message_reply.get("original")
    if not url:
        return []
    everybody = card.audience == "channel"
    replaces = card.replaces and original is not None and (everybody or original == "ephemeral")
    moves_out = replaces and everybody and original == "ephemeral"
    body = {
        "response_type": "in_channel" if everybody else "ephemeral",
        "replace_original": replaces and not moves_out,
        "text": _fallback(card),
        "blocks": blocks_of(card, mention=person if everybody else ""),
        "unfurl_links": False,
        "unfurl_media": False,
    }
    return [ChatPost(url, body), *([ChatPost(url, {"delete_original": True})] if moves_out else [])]


def ephemeral(text: str) -> str:
    """Return a short text of several lines as Slack takes it: escaped, nothing in it alive."""
    return pages([mrkdwn(line) for line in text.splitlines()] or [" "], chars=_FALLBACK_CHARS)[0]


def mrkdwn(text: str) -> str:
    """Return one line as mrkdwn shows it as it stands."""
    escaped = _escaped(without_emphasis(inert(text)))
    return "\u203a" + escaped.removeprefix("&gt;") if escaped.startswith("&gt;") else escaped


def blocks_of(card: Card, *, mention: str) -> list[Block]:
    """Return a card as blocks; each text inside is inert.

    Source: reference chat-and-webhooks.md section 1.4 (limits); docs.slack.dev's page on text objects (`verbatim`
    keeps Slack from making links and mentions of plain words).
    """
    blocks: list[Block] = [{"type": "header", "text": _plain(card.title or _NAME, _HEADER_CHARS)}]
    texts = pages([mrkdwn(line) for line in card.lines], chars=_SECTION_CHARS, most=_MAX_SECTIONS)
    blocks += [_section(text) for text in texts if text.strip()]
    if card.table:
        blocks.append(_section(_code(columns(card.table))))
    if card.offers:
        blocks.append({"type": "actions", "elements": _buttons(card)})
    mentioned = f"<@{mention}>" if _PERSON.fullmatch(mention) else ""
    said = " · ".join(filter(None, (mentioned, mrkdwn(card.footer))))
    if said:
        blocks.append({"type": "context", "elements": [_mrkdwn_object(said[:_CONTEXT_CHARS])]})
    return blocks


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn_object(text)}


def _mrkdwn_object(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: str, chars: int) -> Block:
    # Whether entities are decoded here is not documented: look-alikes serve both ways.
    shown = inert(text, longest=chars).replace("<", "\uff1c").replace(">", "\uff1e")
    return {"type": "plain_text", "text": shown or "-", "emoji": False}


def _code(lines: Sequence[str]) -> str:
    rows = [_escaped(line.replace("`", "'")) for line in lines]
    (text,) = pages(rows, chars=_SECTION_CHARS - 2 * len(_FENCE) - 2)
    return f"{_FENCE}\n{text}\n{_FENCE}"


def _buttons(card: Card) -> list[Block]:
    shown = card.offers[:_MAX_BUTTONS]
    taken: set[str] = set()
    return [_button(offer, _free_id(offer.action, taken), card.title) for offer in shown]


def _free_id(action: str, taken: set[str]) -> str:
    ids = (action if number == 1 else f"{action}:{number}" for number in count(1))
    found = next(name for name in ids if name not in taken)
    taken.add(found)
    return found


def _button(offer: Offer, action_id: str, title: str) -> Block:
    label = _plain(offer.label, _LABEL_CHARS)
    button: Block = {"type": "button", "action_id": action_id, "value": offer.value, "text": label}
    if offer.style != "default":
        button["style"] = offer.style
    if offer.action in _CONFIRMED:
        button["confirm"] = {
            "title": _plain(f"{offer.label}?", 100),
            "text": _plain(title, _QUESTION_CHARS),
            "confirm": _plain(offer.label, _CONFIRM_CHARS),
            "deny": _plain("Not now", _CONFIRM_CHARS),
        }
    return button


def _fallback(card: Card) -> str:
    text = ephemeral("\n".join((card.title or _NAME, *(inert(line) for line in card.lines))))
    return text if text.strip() else _NAME


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
