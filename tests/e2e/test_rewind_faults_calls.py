"""One rewind of four shards, driven through every position at which one call can fail for good."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial

import pytest

from tests.e2e.rewind_drills import FAULTS, POSITIONS, Case, Drill, carry_out
from tests.e2e.rewind_world import Lanes, World, checkout_with_timeout
from tests.functions.caller import Answer
from tests.functions.evidence import Evidence

# Long enough for four tries of every call; short enough to wait for a deadline or a lease.
TIMEOUT_S = 10
SHORT_TIMEOUT_S = 8
LANES = 8
WAITING_LANES = 18
CASES = [
    Case(position, kind)
    for position in POSITIONS
    for kind in FAULTS
    if position.writes or kind not in {"lost", "killed_after"}
]
CONSUMED = [
    Case(case.position, case.kind, consumes=True)
    for case in CASES
    if case.position.phase in {"write", "finish"} and case.position.shard in {None, 2}
]

GetDrill = Callable[[Case], Drill]
each_case = pytest.mark.parametrize("case", CASES, ids=str)
each_consumed_case = pytest.mark.parametrize("case", CONSUMED, ids=str)


@pytest.fixture(scope="module")
def drill(
    request: pytest.FixtureRequest, world_evidence: Evidence, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GetDrill]:
    """What came of a case; all that the run asks for are carried out at once, since most of them mostly wait."""
    asked = dict.fromkeys(
        case
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module and "case" in item.fixturenames
        if isinstance(case := item.callspec.params["case"], Case)
    )
    short = checkout_with_timeout(tmp_path_factory.mktemp("short"), SHORT_TIMEOUT_S)
    ample = checkout_with_timeout(tmp_path_factory.mktemp("ample"), TIMEOUT_S)
    with Lanes(world_evidence, short, WAITING_LANES) as waiting, Lanes(world_evidence, ample, LANES) as failing:
        drills: dict[Case, Future[Drill]] = {
            case: (waiting if case.kills or case.kind == "timeout" else failing).submit(partial(carry_out, case))
            for case in asked
        }
        yield lambda case: drills[case].result()


def test_the_positions_are_all_calls_of_a_rewind(world_evidence: Evidence) -> None:
    with World(world_evidence) as world:
        group = world.new_group()
        group.run("history")
        begun = group.mark()
        assert world.functions.run(group.rewind(), group.key).json["status"] == "applied"
        calls = Counter((c["operation"], c["logstore"] == world.journal, c["shard"]) for c in group.calls(begun))

    listed = Counter((p.operation, p.on_journal, 0 if p.operation == "PullLogs" else p.shard) for p in POSITIONS)
    assert calls == listed


@each_case
def test_a_repeated_rewind_ends_exactly_where_it_was_planned(drill: GetDrill, case: Case) -> None:
    done = drill(case)

    assert done.ended == done.planned
    assert done.repeated[-1].json["status"] in {"applied", "duplicate"}


@each_case
def test_no_shard_is_moved_twice(drill: GetDrill, case: Case) -> None:
    done = drill(case)
    first, later = done.effects(done.first_calls), done.effects(done.later_calls)

    assert not first.keys() & later.keys()
    assert set(later.values()) <= {1}
    # The client itself repeats a write whose answer was lost, at once and with the same value.
    assert set(first.values()) <= {1} or case.kind == "lost"


@pytest.mark.parametrize("case", [case for case in CASES if case.leaves_a_claim], ids=str)
def test_what_a_rewind_began_is_not_resolved_anew(drill: GetDrill, case: Case) -> None:
    assert not drill(case).resolved_again


@pytest.mark.parametrize("case", [c for c in CASES if c.position.phase in {"plan", "claim"}], ids=str)
def test_nothing_is_written_before_the_claim_is_read_back(drill: GetDrill, case: Case) -> None:
    done = drill(case)

    assert done.stood == done.original
    assert not done.effects(done.first_calls)


@each_case
def test_the_journal_keeps_the_original_positions_and_undo_restores_them(drill: GetDrill, case: Case) -> None:
    done = drill(case)

    assert {shard["shard"]: shard["before"] for shard in done.history["shards"]} == done.original
    assert (done.undone.status, done.restored) == (200, done.original)


@each_case
def test_no_answer_claims_more_than_is_true(drill: GetDrill, case: Case) -> None:
    done = drill(case)

    if done.first is not None:
        check_truth(done.first, done.stood, done.original)
    for answer in done.repeated[:-1]:
        check_truth(answer, done.stood, done.original)
    check_truth(done.repeated[-1], done.ended, done.original)


@pytest.mark.parametrize("case", [case for case in CASES if not case.kills], ids=str)
def test_the_first_answer_tells_a_failure_from_what_was_done(drill: GetDrill, case: Case) -> None:
    first = drill(case).first
    assert first is not None
    among_writes = case.position.operation == "UpdateCheckPoint"

    if case.is_harmless:
        assert (first.status, first.json["status"]) == (200, "applied")
    else:
        assert first.status in ({502, 504} if case.kind == "timeout" else {502})
        assert first.json["status"] == ("partial" if among_writes else "failed")


@each_consumed_case
def test_what_consumers_went_on_from_is_not_written_again(drill: GetDrill, case: Case) -> None:
    done = drill(case)
    untouched = case.position.operation == "GetCheckPoint" and case.position.phase == "write"

    assert bool(done.commits) is not untouched
    assert done.ended == {**done.planned, **done.commits}
    assert not done.effects(done.later_calls).keys() & done.commits.keys()


@each_consumed_case
def test_what_consumers_went_on_from_is_told_as_moved_and_can_be_undone(drill: GetDrill, case: Case) -> None:
    done = drill(case)

    assert {shard["status"] for shard in done.repeated[-1].json["shards"]} == {"moved"}
    assert (done.undone.status, done.restored) == (200, done.original)


def check_truth(answer: Answer, stands: Mapping[int, str], original: Mapping[int, str]) -> None:
    """Hold what an answer says of each shard against where the shards stood right after it."""
    shards = answer.json["shards"]
    if answer.json["status"] in {"applied", "duplicate"}:
        assert {shard["status"] for shard in shards} == {"moved"}
        assert {shard["shard"] for shard in shards} == original.keys()
    for shard in shards:
        if shard["status"] == "moved":
            assert stands[shard["shard"]] == shard["after"]["checkpoint"]
        elif not (shard["note"] and "not known" in shard["note"]):
            assert stands[shard["shard"]] == original[shard["shard"]]
