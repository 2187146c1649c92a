import base64
import json
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from shared.chatops.messages import Button, Message
from shared.chatops.sealing import LIFETIME_S, HandOver, NotSealedError, open_sealed, seal
from tests.fuzz.amount import some

KEY = bytes(range(32))
NOW_UNIX = 1_795_000_000
MESSAGE = Message(
    platform="slack",
    principal="slack:T1/U1",
    person="U1",
    channel="C1",
    message_id="trigger-1",
    sent_unix=NOW_UNIX,
    text="rewind orders 2h",
    reply={"response_url": "https://hooks.slack.com/commands/T1/secret"},
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=50)
MESSAGES = st.builds(
    Message,
    platform=st.sampled_from(["slack", "feishu", "dingtalk"]),
    principal=TEXTS,
    person=TEXTS,
    channel=TEXTS,
    message_id=TEXTS,
    sent_unix=st.integers(0, 2**40),
    text=st.none() | TEXTS,
    button=st.none() | st.builds(Button, TEXTS, TEXTS),
    reply=st.dictionaries(TEXTS, TEXTS, max_size=3),
    may_write=st.booleans(),
)
MANY = some(200)


def sealed(given: HandOver | None = None, *, key: bytes = KEY, now_unix: float = NOW_UNIX) -> bytes:
    return seal(key, given or HandOver("message", MESSAGE), now_unix=now_unix, random_bytes=os.urandom)


@MANY
@given(
    st.builds(
        HandOver, st.sampled_from(["message", "follow_up"]), MESSAGES, st.integers(0, 2**33), TEXTS, st.integers(0, 9)
    )
)
def test_what_is_sealed_comes_back_as_it_was(handed: HandOver) -> None:
    assert open_sealed(KEY, sealed(handed), now_unix=NOW_UNIX) == handed


def test_nothing_of_it_stands_in_the_event() -> None:
    event = sealed()

    assert not any(text in event + base64.b64decode(json.loads(event)["sealed"]) for text in (b"secret", b"orders"))


def test_it_is_aes_gcm_as_another_library_knows_it() -> None:
    told = json.loads(sealed())
    raw = base64.b64decode(told["sealed"])

    content = json.loads(AESGCM(KEY).decrypt(raw[:12], raw[12:], b"sls-rewind/1/message"))

    assert content["message"]["text"] == "rewind orders 2h"
    assert content["expires_unix"] == NOW_UNIX + LIFETIME_S


def test_no_two_events_are_alike() -> None:
    assert len({sealed() for _ in range(50)}) == 50


def test_another_key_opens_nothing() -> None:
    with pytest.raises(NotSealedError):
        open_sealed(bytes(32), sealed(), now_unix=NOW_UNIX)


def test_what_was_sealed_for_one_purpose_serves_no_other() -> None:
    event = sealed().replace(b'"message"', b'"follow_up"')

    with pytest.raises(NotSealedError):
        open_sealed(KEY, event, now_unix=NOW_UNIX)


@pytest.mark.parametrize("place", ["nonce", "content", "tag"])
def test_a_changed_byte_is_noticed(place: str) -> None:
    told = json.loads(sealed())
    raw = bytearray(base64.b64decode(told["sealed"]))
    raw[{"nonce": 0, "content": 20, "tag": -1}[place]] ^= 1
    event = json.dumps({**told, "sealed": base64.b64encode(raw).decode()}).encode()

    with pytest.raises(NotSealedError):
        open_sealed(KEY, event, now_unix=NOW_UNIX)


def test_it_counts_for_ten_minutes() -> None:
    event = sealed()

    assert open_sealed(KEY, event, now_unix=NOW_UNIX + 600).message == MESSAGE
    with pytest.raises(NotSealedError, match="expired"):
        open_sealed(KEY, event, now_unix=NOW_UNIX + 601)


def test_what_is_for_later_counts_for_ten_minutes_from_then() -> None:
    event = sealed(HandOver("follow_up", MESSAGE, NOW_UNIX + 300))

    assert open_sealed(KEY, event, now_unix=NOW_UNIX + 900).not_before_unix == NOW_UNIX + 300
    with pytest.raises(NotSealedError, match="expired"):
        open_sealed(KEY, event, now_unix=NOW_UNIX + 901)


@pytest.mark.parametrize(("not_before_unix", "wait_s"), [(0, 0), (NOW_UNIX - 5, 0), (NOW_UNIX + 5, 5), (2**40, 60)])
def test_it_waits_for_its_time_as_long_as_there_is_time(not_before_unix: int, wait_s: float) -> None:
    assert HandOver("follow_up", MESSAGE, not_before_unix).wait_s(NOW_UNIX, at_most_s=60) == wait_s


@MANY
@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.booleans() | st.integers() | TEXTS, st.lists, max_leaves=5).map(
        lambda tree: json.dumps(tree).encode()
    )
    | st.fixed_dictionaries(
        {"version": st.sampled_from(["1", "2", 1]), "purpose": st.sampled_from(["message", "x", 3]), "sealed": TEXTS}
    ).map(lambda table: json.dumps(table).encode())
    | st.binary(max_size=60).map(
        lambda raw: json.dumps(
            {"version": "1", "purpose": "message", "sealed": base64.b64encode(raw).decode()}
        ).encode()
    )
)
def test_whatever_else_comes_is_not_sealed(event: bytes) -> None:
    with pytest.raises(NotSealedError):
        open_sealed(KEY, event, now_unix=NOW_UNIX)
