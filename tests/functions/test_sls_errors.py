"""Every row of the error tables for the calls that commands make: the pages' own, and those common to all calls."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import Shop
from tests.local.sls.cursors import encode_cursor
from tests.local.sls.server import StandInServer

DESCRIBE = "describe"
LIST = "list_consumer_groups"
UPDATE_GROUP = "update_consumer_group"
UPDATE_CHECKPOINT = "update_checkpoint"

# Operation, the action that calls it, SLS's status and code, the status that the caller gets.
OF_THE_PAGES = [
    ("ListConsumerGroup", LIST, 404, "ProjectNotExist", 404),
    ("ListConsumerGroup", LIST, 404, "LogStoreNotExist", 404),
    ("GetCheckPoint", DESCRIBE, 404, "ProjectNotExist", 404),
    ("GetCheckPoint", DESCRIBE, 404, "LogStoreNotExist", 404),
    ("GetCheckPoint", DESCRIBE, 404, "ConsumerGroupNotExist", 404),
    ("UpdateConsumerGroup", UPDATE_GROUP, 400, "JsonInfoInvalid", 400),
    ("UpdateConsumerGroup", UPDATE_GROUP, 404, "ProjectNotExist", 404),
    ("UpdateConsumerGroup", UPDATE_GROUP, 404, "LogStoreNotExist", 404),
    ("UpdateConsumerGroup", UPDATE_GROUP, 404, "ConsumerGroupNotExist", 404),
    ("UpdateConsumerGroup", UPDATE_GROUP, 400, "ConsumerGroupNotExist", 404),
    ("UpdateCheckPoint", UPDATE_CHECKPOINT, 404, "ConsumerNotExist", 404),
    ("UpdateCheckPoint", UPDATE_CHECKPOINT, 400, "ConsumerNotMatch", 409),
    ("UpdateCheckPoint", UPDATE_CHECKPOINT, 404, "ShardNotExist", 404),
    ("UpdateCheckPoint", UPDATE_CHECKPOINT, 400, "InvalidShardCheckPoint", 400),
    ("UpdateCheckPoint", UPDATE_CHECKPOINT, 404, "ConsumerGroupNotExist", 404),
    ("UpdateCheckPoint", UPDATE_CHECKPOINT, 404, "ProjectNotExist", 404),
    ("UpdateCheckPoint", UPDATE_CHECKPOINT, 404, "LogStoreNotExist", 404),
    ("GetLogStore", DESCRIBE, 404, "ProjectNotExist", 404),
    ("GetLogStore", DESCRIBE, 404, "LogStoreNotExist", 404),
    ("ListShards", DESCRIBE, 404, "ProjectNotExist", 404),
    ("ListShards", DESCRIBE, 404, "LogStoreNotExist", 404),
    ("ListShards", DESCRIBE, 400, "LogStoreWithoutShard", 400),
    ("GetCursor", DESCRIBE, 404, "LogStoreNotExist", 404),
    ("GetCursor", DESCRIBE, 400, "ParameterInvalid", 400),
    ("GetCursor", DESCRIBE, 400, "ShardNotExist", 404),
    ("GetCursor", DESCRIBE, 404, "ShardNotExist", 404),
    ("GetCursor", DESCRIBE, 400, "LogStoreWithoutShard", 400),
    ("GetCursorTime", DESCRIBE, 404, "LogStoreNotExist", 404),
    ("GetCursorTime", DESCRIBE, 400, "ShardNotExist", 404),
    ("GetCursorTime", DESCRIBE, 400, "LogStoreWithoutShard", 400),
    ("GetCursorTime", DESCRIBE, 400, "ParameterInvalid", 400),
]
# The current page of common errors, then the codes of the older one; those that pass by themselves are further below.
COMMON = [
    (400, "RequestTimeExpired", 502),
    (400, "InvalidRequestTime", 502),
    (400, "InvalidHost", 502),
    (400, "PostBodyInvalid", 400),
    (400, "InvalidContentType", 502),
    (400, "ParameterInvalid", 400),
    (400, "MissingParameter", 502),
    (401, "SignatureNotMatch", 502),
    (401, "Unauthorized", 502),
    (401, "InvalidAccessKeyId", 502),
    (403, "ProjectForbidden", 502),
    (404, "ProjectNotExist", 404),
    (405, "InvalidMethod", 502),
    (413, "PostBodyTooLarge", 400),
    (400, "RequestTimeTooSkewed", 502),
    (400, "MissingDate", 502),
    (400, "InvalidDateFormat", 502),
    (400, "MissingAPIVersion", 502),
    (400, "InvalidAPIVersion", 502),
    (400, "MissAccessKeyId", 502),
    (400, "MissingSignatureMethod", 502),
    (400, "InvalidSignatureMethod", 502),
    (400, "MissingContentType", 502),
    (400, "MissingHost", 502),
    (400, "MissingBodyRawSize", 502),
    (400, "InvalidBodyRawSize", 502),
    (400, "InvalidCompressType", 502),
    (404, "ProjectNotExists", 404),
    (411, "MissingContentLength", 502),
    (415, "InvalidContentType", 502),
    (401, "SecurityToken.Expired", 502),
    (401, "SecurityTokenExpired", 502),
    (401, "InvalidAccessKeyId.NotFound", 502),
    (404, "ConsumerNotExsit", 404),
    (404, "ShardNotExsit", 404),
    (400, "ACodeOfTomorrow", 502),
]
PASSING = [
    (500, "InternalServerError", 502),
    (500, "RequestTimeout", 502),
    (503, "ServerBusy", 502),
    (500, "ServerBusy", 502),
    (403, "WriteQuotaExceed", 429),
    (403, "ReadQuotaExceed", 429),
    (403, "MetaOperationQpsLimitExceeded", 429),
    (403, "ShardReadQuotaExceed", 429),
    (403, "ProjectQuotaExceed", 429),
    (403, "QuotaExceed", 429),
    (403, "ExceedQuota", 429),
    (500, "ACodeOfTomorrow", 502),
]


def command(action: str, shop: Shop) -> dict[str, object]:
    own: dict[str, dict[str, object]] = {
        UPDATE_GROUP: {"timeout": 90},
        UPDATE_CHECKPOINT: {"shard": 0, "checkpoint": shop.cursor(0, 5)},
    }
    return {"action": action, "target": "shop/orders/billing", **own.get(action, {})}


def check_error(answer: Answer, status: int, code: str, expected: int) -> None:
    error = answer.error
    assert answer.status == expected
    assert (error["sls_error_code"], error["sls_status"]) == (code, status)
    assert error["sls_request_id"] in answer.json["sls_request_ids"]
    assert code in error["message"]
    assert "shop/" in error["message"]
    assert error["hint"]


@pytest.mark.parametrize(("operation", "action", "status", "code", "expected"), OF_THE_PAGES)
def test_a_documented_error_keeps_its_code_and_gets_its_status(
    functions: FunctionCaller, shop: Shop, operation: str, action: str, status: int, code: str, expected: int
) -> None:
    before = shop.checkpoints(), shop.attributes()
    shop.fault({"operation": operation, "status": status, "error_code": code, "times": 999})

    answer = functions.run(command(action, shop))

    check_error(answer, status, code, expected)
    assert operation.removeprefix("Update") in answer.error["message"]
    assert answer.error["retryable"] is False
    assert (shop.checkpoints(), shop.attributes()) == before


@pytest.mark.parametrize(("status", "code", "expected"), COMMON)
def test_a_common_error_keeps_its_code_and_gets_its_status(
    functions: FunctionCaller, shop: Shop, status: int, code: str, expected: int
) -> None:
    shop.fault({"operation": "ListConsumerGroup", "status": status, "error_code": code, "times": 999})

    answer = functions.run(command(LIST, shop))

    check_error(answer, status, code, expected)


@pytest.fixture(scope="module")
def answers_of_passing_errors(
    functions: FunctionCaller, watched_sls: StandInServer
) -> dict[tuple[int, str], tuple[Answer, int]]:
    """The answers, and how often SLS was asked; all at once, because each waits between its tries."""
    watched_sls.control("reset", {})
    faults, commands = [], []
    for number, (status, code, _) in enumerate(PASSING):
        logstore = f"orders-{number}"
        watched_sls.control("logstores", {"project": "shop", "logstore": logstore, "shards": 1, "log_groups": 1})
        faults.append({"logstore": logstore, "status": status, "error_code": code, "times": 999})
        commands.append({"action": LIST, "target": f"shop/{logstore}"})
    watched_sls.control("faults", faults)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(functions.run, commands))
    asked = [call["logstore"] for call in watched_sls.control("requests")]
    return {
        (status, code): (answers[number], asked.count(f"orders-{number}"))
        for number, (status, code, _) in enumerate(PASSING)
    }


@pytest.mark.parametrize(("status", "code", "expected"), PASSING)
def test_an_error_that_passes_is_tried_four_times_and_may_be_sent_again(
    answers_of_passing_errors: dict[tuple[int, str], tuple[Answer, int]], status: int, code: str, expected: int
) -> None:
    answer, tries = answers_of_passing_errors[status, code]

    check_error(answer, status, code, expected)
    assert (answer.error["retryable"], tries) == (True, 4)


def test_a_missing_project_is_told_by_the_stand_ins_own_rule(functions: FunctionCaller, shop: Shop) -> None:
    assert shop.checkpoints()

    answer = functions.run({"action": DESCRIBE, "target": "nowhere/orders/billing"})

    assert (answer.status, answer.error["sls_error_code"]) == (404, "ProjectNotExist")
    assert "nowhere/orders" in answer.error["message"]
    assert "REWIND_REGION" in answer.error["hint"]


@pytest.mark.parametrize("action", [LIST, DESCRIBE, UPDATE_GROUP, UPDATE_CHECKPOINT])
def test_a_missing_logstore_is_told_for_every_action(functions: FunctionCaller, shop: Shop, action: str) -> None:
    answer = functions.run({**command(action, shop), "target": "shop/nothing/billing"})

    assert (answer.status, answer.error["sls_error_code"]) == (404, "LogStoreNotExist")
    assert "shop/nothing" in answer.error["message"]


@pytest.mark.parametrize("action", [DESCRIBE, UPDATE_GROUP, UPDATE_CHECKPOINT])
def test_a_missing_group_is_told_for_every_action(functions: FunctionCaller, shop: Shop, action: str) -> None:
    answer = functions.run({**command(action, shop), "target": "shop/orders/nobody"})

    assert (answer.status, answer.error["sls_error_code"]) == (404, "ConsumerGroupNotExist")
    assert "shop/orders/nobody" in answer.error["message"]


def test_a_shard_that_is_gone_in_between_keeps_the_code_of_sls(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "GetCursor", "shard": 3, "status": 400, "error_code": "ShardNotExist"})

    answer = functions.run(command(DESCRIBE, shop))

    assert (answer.status, answer.error["sls_error_code"]) == (404, "ShardNotExist")
    assert "shop/orders shard 3" in answer.error["message"]


def test_data_that_expires_in_between_does_not_fail_a_reading(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "GetCursorTime", "status": 400, "error_code": "InvalidCursor", "times": 999})

    answer = functions.run(command(DESCRIBE, shop))

    assert answer.status == 200
    assert {shard["lag_s"] for shard in answer.json["describe"]["shards"]} == {None}


def test_a_limit_cannot_be_passed_where_the_distance_is_not_known(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "GetCursorTime", "status": 400, "error_code": "InvalidCursor", "times": 999})

    answer = functions.run(command(UPDATE_CHECKPOINT, shop))

    assert (answer.status, answer.error["code"]) == (403, "limit_exceeded")
    assert shop.writes() == []


@pytest.mark.parametrize("skew_s", [-3600, 3600])
def test_a_clock_that_is_off_is_set_by_that_of_sls(functions: FunctionCaller, shop: Shop, skew_s: int) -> None:
    shop.sls.control("clock", {"skew_s": skew_s})

    answer = functions.run(command(UPDATE_CHECKPOINT, shop))

    assert (answer.status, answer.json["status"]) == (200, "applied")


def test_a_cursor_of_a_foreign_shard_never_reaches_sls(functions: FunctionCaller, shop: Shop) -> None:
    foreign = encode_cursor(shop.bounds(1)[0])

    answer = functions.run({**command(UPDATE_CHECKPOINT, shop), "checkpoint": foreign})

    assert answer.status == 409
    assert foreign not in str(shop.calls())
