"""The whole night on each platform over real HTTP, from a cold start, and what is acknowledged before any work."""

from collections.abc import Iterator

import pytest

from tests.e2e.chat_world import PLATFORMS, ChatWorld, buttons, chat_world, told_at_once
from tests.functions.chat_platforms import Post
from tests.functions.evidence import Evidence
from tests.functions.fc_gate import FcGate
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import Shop


@pytest.fixture
def cold(make_functions: MakeFunctions, world_evidence: Evidence) -> Iterator[ChatWorld]:
    with chat_world(make_functions, world_evidence, REWIND_CHAT_VERIFY_AFTER_S="0") as world:
        yield world


@pytest.fixture
def gate() -> Iterator[FcGate]:
    with FcGate() as made:
        yield made


@pytest.mark.parametrize("platform", PLATFORMS)
def test_from_a_cold_text_to_an_undone_and_verified_move(cold: ChatWorld, shop: Shop, platform: str) -> None:
    person, before = cold.people[platform], shop.checkpoints()

    plan = cold.shows(lambda: person.types("rewind orders 1h because bad deploy"), "Plan to rewind")
    previewed = shop.writes()
    done = cold.shows(lambda: person.presses(plan, "apply"), "Applied")
    moved = shop.checkpoints()
    held = cold.waits("It has held")
    undo_plan = cold.shows(lambda: person.presses(done, "undo"), "Plan to undo")
    still = shop.checkpoints()
    undone = cold.shows(lambda: person.presses(undo_plan, "apply"), "Applied")
    after = shop.checkpoints()
    held_again = cold.waits("It has held", cold.platforms.posts().index(undone))

    assert previewed == []
    assert before == after != moved == still
    assert {0, 1, 2} == {write["shard"] for write in shop.writes()}
    assert "undo" in buttons(done)
    assert "undo" in buttons(held)
    assert operation_of(held) == operation_of(done) != operation_of(undone) == operation_of(held_again)


def operation_of(post: Post) -> str:
    return post.text.partition("operation ")[2][:16]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_cold_instance_acknowledges_a_text_before_any_call_to_sls(
    make_functions: MakeFunctions, world_evidence: Evidence, gate: FcGate, shop: Shop, platform: str
) -> None:
    with chat_world(make_functions, world_evidence, REWIND_FC_ENDPOINT=gate.url) as world:
        answer = world.people[platform].types("rewind orders 1h")
        calls, posts, (held,) = shop.calls(journal=True), world.platforms.posts(), gate.held()
        gate.hand_on(held, world.slack.functions.url)
        world.waits("Plan to rewind")

    assert (answer.status, told_at_once(answer)) == (200, world.people[platform].on_it[0])
    assert calls == posts == []
    assert shop.calls(journal=True) != []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_cold_instance_acknowledges_a_confirmation_before_any_call_to_sls(
    make_functions: MakeFunctions, world_evidence: Evidence, gate: FcGate, shop: Shop, platform: str
) -> None:
    with chat_world(make_functions, world_evidence) as planning:
        plan = planning.shows(lambda: planning.people[platform].types("rewind orders 1h"), "Plan to rewind")
        settings = {**planning.slack.settings, "REWIND_FC_ENDPOINT": gate.url}
    planned = len(shop.calls(journal=True))

    with chat_world(make_functions, world_evidence, **without_platforms(settings)) as world:
        answer = world.people[platform].presses(plan, "apply")
        calls, posts, (held, *_) = shop.calls(journal=True), world.platforms.posts(), gate.held()
        gate.hand_on(held, world.slack.functions.url)
        world.waits("Applied")

    assert (answer.status, told_at_once(answer)) == (200, world.people[platform].on_it[1])
    assert len(calls) == planned
    assert posts == []
    assert {write["shard"] for write in shop.writes()} == {0, 1, 2}


def without_platforms(settings: dict[str, str]) -> dict[str, str]:
    """Return the settings of another deployment: its platforms listen elsewhere."""
    return {name: value for name, value in settings.items() if name != "REWIND_CHAT_ENDPOINT"}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_attribute_is_previewed_and_confirmed_like_a_move(cold: ChatWorld, shop: Shop, platform: str) -> None:
    person = cold.people[platform]

    plan = cold.shows(lambda: person.types("timeout orders 120"), "Plan to change attributes")
    previewed = shop.attributes()
    cold.shows(lambda: person.presses(plan, "apply"), "Applied")

    assert previewed == (60, False)
    assert shop.attributes() == (120, False)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_confirmation_on_two_platforms_moves_once(cold: ChatWorld, shop: Shop, platform: str) -> None:
    other = cold.people[PLATFORMS[PLATFORMS.index(platform) - 1]]
    plan = cold.shows(lambda: cold.people[platform].types("rewind orders 1h"), "Plan to rewind")
    plan_id = plan.text.partition("sls-rewind, plan ")[2][:10]
    cold.shows(lambda: cold.people[platform].presses(plan, "apply"), "Applied")
    writes = len(shop.writes())

    told = cold.shows(lambda: other.types(f"apply {plan_id}"), "Done before, nothing was written again")

    assert len(shop.writes()) == writes == 3
    assert f"done before by {platform}:" in told.text
