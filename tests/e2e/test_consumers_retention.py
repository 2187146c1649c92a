"""Retention that passes a checkpoint: told before, told afterwards, and the official library does what was told."""

from collections.abc import Iterator

import pytest

from tests.e2e.consumer_world import GROUP, Consumers, append
from tests.e2e.rewind_world import wait_until
from tests.functions.caller import FunctionCaller
from tests.functions.shop import Shop, iso_utc

DAY_S = 86_400
READ, UNREAD, FRESH = 100, 50, 40
# Unread log groups reach retention so long after the test began.
EXPIRES_IN_S = 900
DESCRIBE = {"action": "describe", **GROUP}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def consumers(shop: Shop, loopback_names: str) -> Iterator[Consumers]:
    shop.add_logstore(shards=1, log_groups=READ, begin_unix=shop.now_unix - DAY_S + EXPIRES_IN_S - 2 * READ, ttl_days=1)
    made = Consumers(shop, loopback_names)
    yield made
    made.stop()


def test_describe_tells_when_a_checkpoint_expires_and_then_what_the_consumer_will_do(
    functions: FunctionCaller, shop: Shop, consumers: Consumers
) -> None:
    consumers.read_all("worker-1")
    append(shop, 0, UNREAD, ago_s=DAY_S - EXPIRES_IN_S)
    append(shop, 0, FRESH, ago_s=60)
    (before,) = functions.run(DESCRIBE).json["describe"]["shards"]
    shop.sls.control("clock", {"unix": shop.now_unix + EXPIRES_IN_S + 1})
    (after,) = functions.run(DESCRIBE).json["describe"]["shards"]

    seen_before = len(shop.calls())
    consumers.start("worker-1")
    wait_until(lambda: "GetCursor" in {call["operation"] for call in shop.calls()[seen_before:]})
    append(shop, 0, 3)
    wait_until(lambda: len(consumers.seen) >= 3)

    assert (before["state"], before["position_expires_at"]) == ("behind", iso_utc(shop.now_unix + EXPIRES_IN_S))
    assert (after["state"], after["log_groups_lost"], after["position_expires_at"]) == ("expired", UNREAD, None)
    assert "a Python consumer would jump to the end" in after["note"]
    assert consumers.seen == [(0, READ + UNREAD + FRESH + n) for n in range(3)]
