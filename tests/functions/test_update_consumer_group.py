import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import Shop

UPDATE = {"action": "update_consumer_group", "target": "shop/orders/billing"}


def test_update_consumer_group_changes_what_is_given_and_leaves_the_rest(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**UPDATE, "order": True})

    assert (answer.status, answer.json["status"]) == (200, "applied")
    assert shop.attributes() == (60, True)
    assert answer.json["consumer_group"] == {
        "before": {"timeout": 60, "order": False},
        "after": {"timeout": 60, "order": True},
    }


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"timeout": 90}, {"timeout": 90}),
        ({"order": True}, {"order": True}),
        ({"timeout": 90, "order": True}, {"timeout": 90, "order": True}),
        ({"timeout": 60, "order": True}, {"order": True}),
        ({"timeout": 90, "order": False}, {"timeout": 90}),
    ],
    ids=["timeout", "order", "both", "only-order-differs", "only-timeout-differs"],
)
def test_update_consumer_group_sends_only_what_differs(
    functions: FunctionCaller, shop: Shop, given: dict[str, object], sent: dict[str, object]
) -> None:
    functions.run({**UPDATE, **given})

    assert shop.sls.puts == [sent]


@pytest.mark.parametrize("given", [{"timeout": 60}, {"order": False}, {"timeout": 60, "order": False}])
def test_update_consumer_group_writes_nothing_where_all_is_as_wanted(
    functions: FunctionCaller, shop: Shop, given: dict[str, object]
) -> None:
    answer = functions.run({**UPDATE, **given})

    assert (answer.status, answer.json["status"], answer.json["warnings"]) == (200, "unchanged", [])
    assert shop.writes() == []


def test_update_consumer_group_reads_before_and_after_its_write(functions: FunctionCaller, shop: Shop) -> None:
    functions.run({**UPDATE, "timeout": 90})

    first, *_, before_last, last = [call["operation"] for call in shop.calls()]
    assert (first, before_last, last) == ("ListConsumerGroup", "UpdateConsumerGroup", "ListConsumerGroup")


def test_update_consumer_group_shows_a_dry_run_and_writes_nothing(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**UPDATE, "timeout": 90, "dry_run": True})

    assert (answer.status, answer.json["status"], answer.json["dry_run"]) == (200, "planned", True)
    assert answer.json["consumer_group"]["after"] == {"timeout": 90, "order": False}
    assert (shop.writes(), answer.json["operation_id"]) == ([], None)


def test_update_consumer_group_offers_the_write_that_a_dry_run_showed(functions: FunctionCaller, shop: Shop) -> None:
    (offered,) = functions.run({**UPDATE, "timeout": 90, "dry_run": True}).json["next"]

    assert functions.run(offered).json["status"] == "applied"
    assert shop.attributes() == (90, False)


def test_update_consumer_group_offers_to_verify_and_to_undo(functions: FunctionCaller, shop: Shop) -> None:
    verify, undo = functions.run({**UPDATE, "timeout": 90, "order": True}).json["next"]

    assert functions.run(verify).json["ok"]
    (apply,) = functions.run(undo).json["next"]
    assert functions.run(apply).json["status"] == "applied"
    assert shop.attributes() == (60, False)


def test_update_consumer_group_without_a_journal_offers_the_way_back(unjournaled: FunctionCaller, shop: Shop) -> None:
    answer = unjournaled.run({**UPDATE, "timeout": 90, "order": True})

    assert "not_journaled" in answer.warnings
    assert unjournaled.run(answer.json["next"][0]).json["status"] == "applied"
    assert shop.attributes() == (60, False)


def test_update_consumer_group_warns_that_consumers_write_their_own_values(
    functions: FunctionCaller, shop: Shop
) -> None:
    assert shop.attributes() == (60, False)

    answer = functions.run({**UPDATE, "timeout": 90})

    assert answer.warnings.keys() == {"consumers_write_their_own"}


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(("timeout", "warned"), [(59, {"short_timeout"}), (61, set())])
def test_update_consumer_group_warns_of_a_timeout_under_three_heartbeats(
    functions: FunctionCaller, timeout: int, warned: set[str]
) -> None:
    answer = functions.run({**UPDATE, "timeout": timeout})

    assert answer.warnings.keys() - {"consumers_write_their_own"} == warned


@pytest.mark.usefixtures("shop")
def test_update_consumer_group_says_what_order_means(functions: FunctionCaller) -> None:
    answer = functions.run({**UPDATE, "order": True})

    assert "split or merged" in answer.warnings["order_and_splits"]


def test_update_consumer_group_needs_an_attribute(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(UPDATE)

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert "give timeout, order or both" in answer.error["message"]
    assert shop.calls() == []


def test_update_consumer_group_of_a_missing_group_keeps_the_sls_code(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**UPDATE, "target": "shop/orders/Billing", "timeout": 90})

    assert (answer.status, answer.error["sls_error_code"]) == (404, "ConsumerGroupNotExist")
    assert "shop/orders/Billing" in answer.error["message"]
    assert shop.writes() == []


def test_update_consumer_group_repeats_a_write_that_sls_failed(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "UpdateConsumerGroup", "kind": "error", "status": 500})

    answer = functions.run({**UPDATE, "timeout": 90})

    assert (answer.status, answer.json["status"]) == (200, "applied")
    assert [call["status"] for call in shop.writes()] == [500, 200]


def test_update_consumer_group_that_sls_refuses_changes_nothing(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "UpdateConsumerGroup", "status": 400, "error_code": "JsonInfoInvalid"})

    answer = functions.run({**UPDATE, "timeout": 90})

    assert (answer.status, answer.error["sls_error_code"]) == (400, "JsonInfoInvalid")
    assert shop.attributes() == (60, False)


def test_update_consumer_group_repeats_a_write_whose_answer_was_lost(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "UpdateConsumerGroup", "kind": "after_write"})

    answer = functions.run({**UPDATE, "timeout": 90})

    assert (answer.status, answer.json["status"]) == (200, "applied")


def test_update_consumer_group_reads_back_where_every_answer_is_lost(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "UpdateConsumerGroup", "kind": "after_write", "times": 9})

    answer = functions.run({**UPDATE, "timeout": 90})

    assert shop.attributes() == (90, False)
    assert (answer.status, answer.json["status"]) == (200, "applied")


def test_update_consumer_group_says_that_it_wrote_where_reading_back_fails(
    functions: FunctionCaller, shop: Shop
) -> None:
    denied = {"kind": "error", "status": 401, "error_code": "Unauthorized"}
    shop.fault({"operation": "ListConsumerGroup", "nth": 3, "times": 9, **denied})

    answer = functions.run({**UPDATE, "timeout": 90})

    assert shop.attributes() == (90, False)
    assert answer.json["status"] == "applied"
    assert "not_read_back" in answer.warnings


def test_what_could_not_be_read_before_the_write_is_not_said_to_be_written(
    functions: FunctionCaller, shop: Shop
) -> None:
    shop.fault({"operation": "ListConsumerGroup", "nth": 2, "times": 99, "status": 500})

    failed = functions.run({**UPDATE, "timeout": 90})
    shop.fault()
    described = functions.run({**UPDATE, "action": "describe"})
    shop.set_timeout(90)
    undone = functions.run({**UPDATE, "action": "undo", "operation_id": failed.json["operation_id"], "dry_run": False})

    before = {"timeout": 60, "order": False}
    assert (failed.status, failed.json["status"]) == (502, "failed")
    assert failed.json["consumer_group"] == {"before": before, "after": before}
    assert described.json["describe"]["attributes_drifted"] == []
    assert undone.json["status"] == "unchanged"
    assert shop.attributes() == (90, False)


def test_what_sls_refused_is_not_said_to_be_written_where_nothing_can_be_read_back(
    functions: FunctionCaller, shop: Shop
) -> None:
    denied = {"status": 401, "error_code": "Unauthorized"}
    shop.fault(
        {"operation": "UpdateConsumerGroup", **denied},
        {"operation": "ListConsumerGroup", "nth": 3, "times": 9, **denied},
    )

    answer = functions.run({**UPDATE, "timeout": 90})

    assert answer.json["status"] == "failed"
    assert answer.json["consumer_group"]["after"] == {"timeout": 60, "order": False}


def test_a_value_that_somebody_else_wrote_first_is_not_taken_back(functions: FunctionCaller, shop: Shop) -> None:
    planned = {**UPDATE, "timeout": 90}
    shop.fault({"operation": "ListConsumerGroup", "nth": 2, "times": 99, "status": 500})
    functions.run(planned, Idempotency_Key="k")
    shop.fault()
    shop.set_timeout(90)

    again = functions.run(planned, Idempotency_Key="k")
    undo = {**UPDATE, "action": "undo", "operation_id": again.json["operation_id"], "dry_run": False}

    assert again.json["status"] == "unchanged"
    assert functions.run(undo).json["status"] == "unchanged"
    assert shop.attributes() == (90, False)


def test_a_write_of_which_nothing_was_heard_is_taken_back_by_undo(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault(
        {"operation": "UpdateConsumerGroup", "kind": "after_write", "times": 9},
        {"operation": "ListConsumerGroup", "nth": 3, "times": 99, "status": 500},
    )

    lost = functions.run({**UPDATE, "timeout": 90}, Idempotency_Key="k")
    shop.fault()
    again = functions.run({**UPDATE, "timeout": 90}, Idempotency_Key="k")
    undo = {**UPDATE, "action": "undo", "operation_id": again.json["operation_id"], "dry_run": False}
    undone = functions.run(undo)

    assert lost.json["status"] == "failed"
    assert "not_read_back" in lost.warnings
    assert again.json["status"] == "applied"
    assert undone.json["status"] == "applied"
    assert shop.attributes() == (60, False)
