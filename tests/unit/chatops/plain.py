"""Cards as plain text: what the documentation shows in place of a platform."""

import textwrap

from shared.chatops.messages import Card
from shared.chatops.prose import padded, width_of
from shared.chatops.tables import Table

_WIDTH = 100


def plain_lines(card: Card, *, width: int = _WIDTH) -> list[str]:
    """Return a card as lines of text: title, lines, table, buttons with the text that does the same, footer.

    Args:
        card: What to show.
        width: Columns of what is broken; a table keeps its own.
    """
    title = _wrapped(card.title, width) or [""]
    shown = [*title, "-" * max(map(len, title)), *(piece for line in card.lines for piece in _wrapped(line, width))]
    for block in (_aligned(card.table), _buttons(card), _foot(card)):
        shown += ["", *block] if block else []
    return shown


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, break_on_hyphens=False)


def _aligned(table: Table) -> list[str]:
    widths = [max(map(width_of, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(padded, row, widths)).rstrip() for row in table]


def _buttons(card: Card) -> list[str]:
    return [f"[ {offer.label} ]{f'  {offer.text}' if offer.text else ''}" for offer in card.offers]


def _foot(card: Card) -> list[str]:
    private = ["(only you can see this)"] if card.audience == "person" else []
    return [*private, *([card.footer] if card.footer else [])]
