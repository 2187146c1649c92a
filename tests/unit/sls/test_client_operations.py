from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest

from shared.errors import InvalidCommandError
from shared.sls.client import SlsClient
from shared.sls.models import Answer, ConsumerGroup, Logstore, Shard, ShardCheckpoint
from tests.unit.sls.held_time import MakeClient
from tests.unit.sls.scripted_server import DATE_UNIX, REQUEST_ID, ScriptedServer, answer

CURSOR = "MTUyNDE1NTM3OTM3MzkwODQ5Ng=="
GROUP = "/logstores/orders/consumergroups/billing"
SHARD = "/logstores/orders/shards/3"


def query_of(server: ScriptedServer) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(server.last.target).query, keep_blank_values=True))


def call(method: str, *arguments: object, **options: object) -> Callable[[SlsClient], Answer[object]]:
    def make(client: SlsClient) -> Answer[object]:
        made: Answer[object] = getattr(client, method)(*arguments, **options)
        return made

    return make


@pytest.mark.parametrize(
    ("make_call", "method", "target", "body"),
    [
        (
            call("create_consumer_group", "orders", "billing", timeout_s=60, in_order=False),
            "POST",
            "/logstores/orders/consumergroups",
            b'{"consumerGroup":"billing","timeout":60,"order":false}',
        ),
        (call("update_consumer_group", "orders", "billing", timeout_s=60), "PUT", GROUP, b'{"timeout":60}'),
        (call("update_consumer_group", "orders", "billing", in_order=False), "PUT", GROUP, b'{"order":false}'),
        (
            call("update_consumer_group", "orders", "billing", timeout_s=1, in_order=True),
            "PUT",
            GROUP,
            b'{"timeout":1,"order":true}',
        ),
        (call("delete_consumer_group", "orders", "billing"), "DELETE", GROUP, b""),
        (
            call("update_checkpoint", "orders", "billing", shard_id=0, checkpoint=CURSOR),
            "POST",
            f"{GROUP}?type=checkpoint&consumer=&forceSuccess=true",
            b'{"shard":0,"checkpoint":"MTUyNDE1NTM3OTM3MzkwODQ5Ng=="}',
        ),
        (
            call("update_checkpoint", "orders", "billing", shard_id=3, checkpoint=CURSOR, consumer="c-1", force=False),
            "POST",
            f"{GROUP}?type=checkpoint&consumer=c-1&forceSuccess=false",
            b'{"shard":3,"checkpoint":"MTUyNDE1NTM3OTM3MzkwODQ5Ng=="}',
        ),
    ],
    ids=["create", "update timeout", "update order", "update both", "delete", "checkpoint", "checkpoint of consumer"],
)
@pytest.mark.parametrize("success", [b"", b"{}"], ids=["empty", "object"])
def test_a_change_sends_what_it_means_and_nothing_else(
    server: ScriptedServer,
    client: SlsClient,
    make_call: Callable[[SlsClient], Answer[object]],
    method: str,
    target: str,
    body: bytes,
    success: bytes,
) -> None:
    server.play(answer(success))

    done = make_call(client)

    assert done.value is None
    assert (server.last.method, server.last.target, server.last.body) == (method, target, body)


def test_list_consumer_groups_returns_attributes_with_units(server: ScriptedServer, client: SlsClient) -> None:
    server.play(
        answer([{"name": "billing", "timeout": 60, "order": True}, {"name": "a", "timeout": 1, "order": False}])
    )

    groups = client.list_consumer_groups("orders")

    assert groups.value == (ConsumerGroup("billing", 60, in_order=True), ConsumerGroup("a", 1, in_order=False))
    assert server.last.target == "/logstores/orders/consumergroups"


def test_get_checkpoints_asks_once_for_all_shards_and_sorts_them(server: ScriptedServer, client: SlsClient) -> None:
    server.play(
        answer(
            [
                {"shard": 2, "checkpoint": CURSOR, "updateTime": 1524224984800922, "consumer": "c-1"},
                {"shard": 0, "checkpoint": "", "updateTime": 0},
            ]
        )
    )

    checkpoints = client.get_checkpoints("orders", "billing")

    assert checkpoints.value == (ShardCheckpoint(0, "", 0, ""), ShardCheckpoint(2, CURSOR, 1524224984800922, "c-1"))
    assert [received.target for received in server.received] == [GROUP]


def test_list_shards_sorts_by_number_and_reads_every_form_of_creation_time(
    server: ScriptedServer, client: SlsClient
) -> None:
    keys = {"inclusiveBeginKey": "0" * 32, "exclusiveEndKey": "f" * 32}
    server.play(
        answer(
            [
                {"shardID": 1, "status": "readwrite", "createTime": 1524224984, **keys},
                {"shardID": 2, "status": "readonly", "createTime": "1524224984", "serverIp": "10.0.0.1"},
                {"shardID": 0, "status": "odd", "createTime": 0},
            ]
        )
    )

    shards = client.list_shards("orders")

    assert shards.value == (
        Shard(0, "odd", "", "", None),
        Shard(1, "readwrite", "0" * 32, "f" * 32, 1524224984),
        Shard(2, "readonly", "", "", 1524224984),
    )
    assert server.last.target == "/logstores/orders/shards"


@pytest.mark.parametrize(("at", "sent"), [("begin", "begin"), ("end", "end"), (1700000000, "1700000000"), (0, "0")])
def test_get_cursor_asks_for_an_instant_or_an_end_of_the_shard(
    server: ScriptedServer, client: SlsClient, at: int, sent: str
) -> None:
    server.play(answer({"cursor": CURSOR}))

    cursor = client.get_cursor("orders", 3, at)

    assert cursor.value == CURSOR
    assert server.last.target == f"{SHARD}?type=cursor&from={sent}"


@pytest.mark.parametrize("wire", [1524224984, "1524224984"], ids=["number", "text"])
def test_get_cursor_time_returns_unix_seconds(server: ScriptedServer, client: SlsClient, wire: object) -> None:
    server.play(answer({"cursor_time": wire}))

    assert client.get_cursor_time("orders", 3, CURSOR).value == 1524224984


@pytest.mark.parametrize("signature", ["v1", "v4"])
def test_every_base64_sign_of_a_cursor_survives_the_wire(
    server: ScriptedServer, make_client: MakeClient, signature: str
) -> None:
    server.play(answer({"cursor_time": 1}))

    make_client(signature=signature).get_cursor_time("orders", 3, "a+b/c==")

    assert server.last.target == f"{SHARD}?type=cursor_time&cursor=a%2Bb%2Fc%3D%3D"


def test_a_consumer_of_any_letters_survives_the_wire(server: ScriptedServer, client: SlsClient) -> None:
    server.play(answer())

    client.update_checkpoint("orders", "billing", shard_id=0, checkpoint=CURSOR, consumer="c 1/中&x=+")

    assert query_of(server)["consumer"] == "c 1/中&x=+"
    assert "+" not in server.last.target


@pytest.mark.parametrize(
    ("wire", "logstore"),
    [
        (
            {"logstoreName": "orders", "ttl": 30, "shardCount": 2, "autoSplit": True, "mode": "standard"},
            Logstore("orders", 30, 2, auto_split=True),
        ),
        ({"logstoreName": "orders", "ttl": 3650}, Logstore("orders", 3650, None, None)),
    ],
    ids=["full", "sparse"],
)
def test_get_logstore_returns_what_sls_says_and_none_for_the_rest(
    server: ScriptedServer, client: SlsClient, wire: object, logstore: Logstore
) -> None:
    server.play(answer(wire))

    assert client.get_logstore("orders").value == logstore
    assert server.last.target == "/logstores/orders"


def test_an_answer_carries_request_id_and_server_clock(server: ScriptedServer, client: SlsClient) -> None:
    server.play(answer([]), answer([]))

    first = client.list_consumer_groups("orders")
    client.list_shards("orders")

    assert (first.sls_request_id, first.server_unix) == (REQUEST_ID, DATE_UNIX)
    assert client.sls_request_ids == [REQUEST_ID, REQUEST_ID]


def test_an_answer_without_request_id_and_date_has_none(server: ScriptedServer, client: SlsClient) -> None:
    server.play(answer([], headers={"x-log-requestid": "", "Date": "yesterday"}))

    groups = client.list_consumer_groups("orders")

    assert (groups.sls_request_id, groups.server_unix, client.sls_request_ids) == (None, None, [])


@pytest.mark.parametrize(
    ("signature", "own"),
    [
        ("v1", {"date", "content-md5", "x-log-signaturemethod"}),
        ("v4", {"x-log-date", "x-log-content-sha256"}),
    ],
)
def test_a_request_carries_only_the_headers_that_its_version_needs(
    server: ScriptedServer, make_client: MakeClient, signature: str, own: set[str]
) -> None:
    server.play(answer())
    sent_by_requests = {"accept", "accept-encoding", "connection", "content-length"}

    make_client(signature=signature, security_token="token").update_consumer_group("orders", "billing", timeout_s=60)

    headers = server.last.headers
    common = {"host", "user-agent", "content-type", "authorization", "x-acs-security-token"}
    versioned = {"x-log-apiversion", "x-log-bodyrawsize"}
    assert set(headers) - sent_by_requests == common | versioned | own
    assert headers["host"] == "shop.cn-hangzhou.log.aliyuncs.com"
    assert headers["x-log-bodyrawsize"] == headers["content-length"] == "14"


def test_a_read_names_no_content_type(server: ScriptedServer, client: SlsClient) -> None:
    server.play(answer([]))

    client.list_shards("orders")

    assert "content-type" not in server.last.headers
    assert server.last.headers["x-log-bodyrawsize"] == "0"


@pytest.mark.parametrize(
    ("operation_id", "agent"),
    [(None, "sls-rewind/0.1.0"), ("op-7F", "sls-rewind/0.1.0 operation/op-7F")],
)
def test_the_user_agent_names_the_operation(
    server: ScriptedServer, make_client: MakeClient, operation_id: str | None, agent: str
) -> None:
    server.play(answer([]))

    make_client(operation_id=operation_id).list_shards("orders")

    assert server.last.headers["user-agent"] == agent


@pytest.mark.parametrize(
    ("make_call", "field"),
    [
        (call("list_shards", "../projects"), "logstore"),
        (call("get_logstore", ""), "logstore"),
        (call("get_checkpoints", "orders", "a/b"), "consumer_group"),
        (call("get_checkpoints", "orders", "billing?shard=1"), "consumer_group"),
        (call("delete_consumer_group", "orders", ""), "consumer_group"),
        (call("create_consumer_group", "orders", "b%2F", timeout_s=1, in_order=True), "consumer_group"),
        (call("update_checkpoint", "orders", "b", shard_id=0, checkpoint="MQ==", consumer="a\nb"), "consumer"),
        (call("get_cursor_time", "orders", 0, "MQ==\ud800"), "cursor"),
        (call("update_consumer_group", "orders", "billing"), "timeout, order"),
    ],
)
def test_what_must_not_be_sent_is_refused_before_any_call(
    server: ScriptedServer, client: SlsClient, make_call: Callable[[SlsClient], Answer[object]], field: str
) -> None:
    with pytest.raises(InvalidCommandError, match=f"^{field}: "):
        make_call(client)

    assert not server.received
