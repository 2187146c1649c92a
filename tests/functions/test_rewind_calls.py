"""What a preview, a direct apply and the apply of a plan cost in calls, counted at the stand-in."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import HOUR_S, Shop

SEEK = {"action": "seek", "target": "shop/orders/billing"}
MANY = 64
WAVE = 32
LOOKUPS = {"GetCursor", "GetCursorTime"}
MOST_OF_A_PREVIEW, MOST_OF_A_WRITE = 6, 3

GOALS: dict[str, Callable[[Shop], object]] = {
    "begin": lambda _: "begin",
    "end": lambda _: "end",
    "back": lambda shop: shop.now_unix - HOUR_S,
    "forward": lambda shop: shop.now_unix - 60,
    "expired": lambda shop: shop.now_unix - 3 * HOUR_S,
    "shift-back": lambda _: {"shift": -100},
    "shift-forward": lambda _: {"shift": 100},
    "checkpoints": lambda shop: {"checkpoints": {str(s): shop.cursor(s, 40 + s) for s in range(4)}},
    "copy": lambda _: {"consumer_group": "audit"},
    "as-of": lambda shop: {"as_of": shop.now_unix + 1},
}


@pytest.fixture(params=list(GOALS))
def to(request: pytest.FixtureRequest, functions: FunctionCaller, shop: Shop) -> object:
    """Each kind of goal, none of them where the group stands."""
    shop.add_group("audit")
    for shard in range(4):
        shop.commit(shard, shop.cursor(shard, 50 + shard), group="audit")
    if request.param == "as-of":
        functions.run({"action": "snapshot", "target": "shop/orders/billing"})
        for shard in range(3):
            shop.commit(shard, shop.cursor(shard, -10), ago_s=HOUR_S)
    return GOALS[request.param](shop)


def lookups(shop: Shop) -> Counter[int]:
    """Return how often each shard was looked up."""
    return Counter(call["shard"] for call in shop.calls() if call["operation"] in LOOKUPS)


def group_calls(shop: Shop) -> Counter[str]:
    """Return how often each call that is about no single shard was made."""
    return Counter(call["operation"] for call in shop.calls() if call["shard"] is None)


def test_a_preview_costs_at_most_six_lookups_a_shard(functions: FunctionCaller, shop: Shop, to: object) -> None:
    before = lookups(shop)

    answer = functions.run({**SEEK, "to": to, "on_expired": "clamp"})

    assert answer.json["status"] == "planned"
    assert max((lookups(shop) - before).values()) <= MOST_OF_A_PREVIEW


def test_a_direct_apply_costs_at_most_three_lookups_a_shard(functions: FunctionCaller, shop: Shop, to: object) -> None:
    before = lookups(shop)

    answer = functions.run({**SEEK, "to": to, "on_expired": "clamp", "dry_run": False})

    assert answer.json["status"] == "applied"
    assert max((lookups(shop) - before).values()) <= MOST_OF_A_WRITE


def test_a_plan_is_applied_with_one_lookup_a_shard(functions: FunctionCaller, shop: Shop, to: object) -> None:
    plan = functions.run({**SEEK, "to": to, "on_expired": "clamp"})
    before = lookups(shop)

    assert functions.run(plan.json["next"][0]).json["status"] == "applied"
    assert set((lookups(shop) - before).values()) == {1}


def test_an_undo_costs_at_most_three_lookups_a_shard(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run({**SEEK, "to": "begin", "dry_run": False})
    before = lookups(shop)

    answer = functions.run({**done.json["next"][1], "dry_run": False})

    assert answer.json["status"] == "applied"
    assert max((lookups(shop) - before).values()) <= MOST_OF_A_WRITE


def test_verify_looks_nothing_up(functions: FunctionCaller, shop: Shop) -> None:
    done = functions.run({**SEEK, "to": "begin", "dry_run": False})
    before = lookups(shop)

    assert functions.run(done.json["next"][0]).json["status"] == "read"
    assert lookups(shop) == before


@pytest.mark.parametrize("shards", [4, MANY])
def test_the_calls_on_the_group_do_not_grow_with_its_shards(functions: FunctionCaller, shop: Shop, shards: int) -> None:
    shop.add_logstore(shards=shards)
    shop.add_group()
    for shard in range(shards):
        shop.commit(shard, shop.end(shard), ago_s=HOUR_S)

    plan = functions.run({**SEEK, "to": shop.now_unix - HOUR_S})
    planning = group_calls(shop)
    functions.run(plan.json["next"][0])
    applying = group_calls(shop) - planning
    waves = -(-shards // WAVE)

    assert planning == {"ListConsumerGroup": 1, "ListShards": 1, "GetCheckPoint": 1, "GetLogStore": 1}
    # Liveness, the check after the claim, one look before each further wave, and reading back; on a slow machine a look
    # waits for longer than it took, and is taken again.
    assert 2 + waves <= applying.pop("GetCheckPoint") <= 2 + 2 * waves
    assert applying == {"ListConsumerGroup": 1, "ListShards": 1}


def test_each_shard_is_written_once(functions: FunctionCaller, shop: Shop) -> None:
    functions.run({**SEEK, "to": "begin", "dry_run": False})

    assert sorted(call["shard"] for call in shop.writes()) == [0, 1, 2]
