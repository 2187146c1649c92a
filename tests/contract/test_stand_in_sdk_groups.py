"""What both official SDKs, unmodified, do to consumer groups beyond the plain case; each with both its signatures."""

import time
import warnings
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

from tests.local.sls.server import StandInServer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from alibabacloud_sls20201230 import models
    from alibabacloud_sls20201230.client import Client
    from alibabacloud_tea_openapi.models import Config
    from aliyun.log import LogClient, LogException

# The SDKs' own type information is missing or incomplete.
Sdk: TypeAlias = Any
Key: TypeAlias = tuple[str, str, str | None]
MakeClient: TypeAlias = Callable[[Key], Sdk]

TARGET = ("shop", "orders", "billing")
TEMPORARY: Key = ("temporary-id", "temporary-secret-0123456789", "tok/+=1")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(params=["v1", "v4"])
def version(request: pytest.FixtureRequest, sls_server: StandInServer) -> str:
    sls_server.control("logstores", {"project": "shop", "logstore": "orders", "shards": 2})
    return str(request.param)


@pytest.fixture
def key(sls_server: StandInServer) -> Key:
    return sls_server.access_key_id, sls_server.access_key_secret, None


@pytest.fixture
def python_sdk(version: str, sls_server: StandInServer, loopback_names: str) -> MakeClient:
    endpoint = f"http://{loopback_names}:{urlsplit(sls_server.url).port}"
    return lambda key: LogClient(endpoint, *key, auth_version=version, region=sls_server.region)


@pytest.fixture
def openapi_sdk(version: str, sls_server: StandInServer, loopback_names: str) -> MakeClient:
    def make(key: Key) -> Sdk:
        access_key_id, access_key_secret, security_token = key
        config = Config(
            access_key_id=access_key_id,
            access_key_secret=access_key_secret,
            security_token=security_token,
            endpoint=f"{loopback_names}:{urlsplit(sls_server.url).port}",
            region_id=sls_server.region,
            protocol="HTTP",
            signature_version=version,
        )
        return Client(config)

    return make


@pytest.fixture
def client(python_sdk: MakeClient, key: Key) -> Sdk:
    """The Python SDK; group `billing` exists."""
    made = python_sdk(key)
    made.create_consumer_group(*TARGET, 30, in_order=False)
    return made


@pytest.fixture
def openapi_client(openapi_sdk: MakeClient, key: Key) -> Sdk:
    """The OpenAPI SDK; group `billing` exists."""
    made = openapi_sdk(key)
    group = models.CreateConsumerGroupRequest(consumer_group="billing", timeout=30, order=True)
    made.create_consumer_group("shop", "orders", group)
    return made


def error_code(call: Callable[[], object]) -> str:
    with pytest.raises(LogException) as caught:
        call()
    return str(caught.value.get_error_code())


def python_attributes(client: Sdk) -> list[tuple[int, bool]]:
    groups = client.list_consumer_group("shop", "orders").get_consumer_groups()
    return [(group.get_timeout(), group.is_in_order()) for group in groups]


def test_python_sdk_changes_one_attribute_and_leaves_the_other(client: Sdk) -> None:
    client.update_consumer_group(*TARGET, in_order=True)
    with_order = python_attributes(client)
    client.update_consumer_group(*TARGET, timeout=45)

    assert (with_order, python_attributes(client)) == ([(30, True)], [(45, True)])


def test_python_sdk_reads_one_shard_and_nothing_of_a_shard_that_is_not_there(client: Sdk) -> None:
    client.update_check_point(*TARGET, 1, "MQ==")

    def read(shard: int) -> list[tuple[int, str]]:
        found = client.get_check_point(*TARGET, shard).get_consumer_group_check_points()
        return [(entry["shard"], entry["checkpoint"]) for entry in found]

    assert (read(1), read(9)) == ([(1, "MQ==")], [])


def test_python_sdk_writes_without_force_as_the_holder_alone(client: Sdk) -> None:
    client.heart_beat(*TARGET, "consumer-1", [])
    client.update_check_point(*TARGET, 0, "MQ==", consumer="consumer-1", force_success=False)
    client.heart_beat(*TARGET, "consumer-2", [])

    def write(consumer: str) -> None:
        client.update_check_point(*TARGET, 0, "Mg==", consumer=consumer, force_success=False)

    assert error_code(lambda: write("consumer-2")) == "ConsumerNotMatch"
    assert error_code(lambda: write("nobody")) == "ConsumerNotExist"
    (stored, _) = client.get_check_point(*TARGET).get_consumer_group_check_points()
    assert (stored["checkpoint"], stored["consumer"]) == ("MQ==", "consumer-1")


def test_python_sdk_works_with_temporary_credentials(python_sdk: MakeClient, sls_server: StandInServer) -> None:
    client = python_sdk(temporary(sls_server))
    client.create_consumer_group(*TARGET, 30)
    client.update_check_point(*TARGET, 0, "MQ==", consumer="a consumer/中")

    assert python_attributes(client) == [(30, False)]


def test_openapi_sdk_creates_a_group_as_told(openapi_client: Sdk) -> None:
    (group,) = openapi_client.list_consumer_group("shop", "orders").body

    assert group.to_map() == {"name": "billing", "timeout": 30, "order": True}


def test_openapi_sdk_changes_one_attribute_and_leaves_the_other(openapi_client: Sdk) -> None:
    openapi_client.update_consumer_group(*TARGET, models.UpdateConsumerGroupRequest(timeout=45))

    (group,) = openapi_client.list_consumer_group("shop", "orders").body

    assert group.to_map() == {"name": "billing", "timeout": 45, "order": True}


def test_openapi_sdk_heartbeats_gets_its_shards_and_reads_all_checkpoints(openapi_client: Sdk) -> None:
    beat = models.ConsumerGroupHeartBeatRequest(consumer="consumer-1", body=[])
    shards = openapi_client.consumer_group_heart_beat(*TARGET, beat).body

    stored = openapi_client.get_check_point(*TARGET, models.GetCheckPointRequest()).body

    assert shards == [0, 1]
    assert [(entry.shard, entry.checkpoint, entry.consumer) for entry in stored] == [
        (0, "", "consumer-1"),
        (1, "", "consumer-1"),
    ]


def test_openapi_sdk_works_with_temporary_credentials(openapi_sdk: MakeClient, sls_server: StandInServer) -> None:
    client = openapi_sdk(temporary(sls_server))
    group = models.CreateConsumerGroupRequest(consumer_group="billing", timeout=30, order=False)
    client.create_consumer_group("shop", "orders", group)
    write = models.ConsumerGroupUpdateCheckPointRequest(shard=0, checkpoint="MQ==", force_success=True)
    client.consumer_group_update_check_point(*TARGET, write)

    (stored, _) = client.get_check_point(*TARGET, models.GetCheckPointRequest()).body

    assert stored.checkpoint == "MQ=="


def temporary(sls_server: StandInServer) -> Key:
    access_key_id, access_key_secret, security_token = TEMPORARY
    given = {"access_key_id": access_key_id, "access_key_secret": access_key_secret, "security_token": security_token}
    sls_server.control("credentials", {**given, "expires_unix": time.time() + 3600})
    return TEMPORARY
