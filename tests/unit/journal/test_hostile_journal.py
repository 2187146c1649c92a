"""Whatever stands in the journal, every command that reads it has an answer."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.command_parser import parse_command_table
from shared.journal.records import Record, log_group_of
from shared.results import Result
from shared.sls.loggroups import Log, LogGroup, encode_log_group
from tests.e2e.stateful_witness import LOGSTORE, PROJECT, START_UNIX, WitnessedStandIn
from tests.e2e.stateful_world import World
from tests.fuzz.amount import some
from tests.local.sls.caller import Caller
from tests.local.sls.signing import Signer
from tests.unit.journal.story import hostile_details, record

OPERATION, PLAN = "a" * 16, "b" * 10
TARGET = {"target": f"{PROJECT}/{LOGSTORE}/billing"}
COMMANDS: tuple[dict[str, Any], ...] = (
    {"action": "history", **TARGET},
    {"action": "describe", **TARGET},
    {"action": "rewind", **TARGET, "to": "1h"},
    {"action": "seek", **TARGET, "to": {"as_of": START_UNIX + 5}},
    {"action": "apply", "plan_id": PLAN, "allow_active": True},
    {"action": "verify", **TARGET, "operation_id": OPERATION},
    {"action": "resume", **TARGET, "operation_id": OPERATION},
    {"action": "undo", **TARGET, "operation_id": OPERATION, "dry_run": False, "allow_active": True},
    {"action": "abandon", **TARGET, "operation_id": OPERATION},
)
WRITE: dict[str, Any] = {"action": "rewind", **TARGET, "to": {"shift": -1}, "dry_run": False, "allow_active": True}
ABANDON: dict[str, Any] = {"action": "abandon", **TARGET, "operation_id": OPERATION}
YEAR_9999 = 253_402_300_799
LATEST = YEAR_9999 - 2 * 86_400
leases = st.sampled_from([2**33, 2**40, 2**62, 2**63, 10**20, -(10**20), int("9" * 4_000), True, 1.5, "9", None])
dates = st.sampled_from(
    [0, 1, START_UNIX, START_UNIX + 300, START_UNIX + 9 * 3600, 2**32 - 1, 2**33, LATEST, YEAR_9999]
)

_ids = count()
forged = st.builds(
    lambda kind, detail, lease, status, date: replace(
        record(kind, OPERATION, group=(PROJECT, LOGSTORE, "billing")),
        record_id=f"forged-{next(_ids)}",
        written_unix=date,
        plan_id=PLAN,
        status=status,
        detail={**detail, **lease},
    ),
    st.sampled_from(["started", "started", "finished", "planned", "snapshot", "verified", "abandoned", "proposed"]),
    hostile_details(),
    st.just({}) | st.fixed_dictionaries({"lease_unix": leases, "expires_unix": leases}),
    st.sampled_from(["", "applied", "partial", "odd"]),
    st.just(START_UNIX) | dates,
)


class Forger:
    """A fresh world whose journal anybody may write to."""

    def __init__(self, sls: WitnessedStandIn) -> None:
        self.world = World(sls)
        project, _, self._logstore = sls.journal.partition("/")
        signer = Signer(sls.access_key_id, sls.access_key_secret, sls.region)
        self._caller, self._signer, self._project = Caller(sls.url, signer, project=project), signer, project

    def put(self, group: LogGroup) -> None:
        """Write a LogGroup to the journal as any tool with the right to may."""
        path, body = f"/logstores/{self._logstore}/shards/lb", encode_log_group(group)
        headers = self._signer.headers(
            "POST",
            path,
            host=self._caller.host,
            body=body,
            extra={"content-type": "application/x-protobuf"},
            unix=self.world.witness.now_unix,
        )
        assert self._caller.send("POST", path, headers=headers, body=body).status == 200

    def answers(self) -> list[dict[str, object]]:
        """Return the answer to every command, each as JSON can carry it."""
        results = [self.world.run(command) for command in COMMANDS]
        return [json.loads(json.dumps(result.as_dict(), allow_nan=False)) for result in results if result is not None]

    def run(self, command: dict[str, Any]) -> Result:
        """Return the answer to one command."""
        result = self.world.run(command)
        assert result is not None
        return result

    def close(self) -> None:
        """Close the connections."""
        self._caller.close()
        self.world.close()


@pytest.fixture(scope="module")
def witnessed_sls() -> Iterator[WitnessedStandIn]:
    with WitnessedStandIn() as sls:
        yield sls


@some(15)
@given(journal=st.lists(forged, min_size=1, max_size=5))
def test_forged_records_never_make_a_command_fail(witnessed_sls: WitnessedStandIn, journal: list[Record]) -> None:
    forger = Forger(witnessed_sls)
    try:
        for one in journal:
            forger.put(log_group_of(one))
        answers = forger.answers()
        assert len(answers) == len(COMMANDS)
        for answer in answers:
            for offered in cast("list[dict[str, object]]", answer["next"]):
                parse_command_table(offered)
    finally:
        forger.close()


@some(40)
@given(lease=leases, date=dates)
@example(lease=2**33, date=START_UNIX)
@example(lease=2**40, date=START_UNIX)
@example(lease=10**20, date=START_UNIX)
@example(lease=YEAR_9999 - 1, date=YEAR_9999)
@example(lease=LATEST + 86_460, date=LATEST)
def test_no_forged_claim_holds_a_group_that_abandon_could_not_free(
    witnessed_sls: WitnessedStandIn, lease: object, date: int
) -> None:
    forger = Forger(witnessed_sls)
    try:
        detail = {"lease_unix": lease, "instance": "forged", "plan": {"moves": "none"}}
        claim = record("started", OPERATION, group=(PROJECT, LOGSTORE, "billing"))
        forger.put(log_group_of(replace(claim, written_unix=date, plan_id="", detail=detail)))

        first = forger.run(WRITE)
        if first.error is not None:
            assert first.error.code == "unfinished_operation"
            assert forger.run(ABANDON).error is None

        assert forger.run(WRITE).status == "applied"
    finally:
        forger.close()


@pytest.mark.parametrize(("ahead_s", "later_s"), [(2 * 3600, 2 * 3600), (20 * 3600, 80 * 3600)])
def test_who_read_a_future_record_early_and_who_reads_it_late_agree(
    witnessed_sls: WitnessedStandIn, ahead_s: int, later_s: int
) -> None:
    forger = Forger(witnessed_sls)
    try:
        claim = record("started", OPERATION, group=(PROJECT, LOGSTORE, "billing"))
        detail = {"lease_unix": START_UNIX + ahead_s + 60, "instance": "forged", "plan": {"moves": "none"}}
        forger.put(log_group_of(replace(claim, written_unix=START_UNIX + ahead_s, plan_id="", detail=detail)))
        history: dict[str, Any] = {"action": "history", **TARGET}
        early = forger.world.run(history, instance=1)
        forger.world.witness.pass_time(later_s)
        warm, cold = (forger.world.run(history, instance=number) for number in (1, 2))
    finally:
        forger.close()
    assert early is not None
    assert warm is not None
    assert cold is not None
    told = [one.as_dict()["operations"] for one in (early, warm, cold)]
    assert told[0] == told[1] == told[2] != []


def test_what_other_tools_wrote_is_passed_over(witnessed_sls: WitnessedStandIn) -> None:
    forger = Forger(witnessed_sls)
    try:
        forger.put(LogGroup((Log(START_UNIX, {"level": "info", "message": "hello"}),), topic="access-log"))
        forger.put(LogGroup((Log(START_UNIX, {"kind": "started", "detail": "{"}),), topic="sls-rewind"))
        history, describe, rewind, *_ = forger.answers()
    finally:
        forger.close()
    assert history["operations"] == []
    assert (describe["status"], rewind["status"]) == ("read", "planned")
