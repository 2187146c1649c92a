"""SLS request signatures, versions 1 and 4.

Each version is a chain of pure stages that give text: canonical form, string to sign, signature, header. `SlsAuth`
strings them together for requests. No stage reads a clock or a setting, and nothing here logs.

Source: reference sls-api.md section 6 (layouts), 1.2 (headers).
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import format_datetime
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from shared.errors import ConfigurationError
from shared.settings import SignatureVersion
from shared.sls.credentials import Credentials

_V4_ALGORITHM = "SLS4-HMAC-SHA256"
_V4_TERMINATOR = "aliyun_v4_request"
_SIGNED_PREFIXES = ("x-log-", "x-acs-")


@dataclass(frozen=True, slots=True)
class SignableRequest:
    """What of a request a signature covers.

    Attributes:
        method: In upper case.
        path: Decoded, from its leading slash.
        query: Decoded names and values; none repeated.
        headers: As sent; names may be in any case.
        body: As sent; empty if there is none.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return a header's value by its lower-case name, empty if it is absent."""
        return next((value.strip() for key, value in self.headers.items() if key.strip().lower() == name), "")

    def sorted_headers(self, *also: str) -> list[tuple[str, str]]:
        """Return every `x-log-` and `x-acs-` header and those named, lower-cased, trimmed and sorted."""
        trimmed = ((name.strip().lower(), value.strip()) for name, value in self.headers.items())
        return sorted((name, value) for name, value in trimmed if name.startswith(_SIGNED_PREFIXES) or name in also)


def canonical_form_v1(request: SignableRequest) -> str:
    """Return version 1's signed headers and resource, the last lines of its string to sign.

    `x-log-date` is left out: it stands in the date line. Query values stand decoded, an empty one as `name=`.
    """
    lines = [f"{name}:{value}" for name, value in request.sorted_headers() if name != "x-log-date"]
    query = "&".join(f"{name}={value}" for name, value in sorted(request.query.items()))
    return "\n".join([*lines, f"{request.path}?{query}" if query else request.path])


def string_to_sign_v1(request: SignableRequest) -> str:
    """Return what version 1 signs; MD5 and type lines are empty where the request has none."""
    date = request.header("x-log-date") or request.header("date")
    head = (request.method, content_md5(request.body), request.header("content-type"), date)
    return "\n".join([*head, canonical_form_v1(request)])


def signature_v1(access_key_secret: str, string_to_sign: str) -> str:
    """Return the base64 HMAC-SHA1 of version 1's string to sign."""
    digest = hmac.new(access_key_secret.encode(), string_to_sign.encode(), "sha1").digest()
    return base64.b64encode(digest).decode()


def authorization_v1(access_key_id: str, signature: str) -> str:
    """Return version 1's Authorization header."""
    return f"LOG {access_key_id}:{signature}"


def canonical_form_v4(request: SignableRequest) -> str:
    """Return version 4's canonical request.

    Query names stand as they are and values percent-encoded, an empty one as its name alone. The Authorization header
    does not list what is signed, so the verifier applies the same rule: all `x-log-` and `x-acs-` headers, Host, and
    Content-Type if present.
    """
    encoded = ((name, quote(value, safe="~")) for name, value in sorted(request.query.items()))
    headers = request.sorted_headers("host", "content-type")
    return "\n".join(
        [
            request.method,
            request.path,
            "&".join(f"{name}={value}" if value else name for name, value in encoded),
            *(f"{name}:{value}" for name, value in headers),
            "",
            ";".join(name for name, _ in headers),
            content_sha256(request.body),
        ]
    )


def scope_v4(signed_at: datetime, region: str) -> str:
    """Return version 4's scope: a UTC date, the region and two constants."""
    return f"{_utc(signed_at):%Y%m%d}/{region}/sls/{_V4_TERMINATOR}"


def string_to_sign_v4(canonical_form: str, *, signed_at: datetime, region: str) -> str:
    """Return what version 4 signs."""
    hashed = content_sha256(canonical_form.encode())
    return "\n".join([_V4_ALGORITHM, date_v4(signed_at), scope_v4(signed_at, region), hashed])


def signature_v4(access_key_secret: str, string_to_sign: str, *, signed_at: datetime, region: str) -> str:
    """Return the hex HMAC-SHA256 of version 4's string to sign, under the key of its scope."""
    key = f"aliyun_v4{access_key_secret}".encode()
    for part in scope_v4(signed_at, region).split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, string_to_sign.encode(), hashlib.sha256).hexdigest()


def authorization_v4(access_key_id: str, signature: str, *, signed_at: datetime, region: str) -> str:
    """Return version 4's Authorization header."""
    return f"{_V4_ALGORITHM} Credential={access_key_id}/{scope_v4(signed_at, region)},Signature={signature}"


def content_md5(body: bytes) -> str:
    """Return version 1's Content-MD5: upper-case hex, empty for an empty body."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest().upper() if body else ""


def content_sha256(body: bytes) -> str:
    """Return version 4's content hash in lower-case hex."""
    return hashlib.sha256(body).hexdigest()


def date_v1(signed_at: datetime) -> str:
    """Return the Date header of version 1 (RFC 1123, GMT)."""
    return format_datetime(_utc(signed_at), usegmt=True)


def date_v4(signed_at: datetime) -> str:
    """Return the x-log-date header of version 4."""
    return f"{_utc(signed_at):%Y%m%dT%H%M%SZ}"


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(timezone.utc)


class SlsAuth(AuthBase):
    """Signs each request that requests sends with it, at the clock's instant.

    A request that was signed before is signed anew: every header that it sets replaces its former self.

    Args:
        credentials: Who signs; a security token is sent and signed.
        signature: The version.
        region: Region id of the endpoint; only version 4 needs it.
        clock: Gives the instant to sign with, as an aware datetime.

    Raises:
        ConfigurationError: Version 4 without a region.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        signature: SignatureVersion,
        region: str | None,
        clock: Callable[[], datetime],
    ) -> None:
        if signature == "v4" and not region:
            raise ConfigurationError(["REWIND_REGION: missing, signature version 4 needs it"])
        self._credentials = credentials
        self._signature = signature
        self._region = region or ""
        self._clock = clock

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Return the same request with the headers of its signature."""
        signed_at = self._clock()
        if self._credentials.security_token:
            request.headers["x-acs-security-token"] = self._credentials.security_token
        sign = self._authorization_v1 if self._signature == "v1" else self._authorization_v4
        request.headers["Authorization"] = sign(request, signed_at)
        return request

    def _authorization_v1(self, request: PreparedRequest, signed_at: datetime) -> str:
        request.headers["Date"] = date_v1(signed_at)
        request.headers["x-log-signaturemethod"] = "hmac-sha1"
        if md5 := content_md5(_body(request)):
            request.headers["Content-MD5"] = md5
        string_to_sign = string_to_sign_v1(_signable(request))
        signature = signature_v1(self._credentials.access_key_secret, string_to_sign)
        return authorization_v1(self._credentials.access_key_id, signature)

    def _authorization_v4(self, request: PreparedRequest, signed_at: datetime) -> str:
        # Set even where it repeats what would be sent anyway: what is signed is then what is sent.
        request.headers.setdefault("Host", urlsplit(request.url or "").netloc)
        request.headers["x-log-date"] = date_v4(signed_at)
        request.headers["x-log-content-sha256"] = content_sha256(_body(request))
        canonical_form = canonical_form_v4(_signable(request))
        string_to_sign = string_to_sign_v4(canonical_form, signed_at=signed_at, region=self._region)
        secret = self._credentials.access_key_secret
        signature = signature_v4(secret, string_to_sign, signed_at=signed_at, region=self._region)
        key_id = self._credentials.access_key_id
        return authorization_v4(key_id, signature, signed_at=signed_at, region=self._region)


def _signable(request: PreparedRequest) -> SignableRequest:
    parts = urlsplit(request.url or "")
    return SignableRequest(
        method=request.method or "",
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=dict(request.headers),
        body=_body(request),
    )


def _body(request: PreparedRequest) -> bytes:
    body = request.body or b""
    return body.encode() if isinstance(body, str) else body
