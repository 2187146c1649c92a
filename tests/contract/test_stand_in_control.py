"""The stand-in's control routes, over HTTP and to the letter."""

import base64
import http.client
import json
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.local.sls.caller import Caller
from tests.local.sls.server import StandInServer

GROUPS = "/logstores/orders/consumergroups"
SHARDS = "/logstores/orders/shards"
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


def decoded(cursor: str) -> int:
    return int(base64.b64decode(cursor))


def cursor(caller: Caller, start: object, shard: int = 0) -> str:
    answer = caller.call("GET", f"{SHARDS}/{shard}", query={"type": "cursor", "from": str(start)})
    return str(answer.json["cursor"])


def cursor_time(caller: Caller, at: str, shard: int = 0) -> int:
    answer = caller.call("GET", f"{SHARDS}/{shard}", query={"type": "cursor_time", "cursor": at})
    return int(answer.json["cursor_time"])


def test_logstores_makes_shards_with_log_groups_at_even_distances(control: Control, sls_caller: Caller) -> None:
    document = {**ORDERS, "shards": 2, "log_groups": 10, "begin_unix": BEGIN_UNIX, "interval_s": 60}

    assert control("POST", "logstores", document) == (200, {})

    begin, fifth, end = (cursor(sls_caller, at, shard=1) for at in ("begin", BEGIN_UNIX + 5 * 60, "end"))
    assert (decoded(fifth) - decoded(begin), decoded(end) - decoded(begin)) == (5, 10)
    assert cursor_time(sls_caller, fifth, shard=1) == BEGIN_UNIX + 300


def test_logstores_has_the_documented_defaults(control: Control, sls_caller: Caller) -> None:
    control("POST", "logstores", ORDERS)

    _, state = control("GET", "state?project=shop&logstore=orders")
    shard = state["shards"][3]
    assert len(state["shards"]) == 4
    assert decoded(shard["end"]) - decoded(shard["begin"]) == 1000
    assert abs(cursor_time(sls_caller, shard["end"], shard=3) - time.time()) < 60
    assert sls_caller.call("GET", "/logstores/orders").json["ttl"] == 30


def test_logstores_replaces_one_of_the_same_name(control: Control, sls_caller: Caller) -> None:
    control("POST", "logstores", ORDERS)
    sls_caller.call("POST", GROUPS, document={"consumerGroup": "g", "timeout": 30, "order": False})
    control("POST", "logstores", {**ORDERS, "shards": 1})

    _, state = control("GET", "state?project=shop&logstore=orders")
    assert (len(state["shards"]), state["consumer_groups"]) == (1, {})


def test_a_million_log_groups_in_256_shards_cost_nothing(control: Control, sls_caller: Caller) -> None:
    document = {**ORDERS, "shards": 256, "log_groups": 1_000_000, "begin_unix": BEGIN_UNIX}
    control("POST", "logstores", document)

    at = cursor(sls_caller, BEGIN_UNIX + 999_999, shard=255)

    pulled = sls_caller.call("GET", f"{SHARDS}/255", query={"type": "log", "cursor": at})
    assert b"\x06999999" in pulled.body


def test_append_adds_log_groups_at_one_instant(control: Control, sls_caller: Caller) -> None:
    control("POST", "logstores", {**ORDERS, "shards": 1, "log_groups": 0})
    appended = {**ORDERS, "shard": 0, "count": 3, "at_unix": BEGIN_UNIX}

    assert control("POST", "append", appended) == (200, {})

    assert decoded(cursor(sls_caller, "end")) - decoded(cursor(sls_caller, BEGIN_UNIX)) == 3
    assert cursor(sls_caller, BEGIN_UNIX + 1) == cursor(sls_caller, "end")


def test_retention_drops_the_oldest_log_groups(control: Control, sls_caller: Caller) -> None:
    control("POST", "logstores", {**ORDERS, "shards": 1, "log_groups": 10, "begin_unix": BEGIN_UNIX})
    begin = cursor(sls_caller, "begin")

    assert control("POST", "retention", {**ORDERS, "shard": 0, "drop": 4}) == (200, {})

    assert decoded(cursor(sls_caller, "begin")) == decoded(begin) + 4
    assert cursor(sls_caller, BEGIN_UNIX) == cursor(sls_caller, "begin")


def test_retention_of_more_than_there_is_leaves_an_empty_shard(control: Control, sls_caller: Caller) -> None:
    control("POST", "logstores", {**ORDERS, "shards": 1, "log_groups": 10})
    control("POST", "retention", {**ORDERS, "shard": 0, "drop": 11})

    assert cursor(sls_caller, "begin") == cursor(sls_caller, "end")


def test_clock_is_the_time_of_checkpoints_and_appended_data(control: Control, sls_caller: Caller) -> None:
    control("POST", "logstores", {**ORDERS, "shards": 1, "log_groups": 0})
    control("POST", "clock", {"unix": BEGIN_UNIX})
    control("POST", "append", {**ORDERS, "shard": 0, "count": 1})
    sls_caller.call("POST", GROUPS, document={"consumerGroup": "g", "timeout": 30, "order": False})
    written = {"shard": 0, "checkpoint": cursor(sls_caller, "end")}
    sls_caller.call("POST", f"{GROUPS}/g", query={"type": "checkpoint", "forceSuccess": "true"}, document=written)

    (stored,) = sls_caller.call("GET", f"{GROUPS}/g").json
    assert stored["updateTime"] == BEGIN_UNIX * 1_000_000
    assert cursor_time(sls_caller, cursor(sls_caller, "begin")) == BEGIN_UNIX


def test_clock_does_not_move_the_servers_own_watch(control: Control, sls_caller: Caller) -> None:
    control("POST", "logstores", ORDERS)
    control("POST", "clock", {"unix": BEGIN_UNIX})

    answer = sls_caller.call("GET", GROUPS)

    assert abs(int(answer.headers["x-log-time"]) - time.time()) < 60


def test_clock_skew_moves_date_and_window(control: Control, sls_caller: Caller) -> None:
    control("POST", "logstores", ORDERS)
    control("POST", "clock", {"skew_s": 3600})

    answer = sls_caller.call("GET", GROUPS)

    assert (answer.status, answer.error_code) == (400, "RequestTimeExpired")
    shown = int(answer.headers["x-log-time"])
    assert 3500 < shown - time.time() < 3700
    assert abs(parsedate_to_datetime(answer.headers["date"]).timestamp() - shown) < 2


def test_clock_set_beyond_the_ttl_expires_data(control: Control, sls_caller: Caller) -> None:
    control("POST", "logstores", {**ORDERS, "shards": 1, "log_groups": 10, "begin_unix": BEGIN_UNIX, "ttl_days": 7})
    begin = decoded(cursor(sls_caller, "begin"))

    control("POST", "clock", {"unix": BEGIN_UNIX + 7 * 86_400 + 3})

    assert decoded(cursor(sls_caller, "begin")) == begin + 3


def test_requests_tells_every_sls_call_and_no_control_call(control: Control, sls_caller: Caller) -> None:
    control("POST", "logstores", ORDERS)
    written = {"shard": 2, "checkpoint": "MQ=="}
    sls_caller.call("POST", f"{GROUPS}/g", query={"type": "checkpoint"}, document=written)

    _, (entry,) = control("GET", "requests")

    assert abs(entry.pop("unix") - time.time()) < 60
    assert entry == {
        "operation": "UpdateCheckPoint",
        "method": "POST",
        "path": f"{GROUPS}/g",
        "query": {"type": "checkpoint"},
        "status": 404,
        "error_code": "ConsumerGroupNotExist",
        "logstore": "orders",
        "shard": 2,
        "consumer_group": "g",
    }


def test_requests_tells_a_success_without_error_code(control: Control, sls_caller: Caller) -> None:
    control("POST", "logstores", ORDERS)
    sls_caller.call("GET", SHARDS)

    _, (entry,) = control("GET", "requests")

    assert (entry["operation"], entry["status"], entry["error_code"]) == ("ListShards", 200, None)
    assert (entry["shard"], entry["consumer_group"]) == (None, None)


def test_requests_tells_calls_that_are_no_operation(control: Control, sls_caller: Caller) -> None:
    sls_caller.call("GET", "/machinegroups")

    _, (entry,) = control("GET", "requests")
    assert (entry["operation"], entry["status"], entry["error_code"]) == (None, 405, "InvalidMethod")


def test_state_tells_shards_and_groups(control: Control, sls_caller: Caller) -> None:
    control("POST", "logstores", {**ORDERS, "shards": 1})
    control("POST", "clock", {"unix": BEGIN_UNIX})
    sls_caller.call("POST", GROUPS, document={"consumerGroup": "g", "timeout": 30, "order": True})
    sls_caller.call("POST", f"{GROUPS}/g", query={"type": "heartbeat", "consumer": "c"}, document=[])
    end = cursor(sls_caller, "end")
    written = {"shard": 0, "checkpoint": end}
    sls_caller.call("POST", f"{GROUPS}/g", query={"type": "checkpoint", "consumer": "c"}, document=written)

    status, state = control("GET", "state?project=shop&logstore=orders")

    checkpoint = {"checkpoint": end, "update_time": BEGIN_UNIX * 1_000_000, "consumer": "c"}
    assert (status, state) == (
        200,
        {
            "shards": [{"shard": 0, "status": "readwrite", "begin": cursor(sls_caller, "begin"), "end": end}],
            "consumer_groups": {"g": {"timeout": 30, "order": True, "checkpoints": {"0": checkpoint}}},
        },
    )


def test_reset_forgets_everything_but_an_empty_journal(
    control: Control, sls_server: StandInServer, sls_caller: Caller
) -> None:
    project, journal = sls_server.journal.split("/")
    control("POST", "logstores", ORDERS)
    control("POST", "append", {"project": project, "logstore": journal, "shard": 0, "count": 5})
    control("POST", "faults", [{"kind": "error"}])
    control("POST", "clock", {"unix": BEGIN_UNIX, "skew_s": 3600})
    control("POST", "switches", {"end_cursor_time": "now"})
    sls_caller.call("GET", GROUPS)

    assert control("POST", "reset") == (200, {})

    assert control("GET", "requests") == (200, [])
    assert sls_caller.call("GET", GROUPS).error_code == "ProjectNotExist"
    assert control("GET", "switches")[1]["end_cursor_time"] == "last"
    _, state = control("GET", f"state?project={project}&logstore={journal}")
    assert [shard["begin"] == shard["end"] for shard in state["shards"]] == [True]


def test_the_journal_has_one_shard_that_never_splits(sls_server: StandInServer, sls_caller: Caller) -> None:
    project, journal = sls_server.journal.split("/")
    sls_caller.host = f"{project}.cn-local.log.local"

    logstore = sls_caller.call("GET", f"/logstores/{journal}").json

    assert (logstore["shardCount"], logstore["autoSplit"]) == (1, False)
