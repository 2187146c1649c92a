"""What all proofs have in common: every secret is tried, and what matches gives the caller its name."""

from collections.abc import Callable

from shared.errors import AuthenticationError
from shared.secret_settings import Secrets

CLOCK_WINDOW_S = 300
"""Seconds that a signed time may lie before or after the present."""

_MOST_DIGITS = 12


def principal_of(secrets: Secrets, holds: Callable[[bytes], bool]) -> str:
    """Return the principal whose secret holds: `webhook:<name>`.

    Every secret is tried, whichever holds: how long it takes tells nothing.

    Args:
        secrets: Valid secrets by the caller's name.
        holds: Whether a secret, as bytes, proves the request; compares in constant time.

    Raises:
        AuthenticationError: No secret holds.
    """
    holding = [name for name, values in secrets.items() for value in values if holds(as_bytes(value))]
    if not holding:
        raise AuthenticationError("no secret proves the request")
    return f"webhook:{holding[0]}"


def as_bytes(text: str) -> bytes:
    """Return a text as the bytes that are compared; even what is no valid text has some."""
    return text.encode("utf-8", "surrogatepass")


def check_time(text: str, now_unix: float) -> None:
    """Let a signed time pass that lies near the present.

    Args:
        text: Unix seconds in plain digits, as the sender signed them.
        now_unix: The present.

    Raises:
        AuthenticationError: It is no such time, or lies too far back or ahead.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise AuthenticationError("the signed time is not in Unix seconds")
    if abs(now_unix - int(text)) > CLOCK_WINDOW_S:
        raise AuthenticationError("the signed time is too far from the present")
