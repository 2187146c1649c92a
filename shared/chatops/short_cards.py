"""Cards that tell no result: a plan that is let be, an error before anything was asked of SLS, help."""

from collections.abc import Sequence

from shared.chatops.messages import Card
from shared.chatops.wording import fitted
from shared.journal.records import Record
from shared.names import in_ascii
from shared.positions import iso_utc


def cancelled_card(cancelled: Record) -> Card:
    """Return the card that takes the place of a cancelled plan.

    Args:
        cancelled: The record that cancels it.
    """
    by, at = cancelled.principal, iso_utc(cancelled.written_unix)
    return Card(
        title="Cancelled, nothing was written",
        lines=fitted([f"Cancelled by {by}, at {at}.", "Nobody can apply it any more; plan again if it is wanted."]),
        footer=in_ascii(f"sls-rewind, plan {cancelled.plan_id}"),
        replaces=True,
    )


def error_card(*lines: str) -> Card:
    """Return the card that tells one person why nothing was done: the reason first, then what to do."""
    return Card(title="Not done", lines=fitted(lines), footer="sls-rewind", audience="person")


def help_card(lines: Sequence[str]) -> Card:
    """Return the card that tells one person what can be typed."""
    return Card(title="What you can type", lines=fitted(lines), footer="sls-rewind", audience="person")
