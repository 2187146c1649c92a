from collections.abc import Iterator

import pytest
import requests

from shared.settings import Endpoint
from shared.sls.client import SlsClient, new_session
from shared.sls.credentials import Credentials
from tests.unit.sls.held_time import HeldTime, MakeClient
from tests.unit.sls.scripted_server import ScriptedServer


@pytest.fixture
def time() -> HeldTime:
    return HeldTime()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with new_session(4) as made:
        yield made


@pytest.fixture
def make_client(server: ScriptedServer, session: requests.Session, time: HeldTime) -> MakeClient:
    def make(
        *,
        signature: str = "v4",
        url: str | None = None,
        operation_id: str | None = None,
        security_token: str | None = None,
    ) -> SlsClient:
        host = "shop.cn-hangzhou.log.aliyuncs.com"
        endpoint = Endpoint(url or server.url, host, "cn-hangzhou", "v1" if signature == "v1" else "v4")
        credentials = Credentials("LTAI-test", "the-secret", security_token)
        return SlsClient(endpoint, credentials, session, time.surroundings(operation_id))

    return make


@pytest.fixture
def client(make_client: MakeClient) -> SlsClient:
    return make_client()
