"""What a proof is good for: which commands pass that are proven in part only."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.command_parser import parse_command
from shared.errors import PolicyDeniedError
from shared.execution.invocation import Assurance
from shared.execution.proof_strength import check_proof
from shared.goals import counts_from_now
from shared.journal.window import WINDOW_S
from shared.policy.rules import Policy

GROUP = {"target": "shop/orders/billing"}
OPERATION = "a" * 16
NO_ZONE = Policy()
NOW_UNIX = 1_795_138_200
NOW, HOUR_S = "2026-11-20T01:30Z", 3600
DATED: list[Any] = [
    "2026-11-20T01:30Z",
    "2026-11-20T01:30",
    1795131000,
    1795131000000,
    {"as_of": "2026-11-20T01:30Z"},
]
UNDATED: list[Any] = ["begin", {"checkpoints": {"0": "MTIz"}}]
ABSOLUTE = [*DATED, *UNDATED]
ANCHORED: list[Any] = ["2h", "1d12h", "PT2H", {"local": "00:00"}, {"local": "00:00", "day": "yesterday", "zone": "UTC"}]
MOVING: list[Any] = ["end", {"shift": -100}, {"consumer_group": "other"}, {"consumerGroup": "other"}]
READS: list[dict[str, object]] = [
    {"action": "describe", **GROUP},
    {"action": "list_consumer_groups", "target": "shop/orders"},
    {"action": "peek", **GROUP, "shard": 0},
    {"action": "history", **GROUP},
    {"action": "verify", **GROUP, "operation_id": OPERATION},
    {"action": "rewind", **GROUP, "to": "2h"},
    {"action": "undo", **GROUP, "operation_id": OPERATION},
    {"action": "update_consumer_group", **GROUP, "timeout": 60, "dry_run": True},
]
WRITES: list[dict[str, object]] = [
    {"action": "update_consumer_group", **GROUP, "timeout": 60},
    {"action": "update_checkpoint", **GROUP, "shard": 0, "checkpoint": "MTIz"},
    {"action": "rewind", **GROUP, "to": 1795131000, "dry_run": False},
    {"action": "apply", "plan_id": "a" * 10},
    {"action": "undo", **GROUP, "operation_id": OPERATION, "dry_run": False},
    {"action": "resume", **GROUP, "operation_id": OPERATION},
    {"action": "abandon", **GROUP, "operation_id": OPERATION},
]
SNAPSHOT = {"action": "snapshot", **GROUP}


def passes(
    command: dict[str, object], assurance: Assurance, *, now_unix: int = NOW_UNIX, policy: Policy = NO_ZONE
) -> bool:
    try:
        check_proof(parse_command(json.dumps(command).encode()), assurance, policy, now_unix=now_unix)
    except PolicyDeniedError as error:
        return error.code != "proof_too_weak"
    return True


def batch(*commands: dict[str, object]) -> dict[str, object]:
    return {"action": "batch", "commands": list(commands)}


def rewind(to: object, **more: object) -> dict[str, object]:
    return {"action": "rewind", **GROUP, "to": to, "dry_run": False, **more}


@pytest.mark.parametrize("to", ABSOLUTE, ids=str)
def test_an_absolute_goal_does_not_count_from_now(to: object) -> None:
    assert not counts_from_now(to, has_time=False)


@pytest.mark.parametrize("to", ANCHORED, ids=str)
def test_a_goal_that_counts_back_does_so_from_now_unless_the_command_has_its_own_time(to: object) -> None:
    assert counts_from_now(to, has_time=False)
    assert not counts_from_now(to, has_time=True)


@pytest.mark.parametrize("to", MOVING, ids=str)
def test_where_groups_stand_is_the_presents_whatever_the_commands_time(to: object) -> None:
    assert counts_from_now(to, has_time=False)
    assert counts_from_now(to, has_time=True)


@pytest.mark.parametrize("command", [*READS, *WRITES, SNAPSHOT, *map(rewind, ANCHORED + MOVING)], ids=str)
def test_a_full_proof_is_good_for_everything(command: dict[str, object]) -> None:
    assert passes(command, "full")


@pytest.mark.parametrize("command", READS, ids=str)
def test_a_proof_for_previews_is_good_for_what_writes_nothing(command: dict[str, object]) -> None:
    assert passes(batch(command), "preview")


@pytest.mark.parametrize("command", [*WRITES, SNAPSHOT], ids=str)
def test_a_proof_for_previews_is_good_for_no_write(command: dict[str, object]) -> None:
    assert not passes(command, "preview")
    assert not passes(batch(READS[0], command), "preview")


@pytest.mark.parametrize("command", [*READS, *WRITES, SNAPSHOT, *map(rewind, DATED)], ids=str)
def test_a_proof_without_a_time_is_good_for_what_means_the_same_at_any_time(command: dict[str, object]) -> None:
    assert passes(command, "untimed")


@pytest.mark.parametrize("to", ANCHORED + MOVING, ids=str)
def test_a_proof_without_a_time_is_not_good_for_a_write_that_counts_from_now(to: object) -> None:
    assert not passes(rewind(to), "untimed")
    assert not passes(batch(READS[0], rewind(to)), "untimed")


@pytest.mark.parametrize("to", ANCHORED, ids=str)
def test_a_time_of_its_own_makes_a_command_good_without_a_signed_one(to: object) -> None:
    assert passes(rewind(to, at="2026-11-20T01:30Z"), "untimed")


@pytest.mark.parametrize("to", DATED, ids=str)
@pytest.mark.parametrize("wrap", [dict, lambda command: batch(READS[0], command)], ids=["alone", "batch"])
def test_without_a_signed_time_a_move_grows_too_old_before_the_journal_forgets_it(to: object, wrap: Any) -> None:  # noqa: ANN401 -- command to command
    assert passes(wrap(rewind(to)), "untimed", now_unix=NOW_UNIX + 68 * HOUR_S)
    assert not passes(wrap(rewind(to)), "untimed", now_unix=NOW_UNIX + 72 * HOUR_S)
    assert passes(wrap(rewind(to)), "timed", now_unix=NOW_UNIX + 72 * HOUR_S)


@pytest.mark.parametrize("to", [*UNDATED, "2026-11-10T01:30Z", {"as_of": "2026-11-10T01:30Z"}], ids=str)
def test_without_a_signed_time_a_move_to_no_recent_instant_needs_a_time_of_its_own(to: object) -> None:
    assert not passes(rewind(to), "untimed")
    assert passes(rewind(to, at=NOW), "untimed")
    assert not passes(rewind(to, at="2026-11-10T01:30Z"), "untimed")


def test_the_newest_instant_that_a_move_names_tells_its_age() -> None:
    assert passes(rewind("2026-11-10T01:30Z", at=NOW), "untimed")
    assert passes(rewind(NOW, at="2026-11-10T01:30Z"), "untimed")


def test_a_time_without_a_zone_is_read_in_policys() -> None:
    eastern, now_unix = Policy(default_time_zone="Asia/Shanghai"), NOW_UNIX + 68 * HOUR_S

    assert passes(rewind("begin", at="2026-11-20T01:30"), "untimed", now_unix=now_unix)
    assert not passes(rewind("begin", at="2026-11-20T01:30"), "untimed", now_unix=now_unix, policy=eastern)


instants = st.integers(NOW_UNIX - 2 * WINDOW_S, NOW_UNIX)


@given(
    st.sampled_from(UNDATED) | instants | instants.map(lambda unix: {"as_of": unix}) | st.sampled_from(ANCHORED),
    st.none() | instants,
    st.integers(0, 10**9),
)
def test_a_move_that_passed_once_never_passes_when_the_journal_has_forgotten_it(
    to: object, at: int | None, later_s: int
) -> None:
    command = rewind(to, at=at)

    if passes(command, "untimed"):
        assert not passes(command, "untimed", now_unix=NOW_UNIX + WINDOW_S + later_s)
