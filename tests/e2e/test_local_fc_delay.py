import socket
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.local.fc.server import FunctionServer
from tests.local.fc.trial import fixture_gateway


def post(url: str, function_name: str, **headers: str) -> int:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    told = {"X-Fc-Invocation-Type": "Async", **{name.replace("_", "-"): value for name, value in headers.items()}}
    try:
        connection.request("POST", f"/2023-03-30/functions/{function_name}/invocations", b"", told)
        return connection.getresponse().status
    finally:
        connection.close()


def test_an_asynchronous_invocation_waits_for_its_delay(tmp_path: Path) -> None:
    with fixture_gateway(tmp_path) as gateway, FunctionServer(gateway) as server:
        begun_s = time.monotonic()
        status = post(server.url, "echo", X_Fc_Async_Delay="1")
        gateway.wait_idle()
        ended_s = time.monotonic()

    assert status == 202
    assert ended_s - begun_s >= 1


def test_what_waits_is_dropped_when_the_gateway_closes(tmp_path: Path) -> None:
    with fixture_gateway(tmp_path) as gateway, FunctionServer(gateway) as server:
        post(server.url, "echo", X_Fc_Async_Delay="3600")

    assert {result.status for result in gateway.async_results} <= {"stopped"}


@pytest.mark.parametrize("delay", ["-1", "3601", "1.5", "soon"])
def test_a_delay_beyond_an_hour_or_no_number_is_refused(tmp_path: Path, delay: str) -> None:
    with fixture_gateway(tmp_path) as gateway, FunctionServer(gateway) as server:
        assert post(server.url, "echo", X_Fc_Async_Delay=delay) == 400


def test_a_server_may_take_over_a_socket_that_listens_already(tmp_path: Path) -> None:
    with fixture_gateway(tmp_path) as gateway, socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with FunctionServer(gateway, listener=listener) as server:
            status = post(server.url, "echo")

    assert server.url == f"http://127.0.0.1:{port}"
    assert status == 202
