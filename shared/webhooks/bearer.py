"""Bearer tokens: the caller shows a secret that only it and the settings know."""

import hmac
from collections.abc import Mapping

from shared.errors import AuthenticationError
from shared.settings import Secrets


def verify_bearer(headers: Mapping[str, str], secrets: Secrets) -> str:
    """Return the principal whose secret the Authorization header shows: `webhook:<name>`.

    Every secret is compared, in constant time each, whichever matches: how long it takes tells nothing.

    Args:
        headers: By lower-case name.
        secrets: Valid secrets by the caller's name.

    Raises:
        AuthenticationError: No header of this form, or no secret matches.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    shown = token.strip().encode("utf-8", "surrogatepass")
    matching = [
        name
        for name, values in secrets.items()
        for value in values
        if hmac.compare_digest(value.encode("utf-8", "surrogatepass"), shown)
    ]
    if scheme.lower() != "bearer" or not matching:
        raise AuthenticationError("no valid bearer token")
    return f"webhook:{matching[0]}"
