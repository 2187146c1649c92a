"""Who holds which shard: leases, balance, order over split and merged shards."""

from typing import Any

import pytest

from tests.local.sls.caller import Answer, Caller
from tests.local.sls.server import StandInServer

GROUPS = "/logstores/orders/consumergroups"
GROUP = f"{GROUPS}/g"
SHARDS = "/logstores/orders/shards"
NOW = 1_700_000_000


@pytest.fixture
def caller(sls_server: StandInServer, sls_caller: Caller) -> Caller:
    sls_server.control("logstores", {"project": "shop", "logstore": "orders", "shards": 4, "begin_unix": NOW - 1000})
    sls_server.control("clock", {"unix": NOW})
    create(sls_caller)
    return sls_caller


def create(caller: Caller, **changes: object) -> Answer:
    return caller.call("POST", GROUPS, document={"consumerGroup": "g", "timeout": 30, "order": False, **changes})


def update(caller: Caller, document: object) -> Answer:
    return caller.call("PUT", GROUP, document=document)


def beat(caller: Caller, consumer: str, held: list[int]) -> Any:  # noqa: ANN401 -- any JSON document
    return caller.call("POST", GROUP, query={"type": "heartbeat", "consumer": consumer}, document=held).json


def write(caller: Caller, query: dict[str, str], shard: int = 0, checkpoint: str = "MQ==") -> Answer:
    document = {"shard": shard, "checkpoint": checkpoint}
    return caller.call("POST", GROUP, query={"type": "checkpoint", **query}, document=document)


def force(caller: Caller, shard: int, checkpoint: str) -> Answer:
    return write(caller, {"forceSuccess": "true"}, shard, checkpoint)


def stored(caller: Caller, shard: int) -> dict[str, Any]:
    (entry,) = caller.call("GET", GROUP, query={"shard": str(shard)}).json
    return dict(entry)


def end_of(caller: Caller, shard: int) -> str:
    return str(caller.call("GET", f"{SHARDS}/{shard}", query={"type": "cursor", "from": "end"}).json["cursor"])


def outcome(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.json["errorCode"], answer.json["errorMessage"]


def test_the_first_consumer_gets_every_shard(caller: Caller) -> None:
    assert beat(caller, "a", []) == [0, 1, 2, 3]


def test_a_second_consumer_gets_shards_once_the_first_lets_go(caller: Caller) -> None:
    beat(caller, "a", [])

    assert beat(caller, "b", []) == []
    assert beat(caller, "a", [0, 1, 2, 3]) == [0, 1]
    assert beat(caller, "b", []) == []
    assert beat(caller, "a", [0, 1]) == [0, 1]
    assert beat(caller, "b", []) == [2, 3]


def test_a_shard_that_moves_belongs_to_its_holder_until_it_lets_go(caller: Caller) -> None:
    beat(caller, "a", [])
    beat(caller, "b", [])

    assert write(caller, {"consumer": "a"}, shard=3).status == 200


def test_shards_are_shared_out_evenly(caller: Caller) -> None:
    names = ("a", "b", "c")
    held: dict[str, list[int]] = {name: [] for name in names}
    for _ in range(4):
        for name in names:
            held[name] = beat(caller, name, held[name])

    assert sorted(len(shards) for shards in held.values()) == [1, 1, 2]
    assert sorted(shard for shards in held.values() for shard in shards) == [0, 1, 2, 3]


def test_an_unknown_consumer_must_begin_with_an_empty_heartbeat(caller: Caller) -> None:
    answer = caller.call("POST", GROUP, query={"type": "heartbeat", "consumer": "c"}, document=[0])

    message = "non-exist consumer with non-empty body of heartbeat message"
    assert outcome(answer) == (400, "NotExistConsumerWithBody", message)


@pytest.mark.parametrize("document", [{"shards": [0]}, ["0"], [True]])
def test_a_heartbeat_is_a_list_of_shard_numbers(caller: Caller, document: object) -> None:
    answer = caller.call("POST", GROUP, query={"type": "heartbeat", "consumer": "c"}, document=document)

    assert (answer.status, answer.error_code) == (400, "PostBodyInvalid")


def test_a_consumer_without_heartbeats_is_forgotten(caller: Caller, sls_server: StandInServer) -> None:
    beat(caller, "a", [])
    sls_server.control("clock", {"unix": NOW + 31})

    assert stored(caller, 0)["consumer"] == ""
    assert write(caller, {"consumer": "a"}).error_code == "ConsumerNotExist"
    assert beat(caller, "b", []) == [0, 1, 2, 3]


def test_a_consumer_within_its_timeout_keeps_its_shards(caller: Caller, sls_server: StandInServer) -> None:
    beat(caller, "a", [])
    sls_server.control("clock", {"unix": NOW + 30})

    assert stored(caller, 0)["consumer"] == "a"


def test_in_order_children_wait_for_their_parent(caller: Caller) -> None:
    update(caller, {"order": True})
    caller.call("POST", f"{SHARDS}/0", query={"action": "split", "key": "1" + "0" * 31})

    assert beat(caller, "a", []) == [0, 1, 2, 3]

    force(caller, 0, end_of(caller, 0))
    assert beat(caller, "a", [0, 1, 2, 3]) == [1, 2, 3, 4, 5]


def test_out_of_order_children_do_not_wait(caller: Caller) -> None:
    caller.call("POST", f"{SHARDS}/0", query={"action": "split", "key": "1" + "0" * 31})

    assert beat(caller, "a", []) == [0, 1, 2, 3, 4, 5]


def test_in_order_a_merged_shard_waits_for_both_parents(caller: Caller) -> None:
    update(caller, {"order": True})
    caller.call("POST", f"{SHARDS}/0", query={"action": "merge"})
    force(caller, 0, end_of(caller, 0))

    assert beat(caller, "a", []) == [1, 2, 3]

    force(caller, 1, end_of(caller, 1))
    assert beat(caller, "a", [1, 2, 3]) == [2, 3, 4]


def test_a_finished_shard_moved_back_is_consumed_again(caller: Caller) -> None:
    caller.call("POST", f"{SHARDS}/0", query={"action": "split", "key": "1" + "0" * 31})
    begin = caller.call("GET", f"{SHARDS}/0", query={"type": "cursor", "from": "begin"}).json["cursor"]
    force(caller, 0, end_of(caller, 0))
    finished = beat(caller, "a", [])

    force(caller, 0, begin)

    assert 0 not in finished
    assert 0 in beat(caller, "a", finished)


def test_order_set_later_leaves_started_children_alone(caller: Caller) -> None:
    caller.call("POST", f"{SHARDS}/0", query={"action": "split", "key": "1" + "0" * 31})
    held = beat(caller, "a", [])
    update(caller, {"order": True})

    assert beat(caller, "a", held) == held
