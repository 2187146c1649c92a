"""The stand-in's consumer groups: attributes, checkpoints, who may write them."""

from typing import Any

import pytest

from tests.local.sls.caller import Answer, Caller
from tests.local.sls.server import StandInServer

GROUPS = "/logstores/orders/consumergroups"
GROUP = f"{GROUPS}/g"
SHARDS = "/logstores/orders/shards"
NOW = 1_700_000_000


@pytest.fixture
def caller(sls_server: StandInServer, sls_caller: Caller) -> Caller:
    sls_server.control("logstores", {"project": "shop", "logstore": "orders", "shards": 4, "begin_unix": NOW - 1000})
    sls_server.control("clock", {"unix": NOW})
    create(sls_caller)
    return sls_caller


def create(caller: Caller, **changes: object) -> Answer:
    return caller.call("POST", GROUPS, document={"consumerGroup": "g", "timeout": 30, "order": False, **changes})


def update(caller: Caller, document: object) -> Answer:
    return caller.call("PUT", GROUP, document=document)


def beat(caller: Caller, consumer: str, held: list[int]) -> Any:  # noqa: ANN401 -- any JSON document
    return caller.call("POST", GROUP, query={"type": "heartbeat", "consumer": consumer}, document=held).json


def write(caller: Caller, query: dict[str, str], shard: int = 0, checkpoint: str = "MQ==") -> Answer:
    document = {"shard": shard, "checkpoint": checkpoint}
    return caller.call("POST", GROUP, query={"type": "checkpoint", **query}, document=document)


def force(caller: Caller, shard: int, checkpoint: str) -> Answer:
    return write(caller, {"forceSuccess": "true"}, shard, checkpoint)


def stored(caller: Caller, shard: int) -> dict[str, Any]:
    (entry,) = caller.call("GET", GROUP, query={"shard": str(shard)}).json
    return dict(entry)


def outcome(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.json["errorCode"], answer.json["errorMessage"]


def test_answers_look_like_sls(caller: Caller) -> None:
    answer = caller.call("GET", GROUPS)

    assert answer.body == b'[{"name":"g","timeout":30,"order":false}]'
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["server"] == "AliyunSLS"
    assert len(answer.headers["x-log-requestid"]) == 24
    assert int(answer.headers["x-log-requestid"], 16)
    assert answer.headers["x-log-requestid"] == answer.headers["x-log-requestid"].upper()


def test_every_answer_has_its_own_request_id(caller: Caller) -> None:
    ids = {caller.call("GET", GROUPS).headers["x-log-requestid"] for _ in range(5)}

    assert len(ids) == 5


def test_writes_are_answered_with_an_empty_body(caller: Caller) -> None:
    answer = update(caller, {"timeout": 60})

    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")


def test_create_needs_name_and_timeout(caller: Caller) -> None:
    expected = (400, "JsonInfoInvalid", "consumerGroup or timeout is of error format")

    assert outcome(create(caller, consumerGroup="")) == expected
    assert outcome(create(caller, consumerGroup="h", timeout="30")) == expected
    assert outcome(create(caller, consumerGroup="h", timeout=True)) == expected
    assert outcome(create(caller, consumerGroup="h", order="yes")) == expected


def test_create_refuses_a_name_that_exists(caller: Caller) -> None:
    assert outcome(create(caller)) == (400, "ConsumerGroupAlreadyExist", "consumer group already exist")


def test_create_refuses_the_31st_group(caller: Caller) -> None:
    for number in range(29):
        assert create(caller, consumerGroup=f"g{number}").status == 200

    assert create(caller, consumerGroup="one-more").error_code == "ConsumerGroupQuotaExceed"


def test_create_refuses_a_body_that_is_not_json(caller: Caller) -> None:
    answer = caller.call("POST", GROUPS, body=b"{")

    assert (answer.status, answer.error_code) == (400, "PostBodyInvalid")


def test_update_changes_only_what_it_names(caller: Caller) -> None:
    update(caller, {"order": True})
    update(caller, {"timeout": 60})

    assert caller.call("GET", GROUPS).json == [{"name": "g", "timeout": 60, "order": True}]


@pytest.mark.parametrize(
    "document",
    [{}, {"timeout": "60"}, {"order": 1}, {"timeout": None}, {"timeout": 60, "consumerGroup": "g"}],
    ids=["neither", "text", "number", "null", "name-in-body"],
)
def test_update_refuses_what_the_go_sdk_once_sent_and_worse(caller: Caller, document: object) -> None:
    assert outcome(update(caller, document)) == (400, "JsonInfoInvalid", "timeout is of error value type")
    assert caller.call("GET", GROUPS).json == [{"name": "g", "timeout": 30, "order": False}]


@pytest.mark.parametrize(("method", "document"), [("GET", None), ("PUT", {"timeout": 1}), ("DELETE", None)])
def test_a_missing_group_is_404(caller: Caller, method: str, document: object) -> None:
    answer = caller.call(method, f"{GROUPS}/nobody", document=document)

    assert outcome(answer) == (404, "ConsumerGroupNotExist", "consumer group not exist")


def test_a_missing_logstore_is_404(caller: Caller) -> None:
    answer = caller.call("GET", "/logstores/nothing/consumergroups")

    assert outcome(answer) == (404, "LogStoreNotExist", "logstore nothing does not exist")


def test_a_missing_project_is_404(caller: Caller) -> None:
    caller.host = "nowhere.cn-local.log.local"

    assert outcome(caller.call("GET", GROUPS)) == (404, "ProjectNotExist", "The Project does not exist : nowhere")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "", "sho p.cn-local.log.local"])
def test_a_host_without_a_project_is_refused(caller: Caller, host: str) -> None:
    caller.host = host

    assert outcome(caller.call("GET", GROUPS)) == (400, "InvalidHost", f"Host header {host} is invalid.")


def test_an_empty_group_name_is_405(caller: Caller) -> None:
    answer = caller.call("POST", f"{GROUPS}/", query={"type": "heartbeat", "consumer": "c"}, document=[])

    assert outcome(answer) == (405, "InvalidMethod", f"invalid request method : {GROUPS}/")


def test_authenticity_is_checked_before_existence(caller: Caller) -> None:
    answer = caller.send("GET", GROUPS, headers={"host": "nowhere.cn-local.log.local"})

    assert (answer.status, answer.error_code) == (400, "MissingParameter")


def test_delete_takes_the_checkpoints_with_it(caller: Caller) -> None:
    force(caller, 0, "MQ==")
    caller.call("DELETE", GROUP)
    create(caller)

    assert stored(caller, 0)["checkpoint"] == ""


def test_get_check_point_lists_every_shard_never_checkpointed_or_not(caller: Caller) -> None:
    force(caller, 2, "MQ==")

    assert caller.call("GET", GROUP).json == [
        {"shard": 0, "checkpoint": "", "updateTime": 0, "consumer": ""},
        {"shard": 1, "checkpoint": "", "updateTime": 0, "consumer": ""},
        {"shard": 2, "checkpoint": "MQ==", "updateTime": NOW * 1_000_000, "consumer": ""},
        {"shard": 3, "checkpoint": "", "updateTime": 0, "consumer": ""},
    ]


def test_get_check_point_of_a_shard_that_does_not_exist_is_empty(caller: Caller) -> None:
    answer = caller.call("GET", GROUP, query={"shard": "9"})

    assert (answer.status, answer.json) == (200, [])


@pytest.mark.parametrize("flag", ["true", "True", "TRUE"])
def test_a_forced_write_needs_no_consumer(caller: Caller, flag: str) -> None:
    assert write(caller, {"forceSuccess": flag, "consumer": ""}).status == 200
    assert stored(caller, 0)["checkpoint"] == "MQ=="


@pytest.mark.parametrize("query", [{}, {"forceSuccess": "false"}, {"forceSuccess": "False", "consumer": ""}])
def test_without_a_consumer_and_force_nothing_is_written(caller: Caller, query: dict[str, str]) -> None:
    answer = write(caller, query)

    assert (answer.status, answer.error_code) == (400, "ParameterInvalid")
    assert stored(caller, 0)["checkpoint"] == ""


def test_the_holder_writes_without_force(caller: Caller) -> None:
    beat(caller, "c", [])

    assert write(caller, {"consumer": "c"}).status == 200
    assert stored(caller, 0)["consumer"] == "c"


def test_a_consumer_outside_the_group_is_refused(caller: Caller) -> None:
    answer = write(caller, {"consumer": "stranger"})

    assert outcome(answer) == (404, "ConsumerNotExist", "consumer not exist in the consumer group")


def test_a_consumer_that_does_not_hold_the_shard_is_refused(caller: Caller) -> None:
    beat(caller, "a", [])
    beat(caller, "b", [])

    answer = write(caller, {"consumer": "b"})

    assert (answer.status, answer.error_code) == (400, "ConsumerNotMatch")


def test_a_forced_write_leaves_the_holder_in_place(caller: Caller) -> None:
    beat(caller, "a", [])
    write(caller, {"consumer": "stranger", "forceSuccess": "true"})

    assert stored(caller, 0) == {"shard": 0, "checkpoint": "MQ==", "updateTime": NOW * 1_000_000, "consumer": "a"}


def test_a_checkpoint_of_a_missing_shard_is_404_even_if_forced(caller: Caller) -> None:
    assert outcome(force(caller, 9, "MQ==")) == (404, "ShardNotExist", "shard not exist")


@pytest.mark.parametrize("checkpoint", ["", "not base64!", "ÄÖ"])
def test_a_checkpoint_that_is_not_base64_is_refused(caller: Caller, checkpoint: str) -> None:
    expected = (400, "InvalidShardCheckPoint", "shard checkpoint not encoded by base64")

    assert outcome(force(caller, 0, checkpoint)) == expected


def test_a_checkpoint_need_not_be_a_position_of_the_shard(caller: Caller) -> None:
    assert force(caller, 0, "V0hBVFRIRlVDSw==").status == 200


@pytest.mark.parametrize("document", [[], {"shard": 0}, {"checkpoint": "MQ=="}, {"shard": "0", "checkpoint": "MQ=="}])
def test_a_checkpoint_write_of_another_shape_is_refused(caller: Caller, document: object) -> None:
    answer = caller.call("POST", GROUP, query={"type": "checkpoint", "forceSuccess": "true"}, document=document)

    assert answer.status == 400
    assert answer.error_code in ("PostBodyInvalid", "ParameterInvalid")


def test_a_checkpoint_may_go_back(caller: Caller) -> None:
    force(caller, 0, "OQ==")

    assert force(caller, 0, "MQ==").status == 200
