"""Whatever is typed: a command that writes nothing unseen, a wish for help, or what is wrong with it."""

# ruff: noqa: RUF001 -- signs that only look like others are what is tested here

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.chatops.help import help_text
from shared.chatops.spelling import keyword
from shared.chatops.text_commands import CommandAsked, HelpAsked, TextError, read_text, resolve_clock
from shared.chatops.text_verbs import VERBS
from shared.command_parser import parse_command_table
from shared.errors import InvalidCommandError
from shared.names import printable
from shared.operation_commands import MODELS, OperationCommand

LONGEST_MESSAGE = 600
DIRECT_WRITES = {"update_consumer_group", "update_checkpoint"}
WRITES_BY_THEMSELVES = {"apply", "resume", "abandon"}
LINES = """
    help to as-of by like orders shop/orders/billing shop/orders 2h 1d12h 90 120 0,3 0-3 -5 +5 01:00 yesterday Z
    2026-11-20T01:30+08:00 2026-11-20 1795131000 Asia/Shanghai on off @bot <@U1> /sls /rewind @_user_1 — – -- ,
    zkphfbw3pm k3v7q2mfa5xw6dtb dry_run=false dry_run false 小时 天 ２ｈ “ ” ` &amp; &lt; 。 ？ ： ／ ～
"""
TYPED = (*(verb.name for verb in VERBS), *(option for verb in VERBS for option in verb.options), *LINES.split())
PARTS = (
    "2h",
    "to 01:00",
    "to 2026-11-20 01:30",
    "as-of 01:00Z",
    "by 5",
    "by -5",
    "like other",
    "begin",
    "on",
    "120",
    "5",
)
OPTIONS = (
    "shards 0，3",
    "shard 3",
    "at 01:30",
    "clamp",
    "wait 60s",
    "——allow—active",
    "watch 5s",
    "because x",
    "count 3",
)
signs = st.sampled_from("—–−“”’，。：／～＠ａ０\u3000\u00a0\u200b\u202e`&;<>\"' \n\t\u212a\x00\ud800") | st.characters()
words = st.sampled_from(TYPED) | st.sampled_from(TYPED).map(str.upper) | st.text(signs, max_size=12)
gaps = st.sampled_from([" ", "\u3000", "\n", "  "])


@st.composite
def mostly_right(draw: st.DrawFn) -> str:
    """Return a line that is a command more often than not, with what phones and people add to one."""
    verb = draw(st.sampled_from(VERBS))
    fitting = [option for option in OPTIONS if keyword(option.split()[0]) in verb.options] or [""]
    return draw(gaps).join(
        [
            draw(st.sampled_from(["", "", "@bot", "/sls"])),
            verb.name,
            "zkphfbw3pm" if verb.name == "apply" else draw(st.sampled_from(["orders", "shop/orders/billing"])),
            draw(st.sampled_from(["", "k3v7q2mfa5xw6dtb", *PARTS])) if verb.operand else "",
            *draw(st.lists(st.sampled_from(fitting), max_size=3, unique=True)),
            draw(st.sampled_from(["", "", "", "。", "@bot"])),
        ]
    )


texts = st.one_of(
    st.text(signs, max_size=200),
    st.builds(lambda parts, gap: gap.join(parts), st.lists(words, max_size=12), gaps),
    st.builds(lambda line, word: f"{line} {word}", mostly_right(), words),
    mostly_right(),
)


def read(text: str, *, default_zone: bool = True) -> CommandAsked | HelpAsked | None:
    try:
        return read_text(text, aliases=("orders",), default_zone=default_zone)
    except TextError as error:
        told = f"{error.message} {error.hint}"
    assert told.isascii()
    assert told.isprintable()
    assert len(told) < LONGEST_MESSAGE
    return None


@given(texts, st.booleans())
@example(text="rewind " + "9" * 5_000, default_zone=True)
@example(text="\ud800", default_zone=False)
def test_any_text_is_a_command_a_wish_for_help_or_a_mistake(text: str, default_zone: bool) -> None:  # noqa: FBT001 -- drawn
    asked = read(text, default_zone=default_zone)

    if isinstance(asked, HelpAsked) and asked.word is not None:
        assert asked.word == printable(asked.word, longest=32)
        assert help_text(lambda _: True, asked.word)


@given(texts)
def test_no_text_writes_what_was_not_shown(text: str) -> None:
    asked = read(text)
    command = asked.command if isinstance(asked, CommandAsked) else {"action": "describe"}

    assert command.get("dry_run") is not False
    assert command["action"] not in DIRECT_WRITES or command["dry_run"] is True
    assert set(command) <= set(MODELS[str(command["action"])].model_fields)
    assert all(str(value).isascii() for key, value in command.items() if key != "reason")
    assert str(command.get("reason", "")).isprintable()


@given(texts, st.integers(0, 4 * 10**9))
def test_every_command_read_is_taken_by_the_parser_or_told_by_its_fields(text: str, sent_unix: int) -> None:
    asked = read(text, default_zone=False)
    if not isinstance(asked, CommandAsked):
        return
    try:
        given_table = resolve_clock(asked.command, sent_unix=sent_unix, default_zone=None)
        parsed = parse_command_table(given_table)
    except (TextError, InvalidCommandError) as error:
        assert error.message  # noqa: PT017 -- either outcome is right
        return
    assert not parsed.is_write or parsed.action in WRITES_BY_THEMSELVES


@given(texts)
def test_a_text_left_without_an_operation_lacks_nothing_else(text: str) -> None:
    asked = read(text)
    command = asked.command if isinstance(asked, CommandAsked) else {}
    if "operation_id" in command or str(command.get("action")) not in {"undo", "verify", "resume", "abandon"}:
        return
    try:
        parsed = parse_command_table({**command, "operation_id": "k3v7q2mfa5xw6dtb"})
    except InvalidCommandError as error:
        assert "operation_id" not in error.message  # noqa: PT017 -- only values may be wrong
        return
    assert isinstance(parsed, OperationCommand)


@pytest.mark.parametrize(
    "parts",
    [
        ("rewind orders ", "1d"),
        ("rewind orders ", "1d "),
        ("rewind orders ", "9"),
        ("rewind orders 2h shards ", "0,"),
        ("rewind orders 2h shards ", "0-9,"),
        ("rewind orders 2h shards ", ", "),
        ("", "&amp;"),
        ("", "&"),
        ("", "@a "),
        ("", "-"),
        ("rewind orders ", "— "),
        ("rewind orders 01:00 ", "A/"),
        ("", "“"),
        ("help ", "\u202e"),
        ("rewind orders 2h because ", "\ud800"),
    ],
    ids=repr,
)
def test_the_longest_text_of_repetitions_is_read_like_any_other(parts: Sequence[str]) -> None:
    begin, repeated = parts

    read((begin + repeated * 2_000)[:2_000])
