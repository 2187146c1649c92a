"""GitHub's signature: HMAC-SHA256 over the body alone, so that it never grows old."""

import hmac
from collections.abc import Mapping

from shared.secret_settings import Secrets
from shared.webhooks.proofs import as_bytes, principal_of

HEADER = "x-hub-signature-256"


def verify_github(headers: Mapping[str, str], body: bytes, secrets: Secrets) -> str:
    """Return the principal whose secret signed the body: `webhook:<name>`.

    Args:
        headers: By lower-case name.
        body: The bytes that were signed.
        secrets: Valid secrets by the caller's name.

    Raises:
        AuthenticationError: No secret gives this signature.

    Source: reference chat-and-webhooks.md 6.1 (`sha256=` and lower-case hex; the SHA-1 header beside it proves nothing;
    no time is signed, and X-GitHub-Delivery is not either).
    """
    shown = as_bytes(headers.get(HEADER, ""))

    def holds(secret: bytes) -> bool:
        return hmac.compare_digest(b"sha256=" + hmac.digest(secret, body, "sha256").hex().encode(), shown)

    return principal_of(secrets, holds)
