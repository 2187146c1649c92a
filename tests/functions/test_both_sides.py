"""The official SDK and the command function see the same things on the stand-in, with both signatures and runtimes."""

from collections.abc import Iterator
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from aliyun.log import LogClient

from tests.functions.caller import FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import Shop
from tests.local.fc.gateway import GatewayOptions
from tests.local.sls.server import StandInServer

DESCRIBE = {"action": "describe", "target": "shop/orders/billing"}
GROUP = ("shop", "orders", "billing")


@pytest.fixture(scope="module", params=["v1-python3.10", "v4-python3.10", "v1-python3.12", "v4-python3.12"])
def anyhow(request: pytest.FixtureRequest, make_functions: MakeFunctions) -> Iterator[FunctionCaller]:
    """The functions with each signature, on each runtime."""
    signature, profile = request.param.split("-")
    options = GatewayOptions(profile=profile)
    with make_functions(settings={"REWIND_SIGNATURE": signature}, options=options) as made:
        yield made


@pytest.fixture
def sdk(sls: StandInServer, loopback_names: str) -> LogClient:
    """The official Python SDK, pointed at the stand-in."""
    url = f"http://{loopback_names}:{urlsplit(sls.url).port}"
    return LogClient(url, sls.access_key_id, sls.access_key_secret)


def test_every_action_works_with_each_signature_on_each_runtime(anyhow: FunctionCaller, shop: Shop) -> None:
    wanted = shop.cursor(0, 5)

    answers = [
        anyhow.run({"action": "list_consumer_groups", "target": "shop/orders"}),
        anyhow.run({"action": "update_consumer_group", "target": "orders", "timeout": 90}),
        anyhow.run({"action": "update_checkpoint", "target": "orders", "shard": 0, "checkpoint": wanted}),
        anyhow.run({"action": "batch", "commands": [DESCRIBE]}),
    ]

    assert [answer.json["status"] for answer in answers] == ["read", "applied", "applied", "read"]
    assert (shop.attributes(), shop.checkpoints()[0]) == ((90, False), wanted)


def test_the_sdk_reads_the_checkpoint_that_a_command_wrote(
    functions: FunctionCaller, shop: Shop, sdk: LogClient
) -> None:
    wanted = shop.cursor(1, 5)
    functions.run({"action": "update_checkpoint", "target": "orders", "shard": 1, "checkpoint": wanted})

    answered = sdk.get_check_point(*GROUP)
    entries = answered.get_consumer_group_check_points()  # type: ignore[no-untyped-call]  # the SDK's own
    read = {entry["shard"]: entry for entry in entries}

    assert read[1]["checkpoint"] == wanted
    assert read[0]["checkpoint"] == shop.cursor(0, -600)


@pytest.mark.usefixtures("shop")
def test_the_sdk_reads_the_attributes_that_a_command_wrote(functions: FunctionCaller, sdk: LogClient) -> None:
    functions.run({"action": "update_consumer_group", "target": "orders", "timeout": 90, "order": True})

    answered = sdk.list_consumer_group("shop", "orders")
    (group,) = answered.get_consumer_groups()  # type: ignore[no-untyped-call]  # the SDK's own

    assert (group.get_consumer_group_name(), group.get_timeout(), group.is_in_order()) == ("billing", 90, True)


def test_a_command_reads_the_checkpoint_that_the_sdk_wrote(
    functions: FunctionCaller, shop: Shop, sdk: LogClient
) -> None:
    wanted = sdk.get_cursor("shop", "orders", 2, shop.now_unix - 300).get_cursor()
    sdk.update_check_point(*GROUP, 2, wanted)

    shard = functions.run(DESCRIBE).json["describe"]["shards"][2]

    assert (shard["checkpoint"], shard["lag_s"], shard["log_groups_behind"]) == (wanted, 300, 300)


@pytest.mark.usefixtures("shop")
def test_a_command_reads_the_group_that_the_sdk_made_and_changed(functions: FunctionCaller, sdk: LogClient) -> None:
    sdk.create_consumer_group("shop", "orders", "made-by-the-sdk", 300, in_order=True)
    sdk.update_consumer_group("shop", "orders", "made-by-the-sdk", timeout=400)

    answer = functions.run({"action": "list_consumer_groups", "target": "shop/orders"})

    assert answer.json["consumer_groups"][1] == {"name": "made-by-the-sdk", "timeout": 400, "order": True}


def test_the_sdk_and_a_command_agree_on_when_the_last_log_group_came(
    functions: FunctionCaller, shop: Shop, sdk: LogClient
) -> None:
    unix = sdk.get_previous_cursor_time("shop", "orders", 0, shop.cursor(0, -600)).get_cursor_time()

    assert unix == shop.now_unix - 601
    assert functions.run(DESCRIBE).json["describe"]["shards"][0]["lag_s"] == shop.now_unix - 1 - unix


def test_a_consumer_of_the_sdk_is_seen_as_holder(functions: FunctionCaller, shop: Shop, sdk: LogClient) -> None:
    assert shop.checkpoints()
    sdk.heart_beat(*GROUP, "sdk-consumer", [])

    describe = functions.run(DESCRIBE).json["describe"]

    assert {shard["consumer"] for shard in describe["shards"]} == {"sdk-consumer"}
    assert describe["liveness"]["state"] == "held"


def test_a_wrong_key_is_told_without_the_signature_that_was_sent(
    make_functions: MakeFunctions, sls: StandInServer, evidence: Evidence
) -> None:
    stranger = SimpleNamespace(
        url=sls.url,
        region=sls.region,
        access_key_id=sls.access_key_id,
        access_key_secret="another-secret-of-nobody",
        journal=sls.journal,
    )
    evidence.add_secret("another key's secret", stranger.access_key_secret)

    with make_functions(stranger) as functions:
        answer = functions.run(DESCRIBE)

    assert (answer.status, answer.error["sls_error_code"]) == (502, "SignatureNotMatch")
    assert not [signature for signature in evidence.signatures if signature in answer.body.decode()]
