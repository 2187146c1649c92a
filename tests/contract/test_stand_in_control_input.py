"""Bad input to the stand-in's control routes is told, all of it, and changes nothing."""

import http.client
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.local.sls.server import StandInServer

BEGIN_UNIX = 1_700_000_000
ORDERS = {"project": "shop", "logstore": "orders"}

Control = Callable[..., tuple[int, Any]]


@pytest.fixture
def control(sls_server: StandInServer) -> Control:
    def send(method: str, route: str, document: object = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(urlsplit(sls_server.url).netloc, timeout=10)
        connection.request(method, f"/_local/{route}", None if document is None else json.dumps(document))
        response = connection.getresponse()
        status, answer = response.status, json.loads(response.read())
        connection.close()
        return status, answer

    return send


@pytest.mark.parametrize(
    ("route", "document", "problem"),
    [
        ("logstores", {"logstore": "orders"}, "project: must be text"),
        ("logstores", {**ORDERS, "shards": 0}, "shards: must be an integer from 1 to 256"),
        ("logstores", {**ORDERS, "begin_unix": "now"}, "begin_unix: must be a number"),
        ("logstores", {**ORDERS, "log_groups": True}, "log_groups: must be an integer"),
        ("logstores", {**ORDERS, "shard": 4}, "shard: no such field"),
        ("logstores", [], "the body is not a JSON object"),
        ("append", {**ORDERS, "shard": 9, "count": 1}, "shard: orders has no shard 9"),
        ("append", {**ORDERS, "shard": 0, "count": 0}, "count: must be an integer from 1"),
        ("retention", {**ORDERS, "shard": 0}, "drop: must be an integer"),
        ("clock", {"unix": "now"}, "unix: must be a number"),
        ("clock", {"skew_s": None}, "skew_s: must be a number"),
        ("faults", {}, "the body is not a JSON list"),
        ("faults", [{"kind": "explode"}], "kind: must be one of error, reset, timeout, after_write, delay"),
        ("faults", [{"operation": "Rewind"}], "operation: must be one of *"),
        ("faults", [{"nth": 0}], "nth: must be an integer from 1"),
        ("switches", {"no_such": 1}, "no_such: no such switch"),
        ("switches", {"end_cursor_time": "never"}, "is not a value of this switch"),
        ("switches", {"misspelt_codes": 1}, "is not a value of this switch"),
    ],
)
def test_bad_control_input_is_told_and_changes_nothing(
    control: Control, sls_server: StandInServer, route: str, document: object, problem: str
) -> None:
    control("POST", "logstores", {**ORDERS, "shards": 1, "log_groups": 10, "begin_unix": BEGIN_UNIX})
    before = control("GET", "state?project=shop&logstore=orders"), sls_server.control("switches")

    status, answer = control("POST", route, document)

    assert status == 400
    assert problem in answer["error"]
    assert (control("GET", "state?project=shop&logstore=orders"), sls_server.control("switches")) == before


def test_every_problem_of_control_input_is_told_at_once(control: Control) -> None:
    _, answer = control("POST", "logstores", {"shards": 0, "ttl_days": 0})

    assert [problem.partition(":")[0] for problem in answer["error"].split("; ")] == [
        "project",
        "logstore",
        "shards",
        "ttl_days",
    ]


def test_unknown_logstores_and_routes_are_404(control: Control) -> None:
    assert control("GET", "state?project=shop&logstore=nothing")[0] == 404
    assert control("POST", "nothing", {})[0] == 404
    assert control("GET", "reset")[0] == 405


def test_bodies_that_are_not_json_are_400(sls_server: StandInServer) -> None:
    connection = http.client.HTTPConnection(urlsplit(sls_server.url).netloc, timeout=10)
    connection.request("POST", "/_local/faults", "not json")

    assert connection.getresponse().status == 400
    connection.close()
