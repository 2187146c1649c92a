"""The audit trail: one log line for the intent and one for the outcome of each write, and the journal's records."""

import json
import time
import warnings
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.shop import HOUR_S, Shop

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aliyun.log import LogClient

# The SDK's own type information is incomplete.
Sdk: TypeAlias = Any

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}
HOSTILE = "bad\u202edeploy\r\n\x00\x1b[31m \u4e2d \u2066x\u2069"
PRINTED = r"bad\u202edeploy???" + r"?[31m " + "\u4e2d" + r" \u2066x\u2069"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def audit_lines(evidence: Evidence, fc_request_id: str) -> list[Any]:
    """Return the JSON lines that an invocation logged, once it has ended its log."""
    give_up_at = time.monotonic() + 30
    while True:
        lines = [line for log in evidence.logs for line in log.lines if fc_request_id in line]
        if any("FC Invoke End" in line for line in lines):
            return [json.loads(line[line.index("{") :]) for line in lines if "{" in line]
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def test_a_write_leaves_one_line_of_intent_and_one_of_outcome(
    functions: FunctionCaller, shop: Shop, evidence: Evidence
) -> None:
    before = shop.checkpoints()
    answer = functions.run({**REWIND, "reason": "bad deploy"})

    intent, outcome = audit_lines(evidence, answer.json["fc_request_id"])

    same = {
        "operation_id": answer.json["operation_id"],
        "principal": "webhook:local",
        "action": "rewind",
        "target": "shop/orders/billing",
        "reason": "bad deploy",
    }
    moves = {str(shard): [before[shard], shop.checkpoints()[shard]] for shard in range(3)}
    assert intent == {"event": "intent", **same, "moves": moves, "attributes": None}
    shards = {"0": "moved", "1": "moved", "2": "moved", "3": "skipped"}
    assert outcome == {"event": "outcome", **same, "status": "applied", "shards": shards}


def test_a_write_of_attributes_is_logged_with_them(functions: FunctionCaller, shop: Shop, evidence: Evidence) -> None:
    answer = functions.run({"action": "update_consumer_group", **GROUP, "timeout": 120})

    intent, outcome = audit_lines(evidence, answer.json["fc_request_id"])

    change = {"before": {"timeout": 60, "order": False}, "after": {"timeout": 120, "order": False}}
    assert (intent["moves"], intent["attributes"], outcome["status"]) == ({}, change, "applied")
    assert shop.attributes() == (120, False)


def test_the_apply_of_a_plan_is_logged_with_the_reason_of_the_plan(
    functions: FunctionCaller, shop: Shop, evidence: Evidence
) -> None:
    plan = functions.run({**REWIND, "dry_run": True, "reason": "bad deploy"})
    answer = functions.run(plan.json["next"][0])

    lines = audit_lines(evidence, answer.json["fc_request_id"])

    assert [(line["event"], line["action"], line["reason"]) for line in lines] == [
        ("intent", "apply", "bad deploy"),
        ("outcome", "apply", "bad deploy"),
    ]
    assert len(shop.writes()) == 3


def test_a_refused_write_is_logged_without_an_intent(functions: FunctionCaller, shop: Shop, evidence: Evidence) -> None:
    shop.commit(0, shop.cursor(0, -10))
    answer = functions.run(REWIND)

    (outcome,) = audit_lines(evidence, answer.json["fc_request_id"])

    assert (outcome["event"], outcome["status"], outcome["shards"]) == ("outcome", "refused", {})


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "command", [{**REWIND, "dry_run": True}, {"action": "describe", **GROUP}], ids=["plan", "read"]
)
def test_what_writes_nothing_is_not_logged(
    functions: FunctionCaller, evidence: Evidence, command: dict[str, object]
) -> None:
    answer = functions.run(command)

    assert audit_lines(evidence, answer.json["fc_request_id"]) == []


def test_a_reason_is_logged_and_told_in_ascii_without_control_characters(
    functions: FunctionCaller, shop: Shop, evidence: Evidence
) -> None:
    answer = functions.run({**REWIND, "reason": HOSTILE})

    lines = audit_lines(evidence, answer.json["fc_request_id"])
    (told,) = functions.run({"action": "history", **GROUP}).json["operations"]

    assert {line["reason"] for line in lines} | {told["reason"]} == {PRINTED}
    assert len(shop.writes()) == 3


@pytest.mark.parametrize(("reason", "status"), [("x" * 200, 200), ("x" * 201, 400), (7, 400)])
def test_a_reason_has_at_most_two_hundred_characters(
    functions: FunctionCaller, shop: Shop, reason: object, status: int
) -> None:
    assert functions.run({**REWIND, "reason": reason}).status == status
    assert len(shop.writes()) == (3 if status == 200 else 0)


Records: TypeAlias = Callable[[], list[dict[str, str]]]


@pytest.fixture
def journal(shop: Shop, loopback_names: str) -> Records:
    """Return what reads the journal's records with the official SDK."""
    sls = shop.sls
    peer: Sdk = LogClient(f"http://{loopback_names}:{urlsplit(sls.url).port}", sls.access_key_id, sls.access_key_secret)
    project, logstore = sls.journal.split("/")

    def read() -> list[dict[str, str]]:
        cursor = peer.get_begin_cursor(project, logstore, 0).get_cursor()
        return list(peer.pull_logs(project, logstore, 0, cursor, 1000).get_flatten_logs_json())

    return read


def test_the_journal_holds_the_plan_the_claim_the_outcome_and_what_was_verified(
    functions: FunctionCaller,
    shop: Shop,
    journal: Records,
) -> None:
    before = shop.checkpoints()
    plan = functions.run({**REWIND, "dry_run": True, "reason": HOSTILE})
    applied = functions.run(plan.json["next"][0])
    functions.run(applied.json["next"][0])

    records = journal()

    assert [record["kind"] for record in records] == ["planned", "started", "finished", "verified"]
    for record in records:
        assert (record["project"], record["logstore"], record["consumer_group"]) == ("shop", "orders", "billing")
        assert record["principal"] == "webhook:local"
        assert "\u202e" not in str(record)
        assert all(str(value).isprintable() for value in record.values())
    assert [record["operation_id"] for record in records] == ["", *[applied.json["operation_id"]] * 3]
    assert [record["reason"] for record in records[:3]] == [PRINTED] * 3
    moves = json.loads(records[1]["detail"])["plan"]["moves"]
    assert {move["shard"]: move["before"]["checkpoint"] for move in moves} == {s: before[s] for s in range(3)}


def test_a_reason_of_200_chinese_characters_comes_back_whole(functions: FunctionCaller, shop: Shop) -> None:
    reason = "\u8ba2\u5355\u5904\u7406" * 50
    plan = functions.run({**REWIND, "dry_run": True, "reason": reason})
    functions.run(plan.json["next"][0])

    history = functions.run({"action": "history", "target": "orders"})

    assert history.json["operations"][0]["reason"] == reason
    assert shop.writes()


def test_a_consumers_hostile_name_is_seen_whole(functions: FunctionCaller, shop: Shop) -> None:
    shop.heartbeat("w\u202e\u4e2d")
    shop.commit(0, shop.cursor(0, -10), ago_s=HOUR_S)

    message = functions.run({**REWIND, "dry_run": True}).warnings["not_in_effect"]

    assert "held by w\\u202e\u4e2d," in message
