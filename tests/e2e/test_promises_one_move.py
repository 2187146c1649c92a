"""Never two moves: what was moved once is not moved again, whatever consumers did with it meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.rewind_drills import Case, Position, send_and_kill
from tests.e2e.rewind_world import World, checkout_with_timeout, sent_until_it_ends, wait_until
from tests.functions.caller import Answer, FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.shop import HOUR_S, Shop
from tests.local.sls.cursors import decode_cursor

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}
REFUSED = {"times": 99, "status": 403, "error_code": "Unauthorized"}
KEY = "the-only-key"
ANSWER_LOST_AFTER_S = 3.0
NEVER_S = 3600
TIMEOUT_S = 8


@pytest.fixture
def caught_up(shop: Shop) -> Shop:
    """All shards but the last stand at their ends."""
    catch_up(shop, 0, 1, 2)
    return shop


def catch_up(shop: Shop, *shards: int) -> None:
    for shard in shards:
        shop.commit(shard, shop.end(shard), ago_s=HOUR_S)


def resumed(answer: Answer) -> Any:  # noqa: ANN401 -- any JSON document
    return next(command for command in answer.json["next"] if command["action"] == "resume")


def stands_at(shop: Shop, shard: int, number: int) -> bool:
    return shop.checkpoints()[shard] == shop.cursor(shard, number)


def log_groups(cursor: str, later: str) -> int:
    """Return how many log groups lie between two cursors."""
    first, last = decode_cursor(cursor), decode_cursor(later)
    assert first is not None
    assert last is not None
    return last - first


@pytest.mark.parametrize("way", ["resume", "the same key"])
def test_what_is_continued_leaves_alone_whose_consumers_caught_up(
    functions: FunctionCaller, caught_up: Shop, way: str
) -> None:
    caught_up.fault({"operation": "UpdateCheckPoint", "shard": 2, **REFUSED})
    first = functions.run(REWIND, Idempotency_Key=KEY)
    caught_up.fault()
    catch_up(caught_up, 0, 1)

    again = functions.run(resumed(first)) if way == "resume" else functions.run(REWIND, Idempotency_Key=KEY)

    assert (first.json["status"], again.json["status"]) == ("partial", "applied")
    assert [call["shard"] for call in caught_up.writes()] == [2]
    assert [caught_up.checkpoints()[shard] for shard in (0, 1)] == [caught_up.end(shard) for shard in (0, 1)]
    assert caught_up.checkpoints()[2] == caught_up.cursor(2, -100)


@pytest.mark.parametrize("way", ["resume", "the same key"])
def test_what_lost_its_outcome_moves_nothing_that_caught_up(
    functions: FunctionCaller, caught_up: Shop, way: str
) -> None:
    caught_up.fault({"operation": "PutLogs", "nth": 2, **REFUSED})
    first = functions.run(REWIND, Idempotency_Key=KEY)
    caught_up.fault()
    catch_up(caught_up, 0, 1, 2)

    again = functions.run(resumed(first)) if way == "resume" else functions.run(REWIND, Idempotency_Key=KEY)

    assert (first.json["status"], "journal_unfinished" in first.warnings) == ("applied", True)
    assert (again.status, {shard["status"] for shard in again.json["shards"][:3]}) == (409, {"conflict"})
    assert "it stands where it stood, but was written after the plan" in again.shards[0]["note"]
    assert caught_up.writes() == []


def test_what_was_killed_moves_nothing_again_that_caught_up(world_evidence: Evidence, tmp_path: Path) -> None:
    with World(world_evidence, checkout_with_timeout(tmp_path, TIMEOUT_S)) as world:
        group = world.new_group()
        with world.more_functions() as functions:
            send_and_kill(Case(Position("write", "UpdateCheckPoint", shard=2), "killed_before"), group, functions)
        world.fault()
        moved = [shard for shard, stands in group.checkpoints().items() if stands != group.original[shard]]
        for shard in moved:
            assert group.commit(shard, log_groups(group.checkpoints()[shard], group.original[shard]))
        begun = group.mark()

        answer = sent_until_it_ends(world.functions, group.rewind(), group.key)[-1]

        again = {call["shard"] for call in group.calls(begun) if call["operation"] == "UpdateCheckPoint"}
        assert (moved, again) == ([0, 1], {2, 3})
        assert (answer.json["status"], [answer.shards[n]["status"] for n in (0, 1)]) == ("partial", ["conflict"] * 2)
        assert {shard: group.checkpoints()[shard] for shard in moved} == {n: group.original[n] for n in moved}


@pytest.mark.parametrize(
    ("action", "shift", "goes_on_to", "status"),
    [
        ("rewind", -100, (-630, -600, -570), ["moved", "failed", "failed"]),
        ("skip", 100, (-500, -450, -600), ["moved", "failed", "failed"]),
    ],
    ids=["backward", "forward"],
)
def test_a_write_whose_answer_was_lost_is_not_sent_again_over_a_consumers_commit(
    functions: FunctionCaller, shop: Shop, action: str, shift: int, goes_on_to: tuple[int, ...], status: list[str]
) -> None:
    commits = {shard: shop.cursor(shard, number) for shard, number in enumerate(goes_on_to)}
    lost = {"operation": "UpdateCheckPoint", "kind": "after_write", "delay_s": ANSWER_LOST_AFTER_S}
    shop.fault(*({**lost, "shard": shard} for shard in commits))
    with ThreadPoolExecutor(1) as pool:
        answering = pool.submit(functions.run, {**REWIND, "action": action, "to": {"shift": shift}})
        for shard, checkpoint in commits.items():
            wait_until(partial(stands_at, shop, shard, -600 + shift))
            shop.commit(shard, checkpoint, ago_s=HOUR_S)
        answer = answering.result()

    assert [answer.shards[shard]["status"] for shard in commits] == status
    assert ["not known" in (answer.shards[shard]["note"] or "") for shard in commits] == [False, True, True]
    assert {shard: shop.checkpoints()[shard] for shard in commits} == commits
    assert shop.writes() == []


def test_a_resume_that_was_withdrawn_leaves_nothing_to_be_moved_twice(functions: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "UpdateCheckPoint", "shard": 2, **REFUSED})
    first = functions.run(REWIND, Idempotency_Key=KEY)
    shop.fault()
    shop.sls.control("switches", {"put_logs_visible_after_s": NEVER_S})
    slow = functions.run(resumed(first))
    shop.sls.control("switches", {"put_logs_visible_after_s": 0})
    writes = len(shop.writes())

    again = functions.run(REWIND, Idempotency_Key=KEY)

    assert (slow.error["code"], again.json["operation_id"]) == ("journal_unusable", first.json["operation_id"])
    assert again.json["status"] == "applied"
    assert [call["shard"] for call in shop.writes()[writes:]] == [2]
    assert [shop.checkpoints()[shard] for shard in range(3)] == [shop.cursor(shard, -700) for shard in range(3)]
