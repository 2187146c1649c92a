"""Both clients, with both signatures, against the stand-in; with `-m live` against a real project."""

import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest
import requests

from shared.settings import Endpoint, SignatureVersion
from shared.sls.client import new_session
from shared.sls.credentials import Credentials
from tests.contract.client_backends import PEER, Backend, OfficialBackend, OurBackend, refused_with
from tests.local.sls.server import StandInServer

BEGIN_UNIX = 1_700_000_000
VERSIONS: tuple[SignatureVersion, ...] = ("v1", "v4")
CLIENTS = [(client, version) for client in ("ours", "official") for version in VERSIONS]
LIVE = {
    name: f"REWIND_LIVE_{name.upper()}"
    for name in ("region", "project", "logstore", "access_key_id", "access_key_secret")
}
READY_WITHIN_S = 90.0


@dataclass(frozen=True, slots=True)
class Site:
    """Where the contract is held: a Logstore that holds data, and who may call.

    Attributes:
        url: Where our client connects.
        sdk_endpoint: What the official SDK puts the project before.
        host: The Host header of our client.
    """

    project: str
    logstore: str
    region: str
    url: str
    sdk_endpoint: str
    host: str
    credentials: Credentials

    def backend(self, client: str, version: SignatureVersion, session: requests.Session) -> Backend:
        """Return a client of this site."""
        if client == "ours":
            endpoint = Endpoint(self.url, self.host, self.region, version)
            return OurBackend(endpoint, self.credentials, session, self.logstore)
        key = self.credentials
        sdk = PEER.LogClient(
            self.sdk_endpoint,
            key.access_key_id,
            key.access_key_secret,
            key.security_token,
            auth_version=version,
            region=self.region,
        )
        return OfficialBackend(sdk, self.project, self.logstore)


def parameters() -> list[object]:
    here = [pytest.param(("stand-in", *client), id="-".join(client)) for client in CLIENTS]
    there = [
        pytest.param(("live", *client), id="-".join(("live", *client)), marks=pytest.mark.live) for client in CLIENTS
    ]
    return [*here, *there]


@pytest.fixture(params=parameters())
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    """A client of a Logstore that holds data."""
    # The official SDK heeds proxies of the environment.
    monkeypatch.setenv("NO_PROXY", "*")
    where, client, version = request.param
    site: Site = request.getfixturevalue("live_site" if where == "live" else "stand_in_site")
    with new_session(1) as session:
        yield site.backend(client, version, session)


@pytest.fixture
def stand_in_site(sls_server: StandInServer, loopback_names: str) -> Site:
    """The stand-in with two shards of 100 log groups, one a second."""
    made = {"project": "shop", "logstore": "orders", "shards": 2, "log_groups": 100, "begin_unix": BEGIN_UNIX}
    requests.post(f"{sls_server.url}/_local/logstores", json=made, timeout=10).raise_for_status()
    return Site(
        project="shop",
        logstore="orders",
        region=sls_server.region,
        url=sls_server.url,
        sdk_endpoint=f"http://{loopback_names}:{urlsplit(sls_server.url).port}",
        host=f"shop.{sls_server.region}.log.aliyuncs.com",
        credentials=Credentials(sls_server.access_key_id, sls_server.access_key_secret, None),
    )


@pytest.fixture
def journal_site(stand_in_site: Site, sls_server: StandInServer) -> Site:
    """The stand-in's journal: one shard, empty."""
    project, _, logstore = sls_server.journal.partition("/")
    return replace(
        stand_in_site, project=project, logstore=logstore, host=f"{project}.{sls_server.region}.log.aliyuncs.com"
    )


@pytest.fixture
def live_site() -> Site:
    """A real Logstore that holds data, named by REWIND_LIVE_… variables."""
    given = {name: os.environ.get(variable, "") for name, variable in LIVE.items()}
    missing = [variable for name, variable in LIVE.items() if not given[name]]
    if missing:
        pytest.fail(f"-m live needs {', '.join(LIVE.values())}; missing: {', '.join(missing)}", pytrace=False)
    endpoint = os.environ.get("REWIND_LIVE_ENDPOINT") or f"{given['region']}.log.aliyuncs.com"
    token = os.environ.get("REWIND_LIVE_SECURITY_TOKEN") or None
    return Site(
        project=given["project"],
        logstore=given["logstore"],
        region=given["region"],
        url=f"https://{given['project']}.{endpoint}",
        sdk_endpoint=f"https://{endpoint}",
        host=f"{given['project']}.{endpoint}",
        credentials=Credentials(given["access_key_id"], given["access_key_secret"], token),
    )


@pytest.fixture
def group(backend: Backend) -> Iterator[str]:
    """The name of a consumer group that exists during the test, timeout 60 s, in order."""
    name = f"rewind-contract-{uuid.uuid4().hex[:8]}"
    backend.create_group(name, timeout_s=60, in_order=True)
    ready_by = time.monotonic() + READY_WITHIN_S
    # A real SLS may take a while to know what it has just been told.
    while refused_with(lambda: backend.checkpoints(name)) == "ConsumerGroupNotExist" and time.monotonic() < ready_by:
        time.sleep(1.0)
    yield name
    if name in {found.name for found in backend.groups()}:
        backend.delete_group(name)
