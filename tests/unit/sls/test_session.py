from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.sls.client import SlsClient
from tests.unit.sls.scripted_server import ScriptedServer, answer, refusal


def test_calls_share_one_connection_whatever_they_answer(server: ScriptedServer, client: SlsClient) -> None:
    server.play(answer([]), answer(), refusal("ServerBusy", status=503), answer([]), answer(b"{}"))

    client.list_shards("orders")
    client.delete_consumer_group("orders", "billing")
    client.list_shards("orders")
    client.delete_consumer_group("orders", "billing")

    assert server.connections == 1


def test_threads_need_no_more_connections_than_there_are_threads(server: ScriptedServer, client: SlsClient) -> None:
    server.play(*[answer([])] * 40)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(client.list_shards, ["orders"] * 40))

    assert server.connections <= 4
    assert len(client.sls_request_ids) == 40


def test_no_proxy_of_the_environment_is_used(
    server: ScriptedServer, client: SlsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(answer([]))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    assert client.list_shards("orders").value == ()


def test_no_netrc_replaces_the_signature(
    server: ScriptedServer, client: SlsClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server.play(answer([]))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    client.list_shards("orders")

    assert server.last.headers["authorization"].startswith("SLS4-HMAC-SHA256 Credential=LTAI-test/")


def test_no_cookie_is_kept(server: ScriptedServer, client: SlsClient) -> None:
    server.play(answer([], headers={"Set-Cookie": "a=b; Path=/"}), answer([]))

    client.list_shards("orders")
    client.list_shards("orders")

    assert "cookie" not in server.last.headers
