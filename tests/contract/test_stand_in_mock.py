"""The stand-in behind pytest-httpserver: as a fixture, a `with` block, a decorator; its failures fail the test."""

import http.client
from urllib.parse import urlsplit

import pytest

from tests.local.sls.caller import Caller
from tests.local.sls.mock import MockSls, mock_sls
from tests.local.sls.signing import Signer

GROUPS = "/logstores/orders/consumergroups"
ORDERS = {"project": "shop", "logstore": "orders"}


def caller_of(sls: MockSls) -> Caller:
    return Caller(sls.url, Signer(sls.access_key_id, sls.access_key_secret, sls.region))


def create(sls: MockSls) -> int:
    with caller_of(sls) as caller:
        return caller.call("POST", GROUPS, document={"consumerGroup": "g", "timeout": 30, "order": False}).status


def ask_for_machine_groups(sls: MockSls) -> int:
    with caller_of(sls) as caller:
        return caller.call("GET", "/machinegroups").status


def groups(sls: MockSls) -> int:
    return len(sls.control("state", project="shop", logstore="orders")["consumer_groups"])


def test_mock_serves_as_a_fixture(mock_sls: MockSls) -> None:
    mock_sls.control("logstores", ORDERS)

    assert create(mock_sls) == 200
    assert groups(mock_sls) == 1


def test_mock_serves_in_a_with_block() -> None:
    with mock_sls() as sls:
        sls.control("logstores", ORDERS)

        assert create(sls) == 200


@mock_sls()
def test_mock_serves_as_a_decorator(sls: MockSls) -> None:
    sls.control("logstores", ORDERS)

    assert create(sls) == 200


@mock_sls()
@pytest.mark.parametrize("number", [1, 2])
def test_a_decorated_test_keeps_its_own_arguments_and_starts_fresh(number: int, sls: MockSls) -> None:
    assert number in (1, 2)
    with caller_of(sls) as caller:
        assert caller.call("GET", GROUPS).error_code == "ProjectNotExist"


def test_mock_answers_as_the_stand_ins_own_server_does(mock_sls: MockSls) -> None:
    mock_sls.control("logstores", ORDERS)

    with caller_of(mock_sls) as caller:
        answer = caller.call("GET", GROUPS)

    assert (answer.status, answer.body) == (200, b"[]")
    assert answer.headers["server"] == "AliyunSLS"
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.headers["x-log-requestid"]) == 24


def test_mock_sends_empty_bodies_as_such(mock_sls: MockSls) -> None:
    mock_sls.control("logstores", ORDERS)

    with caller_of(mock_sls) as caller:
        answer = caller.call("POST", GROUPS, document={"consumerGroup": "g", "timeout": 30, "order": False})

    assert (answer.body, answer.headers["content-length"]) == (b"", "0")


def test_mock_serves_the_control_routes_over_http(mock_sls: MockSls) -> None:
    connection = http.client.HTTPConnection(urlsplit(mock_sls.url).netloc, timeout=10)
    connection.request("POST", "/_local/reset")

    assert connection.getresponse().status == 200
    connection.close()


def test_a_call_that_is_not_imitated_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="not imitated: GET /machinegroups"), mock_sls() as sls:
        ask_for_machine_groups(sls)


def test_a_failing_test_is_told_of_its_own_failure_first() -> None:
    with pytest.raises(LookupError, match="the test's own"), mock_sls() as sls:
        raise LookupError(f"the test's own, after {ask_for_machine_groups(sls)}")
