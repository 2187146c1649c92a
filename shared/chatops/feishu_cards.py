"""Cards as Feishu and Lark show them, and the calls of their API that post them."""

import json
import re
from collections.abc import Mapping, Sequence

from shared.chat_settings import FeishuSettings
from shared.chatops.form import fingerprint
from shared.chatops.layout import inert, pages
from shared.chatops.messages import Card, ChatPost, Offer
from shared.errors import RewindError

Element = dict[str, object]

_TITLE_CHARS = 150
_TEXT_CHARS = 3000
_TABLE_BYTES = 12_000
_CELL_CHARS = 40
_LABEL_CHARS = 75
_MAX_BUTTONS = 6
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TOKEN = re.compile(r"[!-~]{1,2000}")


def render(
    card: Card, message_reply: Mapping[str, str], person: str, settings: FeishuSettings, *, token: str
) -> list[ChatPost]:
    """Return what is posted to show a card.

    What replaces a card that everybody sees updates it; another card for everybody answers the message. A private one
    answers in a conversation of two, and else comes to the person as a direct message; its buttons then name the group
    that they are about, so that what everybody is to see of them goes there.

    Args:
        card: What to show.
        message_reply: `Message.reply` of what it answers.
        person: The user's open_id.
        settings: The app.
        token: The tenant's access token, of `read_token`.

    Source: reference chat-and-webhooks.md sections 3.4 (answers) and 3.5 (updates: two, within 30 minutes); that a
    message may be sent to an open_id is the API's page on sending messages, and untried here.
    """
    api = f"https://{settings.host}/open-apis"
    headers = {"Authorization": f"Bearer {token}"}
    everybody, message_id = card.audience == "channel", message_reply.get("message_id", "")
    of_two, is_aside = message_reply.get("chat_type") == "p2p", "shown_in" in message_reply
    shown = _card_of(card, about="" if everybody or of_two else message_reply.get("chat_id", ""))
    if everybody and card.replaces and message_reply.get("token") and not is_aside:
        update = {"token": message_reply["token"], "card": shown}
        return [ChatPost(f"{api}/interactive/v1/card/update", update, headers)]
    content = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    message = {"msg_type": "interactive", "content": content, "uuid": fingerprint(message_id, person, content)}
    if is_message_id(message_id) and (of_two or (everybody and not is_aside)):
        return [ChatPost(f"{api}/im/v1/messages/{message_id}/reply", message, headers)]
    group = message_reply.get("chat_id") if everybody else None
    kind, receiver = ("chat_id", group) if group else ("open_id", person)
    return [ChatPost(f"{api}/im/v1/messages?receive_id_type={kind}", {"receive_id": receiver, **message}, headers)]


def token_request(settings: FeishuSettings) -> ChatPost:
    """Return the request for the tenant's access token, which every other call needs; it is good for two hours.

    Source: the API's page on tenant_access_token/internal.
    """
    url = f"https://{settings.host}/open-apis/auth/v3/tenant_access_token/internal"
    return ChatPost(url, {"app_id": settings.app_id, "app_secret": settings.app_secret})


def read_token(answer: Mapping[str, object] | None) -> str:
    """Return the access token of an answer to `token_request`.

    Raises:
        RewindError: There is none, or none that a header could carry; code "chat_token_refused".
    """
    token = (answer or {}).get("tenant_access_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise RewindError(
            "Feishu gave no access token", code="chat_token_refused", hint="Check the app's id and secret."
        )
    return token


def is_message_id(text: str) -> bool:
    """Return whether a text can be a message's id, and so stand in a path."""
    return _MESSAGE_ID.fullmatch(text) is not None


def quiet(text: str) -> str:
    """Return a short text of several lines as Feishu shows it as it stands."""
    return pages([_line(line) for line in text.splitlines()] or [" "], chars=_TEXT_CHARS)[0]


def _card_of(card: Card, *, about: str) -> Element:
    elements: list[Element] = []
    lines = [_line(line) for line in card.lines]
    elements += [_text(text) for text in pages(lines, chars=_TEXT_CHARS) if text.strip()]
    elements += _rows(card.table)
    if card.offers:
        buttons = [_button(offer, card.title, about) for offer in card.offers[:_MAX_BUTTONS]]
        elements.append({"tag": "action", "actions": buttons})
    if card.footer:
        elements.append({"tag": "note", "elements": [_plain(card.footer)]})
    return {
        "config": {"wide_screen_mode": True, "update_multi": True},
        "header": {"title": _plain(card.title or "sls-rewind", longest=_TITLE_CHARS)},
        "elements": elements,
    }


def _rows(table: Sequence[Sequence[str]]) -> list[Element]:
    """Return one element a row, as many as a card has room for, and a text that counts the others."""
    rows: list[Element] = []
    size_bytes = 0
    for number, row in enumerate(table):
        columns = [_column(cell) for cell in row]
        element: Element = {"tag": "column_set", "flex_mode": "none", "columns": columns}
        size_bytes += len(json.dumps(element, ensure_ascii=False).encode())
        if size_bytes > _TABLE_BYTES:
            return [*rows, _text(f"… {len(table) - number} more")]
        rows.append(element)
    return rows


def _column(cell: str) -> Element:
    return {
        "tag": "column",
        "width": "weighted",
        "weight": 1,
        "elements": [{"tag": "div", "text": _plain(cell, longest=_CELL_CHARS)}],
    }


def _button(offer: Offer, title: str, about: str) -> Element:
    button: Element = {
        "tag": "button",
        "type": offer.style,
        "text": _plain(offer.label, longest=_LABEL_CHARS),
        "value": {"action": offer.action, "value": offer.value, **({"chat": about} if about else {})},
    }
    if offer.action in {"apply", "resume", "abandon"}:
        question = _plain(f"{offer.label}?", longest=_LABEL_CHARS)
        button["confirm"] = {"title": question, "text": _plain(title, longest=_TITLE_CHARS)}
    return button


def _text(text: str) -> Element:
    return {"tag": "div", "text": {"tag": "plain_text", "content": text}}


def _plain(text: str, *, longest: int = 300) -> Element:
    return {"tag": "plain_text", "content": _line(text, longest=longest) or "-"}


def _line(text: str, *, longest: int = 300) -> str:
    # Plain elements know no markup; should a client read tags after all, it finds none.
    return inert(text, longest=longest).replace("<", "\uff1c").replace(">", "\uff1e")
