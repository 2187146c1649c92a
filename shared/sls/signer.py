"""SLS request signatures, versions 1 and 4.

Each version is a chain of pure stages that give text: canonical form, string to sign, signature, header. `SlsAuth`
strings them together for requests. No stage reads a clock or a setting, and nothing here logs.

Source: reference sls-api.md section 6 (layouts), 1.2 (headers).
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime, timezone
from email.utils import format_datetime
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from shared.errors import ConfigurationError
from shared.frozen import frozen
from shared.settings import SignatureVersion
from shared.sls.credentials import Credentials

_V4_ALGORITHM = "SLS4-HMAC-SHA256"
_V4_TERMINATOR = "aliyun_v4_request"
_SIGNED_PREFIXES = ("x-log-", "x-acs-")
_METHOD = "x-log-signaturemethod"
_CONTENT_HASH = "x-log-content-sha256"
_ALSO_SIGNED = frozenset({"host", "content-type"})
_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]*")
_SET_BY_SIGNING = ("Authorization", "Content-MD5", "Date", "x-acs-security-token", _CONTENT_HASH, "x-log-date", _METHOD)


@frozen
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

    def named_headers(self) -> dict[str, str]:
        """Return the headers by lower-case name; there may be spaces around their values."""
        return {name.lower(): value for name, value in self.headers.items()}


def canonical_form_v1(request: SignableRequest) -> str:
    """Return version 1's signed headers and resource, the last lines of its string to sign.

    `x-log-date` is left out: it stands in the date line. Query values stand decoded, an empty one as `name=`.
    """
    return _canonical_form_v1(request, request.named_headers())


def _canonical_form_v1(request: SignableRequest, headers: Mapping[str, str]) -> str:
    signed = sorted([name for name in headers if name.startswith(_SIGNED_PREFIXES) and name != "x-log-date"])
    query = "&".join([f"{name}={value}" for name, value in sorted(request.query.items())])
    resource = f"{request.path}?{query}" if query else request.path
    return "\n".join([*[f"{name}:{headers[name].strip()}" for name in signed], resource])


def string_to_sign_v1(request: SignableRequest) -> str:
    """Return what version 1 signs; MD5 and type lines are empty where the request has none."""
    return _string_to_sign_v1(request, request.named_headers())


def _string_to_sign_v1(request: SignableRequest, headers: Mapping[str, str]) -> str:
    date = (headers.get("x-log-date") or headers.get("date", "")).strip()
    head = f"{request.method}\n{content_md5(request.body)}\n{headers.get('content-type', '').strip()}\n{date}\n"
    return head + _canonical_form_v1(request, headers)


def signature_v1(access_key_secret: str, string_to_sign: str) -> str:
    """Return the base64 HMAC-SHA1 of version 1's string to sign."""
    digest = hmac.digest(access_key_secret.encode(), string_to_sign.encode(), "sha1")
    return base64.b64encode(digest).decode()


def authorization_v1(access_key_id: str, signature: str) -> str:
    """Return version 1's Authorization header."""
    return f"LOG {access_key_id}:{signature}"


def canonical_form_v4(request: SignableRequest) -> str:
    """Return version 4's canonical request.

    Query names stand as they are and values percent-encoded, an empty one as its name alone. The Authorization header
    does not list what is signed, so the verifier applies the same rule: all `x-log-` and `x-acs-` headers, Host, and
    Content-Type if present. The content hash is that of the request's own header, where it has one.
    """
    return _canonical_form_v4(request, request.named_headers())


def _canonical_form_v4(request: SignableRequest, headers: Mapping[str, str]) -> str:
    signed = sorted([name for name in headers if name.startswith(_SIGNED_PREFIXES) or name in _ALSO_SIGNED])
    query = [f"{name}={_encoded(value)}" if value else name for name, value in sorted(request.query.items())]
    return "\n".join(
        [
            request.method,
            request.path,
            "&".join(query),
            *[f"{name}:{headers[name].strip()}" for name in signed],
            "",
            ";".join(signed),
            headers.get(_CONTENT_HASH) or content_sha256(request.body),
        ]
    )


def _encoded(value: str) -> str:
    # Most values are as they would be encoded, and to see that costs a third of encoding them.
    return value if _UNRESERVED.fullmatch(value) else quote(value, safe="~")


def scope_v4(signed_at: datetime, region: str) -> str:
    """Return version 4's scope: a UTC date, the region and two constants."""
    return f"{_utc(signed_at):%Y%m%d}/{region}/sls/{_V4_TERMINATOR}"


def string_to_sign_v4(canonical_form: str, *, signed_at: datetime, region: str) -> str:
    """Return what version 4 signs."""
    return _string_to_sign_v4(canonical_form, date_v4(signed_at), scope_v4(signed_at, region))


def _string_to_sign_v4(canonical_form: str, date: str, scope: str) -> str:
    return f"{_V4_ALGORITHM}\n{date}\n{scope}\n{content_sha256(canonical_form.encode())}"


def signature_v4(access_key_secret: str, string_to_sign: str, *, signed_at: datetime, region: str) -> str:
    """Return the hex HMAC-SHA256 of version 4's string to sign, under the key of its scope."""
    return hmac.digest(_key_v4(access_key_secret, scope_v4(signed_at, region)), string_to_sign.encode(), "sha256").hex()


def _key_v4(access_key_secret: str, scope: str) -> bytes:
    key = f"aliyun_v4{access_key_secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def authorization_v4(access_key_id: str, signature: str, *, signed_at: datetime, region: str) -> str:
    """Return version 4's Authorization header."""
    return _authorization_v4(access_key_id, signature, scope_v4(signed_at, region))


def _authorization_v4(access_key_id: str, signature: str, scope: str) -> str:
    return f"{_V4_ALGORITHM} Credential={access_key_id}/{scope},Signature={signature}"


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


@frozen
class _Instant:
    """What the signatures of one second share; the keyed hash serves all of its day.

    Attributes:
        unix: In seconds.
        date: As the version's own date header tells it.
        scope: Of version 4; "" for version 1.
        keyed: HMAC-SHA256 under the key of version 4's scope, to be copied; None for version 1.
    """

    unix: int
    date: str
    scope: str = ""
    keyed: hmac.HMAC | None = field(default=None, repr=False)


class SlsAuth(AuthBase):
    """Signs requests at the clock's instant; several threads may use it at once.

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
        self._last: _Instant | None = None

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Return the same request with the headers of its signature."""
        # Set even where it repeats what would be sent anyway: what is signed is then what is sent.
        request.headers.setdefault("Host", urlsplit(request.url or "").netloc)
        for name in _SET_BY_SIGNING:
            request.headers.pop(name, None)
        request.headers.update(self.sign(_signable(request)))
        return request

    def sign(self, request: SignableRequest) -> dict[str, str]:
        """Return the headers that sign a request which has none of them yet; they are to be sent beside its own."""
        instant, headers = self._instant(), request.named_headers()
        token = self._credentials.security_token
        signed = {"x-acs-security-token": token} if token else {}
        if instant.keyed is None:
            signed[_METHOD] = "hmac-sha1"
            unsigned = {"Content-MD5": content_md5(request.body)} if request.body else {}
            unsigned["Date"] = instant.date
            authorization = self._authorization_v1(request, {**headers, **signed, "date": instant.date})
            return {**signed, **unsigned, "Authorization": authorization}
        signed |= {"x-log-date": instant.date, _CONTENT_HASH: content_sha256(request.body)}
        authorization = self._authorization_v4(request, headers | signed, instant, instant.keyed.copy())
        return {**signed, "Authorization": authorization}

    def _authorization_v1(self, request: SignableRequest, headers: Mapping[str, str]) -> str:
        signature = signature_v1(self._credentials.access_key_secret, _string_to_sign_v1(request, headers))
        return authorization_v1(self._credentials.access_key_id, signature)

    def _authorization_v4(
        self, request: SignableRequest, headers: Mapping[str, str], instant: _Instant, keyed: hmac.HMAC
    ) -> str:
        string_to_sign = _string_to_sign_v4(_canonical_form_v4(request, headers), instant.date, instant.scope)
        keyed.update(string_to_sign.encode())
        return _authorization_v4(self._credentials.access_key_id, keyed.hexdigest(), instant.scope)

    def _instant(self) -> _Instant:
        signed_at = self._clock()
        unix, last = int(signed_at.timestamp()), self._last
        if last is None or last.unix != unix:
            last = self._last = self._instant_at(unix, signed_at, last)
        return last

    def _instant_at(self, unix: int, signed_at: datetime, last: _Instant | None) -> _Instant:
        if self._signature == "v1":
            return _Instant(unix, date_v1(signed_at))
        scope = scope_v4(signed_at, self._region)
        if last is not None and last.scope == scope:
            return _Instant(unix, date_v4(signed_at), scope, last.keyed)
        keyed = hmac.new(_key_v4(self._credentials.access_key_secret, scope), digestmod="sha256")
        return _Instant(unix, date_v4(signed_at), scope, keyed)


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
