import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.shop import HOUR_S, Shop

DESCRIBE = {"action": "describe", "target": "shop/orders/billing"}
WATCH = {**DESCRIBE, "watch_s": 1}


def liveness(answer: Answer) -> Any:  # noqa: ANN401 -- any JSON document
    assert answer.status == 200
    return answer.json["describe"]["liveness"]


def while_watched(functions: FunctionCaller, shop: Shop, act: Callable[[], object]) -> Answer:
    """Return the answer of a watching `describe` during which something happens after its first reading."""
    answers: list[Answer] = []
    watching = threading.Thread(target=lambda: answers.append(functions.run(WATCH)))
    watching.start()
    give_up_at = time.monotonic() + 30
    while not any(call["operation"] == "GetLogStore" for call in shop.calls()) and time.monotonic() < give_up_at:
        time.sleep(0.01)
    act()
    watching.join()
    return answers[0]


def test_describe_calls_a_group_free_that_nobody_holds_or_moves(functions: FunctionCaller, shop: Shop) -> None:
    assert shop.checkpoints()[0]

    assert liveness(functions.run(DESCRIBE)) == {"state": "free", "evidence": [], "free_at": None}


def test_describe_calls_a_group_held_whose_consumer_writes_nothing(functions: FunctionCaller, shop: Shop) -> None:
    shop.heartbeat("worker-1")

    answer = functions.run(DESCRIBE)

    assert liveness(answer)["state"] == "held"
    assert "shard 0 is held by worker-1, which has written nothing for 1 h 00 min" in liveness(answer)["evidence"]
    assert answer.json["describe"]["shards"][0]["consumer"] == "worker-1"


def test_describe_calls_a_group_active_that_was_just_written(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(1, shop.cursor(1, -10), ago_s=30)

    found = liveness(functions.run(DESCRIBE))

    assert found["state"] == "active"
    assert [sign for sign in found["evidence"] if sign.startswith("shard 1 was written ")]
    free_at = datetime.fromisoformat(found["free_at"].replace("Z", "+00:00")).timestamp()
    assert 0 < free_at - shop.now_unix <= 60


def test_describe_waits_for_the_groups_own_timeout_where_it_is_longer(functions: FunctionCaller, shop: Shop) -> None:
    shop.add_logstore()
    shop.add_group(timeout=2 * HOUR_S)
    shop.commit(1, shop.cursor(1, -10), ago_s=HOUR_S)

    assert liveness(functions.run(DESCRIBE))["state"] == "active"


def test_describe_names_the_writer_it_knows(functions: FunctionCaller, shop: Shop) -> None:
    shop.heartbeat("worker-1")
    shop.commit(0, shop.cursor(0, -10), consumer="worker-1", forceSuccess="false")

    assert "by worker-1" in liveness(functions.run(DESCRIBE))["evidence"][0]


def test_describe_sees_a_checkpoint_move_while_it_watches(functions: FunctionCaller, shop: Shop) -> None:
    forward = shop.cursor(0, -500)

    answer = while_watched(functions, shop, lambda: shop.commit(0, forward))

    assert liveness(answer)["state"] == "active"
    assert "shard 0 was written while it was watched by a writer without a name" in liveness(answer)["evidence"]
    assert [shard["moved_log_groups"] for shard in answer.json["describe"]["shards"]] == [100, None, None, None]


def test_describe_sees_movement_even_of_an_old_writing_time(functions: FunctionCaller, shop: Shop) -> None:
    shop.sls.control("switches", {"forced_write_updates_time": False})
    forward = shop.cursor(0, -500)

    assert liveness(while_watched(functions, shop, lambda: shop.commit(0, forward)))["state"] == "active"


def test_describe_does_not_take_a_new_holder_for_a_writer(functions: FunctionCaller, shop: Shop) -> None:
    answer = while_watched(functions, shop, lambda: shop.heartbeat("worker-1"))

    assert liveness(answer)["state"] == "held"


def test_describe_reads_checkpoints_once_unless_it_watches(functions: FunctionCaller, shop: Shop) -> None:
    functions.run(DESCRIBE)

    assert [call["operation"] for call in shop.calls()].count("GetCheckPoint") == 1


def test_describe_measures_age_on_the_servers_own_clock(functions: FunctionCaller, shop: Shop) -> None:
    shop.commit(0, shop.cursor(0, -10))
    shop.sls.control("clock", {"skew_s": 600})

    assert liveness(functions.run(DESCRIBE))["state"] == "free"
