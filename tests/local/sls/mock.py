"""The stand-in behind pytest-httpserver, for tests: as a fixture, as a `with` block, as a decorator.

    def test_a(mock_sls): ...            # the fixture of tests/conftest.py

    with mock_sls() as sls: ...

    @mock_sls()
    def test_b(sls): ...                 # the argument is handed over by name, to functions that take it

At the end, whatever went wrong inside the stand-in and every call that it does not imitate fails the test.
Not imitated, unlike by the stand-in's own server: keep-alive (werkzeug closes each connection), and a TCP reset where a
connection is cut.
"""

import functools
import inspect
import re
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request as WsgiRequest
from werkzeug import Response as WsgiResponse

from tests.local.sls.app import StandIn
from tests.local.sls.messages import Request, Response
from tests.local.sls.store import ACCESS_KEY_ID, ACCESS_KEY_SECRET, JOURNAL_LOGSTORE, JOURNAL_PROJECT, REGION

_POLL_S = 0.01


class MockSls:
    """A running stand-in and what a caller needs to know of it.

    Attributes:
        url: Where it listens, `http://127.0.0.1:<port>`.
        region: The region that V4 signatures must name.
        access_key_id: The id of the key pair that it knows.
        access_key_secret: The secret of that pair.
        journal: `<project>/<logstore>` of the journal that is always there.
        httpserver: The server in front, for its log and its checks.
        control: Calls a control route by its name without a socket, as `StandIn.control` does.
    """

    region = REGION
    access_key_id = ACCESS_KEY_ID
    access_key_secret = ACCESS_KEY_SECRET
    journal = f"{JOURNAL_PROJECT}/{JOURNAL_LOGSTORE}"

    def __init__(self) -> None:
        self._app = StandIn()
        self.control = self._app.control
        self.httpserver = _QuickServer(host="127.0.0.1", threaded=True)
        self.httpserver.expect_request(re.compile(".*")).respond_with_handler(self._handle)
        self.httpserver.start()
        self.url = self.httpserver.url_for("")

    def _handle(self, incoming: WsgiRequest) -> WsgiResponse:
        headers = {name.lower(): value.strip() for name, value in incoming.headers.items()}
        request = Request(incoming.method, incoming.environ["RAW_URI"], headers, incoming.get_data())
        response = self._app.handle(request)
        if response.not_imitated:
            self.httpserver.add_assertion(f"not imitated: {request.method} {request.target}")
        time.sleep(response.delay_s)
        if response.lost:
            _lose(incoming.environ["werkzeug.socket"], response)
        return WsgiResponse(response.body, response.status, dict(response.headers))


class mock_sls:  # noqa: N801 -- reads as a word, as a fixture and decorator do
    """Makes a fresh stand-in for a `with` block or for each call of a decorated function."""

    def __enter__(self) -> MockSls:
        self._sls = MockSls()
        return self._sls

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._sls.httpserver.stop()
        if error is None:
            self._sls.httpserver.check()

    def __call__(self, function: Callable[..., None]) -> Callable[..., None]:
        """Return the function with a fresh stand-in around each call, handed over as `sls` where it takes that."""
        signature = inspect.signature(function)
        others = [parameter for name, parameter in signature.parameters.items() if name != "sls"]

        @functools.wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- whatever the function takes
            with mock_sls() as sls:
                given = {"sls": sls} if "sls" in signature.parameters else {}
                function(*args, **given, **kwargs)

        # pytest fills arguments by this signature, and has no fixture of that name.
        decorated.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]  # read by inspect
        return decorated


class _QuickServer(HTTPServer):
    """Stops at once: the default looks for a stop every half second."""

    def thread_target(self) -> None:
        assert self.server is not None
        self.server.serve_forever(poll_interval=_POLL_S)


def _lose(connection: socket.socket, response: Response) -> None:
    if response.lost == "timeout":
        while connection.recv(4096):
            pass
    connection.shutdown(socket.SHUT_RDWR)
