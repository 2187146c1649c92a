import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.command_parser import parse_command
from shared.commands import Describe, UpdateCheckpoint, UpdateConsumerGroup
from shared.errors import InvalidCommandError
from shared.operation_commands import Batch

TARGET = {"target": "shop/orders/billing"}
CURSOR = "MTUyNDE1NTM3OTM3MzkwODQ5Ng=="

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def parsed(command: Mapping[str, object]) -> object:
    return parse_command(json.dumps(command).encode())


def problems(command: Mapping[str, object]) -> tuple[str, ...]:
    with pytest.raises(InvalidCommandError) as caught:
        parsed(command)
    return caught.value.problems


@given(st.sampled_from(["describe", "update_consumer_group", "update_checkpoint", "batch"]), json_values)
def test_any_fields_make_a_command_or_a_list_of_problems(action: str, values: object) -> None:
    fields = values if isinstance(values, dict) else {"commands": values, "target": values}
    try:
        parsed({"action": action, **fields})
    except InvalidCommandError as error:
        assert all(": " in problem for problem in error.problems)  # noqa: PT017 -- either outcome is right


@given(st.integers(0, 2**31 - 1), st.booleans(), st.text("abc-_ é中", min_size=1, max_size=20))
def test_a_whole_checkpoint_command_is_read_as_given(shard: int, force: bool, consumer: str) -> None:  # noqa: FBT001 -- drawn
    command = parsed(
        {"action": "update_checkpoint", **TARGET, "shard": shard, "checkpoint": CURSOR, "consumer": consumer}
        | {"force_success": force}
    )

    assert isinstance(command, UpdateCheckpoint)
    assert (command.wanted(), command.consumer, command.force) == ({shard: CURSOR}, consumer, force)


@pytest.mark.parametrize(
    ("given_fields", "force"),
    [({}, True), ({"consumer": "c"}, False), ({"consumer": "c", "force_success": True}, True)],
)
def test_a_write_is_forced_unless_a_consumer_is_named(given_fields: Mapping[str, object], force: bool) -> None:  # noqa: FBT001 -- a parameter of the table
    command = parsed({"action": "update_checkpoint", **TARGET, "shard": 0, "checkpoint": CURSOR, **given_fields})

    assert isinstance(command, UpdateCheckpoint)
    assert command.force is force


def test_aliases_of_the_pages_mean_the_plain_names() -> None:
    spelt = {"action": "update_consumer_group", "project": "p", "logstore": "l", "consumerGroup": "g", "timeout": 5}

    command = parsed(spelt)

    assert isinstance(command, UpdateConsumerGroup)
    assert (command.consumer_group, command.timeout, command.order) == ("g", 5, None)


def test_null_means_absent_where_absence_is_allowed() -> None:
    fields = {"project": None, "logstore": None, "consumer_group": None}

    assert isinstance(parsed({"action": "describe", **TARGET, **fields}), Describe)


def test_a_write_is_one_unless_it_is_a_dry_run() -> None:
    write = {"action": "update_consumer_group", **TARGET, "timeout": 5}
    batch = parsed({"action": "batch", "commands": [{"action": "describe", **TARGET}, write]})
    preview = parsed({"action": "batch", "commands": [{**write, "dry_run": True}]})

    assert isinstance(batch, Batch)
    assert isinstance(preview, Batch)
    assert (batch.is_write, preview.is_write) == (True, False)


def test_the_code_of_sls_is_kept_only_where_it_is_the_whole_story() -> None:
    wrong = {"action": "update_checkpoint", **TARGET, "shard": 0, "checkpoint": "?"}

    with pytest.raises(InvalidCommandError) as alone:
        parsed(wrong)
    with pytest.raises(InvalidCommandError) as one_of_two:
        parsed({**wrong, "x": 1})

    assert (alone.value.sls_error_code, one_of_two.value.sls_error_code) == ("InvalidShardCheckPoint", None)


def test_the_path_of_a_problem_leads_into_the_batch() -> None:
    wrong = {"action": "update_checkpoint", **TARGET, "checkpoints": {"0": 7}}

    found = problems({"action": "batch", "commands": [wrong]})

    assert found == ("commands[0].checkpoints.0: must be a valid string",)


def test_a_key_of_checkpoints_is_not_repeated_where_it_is_wrong() -> None:
    found = problems({"action": "update_checkpoint", **TARGET, "checkpoints": {"zero-or-secret": CURSOR}})

    assert found == ("checkpoints: every key must be a shard id from 0 to 2147483647",)


def test_an_unknown_field_is_named_without_what_cannot_be_printed() -> None:
    assert problems({"action": "describe", **TARGET, "a\n\u202eb": 1}) == ("a?\\u202eb: unknown field",)
