"""Each switch turns what the references leave open."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.local import sls
from tests.local.sls.caller import Answer, Caller
from tests.local.sls.loggroups import encode_log_group
from tests.local.sls.server import StandInServer

ORDERS = {"project": "shop", "logstore": "orders"}
GROUPS = "/logstores/orders/consumergroups"
GROUP = f"{GROUPS}/g"
SHARDS = "/logstores/orders/shards"
NOW = 1_700_000_000

Switch = Callable[..., None]


@pytest.fixture
def switch(sls_server: StandInServer) -> Switch:
    def turn(**values: object) -> None:
        sls_server.control("switches", values)

    return turn


@pytest.fixture
def caller(sls_server: StandInServer, sls_caller: Caller) -> Caller:
    sls_server.control("clock", {"unix": NOW})
    sls_server.control("logstores", {**ORDERS, "shards": 2, "log_groups": 10, "begin_unix": NOW - 100})
    sls_caller.call("POST", GROUPS, document={"consumerGroup": "g", "timeout": 30, "order": False})
    return sls_caller


def write(caller: Caller, checkpoint: str = "MQ==", shard: int = 0, **query: str) -> Answer:
    document = {"shard": shard, "checkpoint": checkpoint}
    return caller.call("POST", GROUP, query={"type": "checkpoint", **query}, document=document)


def force(caller: Caller, checkpoint: str = "MQ==", consumer: str = "", shard: int = 0) -> Answer:
    return write(caller, checkpoint, shard, forceSuccess="true", consumer=consumer)


def beat(caller: Caller, consumer: str) -> Answer:
    return caller.call("POST", GROUP, query={"type": "heartbeat", "consumer": consumer}, document=[])


def stored(caller: Caller) -> dict[str, Any]:
    return dict(caller.call("GET", GROUP).json[0])


def cursor(caller: Caller, start: str, shard: int = 0) -> str:
    return str(caller.call("GET", f"{SHARDS}/{shard}", query={"type": "cursor", "from": start}).json["cursor"])


def outcome(answer: Answer) -> tuple[int, str | None]:
    return answer.status, answer.error_code


def test_every_switch_is_told_with_its_value(sls_server: StandInServer, switch: Switch) -> None:
    before = sls_server.control("switches")
    switch(misspelt_codes=True)

    assert sls_server.control("switches") == {**before, "misspelt_codes": True}


def test_every_switch_is_explained(sls_server: StandInServer) -> None:
    readme = Path(sls.__file__).with_name("README.md").read_text(encoding="utf-8")
    folded = readme.replace("`..._status`", "`unforced_without_consumer_status`")

    assert [name for name in sls_server.control("switches") if f"`{name}`" not in folded] == []


def test_checkpoint_values_in_range_refuses_positions_of_other_shards(caller: Caller, switch: Switch) -> None:
    switch(checkpoint_values="in_range")

    assert force(caller, cursor(caller, "end", shard=1)).error_code == "InvalidShardCheckPoint"
    assert force(caller, cursor(caller, "end")).status == 200


def test_an_expired_consumer_may_stay_named(caller: Caller, sls_server: StandInServer, switch: Switch) -> None:
    switch(clear_expired_consumer=False)
    beat(caller, "a")
    sls_server.control("clock", {"unix": NOW + 31})

    assert stored(caller)["consumer"] == "a"


def test_the_group_quota_and_its_status_turn(caller: Caller, switch: Switch) -> None:
    switch(consumer_group_quota=1, consumer_group_quota_status=400)

    answer = caller.call("POST", GROUPS, document={"consumerGroup": "h", "timeout": 30, "order": False})

    assert outcome(answer) == (400, "ConsumerGroupQuotaExceed")


def test_the_status_of_a_consumer_that_holds_nothing_turns(caller: Caller, switch: Switch) -> None:
    switch(consumer_not_match_status=403)
    beat(caller, "a")
    beat(caller, "b")

    assert outcome(write(caller, consumer="b")) == (403, "ConsumerNotMatch")


def test_the_statuses_of_a_missing_shard_turn(caller: Caller, switch: Switch) -> None:
    switch(cursor_shard_status=404, checkpoint_shard_status=400)

    looked_up = caller.call("GET", f"{SHARDS}/9", query={"type": "cursor", "from": "begin"})

    assert outcome(looked_up) == (404, "ShardNotExist")
    assert outcome(force(caller, shard=9)) == (400, "ShardNotExist")


def test_deleting_a_missing_group_may_succeed(caller: Caller, switch: Switch) -> None:
    switch(delete_missing_group="accept")

    assert caller.call("DELETE", f"{GROUPS}/nobody").status == 200


def test_an_empty_checkpoint_may_clear(caller: Caller, switch: Switch) -> None:
    switch(empty_checkpoint="clear")
    force(caller)

    assert force(caller, "").status == 200
    assert stored(caller)["checkpoint"] == ""


def test_the_end_cursor_may_tell_the_present_time(caller: Caller, switch: Switch) -> None:
    switch(end_cursor_time="now")

    answer = caller.call("GET", f"{SHARDS}/0", query={"type": "cursor_time", "cursor": cursor(caller, "end")})

    assert answer.json == {"cursor_time": NOW}


def test_a_forced_write_of_a_stranger_may_be_refused(caller: Caller, switch: Switch) -> None:
    switch(forced_unknown_consumer="refuse")

    assert outcome(force(caller, consumer="stranger")) == (404, "ConsumerNotExist")
    assert force(caller).status == 200


@pytest.mark.parametrize(("value", "consumer"), [("set", "stranger"), ("clear", ""), ("keep", "a")])
def test_a_forced_write_may_change_the_named_consumer(
    caller: Caller, switch: Switch, value: str, consumer: str
) -> None:
    switch(forced_write_consumer=value)
    beat(caller, "a")
    force(caller, consumer="stranger")

    assert stored(caller)["consumer"] == consumer


def test_a_forced_write_may_leave_the_update_time(caller: Caller, switch: Switch) -> None:
    switch(forced_write_updates_time=False)
    force(caller)

    assert (stored(caller)["checkpoint"], stored(caller)["updateTime"]) == ("MQ==", 0)


def test_the_status_of_an_invalid_cursor_turns(caller: Caller, switch: Switch) -> None:
    switch(invalid_cursor_status=416)

    answer = caller.call("GET", f"{SHARDS}/0", query={"type": "cursor_time", "cursor": "MQ=="})

    assert outcome(answer) == (416, "InvalidCursor")


def test_shards_may_be_listed_out_of_order(caller: Caller, switch: Switch) -> None:
    switch(list_shards_order="rotated")

    assert [shard["shardID"] for shard in caller.call("GET", SHARDS).json] == [1, 0]


def test_redundant_logstore_keys_may_be_refused(caller: Caller, switch: Switch) -> None:
    switch(logstore_redundant_keys="refuse")
    known = {"logstoreName": "audit", "ttl": 7, "shardCount": 1, "autoSplit": False}

    answer = caller.call("POST", "/logstores", document={**known, "processorId": "p"})

    assert outcome(answer) == (400, "LogStoreInfoInvalid")
    assert answer.json["errorMessage"] == "redundant key exist in json"
    assert caller.call("POST", "/logstores", document=known).status == 200


def test_codes_may_be_misspelt_as_the_go_sdk_expects(caller: Caller, switch: Switch) -> None:
    switch(misspelt_codes=True)

    assert write(caller, consumer="stranger").error_code == "ConsumerNotExsit"
    assert force(caller, shard=9).error_code == "ShardNotExsit"


def test_shards_never_checkpointed_may_be_absent(caller: Caller, switch: Switch) -> None:
    switch(never_checkpointed="absent")
    force(caller, shard=1)

    assert [entry["shard"] for entry in caller.call("GET", GROUP).json] == [1]


def test_a_new_logstore_may_need_a_while(caller: Caller, switch: Switch) -> None:
    switch(new_logstore_ready_after_s=0.1)
    caller.call("POST", "/logstores", document={"logstoreName": "audit", "ttl": 7, "shardCount": 1})

    assert caller.call("GET", "/logstores/audit").error_code == "LogStoreNotExist"
    while caller.call("GET", "/logstores/audit").status != 200:
        time.sleep(0.01)


def test_put_logs_may_show_late(caller: Caller, switch: Switch) -> None:
    switch(put_logs_visible_after_s=600)
    begin = {"type": "log", "cursor": cursor(caller, "begin")}
    group, protobuf = encode_log_group(NOW, [("a", "b")]), {"content-type": "application/x-protobuf"}
    for _ in range(2):
        caller.call("POST", f"{SHARDS}/lb", body=group, headers=protobuf)

    assert caller.call("GET", f"{SHARDS}/0", query=begin).headers["x-log-count"] == "10"
    switch(put_logs_visible_after_s=0)
    assert caller.call("GET", f"{SHARDS}/0", query=begin).headers["x-log-count"] == "11"


@pytest.mark.parametrize("timeout_s", [0, -1, 3601])
def test_timeouts_may_have_a_range(caller: Caller, switch: Switch, timeout_s: int) -> None:
    assert caller.call("PUT", GROUP, document={"timeout": timeout_s}).status == 200
    switch(timeout_range="1-3600")

    assert caller.call("PUT", GROUP, document={"timeout": timeout_s}).error_code == "JsonInfoInvalid"


def test_the_refusal_without_consumer_and_force_turns(caller: Caller, switch: Switch) -> None:
    switch(unforced_without_consumer_code="ConsumerNotExist", unforced_without_consumer_status=404)

    assert outcome(write(caller)) == (404, "ConsumerNotExist")


def test_the_code_of_an_unknown_key_turns(caller: Caller, switch: Switch) -> None:
    switch(unknown_access_key_code="InvalidAccessKeyId")
    headers = {**caller.signer.headers("GET", GROUPS, host=caller.host)}
    headers["authorization"] = headers["authorization"].replace(caller.signer.access_key_id, "nobody")

    assert outcome(caller.send("GET", GROUPS, headers=headers)) == (401, "InvalidAccessKeyId")


def test_extra_keys_on_update_may_be_ignored(caller: Caller, switch: Switch) -> None:
    switch(update_group_extra_keys="ignore")

    assert caller.call("PUT", GROUP, document={"timeout": 60, "consumerGroup": "g"}).status == 200


def test_the_status_of_updating_a_missing_group_turns(caller: Caller, switch: Switch) -> None:
    switch(update_missing_group_status=400)

    assert outcome(caller.call("PUT", f"{GROUPS}/nobody", document={"timeout": 1})) == (400, "ConsumerGroupNotExist")


def test_another_region_may_be_accepted(caller: Caller, switch: Switch) -> None:
    switch(wrong_region="accept")
    signer = caller.signer
    caller.signer = type(signer)(signer.access_key_id, signer.access_key_secret, region="cn-hangzhou")

    assert caller.call("GET", GROUPS).status == 200
