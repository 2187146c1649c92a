"""Who calls, and when: headers, time window, key, signature, body hash, in this order.

The order is not documented; it is sls-api.md's suggestion. What the official SDKs send differently is allowed for here:
V1 with Date, x-log-date or both; a Host with or without port, signed as sent; a Content-Type without a body; an empty
Content-MD5; x-log-meta-* headers signed or not; a path signed as sent or decoded.
"""

import calendar
import hashlib
import hmac
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from tests.local.sls.clock import Clock
from tests.local.sls.errors import (
    InvalidHeaderError,
    InvalidRequestTimeError,
    MissingApiVersionError,
    MissingHeaderError,
    RequestTimeExpiredError,
    SignatureNotMatchError,
    UnauthorizedError,
)
from tests.local.sls.messages import Request
from tests.local.sls.signatures import Digest, Signable, signature_v1, signature_v4
from tests.local.sls.switches import Switches

WINDOW_S = 15 * 60
_V1 = re.compile(r"LOG (?P<key_id>[^:\s]+):(?P<signature>[A-Za-z0-9+/=]+)")
_V4 = re.compile(
    r"SLS4-HMAC-SHA256 Credential=(?P<key_id>[^/\s]+)/(?P<date>\d{8})/(?P<region>[^/\s]+)/sls/aliyun_v4_request,\s*"
    r"Signature=(?P<signature>[0-9a-f]+)"
)
_METHODS: dict[str, Digest] = {"hmac-sha1": "sha1", "hmac-sha256": "sha256"}


@dataclass(frozen=True, slots=True)
class AccessKey:
    """One key pair that may call.

    Attributes:
        access_key_id: Its id.
        access_key_secret: Its secret; not in the repr.
        security_token: The STS token that must come with it; None for a long-term key; not in the repr.
        expires_unix: When the token ends, in epoch seconds of the server's watch; None for never.
        disabled: True refuses every call.
    """

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)
    expires_unix: float | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Authorization:
    """An Authorization header, read.

    Attributes:
        key_id: The key's id.
        signature: The signature as sent.
        date: The scope's date (V4), empty for V1.
        region: The scope's region (V4), None for V1.
    """

    key_id: str
    signature: str
    date: str = ""
    region: str | None = None


def authenticate(request: Request, keys: dict[str, AccessKey], clock: Clock, switches: Switches, region: str) -> None:
    """Check who sent a request, when, and that nothing in it was changed.

    Raises:
        SlsError: A header is missing or malformed, the time is off, the key unknown, the signature another one.
    """
    authorization = _read_authorization(request)
    if "x-log-apiversion" not in request.headers:
        raise MissingApiVersionError
    _check_time(request, authorization, clock)
    key = _known_key(authorization.key_id, keys, switches)
    _check_signature(request, authorization, key, region, switches)
    _check_token(request, key, clock)


def _read_authorization(request: Request) -> Authorization:
    value = request.headers.get("authorization")
    if not value:
        raise MissingHeaderError(header="authorization")
    match = _V4.fullmatch(value) or _V1.fullmatch(value)
    if match is None:
        raise InvalidHeaderError(header="authorization", value=value)
    return Authorization(**match.groupdict())


def _check_time(request: Request, authorization: Authorization, clock: Clock) -> None:
    value = request.headers.get("x-log-date")
    if value is None and authorization.region is None:
        value = request.headers.get("date")
    if value is None:
        raise MissingHeaderError(header="x-log-date")
    sent_unix = _read_v1_date(value) if authorization.region is None else _read_v4_date(value)
    now = clock.server_unix()
    if abs(now - sent_unix) > WINDOW_S:
        raise RequestTimeExpiredError(request_time=value, server_time=int(now))


def _read_v1_date(value: str) -> float:
    try:
        return parsedate_to_datetime(value).timestamp()
    except ValueError as error:
        raise InvalidRequestTimeError(value=value) from error


def _read_v4_date(value: str) -> float:
    try:
        return calendar.timegm(time.strptime(value, "%Y%m%dT%H%M%SZ"))
    except ValueError as error:
        raise InvalidRequestTimeError(value=value) from error


def _known_key(key_id: str, keys: dict[str, AccessKey], switches: Switches) -> AccessKey:
    key = keys.get(key_id)
    if key is None:
        code = switches.unknown_access_key_code
        raise UnauthorizedError(error_code=code, message=f"AccessKeyId not found: {key_id}")
    if key.disabled:
        raise UnauthorizedError(message=f"AccessKeyId is disabled: {key_id}")
    return key


def _check_token(request: Request, key: AccessKey, clock: Clock) -> None:
    token = request.headers.get("x-acs-security-token", "")
    if not hmac.compare_digest(token.encode(), (key.security_token or "").encode()):
        raise UnauthorizedError(message="The security token you provided is invalid.")
    if key.expires_unix is not None and clock.server_unix() >= key.expires_unix:
        raise UnauthorizedError(message="The security token you provided has expired.")


def _check_signature(
    request: Request, authorization: Authorization, key: AccessKey, region: str, switches: Switches
) -> None:
    if authorization.region is None:
        _check_content_md5(request, authorization)
        digest = _digest(request)
        expected = {signature_v1(parts, key.access_key_secret, digest) for parts in _signables(request)}
    else:
        _check_content_sha256(request, authorization)
        _check_scope(request, authorization, region, switches)
        expected = {signature_v4(parts, key.access_key_secret, authorization.region) for parts in _signables(request)}
    if not _any_equal(authorization.signature, expected):
        raise SignatureNotMatchError(signature=authorization.signature)


def _digest(request: Request) -> Digest:
    method = request.headers.get("x-log-signaturemethod")
    if method is None:
        raise MissingHeaderError(header="x-log-signaturemethod")
    if method not in _METHODS:
        raise InvalidHeaderError(header="x-log-signaturemethod", value=method)
    return _METHODS[method]


def _check_content_md5(request: Request, authorization: Authorization) -> None:
    sent = request.headers.get("content-md5", "")
    if not sent and not request.body:
        return
    if not sent:
        raise MissingHeaderError(header="content-md5")
    digest = hashlib.md5(request.body, usedforsecurity=False).hexdigest().upper()
    if not hmac.compare_digest(sent.encode(), digest.encode()):
        raise SignatureNotMatchError(signature=authorization.signature)


def _check_content_sha256(request: Request, authorization: Authorization) -> None:
    sent = request.headers.get("x-log-content-sha256")
    if sent is None:
        raise MissingHeaderError(header="x-log-content-sha256")
    digest = hashlib.sha256(request.body).hexdigest()
    if not hmac.compare_digest(sent.encode(), digest.encode()):
        raise SignatureNotMatchError(signature=authorization.signature)


def _check_scope(request: Request, authorization: Authorization, region: str, switches: Switches) -> None:
    wrong_region = authorization.region != region and switches.wrong_region == "refuse"
    if wrong_region or not request.headers["x-log-date"].startswith(authorization.date):
        raise SignatureNotMatchError(signature=authorization.signature)


def _signables(request: Request) -> Iterator[Signable]:
    # Java signs x-log-meta-* headers, Python and Go do not; Go signs an escaped path, the others the plain one.
    without_meta = {name: value for name, value in request.headers.items() if not name.startswith("x-log-meta-")}
    content_sha256 = request.headers.get("x-log-content-sha256", "")
    for path in {request.path, request.raw_path}:
        yield Signable(request.method, path, request.query, request.headers, content_sha256)
        if len(without_meta) < len(request.headers):
            yield Signable(request.method, path, request.query, without_meta, content_sha256)


def _any_equal(signature: str, expected: set[str]) -> bool:
    return any(hmac.compare_digest(signature.encode(), candidate.encode()) for candidate in expected)
