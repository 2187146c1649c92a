"""What can be typed, and the command that it is; every one of them is what the parser of commands takes."""

# ruff: noqa: RUF001 -- signs that only look like others are what is tested here

import pytest

from shared.chatops.text_commands import CommandAsked, HelpAsked, read_text
from shared.chatops.text_verbs import VERBS
from shared.command_parser import parse_command_table
from shared.operation_commands import OperationCommand

OPERATION = "k3v7q2mfa5xw6dtb"
ORDERS = {"target": "orders"}
BILLING = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **ORDERS}


def command(text: str) -> dict[str, object]:
    asked = read_text(text, aliases=("orders",), default_zone=True)
    assert isinstance(asked, CommandAsked)
    return asked.command


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("describe orders", {"action": "describe", **ORDERS}),
        ("describe orders watch 10s", {"action": "describe", **ORDERS, "watch_s": 10}),
        ("list shop/orders", {"action": "list_consumer_groups", "target": "shop/orders"}),
        ("list orders", {"action": "list_consumer_groups", **ORDERS}),
        ("list shop/orders/billing", {"action": "list_consumer_groups", **BILLING}),
        ("peek orders shard 3", {"action": "peek", **ORDERS, "shard": 3}),
        ("peek orders 3", {"action": "peek", **ORDERS, "shard": 3}),
        ("peek orders count 5 shard 3", {"action": "peek", **ORDERS, "count": 5, "shard": 3}),
        ("history orders", {"action": "history", **ORDERS}),
        ("history orders 5", {"action": "history", **ORDERS, "limit": 5}),
        (
            "history orders since 2026-11-20T01:30Z 5",
            {"action": "history", **ORDERS, "limit": 5, "since": "2026-11-20T01:30Z"},
        ),
        ("snapshot orders", {"action": "snapshot", **ORDERS}),
        ("snapshot orders because of x", {"action": "snapshot", **ORDERS, "reason": "of x"}),
        ("apply zkphfbw3pm", {"action": "apply", "plan_id": "zkphfbw3pm"}),
        (
            "apply zkphfbw3pm wait 60s allow-active",
            {"action": "apply", "plan_id": "zkphfbw3pm", "wait_free_s": 60, "allow_active": True},
        ),
    ],
)
def test_a_command_is_read(text: str, expected: dict[str, object]) -> None:
    assert command(text) == expected
    assert parse_command_table(expected).action == expected["action"]


@pytest.mark.parametrize("verb", ["undo", "verify", "resume", "abandon"])
def test_an_operation_is_named_or_left_to_be_found(verb: str) -> None:
    named = {"action": verb, **ORDERS, "operation_id": OPERATION}

    assert command(f"{verb} orders") == {"action": verb, **ORDERS}
    assert command(f"{verb} orders {OPERATION}") == named
    assert isinstance(parse_command_table(named), OperationCommand)


def test_an_abandonment_has_a_reason() -> None:
    assert command("abandon orders because nobody knows") == {
        "action": "abandon",
        **ORDERS,
        "reason": "nobody knows",
    }


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("timeout orders 120", "timeout", 120),
        ("timeout orders 120s", "timeout", 120),
        ("timeout orders 2m", "timeout", 120),
        ("order orders on", "order", True),
        ("order orders OFF", "order", False),
    ],
)
def test_an_attribute_is_only_tried(text: str, key: str, value: object) -> None:
    expected = {"action": "update_consumer_group", **ORDERS, "dry_run": True, key: value}

    assert command(text) == expected
    assert not parse_command_table(expected).is_write


@pytest.mark.parametrize(
    ("where", "to"),
    [
        ("2h", "2h"),
        ("to 2h", "2h"),
        ("2h ago", "2h"),
        ("2H", "2h"),
        ("2 h", "2h"),
        ("2 hours", "2h"),
        ("90min", "90m"),
        ("1d 12h", "1d12h"),
        ("1d12h", "1d12h"),
        ("pt2h", "PT2H"),
        ("2小时", "2h"),
        ("１天 ３０ 分钟", "1d30m"),
        ("begin", "begin"),
        ("to END", "end"),
        ("to 2026-11-20T01:30+08:00", "2026-11-20T01:30+08:00"),
        ("2026-11-20T01:30+08:00", "2026-11-20T01:30+08:00"),
        ("to 2026-11-20t01:30:15z", "2026-11-20T01:30:15Z"),
        ("to 2026-11-20 01:30 +08:00", "2026-11-20T01:30+08:00"),
        ("to 2026/11/20 01:30 UTC+8", "2026-11-20T01:30+08:00"),
        ("to 2026–11–20 01：30 utc", "2026-11-20T01:30Z"),
        ("to 2026-11-20T01:30", "2026-11-20T01:30"),
        ("to 1795131000", 1_795_131_000),
        ("to 1795131000000", 1_795_131_000_000),
        ("to 01:00", {"local": "01:00"}),
        ("to 1:00", {"local": "01:00"}),
        ("yesterday 01:00:30", {"day": "yesterday", "local": "01:00:30"}),
        ("to today 01:00 Asia/Shanghai", {"day": "today", "local": "01:00", "zone": "Asia/Shanghai"}),
        ("to 01:00+08:00", {"local": "01:00", "zone": "+08:00"}),
        ("to 01:00 UTC-0330", {"local": "01:00", "zone": "-03:30"}),
        ("to 01:00utc-3:30", {"local": "01:00", "zone": "-03:30"}),
        ("to 2026-11-20 01:30-02:30", "2026-11-20T01:30-02:30"),
        ("to 01:00Z", {"local": "01:00", "zone": "UTC"}),
        ("as-of 2026-11-20T01:30Z", {"as_of": "2026-11-20T01:30Z"}),
        ("as-of 01:00", {"as_of": {"local": "01:00"}}),
        ("as of yesterday 01:00", {"as_of": {"day": "yesterday", "local": "01:00"}}),
        ("AS—OF 1795131000", {"as_of": 1_795_131_000}),
        ("by 100", {"shift": -100}),
        ("like other-group", {"consumer_group": "other-group"}),
    ],
)
def test_where_to_go_has_many_spellings(where: str, to: object) -> None:
    assert command(f"rewind orders {where}") == {**REWIND, "to": to}
    assert command(f"rewind orders shard 3 {where} clamp") == {**REWIND, "shards": [3], "to": to, "on_expired": "clamp"}


@pytest.mark.parametrize(
    ("text", "log_groups"),
    [("skip orders by 1", 1), ("seek orders by +5", 5), ("seek orders by -5", -5), ("seek orders by −5", -5)],
)
def test_by_goes_the_way_of_its_command(text: str, log_groups: int) -> None:
    assert command(text)["to"] == {"shift": log_groups}


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("shard 3", {"shards": [3]}),
        ("shards 0,3", {"shards": [0, 3]}),
        ("shards 0, 3", {"shards": [0, 3]}),
        ("shards 0 ，3", {"shards": [0, 3]}),
        ("shards 0、3", {"shards": [0, 3]}),
        ("shards 0-3", {"shards": [0, 1, 2, 3]}),
        ("shards 0–3", {"shards": [0, 1, 2, 3]}),
        ("shards 0～1,3", {"shards": [0, 1, 3]}),
        ("shards 3,0,3", {"shards": [3, 0]}),
        ("at 2026-11-20T01:30Z", {"at": "2026-11-20T01:30Z"}),
        ("at 01:30", {"at": {"local": "01:30"}}),
        ("allow-active", {"allow_active": True}),
        ("--allow_active", {"allow_active": True}),
        ("——allow—active", {"allow_active": True}),
        ("clamp", {"on_expired": "clamp"}),
        ("wait 60s", {"wait_free_s": 60}),
        ("wait 60", {"wait_free_s": 60}),
        ("wait 1 min", {"wait_free_s": 60}),
        ("verify-after 90s", {"verify_after_s": 90}),
    ],
)
def test_options_come_before_and_behind_where_to_go(option: str, expected: dict[str, object]) -> None:
    wanted = {**REWIND, "to": "2h", **expected}

    assert command(f"rewind orders 2h {option}") == wanted
    assert command(f"rewind orders {option} 2h") == wanted
    assert command(f"rewind orders {option} 2h because x") == {**wanted, "reason": "x"}


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("bad deploy", "bad deploy"),
        ("  “bad   deploy!” ", "bad deploy!"),
        ("坏的发布，回滚。", "坏的发布，回滚。"),
        ("2h was — too @bob", "2h was — too @bob"),
        ("a &lt; b &amp;&amp; c", "a < b && c"),
        ("line\nbreak \u202e\x00\ud800here", "line break here"),
    ],
)
def test_a_reason_is_all_that_is_left_as_it_was_typed(typed: str, reason: str) -> None:
    assert command(f"rewind orders 2h because {typed}") == {**REWIND, "to": "2h", "reason": reason}


@pytest.mark.parametrize(
    "text",
    [
        "REWIND orders 2h",
        "  rewind\u00a0\u00a0orders\u30002h \n",
        "ｒｅｗｉｎｄ　ｏｒｄｅｒｓ　２ｈ",
        "rewind “orders” 2h。",
        "rewind: orders, 2h!",
        "rewind orders 2h ？",
        "rewind orders – 2h",
        "`rewind orders 2h`",
        "```\nrewind orders 2h\n```",
        "rewind\norders\n2h",
        "re\u200bwind or\u00adders 2h\ufeff",
        "@sls-rewind rewind orders 2h",
        "@sls-rewind：rewind orders 2h".replace("：", "： "),
        "<@U123> rewind orders 2h",
        "<@U123|rewind> rewind orders 2h",
        "&lt;@U123&gt; rewind orders 2h",
        "@_user_1 rewind orders 2h",
        "@机器人\u2005rewind orders 2h",
        "rewind orders 2h @sls-rewind",
        "＠sls rewind orders 2h",
        "/rewind orders 2h",
        "/rewind rewind orders 2h",
        "/sls rewind orders 2h",
        "@bot /sls-rewind rewind orders 2h",
        "／ｓｌｓ rewind orders 2h",
    ],
)
def test_what_phones_and_input_methods_do_is_tolerated(text: str) -> None:
    assert command(text) == {**REWIND, "to": "2h"}


def test_an_alias_may_be_a_word_of_the_grammar_where_policy_has_it() -> None:
    assert read_text("rewind end end", aliases=("end",)) == CommandAsked(
        {"action": "rewind", "target": "end", "to": "end"}
    )


def test_a_name_that_is_no_alias_is_passed_on_for_policy_to_refuse() -> None:
    assert command("describe unknown") == {"action": "describe", "target": "unknown"}


@pytest.mark.parametrize("text", ["", " \n", "@sls-rewind", "/sls", "?", "？", "help", "HELP", "@bot help!", "/help"])
def test_help_is_what_an_empty_text_and_help_ask_for(text: str) -> None:
    assert read_text(text) == HelpAsked(None)


@pytest.mark.parametrize(
    "text", ["help rewind", "help Rewind?", "@bot help rewind @bot", "rewind --help", "/sls help rewind"]
)
def test_help_is_asked_for_with_a_word(text: str) -> None:
    assert read_text(text) == HelpAsked("rewind")


def test_the_word_of_help_is_printable_and_short() -> None:
    asked = read_text("help " + "\u202eа" * 500)

    assert isinstance(asked, HelpAsked)
    assert asked.word
    assert asked.word.isascii()
    assert len(asked.word) <= 32


@pytest.mark.parametrize("example", [example for verb in VERBS for example in verb.examples])
def test_every_example_of_help_can_be_sent(example: str) -> None:
    assert command(example)
