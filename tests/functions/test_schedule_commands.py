"""Any command on a schedule: snapshots that `as_of` lives on, verify, attributes put back, batches, reads."""

import time

from tests.functions.schedules import Scheduler
from tests.functions.shop import HOUR_S, Shop

GROUP = {"target": "orders"}
REWIND = {"action": "rewind", **GROUP, "to": "15m", "dry_run": False}
RECONCILE = {"action": "update_consumer_group", **GROUP, "timeout": 120, "order": True}
NOBODY = {"action": "rewind", "target": "shop/orders/nobody", "to": "15m", "dry_run": False}


def put_attributes(shop: Shop, timeout: int, *, order: bool) -> None:
    """Change the attributes as a consumer does that starts."""
    body = {"timeout": timeout, "order": order}
    answer = shop.caller.call("PUT", "/logstores/orders/consumergroups/billing", document=body)
    assert answer.status == 200


def test_a_snapshot_is_what_as_of_lives_on(scheduler: Scheduler, shop: Shop) -> None:
    taken = {shard: shop.checkpoints()[shard] for shard in range(3)}
    snapshot = scheduler.deliver({"commands": [{"action": "snapshot", **GROUP}]}, at_unix=shop.now_unix)
    for shard in range(3):
        shop.commit(shard, shop.cursor(shard, -5), ago_s=HOUR_S)
    # Records tell whole seconds; a second ahead is still the present.
    back = {"action": "rewind", **GROUP, "to": {"as_of": int(time.time()) + 1}, "dry_run": False}

    done = scheduler.deliver(back, at_unix=shop.now_unix)

    assert (snapshot.status, done.status) == ("applied", "applied")
    assert {shard: shop.checkpoints()[shard] for shard in range(3)} == taken


def test_a_verify_in_the_morning_says_whether_the_night_held(scheduler: Scheduler, shop: Shop) -> None:
    night = scheduler.deliver(REWIND, at_unix=shop.now_unix)
    shop.commit(1, shop.cursor(1, -890))
    verify = {"action": "verify", **GROUP, "operation_id": night.document["operation_id"]}

    morning = scheduler.deliver(verify, at_unix=shop.now_unix)

    states = {found["shard"]: found["state"] for found in morning.document["verify"]}
    assert (morning.status, states) == ("read", {0: "held", 1: "progressed", 2: "held"})


def test_attributes_that_a_consumers_start_changed_are_put_back_at_every_firing(
    scheduler: Scheduler, shop: Shop
) -> None:
    statuses = []
    for number in range(3):
        if number != 1:
            put_attributes(shop, 30, order=False)
        statuses.append(scheduler.deliver(RECONCILE, at_unix=shop.now_unix - 600 * number).status)
        assert shop.attributes() == (120, True)

    assert statuses == ["applied", "unchanged", "applied"]


def test_one_firing_puts_attributes_back_once(scheduler: Scheduler, shop: Shop) -> None:
    first = scheduler.deliver(RECONCILE, at_unix=shop.now_unix)
    put_attributes(shop, 30, order=False)

    second = scheduler.deliver(RECONCILE, at_unix=shop.now_unix)

    assert (first.status, second.status) == ("applied", "duplicate")
    assert shop.attributes() == (30, False)


def test_a_batch_stops_at_the_first_failure_where_it_is_told_to(scheduler: Scheduler, shop: Shop) -> None:
    batch = {"commands": [NOBODY, REWIND], "stop_on_error": True}

    stopped = scheduler.deliver(batch, at_unix=shop.now_unix)

    assert (stopped.status, "commands[0]: " in stopped.message) == ("FiringFailedError", True)
    assert shop.writes() == []


def test_a_batch_goes_on_otherwise_and_tells_of_the_failure(scheduler: Scheduler, shop: Shop) -> None:
    gone_on = scheduler.deliver({"commands": [NOBODY, REWIND]}, at_unix=shop.now_unix)

    assert gone_on.status == "FiringFailedError"
    assert "batch partial, consumer_group_not_exist: commands[0]: " in gone_on.message
    assert shop.checkpoints()[0] == shop.cursor(0, -900)


def test_a_retry_of_a_batch_moves_what_was_moved_no_second_time(scheduler: Scheduler, shop: Shop) -> None:
    second_group = {**REWIND, "target": "shop/orders/audit"}
    shop.add_group("audit")
    shop.commit(0, shop.cursor(0, -600), group="audit", ago_s=HOUR_S)
    shop.fault({"operation": "ListConsumerGroup", "nth": 2, "times": 4, "status": 500})
    batch = {"commands": [REWIND, second_group]}
    first = scheduler.deliver(batch, at_unix=shop.now_unix)
    shop.fault()

    second = scheduler.deliver(batch, at_unix=shop.now_unix)

    assert (first.status, second.status) == ("FiringFailedError", "applied")
    assert [part["status"] for part in second.document["results"]] == ["duplicate", "applied"]
    assert sorted(call["shard"] for call in shop.writes()) == [0, 0, 1, 2]


def test_a_batch_delivered_twice_answers_duplicate(scheduler: Scheduler, shop: Shop) -> None:
    batch = {"commands": [REWIND, RECONCILE]}

    first, second = (scheduler.deliver(batch, at_unix=shop.now_unix) for _ in range(2))

    assert (first.status, second.status) == ("applied", "duplicate")
    assert len(shop.writes()) == 4


def test_a_describe_is_read_and_writes_nothing(scheduler: Scheduler, shop: Shop) -> None:
    read = scheduler.deliver({"action": "describe", **GROUP}, at_unix=shop.now_unix)

    assert (read.status, set(read.shards), shop.writes()) == ("read", {0, 1, 2, 3}, [])
    assert "PutLogs" not in {call["operation"] for call in shop.calls(journal=True)}


def test_a_plan_may_be_asked_for_and_writes_nothing(scheduler: Scheduler, shop: Shop) -> None:
    planned = scheduler.deliver({**REWIND, "dry_run": True}, at_unix=shop.now_unix - 60)

    assert (planned.status, shop.writes()) == ("planned", [])
    assert planned.shards[0]["after"]["checkpoint"] == shop.cursor(0, -960)
