import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import Shop
from tests.local.sls.cursors import encode_cursor
from tests.local.sls.server import StandInServer

TARGET = {"target": "shop/orders/billing"}
DESCRIBE = {"action": "describe", **TARGET}
MISSING = {"action": "describe", "target": "shop/orders/nobody"}
LONGER = {"action": "update_consumer_group", **TARGET, "timeout": 90}


def batch(*commands: object, **more: object) -> dict[str, object]:
    return {"action": "batch", "commands": list(commands), **more}


def move(shop: Shop, shard: int, number: int = 5, **more: object) -> dict[str, object]:
    return {"action": "update_checkpoint", **TARGET, "shard": shard, "checkpoint": shop.cursor(shard, number), **more}


def test_batch_carries_its_parts_out_in_order(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(batch(LONGER, DESCRIBE, move(shop, 0)))

    assert (answer.status, answer.json["status"]) == (200, "applied")
    assert [part["action"] for part in answer.json["results"]] == [
        "update_consumer_group",
        "describe",
        "update_checkpoint",
    ]
    assert answer.json["results"][1]["describe"]["timeout_s"] == 90


def test_batch_gives_each_part_its_own_whole_result(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(batch(move(shop, 0), move(shop, 1)))

    first, second = answer.json["results"]
    assert first["operation_id"] != second["operation_id"]
    assert [first["shards"][0]["shard"], second["shards"][0]["shard"]] == [0, 1]
    assert {first["fc_request_id"], second["fc_request_id"]} == {answer.json["fc_request_id"]}
    assert {*first["sls_request_ids"], *second["sls_request_ids"]} == set(answer.json["sls_request_ids"])


@pytest.mark.usefixtures("shop")
def test_batch_has_no_target_of_its_own(functions: FunctionCaller) -> None:
    answer = functions.run(batch(DESCRIBE))

    assert (answer.json["action"], answer.json["target"], answer.json["shards"]) == ("batch", None, [])
    assert answer.json["status"] == "read"


@pytest.mark.usefixtures("shop")
def test_batch_tells_how_long_it_took(functions: FunctionCaller) -> None:
    answer = functions.run(batch({**DESCRIBE, "watch_s": 1}))

    assert answer.json["elapsed_ms"] >= 1000


def test_batch_lets_a_part_see_what_an_earlier_one_wrote(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(batch(move(shop, 0, 5), move(shop, 0, 9)))

    second = answer.json["results"][1]["shards"][0]
    assert (second["before"]["checkpoint"], second["log_groups"]) == (shop.cursor(0, 5), 4)


def test_batch_goes_on_after_a_part_that_failed(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(batch(MISSING, LONGER))

    assert (answer.status, answer.json["status"]) == (404, "partial")
    assert [part["ok"] for part in answer.json["results"]] == [False, True]
    assert answer.error["message"].startswith("commands[0]: ")
    assert shop.attributes() == (90, False)


def test_batch_stops_on_error_where_it_is_told_to(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(batch(MISSING, LONGER, stop_on_error=True))

    assert (answer.status, answer.json["status"]) == (404, "failed")
    assert (answer.json["results"][1]["status"], answer.json["results"][1]["error"]["code"]) == (
        "refused",
        "not_attempted",
    )
    assert shop.writes() == []


def test_batch_takes_the_code_of_its_first_part_that_is_not_ok(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "UpdateConsumerGroup", "status": 401, "error_code": "Unauthorized"})

    answer = functions.run(batch(DESCRIBE, LONGER, MISSING))

    assert answer.status == 502
    assert answer.error["sls_error_code"] == "Unauthorized"


def test_batch_writes_nothing_where_a_limit_of_any_part_is_exceeded(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(batch(move(shop, 1, -700), move(shop, 0, 5)), caller="narrow")

    assert (answer.status, answer.error["code"], answer.json["status"]) == (403, "limit_exceeded", "refused")
    assert answer.error["message"].startswith("commands[1]: max_rewind: ")
    assert shop.writes() == []


def test_batch_writes_nothing_where_a_part_is_out_of_range(functions: FunctionCaller, shop: Shop) -> None:
    outside = {**move(shop, 0), "checkpoint": encode_cursor(shop.bounds(0)[1] + 1)}

    answer = functions.run(batch(move(shop, 1), outside))

    assert (answer.status, answer.error["code"]) == (409, "position_out_of_range")
    assert shop.writes() == []


def test_batch_counts_the_shards_of_all_its_parts(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(batch(*(move(shop, shard, -590) for shard in range(3))), caller="narrow")

    assert (answer.status, answer.error["code"]) == (403, "limit_exceeded")
    assert shop.writes() == []


def test_batch_is_denied_as_a_whole_where_one_part_is(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(batch(move(shop, 0, -590), LONGER), caller="narrow")

    assert (answer.status, answer.error["code"]) == (403, "denied_by_policy")
    assert shop.calls() == []


@pytest.mark.parametrize(("count", "status"), [(100, 200), (101, 403)])
def test_batch_has_at_most_max_targets_parts(functions: FunctionCaller, shop: Shop, count: int, status: int) -> None:
    commands = [{"action": "list_consumer_groups", "target": "shop/orders"}] * count

    answer = functions.run(batch(*commands))

    assert answer.status == status
    assert len(shop.calls()) == (count if status == 200 else 0)


def test_batch_names_the_limit_of_its_length(functions: FunctionCaller, sls: StandInServer) -> None:
    answer = functions.run(batch(*[LONGER] * 101))

    assert (answer.status, answer.error["code"]) == (403, "limit_exceeded")
    assert "max_targets: the batch has 101 commands, 100 are allowed" in answer.error["message"]
    assert "max_targets under [limits]" in answer.error["hint"]
    assert sls.control("requests") == []


def test_batch_of_dry_runs_is_a_dry_run(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(batch(move(shop, 0, dry_run=True), {**LONGER, "dry_run": True}))

    assert (answer.json["status"], answer.json["dry_run"]) == ("planned", True)
    assert shop.writes() == []


def test_batch_of_what_is_there_already_is_unchanged(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(batch({**LONGER, "timeout": 60}, DESCRIBE, move(shop, 0, -600)))

    assert answer.json["status"] == "unchanged"
    assert shop.writes() == []


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (batch(), "commands: must hold at least one command"),
        ({"action": "batch"}, "commands: missing"),
        ({"action": "batch", "commands": {}}, "commands: must be a list"),
        (batch(batch(DESCRIBE)), "commands[0].action: a batch cannot hold a batch"),
        (batch(DESCRIBE, "describe"), "commands[1]: must be a JSON object"),
        (batch(DESCRIBE, {"action": "explode"}), "commands[1].action: unknown"),
        (batch({**DESCRIBE, "watch_s": 31}), "commands[0].watch_s: must be less than or equal to 30"),
        (batch(DESCRIBE, stop_on_error="yes"), "stop_on_error: must be a valid boolean"),
        (batch(DESCRIBE, dry_run=True), "dry_run: unknown field"),
    ],
)
def test_batch_refuses_what_is_malformed_before_any_call(
    functions: FunctionCaller, sls: StandInServer, command: dict[str, object], problem: str
) -> None:
    answer = functions.run(command)

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert problem in answer.error["message"]
    assert sls.control("requests") == []


def test_batch_lists_the_problems_of_all_its_parts(functions: FunctionCaller, sls: StandInServer) -> None:
    wrong = {"action": "update_checkpoint", "target": "a b", "shard": -1, "checkpoint": "?"}

    message = functions.run(batch(wrong, {**wrong, "force_success": False})).error["message"]

    assert all(f"commands[{part}].{field}: " in message for part in (0, 1) for field in ("shard", "checkpoint"))
    assert "commands[1].force_success: " in message
    assert sls.control("requests") == []
