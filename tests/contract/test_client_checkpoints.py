"""What holds of checkpoints through our client and through the official SDK alike."""

import pytest

from tests.contract.client_backends import Backend, refused_with

pytestmark = pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning")


@pytest.fixture
def shard_id(backend: Backend) -> int:
    return min(backend.shards())


def test_a_new_group_has_no_checkpoint(backend: Backend, group: str) -> None:
    assert not any(backend.checkpoints(group).values())


def test_a_forced_checkpoint_without_consumer_is_read_back(backend: Backend, group: str, shard_id: int) -> None:
    cursor = backend.cursor(shard_id, "begin")

    backend.update_checkpoint(group, shard_id, cursor)

    assert backend.checkpoints(group)[shard_id] == cursor


def test_a_checkpoint_moves_forwards_and_backwards(backend: Backend, group: str, shard_id: int) -> None:
    begin, end = backend.cursor(shard_id, "begin"), backend.cursor(shard_id, "end")

    seen = []
    for cursor in (begin, end, begin):
        backend.update_checkpoint(group, shard_id, cursor)
        seen.append(backend.checkpoints(group)[shard_id])

    assert seen == [begin, end, begin]


def test_one_shards_checkpoint_leaves_the_others_alone(backend: Backend, group: str, shard_id: int) -> None:
    before = backend.checkpoints(group)

    backend.update_checkpoint(group, shard_id, backend.cursor(shard_id, "end"))

    after = backend.checkpoints(group)
    assert {shard for shard in after if after[shard] != before.get(shard, "")} == {shard_id}


def test_an_unforced_write_of_an_unknown_consumer_is_refused(backend: Backend, group: str, shard_id: int) -> None:
    cursor = backend.cursor(shard_id, "begin")

    code = refused_with(lambda: backend.update_checkpoint(group, shard_id, cursor, consumer="nobody", force=False))

    assert code in {"ConsumerNotExist", "ConsumerNotExsit", "ConsumerNotMatch"}
    assert not any(backend.checkpoints(group).values())


def test_a_checkpoint_that_is_not_base64_is_refused(backend: Backend, group: str, shard_id: int) -> None:
    assert refused_with(lambda: backend.update_checkpoint(group, shard_id, "§")) == "InvalidShardCheckPoint"


def test_a_shard_that_is_missing_has_no_checkpoint_to_write(backend: Backend, group: str, shard_id: int) -> None:
    cursor = backend.cursor(shard_id, "begin")

    code = refused_with(lambda: backend.update_checkpoint(group, 99_999, cursor))

    assert code in {"ShardNotExist", "ShardNotExsit"}


def test_a_group_that_is_missing_has_no_checkpoints(backend: Backend) -> None:
    assert refused_with(lambda: backend.checkpoints("rewind-missing")) == "ConsumerGroupNotExist"
