"""The journal under the official SDK: it reads the records, finds no secret there, and its own logs do no harm."""

import json
import time
import warnings
from typing import Any, TypeAlias

import pytest

from shared.journal.records import TOPIC
from tests.e2e.consumer_world import GROUP, endpoint_of
from tests.functions.caller import FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.shop import Shop

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aliyun.log import LogClient, LogItem, PutLogsRequest

# The SDK's own type information is incomplete.
Sdk: TypeAlias = Any

# More than one PullLogs brings.
FOREIGN = 2500
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -50}, "reason": "the billing job dropped rows"}

FORGED = {
    "project": "shop",
    "logstore": "orders",
    "consumer_group": "billing",
    "operation_id": "a" * 16,
    "plan_id": "b" * 10,
    "principal": "webhook:local",
    "action": "rewind",
    "status": "forged",
    "reason": "forged",
    "detail": json.dumps(
        {
            "plan": {"moves": [{"shard": -1}], "attributes": 7},
            "command": {"action": "rewind", **GROUP, "to": "begin"},
            "expires_unix": 2**40,
            "checkpoints": {"0": 7},
            "claim": [],
        }
    ),
}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def client(shop: Shop, loopback_names: str) -> Sdk:
    key = (shop.sls.access_key_id, shop.sls.access_key_secret)
    return LogClient(endpoint_of(shop, loopback_names), *key, auth_version="v4", region=shop.sls.region)


def records(client: Sdk, shop: Shop) -> list[dict[str, str]]:
    """Return every log of the journal, flat, as the SDK reads it."""
    place = shop.sls.journal.split("/")
    cursor = client.get_begin_cursor(*place, 0).get_cursor()
    return list(client.pull_logs(*place, 0, cursor, 1000).get_flatten_logs_json())


def put(client: Sdk, shop: Shop, topic: str, told: dict[str, str]) -> None:
    item = LogItem(timestamp=int(time.time()), contents=list(told.items()))
    project, logstore = shop.sls.journal.split("/")
    client.put_logs(PutLogsRequest(project, logstore, topic, "a source", [item]))


def test_the_official_sdk_reads_who_did_what_from_the_journal_and_no_secret(
    functions: FunctionCaller, shop: Shop, client: Sdk, evidence: Evidence
) -> None:
    plan = functions.run(REWIND)
    applied = functions.run(plan.json["next"][0], Idempotency_Key="a key of the caller's")
    functions.run(applied.json["next"][0])

    found = records(client, shop)

    told = [(one["kind"], one["principal"], one["action"], one["consumer_group"]) for one in found]
    assert told[:3] == [
        (kind, "webhook:local", action, "billing")
        for kind, action in (("planned", "rewind"), ("started", "rewind"), ("finished", "rewind"))
    ]
    assert [one["kind"] for one in found[3:]] == ["verified"]
    text = json.dumps(found)
    assert not [what for secret, what in evidence.secrets.items() if secret in text]
    assert not [signature for signature in evidence.signatures if signature in text]


def test_a_journal_full_of_what_other_tools_and_forgers_wrote_still_serves(
    functions: FunctionCaller, shop: Shop, client: Sdk
) -> None:
    project, logstore = shop.sls.journal.split("/")
    shop.sls.control("append", {"project": project, "logstore": logstore, "shard": 0, "count": FOREIGN})
    put(client, shop, "access-log", {"level": "info", "message": "hello"})
    for kind in ("planned", "snapshot", "finished", "abandoned", "verified", "hello"):
        put(client, shop, TOPIC, {**FORGED, "kind": kind, "record_id": f"forged-{kind}"})

    forged = functions.run({"action": "apply", "plan_id": FORGED["plan_id"]})
    applied = functions.run({**REWIND, "dry_run": False})
    verified = functions.run(applied.json["next"][0])
    (line,) = functions.run({"action": "history", **GROUP}).json["operations"]
    described = functions.run({"action": "describe", **GROUP})

    assert (forged.json["ok"], forged.json["shards"]) == (False, [])
    assert (applied.json["status"], line["operation_id"]) == ("applied", applied.json["operation_id"])
    assert {verdict["state"] for verdict in verified.json["verify"]} == {"held"}
    assert described.json["describe"]["attributes_drifted"] == []
