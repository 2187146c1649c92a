"""Invoking another function through FC's own API, asynchronously: accepted or not is all that is waited for.

Source: reference function-compute.md sections 1.5 (128 KB), 5 (asynchronous invocation, task ids, delay) and 10
(InvokeFunction's path); the signature is Alibaba Cloud's ACS3-HMAC-SHA256, as the official OpenAPI signer makes it.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from shared.errors import RewindError
from shared.fc.bounded import NotInTimeError, run_within
from shared.fc.context import FcContext
from shared.frozen import frozen
from shared.sls.credentials import Credentials
from shared.sls.session import new_session

MAX_EVENT_BYTES = 128 * 1024
_ALGORITHM = "ACS3-HMAC-SHA256"
_ACCEPTED, _CONFLICT = 202, 409
_ACCOUNT = re.compile(r"[0-9]{1,32}")
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")
_MIN_TRY_S = 0.5
"""Seconds without which no second try is begun."""


class InvocationError(RewindError):
    """Raised when FC did not accept an event.

    Attributes:
        may_have_been_accepted: Whether FC may have it all the same: its answer was lost.
    """

    code = "not_invoked"

    def __init__(self, message: str, *, may_have_been_accepted: bool = False) -> None:
        super().__init__(message)
        self.may_have_been_accepted = may_have_been_accepted


class AlreadyInvokedError(InvocationError):
    """Raised when FC has had an event of the same task id: it is not invoked again."""

    code = "already_invoked"


@frozen
class FunctionAddress:
    """Where a function is invoked.

    Attributes:
        base_url: Scheme and authority of FC's API.
        function_name: As deployed.
    """

    base_url: str
    function_name: str

    @property
    def path(self) -> str:
        """The path of InvokeFunction."""
        return f"/2023-03-30/functions/{self.function_name}/invocations"


@frozen
class Task:
    """One asynchronous invocation.

    Attributes:
        event: What the function gets.
        task_id: FC takes each but once: 1 to 128 letters, digits, `_` and `-`, the first a letter or `_`.
        delay_s: Seconds that FC is to wait before it, 0 to 3600; FC may not heed it.
    """

    event: bytes
    task_id: str
    delay_s: int = 0


def address_of(function_name: str, told: FcContext, loopback_url: str | None) -> FunctionAddress:
    """Return where a function of this account and region is invoked.

    Args:
        function_name: As deployed, checked.
        told: The invocation's context, which names account and region.
        loopback_url: FC's API where that is on this machine; else None.

    Raises:
        InvocationError: The context does not tell account and region.
    """
    if loopback_url is not None:
        return FunctionAddress(loopback_url, function_name)
    # They become part of a host that credentials are sent to.
    if not (_ACCOUNT.fullmatch(told.account_id) and _REGION.fullmatch(told.region)):
        raise InvocationError("the invocation's context does not tell account and region")
    return FunctionAddress(f"https://{told.account_id}.{told.region}.fc.aliyuncs.com", function_name)


def invoke_async(
    address: FunctionAddress, task: Task, credentials: Credentials, *, now: datetime, nonce: str, within_s: float
) -> None:
    """Hand an event to a function, and return once FC has accepted it.

    Args: as for `offer_async`.

    Raises:
        AlreadyInvokedError: FC has had this task id.
        InvocationError: FC did not accept it, or did not answer.
    """
    status = offer_async(address, task, credentials, now=now, nonce=nonce, within_s=within_s)
    if status == _CONFLICT:
        raise AlreadyInvokedError("FC has had this task before")
    if status != _ACCEPTED:
        raise InvocationError(f"FC did not accept the event: HTTP {status}")


def offer_async(
    address: FunctionAddress, task: Task, credentials: Credentials, *, now: datetime, nonce: str, within_s: float
) -> int:
    """Offer an event to a function, and return the HTTP status that FC answers: 202 where it accepts it.

    There is one try, and one more where no connection came about and time is left. What has not ended in time may be
    accepted later.

    Args:
        address: The function.
        task: What it is to get.
        credentials: Of this invocation; they need fc:InvokeFunction on the function.
        now: The time that is signed.
        nonce: Fresh for each call; what tells it from a replay.
        within_s: Seconds after which this returns, however slow names and addresses are.

    Raises:
        InvocationError: It is too long, or FC did not answer.
    """
    if len(task.event) > MAX_EVENT_BYTES:
        raise InvocationError(f"the event is longer than {MAX_EVENT_BYTES} bytes")
    headers = sign_acs3(address, _headers(task), task.event, credentials, now=now, nonce=nonce)
    try:
        return run_within(within_s, lambda: _send(address, headers, task.event, within_s))
    except NotInTimeError as error:
        raise InvocationError("FC's API did not answer in time", may_have_been_accepted=True) from error


def _headers(task: Task) -> dict[str, str]:
    delay = {"x-fc-async-delay": str(task.delay_s)} if task.delay_s else {}
    return {
        "content-type": "application/octet-stream",
        "x-fc-invocation-type": "Async",
        "x-fc-async-task-id": task.task_id,
        **delay,
    }


def sign_acs3(
    address: FunctionAddress,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    *,
    now: datetime,
    nonce: str,
) -> dict[str, str]:
    """Return the headers of an InvokeFunction call, all of them signed, and the signature beside them.

    Args:
        address: The function.
        headers: The call's own, by lower-case name.
        body: The event.
        credentials: Their security token, where there is one, is signed like the rest.
        now: The time that is signed.
        nonce: Fresh for each call.

    Source: the official OpenAPI signer (`Utils.get_authorization` of alibabacloud_tea_openapi), which tests hold this
    against: method, path, query, `name:value` lines sorted by name, their names, the body's hash.
    """
    hashed = hashlib.sha256(body).hexdigest()
    token = {"x-acs-security-token": credentials.security_token} if credentials.security_token else {}
    signed = {
        **headers,
        "host": urlsplit(address.base_url).netloc,
        "x-acs-action": "InvokeFunction",
        "x-acs-version": "2023-03-30",
        "x-acs-date": now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": hashed,
        **token,
    }
    names = sorted(signed)
    lines = "".join(f"{name}:{signed[name].strip()}\n" for name in names)
    canonical = "\n".join(("POST", address.path, "", lines, ";".join(names), hashed))
    to_sign = f"{_ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(credentials.access_key_secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    named = f"Credential={credentials.access_key_id},SignedHeaders={';'.join(names)},Signature={signature}"
    return {**signed, "authorization": f"{_ALGORITHM} {named}"}


def _send(address: FunctionAddress, headers: Mapping[str, str], body: bytes, within_s: float) -> int:
    ends_s = time.monotonic() + within_s
    with new_session(1) as session:
        try:
            return _post(session, address, headers, body, within_s)
        except _NotConnectedError:
            left_s = ends_s - time.monotonic()
            if left_s < _MIN_TRY_S:
                raise
            return _post(session, address, headers, body, left_s)


def _post(
    session: requests.Session,
    address: FunctionAddress,
    headers: Mapping[str, str],
    body: bytes,
    left_s: float,
) -> int:
    # These hold for each address by itself; the whole is bounded by who waits for it.
    timeout_s = (left_s / 2, left_s)
    url = f"{address.base_url}{address.path}"
    try:
        with session.post(
            url, data=body, headers=dict(headers), timeout=timeout_s, allow_redirects=False, stream=True
        ) as response:
            return response.status_code
    except (requests.RequestException, HTTPError, OSError) as error:
        if _never_connected(error):
            raise _NotConnectedError("FC's API could not be connected to") from error
        raise InvocationError("FC's API did not answer in time", may_have_been_accepted=True) from error


class _NotConnectedError(InvocationError):
    pass


def _never_connected(error: Exception) -> bool:
    """Return whether nothing of the request can have left: the connection itself failed."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError | ConnectTimeoutError)
