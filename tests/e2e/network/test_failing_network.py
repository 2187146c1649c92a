"""The network fails in every way, at every place of a command: always a result in time, never a wrong one."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.e2e.network import damages
from tests.e2e.network.damages import DAMAGES
from tests.e2e.network.drills import (
    ATTRIBUTES,
    MOVED,
    PLACES,
    READ_BACK,
    WANTED_ATTRIBUTES,
    WRITE,
    Case,
    Drill,
    Lane,
)
from tests.e2e.rewind_world import checkout_with_timeout
from tests.functions.caller import Answer
from tests.functions.evidence import Evidence

# Short enough to wait for; what would hang longer is ended by the platform and has no result.
TIMEOUT_S = 6
LANES = 18
# These stay until they are mended, however often they hit.
STATES = (damages.clock_ahead, damages.clock_behind, damages.token_expired)
CLOCKS = STATES[:2]
# An undo takes the same way through the code as an apply, and so does an update to its write; of what is alike one is
# enough.
OF_UNDO = (damages.reset_in_body, damages.half_open_after, damages.no_length, damages.page_of_success, damages.busy)
CASES = [
    Case(action, place, damage, for_good)
    for action, places in PLACES.items()
    for place in places
    for damage in DAMAGES
    for for_good in (False, True)
    if not (for_good and damage in STATES)
    if for_good or action in {"apply", "update"} or damage in STATES
    if action not in {"undo", "update"} or damage in {*OF_UNDO, *STATES}
]

GetDrill = Callable[[Case], Drill]
each_case = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.fixture(scope="module")
def drill(
    request: pytest.FixtureRequest, world_evidence: Evidence, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GetDrill]:
    """What came of a case; all that the run asks for are carried out side by side, since most of them mostly wait."""
    asked = dict.fromkeys(
        case
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module and "case" in item.fixturenames
        if isinstance(case := item.callspec.params["case"], Case)
    )
    checkout = checkout_with_timeout(tmp_path_factory.mktemp("short"), TIMEOUT_S)
    mine = threading.local()
    with ExitStack() as lanes, ThreadPoolExecutor(LANES) as pool:

        def carry_out(case: Case) -> Drill:
            if not hasattr(mine, "lane"):
                mine.lane = lanes.enter_context(Lane(world_evidence, checkout))
            lane: Lane = mine.lane
            return lane.carry_out(case)

        drills: Mapping[Case, Future[Drill]] = {case: pool.submit(carry_out, case) for case in asked}
        yield lambda case: drills[case].result()
        pool.shutdown(cancel_futures=True)


@each_case
def test_a_failing_network_never_makes_an_answer_untrue(drill: GetDrill, case: Case) -> None:
    done = drill(case)

    assert done.hits
    check_truth(done.first, done.stood, done.original)


@each_case
def test_once_the_network_is_sound_the_same_command_ends_where_it_should(drill: GetDrill, case: Case) -> None:
    done = drill(case)

    assert done.last.json["ok"], done.last.json
    check_truth(done.last, done.ended, done.original)
    assert done.ended == done.wanted


@pytest.mark.parametrize("case", [case for case in CASES if case.place is READ_BACK or case.place is WRITE], ids=str)
def test_the_journal_keeps_every_original_position(drill: GetDrill, case: Case) -> None:
    done = drill(case)

    assert done.known == {shard: done.original[shard] for shard in MOVED}


@pytest.mark.parametrize("case", [case for case in CASES if case.damage is damages.token_expired], ids=str)
def test_an_expired_token_is_told_with_what_was_not_done(drill: GetDrill, case: Case) -> None:
    first = drill(case).first.json
    errors = [first["error"], *(shard["error"] for shard in first["shards"])]
    told = [error["message"] for error in errors if error] + [warning["message"] for warning in first["warnings"]]

    assert any("has expired" in message for message in told)


@pytest.mark.parametrize("case", [c for c in CASES if c.damage in CLOCKS and c.action in {"describe", "plan"}], ids=str)
def test_a_clock_twenty_minutes_off_is_put_right_in_passing(drill: GetDrill, case: Case) -> None:
    assert drill(case).first.json["ok"]


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.damage is damages.closed_for_an_hour and c.place.name == "first-call"], ids=str
)
def test_who_says_to_come_back_in_an_hour_is_not_asked_again_but_passed_on(drill: GetDrill, case: Case) -> None:
    done = drill(case)

    assert done.first.headers["retry-after"] == "3600"
    # Of the three calls that describe begins with at once, each may have been answered so.
    assert done.hits <= 3


@pytest.mark.parametrize("case", [case for case in CASES if case.action == "update"], ids=str)
def test_of_attributes_no_more_is_claimed_than_can_be(drill: GetDrill, case: Case) -> None:
    done = drill(case)
    told = done.first.json["consumer_group"]
    claimed = None if told is None else (told["after"]["timeout"], told["after"]["order"])

    if done.puts == 0:
        assert done.attributes == ATTRIBUTES
        assert claimed in {None, ATTRIBUTES}
    elif claimed != done.attributes:
        assert "not_read_back" in done.first.warnings
    if done.first.json["status"] == "applied":
        assert done.attributes == WANTED_ATTRIBUTES
    assert done.ended_attributes == WANTED_ATTRIBUTES


def check_truth(answer: Answer, stands: Mapping[int, str], original: Mapping[int, str]) -> None:
    """Hold what an answer says of each shard against where the shards stood right after it."""
    told = answer.json
    if told["status"] in {"applied", "duplicate"} and told["action"] != "update_consumer_group":
        assert {n for n, shard in answer.shards.items() if shard["status"] == "moved"} >= set(MOVED)
    if not told["ok"]:
        assert told["error"]["message"]
    for shard in original.keys() - {n for n, s in answer.shards.items() if s["status"] == "moved"}:
        is_open = shard in answer.shards and "not known" in (answer.shards[shard]["note"] or "")
        assert is_open or stands[shard] == original[shard], answer.shards.get(shard)
    for shard, result in answer.shards.items():
        if result["status"] == "moved":
            assert stands[shard] == result["after"]["checkpoint"]
        if result["status"] in {"read", "planned"}:
            assert result["before"]["checkpoint"] == original.get(shard, "")
