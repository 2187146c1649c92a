"""Batches of plans and operations: all are judged before the first write, and each has a result of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import HOUR_S, Shop

BILLING = {"target": "shop/orders/billing"}
AUDIT = {"target": "shop/orders/audit"}
REWIND = {"action": "rewind", **BILLING, "to": {"shift": -100}, "dry_run": False}


def batch(*commands: Any, **more: object) -> dict[str, object]:  # noqa: ANN401 -- any JSON documents
    return {"action": "batch", "commands": list(commands), **more}


def statuses(answer: Answer) -> list[str]:
    return [part["status"] for part in answer.json["results"]]


@pytest.fixture
def both(shop: Shop) -> Shop:
    """A second group, `audit`, that stands elsewhere."""
    shop.add_group("audit")
    for shard in range(4):
        shop.commit(shard, shop.cursor(shard, 2000), group="audit", ago_s=HOUR_S)
    return shop


def test_plans_of_a_batch_are_applied_by_a_batch(functions: FunctionCaller, both: Shop) -> None:
    planned = functions.run(batch({**REWIND, "dry_run": True}, {**REWIND, **AUDIT, "dry_run": True}))
    offered = [part["next"][0] for part in planned.json["results"]]
    stood = len(both.writes())

    applied = functions.run(batch(*offered))

    assert (planned.json["status"], statuses(planned), stood) == ("planned", ["planned", "planned"], 0)
    assert (applied.json["status"], statuses(applied)) == ("applied", ["applied", "applied"])
    assert both.checkpoints()[0] == both.cursor(0, -700)
    assert both.checkpoints("audit")[0] == both.cursor(0, 1900)


def test_a_part_sees_what_an_earlier_part_wrote(functions: FunctionCaller, shop: Shop) -> None:
    skip = {**REWIND, "action": "skip", "to": {"shift": 30}}

    answer = functions.run(batch(REWIND, skip, {"action": "describe", **BILLING}))

    assert statuses(answer) == ["applied", "applied", "read"]
    assert shop.checkpoints()[0] == shop.cursor(0, -670)
    assert answer.json["results"][2]["describe"]["shards"][0]["checkpoint"] == shop.cursor(0, -670)


def test_the_same_plan_twice_in_a_batch_is_applied_once(functions: FunctionCaller, shop: Shop) -> None:
    (apply,) = functions.run({**REWIND, "dry_run": True}).json["next"]

    answer = functions.run(batch(apply, apply))

    assert (answer.json["status"], statuses(answer)) == ("applied", ["applied", "duplicate"])
    assert len(shop.writes()) == 3


def test_an_active_group_does_not_hold_back_the_others(functions: FunctionCaller, both: Shop) -> None:
    both.commit(0, both.cursor(0, -10))

    answer = functions.run(batch(REWIND, {**REWIND, **AUDIT}))

    assert (answer.status, answer.json["status"], statuses(answer)) == (409, "partial", ["refused", "applied"])
    assert answer.error["code"] == "active_consumers"
    assert answer.error["message"].startswith("commands[0]: somebody is consuming")


def test_a_batch_can_end_at_the_first_part_that_is_refused(functions: FunctionCaller, both: Shop) -> None:
    both.commit(0, both.cursor(0, -10))
    before = both.checkpoints("audit")

    answer = functions.run(batch(REWIND, {**REWIND, **AUDIT}, stop_on_error=True))

    assert (answer.status, statuses(answer)) == (409, ["refused", "refused"])
    assert answer.json["results"][1]["error"]["code"] == "not_attempted"
    assert both.checkpoints("audit") == before


def test_operations_are_undone_and_verified_in_a_batch(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()
    done = functions.run(REWIND)
    verify, undo = done.json["next"]

    answer = functions.run(batch(verify, {**undo, "dry_run": False}, verify))

    assert statuses(answer) == ["read", "applied", "read"]
    states = [[found["state"] for found in answer.json["results"][part]["verify"]] for part in (0, 2)]
    assert states == [["held"] * 3, ["overwritten"] * 3]
    assert shop.checkpoints() == before


def test_a_snapshot_is_taken_before_what_follows_it(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()

    answer = functions.run(batch({"action": "snapshot", **BILLING}, REWIND))

    kept = {found["shard"]: found["before"]["checkpoint"] for found in answer.json["results"][0]["shards"]}
    assert kept == before
    assert shop.checkpoints() != before


POLICY = """
[limits]
max_rewind = "1h"
max_skip = "5m"
max_shards = 2

[[rules]]
principals = ["webhook:local"]
actions = ["*"]
targets = ["*/*/*"]
"""


@pytest.fixture(scope="module")
def limited(make_functions: MakeFunctions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionCaller]:
    """Functions whose policy is `POLICY`."""
    path = Path(tmp_path_factory.mktemp("policy")) / "policy.toml"
    path.write_text(POLICY, encoding="utf-8")
    with make_functions(settings={"REWIND_POLICY": str(path)}) as made:
        yield made


@pytest.mark.parametrize("dry_run", [True, False], ids=["plan", "write"])
@pytest.mark.parametrize(
    ("command", "limit"),
    [
        ({"action": "rewind", "to": {"shift": -3602}, "shards": [0]}, "max_rewind"),
        ({"action": "seek", "to": "begin", "shards": [0]}, "max_rewind"),
        ({"action": "skip", "to": {"shift": 301}, "shards": [0]}, "max_skip"),
        ({"action": "skip", "to": "end", "shards": [0]}, "max_skip"),
        ({"action": "rewind", "to": {"shift": -1}}, "max_shards"),
        ({"action": "rewind", "to": {"shift": -3601}, "shards": [0, 1]}, None),
        ({"action": "skip", "to": {"shift": 300}, "shards": [0]}, None),
    ],
    ids=["back", "begin", "on", "end", "shards", "just-back", "just-on"],
)
def test_a_limit_that_is_exceeded_is_named_with_how_to_lift_it(
    limited: FunctionCaller, shop: Shop, command: dict[str, object], limit: str | None, *, dry_run: bool
) -> None:
    answer = limited.run({**command, **BILLING, "dry_run": dry_run})

    if limit is None:
        assert answer.json["status"] == ("planned" if dry_run else "applied")
        return
    assert (answer.status, answer.error["code"], answer.json["status"]) == (403, "limit_exceeded", "refused")
    assert answer.error["message"].startswith(f"{limit}: ")
    assert f"Raise {limit} under [limits] in policy.toml" in answer.error["hint"]
    assert shop.writes() == []


def test_one_part_beyond_a_limit_keeps_the_whole_batch_from_writing(limited: FunctionCaller, both: Shop) -> None:
    near, far = {**REWIND, "shards": [0]}, {**REWIND, **AUDIT, "to": "begin", "shards": [0, 1, 2]}

    answer = limited.run(batch(near, far))

    assert (answer.status, answer.json["status"], answer.error["code"]) == (403, "refused", "limit_exceeded")
    assert answer.error["message"].startswith("commands[1]: max_shards: ")
    assert answer.error["message"].endswith("nothing was written")
    assert both.writes() == []
