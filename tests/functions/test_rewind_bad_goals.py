"""Spellings of `to` that are none, and times that cannot be meant."""

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import Shop
from tests.local.sls.server import StandInServer

SEEK = {"action": "seek", "target": "shop/orders/billing"}


@pytest.mark.parametrize(
    ("more", "field"),
    [({"to": 4_000_000_000}, "to"), ({"to": "2150-01-01T00:00Z"}, "to"), ({"to": "1h", "at": 4_000_000_000}, "at")],
    ids=["epoch", "iso", "at"],
)
def test_a_time_that_is_not_yet_is_refused(
    functions: FunctionCaller, shop: Shop, more: dict[str, object], field: str
) -> None:
    answer = functions.run({**SEEK, **more})

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert f"{field}: lies in the future" in answer.error["message"]
    assert '"end"' in answer.error["hint"]
    assert shop.writes() == []


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (None, "to: must be one of"),
        ("", "to: must be one of"),
        ("yesterday", "to: must be one of"),
        (True, "to: must be one of"),
        (1.5, "to: must be one of"),
        ([], "to: must be one of"),
        (-1, "to: must be a time from 1970"),
        ("2026-02-30T00:00Z", "to: is not a time that exists"),
        ({}, "to: must have exactly one of"),
        ({"shift": 1, "as_of": 2}, "to: must have exactly one of"),
        ({"shift": 0}, "to: shift must be"),
        ({"shift": "5"}, "to: shift must be"),
        ({"checkpoints": {}}, "to: checkpoints must be"),
        ({"checkpoints": {"a": "MTIz"}}, "to: checkpoints must name shards"),
        ({"checkpoints": {"0": "?"}}, "to: checkpoints.0 must be a cursor"),
        ({"consumer_group": "a b"}, "to: consumer_group must be"),
        ({"nonsense": 1}, "to: must have exactly one of"),
    ],
    ids=str,
)
def test_what_spells_no_goal_is_refused_before_any_call(
    functions: FunctionCaller, sls: StandInServer, to: object, said: str
) -> None:
    answer = functions.run({**SEEK, "to": to})

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert said in answer.error["message"]
    assert sls.control("requests") == []


def test_a_time_without_a_zone_is_refused(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**SEEK, "to": "2026-01-01T00:00"})

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert "to: has no zone" in answer.error["message"]
    assert "default_time_zone" in answer.error["message"]
    assert shop.writes() == []
