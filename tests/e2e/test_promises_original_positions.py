"""Never a lost original position: whatever was moved, or may have been, is told of and taken back by undo."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.rewind_world import wait_until
from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import HOUR_S, Shop

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}
SKIP = {**REWIND, "action": "skip", "to": {"shift": 100}}
REFUSED = {"times": 99, "status": 403, "error_code": "Unauthorized"}
UNREADABLE = {"operation": "GetCheckPoint", **REFUSED}
# A resume looks once for consumers, then claims.
UNREADABLE_ONCE_CLAIMED = {**UNREADABLE, "nth": 2}
KEY = "the-only-key"


def of(answer: Answer, action: str, **more: object) -> dict[str, object]:
    """Return a command on the operation that an answer tells of."""
    return {"action": action, **GROUP, "operation_id": answer.json["operation_id"], **more}


def half(functions: FunctionCaller, shop: Shop, command: Mapping[str, object]) -> Answer:
    """Return the answer to a command of which shard 2 was not written; SLS takes writes again."""
    shop.fault({"operation": "UpdateCheckPoint", "shard": 2, **REFUSED})
    answer = functions.run(command, Idempotency_Key=KEY)
    shop.fault()
    assert answer.json["status"] == "partial"
    return answer


def undo(functions: FunctionCaller, answer: Answer) -> Any:  # noqa: ANN401 -- any JSON document
    return functions.run(of(answer, "undo", dry_run=False, allow_active=True))


@pytest.mark.parametrize(
    ("command", "goes_on_to", "verdict", "undone"),
    [
        (SKIP, -450, "progressed", "moved"),
        (REWIND, -580, "overwritten", "skipped"),
        (REWIND, -650, "progressed", "moved"),
    ],
    ids=["forward", "backward", "between"],
)
def test_a_shard_known_to_be_moved_stays_moved_in_what_is_resumed(
    functions: FunctionCaller, shop: Shop, command: dict[str, object], goes_on_to: int, verdict: str, undone: str
) -> None:
    first = half(functions, shop, command)
    shop.commit(0, shop.cursor(0, goes_on_to))

    resumed = functions.run(of(first, "resume"))
    verified = functions.run(of(first, "verify"))
    back = undo(functions, first)

    assert (resumed.json["status"], resumed.shards[0]["status"]) == ("applied", "moved")
    assert resumed.shards[0]["note"].startswith("it was written by an earlier attempt")
    assert {found["shard"]: found["state"] for found in verified.json["verify"]}[0] == verdict
    assert back.shards[0]["status"] == undone
    left = -600 if undone == "moved" else goes_on_to
    assert [shop.checkpoints()[n] for n in range(3)] == [shop.cursor(0, left), *(shop.cursor(n, -600) for n in (1, 2))]


@pytest.mark.parametrize("end", ["abandon", "resume"])
@pytest.mark.parametrize("command", [REWIND, SKIP], ids=["backward", "forward"])
def test_undo_takes_back_a_write_that_nobody_knows_of(
    functions: FunctionCaller, shop: Shop, command: dict[str, object], end: str
) -> None:
    before = shop.checkpoints()
    lost = {"operation": "UpdateCheckPoint", "shard": 2, "kind": "after_write", "times": 99}
    shop.fault(lost, {**UNREADABLE, "nth": 3})
    first = functions.run(command)
    shop.fault()
    verified = functions.run(of(first, "verify"))
    assert ("not known" in first.shards[2]["note"], verified.json["verify"][2]["state"]) == (True, "held")
    if end == "resume":
        shop.commit(2, shop.cursor(2, -450 if command is SKIP else -720), ago_s=HOUR_S)

    ended = functions.run(of(first, end))
    back = undo(functions, first)

    assert ended.status == (502 if end == "resume" else 200)
    assert back.shards[2]["status"] == "moved"
    assert shop.checkpoints() == before


def test_undo_takes_back_what_an_operation_moved_whose_outcome_was_lost(functions: FunctionCaller, shop: Shop) -> None:
    before = shop.checkpoints()
    shop.fault({"operation": "PutLogs", "nth": 2, **REFUSED})
    first = functions.run(SKIP, Idempotency_Key=KEY)
    shop.fault()
    shop.commit(0, shop.cursor(0, -450), ago_s=HOUR_S)
    repaired = functions.run(SKIP, Idempotency_Key=KEY)
    verified = functions.run(of(first, "verify"))

    back = undo(functions, first)

    assert (first.json["status"], repaired.shards[0]["status"]) == ("applied", "conflict")
    assert verified.json["verify"][0]["state"] == "progressed"
    assert back.shards[0]["status"] == "moved"
    assert shop.checkpoints() == before


def test_a_resume_that_cannot_look_leaves_the_operation_unfinished(functions: FunctionCaller, shop: Shop) -> None:
    first = half(functions, shop, REWIND)
    shop.fault(UNREADABLE_ONCE_CLAIMED)
    failed = functions.run(of(first, "resume"))
    shop.fault()

    other, back = functions.run({**REWIND, "to": {"shift": -50}}), undo(functions, first)

    assert (failed.status, failed.json["status"]) == (502, "failed")
    assert [answer.error["code"] for answer in (other, back)] == ["unfinished_operation"] * 2
    (operation,) = functions.run({"action": "history", **GROUP}).json["operations"]
    assert (operation["state"], operation["status"], operation["attempts"]) == ("unfinished", "partial", 2)
    assert functions.run(of(first, "abandon")).json["status"] == "applied"
    assert undo(functions, first).json["status"] == "applied"
    assert [shop.checkpoints()[shard] for shard in range(3)] == [shop.cursor(shard, -600) for shard in range(3)]


def test_undo_leaves_out_what_was_not_written_though_a_resume_was_withdrawn(
    functions: FunctionCaller, shop: Shop
) -> None:
    first = half(functions, shop, SKIP)
    shop.fault(UNREADABLE_ONCE_CLAIMED)
    functions.run(of(first, "resume"))
    shop.fault()
    functions.run(of(first, "abandon"))
    shop.commit(2, shop.cursor(2, -550), ago_s=HOUR_S)

    back = undo(functions, first)

    assert {shard: found["status"] for shard, found in back.shards.items()} == {0: "moved", 1: "moved"}
    assert shop.checkpoints()[2] == shop.cursor(2, -550)


def test_what_an_operation_moved_is_an_as_of_position_though_a_resume_was_withdrawn(
    functions: FunctionCaller, shop: Shop
) -> None:
    first = half(functions, shop, REWIND)
    shop.fault(UNREADABLE_ONCE_CLAIMED)
    functions.run(of(first, "resume"))
    shop.fault()

    plan = functions.run({"action": "seek", **GROUP, "to": {"as_of": int(time.time()) + 1}, "allow_active": True})

    assert [plan.shards[shard]["status"] for shard in (0, 1)] == ["unchanged", "unchanged"]
    assert shop.checkpoints()[0] == shop.cursor(0, -700)


def test_as_of_goes_by_a_snapshot_that_is_newer_than_what_an_earlier_attempt_wrote(
    functions: FunctionCaller, shop: Shop
) -> None:
    first = half(functions, shop, REWIND)
    second = int(time.time())
    wait_until(lambda: int(time.time()) > second + 1)
    shop.commit(0, shop.cursor(0, -580), ago_s=HOUR_S)
    functions.run({"action": "snapshot", **GROUP})
    resumed = functions.run(of(first, "resume"))

    plan = functions.run({"action": "seek", **GROUP, "to": {"as_of": int(time.time()) + 1}, "allow_active": True})

    assert (resumed.json["status"], resumed.shards[0]["status"]) == ("applied", "moved")
    assert [plan.shards[shard]["status"] for shard in range(3)] == ["unchanged"] * 3


def test_what_wrote_nothing_is_no_position_to_go_to_as_of(functions: FunctionCaller, shop: Shop) -> None:
    (apply,) = functions.run({**REWIND, "dry_run": True}).json["next"]
    for shard in range(3):
        shop.commit(shard, shop.cursor(shard, -200), ago_s=HOUR_S)
    functions.run({"action": "snapshot", **GROUP})
    refused = functions.run(apply)

    plan = functions.run({"action": "seek", **GROUP, "to": {"as_of": int(time.time()) + 1}})

    assert (refused.status, refused.error["code"]) == (409, "changed_since_plan")
    assert [plan.shards[shard]["status"] for shard in range(3)] == ["unchanged"] * 3
