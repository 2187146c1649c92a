"""Whatever a parser gets: what it says it returns, or the one error that it says it raises."""

import base64
import json
import time
from datetime import timezone
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.action_names import ACTIONS
from shared.chatops.encryption import open_dingtalk, open_feishu
from shared.chatops.messages import Message
from shared.chatops.sealing import HandOver, NotSealedError, open_sealed, seal
from shared.command_parser import parse_command
from shared.cursors import MAX_CURSOR, decode_cursor, encode_cursor
from shared.errors import AuthenticationError, ConfigurationError, InvalidCommandError, RewindError
from shared.fc.events import read_http_event
from shared.goals import read_goal
from shared.journal.records import Record, log_group_of, read_record
from shared.policy.file import parse_policy
from shared.positions import parse_duration_s
from shared.settings import load_settings
from shared.sls.loggroups import Log, LogGroup, decode_log_group_list, encode_log_group
from shared.sls.lz4_block import decompress_block
from shared.webhooks.github import verify_github
from shared.webhooks.grafana import verify_grafana
from shared.webhooks.standard import verify_standard
from tests.functions.webhooks import make_senders, new_secrets
from tests.fuzz.amount import some
from tests.fuzz.drawn import BOMBS, bodies, json_values, tricky_text

NOW_UNIX = 1_795_131_000
KEY = bytes(range(32))
FEISHU_KEY = "an-encrypt-key-of-a-feishu-app"
WORDS = st.sampled_from(
    ["begin", "end", "2h", "P1W", "PT2H", "1d12h", "2026-11-20T01:30:00Z", "2026-11-20 01:30", "9999-12-31T23:59:60Z"]
)
SETTINGS = (
    "REWIND_REGION",
    "REWIND_ENDPOINT",
    "REWIND_SIGNATURE",
    "REWIND_JOURNAL",
    "REWIND_READ_ONLY",
    "REWIND_WEBHOOK_SECRETS",
    "REWIND_URL_TOKENS",
    "REWIND_NOTIFY",
    "REWIND_WORKER_KEY",
    "REWIND_FC_ENDPOINT",
    "REWIND_CHAT_ENDPOINT",
    "REWIND_SLACK_SIGNING_SECRET",
    "REWIND_SLACK_TEAM",
    "REWIND_FEISHU_KIND",
    "REWIND_DINGTALK_AES_KEY",
)


@some(300)
@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")) | st.integers().map(str))
@example("")
@example("MTUyNDE1NTM3OTM3MzkwODQ5Ng==\n")
@example("4pGg")
def test_any_text_is_a_cursor_that_encodes_to_itself_or_none(text: str) -> None:
    try:
        position = decode_cursor(text)
    except ValueError:
        return
    assert 0 <= position <= MAX_CURSOR
    assert decode_cursor(encode_cursor(position)) == position


@some(300)
@given(st.text() | WORDS | tricky_text)
@example("\u0662h")
@example("9" * 400 + "w")
def test_any_text_is_a_duration_of_some_length_or_none(text: str) -> None:
    try:
        assert parse_duration_s(text) > 0
    except ValueError as error:
        assert "not a duration" in str(error)  # noqa: PT017 -- either outcome is right


@some(300)
@given(
    json_values
    | WORDS
    | st.dictionaries(
        st.sampled_from(["as_of", "consumer_group", "checkpoints", "shift", "local", "day", "zone"]),
        json_values | WORDS,
        max_size=3,
    ),
    st.booleans(),
)
@example(10**30, False)  # noqa: FBT003 -- drawn
@example({"shift": 2**63}, True)  # noqa: FBT003 -- drawn
def test_any_json_value_is_a_goal_or_told_what_would_be(value: object, has_zone: bool) -> None:  # noqa: FBT001 -- drawn
    try:
        goal = read_goal(value, anchor_unix=NOW_UNIX, default_zone=timezone.utc if has_zone else None)
    except ValueError as error:
        assert str(error)  # noqa: PT017 -- either outcome is right
        return
    assert repr(goal)


@some(300)
@given(bodies)
@example(BOMBS[0])
def test_any_bytes_are_a_command_or_an_invalid_one(body: bytes) -> None:
    try:
        command = parse_command(body)
    except InvalidCommandError as error:
        assert error.problems  # noqa: PT017 -- either outcome is right
        for problem in error.problems:
            problem.encode()
        return
    assert command.action in ACTIONS


contents = st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=6)
records = st.builds(
    Record,
    kind=st.sampled_from(["planned", "started", "withdrawn", "finished", "abandoned", "verified", "snapshot"]),
    record_id=st.text("abcdefgh234567", min_size=1, max_size=16),
    written_unix=st.integers(0, 2**32 - 1),
    project=st.text(max_size=8),
    logstore=st.text(max_size=8),
    consumer_group=st.text(max_size=8),
    principal=st.text(max_size=20),
    action=st.text(max_size=8),
    operation_id=st.sampled_from(["", "a" * 16]),
    plan_id=st.sampled_from(["", "b" * 10]),
    status=st.text(max_size=8),
    reason=st.text(st.characters(codec="ascii"), max_size=20),
    detail=st.dictionaries(st.text(max_size=8), json_values, max_size=4),
)


def is_utf8(value: object) -> bool:
    """Return whether all text in a value can be written to a journal."""
    try:
        json.dumps(value, ensure_ascii=False, default=lambda one: vars(one) if hasattr(one, "__dict__") else str(one))
        str(value).encode()
    except ValueError:
        return False
    return True


@some(150)
@given(records)
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    assume(is_utf8(record) and "nan" not in json.dumps(record.detail).lower() and "inf" not in str(record.detail))
    framed = (
        bytes([0x0A]) + _varint(len(encode_log_group(log_group_of(record)))) + encode_log_group(log_group_of(record))
    )

    (group,) = decode_log_group_list(framed)

    assert read_record(group) == record


def _varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


@some(300)
@given(st.integers(-(2**70), 2**70), contents, st.sampled_from(["", "sls-rewind"]), st.integers(0, 3))
def test_any_log_group_is_a_record_or_passed_over(
    unix: int, given_contents: dict[str, str], topic: str, count: int
) -> None:
    told = {"kind": "started", **given_contents}

    found = read_record(LogGroup((Log(unix, told),) * count, topic=topic))

    assert found is None or found.kind == told["kind"]


@some(400)
@given(st.binary(max_size=300))
@example(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")
@example(b"\x0a" * 100)
def test_any_bytes_are_log_groups_or_a_value_error(body: bytes) -> None:
    try:
        groups = decode_log_group_list(body)
    except ValueError:
        return
    assert isinstance(groups, tuple)


@some(400)
@given(st.binary(max_size=200), st.integers(0, 5_000))
@example(b"\x1f\x00\x01\x00" + b"\xff" * 50, 1_000_000)
def test_any_bytes_are_a_block_of_just_that_size_or_a_value_error(block: bytes, size_bytes: int) -> None:
    try:
        assert len(decompress_block(block, size_bytes)) == size_bytes
    except ValueError:
        return


@some(200)
@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
@example(b'{"requestContext":{"http":{"method":"POST"}},"headers":{"\\ud800":"x"},"body":"="}')
def test_any_event_is_a_request_or_nobodys(event: bytes) -> None:
    try:
        read_http_event(event)
    except AuthenticationError:
        return


# Stands nowhere by chance; what is drawn alone might be part of a variable's name.
MARK = "Zq-a-value-of-mine-qZ"
values = st.one_of(
    st.text(max_size=60).map(lambda text: MARK + text),
    json_values.map(lambda value: json.dumps({"ci": MARK, "slack": {"url": MARK}, "of": [MARK, value]})),
    json_values.map(json.dumps),
)


@some(200)
@given(st.dictionaries(st.sampled_from(SETTINGS), values, max_size=8))
def test_any_environment_is_settings_or_names_what_is_wrong(environ: dict[str, str]) -> None:
    try:
        assert load_settings(environ).sls_host
    except ConfigurationError as error:
        assert MARK not in f"{error.message}{error.hint}"  # noqa: PT017 -- either outcome is right


@some(200)
@given(
    st.text(max_size=200)
    | st.dictionaries(
        st.sampled_from(["rules", "targets", "limits", "projects", "default_time_zone", "alerts", "x"]), json_values
    ).map(lambda tables: "\n".join(f"{key} = {json.dumps(value)}" for key, value in tables.items()))
)
def test_any_policy_is_one_or_names_what_is_wrong(text: str) -> None:
    try:
        assert parse_policy(text) is not None
    except ConfigurationError as error:
        assert error.problems  # noqa: PT017 -- either outcome is right


SECRETS = new_secrets()
SENDERS = make_senders(SECRETS)


@some(200)
@given(
    st.sampled_from(["standard", "github", "grafana", "grafana with time"]),
    st.binary(min_size=1, max_size=60).filter(lambda body: body.isascii()),
    st.integers(min_value=0),
    st.integers(1, 255),
)
def test_no_byte_of_a_signed_message_can_be_changed(sender: str, body: bytes, place: int, change: int) -> None:
    headers = {name.lower(): value for name, value in SENDERS[sender].sign(body, int(time.time())).items()}
    at = place % len(body)
    changed = body[:at] + bytes([body[at] ^ change]) + body[at + 1 :]

    assert _verify(sender, headers, body).startswith("webhook:")
    with pytest.raises(AuthenticationError):
        _verify(sender, headers, changed)


def _verify(sender: str, headers: dict[str, str], body: bytes) -> str:
    if sender == "standard":
        return verify_standard(headers, body, known(), time.time())
    if sender == "github":
        return verify_github(headers, body, known())
    return verify_grafana(headers, body, known(), time.time())


def known() -> Any:  # noqa: ANN401 -- the settings' own form
    """Return the secrets in the form that settings give them."""
    told = {"REWIND_REGION": "cn-hangzhou", "REWIND_WEBHOOK_SECRETS": json.dumps(SECRETS)}
    return load_settings(told).webhook_secrets


@some(200)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.booleans())
def test_any_envelope_of_a_chat_platform_opens_or_is_a_value_error(data: bytes, is_feishu: bool) -> None:  # noqa: FBT001 -- drawn
    text = data.decode("latin-1")
    try:
        opened = open_feishu(text, FEISHU_KEY) if is_feishu else open_dingtalk(text, KEY)
    except ValueError:
        return
    assert isinstance(opened, bytes)


MESSAGE = Message(
    platform="slack",
    principal="slack:T1/U1",
    person="U1",
    channel="C1",
    message_id="m1",
    sent_unix=NOW_UNIX,
    text="describe orders",
)


@some(150)
@given(st.integers(min_value=0), st.integers(1, 255))
def test_no_byte_of_a_sealed_message_can_be_changed(place: int, change: int) -> None:
    sealed = seal(KEY, HandOver("message", MESSAGE), now_unix=NOW_UNIX, random_bytes=lambda count: b"n" * count)
    told = json.loads(sealed)
    raw = base64.b64decode(told["sealed"])
    at = place % len(raw)
    told["sealed"] = base64.b64encode(raw[:at] + bytes([raw[at] ^ change]) + raw[at + 1 :]).decode()

    assert open_sealed(KEY, sealed, now_unix=NOW_UNIX).message == MESSAGE
    with pytest.raises(NotSealedError):
        open_sealed(KEY, json.dumps(told).encode(), now_unix=NOW_UNIX)


@some(200)
@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
@example(b'{"version": 1, "purpose": "message", "sealed": ""}')
def test_nothing_that_was_not_sealed_opens(event: bytes) -> None:
    with pytest.raises(RewindError) as caught:
        open_sealed(KEY, event, now_unix=NOW_UNIX)

    assert isinstance(caught.value, NotSealedError)
