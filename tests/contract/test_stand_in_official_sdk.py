"""The official Python SDK, unmodified, works on the stand-in: only its host names are resolved to loopback."""

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

from tests.local.sls.server import StandInServer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aliyun.log import IndexConfig, IndexLineConfig, LogClient, LogException, LogItem, PutLogsRequest
    from aliyun.log.consumer import ConsumerProcessorBase, ConsumerWorker, CursorPosition, LogHubConfig

# The SDK's own type information is incomplete.
Sdk: TypeAlias = Any

BEGIN_UNIX = 1_700_000_000

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def endpoint(sls_server: StandInServer, loopback_names: str) -> str:
    project = {"project": "shop", "logstore": "orders", "shards": 2, "log_groups": 100, "begin_unix": BEGIN_UNIX}
    sls_server.control("logstores", project)
    return f"http://{loopback_names}:{urlsplit(sls_server.url).port}"


@pytest.fixture(params=["v1", "v4"])
def client(request: pytest.FixtureRequest, sls_server: StandInServer, endpoint: str) -> Sdk:
    key = (sls_server.access_key_id, sls_server.access_key_secret)
    return LogClient(endpoint, *key, auth_version=request.param, region=sls_server.region)


def error_code(call: Callable[[], object]) -> str:
    with pytest.raises(LogException) as caught:
        call()
    return str(caught.value.get_error_code())


def checkpoints(client: Sdk) -> list[tuple[int, str, str]]:
    stored = client.get_check_point("shop", "orders", "billing").get_consumer_group_check_points()
    return [(entry["shard"], entry["checkpoint"], entry["consumer"]) for entry in stored]


def test_sdk_creates_updates_and_lists_groups(client: Sdk) -> None:
    client.create_consumer_group("shop", "orders", "billing", 30, in_order=False)
    client.update_consumer_group("shop", "orders", "billing", timeout=60, in_order=True)

    (group,) = client.list_consumer_group("shop", "orders").get_consumer_groups()

    assert (group.get_consumer_group_name(), group.get_timeout(), group.is_in_order()) == ("billing", 60, True)


def test_sdk_deletes_a_group(client: Sdk) -> None:
    client.create_consumer_group("shop", "orders", "billing", 30)
    client.delete_consumer_group("shop", "orders", "billing")

    assert client.list_consumer_group("shop", "orders").get_consumer_groups() == []


def test_sdk_reads_what_it_wrote_as_checkpoint(client: Sdk) -> None:
    client.create_consumer_group("shop", "orders", "billing", 30)
    cursor = client.get_cursor("shop", "orders", 1, BEGIN_UNIX + 40).get_cursor()
    client.update_check_point("shop", "orders", "billing", 1, cursor)

    assert checkpoints(client) == [(0, "", ""), (1, cursor, "")]


def test_sdk_reads_the_time_before_a_checkpoint(client: Sdk) -> None:
    client.create_consumer_group("shop", "orders", "billing", 30)
    cursor = client.get_cursor("shop", "orders", 0, BEGIN_UNIX + 40).get_cursor()
    client.update_check_point("shop", "orders", "billing", 0, cursor)

    (entry, _) = client.get_check_point_fixed("shop", "orders", "billing").get_body()

    assert entry["checkpoint_previous_cursor_time"] == BEGIN_UNIX + 39


def test_sdk_normalizes_the_time_before_an_expired_cursor(client: Sdk, sls_server: StandInServer) -> None:
    cursor = client.get_begin_cursor("shop", "orders", 0).get_cursor()
    sls_server.control("retention", {"project": "shop", "logstore": "orders", "shard": 0, "drop": 10})

    answer = client.get_previous_cursor_time("shop", "orders", 0, cursor)

    assert answer.get_cursor_time() == BEGIN_UNIX + 10


def test_sdk_heartbeats_and_gets_its_shards(client: Sdk) -> None:
    client.create_consumer_group("shop", "orders", "billing", 30)

    shards = client.heart_beat("shop", "orders", "billing", "consumer 1/中", []).get_shards()

    assert shards == [0, 1]
    assert [consumer for _, _, consumer in checkpoints(client)] == ["consumer 1/中"] * 2


def test_sdk_lists_splits_and_merges_shards(client: Sdk) -> None:
    client.split_shard("shop", "orders", 0, "4" + "0" * 31)
    client.merge_shard("shop", "orders", 2)

    shards = client.list_shards("shop", "orders").get_shards_info()

    assert [(shard["shardID"], shard["status"]) for shard in shards] == [
        (0, "readonly"),
        (1, "readwrite"),
        (2, "readonly"),
        (3, "readonly"),
        (4, "readwrite"),
    ]


def test_sdk_finds_positions_by_time(client: Sdk) -> None:
    cursor = client.get_cursor("shop", "orders", 0, BEGIN_UNIX + 7).get_cursor()

    assert client.get_cursor_time("shop", "orders", 0, cursor).get_cursor_time() == BEGIN_UNIX + 7


def test_sdk_creates_a_logstore_that_it_can_use(client: Sdk) -> None:
    client.create_logstore("shop", "audit", ttl=7, shard_count=3, auto_split=False)
    client.create_index("shop", "audit", IndexConfig(ttl=7, line_config=IndexLineConfig(token_list=[","])))

    logstore = client.get_logstore("shop", "audit")

    assert (logstore.get_ttl(), logstore.get_shard_count(), logstore.auto_split) == (7, 3, False)


@pytest.mark.parametrize("compress", [True, False])
def test_sdk_pulls_what_it_put(client: Sdk, *, compress: bool) -> None:
    client.create_logstore("shop", "audit", shard_count=1)
    items = [LogItem(timestamp=BEGIN_UNIX, contents=[("kind", "started"), ("detail", "für" * 100)])]
    client.put_logs(PutLogsRequest("shop", "audit", "a topic", "a source", items, compress=compress))
    cursor = client.get_begin_cursor("shop", "audit", 0).get_cursor()

    pulled = client.pull_logs("shop", "audit", 0, cursor, compress=compress)

    (group,) = pulled.get_loggroup_json_list()
    assert (group["topic"], group["source"]) == ("a topic", "a source")
    (log,) = group["logs"]
    assert (log["@lh_time"], log["kind"], log["detail"]) == (BEGIN_UNIX, "started", "für" * 100)
    assert pulled.get_next_cursor() == client.get_end_cursor("shop", "audit", 0).get_cursor()


@pytest.mark.parametrize("compress", [True, False])
def test_sdk_pulls_generated_log_groups(client: Sdk, *, compress: bool) -> None:
    cursor = client.get_cursor("shop", "orders", 1, BEGIN_UNIX + 97).get_cursor()

    logs = client.pull_logs("shop", "orders", 1, cursor, 1000, compress=compress).get_flatten_logs_json()

    assert [(log["shard"], log["n"], int(log["__time__"])) for log in logs] == [
        ("1", str(n), BEGIN_UNIX + n) for n in (97, 98, 99)
    ]


def test_sdk_puts_by_hash_key_into_the_shard_of_that_key(client: Sdk) -> None:
    before = client.get_end_cursor("shop", "orders", 1).get_cursor()
    items = [LogItem(contents=[("a", "b")])]
    client.put_logs(PutLogsRequest("shop", "orders", "", "", items, hashKey="f" * 32))

    assert client.pull_logs("shop", "orders", 1, before).get_loggroup_count() == 1


def test_sdk_pulls_a_time_range(client: Sdk) -> None:
    batches = client.pull_log("shop", "orders", 0, BEGIN_UNIX + 10, BEGIN_UNIX + 20, batch_size=4)

    assert sum(batch.get_loggroup_count() for batch in batches) == 10


def test_sdk_sees_sls_own_error_codes(client: Sdk) -> None:
    client.create_consumer_group("shop", "orders", "billing", 30)

    assert error_code(lambda: client.list_consumer_group("nowhere", "orders")) == "ProjectNotExist"
    assert error_code(lambda: client.list_consumer_group("shop", "nothing")) == "LogStoreNotExist"
    assert error_code(lambda: client.get_check_point("shop", "orders", "nobody")) == "ConsumerGroupNotExist"
    assert error_code(lambda: client.get_cursor("shop", "orders", 9, "begin")) == "ShardNotExist"
    twice = error_code(lambda: client.create_consumer_group("shop", "orders", "billing", 30))
    assert twice == "ConsumerGroupAlreadyExist"


class Collector(ConsumerProcessorBase):
    """Remembers what it consumed."""

    def __init__(self, seen: list[tuple[str, str]]) -> None:
        super().__init__()
        self.seen = seen

    def process(self, log_groups: Sdk, check_point_tracker: Sdk) -> None:
        for group in log_groups.LogGroups:
            for log in group.Logs:
                values = {content.Key: content.Value for content in log.Contents}
                self.seen.append((values["shard"], values["n"]))
        check_point_tracker.save_check_point(persistent=True)


@pytest.fixture
def start_worker(endpoint: str, sls_server: StandInServer) -> Iterator[Callable[[list[tuple[str, str]]], None]]:
    workers = []

    def start(seen: list[tuple[str, str]]) -> None:
        key = (sls_server.access_key_id, sls_server.access_key_secret)
        config = LogHubConfig(
            endpoint,
            *key,
            project="shop",
            logstore="orders",
            consumer_group_name="billing",
            consumer_name="consumer-1",
            cursor_position=CursorPosition.BEGIN_CURSOR,
            heartbeat_interval=1,
            data_fetch_interval=0.05,  # type: ignore[arg-type]  # the SDK sleeps for fractions as well
        )
        worker = ConsumerWorker(Collector, config, args=(seen,))
        workers.append(worker)
        worker.start()

    yield start
    for worker in workers:
        worker.shutdown()
        worker.join(30)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def test_official_consumer_reads_every_shard_to_its_end_and_commits(
    start_worker: Callable[[list[tuple[str, str]]], None], sls_server: StandInServer
) -> None:
    seen: list[tuple[str, str]] = []
    start_worker(seen)

    def committed() -> bool:
        state = sls_server.control("state", project="shop", logstore="orders")
        stored = state["consumer_groups"].get("billing", {"checkpoints": {}})["checkpoints"]
        return bool(stored) and all(
            stored[str(shard["shard"])]["checkpoint"] == shard["end"] for shard in state["shards"]
        )

    wait_for(committed)

    assert sorted(seen) == sorted((str(shard), str(n)) for shard in range(2) for n in range(100))
