"""The connections to SLS that a warm instance keeps."""

import time
from collections.abc import Mapping
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from io import BufferedReader, RawIOBase
from socket import gaierror, socket
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.response import BaseHTTPResponse
from urllib3.util.connection import allowed_gai_family
from urllib3.util.retry import Retry
from urllib3.util.timeout import Timeout

from shared.sls.connecting import open_connection

_LONGEST_CONNECT_S = 5.0
_NO_RETRIES = Retry(total=False, redirect=False)


class _Session(requests.Session):
    # Even with `allow_redirects=False` requests reads the whole body of a redirect, to prepare what it will not send.
    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 -- the signature is requests' own
        return None


class _TimedReader(RawIOBase):
    """Reads from a socket as long as the socket's timeout at the start says, however the bytes come."""

    def __init__(self, connection: socket, source: RawIOBase) -> None:
        self._connection = connection
        self._source = source
        self._timeout_s = connection.gettimeout()
        self._ends_s = None if self._timeout_s is None else time.monotonic() + self._timeout_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:  # noqa: ANN401 -- any writable buffer
        if self._ends_s is None:
            return self._source.readinto(buffer)
        left_s = self._ends_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer took too long as a whole")
        self._connection.settimeout(left_s)
        try:
            return self._source.readinto(buffer)
        finally:
            self._connection.settimeout(self._timeout_s)

    def close(self) -> None:
        self._source.close()
        super().close()


class _TimedAnswer(HTTPResponse):
    # A socket's own timeout begins anew with each byte, in the headers too: a slow sender would outlast any deadline.
    def __init__(self, sock: socket, debuglevel: int = 0, method: str | None = None, url: str | None = None) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp = BufferedReader(_TimedReader(sock, self.fp.detach()))


class _PlainConnection(HTTPConnection):
    response_class = _TimedAnswer

    def _new_conn(self) -> socket:
        connection = _opened(self)
        connection.settimeout(self.timeout)
        return connection


class _TlsConnection(HTTPSConnection):
    response_class = _TimedAnswer

    def _new_conn(self) -> socket:
        # The handshake has what is left; urllib3 itself sets the timeout of what comes after.
        return _opened(self)


def _opened(connection: HTTPConnection) -> socket:
    """Connect as urllib3 does, but within the timeout as a whole; fail as it does."""
    timeout = connection.timeout
    within_s = float(timeout) if isinstance(timeout, int | float) else _LONGEST_CONNECT_S
    try:
        return open_connection(
            # A name keeps its last dot here, and an IPv6 address comes without its brackets.
            connection._dns_host.strip("[]"),  # noqa: SLF001 -- urllib3 looks it up, too
            connection.port,
            within_s=within_s,
            family=allowed_gai_family(),
            options=connection.socket_options or (),
        )
    except gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, f"no connection within {within_s} s") from error
    except OSError as error:
        raise NewConnectionError(connection, "no connection") from error


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def pool_of(self, base_url: str) -> HTTPConnectionPool:
        """Return the connections to a host, without asking requests each time.

        Certificates are verified against certifi's authorities, as requests itself does. Those of the machine are the
        runtime image's, and may be old or none.
        """
        pool = self._pools.get(base_url)
        # Hosts that were not called for long make way for others.
        if pool is None or pool.pool is None:
            asked = requests.PreparedRequest()
            asked.url = base_url
            pool = cast(HTTPConnectionPool, self.get_connection_with_tls_context(asked, verify=DEFAULT_CA_BUNDLE_PATH))
            self._pools[base_url] = pool
        return pool

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- passed on as they are
        super().init_poolmanager(*args, **kwargs)
        self._pools: dict[str, HTTPConnectionPool] = {}
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


def new_session(pool_width: int) -> requests.Session:
    """Return a session that heeds no environment (proxies, .netrc), keeps no cookie and follows no redirect.

    The connect timeout of its calls bounds the look-up of a name and the connecting to all its addresses together, and
    the read timeout an answer as a whole, headers and body, not the pause between two bytes.

    Args:
        pool_width: How many threads will call at once; as many connections to a host are kept alive.
    """
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # One more, for the look that goes with a wave of writes.
    adapter = _Adapter(pool_maxsize=pool_width + 1)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def open_answer(
    session: requests.Session,
    base_url: str,
    method: str,
    target: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    timeout_s: tuple[float, float],
) -> BaseHTTPResponse:
    """Return the answer to one request as soon as its headers are there; its body is still to be read, and closed.

    It takes a connection of the session's and leaves out all that requests does on the way: merging what a session
    could hold and ours does not, cookies, redirects, hooks. That is more than half of what a call through it costs.

    Args:
        session: From `new_session`.
        base_url: Scheme and authority.
        method: In upper case.
        target: Path and query, encoded.
        headers: All that are sent, but the length of the body.
        body: Empty sends none.
        timeout_s: For connecting, and for the answer as a whole.

    Raises:
        HTTPError: No answer came (urllib3's).
    """
    adapter = session.get_adapter(base_url)
    assert isinstance(adapter, _Adapter)  # noqa: S101 -- `new_session` mounts no other
    connect_s, read_s = timeout_s
    return adapter.pool_of(base_url).urlopen(
        method,
        target,
        body=body or None,
        headers=headers,
        retries=_NO_RETRIES,
        redirect=False,
        assert_same_host=False,
        # Sending, which the connect timeout bounds once more, leaves less for reading.
        timeout=Timeout(total=connect_s + read_s, connect=connect_s, read=read_s),
        preload_content=False,
        decode_content=False,
    )
