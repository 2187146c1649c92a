"""Who may apply a plan, within which limits, and when nobody may."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import Shop

GROUP = {"target": "shop/orders/billing"}
PLAN = {"action": "rewind", **GROUP, "to": "1h", "reason": "bad deploy"}


def apply_of(plan: Answer) -> Any:  # noqa: ANN401 -- any JSON document
    """Return the command that a plan offers."""
    return plan.json["next"][0]


POLICY = """
[[rules]]
principals = ["webhook:narrow"]
actions = ["rewind", "apply"]
targets = ["shop/orders/billing"]
max_rewind = "10m"
max_shards = 2

[[rules]]
principals = ["webhook:careful"]
actions = ["*"]
targets = ["shop/orders/billing"]
confirm = "other"
approvers = ["webhook:glob", "webhook:careful"]

[[rules]]
principals = ["webhook:reader"]
actions = ["describe", "apply"]
targets = ["*/*/*"]

[[rules]]
principals = ["webhook:glob", "webhook:local"]
actions = ["*"]
targets = ["*/*/*"]
"""


@pytest.fixture(scope="module")
def guarded(make_functions: MakeFunctions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionCaller]:
    """Functions on the same journal whose policy is `POLICY`."""
    path = Path(tmp_path_factory.mktemp("policy")) / "policy.toml"
    path.write_text(POLICY, encoding="utf-8")
    with make_functions(settings={"REWIND_POLICY": str(path)}) as made:
        yield made


def test_limits_count_as_they_stand_when_a_plan_is_applied(
    functions: FunctionCaller, guarded: FunctionCaller, shop: Shop
) -> None:
    plan = functions.run({**PLAN, "shards": [0, 1]})

    answer = guarded.run(apply_of(plan), caller="narrow")

    assert (answer.status, answer.error["code"]) == (403, "limit_exceeded")
    assert answer.error["message"].startswith("max_rewind: shard ")
    assert "Raise max_rewind under [limits] in policy.toml" in answer.error["hint"]
    assert shop.writes() == []


def test_a_plan_on_more_shards_than_allowed_is_refused_by_name(
    functions: FunctionCaller, guarded: FunctionCaller, shop: Shop
) -> None:
    plan = functions.run({**PLAN, "to": {"shift": -5}})

    answer = guarded.run(apply_of(plan), caller="narrow")

    assert answer.error["message"].startswith("max_shards: 3 shards would be written, 2 are allowed")
    assert shop.writes() == []


@pytest.mark.parametrize("caller", ["stranger", "reader"])
def test_a_plan_id_grants_nothing(functions: FunctionCaller, guarded: FunctionCaller, shop: Shop, caller: str) -> None:
    apply = apply_of(functions.run(PLAN))

    answer = guarded.run(apply, caller=caller)

    assert (answer.status, answer.error["code"]) == (403, "denied_by_policy")
    assert shop.writes() == []


def test_who_may_not_apply_learns_nothing_of_plans(guarded: FunctionCaller, shop: Shop) -> None:
    answer = guarded.run({"action": "apply", "plan_id": "aaaaaaaaaa"}, caller="stranger")

    assert (answer.status, answer.error["code"]) == (403, "denied_by_policy")
    assert shop.calls() == []


def test_confirm_same_lets_the_asker_apply_and_nobody_else(functions: FunctionCaller, shop: Shop) -> None:
    apply = apply_of(functions.run(PLAN, caller="careful"))

    other = functions.run(apply, caller="local")
    stood = len(shop.writes())
    asker = functions.run(apply, caller="careful")

    assert (other.status, other.error["code"], stood) == (403, "confirmation_required", 0)
    assert 'confirm = "same"' in other.error["message"]
    assert asker.json["status"] == "applied"


@pytest.mark.parametrize("caller", ["careful", "local"])
def test_confirm_other_lets_neither_the_asker_nor_a_passer_by_apply(
    guarded: FunctionCaller, shop: Shop, caller: str
) -> None:
    apply = apply_of(guarded.run(PLAN, caller="careful"))

    answer = guarded.run(apply, caller=caller)

    assert (answer.status, answer.error["code"]) == (403, "confirmation_required")
    assert "a named approver other than the asker" in answer.error["message"]
    assert shop.writes() == []


def test_confirm_other_lets_a_named_approver_apply_and_the_journal_tells_both(
    guarded: FunctionCaller, shop: Shop
) -> None:
    apply = apply_of(guarded.run(PLAN, caller="careful"))

    answer = guarded.run(apply, caller="glob")

    assert answer.json["status"] == "applied"
    (operation,) = guarded.run({"action": "history", **GROUP}, caller="glob").json["operations"]
    assert (operation["asked_by"], operation["principal"]) == ("webhook:careful", "webhook:glob")
    assert operation["reason"] == "bad deploy"
    assert len(shop.writes()) == 3


def test_who_must_confirm_cannot_write_at_once(functions: FunctionCaller, shop: Shop) -> None:
    answer = functions.run({**PLAN, "dry_run": False}, caller="careful")

    assert (answer.status, answer.error["code"]) == (403, "confirmation_required")
    assert "dry_run: true" in answer.error["hint"]
    assert shop.calls() == []


@pytest.fixture(scope="module")
def frozen(make_functions: MakeFunctions) -> Iterator[FunctionCaller]:
    """The functions with REWIND_READ_ONLY=1."""
    with make_functions(settings={"REWIND_READ_ONLY": "1"}) as made:
        yield made


def test_read_only_plans_and_applies_nothing(frozen: FunctionCaller, shop: Shop) -> None:
    plan = frozen.run(PLAN)
    writes = [apply_of(plan), {**PLAN, "dry_run": False}]
    named = {**GROUP, "operation_id": "a" * 16}
    writes += [{"action": action, **named} for action in ("resume", "abandon")]
    writes += [{"action": "undo", **named, "dry_run": False}]

    answers = [frozen.run(command) for command in writes]

    assert {(answer.status, answer.error["code"]) for answer in answers} == {(403, "read_only")}
    assert shop.writes() == []
