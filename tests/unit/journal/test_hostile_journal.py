"""Whatever stands in the journal, every command that reads it has an answer."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.journal.records import Record, log_group_of
from shared.sls.loggroups import Log, LogGroup, encode_log_group
from tests.e2e.stateful_witness import LOGSTORE, PROJECT, START_UNIX, WitnessedStandIn
from tests.e2e.stateful_world import World
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

_ids = count()
forged = st.builds(
    lambda kind, detail, status: replace(
        record(kind, OPERATION, group=(PROJECT, LOGSTORE, "billing")),
        record_id=f"forged-{next(_ids)}",
        written_unix=START_UNIX,
        plan_id=PLAN,
        status=status,
        detail=detail,
    ),
    st.sampled_from(["started", "started", "finished", "planned", "snapshot", "verified", "abandoned"]),
    hostile_details(),
    st.sampled_from(["", "applied", "partial", "odd"]),
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

    def close(self) -> None:
        """Close the connections."""
        self._caller.close()
        self.world.close()


@pytest.fixture(scope="module")
def witnessed_sls() -> Iterator[WitnessedStandIn]:
    with WitnessedStandIn() as sls:
        yield sls


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(journal=st.lists(forged, min_size=1, max_size=5))
def test_forged_records_never_make_a_command_fail(witnessed_sls: WitnessedStandIn, journal: list[Record]) -> None:
    forger = Forger(witnessed_sls)
    try:
        for one in journal:
            forger.put(log_group_of(one))
        assert len(forger.answers()) == len(COMMANDS)
    finally:
        forger.close()


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
