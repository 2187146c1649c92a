"""A journal that is slow, shared, split, or loses its answers: no lock, no write; and no lie of what was done."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.e2e.rewind_world import Group, World, sent_until_it_ends
from tests.functions.caller import Answer
from tests.functions.evidence import Evidence
from tests.local.sls.caller import Caller
from tests.local.sls.cursors import decode_cursor
from tests.local.sls.loggroups import encode_log_group

TOPIC = b"sls-rewind"
NEVER_S = 3600
TRIES = 4
WRITES: Mapping[str, Mapping[str, object]] = {
    "rewind": {"to": "30m", "dry_run": False},
    "update_checkpoint": {"checkpoints": {"0": "MA=="}},
    "update_consumer_group": {"timeout": 90},
    "snapshot": {},
}


@pytest.fixture(scope="module")
def shared_world(world_evidence: Evidence) -> Iterator[World]:
    with World(world_evidence) as world:
        yield world


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """The world of this module; what goes wrong in it ends with the test."""
    yield shared_world
    shared_world.fault()
    shared_world.sls.control("switches", {"put_logs_visible_after_s": 0})


@pytest.fixture
def group(world: World) -> Group:
    return world.new_group()


@pytest.fixture
def group_of_its_own(world_evidence: Evidence) -> Iterator[Group]:
    """A group whose journal no other test uses."""
    with World(world_evidence) as world:
        yield world.new_group()


def call_journal(world: World, method: str, path: str, **more: Any) -> bytes:  # noqa: ANN401 -- what Caller.call takes
    """Return the body of what the journal's Logstore answers another tool."""
    project, logstore = world.sls.journal.split("/")
    with Caller(world.sls.url, world.caller.signer, project=project) as caller:
        answer = caller.call(method, f"/logstores/{logstore}/shards/{path}", **more)
    assert answer.status == 200, answer.body
    return answer.body


def put(world: World, log_group: bytes) -> None:
    call_journal(world, "POST", "lb", body=log_group, headers={"content-type": "application/x-protobuf"})


def split(world: World) -> None:
    call_journal(world, "POST", "0", query={"action": "split", "key": f"{2**127 + 1:032x}"})


def rewind(group: Group) -> Answer:
    return group.world.functions.run(group.rewind(), group.key)


def journaled(world: World) -> int:
    """Return how many LogGroups the journal holds."""
    project, logstore = world.sls.journal.split("/")
    shards = world.sls.control("state", project=project, logstore=logstore)["shards"]
    return sum((decode_cursor(shard["end"]) or 0) - (decode_cursor(shard["begin"]) or 0) for shard in shards)


def as_record(**contents: str) -> bytes:
    """Return a LogGroup that looks like one of our records."""
    topic = bytes([3 << 3 | 2, len(TOPIC)]) + TOPIC
    return encode_log_group(int(time.time()), contents.items()) + topic


def test_a_journal_that_shows_records_late_still_locks(group: Group) -> None:
    group.world.sls.control("switches", {"put_logs_visible_after_s": 0.4})

    answer = rewind(group)

    assert answer.json["status"] == "applied"
    assert {n: shard["after"]["checkpoint"] for n, shard in answer.shards.items()} == group.checkpoints()


def test_a_journal_that_does_not_show_a_claim_in_time_refuses_and_holds_nobody_up_later(group: Group) -> None:
    group.world.sls.control("switches", {"put_logs_visible_after_s": NEVER_S})
    answer = rewind(group)
    stood = group.checkpoints()
    group.world.sls.control("switches", {"put_logs_visible_after_s": 0})

    with group.world.more_functions() as others:
        other = others.run(group.rewind("40m"), f"another {group.key}")

    assert (answer.status, answer.error["code"], stood) == (409, "journal_unusable", group.original)
    assert other.json["status"] == "applied"


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(encode_log_group(1, [("message", "hello")]), id="a log of another tool"),
        pytest.param(encode_log_group(1, []), id="an empty log"),
        pytest.param(b"", id="an empty log group"),
        pytest.param(as_record(kind="started"), id="a record without its fields"),
    ],
)
def test_what_other_tools_write_into_the_journal_is_passed_over(group: Group, foreign: bytes) -> None:
    put(group.world, foreign)
    assert rewind(group).json["status"] == "applied"
    put(group.world, foreign)

    assert rewind(group).json["status"] == "duplicate"
    assert [operation["state"] for operation in group.history()] == ["finished"]


@pytest.mark.parametrize("kind", ["planned", "started", "finished", "abandoned", "verified", "snapshot", "unheard_of"])
@pytest.mark.parametrize("detail", ["{", "[]", "7", '{"plan": 7, "lease_unix": "x", "checkpoints": [], "shards": 7}'])
def test_a_record_whose_detail_makes_no_sense_stops_nobody_for_good(group: Group, kind: str, detail: str) -> None:
    ids = {"record_id": group.key, "operation_id": "a" * 16, "plan_id": "a" * 10}
    place = {"project": "shop", "logstore": group.logstore, "consumer_group": "billing"}
    told = {"principal": "x", "action": "rewind", "status": "", "reason": "", "detail": detail}
    put(group.world, as_record(kind=kind, **ids, **place, **told))

    answer = sent_until_it_ends(group.world.functions, group.rewind(), group.key)[-1]
    if answer.status == 409:
        abandon = next(command for command in answer.json["next"] if command["action"] == "abandon")
        group.world.functions.run(abandon)
        answer = rewind(group)

    assert answer.json["status"] == "applied", answer.json
    assert group.history()[0]["state"] == "finished"


@pytest.mark.parametrize("action", WRITES)
def test_a_journal_of_two_shards_refuses_every_write(group_of_its_own: Group, action: str) -> None:
    group = group_of_its_own
    before, begun = journaled(group.world), group.mark()
    split(group.world)

    answer = group.world.functions.run(group.command(action, **WRITES[action]))

    assert (answer.status, answer.error["code"]) == (409, "journal_unusable")
    assert {call["operation"] for call in group.calls(begun)}.isdisjoint({"UpdateCheckPoint", "UpdateConsumerGroup"})
    assert (journaled(group.world), group.checkpoints()) == (before, group.original)


@pytest.mark.parametrize(
    "command", [{"action": "describe"}, {"action": "rewind", "to": "40m"}], ids=["look", "preview"]
)
def test_a_journal_of_two_shards_keeps_nobody_from_looking(
    group_of_its_own: Group, command: Mapping[str, object]
) -> None:
    group = group_of_its_own
    assert rewind(group).json["status"] == "applied"
    split(group.world)

    answer = group.world.functions.run({**command, "target": group.target})

    assert (answer.status, answer.json["ok"], answer.json["plan_id"]) == (200, True, None)


@pytest.mark.parametrize("action", WRITES)
@pytest.mark.parametrize("operation", ["ListShards", "PullLogs"])
def test_a_journal_that_cannot_be_read_refuses_every_write(group: Group, operation: str, action: str) -> None:
    denied = {"status": 401, "error_code": "Unauthorized", "times": 99}
    group.world.fault({"operation": operation, "logstore": group.world.journal, **denied})
    before = journaled(group.world)

    answer = group.world.functions.run(group.command(action, **WRITES[action]))

    assert (answer.json["ok"], answer.error["sls_error_code"]) == (False, "Unauthorized")
    assert (journaled(group.world), group.checkpoints()) == (before, group.original)


def test_an_outcome_that_was_not_journaled_is_warned_of_and_repaired_by_the_same_key(group: Group) -> None:
    denied = {"status": 401, "error_code": "Unauthorized", "times": 99}
    group.world.fault({"operation": "PutLogs", "logstore": group.world.journal, "nth": 3, **denied})
    first = rewind(group)
    group.world.fault()
    left, begun = group.history()[0]["state"], group.mark()

    second = rewind(group)

    assert (first.json["status"], "journal_unfinished" in first.warnings, left) == ("applied", True, "claimed")
    assert second.json["status"] == "applied"
    assert group.history()[0]["state"] == "finished"
    assert "UpdateCheckPoint" not in {call["operation"] for call in group.calls(begun)}


@pytest.mark.parametrize(
    "lost", [pytest.param(1, id="anchor"), pytest.param(2, id="claim"), pytest.param(3, id="outcome")]
)
def test_a_record_that_stands_twice_counts_once(group: Group, lost: int) -> None:
    fault = {"operation": "PutLogs", "kind": "after_write", "times": TRIES - 1}
    group.world.fault({**fault, "nth": lost, "logstore": group.world.journal})
    before = journaled(group.world)

    first = rewind(group)
    second = rewind(group)
    (operation,) = group.history()

    assert journaled(group.world) == before + 3 + TRIES - 1
    assert (first.json["status"], second.json["status"]) == ("applied", "duplicate")
    assert (operation["state"], operation["attempts"]) == ("finished", 1)


def test_a_claim_whose_answers_were_all_lost_is_withdrawn_at_once(group: Group) -> None:
    lost = {"operation": "PutLogs", "kind": "after_write", "nth": 2, "times": TRIES}
    group.world.fault({**lost, "logstore": group.world.journal})
    first = rewind(group)

    with group.world.more_functions() as others:
        other = others.run(group.rewind("40m"), f"another {group.key}")

    assert (first.status, first.json["status"]) == (502, "failed")
    assert other.json["status"] == "applied"
    assert {operation["status"] for operation in group.history()} == {"applied"}


def test_a_rewind_under_a_key_leaves_three_records_and_two_name_its_original_positions(group_of_its_own: Group) -> None:
    group = group_of_its_own
    rewind(group)
    cursor = json.loads(call_journal(group.world, "GET", "0", query={"type": "cursor", "from": "begin"}))["cursor"]

    raw = call_journal(group.world, "GET", "0", query={"type": "log", "cursor": cursor, "count": "10"})

    assert raw.count(TOPIC) == journaled(group.world) == 3
    assert all(raw.count(text.encode()) >= 2 for text in (group.logstore, *group.original.values()))
