"""Which key pair signs the calls of one invocation; read anew each time, because the platform renews it."""

import os
import re
from collections.abc import Mapping
from dataclasses import field

from shared.errors import ConfigurationError
from shared.frozen import frozen

_VARIABLES = {
    "access_key_id": "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "access_key_secret": "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "security_token": "ALIBABA_CLOUD_SECURITY_TOKEN",
}
_SENDABLE = re.compile(r"[\x21-\x7e]+")
_HINT = "Give the function a role (`role` in template.yml), or set these variables where it runs."


@frozen
class Credentials:
    """An AccessKey pair, its secret parts hidden from `repr`.

    Attributes:
        access_key_id: Names the key; not secret.
        access_key_secret: Signs.
        security_token: STS token that goes with a temporary key; None with a long-lived one.
    """

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str | None = field(repr=False)


def read_credentials(context: object, environ: Mapping[str, str] | None = None) -> Credentials:
    """Return the credentials of this invocation: the context's if it has a whole pair, else the environment's.

    The two are never mixed. Nothing is cached.

    Args:
        context: The invocation's context. Its `credentials` may be absent (as in python3.12) or hold empty strings.
        environ: What to read `ALIBABA_CLOUD_…` from; None reads the process's own environment.

    Raises:
        ConfigurationError: A part is missing everywhere or cannot stand in a header; names it, never shows it.

    Source: reference function-compute.md (context.credentials; role credentials in the environment).
    """
    given = _of_context(getattr(context, "credentials", None)) or _of_environment(environ)
    problems = [
        f"{_VARIABLES[part]}: missing" for part in ("access_key_id", "access_key_secret") if not given.get(part)
    ]
    problems += [
        f"{_VARIABLES[part]}: holds characters that cannot be sent"
        for part, text in given.items()
        if text and not _SENDABLE.fullmatch(text)
    ]
    if problems:
        raise ConfigurationError(problems, hint=_HINT)
    return Credentials(given["access_key_id"], given["access_key_secret"], given["security_token"] or None)


def _of_context(found: object) -> dict[str, str] | None:
    parts = {part: getattr(found, part, None) for part in _VARIABLES}
    given = {part: text if isinstance(text, str) else "" for part, text in parts.items()}
    return given if given["access_key_id"] and given["access_key_secret"] else None


def _of_environment(environ: Mapping[str, str] | None) -> dict[str, str]:
    variables = os.environ if environ is None else environ
    return {part: variables.get(name, "") for part, name in _VARIABLES.items()}
