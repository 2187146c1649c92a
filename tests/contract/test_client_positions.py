"""What holds of shards, cursors and times through our client and through the official SDK alike."""

import time

import pytest

from shared.cursors import decode_cursor, encode_cursor
from tests.contract.client_backends import Backend, refused_with

pytestmark = pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning")

DAY_S = 86_400


@pytest.fixture
def shard_id(backend: Backend) -> int:
    """The first shard that holds data."""
    return next(
        shard for shard in sorted(backend.shards()) if backend.cursor(shard, "begin") != backend.cursor(shard, "end")
    )


def test_every_shard_is_readwrite_or_readonly(backend: Backend) -> None:
    assert set(backend.shards().values()) <= {"readwrite", "readonly"}


def test_a_logstore_says_how_long_it_keeps_data(backend: Backend) -> None:
    assert 1 <= backend.ttl_days() <= 3650


def test_begin_lies_before_end(backend: Backend, shard_id: int) -> None:
    begin, end = decode_cursor(backend.cursor(shard_id, "begin")), decode_cursor(backend.cursor(shard_id, "end"))

    assert begin < end


def test_get_cursor_clamps_a_time_before_begin(backend: Backend, shard_id: int) -> None:
    assert backend.cursor(shard_id, 1) == backend.cursor(shard_id, "begin")


def test_get_cursor_clamps_a_future_time_to_end(backend: Backend, shard_id: int) -> None:
    # A real Logstore may be written to meanwhile, so the end can only have moved on.
    end = decode_cursor(backend.cursor(shard_id, "end"))

    assert decode_cursor(backend.cursor(shard_id, int(time.time()) + DAY_S)) >= end


def test_the_time_at_begin_leads_back_to_begin(backend: Backend, shard_id: int) -> None:
    begin = backend.cursor(shard_id, "begin")

    received_unix = backend.cursor_time(shard_id, begin)

    assert backend.cursor(shard_id, received_unix) == begin


def test_times_do_not_run_backwards(backend: Backend, shard_id: int) -> None:
    begin, end = backend.cursor(shard_id, "begin"), backend.cursor(shard_id, "end")
    last = encode_cursor(decode_cursor(end) - 1)

    assert backend.cursor_time(shard_id, begin) <= backend.cursor_time(shard_id, last) <= time.time() + 60


def test_a_cursor_before_begin_is_invalid(backend: Backend, shard_id: int) -> None:
    before = encode_cursor(decode_cursor(backend.cursor(shard_id, "begin")) - 1)

    assert "invalidcursor" in (refused_with(lambda: backend.cursor_time(shard_id, before)) or "").lower()


def test_a_shard_that_is_missing_has_no_cursor(backend: Backend) -> None:
    assert refused_with(lambda: backend.cursor(99_999, "begin")) in {"ShardNotExist", "ShardNotExsit"}
