"""A key whose first request is still under way."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.e2e.rewind_world import wait_until
from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import Shop

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}
ATTRIBUTES = {"action": "update_consumer_group", **GROUP, "timeout": 120}
KEY = "deploy-17"
STUCK_S = 2.0
SHARDS = 3


@pytest.fixture(name="running")
def _running(functions: FunctionCaller, shop: Shop) -> Iterator[Future[Answer]]:
    """A rewind whose writes are under way, and answered late."""
    shop.fault({"operation": "UpdateCheckPoint", "kind": "delay", "delay_s": STUCK_S, "times": SHARDS})
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(functions.run, REWIND, Idempotency_Key=KEY)
        wait_until(lambda: len(shop.writes()) == SHARDS)
        yield running
        assert running.result().json["status"] == "applied"


def test_the_same_command_waits_for_it(functions: FunctionCaller, shop: Shop, running: Future[Answer]) -> None:
    early = functions.run(REWIND, Idempotency_Key=f'"{KEY}"')
    assert not running.done()
    first = running.result()

    late = functions.run(REWIND, Idempotency_Key=KEY)

    assert (early.status, early.json["status"], early.error["code"]) == (409, "refused", "operation_in_progress")
    assert (early.error["retryable"], int(early.headers["retry-after"]) >= 1) == (True, True)
    assert (late.json["status"], late.json["shards"]) == ("duplicate", first.json["shards"])
    assert len(shop.writes()) == SHARDS


@pytest.mark.parametrize("command", [{**REWIND, "to": {"shift": -50}}, ATTRIBUTES], ids=["rewind", "attributes"])
def test_another_command_under_its_key_is_refused_for_good(
    functions: FunctionCaller, running: Future[Answer], command: dict[str, object]
) -> None:
    answer = functions.run(command, Idempotency_Key=KEY)

    assert not running.done()
    assert (answer.status, answer.error["code"], answer.error["retryable"]) == (422, "idempotency_key_reused", False)
    assert "retry-after" not in answer.headers


def test_another_callers_same_key_is_another_operation_on_the_same_group(
    functions: FunctionCaller, running: Future[Answer], shop: Shop
) -> None:
    command = {"action": "update_checkpoint", **GROUP, "shard": 0, "checkpoint": shop.cursor(0, -700)}

    answer = functions.run(command, caller="narrow", Idempotency_Key=KEY)

    assert not running.done()
    assert (answer.status, answer.error["code"]) == (409, "operation_in_progress")
    assert int(answer.headers["retry-after"]) >= 1
