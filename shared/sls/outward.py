"""One HTTP POST outwards: in a bounded time, without proxy, redirect or cookie, and without a trace in any log."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import get_ident

import requests

from shared.sls.session import new_session

_MAX_CONNECT_S = 5.0
_MIN_TIME_S = 0.2
_MAX_BODY_BYTES = 64 * 1024


def exchange(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    left_s: Callable[[], float],
    needs_body: Callable[[int], bool] = lambda _status: True,
) -> tuple[int, bytes]:
    """Return the status of the answer to a post, and its first 64 KiB where that status makes them worth reading.

    Args:
        url: Where to; secret, as are the headers.
        body: What to post.
        headers: Beside those that every post has.
        left_s: Seconds that are left for all of it, counting down.
        needs_body: Whether the answer's body is wanted with a status.

    Raises:
        requests.RequestException: There was no answer, or not in time; so with what follows.
        urllib3.exceptions.HTTPError: The connection was lost within the body.
        OSError: The same.
    """
    # Connect and read share what is left, so that both together never outlast it.
    time_s = max(left_s(), _MIN_TIME_S)
    connect_s = min(_MAX_CONNECT_S, time_s / 3)
    with (
        _unlogged(),
        new_session(1) as session,
        session.post(
            url,
            data=body,
            headers={"User-Agent": "sls-rewind/0.1.0", "Accept-Encoding": "identity", **headers},
            timeout=(connect_s, time_s - connect_s),
            allow_redirects=False,
            stream=True,
            verify=True,
        ) as response,
    ):
        status = response.status_code
        return status, _body_of(response, left_s) if needs_body(status) else b""


def _body_of(response: requests.Response, left_s: Callable[[], float]) -> bytes:
    body = bytearray()
    # Not iter_content: it waits until a chunk is full, so a trickling answer would outlast every timeout.
    while len(body) < _MAX_BODY_BYTES and (chunk := response.raw.read1(_MAX_BODY_BYTES)):
        if left_s() <= 0:
            raise requests.Timeout("the time is over within the body")
        body += chunk
    return bytes(body)


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep this thread's requests out of urllib3's own log, which would write their paths down: they are secrets."""
    logger, thread = logging.getLogger("urllib3.connectionpool"), get_ident()

    def is_of_others(record: logging.LogRecord) -> bool:
        return record.thread != thread

    logger.addFilter(is_of_others)
    try:
        yield
    finally:
        logger.removeFilter(is_of_others)
