"""Rewinds across a split and a merge, under the official consumer library with order=true.

SLS holds a child back until its parents are finished, but only before it is first consumed: children that were
consumed once are consumed side by side with parents that were moved back. Who needs the order again rewinds one
generation after the other.
"""

from collections.abc import Iterator

import pytest

from tests.e2e.consumer_world import GROUP, Consumers, Seen, append, lay_out, received_unix
from tests.functions.caller import FunctionCaller
from tests.functions.shop import Shop

FIRST, LATER = 200, 100
MIDDLE = 150
# Shard 0 was split into 1 and 2, and these were merged into 3.
GENERATIONS = ([0], [1, 2], [3])
PARENTS = {1: [0], 2: [0], 3: [1, 2]}
LOG_GROUPS = {0: FIRST, 1: LATER, 2: LATER, 3: LATER}
WORKERS = ("worker-1", "worker-2")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def family(shop: Shop) -> Shop:
    """Three generations of shards, all with data that nobody has read yet."""
    lay_out(shop, shards=1, log_groups=FIRST)
    shop.sls.control("clock", {"unix": received_unix(shop, FIRST + 10)})
    shop.split(0)
    for shard in (1, 2):
        append(shop, shard, LATER, ago_s=3000)
    shop.sls.control("clock", {"unix": shop.now_unix - 2900})
    merged = shop.caller.call("POST", "/logstores/orders/shards/1", query={"action": "merge"})
    assert merged.status == 200, merged.body
    append(shop, 3, LATER, ago_s=2800)
    shop.sls.control("clock", {"unix": None})
    return shop


@pytest.fixture
def consumers(family: Shop, loopback_names: str) -> Iterator[Consumers]:
    made = Consumers(family, loopback_names, in_order=True)
    yield made
    made.stop()


def since(number: int) -> Seen:
    """Return shard and number of all log groups from one of shard 0 on."""
    return [(shard, n) for shard, count in LOG_GROUPS.items() for n in range(0 if shard else number, count)]


def assert_parents_first(seen: Seen) -> None:
    shards = [shard for shard, _ in seen]
    for child, parents in PARENTS.items():
        for parent in parents:
            assert len(shards) - shards[::-1].index(parent) <= shards.index(child), (
                f"{child} began before {parent} ended"
            )


def assert_in_order_within_shards(seen: Seen) -> None:
    for shard in LOG_GROUPS:
        numbers = [n for one, n in seen if one == shard]
        assert numbers == sorted(numbers)


def test_a_rewind_across_a_split_and_a_merge_replays_every_lineage_in_order(
    functions: FunctionCaller, family: Shop, consumers: Consumers
) -> None:
    first = consumers.read_all(*WORKERS)
    rewind = {"action": "rewind", **GROUP, "to": received_unix(family, MIDDLE), "dry_run": False}
    applied, again = [], []
    for shards in GENERATIONS:
        applied.append(functions.run({**rewind, "shards": shards}))
        again += consumers.read_all(*WORKERS)

    assert sorted(first) == since(0)
    assert_parents_first(first)
    assert [answer.json["status"] for answer in applied] == ["applied"] * 3
    assert not any("order_across_splits" in answer.warnings for answer in applied)
    assert sorted(again) == since(MIDDLE)
    assert_parents_first(again)
    assert_in_order_within_shards(again)


def test_a_rewind_of_all_generations_at_once_brings_everything_and_says_that_children_do_not_wait(
    functions: FunctionCaller, family: Shop, consumers: Consumers
) -> None:
    consumers.read_all(*WORKERS)

    plan = functions.run({"action": "rewind", **GROUP, "to": received_unix(family, MIDDLE)})
    applied = functions.run(plan.json["next"][0])
    again = consumers.read_all(*WORKERS)

    assert "shards [0], then [1, 2], then [3]" in plan.warnings["order_across_splits"]
    assert plan.json["warnings"][-1]["code"] == "order_across_splits"
    assert "children that go on already are not held back" in plan.shards[0]["note"]
    assert "begins at its creation by a split or merge" in plan.shards[3]["note"]
    assert applied.json["status"] == "applied"
    assert sorted(again) == since(MIDDLE)
    assert_in_order_within_shards(again)
