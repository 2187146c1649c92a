"""SLS signatures as pure functions: V1, V4, and the OpenAPI SDK's V1 with HMAC-SHA256.

Each stage returns text, so that a difference can be found at the stage where it begins. Both sides use them: the
stand-in to verify, other local tools to call it.

Source: sls-api.md section 6 (stages, vectors and the differences between the SDKs).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import quote

ALGORITHM_V4 = "SLS4-HMAC-SHA256"
Digest = Literal["sha1", "sha256"]


@dataclass(frozen=True, slots=True)
class Signable:
    """The parts of a request that a signature covers.

    Attributes:
        method: The method, upper case.
        path: The path as the signer spells it.
        query: Decoded values by decoded key.
        headers: Values by lower-case name.
        content_sha256: Lower-case hex SHA-256 of the body; V4 alone reads it.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content_sha256: str = ""


def string_to_sign_v1(parts: Signable) -> str:
    """Return V1's text to sign.

    x-log-date takes the place of Date and stays out of the signed headers: the Python SDK adds it after signing.
    """
    headers = parts.headers
    log_headers = [f"{name}:{headers[name]}\n" for name in sorted(headers) if _is_v1_header(name)]
    resource = "&".join(f"{key}={parts.query[key]}" for key in sorted(parts.query))
    lines = (
        parts.method,
        headers.get("content-md5", ""),
        headers.get("content-type", ""),
        headers.get("x-log-date") or headers.get("date", ""),
        "".join(log_headers) + parts.path + (f"?{resource}" if resource else ""),
    )
    return "\n".join(lines)


def signature_v1(parts: Signable, secret: str, digest: Digest = "sha1") -> str:
    """Return V1's signature in base64; digest "sha256" is what the OpenAPI SDK signs with."""
    mac = hmac.new(secret.encode(), string_to_sign_v1(parts).encode(), digest)
    return base64.b64encode(mac.digest()).decode()


def canonical_request_v4(parts: Signable) -> str:
    """Return V4's canonical request.

    Keys of the query stay as they are, values are percent-encoded, a key without a value stands alone.
    """
    names = sorted(name for name in parts.headers if is_v4_header(name))
    query = "&".join(_v4_pair(key, parts.query[key]) for key in sorted(parts.query))
    headers = "".join(f"{name}:{parts.headers[name].strip()}\n" for name in names)
    return "\n".join((parts.method, parts.path, query, headers, ";".join(names), parts.content_sha256))


def string_to_sign_v4(parts: Signable, region: str) -> str:
    """Return V4's text to sign; its time is that of x-log-date."""
    signed_at = parts.headers["x-log-date"]
    hashed = hashlib.sha256(canonical_request_v4(parts).encode()).hexdigest()
    return "\n".join((ALGORITHM_V4, signed_at, scope_v4(signed_at, region), hashed))


def signature_v4(parts: Signable, secret: str, region: str) -> str:
    """Return V4's signature in lower-case hex."""
    key = _key_v4(secret, parts.headers["x-log-date"][:8], region)
    return hmac.new(key, string_to_sign_v4(parts, region).encode(), "sha256").hexdigest()


def scope_v4(signed_at: str, region: str) -> str:
    """Return the scope of a V4 signature; `signed_at` is YYYYMMDDTHHMMSSZ."""
    return f"{signed_at[:8]}/{region}/sls/aliyun_v4_request"


def is_v4_header(name: str) -> bool:
    """Return whether V4 signs a header of this lower-case name."""
    return name in ("host", "content-type") or name.startswith(("x-log-", "x-acs-"))


def _is_v1_header(name: str) -> bool:
    return name.startswith(("x-log-", "x-acs-")) and name != "x-log-date"


def _v4_pair(key: str, value: str) -> str:
    return f"{key}={quote(value, safe='~')}" if value else key


@lru_cache(maxsize=64)
def _key_v4(secret: str, date: str, region: str) -> bytes:
    key = f"aliyun_v4{secret}".encode()
    for part in (date, region, "sls", "aliyun_v4_request"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return key
