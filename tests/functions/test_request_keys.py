"""An idempotency key stands for one request: the same as a batch, in a batch or beside one is another."""

from typing import Any

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.shop import Shop

GROUP = {"target": "shop/orders/billing"}
KEY = "the-only-key"
READ: dict[str, Any] = {"action": "describe", **GROUP}


def back(shard: int, log_groups: int = 100) -> dict[str, Any]:
    """Return a rewind of one shard."""
    return {"action": "rewind", **GROUP, "to": {"shift": -log_groups}, "shards": [shard], "dry_run": False}


def batch(*commands: dict[str, Any]) -> dict[str, Any]:
    return {"action": "batch", "commands": list(commands)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (back(0), batch(back(0))),
        (back(0), batch(back(1))),
        (back(0), batch(back(1), back(2))),
        (back(0), batch(READ, back(1))),
        (batch(back(0)), back(0)),
        (batch(back(0)), back(1)),
        (batch(back(0)), batch(back(0), back(1))),
        (batch(back(0), back(1)), batch(back(0))),
        (batch(back(0), back(1)), batch(back(1), back(0))),
        (batch(READ, back(0)), back(0)),
        (batch(READ, back(0)), batch(back(0))),
        (batch(READ, back(0)), batch(back(1))),
        (batch(READ, READ, back(0)), batch(back(1), back(2))),
    ],
)
def test_a_key_is_refused_for_another_request(
    functions: FunctionCaller, shop: Shop, first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert functions.run(first, Idempotency_Key=KEY).json["ok"]
    stood, writes = shop.checkpoints(), len(shop.writes())

    answer = functions.run(second, Idempotency_Key=KEY)

    assert (answer.status, answer.error["code"]) == (422, "idempotency_key_reused")
    assert (shop.checkpoints(), len(shop.writes())) == (stood, writes)


def test_the_same_batch_under_the_same_key_is_a_duplicate(functions: FunctionCaller, shop: Shop) -> None:
    command = batch(READ, back(0), back(1))
    functions.run(command, Idempotency_Key=KEY)

    answer = functions.run(command, Idempotency_Key=KEY)

    assert [part["status"] for part in answer.json["results"]] == ["read", "duplicate", "duplicate"]
    assert len(shop.writes()) == 2


NAMED = {"project": "shop", "logstore": "orders"}
SPELLINGS: list[dict[str, str]] = [
    {**NAMED, "consumer_group": "billing"},
    {**NAMED, "consumerGroup": "billing"},
    {"target": "orders"},
]


@pytest.mark.parametrize("spelled", SPELLINGS, ids=str)
@pytest.mark.parametrize("wrap", [dict, batch], ids=["alone", "batch"])
def test_the_same_command_whose_target_is_spelled_otherwise_is_a_duplicate(
    functions: FunctionCaller,
    shop: Shop,
    spelled: dict[str, str],
    wrap: Any,  # noqa: ANN401 -- command to command
) -> None:
    command = back(0)
    otherwise = {**{key: value for key, value in command.items() if key != "target"}, **spelled}
    functions.run(wrap(command), Idempotency_Key=KEY)

    answer = functions.run(wrap(otherwise), Idempotency_Key=KEY)

    assert (answer.json["status"], len(shop.writes())) == ("duplicate", 1)


def test_another_target_is_another_command(functions: FunctionCaller, shop: Shop) -> None:
    shop.add_group("audit")
    shop.commit(0, shop.cursor(0, -10), group="audit", ago_s=3600)
    functions.run(back(0), Idempotency_Key=KEY)

    answer = functions.run({**back(0), "target": "shop/orders/audit"}, Idempotency_Key=KEY)

    assert (answer.status, answer.error["code"]) == (422, "idempotency_key_reused")


def test_a_key_does_not_bind_what_only_reads(functions: FunctionCaller, shop: Shop) -> None:
    functions.run(batch(back(0)), Idempotency_Key=KEY)

    answer = functions.run(READ, Idempotency_Key=KEY)

    assert (answer.json["status"], len(shop.writes())) == ("read", 1)


def test_plans_are_applied_under_their_own_ids_whatever_the_key(functions: FunctionCaller, shop: Shop) -> None:
    plans = [functions.run({**back(shard), "dry_run": True}).json["next"][0] for shard in (0, 1)]
    functions.run(plans[0], Idempotency_Key=KEY)

    answer = functions.run(plans[1], Idempotency_Key=KEY)

    assert (answer.json["status"], len(shop.writes())) == ("applied", 2)


@pytest.mark.parametrize("own", [{"allow_active": True}, {"wait_free_s": 1}, {"reason": "another"}])
def test_batches_that_differ_only_in_what_an_apply_is_asked_with_are_not_the_same(
    functions: FunctionCaller, shop: Shop, own: dict[str, Any]
) -> None:
    plan = functions.run({**back(1), "dry_run": True}).json["plan_id"]
    apply = {"action": "apply", "plan_id": plan}
    first = batch(back(0), apply)
    assert functions.run(first, Idempotency_Key=KEY).json["ok"]
    stood = shop.checkpoints()

    answer = functions.run(batch(back(0), {**apply, **own}), Idempotency_Key=KEY)
    again = functions.run(first, Idempotency_Key=KEY)

    assert (answer.status, answer.error["code"]) == (422, "idempotency_key_reused")
    assert [part["status"] for part in again.json["results"]] == ["duplicate", "duplicate"]
    assert shop.checkpoints() == stood
