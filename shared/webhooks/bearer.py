"""Bearer tokens: the caller shows a secret that only it and the settings know."""

import hmac
from collections.abc import Mapping

from shared.errors import AuthenticationError
from shared.secret_settings import Secrets
from shared.webhooks.proofs import as_bytes, principal_of

HEADER = "authorization"


def verify_bearer(headers: Mapping[str, str], secrets: Secrets) -> str:
    """Return the principal whose secret the Authorization header shows: `webhook:<name>`.

    Args:
        headers: By lower-case name.
        secrets: Valid secrets by the caller's name.

    Raises:
        AuthenticationError: No header of this form, or no secret matches.
    """
    scheme, _, token = headers.get(HEADER, "").partition(" ")
    shown = as_bytes(token.strip())
    principal = principal_of(secrets, lambda secret: hmac.compare_digest(secret, shown))
    if scheme.lower() != "bearer":
        raise AuthenticationError("no bearer token")
    return principal
