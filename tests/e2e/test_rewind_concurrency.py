"""Two callers at the same moment, each in a process of its own: one moves the group, the other is told."""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import pytest

from tests.e2e.rewind_world import SHARDS, Functions, Group, World
from tests.functions.caller import Answer
from tests.functions.evidence import Evidence

ROUNDS = 20
MOST_ROUNDS = 100
TOLD = {"operation_in_progress", "unfinished_operation", "changed_since_plan"}
SLOW_WRITES = {"operation": "UpdateCheckPoint", "kind": "delay", "delay_s": 0.1, "times": 99}

Sent = tuple[Mapping[str, object], str | None]


@dataclass(frozen=True)
class Two:
    """Two sets of functions over one stand-in; neither shares a process with the other."""

    world: World
    others: Functions

    def at_once(self, first: Sent, second: Sent) -> tuple[Answer, Answer]:
        """Return the answers to two commands with their keys, sent at the same moment."""
        barrier = Barrier(2)

        def send(functions: Functions, sent: Sent) -> Answer:
            barrier.wait()
            return functions.run(*sent)

        with ThreadPoolExecutor(2) as pool:
            answers = pool.submit(send, self.world.functions, first), pool.submit(send, self.others, second)
            return answers[0].result(), answers[1].result()


@pytest.fixture(scope="module")
def running(world_evidence: Evidence) -> Iterator[Two]:
    with World(world_evidence) as world, world.more_functions() as others:
        yield Two(world, others)


@pytest.fixture
def two(running: Two) -> Iterator[Two]:
    """Two sets of functions; what goes wrong in their world ends with the test."""
    yield running
    running.world.fault()
    running.world.sls.control("switches", {"put_logs_visible_after_s": 0})


def effects(group: Group, since: int) -> Counter[int]:
    """Return how often a checkpoint was written, by shard."""
    return Counter(c["shard"] for c in group.calls(since) if c["operation"] == "UpdateCheckPoint")


def afterwards(answer: Answer) -> dict[int, str]:
    return {number: shard["after"]["checkpoint"] for number, shard in answer.shards.items()}


def check_one_moved(group: Group, begun: int, moved: Answer, told: Answer) -> None:
    assert moved.json["status"] == "applied", moved.json
    assert group.checkpoints() == afterwards(moved)
    assert effects(group, begun) == dict.fromkeys(SHARDS, 1)
    assert (told.json["status"], told.status) in {("duplicate", 200), ("refused", 409)}, told.json
    if told.json["status"] == "refused":
        assert told.error["code"] in TOLD
    if told.json["error"] and told.error["code"] == "operation_in_progress":
        assert int(told.headers["retry-after"]) >= 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_of_two_identical_commands_one_moves_and_the_other_is_told(two: Two, number: int) -> None:
    group = two.world.new_group()
    begun = group.mark()
    same = group.rewind(), f"{group.key}-{number}"

    answers = sorted(two.at_once(same, same), key=lambda answer: answer.json["status"] != "applied")

    check_one_moved(group, begun, *answers)
    assert answers[1].json["status"] == "duplicate" or "retry-after" in answers[1].headers
    assert two.world.functions.run(*same).json["status"] == "duplicate"


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_plan_applied_twice_at_once_is_carried_out_once(two: Two, number: int) -> None:
    group = two.world.new_group()
    planned = group.run("rewind", to="30m", key=f"plan-{number}").json["next"][0]
    begun = group.mark()

    answers = sorted(two.at_once((planned, None), (planned, None)), key=lambda a: a.json["status"] != "applied")

    check_one_moved(group, begun, *answers)
    assert two.others.run(planned).json["status"] == "duplicate"


@pytest.mark.parametrize(("shown_after_s", "rounds"), [(0, ROUNDS), (0.3, 4)], ids=["quick journal", "slow journal"])
def test_of_two_different_commands_one_moves_and_the_other_is_told(two: Two, shown_after_s: float, rounds: int) -> None:
    two.world.sls.control("switches", {"put_logs_visible_after_s": shown_after_s})
    at_once = 0
    for _ in range(MOST_ROUNDS):
        group = two.world.new_group()
        begun = group.mark()
        sent = [(group.rewind(to), f"{to} of {group.key}") for to in ("30m", "40m")]
        two.world.fault(SLOW_WRITES)
        answers = sorted(two.at_once(sent[0], sent[1]), key=lambda answer: answer.json["status"] != "applied")
        two.world.fault()
        if answers[1].json["ok"]:
            # One had ended before the other began: no more than two commands in a row.
            continue
        check_one_moved(group, begun, *answers)
        at_once += 1
        if at_once == rounds:
            return
    pytest.fail(f"only {at_once} of {MOST_ROUNDS} rounds overlapped")


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_commands_on_different_groups_both_move(two: Two, number: int) -> None:
    groups = two.world.new_group(), two.world.new_group()
    sent = [(group.rewind(), f"{group.key}-{number}") for group in groups]

    answers = two.at_once(sent[0], sent[1])

    assert [answer.json["status"] for answer in answers] == ["applied", "applied"]
    assert [group.checkpoints() for group in groups] == [afterwards(answer) for answer in answers]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_resume_and_abandon_at_once_leave_what_the_winner_says(two: Two, number: int) -> None:
    group = two.world.new_group()
    two.world.fault({"operation": "UpdateCheckPoint", "shard": 2, "status": 401, "error_code": "Unauthorized"})
    partial = two.world.functions.run(group.rewind(), f"{group.key}-{number}")
    two.world.fault()
    assert partial.json["status"] == "partial"
    stood = group.checkpoints()
    resume, abandon = partial.json["next"]

    resumed, abandoned = two.at_once((resume, None), (abandon, None))

    state = group.history()[0]["state"]
    told = {"resume": resumed.json["status"], "abandon": abandoned.json["status"]}
    assert told[{"finished": "resume", "abandoned": "abandon"}[state]] == "applied", (state, told)
    assert list(told.values()).count("applied") == 1, (state, told)
    assert (group.checkpoints() == stood) is (state == "abandoned")
