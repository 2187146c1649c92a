"""What is typed wrong: it says what, how it is written, and never what was typed; and it is never run."""

# ruff: noqa: RUF001 -- signs that only look like others are what is tested here

import pytest

from shared.chatops.text_commands import MAX_TEXT_CHARACTERS, CommandAsked, TextError, read_text
from shared.chatops.text_verbs import BY_NAME, LIKE, VERBS


def refusal(text: str, *, default_zone: bool = True) -> TextError:
    with pytest.raises(TextError) as caught:
        read_text(text, aliases=("orders",), default_zone=default_zone)
    assert caught.value.code == "text_not_understood"
    return caught.value


@pytest.mark.parametrize(
    ("word", "meant"),
    [("rewnd", "rewind"), ("Descrbe", "describe"), ("histroy", "history"), ("aply", "apply"), ("halp", "help")],
)
def test_an_unknown_command_names_the_nearest_one(word: str, meant: str) -> None:
    error = refusal(f"{word} orders 2h")

    assert f"did you mean {meant}?" in error.message
    assert error.example


@pytest.mark.parametrize(("word", "meant"), [("rollback", "rewind"), ("status", "describe"), ("reset", "seek")])
def test_what_other_tools_call_it_is_suggested_and_not_run(word: str, meant: str) -> None:
    assert f"did you mean {meant}?" in refusal(f"{word} orders 2h").message


def test_every_suggestion_is_a_command_or_help() -> None:
    assert set(LIKE.values()) <= {*BY_NAME, "help"}


@pytest.mark.parametrize(
    "text", ["xyzzy", "orders rewind 2h", "回滚 orders", "ѕkip orders end", "S\u212aIP orders end"]
)
def test_what_is_no_command_is_refused(text: str) -> None:
    assert "there is no such command" in refusal(text).message


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb.arguments.startswith("<")], ids=lambda verb: verb.name)
def test_a_command_alone_is_answered_with_its_usage_and_an_example(verb: object) -> None:
    name = getattr(verb, "name", "")
    error = refusal(name)

    assert "missing" in error.message
    assert error.usage.startswith(f"{name} <")
    assert (error.example or "").startswith(f"{name} ")
    assert error.hint
    assert error.usage in error.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rewind orders", "to: missing where to go"),
        ("timeout orders", "timeout: missing"),
        ("order orders", "order: missing"),
        ("order orders maybe", "order: must be on or off"),
        ("rewind to 2h", "target: missing"),
        ("rewind 2h", "target: missing"),
        ("describe shop/orders", "target: must be an alias of policy.toml, or project/logstore/group"),
        ("list a/b/c/d", "target: must be an alias"),
        ("describe Shop/orders/billing", "target: the project's name must be"),
        ("describe shop/Orders/billing", "target: the logstore's name must be"),
        ("describe shop/orders/bill.ing", "target: the consumer group's name must be"),
        ("describe shop//billing", "target: the logstore's name must be"),
        ("describe a\\b", "target: must be an alias"),
        ("rewind orders 2", "to: a number needs its unit"),
        ("rewind orders 20261120", "to: a number needs its unit"),
        ("rewind orders -2h", "to: must be a duration"),
        ("rewind orders 0h", "not a duration"),
        ("rewind orders 2h 1d", "to: not a duration"),
        ("rewind orders to 2026-11-20", "to: must be a time"),
        ("rewind orders to 2026-13-20T01:30Z", "to: is not a time that exists"),
        ("rewind orders to 25:00", "to: must be"),
        ("rewind orders to noon", "to: must be"),
        ("rewind orders as-of 2h", "as-of: must be a time"),
        ("rewind orders as-of", "as-of: must be a time"),
        ("rewind orders by 2h", "by: must be a number of log groups"),
        ("rewind orders by -100", "by: must be a number of log groups"),
        ("seek orders by 100", "by: must be a number of log groups with its sign"),
        ("seek orders by - 100", "by: must be a number of log groups with its sign"),
        ("rewind orders like", "like: the consumer group's name"),
        ("rewind orders like shop/orders/other", "like: the consumer group's name"),
        ("rewind orders 2h clamp to end", "word 5 has no meaning here"),
        ("rewind orders 2h shrads 3", "word 4 has no meaning here; did you mean shards?"),
        ("@bot rewind orders 2h becuase x", "word 5 has no meaning here; did you mean because?"),
        ("rewind orders 2h shards", "shards: must be"),
        ("rewind orders 2h shards 0 3", "word 6 has no meaning here"),
        ("rewind orders 2h shards 3-0", "shards: a range must go upwards"),
        ("rewind orders 2h shards 0-2147483647", "shards: a range must go upwards and hold at most"),
        ("rewind orders 2h shards 0-1000", "hold at most 1000 shards"),
        ("rewind orders 2h shards 0..3", "shards: must be"),
        ("rewind orders 2h shards ٣", "shards: must be"),
        ("rewind orders 2h shard 1 shards 2", "shards: given a second time, at word 6"),
        ("rewind orders 2h because", "because: missing"),
        ("rewind orders 2h because ''", "because: missing"),
        ("rewind orders 2h wait", "wait: must be seconds"),
        ("rewind orders 2h wait long", "wait: must be seconds"),
        ("rewind orders 2h wait 0h", "wait: not a duration"),
        ("rewind orders 2h at 2h", "at: must be a time"),
        ("peek orders", "shard: missing"),
        ("peek orders 3 shard 3", "shard: given a second time"),
        ("peek orders many", "shard: must be a shard id"),
        ("peek orders shard 0-3", "shard: must be a shard id"),
        ("history orders many", "history: must be a number"),
        ("undo orders last", "operation: must be 16 letters"),
        ("apply ZKPHFBW3PM", "plan: must be 10 letters"),
        ("apply", "plan: missing"),
        ("apply zkphfbw3pm zkphfbw3pm", "word 3 has no meaning here"),
        ("describe orders dry_run=false", "word 3 has no meaning here"),
    ],
)
def test_a_mistake_is_named_by_its_argument(text: str, message: str) -> None:
    error = refusal(text)

    assert message in error.message
    assert error.example


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("оrders", "U+043E"),
        ("ordеrs", "U+0435"),
        ("shop/ordеrs/billing", "U+0435"),
        ("ﬁnance", "U+FB01"),
        ("𝐨rders", "U+1D428"),
        ("orderſ", "U+017F"),
        ("order\u212a", "U+212A"),
        ("o\u0308rders", "U+0308"),
        ("\u202esredro", "U+202E"),
        ("order٣", "U+0663"),
        ("订单", "U+8BA2"),
    ],
)
def test_a_name_with_a_sign_that_only_looks_right_is_refused(name: str, sign: str) -> None:
    assert sign in refusal(f"describe {name}").message


def test_a_name_with_such_a_sign_is_refused_even_where_policy_has_it() -> None:
    with pytest.raises(TextError, match=r"U\+043E"):
        read_text("describe оrders", aliases=("оrders",))


@pytest.mark.parametrize("text", ["describe a—b", "describe shop/orders/a–b", "rewind orders like a――b"])
def test_a_long_dash_in_a_name_is_refused_since_it_may_be_one_hyphen_or_two(text: str) -> None:
    assert "has a long dash" in refusal(text).message


@pytest.mark.parametrize("where", ["as-of 01:00", "to yesterday 01:00", "2h at 01:00"])
def test_a_clock_time_without_zone_needs_a_default_one(where: str) -> None:
    assert "needs its zone" in refusal(f"rewind orders {where}", default_zone=False).message
    assert isinstance(read_text(f"rewind orders {where}+08:00", default_zone=False), CommandAsked)


def test_a_text_that_is_too_long_is_refused_unread() -> None:
    longest = "describe orders".ljust(MAX_TEXT_CHARACTERS)

    assert isinstance(read_text(longest), CommandAsked)
    assert str(MAX_TEXT_CHARACTERS) in refusal(longest + " ").message


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{} orders",
        "rewind {} 2h",
        "rewind orders {}",
        "rewind orders 2h {}",
        "rewind orders 2h shards {}",
        "rewind orders 2h at {}",
        "timeout orders {}",
        "undo orders {}",
        "apply {}",
        "rewind shop/{}/billing 2h",
        "{}" * 200,
    ],
)
def test_no_message_repeats_what_was_typed(text: str) -> None:
    error = refusal(text.format(*["S/EC:RET*"] * 200))

    assert "EC" not in f"{error.message} {error.usage} {error.example} {error.hint}"


@pytest.mark.parametrize(
    "when",
    ["01:30-02:30", "01:30–02:30", "01:30 -02:30", "01:30~02:30", "yesterday 01:30-2", "01:30:00-08", "01:30 -0330"],
)
@pytest.mark.parametrize(
    "lead", ["rewind orders to", "rewind orders as-of", "rewind orders 2h at", "history orders since"]
)
def test_what_may_be_a_range_is_not_taken_for_a_zone(lead: str, when: str) -> None:
    assert "may be a range or a zone behind UTC" in refusal(f"{lead} {when}").message


@pytest.mark.parametrize("where", ["1:30", "01:30", "01:30 +08:00"])
def test_a_clock_time_without_to_may_be_meant_as_a_duration(where: str) -> None:
    assert refusal(f"rewind orders {where}").message.startswith("to: needs the word to before a clock time")


@pytest.mark.parametrize("where", ["2h", "1d 12h", "PT2H"])
def test_skip_by_a_duration_may_be_meant_as_ahead(where: str) -> None:
    assert refusal(f"skip orders {where}").message.startswith("to: a duration counts back from now, also here")


@pytest.mark.parametrize("text", ["skip orders 2h ago", "skip orders to 2h"])
def test_skip_takes_a_duration_that_says_that_it_counts_back(text: str) -> None:
    asked = read_text(text)

    assert isinstance(asked, CommandAsked)
    assert asked.command["to"] == "2h"
