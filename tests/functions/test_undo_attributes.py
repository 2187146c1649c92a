"""Undo of attributes: it takes back what the operation changed, and nothing that others changed."""

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import Shop

GROUP = {"target": "shop/orders/billing"}
UPDATE = {"action": "update_consumer_group", **GROUP, "timeout": 120}
REFUSED = {"times": 99, "status": 403, "error_code": "Unauthorized"}


def undo_of(done: Answer) -> dict[str, object]:
    return {"action": "undo", **GROUP, "operation_id": done.json["operation_id"], "dry_run": False}


def change(shop: Shop, **attributes: object) -> None:
    """Change the group's attributes as another caller of SLS does."""
    answer = shop.caller.call("PUT", "/logstores/orders/consumergroups/billing", document=attributes)
    assert answer.status == 200


def test_undo_leaves_alone_what_others_changed_besides(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run(UPDATE)
    change(shop, timeout=120, order=True)

    undone = functions.run(undo_of(done))

    assert undone.json["status"] == "applied"
    assert shop.attributes() == (60, True)


@pytest.mark.parametrize("dry_run", [True, False], ids=["plan", "write"])
def test_undo_is_refused_where_others_changed_the_same(functions: FunctionCaller, shop: Shop, *, dry_run: bool) -> None:
    done = functions.run({**UPDATE, "order": True})
    change(shop, timeout=300, order=True)

    answer = functions.run({**undo_of(done), "dry_run": dry_run})

    assert (answer.status, answer.error["code"]) == (409, "changed_since_plan")
    assert shop.attributes() == (300, True)


def test_undo_of_an_update_that_was_refused_changes_nothing(functions: FunctionCaller, shop: Shop) -> None:
    (apply,) = functions.run({**UPDATE, "dry_run": True}).json["next"]
    change(shop, timeout=300, order=False)
    refused = functions.run(apply)

    undone = functions.run(undo_of(refused))

    assert (refused.status, refused.error["code"], undone.json["status"]) == (409, "changed_since_plan", "unchanged")
    assert shop.attributes() == (300, False)


def test_undo_of_an_update_that_failed_changes_nothing(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "UpdateConsumerGroup", **REFUSED})
    failed = functions.run(UPDATE)
    shop.fault()
    change(shop, timeout=120, order=False)

    undone = functions.run(undo_of(failed))

    assert (failed.json["status"], undone.json["status"]) == ("failed", "unchanged")
    assert shop.attributes() == (120, False)


def test_undo_takes_back_an_update_that_nobody_knows_of(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault(
        {"operation": "UpdateConsumerGroup", "kind": "after_write", "times": 99},
        {"operation": "ListConsumerGroup", "nth": 3, **REFUSED},
    )
    unknown = functions.run(UPDATE)
    shop.fault()
    stood = shop.attributes()

    undone = functions.run(undo_of(unknown))

    assert (unknown.json["status"], "not_read_back" in unknown.warnings) == ("failed", True)
    assert (stood, undone.json["status"]) == ((120, False), "applied")
    assert shop.attributes() == (60, False)
