from collections.abc import Callable

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.shop import Shop, iso_utc
from tests.local.sls.cursors import encode_cursor

UPDATE = {"action": "update_checkpoint", "target": "shop/orders/billing"}


def test_update_checkpoint_moves_one_shard_and_no_other(functions: FunctionCaller, shop: Shop) -> None:
    before, wanted = shop.checkpoints(), shop.cursor(1, 100)

    answer = functions.run({**UPDATE, "shard": 1, "checkpoint": wanted})

    assert (answer.status, answer.json["status"]) == (200, "applied")
    assert shop.checkpoints() == {**before, 1: wanted}


def test_update_checkpoint_moves_many_shards(functions: FunctionCaller, shop: Shop) -> None:
    wanted = {shard: shop.cursor(shard, 100 + shard) for shard in range(4)}

    answer = functions.run({**UPDATE, "checkpoints": {str(shard): cursor for shard, cursor in wanted.items()}})

    assert [shard["status"] for shard in answer.json["shards"]] == ["moved"] * 4
    assert shop.checkpoints() == wanted


def test_update_checkpoint_says_how_far_it_went_back(functions: FunctionCaller, shop: Shop) -> None:
    before, after = shop.cursor(0, -600), shop.cursor(0, -1600)

    moved = functions.run({**UPDATE, "shard": 0, "checkpoint": after}).shards[0]

    assert (moved["direction"], moved["log_groups"]) == ("backward", -1000)
    assert (moved["before"]["checkpoint"], moved["after"]["checkpoint"]) == (before, after)


def test_update_checkpoint_shows_in_a_dry_run_from_when_to_when_it_goes(functions: FunctionCaller, shop: Shop) -> None:
    after = shop.cursor(0, -1600)

    planned = functions.run({**UPDATE, "shard": 0, "checkpoint": after, "dry_run": True}).shards[0]

    assert planned["before"]["time"] == iso_utc(shop.now_unix - 601)
    assert planned["after"]["time"] == iso_utc(shop.now_unix - 1601)


def test_update_checkpoint_says_how_much_it_skips(functions: FunctionCaller, shop: Shop) -> None:
    moved = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.end(0)}).shards[0]

    assert (moved["direction"], moved["log_groups"]) == ("forward", 600)


def test_update_checkpoint_gives_a_shard_its_first_checkpoint(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**UPDATE, "shard": 3, "checkpoint": shop.cursor(3, 10)})

    assert (answer.json["status"], shop.checkpoints()[3]) == ("applied", shop.cursor(3, 10))
    moved = answer.shards[3]
    assert (moved["direction"], moved["log_groups"], moved["before"]) == (
        "none",
        None,
        {"checkpoint": "", "time": None},
    )
    assert "no_position_before" in answer.warnings


def test_update_checkpoint_writes_nothing_where_all_is_as_wanted(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, -600)})

    assert (answer.status, answer.json["status"], answer.shards[0]["status"]) == (200, "unchanged", "unchanged")
    assert shop.writes() == []


def test_update_checkpoint_writes_only_the_shards_that_differ(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**UPDATE, "checkpoints": {"0": shop.cursor(0, -600), "1": shop.cursor(1, 5)}})

    assert {shard: found["status"] for shard, found in answer.shards.items()} == {0: "unchanged", 1: "moved"}
    assert [call["shard"] for call in shop.writes()] == [1]


def test_update_checkpoint_shows_a_dry_run_and_writes_nothing(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()

    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5), "dry_run": True})

    assert (answer.status, answer.json["status"], answer.json["dry_run"]) == (200, "planned", True)
    assert (answer.shards[0]["status"], answer.shards[0]["log_groups"]) == ("planned", -6595)
    assert (shop.checkpoints(), shop.writes(), answer.json["operation_id"]) == (before, [], None)


def test_update_checkpoint_offers_the_write_that_a_dry_run_showed(functions: FunctionCaller, shop: Shop) -> None:
    wanted = shop.cursor(0, 5)
    (offered,) = functions.run({**UPDATE, "shard": 0, "checkpoint": wanted, "dry_run": True}).json["next"]

    assert functions.run(offered).json["status"] == "applied"
    assert shop.checkpoints()[0] == wanted


def test_update_checkpoint_offers_to_verify_and_to_undo(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()
    verify, undo = functions.run({**UPDATE, "checkpoints": {"0": shop.end(0), "1": shop.end(1)}}).json["next"]

    assert functions.run(verify).json["ok"]
    (apply,) = functions.run(undo).json["next"]
    assert functions.run(apply).json["status"] == "applied"
    assert shop.checkpoints() == before


def test_update_checkpoint_without_a_journal_says_so(unjournaled: FunctionCaller, shop: Shop) -> None:
    answer = unjournaled.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5)})

    assert (answer.json["status"], shop.checkpoints()[0]) == ("applied", shop.cursor(0, 5))
    assert answer.warnings.keys() == {"not_journaled"}


def test_update_checkpoint_without_a_journal_offers_the_way_back_and_a_look(
    unjournaled: FunctionCaller, shop: Shop
) -> None:
    before = shop.checkpoints()
    back, look = unjournaled.run({**UPDATE, "checkpoints": {"0": shop.end(0), "1": shop.end(1)}}).json["next"]

    assert unjournaled.run(look).json["describe"]["shards"][0]["state"] == "caught_up"
    assert unjournaled.run(back).json["status"] == "applied"
    assert shop.checkpoints() == before


def test_update_checkpoint_offers_no_way_back_to_what_expired(unjournaled: FunctionCaller, shop: Shop) -> None:
    shop.commit(0, shop.cursor(0, 50))
    shop.sls.control("retention", {"project": "shop", "logstore": "orders", "shard": 0, "drop": 80})
    kept = shop.checkpoints()[1]

    answer = unjournaled.run({**UPDATE, "checkpoints": {"0": shop.cursor(0, 0), "1": shop.cursor(1, 0)}})

    assert answer.json["status"] == "applied"
    assert all(unjournaled.run(offered).json["ok"] for offered in answer.json["next"])
    assert shop.checkpoints()[1] == kept


@pytest.mark.parametrize("respell", [lambda c: c.rstrip("="), lambda c: c + "\n"], ids=["unpadded", "newline"])
def test_update_checkpoint_writes_a_cursor_as_sls_spells_it(
    functions: FunctionCaller, shop: Shop, respell: Callable[[str], str]
) -> None:
    wanted = shop.cursor(0, 5)
    assert wanted.endswith("=")

    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": respell(wanted)})

    assert (answer.json["status"], shop.checkpoints()[0]) == ("applied", wanted)


@pytest.mark.parametrize(("number", "code"), [(-1, "position_expired"), (7201, "position_out_of_range")])
def test_update_checkpoint_refuses_a_position_outside_its_shard(
    functions: FunctionCaller, shop: Shop, number: int, code: str
) -> None:
    outside = encode_cursor(shop.bounds(0)[0] + number)

    answer = functions.run({**UPDATE, "checkpoints": {"0": outside, "1": shop.cursor(1, 5)}})

    assert (answer.status, answer.json["status"], answer.error["code"]) == (409, "refused", code)
    assert "shard 0" in answer.error["message"]
    assert answer.error["hint"]
    assert shop.writes() == []


def test_update_checkpoint_refuses_the_cursor_of_another_shard(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(1, 5)})

    assert (answer.status, answer.error["code"]) == (409, "position_out_of_range")
    assert "not comparable between shards" in answer.error["hint"]


def test_update_checkpoint_writes_nothing_where_one_shard_does_not_exist(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**UPDATE, "checkpoints": {"0": shop.cursor(0, 5), "9": shop.cursor(0, 5)}})

    assert (answer.status, answer.error["sls_error_code"]) == (404, "ShardNotExist")
    assert "shard 9 of shop/orders" in answer.error["message"]
    assert "0, 1, 2, 3" in answer.error["hint"]
    assert shop.writes() == []


def test_update_checkpoint_of_a_missing_group_keeps_the_sls_code(functions: FunctionCaller, shop: Shop) -> None:
    command = {**UPDATE, "target": "shop/orders/nobody", "shard": 0, "checkpoint": shop.cursor(0, 5)}

    answer = functions.run(command)

    assert (answer.status, answer.error["sls_error_code"]) == (404, "ConsumerGroupNotExist")
    assert "list_consumer_groups" in answer.error["hint"]


def test_update_checkpoint_keeps_its_reason_in_the_log(
    functions: FunctionCaller, shop: Shop, evidence: Evidence
) -> None:
    reason = f"bad deploy of {shop.now_unix}"
    functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5), "reason": reason})

    assert "webhook:local" in evidence.logs[0].wait_for(reason)


def test_update_checkpoint_reads_back_what_it_wrote(functions: FunctionCaller, shop: Shop) -> None:
    functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5)})

    assert [call["operation"] for call in shop.calls()][-2:] == ["UpdateCheckPoint", "GetCheckPoint"]


def test_update_checkpoint_takes_the_wire_spellings(functions: FunctionCaller, shop: Shop) -> None:
    named = {"action": "update_checkpoint", "project": "shop", "logstore": "orders", "consumerGroup": "billing"}

    answer = functions.run({**named, "shard": 0, "checkpoint": shop.cursor(0, 5), "forceSuccess": True})

    assert answer.json["status"] == "applied"
    assert shop.writes()[0]["query"]["forceSuccess"] == "true"


def test_update_checkpoint_says_first_that_it_has_no_effect_while_a_consumer_holds_the_shard(
    functions: FunctionCaller, shop: Shop
) -> None:
    shop.heartbeat("worker-1")

    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5)})

    first = answer.json["warnings"][0]
    assert first["code"] == "not_in_effect"
    assert first["message"].startswith("Written, but not in effect until the consumer releases the shard")
    assert "worker-1" in first["message"]


def test_update_checkpoint_judges_liveness_on_its_own_shards_alone(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(2, shop.cursor(2, -5))

    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5)})

    assert "not_in_effect" not in answer.warnings
