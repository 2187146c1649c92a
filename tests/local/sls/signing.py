"""Signed headers for a call of one's own: what tests and local tools send to the stand-in."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Literal
from urllib.parse import urlencode

from tests.local.sls.signatures import ALGORITHM_V4, Signable, scope_v4, signature_v1, signature_v4

Version = Literal["v1", "v4", "v1-sha256"]


@dataclass(frozen=True)
class Signer:
    """Makes the headers of signed calls with one key pair.

    Attributes:
        access_key_id: The key's id.
        access_key_secret: The key's secret; not in the repr.
        region: The region that V4 signs.
        version: The signature: "v1" (HMAC-SHA1), "v1-sha256" (as the OpenAPI SDK), "v4".
        security_token: The STS token; empty for a long-term key; not in the repr.
    """

    access_key_id: str
    access_key_secret: str = field(repr=False)
    region: str = "cn-local"
    version: Version = "v4"
    security_token: str = field(default="", repr=False)

    def headers(
        self,
        method: str,
        path: str,
        *,
        host: str,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        extra: Mapping[str, str] | None = None,
        unix: float | None = None,
    ) -> dict[str, str]:
        """Return all headers of the call, signed; `unix` is its time in epoch seconds, None for now."""
        headers = {"host": host, "x-log-apiversion": "0.6.0", "x-log-bodyrawsize": str(len(body))}
        if self.security_token:
            headers["x-acs-security-token"] = self.security_token
        if body:
            headers["content-type"] = "application/json"
        headers.update(extra or {})
        instant = time.time() if unix is None else unix
        parts = Signable(method, path, query or {}, headers, hashlib.sha256(body).hexdigest())
        if self.version == "v4":
            headers["authorization"] = self._v4(parts, headers, instant)
        else:
            headers["authorization"] = self._v1(parts, headers, body, instant)
        return headers

    def _v4(self, parts: Signable, headers: dict[str, str], unix: float) -> str:
        signed_at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(unix))
        headers["x-log-date"] = signed_at
        headers["x-log-content-sha256"] = parts.content_sha256
        signature = signature_v4(parts, self.access_key_secret, self.region)
        credential = f"{self.access_key_id}/{scope_v4(signed_at, self.region)}"
        return f"{ALGORITHM_V4} Credential={credential},Signature={signature}"

    def _v1(self, parts: Signable, headers: dict[str, str], body: bytes, unix: float) -> str:
        digest: Literal["sha1", "sha256"] = "sha256" if self.version == "v1-sha256" else "sha1"
        headers["x-log-signaturemethod"] = f"hmac-{digest}"
        headers["date"] = formatdate(unix, usegmt=True)
        if body:
            md5 = hashlib.md5(body, usedforsecurity=False)
            headers["content-md5"] = md5.hexdigest().upper()
        return f"LOG {self.access_key_id}:{signature_v1(parts, self.access_key_secret, digest)}"


def target(path: str, query: Mapping[str, str] | None = None) -> str:
    """Return the request line's target for a path and a decoded query."""
    return f"{path}?{urlencode(query)}" if query else path
