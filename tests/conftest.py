"""Fixtures for every folder of tests."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fuzz.amount import load_profile
from tests.local.sls import mock
from tests.local.sls.caller import Caller
from tests.local.sls.server import StandInServer
from tests.local.sls.signing import Signer

pytest_plugins = ["tests.functions.plugin"]
load_profile()


@pytest.fixture(name="mock_sls")
def _mock_sls() -> Iterator[mock.MockSls]:
    """A fresh SLS stand-in behind pytest-httpserver; its own failures fail the test."""
    with mock.mock_sls() as sls:
        yield sls


@pytest.fixture
def loopback_names(monkeypatch: pytest.MonkeyPatch) -> str:
    """A domain whose names all resolve to loopback, so that an SDK can put the project before it."""
    domain = "localhost-sls"
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- the standard library's own types
        name = host.decode() if isinstance(host, bytes) else host
        return resolve("127.0.0.1" if name and name.endswith(domain) else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return domain


@pytest.fixture
def sls_server() -> Iterator[StandInServer]:
    """A fresh SLS stand-in behind its own server, which can also cut connections and never answer."""
    with StandInServer() as server:
        yield server


@pytest.fixture
def sls_caller(sls_server: StandInServer) -> Iterator[Caller]:
    """Signed raw calls to project `shop` of `sls_server`."""
    signer = Signer(sls_server.access_key_id, sls_server.access_key_secret, sls_server.region)
    with Caller(sls_server.url, signer) as caller:
        yield caller
