"""Attributes that others wrote over: `describe` names what we left, who left it and when."""

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import Shop

GROUP = {"target": "shop/orders/billing"}
DESCRIBE = {"action": "describe", **GROUP}
UPDATE = {"action": "update_consumer_group", **GROUP, "timeout": 120}


def change(shop: Shop, **attributes: object) -> None:
    """Change the group's attributes as another caller of SLS does."""
    answer = shop.caller.call("PUT", "/logstores/orders/consumergroups/billing", document=attributes)
    assert answer.status == 200


def drifts(answer: Answer) -> list[tuple[str, object, object]]:
    found = answer.json["describe"]["attributes_drifted"]
    assert ("attributes_drifted" in answer.warnings) is bool(found)
    return [(one["attribute"], one["expected"], one["found"]) for one in found]


@pytest.mark.usefixtures("shop")
def test_describe_sees_no_drift_in_a_group_that_nobody_updated(functions: FunctionCaller) -> None:
    assert drifts(functions.run(DESCRIBE)) == []


@pytest.mark.usefixtures("shop")
def test_describe_sees_no_drift_while_an_update_holds(functions: FunctionCaller) -> None:
    functions.run(UPDATE)

    assert drifts(functions.run(DESCRIBE)) == []


def test_describe_names_the_operation_whose_attributes_others_wrote_over(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run({**UPDATE, "order": True})
    change(shop, timeout=40, order=False)

    answer = functions.run(DESCRIBE)

    assert drifts(answer) == [("order", True, False), ("timeout", 120, 40)]
    (_, timeout) = answer.json["describe"]["attributes_drifted"]
    (line,) = functions.run({"action": "history", **GROUP}).json["operations"]
    told = {
        "operation_id": done.json["operation_id"],
        "action": "update_consumer_group",
        "principal": "webhook:local",
        "at": line["ended_at"],
    }
    assert timeout == {"attribute": "timeout", "expected": 120, "found": 40, **told}
    assert all(fact in answer.warnings["attributes_drifted"] for fact in (*told.values(), "120 s", "40 s"))


def test_describe_leaves_out_what_no_operation_changed(functions: FunctionCaller, shop: Shop) -> None:
    functions.run(UPDATE)
    change(shop, timeout=120, order=True)

    assert drifts(functions.run(DESCRIBE)) == []


def test_drift_counts_from_the_newest_operation_on_an_attribute(functions: FunctionCaller, shop: Shop) -> None:
    functions.run(UPDATE)
    functions.run({**UPDATE, "timeout": 180})
    functions.run({"action": "update_consumer_group", **GROUP, "order": True})
    change(shop, timeout=120)

    assert drifts(functions.run(DESCRIBE)) == [("timeout", 180, 120)]


def test_an_undone_update_is_no_drift_but_what_is_written_over_the_undo_is(
    functions: FunctionCaller, shop: Shop
) -> None:
    done = functions.run(UPDATE)
    functions.run({"action": "undo", **GROUP, "operation_id": done.json["operation_id"], "dry_run": False})
    undone = drifts(functions.run(DESCRIBE))
    change(shop, timeout=40)

    assert undone == []
    assert drifts(functions.run(DESCRIBE)) == [("timeout", 60, 40)]


def test_an_update_that_failed_left_nothing_to_drift_from(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "UpdateConsumerGroup", "times": 99, "status": 403, "error_code": "Unauthorized"})
    failed = functions.run(UPDATE)
    shop.fault()

    assert failed.json["status"] == "failed"
    assert drifts(functions.run(DESCRIBE)) == []


@pytest.mark.parametrize("holders", [[], ["worker-1"]], ids=["nobody", "held"])
def test_describe_warns_once_of_a_journal_that_cannot_be_read(
    functions: FunctionCaller, shop: Shop, holders: list[str]
) -> None:
    for consumer in holders:
        shop.heartbeat(consumer)
    journal = shop.sls.journal.partition("/")[2]
    shop.fault({"logstore": journal, "times": 99, "status": 403, "error_code": "Unauthorized"})

    answer = functions.run(DESCRIBE)

    assert (answer.status, drifts(answer)) == (200, [])
    assert [warning["code"] for warning in answer.json["warnings"]] == ["journal_unreadable"]


@pytest.mark.usefixtures("shop")
def test_describe_knows_no_drift_where_no_journal_is_set(unjournaled: FunctionCaller) -> None:
    unjournaled.run(UPDATE)

    assert drifts(unjournaled.run(DESCRIBE)) == []
