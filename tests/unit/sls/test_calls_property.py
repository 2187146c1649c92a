from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sls import models
from shared.sls.calls import Reply, Target, answer_of, json_call
from shared.sls.errors import SlsApiError, SlsResponseError
from tests.fuzz.amount import some

MANY = some(300)
READERS = (
    models.read_checkpoints,
    models.read_consumer_groups,
    models.read_cursor,
    models.read_cursor_time,
    models.read_logstore,
    models.read_nothing,
    models.read_shards,
)
WORDS = st.sampled_from(
    ["name", "timeout", "order", "shard", "checkpoint", "updateTime", "shardID", "status", "cursor", "errorCode"]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS
documents = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=6))


@MANY
@given(document=documents, read=st.sampled_from(READERS))
def test_no_document_makes_a_reader_fail_otherwise_than_by_value_error(
    document: object, read: Callable[[object], object]
) -> None:
    with suppress(ValueError):
        read(document)


@MANY
@given(body=st.binary(max_size=60), status=st.integers(100, 599).filter(lambda status: status != 200))
def test_no_body_under_an_error_status_passes_or_fails_untyped(body: bytes, status: int) -> None:
    call = json_call("ListShards", Target("shop", "orders"), "GET", "/logstores/orders/shards", models.read_shards)

    with pytest.raises((SlsApiError, SlsResponseError)):
        answer_of(call, Reply(status, {}, body, None, None), hidden=[])
