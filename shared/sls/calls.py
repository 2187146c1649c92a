"""One call and its reply: what is asked, and what of the answer can be relied on."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from typing import Generic, TypeVar

from shared.errors import InvalidCommandError
from shared.frozen import frozen
from shared.names import RULES, is_name, printable
from shared.sls.error_codes import error_class
from shared.sls.errors import SlsApiError, SlsAuthError, SlsResponseError
from shared.sls.models import Answer

T = TypeVar("T")

MAX_REPLY_BYTES = 8 * 1024 * 1024
_MAX_MESSAGE_CHARACTERS = 200
# SLS repeats the signature that it did not find right.
_SIGNATURE = re.compile(r"(?i)(?<=\bsignature )[0-9a-z+/={}]{20,}")
_SECONDS = re.compile(r"[0-9]{1,5}")
_DENIED_ACTION = re.compile(r"\baction: ?(log:\w+)")


@frozen
class Target:
    """What an operation is done to; its names are checked, so that no path can mean another.

    As text it is what messages name: `shop/orders/billing shard 3`.

    Raises:
        InvalidCommandError: A name does not fit its pattern; lists each by field name.
    """

    project: str
    logstore: str
    consumer_group: str | None = None
    shard_id: int | None = None

    def __post_init__(self) -> None:
        given = {"logstore": self.logstore, "consumer_group": self.consumer_group}
        wrong = [kind for kind, name in given.items() if name is not None and not is_name(kind, name)]
        if wrong:
            raise InvalidCommandError([f"{kind}: must be {RULES[kind]}" for kind in wrong])

    def __str__(self) -> str:
        names = "/".join(name for name in (self.project, self.logstore, self.consumer_group) if name)
        return names if self.shard_id is None else f"{names} shard {self.shard_id}"

    @property
    def logstore_path(self) -> str:
        """Path of the Logstore."""
        return f"/logstores/{self.logstore}"

    @property
    def group_path(self) -> str:
        """Path of the consumer group."""
        return f"{self.logstore_path}/consumergroups/{self.consumer_group}"

    @property
    def shard_path(self) -> str:
        """Path of the shard."""
        return f"{self.logstore_path}/shards/{self.shard_id}"


@frozen
class Reply:
    """What came back, whole.

    Attributes:
        status: HTTP status.
        headers: Names in any case.
        body: Cut one byte beyond the call's limit if it is longer.
        sls_request_id: From `x-log-requestid`; None without it.
        server_unix: From Date, in seconds; None without it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    sls_request_id: str | None
    server_unix: int | None


@frozen
class Call(Generic[T]):
    """One operation on one target.

    Attributes:
        operation: SLS's name of it.
        target: What it is done to.
        method: HTTP method; all but GET change something.
        path: Made of checked names and numbers only.
        read: Makes the value of a successful reply; raises ValueError if it is not as documented.
        query: Decoded names and values.
        headers: Beside those of every call.
        body: Empty sends none.
        repeatable: True if doing it twice is doing it once; else it is not sent again once it may have taken effect.
        retried: False sends it once, whatever comes back: whoever sends it again looks before that.
        max_reply_bytes: A longer body of the reply is an error.
    """

    operation: str
    target: Target
    method: str
    path: str
    read: Callable[[Reply], T]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    repeatable: bool = True
    retried: bool = True
    max_reply_bytes: int = MAX_REPLY_BYTES

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"

    def __str__(self) -> str:
        return f"{self.operation} on {self.target}"


def json_call(
    operation: str,
    target: Target,
    method: str,
    path: str,
    read: Callable[[object], T],
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, object] | None = None,
) -> Call[T]:
    """Return a call that speaks compact JSON; `read` gets the decoded answer, None for an empty one."""
    return Call(
        operation,
        target,
        method,
        path,
        lambda reply: read(_decoded(reply.body)),
        query=query or {},
        headers={"Content-Type": "application/json"} if body else {},
        body=json.dumps(body, separators=(",", ":")).encode() if body else b"",
    )


def answer_of(call: Call[T], reply: Reply, *, hidden: Collection[str]) -> Answer[T]:
    """Return what a reply answers.

    Args:
        call: What was asked.
        reply: What came back.
        hidden: Texts that no message may show, whatever SLS echoes.

    Raises:
        SlsApiError: SLS says no.
        SlsResponseError: It is not in SLS's format: not as documented, a redirect, too long.

    Source: reference sls-api.md 1.1 (success is 200 and nothing else).
    """
    if len(reply.body) > call.max_reply_bytes:
        raise _unreadable(call, reply, f"an answer of more than {call.max_reply_bytes} bytes")
    if reply.status != 200:  # noqa: PLR2004 -- HTTP's number for success
        raise _refusal(call, reply, hidden)
    try:
        value = call.read(reply)
    except (ValueError, RecursionError) as error:
        raise _unreadable(call, reply, f"the answer is not as documented: {error}") from error
    return Answer(value, reply.sls_request_id, reply.server_unix)


def _decoded(body: bytes) -> object:
    value: object = json.loads(body) if body.strip() else None
    return value


def _unreadable(call: Call[T], reply: Reply, what: str) -> SlsResponseError:
    error = SlsResponseError(
        f"{call}: {what}",
        operation=call.operation,
        sls_status=reply.status,
        sls_request_id=reply.sls_request_id,
    )
    error.retry_after_s = _retry_after_s(reply) if error.retryable else None
    return error


def _retry_after_s(reply: Reply) -> int | None:
    """Return how long the answer asks to wait, in seconds; None where it does not, or gives a date."""
    found = _SECONDS.fullmatch(reply.headers.get("Retry-After", ""))
    return int(found[0]) if found else None


def _refusal(call: Call[T], reply: Reply, hidden: Collection[str]) -> SlsApiError | SlsResponseError:
    if 300 <= reply.status < 400:  # noqa: PLR2004 -- the class of HTTP statuses
        return _unreadable(call, reply, f"HTTP {reply.status}, a redirect, which SLS never sends")
    try:
        body = _decoded(reply.body)
    except (ValueError, RecursionError):
        body = None
    code = body.get("errorCode") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(code, str) or not code:
        return _unreadable(call, reply, f"HTTP {reply.status} without an SLS error code")
    kind = error_class(code, reply.status)
    action = _denied_action(body) if kind is SlsAuthError else None
    error = kind(
        f"{call}: {printable(code)}{_wording(body.get('errorMessage'), hidden)}",
        operation=call.operation,
        sls_error_code=printable(code),
        sls_status=reply.status,
        sls_request_id=reply.sls_request_id,
        hint=f"Grant the function's role the action {action} on this resource." if action else None,
    )
    error.retry_after_s = _retry_after_s(reply) if error.retryable else None
    return error


def _wording(message: object, hidden: Collection[str]) -> str:
    if not isinstance(message, str) or not message:
        return ""
    for secret in hidden:
        message = message.replace(secret, "***")
    message = _SIGNATURE.sub("***", message)
    return f": {printable(' '.join(message.split()), longest=_MAX_MESSAGE_CHARACTERS)}"


def _denied_action(body: Mapping[str, object]) -> str | None:
    # Source: reference sls-api.md 2.5 (wording of a real denial), 1.1 (`accessDeniedDetail`).
    detail = body.get("accessDeniedDetail")
    named = detail.get("AuthAction") if isinstance(detail, dict) else None
    found = _DENIED_ACTION.search(f"action: {named}" if named else str(body.get("errorMessage")))
    return found[1] if found else None
