"""The stand-in's Logstores and their data: create, describe, put, pull."""

import base64
import zlib

import lz4.block
import pytest

from tests.local.sls.caller import Answer, Caller
from tests.local.sls.loggroups import encode_log_group, encode_log_group_list
from tests.local.sls.server import StandInServer

ORDERS = {"project": "shop", "logstore": "orders"}
SHARD = "/logstores/orders/shards/0"
PUT = "/logstores/orders/shards/lb"
ROUTE = "/logstores/orders/shards/route"
BEGIN_UNIX = 1_700_000_000
PROTOBUF = {"content-type": "application/x-protobuf"}
LOG_GROUP = encode_log_group(BEGIN_UNIX, [("kind", "started")])


@pytest.fixture
def caller(sls_server: StandInServer, sls_caller: Caller) -> Caller:
    sls_server.control("logstores", {**ORDERS, "shards": 1, "log_groups": 10, "begin_unix": BEGIN_UNIX})
    return sls_caller


def cursor(caller: Caller, start: str, path: str = SHARD) -> str:
    return str(caller.call("GET", path, query={"type": "cursor", "from": start}).json["cursor"])


def step(start: str, count: int) -> str:
    return base64.b64encode(str(int(base64.b64decode(start)) + count).encode()).decode()


def pull(caller: Caller, query: dict[str, str], encoding: str = "", method: str = "GET") -> Answer:
    return caller.call(method, SHARD, query={"type": "log", **query}, headers={"accept-encoding": encoding})


def put(caller: Caller, body: bytes, headers: dict[str, str] | None = None, path: str = PUT, key: str = "") -> Answer:
    query = {"key": key} if key else None
    return caller.call("POST", path, query=query, body=body, headers={**PROTOBUF, **(headers or {})})


def generated(n: int) -> bytes:
    return encode_log_group(BEGIN_UNIX + n, [("shard", "0"), ("n", str(n))])


def test_pull_gives_log_groups_from_the_cursor_on(caller: Caller) -> None:
    begin = cursor(caller, "begin")

    answer = pull(caller, {"cursor": step(begin, 2), "count": "3"})

    assert answer.body == encode_log_group_list([generated(2), generated(3), generated(4)])
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert answer.headers["x-log-cursor"] == step(begin, 5)
    assert answer.headers["x-log-count"] == "3"
    assert answer.headers["x-log-bodyrawsize"] == str(len(answer.body))
    assert answer.headers["x-log-end-of-cursor"] == "0"
    assert answer.headers["x-log-read-last-cursor"] == base64.b64decode(step(begin, 4)).decode()
    assert "x-log-compresstype" not in answer.headers


def test_pull_compresses_as_a_raw_lz4_block(caller: Caller) -> None:
    answer = pull(caller, {"cursor": cursor(caller, "begin")}, encoding="lz4")

    raw_size = int(answer.headers["x-log-bodyrawsize"])
    assert answer.headers["x-log-compresstype"] == "lz4"
    raw = lz4.block.decompress(answer.body, uncompressed_size=raw_size)
    assert raw == encode_log_group_list(generated(n) for n in range(10))


@pytest.mark.parametrize("encoding", ["", "identity", "gzip, deflate", "gzip, deflate, br, zstd"])
def test_pull_is_plain_for_who_does_not_ask_for_lz4(caller: Caller, encoding: str) -> None:
    answer = pull(caller, {"cursor": cursor(caller, "begin"), "count": "1"}, encoding)

    assert answer.body == encode_log_group_list([generated(0)])


def test_pull_deflates_on_request(caller: Caller) -> None:
    answer = pull(caller, {"cursor": cursor(caller, "begin"), "count": "1"}, "deflate")

    assert answer.headers["x-log-compresstype"] == "deflate"
    assert zlib.decompress(answer.body) == encode_log_group_list([generated(0)])


@pytest.mark.parametrize("encoding", ["", "lz4"])
def test_pull_at_the_end_gives_nothing_and_the_same_cursor(caller: Caller, encoding: str) -> None:
    end = cursor(caller, "end")

    answer = pull(caller, {"cursor": end}, encoding)

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["x-log-cursor"] == end
    assert (answer.headers["x-log-count"], answer.headers["x-log-bodyrawsize"]) == ("0", "0")
    assert answer.headers["x-log-end-of-cursor"] == "1"


def test_pull_stops_before_the_end_cursor(caller: Caller) -> None:
    begin = cursor(caller, "begin")

    answer = pull(caller, {"cursor": begin, "end_cursor": step(begin, 4)})

    assert (answer.headers["x-log-count"], answer.headers["x-log-cursor"]) == ("4", step(begin, 4))


def test_pull_takes_both_spellings_of_its_type(caller: Caller) -> None:
    query = {"type": "logs", "cursor": cursor(caller, "begin")}

    assert caller.call("GET", SHARD, query=query).headers["x-log-count"] == "10"


def test_pull_by_head_gives_the_headers_alone(caller: Caller) -> None:
    answer = pull(caller, {"cursor": cursor(caller, "begin")}, method="HEAD")

    assert (answer.body, answer.headers["x-log-cursor"]) == (b"", cursor(caller, "end"))


@pytest.mark.parametrize("count", ["1001", "-1", "many"])
def test_pull_refuses_a_count_outside_its_range(caller: Caller, count: str) -> None:
    answer = pull(caller, {"cursor": cursor(caller, "begin"), "count": count})

    assert (answer.status, answer.error_code) == (400, "ParameterInvalid")
    assert answer.json["errorMessage"] == "ParameterCount should be in [0-1000]."


def test_pull_of_an_expired_cursor_is_an_invalid_cursor(caller: Caller, sls_server: StandInServer) -> None:
    begin = cursor(caller, "begin")
    sls_server.control("retention", {**ORDERS, "shard": 0, "drop": 1})

    assert pull(caller, {"cursor": begin}).error_code == "InvalidCursor"


def test_pull_of_a_truncated_cursor_is_an_invalid_parameter(caller: Caller) -> None:
    assert pull(caller, {"cursor": cursor(caller, "begin")[:5]}).error_code == "ParameterInvalid"


def test_put_log_groups_are_pulled_as_they_were_sent_in_their_order(caller: Caller) -> None:
    end = cursor(caller, "end")
    second = encode_log_group(1, [("kind", "finished")])
    assert put(caller, LOG_GROUP).body == b""
    put(caller, second)

    assert pull(caller, {"cursor": end}).body == encode_log_group_list([LOG_GROUP, second])


@pytest.mark.parametrize("encoding", ["lz4", "deflate"])
def test_put_may_be_compressed(caller: Caller, encoding: str) -> None:
    end = cursor(caller, "end")
    packed = zlib.compress(LOG_GROUP) if encoding == "deflate" else lz4.block.compress(LOG_GROUP, store_size=False)
    put(caller, packed, {"x-log-compresstype": encoding, "x-log-bodyrawsize": str(len(LOG_GROUP))})

    assert pull(caller, {"cursor": end}).body == encode_log_group_list([LOG_GROUP])


def test_put_is_received_at_the_time_of_the_clock(caller: Caller, sls_server: StandInServer) -> None:
    end = cursor(caller, "end")
    sls_server.control("clock", {"unix": BEGIN_UNIX + 5000})
    put(caller, LOG_GROUP)

    answer = caller.call("GET", SHARD, query={"type": "cursor_time", "cursor": end})

    assert answer.json == {"cursor_time": BEGIN_UNIX + 5000}


def test_put_goes_to_every_writable_shard_in_turn(caller: Caller) -> None:
    caller.call("POST", SHARD, query={"action": "split"})
    for _ in range(4):
        put(caller, LOG_GROUP)

    counts = [
        pull_count(caller, shard, cursor(caller, "begin", f"/logstores/orders/shards/{shard}")) for shard in range(3)
    ]

    assert counts == [10, 2, 2]


def pull_count(caller: Caller, shard: int, start: str) -> int:
    answer = caller.call("GET", f"/logstores/orders/shards/{shard}", query={"type": "log", "cursor": start})
    return int(answer.headers["x-log-count"])


def test_put_by_hash_key_goes_to_the_shard_of_that_key(caller: Caller) -> None:
    caller.call("POST", SHARD, query={"action": "split"})
    put(caller, LOG_GROUP, path=ROUTE, key="F" * 32)

    assert pull_count(caller, 2, cursor(caller, "begin", "/logstores/orders/shards/2")) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"\xff", {}, 400, "PostBodyInvalid"),
        (LOG_GROUP[:-1], {}, 400, "PostBodyInvalid"),
        (LOG_GROUP, {"content-type": "application/json"}, 400, "InvalidContentType"),
        (LOG_GROUP, {"x-log-compresstype": "zstd"}, 400, "ParameterInvalid"),
        (LOG_GROUP, {"x-log-compresstype": "lz4", "x-log-bodyrawsize": "a"}, 400, "ParameterInvalid"),
        (LOG_GROUP, {"x-log-compresstype": "lz4", "x-log-bodyrawsize": "9"}, 400, "PostBodyUncompressError"),
        (LOG_GROUP, {"x-log-compresstype": "lz4", "x-log-bodyrawsize": "99999999999"}, 413, "PostBodyTooLarge"),
        (b"\x0a" * (10 * 1024 * 1024 + 1), {}, 413, "PostBodyTooLarge"),
    ],
    ids=["no-protobuf", "cut-off", "type", "zstd", "no-size", "wrong-size", "raw-size", "body-size"],
)
def test_put_refuses_what_is_no_log_group(
    caller: Caller, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    end = cursor(caller, "end")

    answer = put(caller, body, headers)

    assert (answer.status, answer.error_code) == (status, code)
    assert cursor(caller, "end") == end


def test_put_by_hash_key_needs_32_hex_digits(caller: Caller) -> None:
    assert put(caller, LOG_GROUP, path=ROUTE, key="abc").error_code == "ParameterInvalid"


def create(caller: Caller, document: object) -> Answer:
    return caller.call("POST", "/logstores", document=document)


def test_a_created_logstore_is_empty_and_described_as_asked(caller: Caller) -> None:
    create(caller, {"logstoreName": "audit", "ttl": 7, "shardCount": 1, "autoSplit": True})

    described = caller.call("GET", "/logstores/audit").json

    wanted = {"logstoreName": "audit", "ttl": 7, "shardCount": 1, "autoSplit": True, "maxSplitShard": 64}
    assert described == {**described, **wanted}
    audit = "/logstores/audit/shards/0"
    assert cursor(caller, "begin", audit) == cursor(caller, "end", audit)


def test_create_refuses_a_logstore_that_exists(caller: Caller) -> None:
    answer = create(caller, {"logstoreName": "orders", "ttl": 7, "shardCount": 1})

    assert (answer.status, answer.error_code) == (400, "LogStoreAlreadyExist")


@pytest.mark.parametrize("change", [{"ttl": 0}, {"ttl": 3651}, {"shardCount": 101}, {"logstoreName": ""}, {"ttl": "7"}])
def test_create_refuses_what_no_logstore_can_be(caller: Caller, change: dict[str, object]) -> None:
    answer = create(caller, {"logstoreName": "audit", "ttl": 7, "shardCount": 1, **change})

    assert (answer.status, answer.error_code) == (400, "LogStoreInfoInvalid")


def test_create_needs_a_project_that_exists(caller: Caller) -> None:
    caller.host = "nowhere.cn-local.log.local"

    assert create(caller, {"logstoreName": "audit", "ttl": 7, "shardCount": 1}).error_code == "ProjectNotExist"


def test_an_index_is_created_once(caller: Caller) -> None:
    path, document = "/logstores/orders/index", {"line": {"token": [","], "caseSensitive": False}}

    assert caller.call("POST", path, document=document).status == 200
    assert caller.call("POST", path, document=document).error_code == "IndexAlreadyExist"


def test_an_index_without_fields_is_refused(caller: Caller) -> None:
    assert caller.call("POST", "/logstores/orders/index", document={}).error_code == "IndexInfoInvalid"
