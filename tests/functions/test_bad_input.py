import json

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.local.sls.server import StandInServer

TARGET = {"target": "shop/orders/billing"}
DESCRIBE = {"action": "describe", **TARGET}
WRITE = {"action": "update_checkpoint", **TARGET, "shard": 0, "checkpoint": "MTIz"}
LONGER = {"action": "update_consumer_group", **TARGET, "timeout": 90}
KIB = 1024


@pytest.fixture(autouse=True)
def _nothing_leaves(sls: StandInServer) -> object:
    """No test of this file may let a call leave."""
    yield
    assert sls.control("requests") == []


def refused(answer: Answer, status: int = 400, code: str = "invalid_command") -> str:
    """Return the message of a command that was refused as wrong."""
    assert (answer.status, answer.json["status"], answer.error["code"]) == (status, "refused", code)
    message: str = answer.error["message"]
    return message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"describe",
        b'{"action": "describe"',
        b"{'action': 'describe'}",
        b'{"action": "describe",}',
        b'{"action": "describe"} {}',
        b'\xef\xbb\xbf{"action": "describe"}',
        b'{"action": "\xff"}',
        '{"action": "describe"}'.encode("utf-16"),
        b'{"watch_s": NaN}',
        b'{"watch_s": Infinity}',
        b'{"watch_s": -Infinity}',
        b'{"watch_s": 0x10}',
        b'{"watch_s": 01}',
        b'{"action": "a\nb"}',
    ],
)
def test_a_body_that_is_not_json_in_utf_8_is_refused(functions: FunctionCaller, body: bytes) -> None:
    assert refused(functions.post(body)) == "body: not valid JSON in UTF-8"


@pytest.mark.parametrize("depth", [33, 950, 8_000])
def test_a_body_that_is_nested_too_deeply_is_refused(functions: FunctionCaller, depth: int) -> None:
    body = b'{"action": "rewind", "to": ' + b"[" * depth + b"]" * depth + b"}"

    assert refused(functions.post(body)) == "body: nested more than 32 levels deep"


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"a":' * 12_000])
def test_nesting_that_never_ends_is_refused(functions: FunctionCaller, body: bytes) -> None:
    told = {"body: nested more than 32 levels deep", "body: not valid JSON in UTF-8"}

    assert refused(functions.post(body)) in told


@pytest.mark.parametrize("body", [b"[]", b"null", b'"describe"', b"1", b"true", b'[{"action": "describe"}]'])
def test_a_body_that_is_not_one_object_is_refused(functions: FunctionCaller, body: bytes) -> None:
    assert refused(functions.post(body)) == "body: must be one JSON object"


def test_a_body_over_64_kib_is_refused_unread(functions: FunctionCaller) -> None:
    body = json.dumps(DESCRIBE).encode()

    answer = functions.post(body + b" " * (64 * KIB + 1 - len(body)))

    assert refused(answer, 413, "body_too_large") == "body: longer than 65536 bytes"


def test_a_body_of_64_kib_is_read(functions: FunctionCaller) -> None:
    body = json.dumps({**DESCRIBE, "watch_s": 99}).encode()

    answer = functions.post(body + b" " * (64 * KIB - len(body)))

    assert "watch_s: " in refused(answer)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"action": "describe", "action": "describe", "target": "a/b/c"}', "action: given more than once"),
        (b'{"action": "describe", "\\u0061ction": "describe", "target": "a/b/c"}', "action: given more than once"),
        (b'{"action": "update_checkpoint", "target": "a/b/c", "checkpoints": {"0": "MTIz", "0": "MTIz"}}', "0: given"),
        (b'{"action": "batch", "commands": [{"action": "describe", "target": "a/b/c", "target": "a/b/c"}]}', "target:"),
        (
            b'{"action": "describe", "consumer_group": "g", "consumerGroup": "g"}',
            "consumer_group: given more than once",
        ),
    ],
)
def test_a_key_given_twice_is_refused(functions: FunctionCaller, body: bytes, problem: str) -> None:
    assert problem in refused(functions.post(body))


def test_a_key_in_both_spellings_is_one_problem(functions: FunctionCaller) -> None:
    body = b'{"action":"describe","project":"p","logstore":"l","consumerGroup":"g","consumer_group":"g"}'

    assert refused(functions.post(body)) == "consumer_group: given more than once, under two spellings"


@pytest.mark.parametrize("action", [None, "", "Describe", "explode", 1, True, [], {}, "describe "])
def test_an_unknown_action_is_refused_and_the_known_ones_are_named(functions: FunctionCaller, action: object) -> None:
    message = refused(functions.run({**DESCRIBE, "action": action}))

    assert message.startswith(("action: missing; one of ", "action: unknown; one of "))
    assert {"list_consumer_groups", "describe", "update_consumer_group", "update_checkpoint", "batch"} <= set(
        message.partition("; one of ")[2].split(", ")
    )


@pytest.mark.parametrize(
    ("command", "field"),
    [
        ({**DESCRIBE, "watch_s": "1"}, "watch_s"),
        ({**DESCRIBE, "watch_s": 1.0}, "watch_s"),
        ({**DESCRIBE, "watch_s": True}, "watch_s"),
        ({**DESCRIBE, "watch_s": None}, "watch_s"),
        ({**DESCRIBE, "watch_s": -1}, "watch_s"),
        ({**DESCRIBE, "watch_s": 31}, "watch_s"),
        ({**DESCRIBE, "watch_s": 2**64}, "watch_s"),
        ({**DESCRIBE, "watch_s": [1]}, "watch_s"),
        ({**DESCRIBE, "target": 7}, "target"),
        ({**DESCRIBE, "target": ["shop/orders/billing"]}, "target"),
        ({**LONGER, "timeout": 0}, "timeout"),
        ({**LONGER, "timeout": -30}, "timeout"),
        ({**LONGER, "timeout": True}, "timeout"),
        ({**LONGER, "timeout": 30.5}, "timeout"),
        ({**LONGER, "timeout": "30"}, "timeout"),
        ({**LONGER, "timeout": 2**31}, "timeout"),
        ({**LONGER, "timeout": 10**400}, "timeout"),
        ({**LONGER, "timeout": -(10**400)}, "timeout"),
        ({**LONGER, "order": 1}, "order"),
        ({**LONGER, "order": "true"}, "order"),
        ({**LONGER, "dry_run": 0}, "dry_run"),
        ({**LONGER, "dry_run": None}, "dry_run"),
        ({**LONGER, "reason": "x" * 201}, "reason"),
        ({**LONGER, "reason": 1}, "reason"),
        ({**WRITE, "shard": "0"}, "shard"),
        ({**WRITE, "shard": 0.0}, "shard"),
        ({**WRITE, "shard": False}, "shard"),
        ({**WRITE, "shard": -1}, "shard"),
        ({**WRITE, "shard": 2**31}, "shard"),
        ({**WRITE, "shard": 2**64 + 1}, "shard"),
        ({**WRITE, "checkpoint": 123}, "checkpoint"),
        ({**WRITE, "force_success": "true"}, "force_success"),
        ({**WRITE, "forceSuccess": 1}, "force_success"),
        ({**WRITE, "consumer": ""}, "consumer"),
        ({**WRITE, "consumer": "a\nb"}, "consumer"),
        ({**WRITE, "consumer": "a\u0000"}, "consumer"),
        ({**WRITE, "consumer": "a\u2028b"}, "consumer"),
        ({**WRITE, "consumer": "a\u200bb"}, "consumer"),
        ({**WRITE, "consumer": "\ud800"}, "consumer"),
        ({**WRITE, "consumer": "x" * 257}, "consumer"),
        ({"action": "update_checkpoint", **TARGET, "checkpoints": {}}, "checkpoints"),
        ({"action": "update_checkpoint", **TARGET, "checkpoints": []}, "checkpoints"),
        ({"action": "update_checkpoint", **TARGET, "checkpoints": {"00": "MTIz"}}, "checkpoints"),
        ({"action": "update_checkpoint", **TARGET, "checkpoints": {"-1": "MTIz"}}, "checkpoints"),
        ({"action": "update_checkpoint", **TARGET, "checkpoints": {"1e3": "MTIz"}}, "checkpoints"),
        ({"action": "update_checkpoint", **TARGET, "checkpoints": {"\u0661": "MTIz"}}, "checkpoints"),
        ({"action": "update_checkpoint", **TARGET, "checkpoints": {"\ud800": "MTIz"}}, "checkpoints"),
        ({"action": "update_checkpoint", **TARGET, "checkpoints": {str(2**64): "MTIz"}}, "checkpoints"),
        ({"action": "update_checkpoint", **TARGET, "checkpoints": {str(2**31): "MTIz"}}, "checkpoints"),
        ({"action": "update_checkpoint", **TARGET, "checkpoints": {"0": 1}}, "checkpoints.0"),
    ],
    ids=str,
)
def test_a_value_of_the_wrong_kind_is_named(functions: FunctionCaller, command: object, field: str) -> None:
    assert isinstance(command, dict)

    message = refused(functions.run(command))

    assert message.startswith(field)
    assert "; " not in message


@pytest.mark.parametrize(
    "checkpoint", ["", "?", "not base64", "YWJj", "LTE=", "MS41", "5L2g", "MTIz\u00e9", "MTI zNA=="]
)
def test_a_checkpoint_that_is_no_cursor_gets_the_code_of_sls(functions: FunctionCaller, checkpoint: str) -> None:
    answer = functions.run({**WRITE, "checkpoint": checkpoint})

    assert refused(answer).startswith("checkpoint: must be a cursor of SLS: base64 of a decimal position")
    assert answer.error["sls_error_code"] == "InvalidShardCheckPoint"


def test_a_checkpoint_beyond_64_bits_is_refused(functions: FunctionCaller) -> None:
    beyond = "OTIyMzM3MjAzNjg1NDc3NTgwOA=="

    assert "beyond 64 bits" in refused(functions.run({**WRITE, "checkpoint": beyond}))


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ({"action": "describe"}, "project: missing (or name a target)"),
        ({"action": "describe", "project": "shop", "logstore": "orders"}, "consumer_group: missing"),
        ({**DESCRIBE, "project": "shop"}, "target: name the target or its parts (project), not both"),
        ({**WRITE, "checkpoints": {"0": "MTIz"}}, "checkpoints: give either checkpoints, or shard and checkpoint"),
        ({"action": "update_checkpoint", **TARGET, "shard": 0}, "checkpoint: missing (or give checkpoints)"),
        ({"action": "update_checkpoint", **TARGET, "checkpoint": "MTIz"}, "shard: missing (or give checkpoints)"),
        ({"action": "update_checkpoint", **TARGET}, "shard: missing (or give checkpoints)"),
        ({**DESCRIBE, "Watch_s": 1}, "Watch_s: unknown field"),
        ({**DESCRIBE, "forceSuccess": True}, "force_success: unknown field"),
        ({**WRITE, "timeout": 5}, "timeout: unknown field"),
    ],
)
def test_a_command_that_is_not_whole_is_refused(functions: FunctionCaller, command: object, problem: str) -> None:
    assert isinstance(command, dict)

    assert problem in refused(functions.run(command))


def test_every_problem_is_told_at_once(functions: FunctionCaller) -> None:
    wrong = {
        "action": "update_checkpoint",
        "project": "A",
        "shard": -1,
        "checkpoint": "?",
        "dry_run": 1,
        "x": 0,
        "y": 0,
    }

    problems = refused(functions.run(wrong)).split("; ")

    fields = ["logstore", "consumer_group", "project", "dry_run", "shard", "checkpoint", "x", "y"]
    assert sorted(problem.partition(":")[0] for problem in problems) == sorted(fields)


def test_the_request_id_of_fc_is_told_with_a_command_that_cannot_be_read(functions: FunctionCaller) -> None:
    answer = functions.post(b"?")

    assert answer.json["fc_request_id"] == answer.headers["x-fc-request-id"]
