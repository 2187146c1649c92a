"""The sealed hand-over: what chatops gives the worker, and nobody else can read, make or use for anything else.

AES-256-GCM with the worker's key. Purpose and version are authenticated with it; the expiry is inside. Two things are
handed over: what somebody sent (`message`), and what the worker asks of itself for later (`follow_up`).
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Literal, cast, get_args

from shared.chatops.messages import Button, Message
from shared.errors import RewindError
from shared.frozen import as_plain, frozen

Purpose = Literal["message", "follow_up"]

LIFETIME_S = 600
"""Seconds for which a hand-over counts, from when it is to be worked on."""

_VERSION = "1"
_NONCE_BYTES = 12
_TAG_BYTES = 16
_LATEST_UNIX = 253_402_300_799


class NotSealedError(RewindError):
    """Raised for what was not sealed with this key for this purpose, or counts no more."""

    code = "not_sealed"


@frozen
class HandOver:
    """What is handed over.

    Attributes:
        purpose: What for.
        message: What somebody sent; of a follow-up, what it follows, with the button that it presses.
        not_before_unix: When it is to be worked on; 0 for at once.
        delivery: What all its deliveries have in common, and no other hand-over has; "" before it is handed over.
        turn: How often the worker has handed it to itself again.
    """

    purpose: Purpose
    message: Message
    not_before_unix: int = 0
    delivery: str = ""
    turn: int = 0

    def wait_s(self, now_unix: float, *, at_most_s: float) -> float:
        """Return the seconds until its time: FC may not have heeded the delay that it was asked for."""
        return max(0.0, min(self.not_before_unix - now_unix, at_most_s))


def seal(key: bytes, given: HandOver, *, now_unix: float, random_bytes: Callable[[int], bytes]) -> bytes:
    """Return a hand-over as an event that only who has the key can open.

    Args:
        key: 32 bytes.
        given: What to hand over.
        now_unix: When it is sealed; it counts for ten minutes from then, or from its own time if that is later.
        random_bytes: A source of fresh randomness, for the nonce.
    """
    begins_unix = max(int(now_unix), given.not_before_unix)
    content = {
        "expires_unix": begins_unix + LIFETIME_S,
        "not_before_unix": given.not_before_unix,
        "delivery": given.delivery,
        "turn": given.turn,
        "message": as_plain(given.message),
    }
    nonce = random_bytes(_NONCE_BYTES)
    encrypted, tag = _cipher(key, nonce, given.purpose).encrypt_and_digest(json.dumps(content).encode())
    sealed = base64.b64encode(nonce + encrypted + tag).decode()
    return json.dumps({"version": _VERSION, "purpose": given.purpose, "sealed": sealed}).encode()


def open_sealed(key: bytes, event: bytes, *, now_unix: float) -> HandOver:
    """Return the hand-over that an event holds.

    Raises:
        NotSealedError: It was not sealed with this key, or for something else, or has expired.
    """
    try:
        told = json.loads(event)
        purpose, raw = told["purpose"], base64.b64decode(told["sealed"], validate=True)
        if told["version"] != _VERSION or purpose not in get_args(Purpose):
            raise NotSealedError("the event is of another version or purpose")
        nonce, encrypted, tag = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:-_TAG_BYTES], raw[-_TAG_BYTES:]
        content = json.loads(_cipher(key, nonce, purpose).decrypt_and_verify(encrypted, tag))
        more = {name: content[name] for name in ("not_before_unix", "delivery", "turn")}
        given = HandOver(cast("Purpose", purpose), _message_of(content["message"]), **more)
        expires_unix = content["expires_unix"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotSealedError("the event was not sealed with this key") from error
    if not now_unix <= expires_unix <= _LATEST_UNIX:
        raise NotSealedError("the event has expired")
    return given


def _cipher(key: bytes, nonce: bytes, purpose: str) -> Any:  # noqa: ANN401 -- the library types it no better
    # Imported here: a cold start that only answers a probe needs no cipher.
    from Cryptodome.Cipher import AES  # noqa: PLC0415 -- see above

    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=_TAG_BYTES)
    cipher.update(f"sls-rewind/{_VERSION}/{purpose}".encode())
    return cipher


def _message_of(told: Mapping[str, Any]) -> Message:
    known = {one.name for one in fields(Message)}
    # What a newer chatops says besides is passed over while the two are deployed one after the other.
    given = {name: value for name, value in told.items() if name in known}
    button = given.get("button")
    return Message(**{**given, "button": None if button is None else Button(**button)})
