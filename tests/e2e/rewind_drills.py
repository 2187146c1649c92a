"""Drills: one rewind of four shards in which one call fails for good, then the same command until it ends."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from tests.e2e.rewind_world import (
    SHARDS,
    Call,
    Functions,
    Group,
    World,
    sent_until_it_ends,
    wait_for_the_next_second,
    wait_until,
)
from tests.functions.caller import Answer

Phase = Literal["plan", "claim", "write", "finish"]
Kind = Literal["refused", "error", "reset", "lost", "timeout", "killed_before", "killed_after"]

CONSUMED_MEANWHILE = 10
_STUCK_S = 600
FAULTS: Mapping[Kind, Mapping[str, object]] = {
    "refused": {"kind": "error", "status": 401, "error_code": "Unauthorized"},
    "error": {"kind": "error", "status": 500},
    "reset": {"kind": "reset"},
    "lost": {"kind": "after_write"},
    "timeout": {"kind": "timeout"},
    "killed_before": {"kind": "timeout"},
    "killed_after": {"kind": "delay", "delay_s": _STUCK_S},
}


@dataclass(frozen=True)
class Position:
    """One call of a rewind; of calls alike, the nth.

    Attributes:
        phase: How far the rewind has come: no claim is journaled before `claim`, nothing written before `write`, and
            everything by `finish`.
    """

    phase: Phase
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
        return self.operation in {"PutLogs", "UpdateCheckPoint"}


POSITIONS = (
    Position("plan", "ListShards", on_journal=True),
    Position("plan", "PullLogs", on_journal=True),
    Position("plan", "PutLogs", on_journal=True),
    Position("plan", "PullLogs", on_journal=True, nth=2),
    Position("plan", "ListConsumerGroup"),
    Position("plan", "ListShards"),
    Position("plan", "GetCheckPoint"),
    *(Position("plan", "GetCursor", shard=shard, nth=nth) for shard in SHARDS for nth in (1, 2)),
    *(Position("plan", "GetCursorTime", shard=shard) for shard in SHARDS),
    Position("claim", "PutLogs", on_journal=True, nth=2),
    Position("claim", "PullLogs", on_journal=True, nth=3),
    Position("write", "GetCheckPoint", nth=2),
    *(Position("write", "UpdateCheckPoint", shard=shard) for shard in SHARDS),
    Position("finish", "GetCheckPoint", nth=3),
    Position("finish", "PutLogs", on_journal=True, nth=3),
)
"""Every call of a rewind of four shards under a key, on an instance that has read the journal before.

The first record that is written says when the command was first sent; the second is the claim.
"""


@dataclass(frozen=True)
class Case:
    """What goes wrong in a drill.

    Attributes:
        consumes: A consumer goes on from a shard that was moved, before the command is repeated.
    """

    position: Position
    kind: Kind
    consumes: bool = False

    def __str__(self) -> str:
        return f"{self.kind}-{self.position}"

    @property
    def kills(self) -> bool:
        """Whether the instance dies."""
        return self.kind.startswith("killed")

    @property
    def leaves_a_claim(self) -> bool:
        """Whether the operation stands in the journal afterwards, and was not withdrawn."""
        claimed = self.position.phase == "claim" and (not self.position.writes or self.kind == "killed_after")
        return self.position.phase in {"write", "finish"} or (claimed and self.kills)

    @property
    def is_harmless(self) -> bool:
        """Whether everything was written all the same."""
        lost_write = self.kind == "lost" and self.position.operation == "UpdateCheckPoint"
        return self.position.phase == "finish" or lost_write

    def faults(self, group: Group) -> list[Mapping[str, object]]:
        """Return the faults; if the instance is killed among the writes, those of later shards do not get through."""
        position = self.position
        many = self.kills and position.operation == "UpdateCheckPoint"
        shards: Iterable[int | None] = range(position.shard or 0, len(SHARDS)) if many else (position.shard,)
        logstore = group.world.journal if position.on_journal else group.logstore
        told = {"operation": position.operation, "logstore": logstore, "nth": position.nth, "times": 99}
        return [{**told, "shard": shard, **FAULTS[self.kind]} for shard in shards]


@dataclass(frozen=True)
class Drill:
    """What came of a drill.

    Attributes:
        first: The first answer; None if the instance was killed.
        stood: The checkpoints after it.
        commits: What the consumer committed then, by shard.
        first_calls: The calls until then.
        repeated: The answers to the same command, or to the `resume` that was offered.
        later_calls: The calls that those made.
        ended: The checkpoints then.
        wanted: Where the group has to stand, by each time that `to` was resolved to, the first one first.
        resolved_again: Whether repeating the command resolved it anew.
        history: What the journal tells of the operation.
        undone: The answer to the `undo` that was offered.
        restored: The checkpoints at the end.
    """

    case: Case
    original: Mapping[int, str]
    first: Answer | None
    stood: Mapping[int, str]
    commits: Mapping[int, str]
    first_calls: list[Call]
    repeated: list[Answer]
    later_calls: list[Call]
    ended: Mapping[int, str]
    wanted: Mapping[int, Mapping[int, str]]
    resolved_again: bool
    history: Mapping[str, Any]
    undone: Answer
    restored: Mapping[int, str]

    @property
    def planned(self) -> Mapping[int, str]:
        """Where the group has to stand at the end: by the last time that `to` was resolved to."""
        return list(self.wanted.values())[-1]

    def effects(self, calls: Iterable[Call]) -> Counter[int]:
        """Return how often the functions' writes took effect, by shard."""
        lost = self.case.position.shard if self.case.kind == "lost" else None
        return Counter(
            call["shard"]
            for call in calls
            if call["operation"] == "UpdateCheckPoint"
            and call["query"]["consumer"] == ""
            and (call["status"] == HTTPStatus.OK or call["shard"] == lost)
        )


def carry_out(case: Case, world: World) -> Drill:
    """Return what comes of a drill in a world."""
    group = world.new_group()
    begun = group.mark()
    first = _begin(case, group)
    world.fault()
    first_calls, stood = group.calls(begun), group.checkpoints()
    commits = _consume(group, stood) if case.consumes else {}
    if case.position.phase != "plan":
        wait_for_the_next_second()
    repeating = group.mark()
    repeated = _repeat(case, group, first)
    later_calls, ended = group.calls(repeating), group.checkpoints()
    history = group.history()[0]
    undo = group.command("undo", operation_id=history["operation_id"], dry_run=False, allow_active=case.consumes)
    undone = world.functions.run(undo)
    resolved, again = group.resolved_unix(first_calls), group.resolved_unix(later_calls)
    return Drill(
        case=case,
        original=group.original,
        first=first,
        stood=stood,
        commits=commits,
        first_calls=first_calls,
        repeated=repeated,
        later_calls=later_calls,
        ended=ended,
        wanted={unix: group.at(unix) for unix in (*resolved, *again)},
        resolved_again=bool(again),
        history=history,
        undone=undone,
        restored=group.checkpoints(),
    )


def _begin(case: Case, group: Group) -> Answer | None:
    if case.kills:
        with group.world.more_functions() as functions:
            send_and_kill(case, group, functions)
        return None
    # So that every drill begins with a journal that was read to its end.
    group.let_read_the_journal(group.world.functions)
    group.world.fault(*case.faults(group))
    return group.world.functions.run(group.rewind(), group.key)


def send_and_kill(case: Case, group: Group, functions: Functions) -> None:
    """Send the group's rewind with its key, and kill the instance when it has come to a case's position."""
    group.let_read_the_journal(functions)
    faults, begun = case.faults(group), group.mark()
    group.world.fault(*faults)
    with functions.killed_during(group.rewind(), group.key):
        wait_until(lambda: all(_is_stuck(fault, group.calls(begun)) for fault in faults))
        if case.position.operation == "UpdateCheckPoint":
            wait_until(lambda: sum(c["operation"] == "UpdateCheckPoint" for c in group.calls(begun)) == len(SHARDS))


def _is_stuck(fault: Mapping[str, object], calls: Iterable[Call]) -> bool:
    names = ("operation", "logstore", *(() if fault["shard"] is None else ("shard",)))
    return sum(all(call[name] == fault[name] for name in names) for call in calls) >= int(str(fault["nth"]))


def _consume(group: Group, stood: Mapping[int, str]) -> dict[int, str]:
    moved = [shard for shard, checkpoint in stood.items() if checkpoint != group.original[shard]]
    return {shard: group.commit(shard, CONSUMED_MEANWHILE) for shard in moved[:1]}


def _repeat(case: Case, group: Group, first: Answer | None) -> list[Answer]:
    offered = [command for command in (first.json["next"] if first else []) if command["action"] == "resume"]
    if offered and case.kind == "error":
        return sent_until_it_ends(group.world.functions, offered[0], None)
    return sent_until_it_ends(group.world.functions, group.rewind(), group.key)
