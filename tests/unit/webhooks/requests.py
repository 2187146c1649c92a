"""Requests and settings for the tests of proofs; signatures are made without the code under test."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from shared.fc.events import HttpEvent
from shared.settings import Settings, load_settings

BODY = b'{"action": "describe", "target": "shop/orders/billing"}'
NOW_UNIX = 1_700_000_000


def request(headers: Mapping[str, str], body: bytes = BODY, path: str = "/") -> HttpEvent:
    return HttpEvent("POST", path, {name.lower(): value for name, value in headers.items()}, body)


def settings(secrets: str, tokens: str = "{}") -> Settings:
    environ = {"REWIND_REGION": "cn-hangzhou", "REWIND_WEBHOOK_SECRETS": secrets, "REWIND_URL_TOKENS": tokens}
    return load_settings(environ)


def hex_of(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def whsec(number: int, length_bytes: int = 32) -> str:
    return "whsec_" + base64.b64encode(bytes([number]) * length_bytes).decode()
