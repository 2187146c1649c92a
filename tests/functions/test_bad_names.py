import pytest

from tests.functions.caller import FunctionCaller
from tests.local.sls.server import StandInServer

NAMED = {"project": "shop", "logstore": "orders", "consumer_group": "billing"}
WRONG_EVERYWHERE = [
    "",
    " ",
    "a b",
    " shop",
    "shop ",
    "shop/orders",
    "../shop",
    "..",
    ".",
    "a..b",
    "shop.example.com",
    "shop:80",
    "user@shop",
    "http://shop",
    "shop%2Forders",
    "shop?x=1",
    "shop#x",
    "shop\\orders",
    "shop\n",
    "shop\r\nHost: example.com",
    "sh\u0000op",
    "\u0441hop",
    "sho\u0440",
    "shop\u0301",
    "\uff53hop",
    "\ud800",
    "s" * 129,
]
WRONG = {
    "project": [*WRONG_EVERYWHERE, "Shop", "-shop", "shop-", "sh_op", "s" * 64],
    "logstore": [*WRONG_EVERYWHERE, "Orders", "-orders", "orders-", "_orders", "orders_", "s" * 81],
    "consumer_group": [*WRONG_EVERYWHERE, "bill+ing", "bill.ing"],
}


@pytest.mark.parametrize(
    ("field", "name"), [(field, name) for field, names in WRONG.items() for name in names], ids=ascii
)
def test_a_name_that_could_mean_another_place_is_refused(
    functions: FunctionCaller, sls: StandInServer, field: str, name: str
) -> None:
    answer = functions.run({"action": "describe", **NAMED, field: name})

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert answer.error["message"].startswith(f"{field}: must be ")
    assert sls.control("requests") == []


@pytest.mark.parametrize(
    "target",
    [
        "shop/orders",
        "shop/orders/billing/x",
        "/orders/billing",
        "shop//billing",
        "shop/orders/",
        "shop/../billing",
        "shop/orders/bil ling",
        "Shop/orders/billing",
        "shop.example.com/orders/billing",
        "http://shop/orders/billing",
        "shop/orders/billing\n",
        "shop\\orders/x/y z",
    ],
    ids=ascii,
)
def test_a_target_that_is_no_path_of_names_is_refused(
    functions: FunctionCaller, sls: StandInServer, target: str
) -> None:
    answer = functions.run({"action": "describe", "target": target})

    assert answer.status == 400
    assert answer.error["message"].startswith("target: must be an alias of policy.toml, or project/logstore/")
    assert sls.control("requests") == []


@pytest.mark.parametrize("target", ["", " ", "nobody", "orders ", "Orders", "..", "\u043erders", "orders\n"], ids=ascii)
def test_a_target_that_is_no_alias_is_denied_like_any_other(
    functions: FunctionCaller, sls: StandInServer, target: str
) -> None:
    answer = functions.run({"action": "describe", "target": target})

    assert (answer.status, answer.error["code"]) == (403, "denied_by_policy")
    assert sls.control("requests") == []


@pytest.mark.parametrize(
    ("field", "name"), [("project", "s" * 63), ("logstore", "a" + "_" * 78 + "b"), ("consumer_group", "G-" * 64)]
)
def test_the_longest_names_are_taken(functions: FunctionCaller, sls: StandInServer, field: str, name: str) -> None:
    answer = functions.run({"action": "describe", **NAMED, field: name})

    assert answer.status == 404
    assert sls.control("requests") != []
