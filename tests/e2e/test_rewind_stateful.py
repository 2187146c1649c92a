"""Whatever comes together (commands, consumers, splits, retention, faults, killed instances), the promises hold.

Never two moves, never a lost original position, never a wrong success. The tests run a few fixed examples, `make fuzz`
many random ones.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, TypeVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.e2e.stateful_promises import check_history, check_result
from tests.e2e.stateful_witness import LOGSTORE, PROJECT, START_UNIX, Trouble, WitnessedStandIn, further
from tests.e2e.stateful_world import GROUPS, World
from tests.fuzz.amount import FACTOR, FUZZING, note_examples, some

EXAMPLES = 30
FEW_SHARDS = 5
BACK = st.integers(0, 2)
SHARDS = st.integers(0, 5)

groups = st.sampled_from((*GROUPS[:1] * 3, GROUPS[1]))
principals = st.sampled_from(["webhook:ci", "timer:nightly/tick"])
keys = st.sampled_from(["fresh", "fresh", "fresh", None, "reused"])

faults = st.fixed_dictionaries(
    {
        "operation": st.sampled_from(
            ["UpdateCheckPoint", "UpdateCheckPoint", "PutLogs", "PutLogs", "PullLogs", "GetCheckPoint", "GetCursor"]
        ),
        "nth": st.integers(1, 4),
        "times": st.sampled_from([1, 4, 99]),
        "kind": st.sampled_from(["error", "reset", "after_write"]),
    },
    optional={"shard": st.integers(0, 2)},
)
meddling = st.tuples(
    st.sampled_from(["GetCheckPoint", "UpdateCheckPoint", "PutLogs"]),
    st.integers(1, 4),
    st.just("billing"),
    st.integers(0, 3),
    st.integers(1, 30),
)
troubles = st.one_of(
    st.builds(Trouble),
    st.builds(
        Trouble,
        faults=st.lists(faults, max_size=2),
        kill_after=st.none() | st.integers(1, 60),
        latency_s=st.sampled_from([0.0, 0.0, 0.4]),
        is_hidden=st.sampled_from([False, False, False, True]),
        meddling=st.lists(meddling, max_size=2),
    ),
)
goals = st.one_of(
    st.sampled_from(["begin", "end", {"shift": -7}, {"shift": 5}, {"consumer_group": "audit"}]),
    st.integers(START_UNIX - 7200, START_UNIX),
    st.integers(START_UNIX - 7200, START_UNIX),
    st.integers(1, 7200).map("{}s".format),
    st.integers(START_UNIX, START_UNIX + 600).map(lambda unix: {"as_of": unix}),
)
hows = st.fixed_dictionaries(
    {"instance": st.integers(0, 2), "trouble": troubles},
    optional={"timeout_s": st.sampled_from([60, 10, 4])},
)
ways_on = st.sampled_from(["again", "resume", "abandon"])
moves = st.fixed_dictionaries(
    {"action": st.sampled_from(["rewind", "rewind", "seek", "skip"]), "to": goals},
    optional={
        "shards": st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True),
        "on_expired": st.just("clamp"),
        "allow_active": st.just(value=True),
        "wait_free_s": st.just(30),
        "verify_after_s": st.just(5),
    },
)


Command = dict[str, object]
How = dict[str, Any]
T = TypeVar("T")


class RewindMachine(RuleBasedStateMachine):
    """Everybody who can change a group, in any order."""

    def __init__(self, sls: WitnessedStandIn) -> None:
        super().__init__()
        self.sls = sls
        self.world = World(sls)
        self.witness = self.world.witness
        self.plans: list[str] = []
        self.offers: list[Command] = []
        self.keys = count()
        self.sent: list[tuple[Command, str, str]] = []

    def teardown(self) -> None:
        """Hold history against every write, and close what was opened."""
        try:
            for name in GROUPS:
                check_history(self.world, _named(name))
        finally:
            self.world.close()

    @rule(command=moves, group=groups, by=principals, key=keys, how=hows)
    def move(self, command: Command, group: str, by: str, key: str | None, how: How) -> None:
        told = {**_named(group), **command, "dry_run": False}
        key = self._key(key)
        if key:
            self.sent.append((told, by, key))
        self._run(told, principal=by, key=key, **how)

    @rule(command=moves, fault=faults, shard=st.integers(0, 1), steps=st.integers(1, 60), action=ways_on, how=hows)
    def break_off(self, command: Command, fault: Command, shard: int, steps: int, action: str, how: How) -> None:
        """Let a move fail for good half way, let consumers go on, and go on with the move until it has ended."""
        told: Command = {**command, **_named(GROUPS[0]), "dry_run": False, "allow_active": True}
        key, others = self._key("fresh"), (how["instance"] + 1) % 3
        broken = {**fault, "operation": "UpdateCheckPoint", "times": 99, "nth": 1, "shard": 1 - shard}
        self._run(told, key=key, instance=how["instance"], trouble=Trouble(faults=[broken]))
        self.consume(GROUPS[0], "", shard, steps)
        if action != "again":
            self.follow(0, action, {**how, "instance": others})
        self.consume(GROUPS[0], "", 1 - shard, steps)
        self._run(told, key=key, **{**how, "instance": others})
        self._run(told, key=key, instance=others)

    @rule(command=moves, rival=st.none() | moves, after=st.integers(1, 50), how=hows, its=hows)
    def move_at_once(self, command: Command, rival: Command | None, after: int, how: How, its: How) -> None:
        always: Command = {**_named(GROUPS[0]), "dry_run": False, "allow_active": True}
        first, key = {**command, **always}, self._key("fresh")
        second, its_key = ({**rival, **always}, None) if rival else (first, key)
        self.sent.append((first, "webhook:ci", key or ""))

        def between() -> None:
            self._run(second, key=its_key, **{**its, "instance": (how["instance"] + 1) % 3})

        self._run(first, key=key, between=(after, between), **how)

    @rule(command=moves, group=groups, by=principals, how=hows)
    def plan(self, command: Command, group: str, by: str, how: How) -> None:
        self._run({**_named(group), **command}, principal=by, **how)

    @rule(back=BACK, allow_active=st.booleans(), how=hows)
    def apply(self, back: int, *, allow_active: bool, how: How) -> None:
        for plan_id in _late(self.plans, back):
            self._run({"action": "apply", "plan_id": plan_id, "allow_active": allow_active}, **how)

    @rule(back=BACK, by=principals, how=hows)
    def take_up_an_offer(self, back: int, by: str, how: How) -> None:
        for command in _late(self.offers, back):
            self._run(command, principal=by, **how)

    @rule(back=BACK, how=hows)
    def send_again(self, back: int, how: How) -> None:
        for command, by, key in _late(self.sent, back):
            self._run(command, principal=by, key=key, **how)

    @rule(back=BACK, action=st.sampled_from(["resume", "resume", "abandon", "verify"]), how=hows)
    def follow(self, back: int, action: str, how: How) -> None:
        for group, operation_id in _late(self.witness.operations(), back):
            self._run({**_named(group), "action": action, "operation_id": operation_id}, **how)

    @rule(back=BACK, key=keys, how=hows)
    def undo(self, back: int, key: str | None, how: How) -> None:
        for group, operation_id in _late(self.witness.operations(), back):
            command = {**_named(group), "action": "undo", "operation_id": operation_id}
            self._run({**command, "dry_run": False, "allow_active": True}, key=self._key(key), **how)

    @rule(group=groups, shards=st.sets(st.integers(0, 2), min_size=1), steps=st.integers(0, 250), key=keys, how=hows)
    def write_directly(self, group: str, shards: set[int], steps: int, key: str | None, how: How) -> None:
        wanted = {str(shard): self.world.cursor(shard, steps) for shard in shards}
        self._run({**_named(group), "action": "update_checkpoint", "checkpoints": wanted}, key=self._key(key), **how)

    @rule(group=groups, timeout=st.integers(30, 90), key=keys, how=hows)
    def set_timeout(self, group: str, timeout: int, key: str | None, how: How) -> None:
        self._run({**_named(group), "action": "update_consumer_group", "timeout": timeout}, key=self._key(key), **how)

    @rule(group=groups, action=st.sampled_from(["snapshot", "describe", "history"]), how=hows)
    def look(self, group: str, action: str, how: How) -> None:
        self._run({**_named(group), "action": action}, **how)

    @rule(group=groups, consumer=st.sampled_from(["", "", "c1", "c2"]), shard=SHARDS, steps=st.integers(1, 60))
    def consume(self, group: str, consumer: str, shard: int, steps: int) -> None:
        if consumer:
            self.witness.consume(group, consumer, steps)
        else:
            self.witness.commit(group, shard, further(self.witness.logstore(), self.witness.group(group), shard, steps))

    @rule(shard=SHARDS, count=st.integers(1, 120), is_new=st.booleans())
    def append_or_let_expire(self, shard: int, count: int, *, is_new: bool) -> None:
        there = self.witness.logstore().shards.get(shard)
        if there is not None and (not is_new or there.status == "readwrite"):
            told: Command = {"count": count} if is_new else {"drop": count}
            told |= {"project": PROJECT, "logstore": LOGSTORE, "shard": shard}
            self.sls.control("append" if is_new else "retention", told)

    @rule(change=st.sampled_from(["split", "merge", *GROUPS]), shard=SHARDS)
    def change_the_logstore(self, change: str, shard: int) -> None:
        if change in GROUPS:
            self.witness.create(change)
        elif len(self.witness.logstore().shards) <= FEW_SHARDS:
            self.witness.split_or_merge(shard, is_split=change == "split")

    @rule(seconds=st.sampled_from([5, 5, 70, 70, 200, 1000, 73 * 3600]), cold=st.none() | st.integers(0, 2))
    def wait(self, seconds: float, cold: int | None) -> None:
        self.witness.pass_time(seconds)
        if cold is not None:
            self.world.renew(cold)

    @invariant()
    def the_promises_hold(self) -> None:
        assert not self.witness.broken, self.witness.broken

    def _run(self, command: Command, **how: Any) -> None:  # noqa: ANN401 -- as World.run has them
        result = self.world.run(command, **how)
        if result is None:
            return
        if result.plan_id:
            self.plans.append(result.plan_id)
        self.offers = [dict(offer) for offer in result.next] or self.offers
        check_result(self.witness, command, result)

    def _key(self, kind: str | None) -> str | None:
        return f"key-{next(self.keys)}" if kind == "fresh" else kind


def _late(told: Sequence[T], back: int) -> Sequence[T]:
    """Return the last entry, or one of those before it; nothing where there is none.

    What is drawn must not depend on what happened: where calls run at once, runs differ.
    """
    return told[len(told) - 1 - min(back, len(told) - 1) :][:1]


def _named(group: str) -> Command:
    return {"target": f"{PROJECT}/{LOGSTORE}/{group}"}


@pytest.fixture
def witnessed_sls() -> Iterator[WitnessedStandIn]:
    with WitnessedStandIn() as sls:
        yield sls


@pytest.mark.hypothesis
def test_the_promises_hold_whatever_comes_together(witnessed_sls: WitnessedStandIn) -> None:
    phases = [Phase.generate, *([Phase.shrink] * FUZZING)]
    run_state_machine_as_test(
        lambda: RewindMachine(witnessed_sls),  # type: ignore[arg-type]  # it is only ever called
        settings=settings(some(EXAMPLES), stateful_step_count=40, phases=phases),
    )
    note_examples(EXAMPLES * FACTOR)
