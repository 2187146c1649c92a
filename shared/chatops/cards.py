"""What a result looks like in chat, before it takes a platform's form.

Everybody sees a plan, what became of it and whether it held: others may have to confirm it, and all have to know.
What was read, refused or done before is for whoever asked alone.
"""

from datetime import tzinfo

from shared.chatops import verdicts
from shared.chatops.checks import checks_card
from shared.chatops.messages import Card
from shared.chatops.outcomes import outcome_card
from shared.chatops.previews import preview_card, replanned_card
from shared.chatops.readings import reading_card
from shared.chatops.short_cards import cancelled_card, error_card, help_card
from shared.chatops.wording import Showing
from shared.results import Result

__all__ = ["cancelled_card", "card_of", "error_card", "help_card", "verification_card"]


def card_of(
    result: Result,
    asked: str,
    *,
    zone: tzinfo | None,
    zone_name: str | None,
    now_unix: float,
    replaces: bool = False,
) -> Card:
    """Return the card that tells people what became of a command.

    Args:
        result: What became of it.
        asked: Who sent it: the principal.
        zone: The zone in which times are told beside UTC; None for UTC alone.
        zone_name: What people call that zone; None takes the zone's own name for it.
        now_unix: The present, in Unix seconds.
        replaces: Whether a card that everybody sees takes the place of the one whose button was pressed.
    """
    showing = Showing(asked, zone, zone_name, now_unix, replaces)
    if "checks" in result.own:
        return checks_card(result, showing)
    if result.status == "planned":
        return preview_card(result, showing)
    if result.status == "refused" and any(command.get("action") == "apply" for command in result.next):
        return replanned_card(result, showing)
    if result.status == "read" or (result.action == "snapshot" and result.ok):
        return reading_card(result, showing)
    return outcome_card(result, showing)


def verification_card(
    result: Result,
    asked: str,
    *,
    zone: tzinfo | None,
    zone_name: str | None,
    now_unix: float,
) -> Card:
    """Return the card that tells everybody whether an operation has held, some time after it; it offers to undo it.

    Args:
        result: Of `verify`.
        asked: Who carried the operation out: the principal.
        zone: As in `card_of`.
        zone_name: As in `card_of`.
        now_unix: As in `card_of`.
    """
    return verdicts.verification_card(result, Showing(asked, zone, zone_name, now_unix))
