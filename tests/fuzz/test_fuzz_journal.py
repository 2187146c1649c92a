"""A journal full of what others wrote and of what somebody forged: still read, in time, and still the same lock."""

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from shared.sls.loggroups import Log, LogGroup, encode_log_group
from tests.functions.caller import FunctionCaller
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import Shop
from tests.functions.watched import WatchedStandIn
from tests.fuzz.drawn import BOMBS, TRICKS
from tests.local.sls.caller import Caller
from tests.local.sls.signing import Signer

_LOGGER = logging.getLogger(__name__)
FOREIGN = 10_000
TARGET = "shop/orders/billing"
REWIND = {"action": "rewind", "target": TARGET, "to": "30m", "dry_run": False}
FLAT = {
    "kind": "started",
    "record_id": "forged",
    "operation_id": "a" * 16,
    "plan_id": "",
    "principal": "webhook:nobody",
    "action": "rewind",
    "project": "shop",
    "logstore": "orders",
    "consumer_group": "billing",
    "status": "",
    "reason": "",
    "detail": "{}",
}
FORGERIES: tuple[dict[str, str], ...] = (
    *({**FLAT, "record_id": trick, "consumer_group": trick, "principal": trick} for trick in TRICKS if trick.isascii()),
    *({**FLAT, "detail": bomb.decode()} for bomb in BOMBS if bomb.isascii()),
    *({**FLAT, "kind": kind} for kind in ("finish", "STARTED", "", "drop")),
    {**FLAT, "operation_id": "no-id-of-ours"},
    {key: text for key, text in FLAT.items() if key != "principal"},
)


@pytest.fixture
def crowded(sls: WatchedStandIn, shop: Shop) -> Shop:
    """The shop, with a journal that holds 10,000 log groups of another tool and records that are no good."""
    project, _, logstore = sls.journal.partition("/")
    told = {"project": project, "logstore": logstore, "shard": 0, "at_unix": shop.now_unix}
    sls.control("append", {**told, "count": FOREIGN // 2})
    forge(sls, shop.now_unix, FORGERIES)
    sls.control("append", {**told, "count": FOREIGN - FOREIGN // 2})
    return shop


@pytest.fixture(scope="module")
def cold(make_functions: MakeFunctions) -> Iterator[FunctionCaller]:
    """Functions whose instance has read nothing yet."""
    with make_functions() as made:
        yield made


def forge(sls: WatchedStandIn, unix: int, forgeries: tuple[dict[str, str], ...]) -> None:
    """Write records to the journal past the functions, as whoever has the right to may."""
    project, _, logstore = sls.journal.partition("/")
    signer = Signer(sls.access_key_id, sls.access_key_secret, sls.region)
    with Caller(sls.url, signer, project=project) as caller:
        for contents in forgeries:
            body = encode_log_group(LogGroup((Log(unix, contents),), topic="sls-rewind"))
            path, kind = f"/logstores/{logstore}/shards/lb", {"content-type": "application/x-protobuf"}
            answer = caller.call("POST", path, body=body, headers=kind)
            assert answer.status == 200, answer.body


def test_a_journal_full_of_foreign_and_forged_records_serves_as_ever(cold: FunctionCaller, crowded: Shop) -> None:
    original = crowded.checkpoints()
    begun_s = time.monotonic()

    applied = cold.run(REWIND, Idempotency_Key="k1")
    again = cold.run(REWIND, Idempotency_Key="k1")
    history = cold.run({"action": "history", "target": TARGET}).json["operations"]
    undo = {"action": "undo", "target": TARGET, "operation_id": applied.json["operation_id"], "dry_run": False}
    undone = cold.run(undo)
    _LOGGER.info("%d foreign records: %.1f s", FOREIGN, time.monotonic() - begun_s)

    assert [answer.json["status"] for answer in (applied, again, undone)] == ["applied", "duplicate", "applied"]
    assert [op["operation_id"] for op in history] == [applied.json["operation_id"]]
    assert crowded.checkpoints() == original


def test_a_forged_claim_holds_a_group_no_longer_than_abandon_takes(functions: FunctionCaller, shop: Shop) -> None:
    lease = f'{{"lease_unix": {int(time.time()) - 1}, "instance": "forged", "plan": {{"moves": "none"}}}}'
    forge(shop.sls, shop.now_unix - 60, ({**FLAT, "detail": lease},))
    checkpoints = shop.checkpoints()

    refused = functions.run(REWIND)
    offered: dict[str, Any] = {command["action"]: command for command in refused.json["next"]}

    assert (refused.status, refused.error["code"]) == (409, "unfinished_operation")
    assert shop.checkpoints() == checkpoints
    assert functions.run(offered["abandon"]).json["ok"]
    assert functions.run(REWIND).json["status"] == "applied"
