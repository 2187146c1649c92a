"""apply: exactly the plan that was shown, by whom policy lets, as long as nothing has changed since."""

from typing import Any

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import HOUR_S, Shop

GROUP = {"target": "shop/orders/billing"}
PLAN = {"action": "rewind", **GROUP, "to": "1h", "reason": "bad deploy"}
PLAN_LIFETIME_S = 900


def apply_of(plan: Answer) -> Any:  # noqa: ANN401 -- any JSON document
    """Return the command that a plan offers."""
    assert plan.json["status"] == "planned"
    (offered,) = plan.json["next"]
    assert offered == {"action": "apply", "plan_id": plan.json["plan_id"]}
    return offered


def test_apply_does_exactly_what_the_plan_showed(functions: FunctionCaller, shop: Shop) -> None:
    plan = functions.run(PLAN)
    append(shop)

    answer = functions.run(apply_of(plan))

    assert (answer.json["status"], answer.json["plan_id"]) == ("applied", plan.json["plan_id"])
    told = {shard: found["after"] for shard, found in plan.shards.items() if found["status"] == "planned"}
    assert {shard: found["after"] for shard, found in answer.shards.items() if found["status"] == "moved"} == told
    assert {shard: shop.checkpoints()[shard] for shard in told} == {s: after["checkpoint"] for s, after in told.items()}


def append(shop: Shop) -> None:
    for shard in range(4):
        shop.sls.control("append", {"project": "shop", "logstore": "orders", "shard": shard, "count": 5})


def test_a_plan_to_the_end_is_pinned_when_it_is_made(functions: FunctionCaller, shop: Shop) -> None:
    apply = apply_of(functions.run({"action": "skip", **GROUP, "to": "end"}))
    ends = {shard: shop.end(shard) for shard in range(3)}
    append(shop)

    functions.run(apply)

    assert shop.checkpoints() == {**ends, 3: ""}


@pytest.mark.parametrize(
    "command",
    [
        {"action": "update_checkpoint", "shard": 0, "checkpoint": None, "dry_run": True},
        {"action": "update_consumer_group", "timeout": 120, "dry_run": True},
        {"action": "seek", "to": {"shift": 5}},
        {"action": "skip", "to": "end", "shards": [1]},
    ],
    ids=lambda command: str(command["action"]),
)
def test_whatever_was_planned_can_be_applied(functions: FunctionCaller, shop: Shop, command: dict[str, object]) -> None:
    if "checkpoint" in command:
        command = {**command, "checkpoint": shop.cursor(0, 9)}

    answer = functions.run(apply_of(functions.run({**command, **GROUP})))

    assert (answer.json["status"], answer.json["action"]) == ("applied", "apply")
    assert len(shop.writes()) >= 1


def test_a_plan_that_was_applied_is_a_duplicate_with_its_outcome(functions: FunctionCaller, shop: Shop) -> None:
    apply = apply_of(functions.run(PLAN))
    first, stood = functions.run(apply), shop.checkpoints()

    again = functions.run(apply)

    assert (again.status, again.json["status"]) == (200, "duplicate")
    assert again.json["operation_id"] == first.json["operation_id"]
    assert again.json["shards"] == first.json["shards"]
    assert (shop.checkpoints(), len(shop.writes())) == (stood, 3)


def test_a_plan_id_that_nobody_was_given_is_not_found(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({"action": "apply", "plan_id": "aaaaaaaaaa"})

    assert (answer.status, answer.error["code"]) == (404, "plan_not_found")
    assert shop.calls() == []


@pytest.mark.parametrize("plan_id", ["", "AAAAAAAAAA", "aaaaaaaaa", "aaaaaaaaa1", 1, None])
def test_what_cannot_be_a_plan_id_is_refused(functions: FunctionCaller, shop: Shop, plan_id: object) -> None:
    answer = functions.run({"action": "apply", "plan_id": plan_id})

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert shop.calls(journal=True) == []


def test_a_plan_expires_after_a_quarter_of_an_hour(functions: FunctionCaller, shop: Shop) -> None:
    plan = functions.run(PLAN)
    shop.sls.control("clock", {"skew_s": PLAN_LIFETIME_S + 60})

    answer = functions.run(apply_of(plan))

    assert (answer.status, answer.error["code"]) == (409, "plan_expired")
    assert plan.json["expires_at"] in answer.error["message"]
    assert shop.writes() == []


def test_an_expired_plan_offers_to_plan_the_same_again(functions: FunctionCaller, shop: Shop) -> None:
    apply = apply_of(functions.run(PLAN))
    shop.sls.control("clock", {"skew_s": PLAN_LIFETIME_S + 60})
    (again,) = functions.run(apply).json["next"]
    shop.sls.control("clock", {"skew_s": 0})

    assert functions.run(again).json["status"] == "planned"


def changes(shop: Shop) -> dict[str, Any]:
    """Return what can change under a plan, by name."""
    orders = {"project": "shop", "logstore": "orders"}
    return {
        "moved on": lambda: shop.commit(1, shop.cursor(1, -500), ago_s=HOUR_S),
        "written again": lambda: shop.commit(1, shop.cursor(1, -600), ago_s=HOUR_S),
        "target expired": lambda: shop.sls.control("retention", {**orders, "shard": 1, "drop": 4000}),
    }


@pytest.mark.parametrize("change", ["moved on", "written again"])
def test_a_change_since_the_plan_is_answered_with_a_new_plan_that_can_be_applied(
    functions: FunctionCaller, shop: Shop, change: str
) -> None:
    apply = apply_of(functions.run(PLAN))
    changes(shop)[change]()
    before = shop.checkpoints()

    refused = functions.run(apply)
    stood = shop.checkpoints()
    (anew,) = refused.json["next"]

    assert (refused.status, refused.json["status"], refused.error["code"]) == (409, "refused", "changed_since_plan")
    assert "shards 1 were written after the plan was made" in refused.error["message"]
    assert stood == before
    assert refused.json["plan_id"] not in {None, apply["plan_id"]}
    assert anew == {"action": "apply", "plan_id": refused.json["plan_id"]}
    assert functions.run(anew).json["status"] == "applied"


def test_a_target_that_expired_since_the_plan_is_refused(functions: FunctionCaller, shop: Shop) -> None:
    apply = apply_of(functions.run({**PLAN, "on_expired": "clamp"}))
    changes(shop)["target expired"]()

    refused = functions.run(apply)

    assert (refused.status, refused.error["code"]) == (409, "changed_since_plan")
    assert "positions planned for shards 1 have expired" in refused.error["message"]
    assert functions.run(refused.json["next"][0]).json["status"] == "applied"
    assert shop.checkpoints()[1] == shop.cursor(1, 0)


def test_a_refused_change_can_be_told_again(functions: FunctionCaller, shop: Shop) -> None:
    apply = apply_of(functions.run(PLAN))
    changes(shop)["moved on"]()
    functions.run(apply)

    again = functions.run(apply)

    assert (again.status, again.json["status"], again.error["code"]) == (409, "refused", "changed_since_plan")
    assert [functions.run(offered).json["status"] for offered in again.json["next"]] == ["read"]
    assert shop.writes() == []


def test_attributes_that_changed_since_the_plan_are_left_alone(functions: FunctionCaller, shop: Shop) -> None:
    plan = functions.run({"action": "update_consumer_group", **GROUP, "timeout": 120, "dry_run": True})
    shop.caller.call("PUT", "/logstores/orders/consumergroups/billing", document={"timeout": 90, "order": True})

    answer = functions.run(apply_of(plan))

    assert (answer.status, answer.error["code"]) == (409, "changed_since_plan")
    stood = shop.attributes()
    anew = functions.run(answer.json["next"][0])
    assert (stood, anew.json["status"], shop.attributes()) == ((90, True), "applied", (120, True))


def test_a_shard_that_is_newer_than_the_plan_is_named_and_no_part_of_it(functions: FunctionCaller, shop: Shop) -> None:
    apply = apply_of(functions.run(PLAN))
    shop.split(2)

    answer = functions.run(apply)

    assert answer.json["status"] == "applied"
    assert answer.warnings["new_shards"] == "shards 4, 5 are newer than the plan and no part of it"
    assert {shard for shard, checkpoint in shop.checkpoints().items() if checkpoint} == {0, 1, 2}


@pytest.mark.usefixtures("shop")
def test_shards_that_the_plan_left_out_are_not_newer_than_it(functions: FunctionCaller) -> None:
    answer = functions.run(apply_of(functions.run({**PLAN, "shards": [1]})))

    assert (answer.json["status"], answer.warnings) == ("applied", {})
    assert list(answer.shards) == [1]
