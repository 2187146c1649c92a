from contextlib import suppress

import lz4.block
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sls.client import SlsClient
from shared.sls.errors import SlsResponseError
from shared.sls.loggroups import Log, LogGroup, encode_log_group
from shared.sls.logs import PulledLogs
from shared.sls.lz4_block import decompress_block
from tests.fuzz.amount import some
from tests.unit.sls.scripted_server import ScriptedServer, answer

MANY = some(300)
GROUP = LogGroup((Log(1700000000, {"kind": "started", "détail": "x" * 500}),), topic="rewind")
ENCODED = encode_log_group(GROUP)
LIST = b"\x0a" + bytes([len(ENCODED) & 0x7F | 0x80, len(ENCODED) >> 7]) + ENCODED
PLAIN = {"x-log-cursor": "Mg==", "x-log-count": "1", "x-log-bodyrawsize": str(len(LIST))}
LZ4 = PLAIN | {"x-log-compresstype": "lz4"}
COMPRESSED: bytes = lz4.block.compress(LIST, store_size=False)


def test_put_logs_sends_a_log_group_as_it_is(server: ScriptedServer, client: SlsClient) -> None:
    server.play(answer())

    client.put_logs("journal", ENCODED)

    received = server.last
    assert (received.method, received.target, received.body) == ("POST", "/logstores/journal/shards/lb", ENCODED)
    assert received.headers["content-type"] == "application/x-protobuf"
    assert received.headers["x-log-bodyrawsize"] == str(len(ENCODED))
    assert "x-log-compresstype" not in received.headers


def test_pull_logs_asks_for_an_uncompressed_page(server: ScriptedServer, client: SlsClient) -> None:
    server.play(answer(LIST, headers=PLAIN))

    client.pull_logs("journal", 0, "MQ==", count=1000)

    assert server.last.target == "/logstores/journal/shards/0?type=log&cursor=MQ%3D%3D&count=1000"
    assert server.last.headers["accept-encoding"] == ""
    assert server.last.headers["accept"] == "application/x-protobuf"


@pytest.mark.parametrize(("body", "headers"), [(LIST, PLAIN), (COMPRESSED, LZ4)], ids=["plain", "lz4"])
def test_pull_logs_reads_a_page_however_it_comes(
    server: ScriptedServer, client: SlsClient, body: bytes, headers: dict[str, str]
) -> None:
    server.play(answer(body, headers=headers))

    assert client.pull_logs("journal", 0, "MQ==", count=1).value == PulledLogs((GROUP,), "Mg==")


@pytest.mark.parametrize("compression", ["", "lz4"])
def test_the_end_of_a_shard_is_an_empty_page(server: ScriptedServer, client: SlsClient, compression: str) -> None:
    empty = {"x-log-cursor": "MQ==", "x-log-count": "0", "x-log-bodyrawsize": "0", "x-log-compresstype": compression}
    server.play(answer(headers=empty))

    assert client.pull_logs("journal", 0, "MQ==", count=1).value == PulledLogs((), "MQ==")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (LIST, {name: text for name, text in PLAIN.items() if name != "x-log-cursor"}),
        (LIST, PLAIN | {"x-log-count": "2"}),
        (LIST, PLAIN | {"x-log-count": "many"}),
        (LIST[:-1], PLAIN),
        (LIST, PLAIN | {"x-log-compresstype": "zstd"}),
        (LIST, LZ4),
        (COMPRESSED[:-1], LZ4),
        (COMPRESSED, LZ4 | {"x-log-bodyrawsize": "1"}),
        (COMPRESSED, LZ4 | {"x-log-bodyrawsize": str(2**40)}),
    ],
    ids=["no cursor", "count", "no count", "cut", "zstd", "not lz4", "cut lz4", "size", "huge"],
)
def test_a_page_that_is_not_as_documented_is_a_typed_error(
    server: ScriptedServer, client: SlsClient, body: bytes, headers: dict[str, str]
) -> None:
    server.play(answer(body, headers=headers))

    with pytest.raises(SlsResponseError, match="not as documented"):
        client.pull_logs("journal", 0, "MQ==", count=1)


def test_create_logstore_sends_no_key_that_sls_may_not_know(server: ScriptedServer, client: SlsClient) -> None:
    server.play(answer())

    client.create_logstore("journal", ttl_days=30, shard_count=1, auto_split=False)

    assert server.last.target == "/logstores"
    assert server.last.body == b'{"logstoreName":"journal","ttl":30,"shardCount":1,"autoSplit":false}'


def test_create_index_sends_the_index_as_it_is(server: ScriptedServer, client: SlsClient) -> None:
    server.play(answer())

    client.create_index("journal", {"keys": {"kind": {"type": "text"}}})

    assert (server.last.method, server.last.target) == ("POST", "/logstores/journal/index")
    assert server.last.body == b'{"keys":{"kind":{"type":"text"}}}'


@MANY
@given(parts=st.lists(st.binary(max_size=30) | st.sampled_from([b"a" * 400, b"abc" * 90]), max_size=12))
def test_whatever_lz4_compresses_is_read_back(parts: list[bytes]) -> None:
    content = b"".join(parts)

    assert decompress_block(lz4.block.compress(content, store_size=False), len(content)) == content


@MANY
@given(block=st.binary(max_size=60), size_bytes=st.integers(0, 100))
def test_any_bytes_are_refused_or_give_the_length_that_was_named(block: bytes, size_bytes: int) -> None:
    content = None
    with suppress(ValueError):
        content = decompress_block(block, size_bytes)

    assert content is None or len(content) == size_bytes


def test_a_block_that_would_swell_without_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="another length"):
        decompress_block(b"\x1fa\x01\x00" + b"\xff" * 10_000_000 + b"\x00", 100)
