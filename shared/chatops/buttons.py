"""What a button carries: an id, bound to what the button does and to who was shown it.

A card that a conversation sees is bound to that conversation, whoever of it presses. A private one is bound to its
reader and to the conversation that it is about, wherever the platform shows it: Feishu sends it to the person.
"""

import base64
import hashlib
import hmac
import re
from typing import cast, get_args

from shared.chatops.messages import Button, ButtonAction, Message
from shared.errors import RewindError

_ID = re.compile(r"[a-z2-7]{10}|[a-z2-7]{16}")
_MAC_BYTES = 16


class ForgedButtonError(RewindError):
    """Raised for a button that was not made here, or not for this conversation."""

    code = "forged_button"


def make_value(key: bytes, action: ButtonAction, opaque_id: str, message: Message, *, private: bool = False) -> str:
    """Return what a button is to carry; it is no secret, and grants nothing.

    Args:
        key: The worker's; the one that signs is derived from it.
        action: What the button does.
        opaque_id: A plan's or an operation's.
        message: What the card answers.
        private: Whether its sender alone sees the card.
    """
    return f"{opaque_id}.{_mac(key, action, opaque_id, message, private=private)}"


def read_value(key: bytes, button: Button, message: Message) -> tuple[ButtonAction, str]:
    """Return what a button does, and the plan's or operation's id.

    Raises:
        ForgedButtonError: It was not made with this key for this action and conversation, or for another person.
    """
    opaque_id, _, shown = button.value.partition(".")
    made = [_mac(key, button.action, opaque_id, message, private=private) for private in (False, True)]
    is_ours = [hmac.compare_digest(one.encode(), shown.encode("utf-8", "surrogatepass")) for one in made]
    if not any(is_ours) or not _ID.fullmatch(opaque_id) or button.action not in get_args(ButtonAction):
        raise ForgedButtonError("this button was not made here, or not for this conversation; nothing was done")
    return cast("ButtonAction", button.action), opaque_id


def task_id(key: bytes, *told: str) -> str:
    """Return the id of a task that these fields always give, and that nobody without the key can foretell."""
    return f"chat-{_signed(key, 'task', *told).hex()}"


def _mac(key: bytes, action: str, opaque_id: str, message: Message, *, private: bool) -> str:
    tenant = message.principal.partition(":")[2].partition("/")[0]
    purpose, reader = ("private button", message.principal) if private else ("button", tenant)
    signed = _signed(key, purpose, message.platform, reader, message.channel, action, opaque_id)
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def _signed(key: bytes, purpose: str, *told: str) -> bytes:
    derived = hmac.new(key, f"sls-rewind/1/{purpose}".encode(), hashlib.sha256).digest()
    # Each field behind its length, so that no two lists of fields are alike.
    parts = [part.encode("utf-8", "surrogatepass") for part in told]
    signed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.new(derived, signed, hashlib.sha256).digest()[:_MAC_BYTES]
