"""Attributes under the official consumer library, which writes its own whenever it starts."""

from collections.abc import Iterator

import pytest

from tests.e2e.consumer_world import GROUP, Consumers, lay_out
from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import Shop

DESCRIBE = {"action": "describe", **GROUP}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def consumers(shop: Shop, loopback_names: str) -> Iterator[Consumers]:
    lay_out(shop, shards=1, log_groups=10)
    shop.add_group()
    made = Consumers(shop, loopback_names)
    yield made
    made.stop()


def drifts(answer: Answer) -> dict[str, tuple[object, object]]:
    return {one["attribute"]: (one["expected"], one["found"]) for one in answer.json["describe"]["attributes_drifted"]}


def test_what_a_starting_consumer_writes_over_an_attribute_change_is_seen_as_drift(
    functions: FunctionCaller, consumers: Consumers
) -> None:
    changed = functions.run({"action": "update_consumer_group", **GROUP, "timeout": 120, "order": True})
    held = functions.run(DESCRIBE)
    consumers.read_all("worker-1")
    drifted = functions.run(DESCRIBE)

    assert (drifts(held), "attributes_drifted" in held.warnings) == ({}, False)
    assert drifts(drifted) == {"timeout": (120, 2), "order": (True, False)}
    told = drifted.warnings["attributes_drifted"]
    assert all(fact in told for fact in (changed.json["operation_id"], "webhook:local", "when it starts"))
