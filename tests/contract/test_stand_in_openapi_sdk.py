"""The official OpenAPI SDK, unmodified, works on the stand-in with both of its signatures."""

import warnings
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

from tests.local.sls.server import StandInServer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from alibabacloud_sls20201230 import models
    from alibabacloud_sls20201230.client import Client
    from alibabacloud_tea_openapi.models import Config

# The SDK has no type information.
Sdk: TypeAlias = Any

TARGET = ("shop", "orders", "billing")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(params=["v1", "v4"])
def client(request: pytest.FixtureRequest, sls_server: StandInServer, loopback_names: str) -> Sdk:
    sls_server.control("logstores", {"project": "shop", "logstore": "orders", "shards": 2})
    config = Config(
        access_key_id=sls_server.access_key_id,
        access_key_secret=sls_server.access_key_secret,
        endpoint=f"{loopback_names}:{urlsplit(sls_server.url).port}",
        region_id=sls_server.region,
        protocol="HTTP",
        signature_version=request.param,
    )
    sdk = Client(config)
    group = models.CreateConsumerGroupRequest(consumer_group="billing", timeout=30, order=False)
    sdk.create_consumer_group("shop", "orders", group)
    return sdk


def checkpoint(client: Sdk, shard: int) -> dict[str, Any]:
    (stored,) = client.get_check_point(*TARGET, models.GetCheckPointRequest(shard=shard)).body
    return dict(stored.to_map())


def test_openapi_sdk_updates_and_lists_groups(client: Sdk) -> None:
    client.update_consumer_group(*TARGET, models.UpdateConsumerGroupRequest(timeout=60, order=True))

    (group,) = client.list_consumer_group("shop", "orders").body

    assert group.to_map() == {"name": "billing", "timeout": 60, "order": True}


def test_openapi_sdk_deletes_a_group(client: Sdk) -> None:
    client.delete_consumer_group(*TARGET)

    assert not client.list_consumer_group("shop", "orders").body


def test_openapi_sdk_forces_a_checkpoint_without_a_consumer(client: Sdk) -> None:
    cursor = client.get_cursor("shop", "orders", "1", models.GetCursorRequest(from_="end")).body.cursor
    write = models.ConsumerGroupUpdateCheckPointRequest(shard=1, checkpoint=cursor, force_success=True)
    client.consumer_group_update_check_point(*TARGET, write)

    assert checkpoint(client, 1)["checkpoint"] == cursor


def test_openapi_sdk_writes_as_the_consumer_that_holds_the_shard(client: Sdk) -> None:
    beat = models.ConsumerGroupHeartBeatRequest(consumer="consumer-1", body=[])
    client.consumer_group_heart_beat(*TARGET, beat)
    write = models.ConsumerGroupUpdateCheckPointRequest(shard=0, checkpoint="MQ==", consumer="consumer-1")
    client.consumer_group_update_check_point(*TARGET, write)

    stored = checkpoint(client, 0)

    assert (stored["checkpoint"], stored["consumer"]) == ("MQ==", "consumer-1")


def test_openapi_sdk_sees_sls_own_error_code(client: Sdk) -> None:
    write = models.ConsumerGroupUpdateCheckPointRequest(shard=9, checkpoint="MQ==", force_success=True)

    with pytest.raises(Exception, match="shard not exist") as caught:
        client.consumer_group_update_check_point(*TARGET, write)

    assert getattr(caught.value, "code", None) == "ShardNotExist"
