"""The stand-in's faults and its connections: errors, lost answers, delays; keep-alive."""

import socket
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.local.sls.caller import Caller
from tests.local.sls.mock import MockSls
from tests.local.sls.server import StandInServer
from tests.local.sls.signing import Signer

GROUPS = "/logstores/orders/consumergroups"
SHARDS = "/logstores/orders/shards"


@pytest.fixture
def caller(sls_server: StandInServer, sls_caller: Caller) -> Caller:
    sls_server.control("logstores", {"project": "shop", "logstore": "orders", "shards": 4})
    create(sls_caller)
    return sls_caller


def create(caller: Caller, name: str = "g") -> None:
    caller.call("POST", GROUPS, document={"consumerGroup": name, "timeout": 30, "order": False})


def list_groups(caller: Caller) -> int:
    return caller.call("GET", GROUPS).status


def write(caller: Caller, shard: int) -> int:
    document = {"shard": shard, "checkpoint": "MQ=="}
    query = {"type": "checkpoint", "forceSuccess": "true"}
    return caller.call("POST", f"{GROUPS}/g", query=query, document=document).status


def last_request(server: StandInServer) -> dict[str, Any]:
    return dict(server.control("requests")[-1])


def test_an_error_fault_answers_instead_of_acting(caller: Caller, sls_server: StandInServer) -> None:
    fault = {"operation": "CreateConsumerGroup", "kind": "error", "status": 503, "error_code": "ServerBusy"}
    sls_server.control("faults", [fault])

    answer = caller.call("POST", GROUPS, document={"consumerGroup": "h", "timeout": 30, "order": False})

    assert (answer.status, answer.error_code) == (503, "ServerBusy")
    assert answer.json["errorMessage"] == "The server is busy, please try again later."
    assert [group["name"] for group in caller.call("GET", GROUPS).json] == ["g"]
    assert len(answer.headers["x-log-requestid"]) == 24


def test_a_fault_has_the_documented_defaults(caller: Caller, sls_server: StandInServer) -> None:
    sls_server.control("faults", [{"kind": "error"}])

    answer = caller.call("GET", GROUPS)

    assert (answer.status, answer.error_code) == (500, "InternalServerError")
    assert list_groups(caller) == 200


def test_a_fault_hits_from_the_nth_matching_call_on(caller: Caller, sls_server: StandInServer) -> None:
    sls_server.control("faults", [{"operation": "ListConsumerGroup", "nth": 2, "times": 2}])

    statuses = []
    for _ in range(5):
        statuses.append(list_groups(caller))
        caller.call("GET", SHARDS)

    assert statuses == [200, 500, 500, 200, 200]


def test_a_new_list_of_faults_counts_anew(caller: Caller, sls_server: StandInServer) -> None:
    for _ in range(2):
        sls_server.control("faults", [{"operation": "*", "nth": 2}])
        assert [list_groups(caller), list_groups(caller)] == [200, 500]


def test_a_fault_may_name_the_shard_of_path_or_body(caller: Caller, sls_server: StandInServer) -> None:
    sls_server.control("faults", [{"shard": 2, "times": 9}])

    assert [write(caller, shard) for shard in range(4)] == [200, 200, 500, 200]
    begin = {"type": "cursor", "from": "begin"}
    looked_up = [caller.call("GET", f"{SHARDS}/{shard}", query=begin).status for shard in range(4)]
    assert looked_up == [200, 200, 500, 200]


def test_a_fault_may_name_the_logstore(caller: Caller, sls_server: StandInServer) -> None:
    sls_server.control("logstores", {"project": "shop", "logstore": "other"})
    sls_server.control("faults", [{"logstore": "other", "times": 9}])

    assert list_groups(caller) == 200
    assert caller.call("GET", "/logstores/other/consumergroups").status == 500


def test_the_first_fault_that_hits_acts_and_the_others_count(caller: Caller, sls_server: StandInServer) -> None:
    sls_server.control("faults", [{"status": 503}, {"status": 502, "nth": 2}, {"status": 500}])

    assert [list_groups(caller) for _ in range(3)] == [503, 502, 200]


def test_a_reset_cuts_the_connection_before_anything_happens(caller: Caller, sls_server: StandInServer) -> None:
    sls_server.control("faults", [{"operation": "UpdateCheckPoint", "kind": "reset"}])

    with pytest.raises(ConnectionResetError):
        write(caller, 0)
    caller.close()

    assert last_request(sls_server)["status"] is None
    assert caller.call("GET", f"{GROUPS}/g").json[0]["checkpoint"] == ""


def test_a_timeout_never_answers_and_holds_up_nobody_else(caller: Caller, sls_server: StandInServer) -> None:
    sls_server.control("faults", [{"operation": "UpdateCheckPoint", "kind": "timeout"}])

    with Caller(sls_server.url, caller.signer, timeout_s=0.2) as impatient:
        with pytest.raises(TimeoutError):
            write(impatient, 0)
        assert last_request(sls_server)["status"] is None
        assert caller.call("GET", f"{GROUPS}/g").json[0]["checkpoint"] == ""


def test_after_write_loses_the_answer_of_a_call_that_took_effect(caller: Caller, sls_server: StandInServer) -> None:
    sls_server.control("faults", [{"operation": "UpdateCheckPoint", "kind": "after_write"}])

    with pytest.raises(ConnectionResetError):
        write(caller, 0)
    caller.close()

    assert last_request(sls_server)["status"] is None
    assert caller.call("GET", f"{GROUPS}/g").json[0]["checkpoint"] == "MQ=="


def test_null_in_a_fault_is_as_if_it_were_not_given(caller: Caller, sls_server: StandInServer) -> None:
    nulls = {"logstore": None, "shard": None, "status": None, "error_code": None}
    sls_server.control("faults", [{"operation": "UpdateCheckPoint", "kind": "after_write", **nulls}])

    with pytest.raises(ConnectionResetError):
        write(caller, 0)


@pytest.mark.parametrize("given", [{"status": 500}, {"error_code": "InternalServerError"}])
def test_after_write_answers_with_the_error_that_was_given(
    caller: Caller, sls_server: StandInServer, given: dict[str, object]
) -> None:
    sls_server.control("faults", [{"operation": "UpdateCheckPoint", "kind": "after_write", **given}])

    assert write(caller, 0) == 500
    assert last_request(sls_server)["error_code"] == "InternalServerError"
    assert caller.call("GET", f"{GROUPS}/g").json[0]["checkpoint"] == "MQ=="


def test_a_delay_answers_as_ever_but_later(caller: Caller, sls_server: StandInServer) -> None:
    sls_server.control("faults", [{"kind": "delay", "delay_s": 0.2}])
    begun = time.monotonic()

    assert list_groups(caller) == 200
    assert time.monotonic() - begun >= 0.2


def test_a_delay_holds_up_nobody_else(caller: Caller, sls_server: StandInServer) -> None:
    sls_server.control("faults", [{"kind": "delay", "delay_s": 600}])
    with raw_connection(sls_server) as waiting:
        waiting.sendall(f"GET {GROUPS} HTTP/1.1\r\nHost: shop.a\r\n\r\n".encode())
        while sls_server.control("requests")[-1]["operation"] != "ListConsumerGroup":
            time.sleep(0.005)

        assert list_groups(caller) == 200


def test_an_error_waits_when_a_delay_is_given(caller: Caller, sls_server: StandInServer) -> None:
    sls_server.control("faults", [{"kind": "error", "delay_s": 0.2}])
    begun = time.monotonic()

    assert list_groups(caller) == 500
    assert time.monotonic() - begun >= 0.2


def raw_connection(server: StandInServer) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname, address.port), timeout=10)


def test_a_connection_is_kept_for_many_calls(sls_server: StandInServer) -> None:
    with raw_connection(sls_server) as connection, connection.makefile("rb") as received:
        for _ in range(3):
            connection.sendall(b"GET /_local/requests HTTP/1.1\r\nHost: a\r\n\r\n")
            assert received.readline() == b"HTTP/1.1 200 OK\r\n"
            headers = list(iter(received.readline, b"\r\n"))
            assert b"Connection: keep-alive\r\n" in headers
            assert received.read(2) == b"[]"


def test_a_connection_is_closed_on_request(sls_server: StandInServer) -> None:
    with raw_connection(sls_server) as connection, connection.makefile("rb") as received:
        connection.sendall(b"GET /_local/requests HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

        assert b"\r\nConnection: close\r\n" in received.read()


def test_a_body_may_be_sent_after_a_go_ahead(sls_server: StandInServer) -> None:
    with raw_connection(sls_server) as connection, connection.makefile("rb") as received:
        connection.sendall(
            b"POST /_local/faults HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert received.readline() == b"HTTP/1.1 100 Continue\r\n"
        received.readline()
        connection.sendall(b"[]")

        assert received.readline() == b"HTTP/1.1 200 OK\r\n"


def test_what_is_not_http_is_answered_400(sls_server: StandInServer) -> None:
    with raw_connection(sls_server) as connection, connection.makefile("rb") as received:
        connection.sendall(b"this is not HTTP\r\n\r\n")

        assert received.read().startswith(b"HTTP/1.1 400 ")


def test_a_closed_server_refuses_connections(sls_server: StandInServer) -> None:
    sls_server.close()
    sls_server.close()

    with pytest.raises(ConnectionRefusedError):
        raw_connection(sls_server)


@pytest.fixture
def mock_caller(mock_sls: MockSls) -> Any:  # noqa: ANN401 -- a generator fixture's type is its value's
    mock_sls.control("logstores", {"project": "shop", "logstore": "orders"})
    with Caller(mock_sls.url, Signer(mock_sls.access_key_id, mock_sls.access_key_secret)) as caller:
        yield caller


@pytest.mark.parametrize("kind", ["reset", "after_write"])
def test_the_mock_loses_answers_too(mock_caller: Caller, mock_sls: MockSls, kind: str) -> None:
    mock_sls.control("faults", [{"operation": "CreateConsumerGroup", "kind": kind}])

    with pytest.raises(ConnectionError):
        create(mock_caller)
    mock_caller.close()

    assert len(mock_caller.call("GET", GROUPS).json) == (1 if kind == "after_write" else 0)


def test_the_mock_can_stay_silent_too(mock_caller: Caller, mock_sls: MockSls) -> None:
    mock_sls.control("faults", [{"kind": "timeout"}])

    with Caller(mock_sls.url, mock_caller.signer, timeout_s=0.2) as impatient, pytest.raises(TimeoutError):
        list_groups(impatient)

    assert list_groups(mock_caller) == 200
