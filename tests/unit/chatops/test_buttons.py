from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chatops.buttons import ForgedButtonError, make_value, read_value, task_id
from shared.chatops.messages import Button, Message
from tests.fuzz.amount import some

KEY = bytes(range(32))
PLAN = "abcdefghij"
MESSAGE = Message(
    platform="slack", principal="slack:T1/U1", person="U1", channel="C1", message_id="trigger-1", sent_unix=0
)
VALUE = make_value(KEY, "apply", PLAN, MESSAGE)
MANY = some(200)


def test_a_button_gives_back_what_it_was_made_for() -> None:
    operation = "abcdefghijklmnop"

    assert read_value(KEY, Button("apply", VALUE), MESSAGE) == ("apply", PLAN)
    assert read_value(KEY, Button("undo", make_value(KEY, "undo", operation, MESSAGE)), MESSAGE) == ("undo", operation)


def test_whoever_is_in_the_conversation_may_press_it() -> None:
    other = replace(MESSAGE, principal="slack:T1/U2", person="U2", message_id="trigger-2", sent_unix=9)

    assert read_value(KEY, Button("apply", VALUE), other) == ("apply", PLAN)


def test_a_value_is_no_secret_and_holds_none() -> None:
    assert VALUE.startswith(f"{PLAN}.")
    assert len(VALUE) < 40


@pytest.mark.parametrize(
    "message",
    [
        replace(MESSAGE, channel="C2"),
        replace(MESSAGE, principal="slack:T2/U1"),
        replace(MESSAGE, platform="feishu"),
        replace(MESSAGE, principal="slack:T1C/U1", channel="1"),
    ],
    ids=["channel", "tenant", "platform", "moved letter"],
)
def test_a_button_of_another_conversation_is_refused(message: Message) -> None:
    with pytest.raises(ForgedButtonError):
        read_value(KEY, Button("apply", VALUE), message)


def test_a_button_made_for_one_action_does_no_other() -> None:
    with pytest.raises(ForgedButtonError):
        read_value(KEY, Button("cancel", VALUE), MESSAGE)


def test_a_button_made_with_another_key_is_refused() -> None:
    with pytest.raises(ForgedButtonError):
        read_value(bytes(32), Button("apply", VALUE), MESSAGE)


@MANY
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_forged_button_is_believed(action: str, value: str) -> None:
    with pytest.raises(ForgedButtonError):
        read_value(KEY, Button(action, value), MESSAGE)


@MANY
@given(st.lists(st.text(max_size=20), max_size=4), st.lists(st.text(max_size=20), max_size=4))
def test_a_task_id_stands_for_its_fields_and_fits_the_platform(one: list[str], other: list[str]) -> None:
    ids = task_id(KEY, *one), task_id(KEY, *other)

    assert (ids[0] == ids[1]) == (one == other)
    assert all(len(made) <= 128 and made.replace("-", "").isalnum() and made[0].isalpha() for made in ids)


def test_who_has_no_key_cannot_foretell_a_task_id() -> None:
    assert task_id(KEY, "message", "trigger-1") != task_id(bytes(32), "message", "trigger-1")
