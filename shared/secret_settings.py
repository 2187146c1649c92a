"""What the environment says of callers' secrets, URL tokens and destinations; `Settings` holds it."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

from shared.frozen import frozen
from shared.names import is_loopback

Given = Mapping[str, str]
Secrets = Mapping[str, tuple[str, ...]]

MIN_SECRET_BYTES = 32
MIN_KEY_BYTES = 24
"""Of what a secret of Standard Webhooks holds; the specification's own least."""
_STANDARD_PREFIX = b"whsec_"
_HMAC_BLOCK_BYTES = 64  # of SHA-256: shorter keys are filled up with zeros, longer ones hashed first
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_URL = re.compile(r"https?://[A-Za-z0-9._~:/?\[\]!$&'()*+,;=%-]{1,2000}")
_URL_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,256}")
_SIGNING_SECRET = re.compile(r"[ -~]{1,256}")


@frozen
class Destination:
    """Where the notifications of one name go; its URL is a secret too, since whoever knows it may post there.

    Attributes:
        url: https, or http on this machine; without user name and fragment.
        secret: What notifications are signed with; None where there is none.
    """

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)


def read_webhook_secrets(given: Given, problems: list[str]) -> Secrets:
    """Return REWIND_WEBHOOK_SECRETS: name of a caller to its valid secrets; notes what is wrong."""
    name = "REWIND_WEBHOOK_SECRETS"
    secrets = _read_secrets(given, name, problems)
    for caller in [c for c, values in secrets.items() if any(map(_is_short, values))]:
        problems.append(f"{name}: every secret of {caller} must be a text of at least {MIN_SECRET_BYTES} bytes")
        del secrets[caller]
    for caller in [c for c, values in secrets.items() if any(map(_is_no_key, values))]:
        problems.append(
            f"{name}: a secret of {caller} begins with whsec_, and what follows is not base64 of at least "
            f"{MIN_KEY_BYTES} bytes"
        )
        del secrets[caller]
    if _is_shared(
        {caller: tuple(key for value in values for key in _keys(value)) for caller, values in secrets.items()}
    ):
        problems.append(f"{name}: two callers share a secret")
    return secrets


def standard_key(secret: bytes) -> bytes:
    """Return the key that a secret of Standard Webhooks holds, `whsec_` and base64; empty if it holds none."""
    try:
        key = base64.b64decode(secret.removeprefix(_STANDARD_PREFIX), validate=True)
    except binascii.Error:
        return b""
    return key if secret.startswith(_STANDARD_PREFIX) and len(key) >= MIN_KEY_BYTES else b""


def read_url_tokens(given: Given, webhook_secrets: Secrets, problems: list[str]) -> Secrets:
    """Return REWIND_URL_TOKENS: name of a sender that can put its secret nowhere but into the URL, to its tokens.

    A URL ends up in logs on its way, so a token of it must never pass for a secret that may write.
    """
    name = "REWIND_URL_TOKENS"
    tokens = _read_secrets(given, name, problems)
    for caller in [c for c, values in tokens.items() if not all(map(_URL_TOKEN.fullmatch, values))]:
        problems.append(f"{name}: every token of {caller} must be 32 to 256 letters, digits, hyphens and underscores")
        del tokens[caller]
    if _is_shared(tokens):
        problems.append(f"{name}: two callers share a token")
    if set().union(*tokens.values()) & set().union(*webhook_secrets.values()):
        problems.append(f"{name}: a token is a secret of REWIND_WEBHOOK_SECRETS too")
    if tokens.keys() & webhook_secrets.keys():
        problems.append(f"{name}: a name stands in REWIND_WEBHOOK_SECRETS too")
    return tokens


def read_destinations(given: Given, problems: list[str]) -> Mapping[str, Destination]:
    """Return REWIND_NOTIFY: name of a destination to where its notifications go; notes what is wrong."""
    name = "REWIND_NOTIFY"
    found = _read_object(given, name, 'destination name to {"url": "...", "secret": "..."}', problems)
    destinations: dict[str, Destination] = {}
    for destination, entry in found.items():
        if not _NAME.fullmatch(destination):
            problems.append(f"{name}: a destination's name must be 1 to 64 letters, digits, hyphens and underscores")
        elif not isinstance(entry, dict) or not entry.keys() <= {"url", "secret"}:
            problems.append(f"{name}: {destination} must be an object with url and secret, and nothing else")
        elif wrong := _wrong_with_destination(entry.get("url"), entry.get("secret")):
            problems += [f"{name}: {destination}: {what}" for what in wrong]
        else:
            destinations[destination] = Destination(entry["url"], entry.get("secret"))
    return destinations


def _read_secrets(given: Given, name: str, problems: list[str]) -> dict[str, tuple[str, ...]]:
    found = _read_object(given, name, "caller name to secret or list of secrets", problems)
    secrets: dict[str, tuple[str, ...]] = {}
    for caller, value in found.items():
        values = value if isinstance(value, list) else [value]
        if not _NAME.fullmatch(caller):
            problems.append(f"{name}: a caller's name must be 1 to 64 letters, digits, hyphens and underscores")
        elif not values or not all(isinstance(v, str) for v in values):
            problems.append(f"{name}: every secret of {caller} must be a text of at least {MIN_SECRET_BYTES} bytes")
        else:
            secrets[caller] = tuple(values)
    return secrets


def _is_short(secret: str) -> bool:
    return len(_as_bytes(secret)) < MIN_SECRET_BYTES


def _is_no_key(secret: str) -> bool:
    told = _as_bytes(secret)
    return told.startswith(_STANDARD_PREFIX) and not standard_key(told)


def _keys(secret: str) -> Iterator[bytes]:
    """Yield what HMAC makes of a secret as a key, and of the key that it holds: other texts may come to the same."""
    told = _as_bytes(secret)
    for key in filter(None, (told, standard_key(told))):
        hashed = hashlib.sha256(key).digest() if len(key) > _HMAC_BLOCK_BYTES else key
        yield hashed.ljust(_HMAC_BLOCK_BYTES, b"\0")


def _as_bytes(secret: str) -> bytes:
    return secret.encode(errors="surrogatepass")


def _is_shared(secrets: Mapping[str, tuple[str | bytes, ...]]) -> bool:
    # One caller may name one secret twice; two callers may not.
    distinct = {(caller, secret) for caller, values in secrets.items() for secret in values}
    return len({secret for _, secret in distinct}) < len(distinct)


def _wrong_with_destination(url: object, secret: object) -> list[str]:
    wrong: list[str] = []
    if not isinstance(url, str) or not _is_destination_url(url):
        wrong.append("url must be https, or http on this machine, without user name and fragment")
    if secret is not None and not (isinstance(secret, str) and _SIGNING_SECRET.fullmatch(secret)):
        wrong.append("secret must be a text of 1 to 256 printable ASCII characters")
    return wrong


def _is_destination_url(url: str) -> bool:
    if not _URL.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or is_loopback(host))


def _read_object(given: Given, name: str, what: str, problems: list[str]) -> dict[str, Any]:
    try:
        found = json.loads(given.get(name, "{}"))
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    problems.append(f"{name}: must be a JSON object of {what}")
    return {}
