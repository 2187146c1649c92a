"""What is not proven, not for this conversation or not known: the right status, no write, and nothing told outside."""

import json
import time
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.functions.chat_platforms import Post
from tests.functions.chats import MakeSlack, Signed, SlackChannel
from tests.functions.fc_gate import send_event
from tests.functions.shop import Shop
from tests.fuzz.amount import some

MANY = some(80)
KEYS = ["payload", "type", "user", "team_id", "id", "actions", "action_id", "value", "channel", "container", "command"]
NOT_MADE_HERE = "not made here, or not for this conversation"


def assert_refused(slack: SlackChannel, shop: Shop, told: Post) -> None:
    assert slack.functions.url
    assert shop.writes() == []
    assert told.body["response_type"] == "ephemeral"
    assert told.body["replace_original"] is False
    assert NOT_MADE_HERE in told.text


@pytest.mark.parametrize("value", ["", "abcdefghij", "abcdefghij.", ".", "x" * 2000, "\ud800.\u0430"])
def test_a_forged_button_does_nothing(slack: SlackChannel, shop: Shop, value: str) -> None:
    preview = slack.say("rewind orders 1h")

    assert_refused(slack, shop, slack.click(preview, "apply", value=value))


def test_a_plan_that_nobody_made_has_no_button(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    mac = preview.buttons["apply"].partition(".")[2]

    assert_refused(slack, shop, slack.click(preview, "apply", value=f"abcdefghij.{mac}"))


def test_a_button_of_another_conversation_does_nothing(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")

    assert_refused(slack, shop, slack.click(preview, "apply", channel="C0ELSEWHERE"))


def test_a_button_does_only_what_it_says(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")

    assert_refused(slack, shop, slack.click(preview, "apply", value=preview.buttons["cancel"]))


def test_an_unknown_button_does_nothing(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")

    assert_refused(slack, shop, slack.click(preview, "detonate", value=preview.buttons["apply"]))


def test_a_button_of_before_the_key_changed_does_nothing(
    slack: SlackChannel, make_slack: MakeSlack, shop: Shop
) -> None:
    preview = slack.say("rewind orders 1h")

    with make_slack(REWIND_WORKER_KEY="A" * 43 + "=") as renewed:
        assert_refused(renewed, shop, renewed.click(preview, "apply"))


def test_a_stranger_is_told_what_everybody_who_may_not_is_told(slack: SlackChannel, shop: Shop) -> None:
    posts = [slack.say(text, user="U0NOBODY") for text in ("describe orders", "describe nothing", "undo orders")]

    assert shop.calls(journal=True) == []
    assert all("no rule of policy.toml allows this" in post.text for post in posts)
    assert {post.body["response_type"] for post in posts} == {"ephemeral"}


def changed(signed: Signed, **headers: str) -> Signed:
    return replace(signed, headers={**signed.headers, **{k.replace("_", "-"): v for k, v in headers.items()}})


def test_nothing_unproven_is_heard(slack: SlackChannel, shop: Shop) -> None:
    signed = slack.command("rewind orders 1h")
    wrong = {
        "signature": changed(signed, X_Slack_Signature="v0=" + "0" * 64),
        "time": changed(signed, X_Slack_Request_Timestamp=str(int(time.time()) - 1)),
        "body": replace(signed, body=signed.body.replace(b"1h", b"9h")),
        "none": replace(signed, headers={}),
    }

    answers = {name: slack.send(one) for name, one in wrong.items()}

    assert {(answer.status, answer.body) for answer in answers.values()} == {(401, b'{"error": "not_authenticated"}')}
    assert shop.calls(journal=True) == []


def test_a_click_that_was_signed_long_ago_is_not_heard(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")

    answer = slack.send(slack.press(preview, "apply", sent_unix=time.time() - 400))

    assert answer.status == 401
    assert shop.writes() == []


def test_people_of_another_workspace_are_told_so_and_no_more(slack: SlackChannel, shop: Shop) -> None:
    answer = slack.send(slack.command("rewind orders 1h", team="T0STRANGERS"))

    assert answer.status == 200
    assert "another workspace" in answer.json["text"]
    assert shop.calls(journal=True) == []


@MANY
@given(
    st.sampled_from(["slack", "feishu", "dingtalk"]),
    st.dictionaries(
        st.sampled_from(["X-Slack-Signature", "X-Slack-Request-Timestamp", "X-Lark-Signature", "timestamp", "sign"]),
        st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF), max_size=100),
    ),
    st.binary(max_size=300),
)
def test_whatever_is_not_proven_gets_one_answer(
    slack: SlackChannel, platform: str, headers: dict[str, str], body: bytes
) -> None:
    answer = slack.functions.send("POST", f"/chatops/{platform}", headers, body)

    assert (answer.status, answer.body) in {(401, b'{"error": "not_authenticated"}'), (200, b"")}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)


@MANY
@given(st.dictionaries(st.sampled_from(KEYS), JSON.map(json.dumps), max_size=6).map(urlencode))
def test_whatever_slack_signs_never_breaks_it(slack: SlackChannel, form: str) -> None:
    assert slack.send(slack.signed(form.encode())).status in {200, 401}


@MANY
@given(st.binary(max_size=300))
def test_whatever_the_worker_gets_it_does_not_fail(slack: SlackChannel, event: bytes) -> None:
    send_event(event, slack.functions.url)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/chatops", 404),
        ("POST", "/chatops/teams", 404),
        ("POST", "/chatops/slack/more", 404),
        ("GET", "/chatops/slack", 200),
        ("PUT", "/chatops/slack", 405),
        ("POST", "/chatops/slack?ssl_check=1", 401),
    ],
)
def test_every_other_request_has_its_status(slack: SlackChannel, method: str, path: str, status: int) -> None:
    answer = slack.functions.send(method, path, {}, b"")

    assert answer.status == status
    assert answer.headers.get("allow") == ("GET, HEAD, POST" if status == 405 else None)


def test_a_platform_that_is_not_set_up_is_not_there(make_slack: MakeSlack) -> None:
    off = {"REWIND_FEISHU_KIND": "", "REWIND_DINGTALK_AES_KEY": ""}
    off |= {f"REWIND_FEISHU_{name}": "" for name in ("APP_ID", "APP_SECRET", "ENCRYPT_KEY", "TOKEN", "TENANT", "BOT")}
    off |= {f"REWIND_DINGTALK_{name}": "" for name in ("APP_SECRET", "CORP")}

    with make_slack(**off) as slack:
        answers = [slack.functions.send("POST", f"/chatops/{name}", {}, b"{}") for name in ("feishu", "dingtalk")]

    assert [(answer.status, answer.body) for answer in answers] == 2 * [(404, b'{"error": "no_such_path"}')]


def test_a_body_that_is_too_long_is_refused_unread(slack: SlackChannel) -> None:
    assert slack.functions.send("POST", "/chatops/slack", {}, b"x" * (64 * 1024 + 1)).status == 413


def test_settings_that_are_wrong_are_named_in_the_log_alone(make_slack: MakeSlack) -> None:
    with make_slack(REWIND_WORKER_KEY="too short") as slack:
        answer = slack.send(slack.command("help"))
        slack.logs.wait_for("REWIND_WORKER_KEY: must be 32 bytes")

    assert (answer.status, answer.body) == (500, b'{"error": "configuration_invalid"}')
