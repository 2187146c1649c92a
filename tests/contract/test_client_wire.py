"""What our client puts on the wire means the same to SLS as what the official SDK does."""

from typing import Any

import pytest
import requests

from shared.settings import SignatureVersion
from shared.sls.client import new_session
from tests.contract.client_backends import Backend
from tests.contract.conftest import VERSIONS, Site

pytestmark = pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning")


def call_everything(backend: Backend) -> None:
    backend.create_group("billing", timeout_s=60, in_order=True)
    backend.update_group("billing", timeout_s=90)
    backend.groups()
    backend.shards()
    backend.ttl_days()
    cursor = backend.cursor(1, "begin")
    backend.cursor(1, 1_700_000_050)
    backend.cursor_time(1, cursor)
    backend.update_checkpoint("billing", 1, cursor)
    backend.checkpoints("billing")
    backend.delete_group("billing")


def said(site: Site) -> list[dict[str, Any]]:
    calls = requests.get(f"{site.url}/_local/requests", timeout=10).json()
    kept = ("operation", "method", "path", "status", "logstore", "shard", "consumer_group")
    # The official SDK spells booleans as Python does.
    queries = [{name: str(value).lower() for name, value in call["query"].items()} for call in calls]
    return [{key: call[key] for key in kept} | {"query": query} for call, query in zip(calls, queries, strict=True)]


@pytest.mark.parametrize("version", VERSIONS)
def test_both_clients_say_the_same(
    stand_in_site: Site, version: SignatureVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with new_session(1) as session:
        call_everything(stand_in_site.backend("ours", version, session))
        ours = said(stand_in_site)
        call_everything(stand_in_site.backend("official", version, session))

    assert said(stand_in_site) == ours * 2
    assert len(ours) == 11
