"""Drills: one firing of a timer, delivered three times, while one call of its first delivery goes wrong."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from tests.e2e.rewind_world import Call, Group, World, wait_until
from tests.e2e.schedule_world import (
    BACK_S,
    FUNCTION,
    Timer,
    Timers,
    event,
    group_time,
    let_leases_pass,
    open_timer,
    outcome,
    warm_up,
)
from tests.functions.evidence import Evidence
from tests.local.fc.runtime.messages import Profile

CONSUMED_MEANWHILE = 10
_STUCK_S = 600
# What the client makes of one call before it gives up.
_TRIES = 4

Kind = Literal["error", "lost", "killed_before", "killed_after"]
FAULTS: Mapping[Kind, Mapping[str, object]] = {
    "error": {"kind": "error", "status": 500, "times": _TRIES},
    "lost": {"kind": "after_write", "times": _TRIES},
    "killed_before": {"kind": "timeout", "times": 99},
    "killed_after": {"kind": "delay", "delay_s": _STUCK_S, "times": 99},
}
_WRITES = frozenset({"PutLogs", "UpdateCheckPoint"})


@dataclass(frozen=True)
class Position:
    """One call of a firing; of calls alike, the nth."""

    operation: str
    on_journal: bool = False
    shard: int | None = None
    nth: int = 1

    def __str__(self) -> str:
        where = "journal-" if self.on_journal else ""
        shard = "" if self.shard is None else f"-shard{self.shard}"
        return f"{where}{self.operation}{shard}-{self.nth}"

    @property
    def writes(self) -> bool:
        """Whether the call changes something."""
        return self.operation in _WRITES


@dataclass(frozen=True)
class Case:
    """What goes wrong in the first delivery, and in which profile the function runs."""

    profile: Profile
    position: Position
    kind: Kind

    def __str__(self) -> str:
        return f"{self.profile}-{self.kind}-{self.position}"

    @property
    def kills(self) -> bool:
        """Whether the instance dies."""
        return self.kind.startswith("killed")

    def fault(self, group: Group) -> dict[str, object]:
        """Return the fault."""
        position = self.position
        logstore = group.world.journal if position.on_journal else group.logstore
        told = {"operation": position.operation, "logstore": logstore, "shard": position.shard, "nth": position.nth}
        return {**told, **FAULTS[self.kind]}


@dataclass(frozen=True)
class Drill:
    """What came of a drill.

    Attributes:
        outcomes: What the deliveries came to, one after the other: status or error type; "killed" has neither.
        wanted: Where the firing has to bring the group: the trigger's time minus the duration.
        moved: Where it stood once a delivery had succeeded.
        committed: What a consumer then went on to, by shard.
        ended: Where it stood after the third delivery.
        effects: How often a write of a checkpoint took effect, by shard.
        before: What the journal tells of the positions before.
        operations: How many operations the journal tells of.
        resolved_unix: The times whose cursors were asked for.
    """

    case: Case
    trigger_unix: int
    original: Mapping[int, str]
    outcomes: tuple[str, ...]
    wanted: Mapping[int, str]
    moved: Mapping[int, str]
    committed: Mapping[int, str]
    ended: Mapping[int, str]
    effects: Counter[int]
    before: Mapping[int, str]
    operations: int
    resolved_unix: list[int]


def calls_of_a_firing(world: World, timer: Timer) -> list[Position]:
    """Return every call of a firing that nothing disturbs."""
    group = world.new_group()
    warm_up(timer, group)
    begun = group.mark()
    invocation = timer.invoke(event(group, group_time(group)))
    assert outcome(invocation) == "applied", invocation.payload
    seen: Counter[tuple[str, bool, int | None]] = Counter()
    found = []
    for call in group.calls(begun):
        on_journal = call["logstore"] == world.journal
        key = (call["operation"], on_journal, None if on_journal else call["shard"])
        seen[key] += 1
        found.append(Position(*key, nth=seen[key]))
    return sorted(found, key=str)


def carry_out(case: Case, world: World, timers: Timers, evidence: Evidence) -> Drill:
    """Return what comes of a drill in a world."""
    group = world.new_group()
    trigger_unix = group_time(group)
    told = event(group, trigger_unix)
    timer = timers.get(world, case.profile)
    warm_up(timer, group)
    begun = group.mark()
    outcomes = [*_disturbed(case, group, timer, told, evidence), outcome(timer.invoke(told))]
    moved = group.checkpoints()
    committed = {0: group.commit(0, CONSUMED_MEANWHILE)}
    while len(outcomes) < 3:
        outcomes.append(outcome(timer.invoke(told)))
    ended, calls = group.checkpoints(), group.calls(begun)
    world.sls.control("clock", {"skew_s": 0})
    operations = group.history()
    return Drill(
        case=case,
        trigger_unix=trigger_unix,
        original=group.original,
        outcomes=tuple(outcomes),
        wanted=group.at(trigger_unix - BACK_S),
        moved=moved,
        committed=committed,
        ended=ended,
        effects=_effects(case, calls),
        before={shard["shard"]: shard["before"] for shard in operations[0]["shards"]},
        operations=len(operations),
        resolved_unix=group.resolved_unix(calls),
    )


def _disturbed(case: Case, group: Group, timer: Timer, told: bytes, evidence: Evidence) -> list[str]:
    """Return what the first delivery came to; FC's own retries are part of it where its instance lives."""
    if case.kills:
        with open_timer(group.world, evidence, case.profile) as doomed:
            warm_up(doomed, group)
            killed = kill(case, group, doomed, told)
        let_leases_pass(group.world)
        return [killed]
    group.world.fault(case.fault(group))
    attempts, last = timer.tries(told)
    group.world.fault()
    return ["FiringFailedError"] * (attempts - 1) + [outcome(last)]


def kill(case: Case, group: Group, doomed: Timer, told: bytes) -> str:
    """Deliver a firing, kill its instance at a case's position, and return what FC says of it; its lease goes on."""
    fault, begun = case.fault(group), group.mark()
    group.world.fault(fault)
    names = ("operation", "logstore", *(() if fault["shard"] is None else ("shard",)))
    doomed.gateway.invoke_async(FUNCTION, told)

    def is_stuck() -> bool:
        alike = [call for call in group.calls(begun) if all(call[name] == fault[name] for name in names)]
        return len(alike) >= int(str(fault["nth"]))

    wait_until(is_stuck)
    doomed.gateway.close()
    group.world.fault()
    (result,) = doomed.gateway.async_results
    return outcome(result.invocation)


def _effects(case: Case, calls: Iterable[Call]) -> Counter[int]:
    """Return how often a write took effect, by shard; repetitions of one call by the client count once."""
    effects: Counter[int] = Counter()
    lost: set[int] = set()
    for call in calls:
        if call["operation"] != "UpdateCheckPoint" or call["query"]["consumer"]:
            continue
        if call["status"] == HTTPStatus.OK:
            effects[call["shard"]] += 1
        elif case.kind in {"lost", "killed_after"} and call["shard"] == case.position.shard:
            lost.add(call["shard"])
    return effects + Counter(lost)
