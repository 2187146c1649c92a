import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import Shop
from tests.local.sls.server import StandInServer

UPDATE = {"action": "update_checkpoint", "target": "shop/orders/billing"}


def test_update_checkpoint_without_a_consumer_is_forced(functions: FunctionCaller, shop: Shop) -> None:
    functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5)})

    query = shop.writes()[0]["query"]
    assert (query["consumer"], query["forceSuccess"]) == ("", "true")


def test_update_checkpoint_with_a_consumer_is_not_forced(functions: FunctionCaller, shop: Shop) -> None:
    shop.heartbeat("worker 1")

    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5), "consumer": "worker 1"})

    query = shop.writes()[0]["query"]
    assert (query["consumer"], query["forceSuccess"]) == ("worker 1", "false")
    assert answer.json["status"] == "applied"


def test_update_checkpoint_with_a_consumer_can_be_forced(functions: FunctionCaller, shop: Shop) -> None:
    command = {**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5), "consumer": "worker-2", "force_success": True}

    answer = functions.run(command)

    assert (answer.json["status"], shop.checkpoints()[0]) == ("applied", shop.cursor(0, 5))
    assert shop.writes()[0]["query"] == {"type": "checkpoint", "consumer": "worker-2", "forceSuccess": "true"}


def test_update_checkpoint_refuses_to_go_unforced_without_a_consumer(
    functions: FunctionCaller, sls: StandInServer
) -> None:
    command = {**UPDATE, "shard": 0, "checkpoint": "MTIz", "force_success": False}

    answer = functions.run(command)

    assert answer.status == 400
    assert "force_success: must be true or absent where no consumer is named" in answer.error["message"]
    assert sls.control("requests") == []


@pytest.mark.parametrize("status", [400, 403])
def test_update_checkpoint_tells_whose_shard_it_is(functions: FunctionCaller, shop: Shop, status: int) -> None:
    shop.sls.control("switches", {"consumer_not_match_status": status})
    shop.heartbeat("worker-1")
    shop.heartbeat("worker-2")
    before = shop.checkpoints()

    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5), "consumer": "worker-2"})

    assert (answer.status, answer.json["status"]) == (409, "refused")
    assert (answer.error["sls_error_code"], answer.error["sls_status"]) == ("ConsumerNotMatch", status)
    assert (answer.shards[0]["status"], answer.shards[0]["note"]) == ("conflict", "held by worker-1")
    assert answer.error["sls_request_id"] == answer.shards[0]["error"]["sls_request_id"]
    assert shop.checkpoints() == before


def test_update_checkpoint_stops_at_the_first_shard_that_the_consumer_does_not_hold(
    functions: FunctionCaller, shop: Shop
) -> None:
    shop.heartbeat("worker-1")
    shop.commit(0, shop.cursor(0, -1), consumer="worker-1")
    wanted = {str(shard): shop.cursor(shard, 5) for shard in range(4)}

    answer = functions.run({**UPDATE, "checkpoints": wanted, "consumer": "worker-2"})

    assert (answer.status, answer.error["sls_error_code"]) == (404, "ConsumerNotExist")
    assert len(shop.writes()) == 1
    assert [shard["status"] for shard in answer.json["shards"]].count("not_attempted") == 3


def test_update_checkpoint_of_an_unknown_consumer_keeps_the_sls_code(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5), "consumer": "nobody"})

    assert (answer.status, answer.json["status"]) == (404, "failed")
    assert (answer.error["sls_error_code"], answer.error["sls_status"]) == ("ConsumerNotExist", 404)
    assert "shop/orders/billing shard 0" in answer.error["message"]
    assert "leave it out and force the write" in answer.error["hint"]
    assert shop.checkpoints()[0] == shop.cursor(0, -600)


def test_update_checkpoint_knows_the_misspelt_code_too(functions: FunctionCaller, shop: Shop) -> None:
    shop.sls.control("switches", {"misspelt_codes": True})

    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5), "consumer": "nobody"})

    assert (answer.status, answer.error["code"]) == (404, "consumer_not_exist")
    assert answer.error["sls_error_code"] == "ConsumerNotExsit"


def test_update_checkpoint_is_told_where_even_force_is_refused(functions: FunctionCaller, shop: Shop) -> None:
    shop.sls.control("switches", {"forced_unknown_consumer": "refuse"})
    command = {**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5), "consumer": "nobody", "force_success": True}

    answer = functions.run(command)

    assert (answer.status, answer.error["sls_error_code"]) == (404, "ConsumerNotExist")


def test_update_checkpoint_repeats_the_consumer_in_what_it_offers(functions: FunctionCaller, shop: Shop) -> None:
    shop.heartbeat("worker-1")
    command = {**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5), "consumer": "worker-1", "dry_run": True}

    (offered,) = functions.run(command).json["next"]

    assert functions.run(offered).json["status"] == "applied"
    assert shop.writes()[0]["query"] == {"type": "checkpoint", "consumer": "worker-1", "forceSuccess": "false"}
