"""Where the worker works on one message: what it may use, and how it shows what became of it."""

from dataclasses import replace
from datetime import tzinfo
from typing import cast

from shared.chat_settings import ChatSettings
from shared.chatops.buttons import make_value
from shared.chatops.cards import card_of, verification_card
from shared.chatops.handing import Courier
from shared.chatops.messages import Card, Message
from shared.chatops.platforms import Platform, platform_of
from shared.errors import RefusedError
from shared.execution.invocation import Invocation
from shared.frozen import frozen
from shared.results import Result


@frozen
class Reply:
    """What is shown, and what follows it.

    Attributes:
        card: None shows nothing.
        to_verify: The operation to look at later; None if none.
        result: What the card tells of; None where it tells of no command.
        again_in_s: Seconds after which the same is to be worked on once more; None if it is done with.
        is_kept: Whether the journal keeps the card, so that it can be shown again.
        verify_after_s: Seconds after which that operation is looked at; None leaves it to the settings.
    """

    card: Card | None
    to_verify: str | None = None
    result: Result | None = None
    again_in_s: int | None = None
    is_kept: bool = False
    verify_after_s: int | None = None


@frozen
class Desk:
    """What working takes from outside.

    Attributes:
        invocation: What commands may use, in the name of who sent the message.
        message: What is worked on.
        chat: How platforms are reached.
        platform: The one that the message came from.
        courier: Gives follow-ups to the worker.
    """

    invocation: Invocation
    message: Message
    chat: ChatSettings
    platform: Platform
    courier: Courier

    def zone(self) -> tuple[tzinfo | None, str | None]:
        """Return policy's default zone and its name; None twice where there is none that is known."""
        name = self.invocation.policy.default_time_zone
        if name is None:
            return None, None
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 -- only where a zone is set

        try:
            return cast("tzinfo", ZoneInfo(name)), name
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None, None

    def card(self, result: Result, *, replaces: bool = False) -> Card:
        """Return the card that shows a result; one that everybody sees may take the place of the message clicked on."""
        zone, zone_name = self.zone()
        now_unix = self.invocation.now().timestamp()
        card = card_of(
            result, self.message.principal, zone=zone, zone_name=zone_name, now_unix=now_unix, replaces=replaces
        )
        # What only the person sees leaves the message with the buttons as it is, for the others.
        return self._proven(card if card.audience == "channel" else replace(card, replaces=False))

    def verification(self, result: Result) -> Card:
        """Return the card that shows whether an operation has held."""
        zone, zone_name = self.zone()
        now_unix = self.invocation.now().timestamp()
        card = verification_card(result, self.message.principal, zone=zone, zone_name=zone_name, now_unix=now_unix)
        return self._proven(card)

    def _proven(self, card: Card) -> Card:
        """Return a card whose buttons prove that they are ours, and are for the conversation or for the one reader."""
        key, private = self.courier.worker.key, card.audience == "person"
        values = (make_value(key, one.action, one.value, self.message, private=private) for one in card.offers)
        offers = tuple(replace(one, value=value) for one, value in zip(card.offers, values, strict=True))
        return replace(card, offers=offers)


def desk_of(message: Message, invocation: Invocation, courier: Courier) -> Desk:
    """Return where a message is worked on.

    Raises:
        RefusedError: Its platform is not switched on here.
    """
    chat = invocation.settings.chat
    platform = platform_of(message.platform, chat)
    if platform is None:
        raise RefusedError(f"{message.platform} is not switched on", code="no_such_platform")
    return Desk(invocation, message, chat, platform, courier)
