import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import Shop
from tests.local.sls.server import StandInServer

LIST = {"action": "list_consumer_groups", "target": "shop/orders"}


def test_list_consumer_groups_returns_each_with_its_attributes(functions: FunctionCaller, shop: Shop) -> None:
    shop.add_group("audit", timeout=300)

    answer = functions.run(LIST)

    assert (answer.status, answer.json["status"]) == (200, "read")
    assert answer.json["consumer_groups"] == [
        {"name": "billing", "timeout": 60, "order": False},
        {"name": "audit", "timeout": 300, "order": False},
    ]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "named",
    [
        {"project": "shop", "logstore": "orders"},
        {"target": "shop/orders"},
        {"target": "shop/orders/billing"},
        {"target": "orders"},
    ],
    ids=["parts", "path", "path-of-a-group", "alias-of-a-group"],
)
def test_list_consumer_groups_takes_every_way_to_name_a_logstore(
    functions: FunctionCaller, named: dict[str, str]
) -> None:
    answer = functions.run({"action": "list_consumer_groups", **named})

    assert answer.json["target"] == {"project": "shop", "logstore": "orders", "consumer_group": None}
    assert [group["name"] for group in answer.json["consumer_groups"]] == ["billing"]


def test_list_consumer_groups_of_a_logstore_without_groups_is_empty(functions: FunctionCaller, shop: Shop) -> None:
    shop.add_logstore("payments")

    answer = functions.run({"action": "list_consumer_groups", "target": "shop/payments"})

    assert (answer.status, answer.json["consumer_groups"]) == (200, [])


def test_list_consumer_groups_makes_one_call_and_keeps_its_request_id(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run(LIST)

    assert [call["operation"] for call in shop.calls()] == ["ListConsumerGroup"]
    assert len(answer.json["sls_request_ids"]) == 1


def test_list_consumer_groups_refuses_fields_of_other_actions(functions: FunctionCaller, sls: StandInServer) -> None:
    answer = functions.run({**LIST, "consumer_group": "billing", "watch_s": 1, "dry_run": True})

    assert answer.status == 400
    assert all(f"{name}: unknown field" in answer.error["message"] for name in ("consumer_group", "watch_s", "dry_run"))
    assert sls.control("requests") == []
