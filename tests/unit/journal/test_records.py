from typing import Any

import aliyun.log.log_logs_pb2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.journal.records import INDEXED_KEYS, TOPIC, Record, log_group_of, read_record
from shared.sls.loggroups import Log, LogGroup, decode_log_group_list, encode_log_group
from tests.unit.journal.story import GROUP, T0, hostile_values, record

PROTOBUF: Any = aliyun.log.log_logs_pb2  # without types

texts = st.text(st.characters(codec="utf-8"), max_size=20)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
records = st.builds(
    Record,
    kind=st.sampled_from(["planned", "started", "withdrawn", "finished", "abandoned", "verified", "snapshot"]),
    record_id=texts,
    written_unix=st.integers(0, 2**32 - 1),
    project=texts,
    logstore=texts,
    consumer_group=texts,
    principal=texts,
    action=texts,
    operation_id=st.from_regex(r"([a-z2-7]{16})?", fullmatch=True),
    plan_id=st.from_regex(r"([a-z2-7]{10})?", fullmatch=True),
    status=texts,
    reason=texts,
    detail=st.dictionaries(texts, json_values, max_size=4),
)


def contents(**changed: str | None) -> dict[str, str]:
    """Return the contents of a record's log with some changed, or with None left out."""
    told = {**log_group_of(record("verified", "abcdefghijklmnop")).logs[0].contents, **changed}
    return {key: value for key, value in told.items() if value is not None}


def group_of(told: dict[str, str], *, topic: str = TOPIC, time_unix: int = T0) -> LogGroup:
    return LogGroup((Log(time_unix, told),), topic=topic)


def pulled(*groups: bytes) -> tuple[LogGroup, ...]:
    """Return encoded LogGroups as PullLogs brings them, framed by the official protobuf."""
    body = PROTOBUF.LogGroupList()
    for group in groups:
        body.LogGroups.add().MergeFromString(group)
    return decode_log_group_list(body.SerializeToString())


@given(records)
def test_a_record_comes_back_as_it_was_written(written: Record) -> None:
    assert [read_record(group) for group in pulled(encode_log_group(log_group_of(written)))] == [written]


@given(records)
def test_the_official_protobuf_reads_what_is_written(written: Record) -> None:
    peer = PROTOBUF.LogGroup.FromString(encode_log_group(log_group_of(written)))
    assert peer.Topic == TOPIC
    assert [log.Time for log in peer.Logs] == [written.written_unix]
    told = {content.Key: content.Value for content in peer.Logs[0].Contents}
    assert told.keys() == {*INDEXED_KEYS, "detail"}
    assert (told["kind"], told["principal"]) == (written.kind, written.principal)


@given(records)
def test_what_the_official_protobuf_writes_is_read(written: Record) -> None:
    group = PROTOBUF.LogGroup()
    log = group.Logs.add()
    group.Topic, group.Source, log.Time = TOPIC, "10.0.0.1", written.written_unix
    for key, value in log_group_of(written).logs[0].contents.items():
        content = log.Contents.add()
        content.Key, content.Value = key, value
    (read,) = pulled(group.SerializeToString())
    assert read_record(read) == written


def test_a_record_is_flat_so_that_it_can_be_queried() -> None:
    told = log_group_of(record("verified", states={"0": "held"})).logs[0].contents
    assert all(told[key] is not None for key in INDEXED_KEYS)
    assert told["detail"] == '{"states":{"0":"held"}}'


@pytest.mark.parametrize(
    "group",
    [
        group_of(contents(), topic="access-log"),
        group_of(contents(kind="hello")),
        group_of(contents(kind=None)),
        group_of(contents(operation_id=None)),
        group_of(contents(operation_id="o1")),
        group_of(contents(plan_id="not an id")),
        group_of(contents(detail=None)),
        group_of(contents(detail="")),
        group_of(contents(detail="[]")),
        group_of(contents(detail="null")),
        group_of(contents(detail="{")),
        group_of(contents(detail="[" * 100_000)),
        group_of(contents(), time_unix=2**63),
        group_of(contents(), time_unix=253_402_300_800),
        # Its lease would end in a year that has no name.
        group_of(contents(), time_unix=253_402_300_800 - 86_400),
        LogGroup((), topic=TOPIC),
        LogGroup((Log(T0, contents()), Log(T0, contents())), topic=TOPIC),
    ],
    ids=range(17),
)
def test_what_another_tool_wrote_is_no_record(group: LogGroup) -> None:
    assert read_record(group) is None


def test_a_key_too_much_does_no_harm() -> None:
    found = read_record(group_of({**contents(), "colour": "blue"}))
    assert found is not None
    assert found.group == GROUP


@given(st.dictionaries(st.sampled_from([*INDEXED_KEYS, "detail"]), texts), st.integers(0, 2**64 - 1))
def test_forged_contents_are_a_record_or_none(forged: dict[str, str], time_unix: int) -> None:
    told = {**contents(), **forged}
    found = read_record(group_of(told, time_unix=time_unix))
    assert found is None or found.record_id == told["record_id"]


@given(hostile_values)
def test_any_detail_of_the_form_of_an_object_is_kept(value: object) -> None:
    found = read_record(log_group_of(record("finished", "abcdefghijklmnop", claim=value)))
    assert found is None or found.detail.keys() == {"claim"}
