"""Standard Webhooks: HMAC-SHA256 over the message's id, its time and its body."""

import base64
import hmac
from collections.abc import Mapping

from shared.errors import AuthenticationError
from shared.secret_settings import Secrets, standard_key
from shared.webhooks.proofs import as_bytes, check_time, principal_of

SIGNATURE_HEADER = "webhook-signature"
ID_HEADER = "webhook-id"
_TIME_HEADER = "webhook-timestamp"
_MAX_ID_CHARACTERS = 255


def verify_standard(headers: Mapping[str, str], body: bytes, secrets: Secrets, now_unix: float) -> str:
    """Return the principal whose secret signed the message: `webhook:<name>`.

    Only secrets that begin with `whsec_` take part: what follows is the key in base64.

    Args:
        headers: By lower-case name.
        body: The bytes that were signed.
        secrets: Valid secrets by the caller's name.
        now_unix: The present; the message's time may lie 5 minutes before or after it.

    Raises:
        AuthenticationError: No `v1` signature matches, the time is too far off, or the id is none.

    Source: reference chat-and-webhooks.md 6.2 (`id.timestamp.body`; a list of `v1,<base64>` parted by spaces, where
    several stand for secrets that rotate; `v1a` is another algorithm, and is passed over).
    """
    message_id, sent_at = headers.get(ID_HEADER, ""), headers.get(_TIME_HEADER, "")
    signed = b".".join((as_bytes(message_id), as_bytes(sent_at), body))
    shown = [as_bytes(entry) for entry in headers.get(SIGNATURE_HEADER, "").split(" ")]

    def holds(secret: bytes) -> bool:
        key = standard_key(secret)
        expected = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
        matching = [hmac.compare_digest(entry, expected) for entry in shown]
        return bool(key) and any(matching)

    principal = principal_of(secrets, holds)
    if not is_message_id(message_id):
        raise AuthenticationError("the message has no valid id")
    check_time(sent_at, now_unix)
    return principal


def is_message_id(text: str) -> bool:
    """Return whether a text can be a message's id: 1 to 255 printable ASCII characters without a space."""
    return 0 < len(text) <= _MAX_ID_CHARACTERS and text.isascii() and text.isprintable() and " " not in text
