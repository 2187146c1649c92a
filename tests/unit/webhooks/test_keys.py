import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidCommandError
from shared.webhooks.cloudevents import read_body
from shared.webhooks.keys import message_key, sent_key, signed_key

EVENT = {"specversion": "1.0", "id": "e-1", "source": "/ci", "type": "rewind", "data": {"action": "describe"}}
STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}
PRINTABLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=255)


def key(text: str) -> str | None:
    return sent_key({"idempotency-key": text}, b"")


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def problems(headers: dict[str, str], body: bytes = b"") -> list[str]:
    with pytest.raises(InvalidCommandError) as caught:
        sent_key(headers, body)
    return list(caught.value.problems)


def test_without_any_key_there_is_none() -> None:
    assert sent_key({"content-type": "application/json"}, b"?") is None


@given(PRINTABLE.filter(lambda text: '"' not in text))
def test_quotes_around_a_key_do_not_change_it(text: str) -> None:
    assert key(quoted(text)) == key(text) == key(f"  {text}\t")


@given(PRINTABLE, PRINTABLE)
def test_different_keys_stay_different(one: str, other: str) -> None:
    assert (key(quoted(one)) == key(quoted(other))) is (one == other)


@pytest.mark.parametrize("length", [1, 255])
def test_a_key_has_up_to_255_characters(length: int) -> None:
    assert key("k" * length) == key(quoted("k" * length))


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", '""', '"', 'a"', '"a', 'a"b', '"a"b"', '"a" "b"', '"a";p=1', '"a\\b"', '"a\\"'),
        *("a\x00", "a\x1fb", "a\x7f", "é", "漢", '"é"', "\ud800", "k" * 256, '"' + "k" * 256 + '"', "k" * 100_000),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_a_malformed_key_is_named_without_its_value(text: str) -> None:
    (problem,) = problems({"idempotency-key": text})

    assert problem == "Idempotency-Key: must be 1 to 255 printable ASCII characters, in double quotes or bare"


def test_the_idempotency_key_comes_before_the_others() -> None:
    headers = {"idempotency-key": "k", "webhook-id": "m", "ce-source": "s", "ce-id": "i"}

    assert sent_key(headers, b"") == key("k")
    del headers["idempotency-key"]
    assert sent_key(headers, b"") == message_key("m")


@pytest.mark.parametrize("message_id", ["", "a b", "é", "x" * 256])
def test_a_malformed_message_id_is_named(message_id: str) -> None:
    assert problems({"webhook-id": message_id})[0].startswith("webhook-id: ")


def test_an_event_has_the_same_key_in_both_its_forms() -> None:
    binary = sent_key({"ce-source": "/ci", "ce-id": "e-1"}, b"{}")

    assert binary == sent_key(STRUCTURED, json.dumps(EVENT).encode())


def test_source_and_id_together_make_an_events_key() -> None:
    pairs = [("a", "b"), ("a", "c"), ("b", "a"), ("a b", "c"), ("a", "b c"), ('a","b', "c")]

    assert len({sent_key({"ce-source": source, "ce-id": event_id}, b"") for source, event_id in pairs}) == len(pairs)


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"ce-id": "1"}, "ce-source"),
        ({"ce-source": "/ci"}, "ce-id"),
        ({"ce-id": "1", "ce-source": ""}, "ce-source"),
        ({"ce-id": "x" * 1025, "ce-source": "/ci"}, "ce-id"),
    ],
)
def test_half_an_event_is_told(headers: dict[str, str], field: str) -> None:
    assert [problem.partition(":")[0] for problem in problems(headers)] == [field]


@pytest.mark.parametrize("wrong", [{"id": 1}, {"id": ""}, {"id": None}, {"source": ["a"]}, {"source": "x" * 1025}])
def test_an_event_without_text_as_source_and_id_is_told(wrong: dict[str, object]) -> None:
    assert problems(STRUCTURED, json.dumps({**EVENT, **wrong}).encode())[0].startswith(next(iter(wrong)))


def test_half_a_surrogate_in_an_event_still_gives_a_key_that_can_be_hashed() -> None:
    found = sent_key(STRUCTURED, b'{"specversion": "1.0", "id": "\\ud800", "source": "s"}')

    assert (found or "").isascii()


def test_keys_of_different_kinds_are_never_alike() -> None:
    texts = ["a", "message:a", "key:a", "signed:a", 'event:["a","b"]']
    keys = {key(quoted(text)) for text in texts} | {message_key(text) for text in texts}

    assert len(keys | {signed_key(b"a"), sent_key({"ce-source": "a", "ce-id": "b"}, b"")}) == 2 * len(texts) + 2


def test_a_command_is_taken_out_of_its_event() -> None:
    assert read_body(STRUCTURED, json.dumps(EVENT).encode()) == ({"action": "describe"}, [])


def test_in_binary_mode_the_body_is_the_command() -> None:
    assert read_body({"ce-id": "1", "content-type": "application/json"}, b'{"action": "x"}') == ({"action": "x"}, [])


def test_what_is_given_twice_inside_an_event_is_told() -> None:
    body = b'{"specversion": "1.0", "id": "1", "source": "s", "data": {"action": "a", "action": "b"}}'

    assert read_body(STRUCTURED, body)[1] == ["action: given more than once"]


@pytest.mark.parametrize("wrong", [{"data": None}, {"data": "text"}, {"data": [1]}])
def test_an_event_without_a_command_in_it_is_told(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidCommandError):
        read_body(STRUCTURED, json.dumps({**EVENT, **wrong}).encode())


def test_a_command_that_only_claims_to_be_an_event_is_told() -> None:
    with pytest.raises(InvalidCommandError):
        read_body(STRUCTURED, b'{"data": {"action": "describe"}}')
