"""Tokens in a URL, for senders that can put a secret nowhere else: whoever keeps a log on the way has read them."""

import hmac

from shared.secret_settings import Secrets
from shared.webhooks.proofs import as_bytes, principal_of

PATH_PREFIX = "/cloudmonitor/"


def verify_url_token(path: str, tokens: Secrets) -> str:
    """Return the principal whose token ends the path: `webhook:<name>`.

    Args:
        path: Begins with `PATH_PREFIX`; still percent-encoded, which no token needs.
        tokens: Valid tokens by the caller's name.

    Raises:
        AuthenticationError: No token matches.
    """
    shown = as_bytes(path.removeprefix(PATH_PREFIX))
    return principal_of(tokens, lambda token: hmac.compare_digest(token, shown))
