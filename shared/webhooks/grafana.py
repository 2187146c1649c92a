"""Grafana's signature: HMAC-SHA256 over the body, and over the time where the contact point names a header for it."""

import hmac
from collections.abc import Mapping

from shared.secret_settings import Secrets
from shared.webhooks.proofs import as_bytes, check_time, principal_of

SIGNATURE_HEADER = "x-grafana-alerting-signature"
TIME_HEADER = "x-grafana-alerting-timestamp"


def verify_grafana(headers: Mapping[str, str], body: bytes, secrets: Secrets, now_unix: float) -> str:
    """Return the principal whose secret signed the body: `webhook:<name>`.

    Args:
        headers: By lower-case name.
        body: The bytes as they came.
        secrets: Valid secrets by the caller's name.
        now_unix: The present; a signed time may lie 5 minutes before or after it.

    Raises:
        AuthenticationError: No secret gives this signature, or the time is too far off.

    Source: reference chat-and-webhooks.md 6.4 (bare lower-case hex; the header of the time has no name of its own, the
    contact point's "Timestamp Header" gives it one).
    """
    shown, signed = as_bytes(headers.get(SIGNATURE_HEADER, "")), signed_bytes(headers, body)

    def holds(secret: bytes) -> bool:
        return hmac.compare_digest(hmac.digest(secret, signed, "sha256").hex().encode(), shown)

    principal = principal_of(secrets, holds)
    if is_timed(headers):
        check_time(headers[TIME_HEADER], now_unix)
    return principal


def is_timed(headers: Mapping[str, str]) -> bool:
    """Return whether the request claims that a time is signed; it then must be."""
    return TIME_HEADER in headers


def signed_bytes(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return what the signature is over."""
    return as_bytes(headers[TIME_HEADER]) + b":" + body if is_timed(headers) else body
