"""Under order=true no child is written while the write of its parent has failed."""

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import HOUR_S, Shop

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": "begin", "dry_run": False}
PARENT, CHILDREN = 2, (4, 5)
REFUSED = {"operation": "UpdateCheckPoint", "times": 99, "status": 403, "error_code": "Unauthorized"}


@pytest.fixture
def family(shop: Shop) -> Shop:
    """Shard 2 was split into 4 and 5, which have data too; the group has read all of it, under order=true."""
    shop.split(PARENT)
    for child in CHILDREN:
        told = {"project": "shop", "logstore": "orders", "shard": child, "count": 9, "at_unix": shop.now_unix}
        shop.sls.control("append", told)
    for shard in range(6):
        shop.commit(shard, shop.end(shard), ago_s=HOUR_S)
    order(shop, wanted=True)
    return shop


def order(shop: Shop, *, wanted: bool) -> None:
    answer = shop.caller.call("PUT", "/logstores/orders/consumergroups/billing", document={"order": wanted})
    assert answer.status == 200


def written(shop: Shop) -> list[int]:
    """Return the shards whose writes were sent."""
    return [call["shard"] for call in shop.writes() if call["operation"] == "UpdateCheckPoint"]


@pytest.mark.parametrize("by", ["direct", "apply"])
def test_children_wait_where_the_write_of_their_parent_failed(functions: FunctionCaller, family: Shop, by: str) -> None:
    command = REWIND if by == "direct" else functions.run({**REWIND, "dry_run": True}).json["next"][0]
    before = family.checkpoints()
    family.fault({**REFUSED, "shard": PARENT})

    answer = functions.run(command)

    assert (answer.status, answer.json["status"], answer.shards[PARENT]["status"]) == (502, "partial", "failed")
    assert [answer.shards[child]["status"] for child in CHILDREN] == ["not_attempted"] * 2
    assert set(written(family)).isdisjoint(CHILDREN)
    assert [family.checkpoints()[child] for child in CHILDREN] == [before[child] for child in CHILDREN]


def test_children_wait_where_any_shard_of_an_older_generation_failed(functions: FunctionCaller, family: Shop) -> None:
    family.fault({**REFUSED, "shard": 0})

    answer = functions.run(REWIND)

    assert [answer.shards[child]["status"] for child in CHILDREN] == ["not_attempted"] * 2
    assert set(written(family)) == {0, 1, 2, 3}


def test_resume_writes_the_parent_then_its_children(functions: FunctionCaller, family: Shop) -> None:
    family.fault({**REFUSED, "shard": PARENT})
    first = functions.run(REWIND)
    resume = first.json["next"][0]
    still = functions.run(resume)
    family.fault()
    before = len(written(family))

    answer = functions.run(resume)

    assert [still.shards[child]["status"] for child in CHILDREN] == ["not_attempted"] * 2
    assert (answer.json["status"], written(family)[before]) == ("applied", PARENT)
    assert sorted(written(family)[before:]) == [PARENT, *CHILDREN]


def test_without_order_children_are_written_all_the_same(functions: FunctionCaller, family: Shop) -> None:
    order(family, wanted=False)
    family.fault({**REFUSED, "shard": PARENT})

    answer = functions.run(REWIND)

    assert [answer.shards[child]["status"] for child in CHILDREN] == ["moved"] * 2


def test_a_parent_that_its_consumer_moved_on_does_not_hold_its_children_back(
    functions: FunctionCaller, family: Shop
) -> None:
    family.fault({**REFUSED, "shard": PARENT})
    first = functions.run(REWIND)
    family.fault()
    family.commit(PARENT, family.cursor(PARENT, -1), ago_s=HOUR_S)

    answer = functions.run(first.json["next"][0])

    assert answer.shards[PARENT]["status"] == "moved"
    assert [answer.shards[child]["status"] for child in CHILDREN] == ["moved"] * 2
