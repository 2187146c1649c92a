"""An instance that dies in the middle of a rewind: who may go on with it, and when."""

from collections.abc import Iterator

import pytest

from tests.e2e.rewind_drills import Case, Position, send_and_kill
from tests.e2e.rewind_world import Group, World, checkout_with_timeout, sent_until_it_ends
from tests.functions.evidence import Evidence

TIMEOUT_S = 8
AMPLE_TIMEOUT_S = 60
LEASE_MARGIN_S = 3
PLACES = {
    "before the writes": Case(Position("write", "GetCheckPoint", nth=2), "killed_before"),
    "among the writes": Case(Position("write", "UpdateCheckPoint", shard=2), "killed_before"),
}
AFTERWARDS = ("resume", "abandon", "another command", "undo", "a new rewind")

each_place = pytest.mark.parametrize("place", PLACES)


def killed(world: World, place: str) -> Group:
    """Return a group whose rewind was broken off by the death of its instance."""
    group = world.new_group()
    with world.more_functions() as functions:
        send_and_kill(PLACES[place], group, functions)
    world.fault()
    return group


def operation_id(group: Group) -> str:
    return str(group.history()[0]["operation_id"])


@pytest.fixture(scope="module")
def ample_world(world_evidence: Evidence) -> Iterator[World]:
    """A world in which a lease outlasts every test."""
    with World(world_evidence) as world:
        yield world


@pytest.fixture(scope="module")
def left(world_evidence: Evidence, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Group]]:
    """A group for each test, all killed one after the other, so that their leases pass together."""
    checkout = checkout_with_timeout(tmp_path_factory.mktemp("short"), TIMEOUT_S)
    with World(world_evidence, checkout) as world:
        yield {(place, test): killed(world, place) for place in PLACES for test in AFTERWARDS}


@each_place
def test_an_operation_under_way_is_left_alone_until_its_lease_has_passed(ample_world: World, place: str) -> None:
    group = killed(ample_world, place)
    stood, named = group.checkpoints(), {"operation_id": operation_id(group)}
    attempts = {
        "the same key": (group.rewind(), group.key),
        "resume": (group.command("resume", **named), None),
        "abandon": (group.command("abandon", **named), None),
        "another command": (group.rewind("40m"), f"another {group.key}"),
        "undo": (group.command("undo", **named, dry_run=False), None),
    }

    answers = {what: ample_world.functions.run(command, key) for what, (command, key) in attempts.items()}

    assert {what: answer.status for what, answer in answers.items()} == dict.fromkeys(attempts, 409)
    codes = {what: answer.error["code"] for what, answer in answers.items()}
    assert codes == dict.fromkeys(attempts, "operation_in_progress")
    waits_s = {int(answer.headers["retry-after"]) for answer in answers.values()}
    assert waits_s <= set(range(1, AMPLE_TIMEOUT_S + LEASE_MARGIN_S))
    assert group.checkpoints() == stood


@each_place
def test_resume_finishes_with_the_recorded_moves(left: dict[tuple[str, str], Group], place: str) -> None:
    group = left[place, "resume"]
    recorded = {shard["shard"]: shard["after"] for shard in group.history()[0]["shards"]}
    begun = group.mark()

    answers = sent_until_it_ends(group.world.functions, group.command("resume", operation_id=operation_id(group)), None)

    assert (answers[-1].json["status"], group.checkpoints()) == ("applied", recorded)
    assert group.resolved_unix(group.calls(begun)) == []


@each_place
def test_abandon_leaves_the_group_as_it_stands(left: dict[tuple[str, str], Group], place: str) -> None:
    group = left[place, "abandon"]
    stood = group.checkpoints()

    answers = sent_until_it_ends(
        group.world.functions, group.command("abandon", operation_id=operation_id(group)), None
    )
    again = group.world.functions.run(group.rewind(), group.key)

    assert (answers[-1].json["status"], group.checkpoints()) == ("applied", stood)
    assert (again.status, again.error["code"]) == (409, "operation_abandoned")
    assert group.history()[0]["state"] == "abandoned"


@each_place
def test_another_command_is_offered_what_ends_the_dead_one(left: dict[tuple[str, str], Group], place: str) -> None:
    group = left[place, "another command"]

    answers = sent_until_it_ends(group.world.functions, group.rewind("40m"), f"another {group.key}")
    offered = answers[-1].json["next"]
    resumed = group.world.functions.run(offered[0])
    after = group.world.functions.run(group.rewind("40m"), f"another {group.key}")

    assert (answers[-1].status, answers[-1].error["code"]) == (409, "unfinished_operation")
    assert [command["action"] for command in offered] == ["resume", "abandon"]
    assert (resumed.json["status"], after.json["status"]) == ("applied", "applied")


@each_place
def test_undo_of_a_dead_operation_asks_to_end_it_first(left: dict[tuple[str, str], Group], place: str) -> None:
    group = left[place, "undo"]
    undo = group.command("undo", operation_id=operation_id(group), dry_run=False)

    asked = sent_until_it_ends(group.world.functions, undo, None)[-1]
    group.world.functions.run(asked.json["next"][0])
    undone = group.world.functions.run(undo)

    assert (asked.status, asked.error["code"]) == (409, "unfinished_operation")
    assert (undone.json["status"], group.checkpoints()) == ("applied", group.original)


@each_place
def test_a_new_rewind_works_after_abandon(left: dict[tuple[str, str], Group], place: str) -> None:
    group = left[place, "a new rewind"]
    sent_until_it_ends(group.world.functions, group.command("abandon", operation_id=operation_id(group)), None)
    begun = group.mark()

    answer = group.world.functions.run(group.rewind("40m"), f"another {group.key}")
    (to_unix,) = group.resolved_unix(group.calls(begun))

    assert (answer.json["status"], group.checkpoints()) == ("applied", group.at(to_unix))
