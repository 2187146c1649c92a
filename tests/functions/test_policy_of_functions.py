import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import HOUR_S, Shop
from tests.local.sls.server import StandInServer

DESCRIBE = {"action": "describe", "target": "shop/orders/billing"}
LIST = {"action": "list_consumer_groups", "target": "shop/orders"}
UPDATE = {"action": "update_checkpoint", "target": "shop/orders/billing"}
SAME_FOR_EACH = {"fc_request_id", "elapsed_ms"}


def denial(answer: Answer) -> dict[str, object]:
    assert answer.status == 403
    return {key: value for key, value in answer.json.items() if key not in SAME_FOR_EACH}


def test_without_a_rule_nothing_is_allowed(functions: FunctionCaller, sls: StandInServer) -> None:
    answer = functions.run(DESCRIBE, caller="stranger")

    assert (answer.status, answer.error["code"], answer.json["status"]) == (403, "denied_by_policy", "refused")
    assert "[[rules]]" in answer.error["hint"]
    assert sls.control("requests") == []


@pytest.mark.parametrize(
    ("caller", "target"),
    [
        ("stranger", "orders"),
        ("stranger", "shop/orders/billing"),
        ("narrow", "payroll"),
        ("narrow", "shop/payroll/billing"),
        ("narrow", "shop/orders/audit"),
        ("narrow", "nobody-knows-this-alias"),
        ("glob", "shop/payroll/billing"),
        ("glob", "shop/orders/audit"),
        ("local", "nobody-knows-this-alias"),
        ("local", "local-ops/rewind-journal/any"),
    ],
)
def test_every_denial_says_the_same(functions: FunctionCaller, shop: Shop, caller: str, target: str) -> None:
    known = functions.run(DESCRIBE, caller="stranger")

    assert denial(functions.run({"action": "describe", "target": target}, caller=caller)) == denial(known)
    assert shop.calls() == []


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("caller", "command", "status"),
    [
        ("reader", DESCRIBE, 200),
        ("reader", {**DESCRIBE, "target": "orders"}, 200),
        ("reader", {"action": "update_consumer_group", "target": "orders", "timeout": 90, "dry_run": True}, 403),
        ("glob", DESCRIBE, 200),
        ("glob", LIST, 200),
        ("narrow", LIST, 200),
        ("narrow", {"action": "update_consumer_group", "target": "orders", "timeout": 90}, 403),
        ("narrow", {"action": "list_consumer_groups", "target": "shop/payroll"}, 403),
    ],
)
def test_a_rule_allows_what_it_names_and_no_more(
    functions: FunctionCaller, caller: str, command: dict[str, object], status: int
) -> None:
    assert functions.run(command, caller=caller).status == status


def test_a_list_shows_only_the_groups_that_a_rule_names(functions: FunctionCaller, shop: Shop) -> None:
    shop.add_group("billing-eu")
    shop.add_group("audit")

    answer = functions.run(LIST, caller="glob")

    assert [group["name"] for group in answer.json["consumer_groups"]] == ["billing", "billing-eu"]
    assert "groups_hidden" in answer.warnings
    assert "audit" not in answer.body.decode()


@pytest.mark.parametrize("action", ["list_consumer_groups", "describe", "update_checkpoint"])
def test_the_journal_is_never_a_target(functions: FunctionCaller, sls: StandInServer, action: str) -> None:
    own = {"shard": 0, "checkpoint": "MTIz"} if action == "update_checkpoint" else {}

    answer = functions.run({"action": action, "target": f"{sls.journal}/any", **own})

    assert (answer.status, answer.error["code"]) == (403, "denied_by_policy")
    assert sls.control("requests") == []


@pytest.mark.parametrize(
    ("number", "limit"), [(-600 - HOUR_S - 2, "max_rewind"), (-1, None), (-600 - HOUR_S - 1, None), (0, "max_rewind")]
)
def test_a_rewind_goes_no_further_than_the_limit(
    functions: FunctionCaller, shop: Shop, number: int, limit: str | None
) -> None:
    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, number)}, caller="narrow")

    check_limit(answer, shop, limit)


@pytest.mark.parametrize(("number", "limit"), [(1801, "max_skip"), (1800, None)])
def test_a_skip_goes_no_further_than_the_limit(
    functions: FunctionCaller, shop: Shop, number: int, limit: str | None
) -> None:
    shop.commit(0, shop.cursor(0, 1), ago_s=HOUR_S)

    answer = functions.run({**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 1 + number)}, caller="narrow")

    check_limit(answer, shop, limit)


def check_limit(answer: Answer, shop: Shop, limit: str | None) -> None:
    if limit is None:
        assert (answer.status, len(shop.writes())) == (200, 1)
        return
    assert (answer.status, answer.error["code"], answer.json["status"]) == (403, "limit_exceeded", "refused")
    assert answer.error["message"].startswith(f"{limit}: shard 0 would go ")
    assert f"Raise {limit} under [limits] in policy.toml" in answer.error["hint"]
    assert shop.writes() == []


def test_a_command_moves_no_more_shards_than_the_limit(functions: FunctionCaller, shop: Shop) -> None:
    wanted = {str(shard): shop.cursor(shard, -590) for shard in range(3)}

    answer = functions.run({**UPDATE, "checkpoints": wanted}, caller="narrow")

    assert (answer.status, answer.error["code"]) == (403, "limit_exceeded")
    assert "max_shards: 3 shards would be written, 2 are allowed" in answer.error["message"]
    assert shop.writes() == []


def test_shards_that_stay_where_they_are_count_for_nothing(functions: FunctionCaller, shop: Shop) -> None:
    wanted = {"0": shop.cursor(0, -600), "1": shop.cursor(1, -590), "2": shop.cursor(2, -590)}

    assert functions.run({**UPDATE, "checkpoints": wanted}, caller="narrow").status == 200


def test_a_dry_run_is_held_to_the_same_limits(functions: FunctionCaller, shop: Shop) -> None:
    command = {**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 0), "dry_run": True}

    assert functions.run(command, caller="narrow").error["code"] == "limit_exceeded"


def test_who_must_confirm_may_preview_and_not_write(functions: FunctionCaller, shop: Shop) -> None:
    command = {**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5)}

    preview = functions.run({**command, "dry_run": True}, caller="careful")
    write = functions.run(command, caller="careful")

    assert (preview.status, preview.json["status"]) == (200, "planned")
    assert (write.status, write.error["code"]) == (403, "confirmation_required")
    assert shop.writes() == []


@pytest.fixture(scope="module")
def frozen(make_functions: MakeFunctions) -> Iterator[FunctionCaller]:
    """The functions with REWIND_READ_ONLY=1."""
    with make_functions(settings={"REWIND_READ_ONLY": "1"}) as made:
        yield made


def test_read_only_freezes_writes_and_nothing_else(frozen: FunctionCaller, shop: Shop) -> None:
    command = {**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5)}

    answers = [frozen.run(command), frozen.run({**command, "dry_run": True}), frozen.run(DESCRIBE)]

    assert [answer.status for answer in answers] == [403, 200, 200]
    assert answers[0].error["code"] == "read_only"
    assert shop.writes() == []


def test_read_only_freezes_a_batch_with_one_write_in_it_before_any_call(frozen: FunctionCaller, shop: Shop) -> None:
    write = {**UPDATE, "shard": 0, "checkpoint": shop.cursor(0, 5)}

    answer = frozen.run({"action": "batch", "commands": [DESCRIBE, write]})

    assert (answer.status, answer.error["code"]) == (403, "read_only")
    assert shop.calls() == []


@pytest.mark.parametrize(
    "policy",
    [None, "", "rules = 1", '[[rules]]\nprincipals = ["webhook:local"]\nactions = ["*"]\ntargets = ["*"]', "\x00", "["],
    ids=["missing", "empty", "wrong-type", "wrong-glob", "binary", "not-toml"],
)
def test_a_policy_that_is_broken_or_missing_allows_nothing(
    make_functions: MakeFunctions, sls: StandInServer, tmp_path: Path, policy: str | None
) -> None:
    path = tmp_path / "policy.toml"
    if policy is not None:
        path.write_text(policy, encoding="utf-8")
    with make_functions(settings={"REWIND_POLICY": str(path)}) as functions:
        answer = functions.run(DESCRIBE)

    assert (answer.status, answer.error["code"]) == (403, "denied_by_policy")
    assert sls.control("requests") == []


@pytest.mark.parametrize(
    "settings",
    [{"REWIND_SIGNATURE": "v9"}, {"REWIND_WEBHOOK_SECRETS": "hidden-value-of-a-variable"}],
    ids=["signature", "secrets"],
)
def test_settings_that_are_wrong_are_told_to_the_log_alone(
    make_functions: MakeFunctions, sls: StandInServer, settings: dict[str, str]
) -> None:
    with make_functions(settings=settings) as functions:
        answer = functions.run(DESCRIBE)

    assert (answer.status, answer.error["code"]) == (500, "configuration_invalid")
    assert "REWIND_" not in answer.body.decode()
    assert json.dumps(settings)[-20:-2] not in answer.body.decode()
    assert sls.control("requests") == []
