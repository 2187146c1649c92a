"""Waves of writes: one after the other, each all at once, none on a look that a commit may have outdated."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import pytest

from shared.execution.parallel import POOL_WIDTH
from shared.results import Result
from tests.e2e.network.drills import Lane
from tests.e2e.network.wave_world import REWIND, Clock, Gate, WaveWorld, fill, wave_world
from tests.e2e.rewind_world import wait_until
from tests.functions.evidence import Evidence
from tests.functions.shop import Shop
from tests.local.environment import CHECKOUT

# Observed, looked at after the claim, looked at for the second wave, and read back.
LOOKS = 4
# Long enough to see a write that comes too early, where one does.
WATCHED_S = 0.5


@pytest.fixture
def two_waves(world_evidence: Evidence) -> Iterator[WaveWorld]:
    with wave_world(world_evidence, waves=2) as made:
        yield made


def statuses(result: Result) -> Mapping[int, str]:
    return {shard.shard: shard.status for shard in result.shards}


@pytest.mark.parametrize(("waited_s", "is_seen"), [(0.015, False), (0.1, True)])
def test_a_look_that_waited_longer_than_it_took_is_taken_again_and_shows_what_was_committed_meanwhile(
    two_waves: WaveWorld, *, waited_s: float, is_seen: bool
) -> None:
    clock, gate, shard = Clock(), Gate(), POOL_WIDTH + 8
    two_waves.write_through(gate)
    with ThreadPoolExecutor(1) as runner, gate:
        running = runner.submit(two_waves.rewind, clock)
        assert gate.have_come(POOL_WIDTH)
        # The look for the second wave is answered while the first one hangs.
        assert two_waves.have_looked(LOOKS - 1)
        committed = two_waves.consume(shard)
        clock.passed_s = waited_s
        gate.let_pass(2 * POOL_WIDTH)
        result = running.result()

    assert two_waves.looks() == LOOKS + is_seen
    assert (result.status, statuses(result)[shard]) == (("partial", "conflict") if is_seen else ("applied", "moved"))
    assert (two_waves.shop.checkpoints()[shard] == committed) is is_seen


@pytest.mark.parametrize(("took_s", "waited_s"), [(0.0, 0.1), (5.0, 0.3)])
def test_a_look_after_the_claim_that_waited_is_taken_again_before_the_first_wave_however_long_it_took(
    two_waves: WaveWorld, took_s: float, waited_s: float
) -> None:
    shard, committed = 3, list[str]()

    def pass_time() -> None:
        clock.passed_s = took_s

    def audit(event: Mapping[str, object]) -> None:
        # What is about to be written is told after the look that follows the claim, and before the first write.
        if event["event"] == "intent":
            committed.append(two_waves.consume(shard))
            clock.passed_s = took_s + waited_s

    clock = Clock(pass_time)
    if took_s:
        refused = {"status": 403, "error_code": "MetaOperationQpsLimitExceeded"}
        two_waves.shop.fault({"operation": "GetCheckPoint", "nth": 2, **refused})

    result = two_waves.rewind(clock, audit)

    assert (result.status, statuses(result)[shard]) == ("partial", "conflict")
    assert [two_waves.shop.checkpoints()[shard]] == committed


def test_a_write_that_was_refused_for_now_is_looked_at_before_it_is_sent_again(two_waves: WaveWorld) -> None:
    busy, moved_on = refused = 3, 4
    committed = list[str]()
    two_waves.shop.fault(
        *(
            {
                "operation": "UpdateCheckPoint",
                "shard": shard,
                "status": 403,
                "error_code": "MetaOperationQpsLimitExceeded",
            }
            for shard in refused
        )
    )

    def move_on() -> None:
        # Else it were the consumer's commit that is refused.
        wait_until(
            lambda: sum(call["status"] == HTTPStatus.FORBIDDEN for call in two_waves.shop.calls()) == len(refused)
        )
        committed.append(two_waves.consume(moved_on))

    result = two_waves.rewind(Clock(move_on))

    assert (statuses(result)[busy], statuses(result)[moved_on]) == ("moved", "conflict")
    assert [two_waves.shop.checkpoints()[moved_on]] == committed


def test_a_wave_is_sent_all_at_once_and_the_next_one_when_its_last_answer_is_there(two_waves: WaveWorld) -> None:
    gate = Gate()
    two_waves.write_through(gate)
    with ThreadPoolExecutor(1) as runner, gate:
        running = runner.submit(two_waves.rewind, Clock())
        assert gate.have_come(POOL_WIDTH)
        gate.let_pass(POOL_WIDTH - 1)
        assert not gate.have_come(POOL_WIDTH + 1, within_s=WATCHED_S)
        gate.let_pass(POOL_WIDTH)
        assert gate.have_come(2 * POOL_WIDTH)
        gate.let_pass(2 * POOL_WIDTH)
        assert running.result().status == "applied"

    assert two_waves.proxy.accepted <= POOL_WIDTH + 1


def test_a_second_rewind_of_many_shards_opens_no_connection_that_the_first_one_could_have_kept(
    world_evidence: Evidence,
) -> None:
    with Lane(world_evidence, CHECKOUT) as lane:
        shop = Shop(lane.sls)
        with shop.caller:
            fill(shop, 8 * POOL_WIDTH)
            first = lane.functions.run(REWIND)
            undone = lane.functions.run({**REWIND, "action": "seek", "to": "end", "allow_active": True})

        assert (first.json["status"], undone.json["status"]) == ("applied", "applied")
        # As many as calls go out side by side, and the one beside them; how many of them meet is a matter of speed.
        assert lane.proxy.accepted <= POOL_WIDTH + 1
