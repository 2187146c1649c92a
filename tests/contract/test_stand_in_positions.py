"""The stand-in's shards and positions: lookups by time, clamping, retention, split and merge."""

import base64
from typing import Any

import pytest

from tests.local.sls.caller import Answer, Caller
from tests.local.sls.server import StandInServer

SHARDS = "/logstores/orders/shards"
ORDERS = {"project": "shop", "logstore": "orders"}
BEGIN_UNIX = 1_700_000_000
DAY_S = 86_400


@pytest.fixture
def caller(sls_server: StandInServer, sls_caller: Caller) -> Caller:
    described = {**ORDERS, "shards": 2, "log_groups": 10, "begin_unix": BEGIN_UNIX, "interval_s": 10}
    sls_server.control("logstores", described)
    return sls_caller


def look_up(caller: Caller, start: object, shard: int = 0) -> Answer:
    return caller.call("GET", f"{SHARDS}/{shard}", query={"type": "cursor", "from": str(start)})


def position(caller: Caller, start: object, shard: int = 0) -> int:
    return int(base64.b64decode(look_up(caller, start, shard).json["cursor"]))


def ask_time(caller: Caller, at: int | str, shard: int = 0) -> Answer:
    text = at if isinstance(at, str) else base64.b64encode(str(at).encode()).decode()
    return caller.call("GET", f"{SHARDS}/{shard}", query={"type": "cursor_time", "cursor": text})


def split(caller: Caller, shard: int, **query: str) -> Answer:
    return caller.call("POST", f"{SHARDS}/{shard}", query={"action": "split", **query})


def merge(caller: Caller, shard: int) -> Answer:
    return caller.call("POST", f"{SHARDS}/{shard}", query={"action": "merge"})


def ids_and_status(shards: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(shard["shardID"], shard["status"]) for shard in shards]


def test_get_cursor_answers_padded_base64_of_a_decimal_in_compact_json(caller: Caller) -> None:
    answer = look_up(caller, "begin")

    assert len(answer.body) == 41
    assert len(base64.b64decode(answer.json["cursor"], validate=True)) == 19


@pytest.mark.parametrize(
    ("offset_s", "expected"),
    [(-1, 0), (0, 0), (1, 1), (10, 1), (11, 2), (90, 9), (91, 10), (10 * DAY_S, 10)],
)
def test_get_cursor_gives_the_first_log_group_received_at_that_time_or_later(
    caller: Caller, offset_s: int, expected: int
) -> None:
    assert position(caller, BEGIN_UNIX + offset_s) - position(caller, "begin") == expected


def test_get_cursor_clamps_a_time_before_begin(caller: Caller) -> None:
    assert look_up(caller, 1).json == look_up(caller, "begin").json


def test_get_cursor_clamps_a_time_after_end(caller: Caller) -> None:
    assert look_up(caller, 9_999_999_999).json == look_up(caller, "end").json


def test_begin_of_an_empty_shard_is_its_end(caller: Caller, sls_server: StandInServer) -> None:
    sls_server.control("logstores", {**ORDERS, "log_groups": 0})

    assert look_up(caller, "begin").json == look_up(caller, "end").json == look_up(caller, BEGIN_UNIX).json


def test_receive_times_below_a_second_count_as_the_second_they_fall_in(
    caller: Caller, sls_server: StandInServer
) -> None:
    sls_server.control("logstores", {**ORDERS, "log_groups": 10, "begin_unix": BEGIN_UNIX, "interval_s": 0.3})

    found = position(caller, BEGIN_UNIX + 1)

    assert found - position(caller, "begin") == 4
    assert ask_time(caller, found).json == {"cursor_time": BEGIN_UNIX + 1}


def test_time_lookups_work_across_runs_with_gaps(caller: Caller, sls_server: StandInServer) -> None:
    end = position(caller, "end")
    for at_unix in (BEGIN_UNIX + 1000, BEGIN_UNIX + 2000):
        sls_server.control("append", {**ORDERS, "shard": 0, "count": 3, "at_unix": at_unix})

    assert position(caller, BEGIN_UNIX + 91) == position(caller, BEGIN_UNIX + 1000) == end
    assert position(caller, BEGIN_UNIX + 1001) == end + 3
    assert ask_time(caller, end + 5).json == {"cursor_time": BEGIN_UNIX + 2000}


def test_shards_number_their_log_groups_from_different_positions(caller: Caller) -> None:
    begin, end = position(caller, "begin", 1), position(caller, "end", 1)

    assert not begin <= position(caller, "begin", 0) <= end
    assert ask_time(caller, begin, shard=0).error_code == "InvalidCursor"


@pytest.mark.parametrize("start", ["", "yesterday", "-5", "1.5", "BEGIN"])
def test_get_cursor_refuses_what_is_no_time(caller: Caller, start: str) -> None:
    answer = look_up(caller, start)

    assert (answer.status, answer.error_code) == (400, "ParameterInvalid")
    assert answer.json["errorMessage"] == "Parameter From is not valid"


@pytest.mark.parametrize(
    "query",
    [{"type": "cursor", "from": "begin"}, {"type": "cursor_time", "cursor": "MQ=="}, {"type": "log", "cursor": "MQ=="}],
    ids=["cursor", "cursor_time", "log"],
)
def test_reading_a_missing_shard_is_400(caller: Caller, query: dict[str, str]) -> None:
    answer = caller.call("GET", f"{SHARDS}/9", query=query)

    assert (answer.status, answer.error_code) == (400, "ShardNotExist")
    assert answer.json["errorMessage"] == "Shard 9 does not exist"


def test_a_shard_that_is_no_number_is_refused(caller: Caller) -> None:
    answer = caller.call("GET", f"{SHARDS}/first", query={"type": "cursor", "from": "begin"})

    assert (answer.status, answer.error_code) == (400, "ParameterInvalid")


@pytest.mark.parametrize(("query", "code"), [({}, "MissingParameter"), ({"type": "rewind"}, "ParameterInvalid")])
def test_a_shard_call_without_a_known_type_is_refused(caller: Caller, query: dict[str, str], code: str) -> None:
    assert caller.call("GET", f"{SHARDS}/0", query=query).error_code == code


def test_cursor_time_is_the_receive_time_of_the_log_group_at_the_cursor(caller: Caller) -> None:
    answer = ask_time(caller, position(caller, "begin") + 3)

    assert answer.body == b'{"cursor_time":1700000030}'


def test_cursor_time_of_the_end_is_the_last_receive_time(caller: Caller) -> None:
    assert ask_time(caller, position(caller, "end")).json == {"cursor_time": BEGIN_UNIX + 90}


def test_cursor_time_of_an_empty_shard_is_now(caller: Caller, sls_server: StandInServer) -> None:
    sls_server.control("retention", {**ORDERS, "shard": 0, "drop": 10})
    sls_server.control("clock", {"unix": BEGIN_UNIX + 500})

    assert ask_time(caller, position(caller, "begin")).json == {"cursor_time": BEGIN_UNIX + 500}


@pytest.mark.parametrize("beside", [-1, 11])
def test_cursor_time_outside_what_is_kept_is_an_invalid_cursor(caller: Caller, beside: int) -> None:
    answer = ask_time(caller, position(caller, "begin") + beside)

    assert (answer.status, answer.error_code) == (400, "InvalidCursor")


def test_cursor_time_of_an_expired_cursor_is_an_invalid_cursor(caller: Caller, sls_server: StandInServer) -> None:
    begin = position(caller, "begin")
    sls_server.control("retention", {**ORDERS, "shard": 0, "drop": 3})

    assert ask_time(caller, begin + 2).error_code == "InvalidCursor"
    assert ask_time(caller, begin + 3).json == {"cursor_time": BEGIN_UNIX + 30}


@pytest.mark.parametrize("cursor", ["!", "V0hBVFRIRlVDSw==", ""])
def test_a_malformed_cursor_is_refused_by_name(caller: Caller, cursor: str) -> None:
    answer = ask_time(caller, cursor)

    assert (answer.status, answer.error_code) == (400, "ParameterInvalid")
    assert answer.json["errorMessage"] == f"Invalid cursor {cursor}."


def test_a_cursor_may_lack_padding_or_end_in_a_newline(caller: Caller) -> None:
    cursor = look_up(caller, "begin").json["cursor"]

    for variant in (cursor.rstrip("="), f"{cursor}\n"):
        assert ask_time(caller, variant).json == {"cursor_time": BEGIN_UNIX}


def test_list_shards_shares_out_the_key_space(caller: Caller) -> None:
    first, second = caller.call("GET", SHARDS).json

    assert first.keys() == {"shardID", "status", "inclusiveBeginKey", "exclusiveEndKey", "createTime"}
    assert first["inclusiveBeginKey"] == "0" * 32
    assert first["exclusiveEndKey"] == second["inclusiveBeginKey"] == "8" + "0" * 31
    assert second["exclusiveEndKey"] == "f" * 32


def test_split_cuts_at_the_key_and_leaves_the_parent_readonly(caller: Caller) -> None:
    parent, left, right = split(caller, 0, key="2" + "0" * 31).json

    assert ids_and_status([parent, left, right]) == [(0, "readonly"), (2, "readwrite"), (3, "readwrite")]
    assert left["exclusiveEndKey"] == right["inclusiveBeginKey"] == "2" + "0" * 31
    assert right["exclusiveEndKey"] == parent["exclusiveEndKey"]


def test_split_without_a_key_cuts_evenly(caller: Caller) -> None:
    _, *children = split(caller, 0, shardCount="4").json

    assert [child["inclusiveBeginKey"][0] for child in children] == ["0", "2", "4", "6"]


def test_a_split_shard_can_still_be_read(caller: Caller) -> None:
    split(caller, 0, key="2" + "0" * 31)

    assert ask_time(caller, position(caller, BEGIN_UNIX + 50)).json == {"cursor_time": BEGIN_UNIX + 50}


@pytest.mark.parametrize(
    ("shard", "key", "message"),
    [
        (0, "9" + "0" * 31, "invalid mid hash."),
        (0, "0" * 32, "invalid mid hash."),
        (0, "short", "invalid mid hash."),
        (9, "2" + "0" * 31, "invalid shard id."),
    ],
)
def test_split_refuses_keys_outside_and_shards_that_are_not_there(
    caller: Caller, shard: int, key: str, message: str
) -> None:
    answer = split(caller, shard, key=key)

    assert (answer.status, answer.error_code) == (400, "ParameterInvalid")
    assert answer.json["errorMessage"] == message


def test_a_readonly_shard_does_not_split_again(caller: Caller) -> None:
    split(caller, 0)

    assert split(caller, 0).json["errorMessage"] == "invalid shard id."


def test_merge_joins_a_shard_with_its_right_neighbour(caller: Caller) -> None:
    child, left, right = merge(caller, 0).json

    assert ids_and_status([child, left, right]) == [(2, "readwrite"), (0, "readonly"), (1, "readonly")]
    assert (child["inclusiveBeginKey"], child["exclusiveEndKey"]) == ("0" * 32, "f" * 32)


def test_merge_of_the_last_shard_is_refused(caller: Caller) -> None:
    answer = merge(caller, 1)

    assert (answer.status, answer.error_code) == (400, "ParameterInvalid")
    assert answer.json["errorMessage"] == "can not merge the last shard."
