"""Sends calls: signed, bounded in time and size, repeated where that is safe."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from ssl import SSLCertVerificationError
from typing import TypeVar
from urllib.parse import quote, urlencode

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError
from urllib3.response import BaseHTTPResponse

from shared.errors import DeadlineError
from shared.names import in_ascii
from shared.settings import Endpoint
from shared.sls.calls import Call, Reply, answer_of
from shared.sls.credentials import Credentials
from shared.sls.errors import SlsClockSkewError, SlsError, SlsTransportError
from shared.sls.models import Answer
from shared.sls.retries import MIN_TRY_S, Retries, Surroundings
from shared.sls.session import open_answer
from shared.sls.signer import SignableRequest, SlsAuth

T = TypeVar("T")

_USER_AGENT = "sls-rewind/0.1.0"
_API_VERSION = "0.6.0"
_MAX_CONNECT_S = 5.0
_MAX_READ_S = 10.0
_CHUNK_BYTES = 64 * 1024


class Transport:
    """Sends the calls of one invocation to one endpoint; several threads may use it at once.

    Attributes:
        sls_request_ids: SLS's ids of every answer so far, errors included.
        clock_offset_s: Seconds to add to this machine's clock; 0 until SLS refuses it.
    """

    def __init__(
        self, endpoint: Endpoint, credentials: Credentials, session: requests.Session, surroundings: Surroundings
    ) -> None:
        self._endpoint = endpoint
        self._session = session
        self._surroundings = surroundings
        self._hidden = [text for text in (credentials.access_key_secret, credentials.security_token) if text]
        self._auth = SlsAuth(credentials, signature=endpoint.signature, region=endpoint.region, clock=self._server_now)
        operation_id = surroundings.operation_id
        self._every_call = {
            "Host": endpoint.host,
            "User-Agent": f"{_USER_AGENT} operation/{in_ascii(operation_id)}" if operation_id else _USER_AGENT,
            "Accept-Encoding": "identity",
            "x-log-apiversion": _API_VERSION,
        }
        self.sls_request_ids: list[str] = []
        self.clock_offset_s = 0.0

    def send(self, call: Call[T]) -> Answer[T]:
        """Return the answer to a call, tried up to four times inside the deadline.

        A call that changes something is repeated too, if doing it twice is doing it once.

        Raises:
            DeadlineError: No time is left; nothing was sent.
            SlsError: How the last try failed. `may_have_taken_effect` tells whether any of the tries may have.
        """
        if self._surroundings.remaining_s() < MIN_TRY_S:
            raise DeadlineError(
                f"{call}: not sent, no time is left", hint="Ask for less at a time, or raise the timeout."
            )
        retries = Retries(self._surroundings)
        outcome_open = False
        while True:
            try:
                return self._try(call)
            except SlsError as error:  # noqa: PERF203 -- a retry is a try inside a loop
                outcome_open = outcome_open or (call.writes and error.leaves_outcome_open)
                repeatable = call.retried and (call.repeatable or not outcome_open)
                if repeatable and retries.pauses_after(error):
                    continue
                if outcome_open:
                    error.say_that_it_may_have_taken_effect()
                raise

    def _try(self, call: Call[T]) -> Answer[T]:
        reply = self._exchange(call)
        try:
            return answer_of(call, reply, hidden=self._hidden)
        except SlsClockSkewError:
            if reply.server_unix is None or self._surroundings.remaining_s() < MIN_TRY_S:
                raise
            self.clock_offset_s = reply.server_unix - self._surroundings.now().timestamp()
        return answer_of(call, self._exchange(call), hidden=self._hidden)

    def _exchange(self, call: Call[T]) -> Reply:
        sls_request_id: str | None = None
        try:
            with self._open(call) as response:
                sls_request_id = in_ascii(response.headers.get("x-log-requestid", "")) or None
                if sls_request_id:
                    self.sls_request_ids.append(sls_request_id)
                server_unix = _unix_of(response.headers.get("Date"))
                body = self._body_of(response, call.max_reply_bytes)
                return Reply(response.status, response.headers, body, sls_request_id, server_unix)
        except (HTTPError, OSError) as error:
            raise _lost(call, error, sls_request_id) from error

    def _open(self, call: Call[T]) -> BaseHTTPResponse:
        query = f"?{urlencode(call.query, quote_via=quote, safe='')}" if call.query else ""
        headers = self._headers(call)
        signed = self._auth.sign(SignableRequest(call.method, call.path, call.query, headers, call.body))
        # Connect and read share what is left, so that both together never outlast the deadline.
        remaining_s = max(self._surroundings.remaining_s(), MIN_TRY_S)
        connect_s = min(_MAX_CONNECT_S, remaining_s / 3)
        return open_answer(
            self._session,
            self._endpoint.base_url,
            call.method,
            f"{call.path}{query}",
            headers=headers | signed,
            body=call.body,
            timeout_s=(connect_s, min(_MAX_READ_S, remaining_s - connect_s)),
        )

    def _headers(self, call: Call[T]) -> dict[str, str]:
        return {**self._every_call, "x-log-bodyrawsize": str(len(call.body)), **call.headers}

    def _body_of(self, response: BaseHTTPResponse, max_bytes: int) -> bytes:
        body = bytearray()
        # Not read: it waits until a chunk is full, so a trickling answer would outlast every timeout.
        while len(body) <= max_bytes and (chunk := response.read1(_CHUNK_BYTES, decode_content=True)):
            if self._surroundings.remaining_s() <= 0:
                raise TimeoutError("the deadline passed within the body")
            body += chunk
        # An answer that ends within its headers looks like an empty success; SLS always says how long its body is.
        if not body and not any(name in response.headers for name in ("Content-Length", "Transfer-Encoding")):
            raise ConnectionError("the answer ended within its headers")
        return bytes(body[: max_bytes + 1])

    def _server_now(self) -> datetime:
        return self._surroundings.now() + timedelta(seconds=self.clock_offset_s)


@lru_cache(maxsize=4)
def _unix_of(date: str | None) -> int | None:
    # Answers of the same second say the same.
    try:
        return int(parsedate_to_datetime(date or "").timestamp())
    except (ValueError, OverflowError):
        return None


def _lost(call: Call[T], error: Exception, sls_request_id: str | None) -> SlsTransportError:
    sent = not _never_sent(error)
    if isinstance(error, (TimeoutError, HTTPTimeoutError)) and not isinstance(error, NewConnectionError):
        what = "no answer in time" if sent else "could not connect in time"
    else:
        what = "the connection was lost" if sent else "could not connect"
    return SlsTransportError(f"{call}: {what}", operation=call.operation, sent=sent, sls_request_id=sls_request_id)


def _never_sent(error: Exception) -> bool:
    if isinstance(error, SSLError):
        return isinstance(next(iter(error.args), None), SSLCertVerificationError)
    # urllib3 makes a connection that was refused one of these, too.
    return isinstance(error, ConnectTimeoutError)
