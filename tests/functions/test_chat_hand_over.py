"""From chatops to the worker: acknowledged before any work, sealed, once, and told where it fails."""

import base64
import json
import secrets
import time
from collections.abc import Iterator

import pytest

from shared.chatops.messages import Message
from shared.chatops.sealing import HandOver, open_sealed, seal
from tests.functions.caller import Answer
from tests.functions.chat_platforms import Post
from tests.functions.chat_senders import DingTalkGroup, FeishuGroup
from tests.functions.chats import CHANNEL, TEAM, MakeSlack, SlackChannel
from tests.functions.fc_gate import FcGate, Held, send_event
from tests.functions.shop import Shop

NOBODY_LISTENS = "http://127.0.0.1:1"


@pytest.fixture
def gate() -> Iterator[FcGate]:
    with FcGate() as made:
        yield made


@pytest.fixture(scope="module")
def cut_off(make_slack: MakeSlack) -> Iterator[SlackChannel]:
    with make_slack(REWIND_FC_ENDPOINT=NOBODY_LISTENS) as made:
        yield made


@pytest.mark.parametrize("platform", ["slack", "feishu", "dingtalk"])
def test_a_cold_instance_acknowledges_before_any_call_to_sls(
    make_slack: MakeSlack, gate: FcGate, shop: Shop, platform: str
) -> None:
    with make_slack(REWIND_FC_ENDPOINT=gate.url) as cold:
        answer, path = typed(cold, platform)
        calls_before, posts_before = shop.calls(journal=True), cold.platforms.posts(path)
        (held,) = gate.held()
        gate.hand_on(held, cold.functions.url)

        assert answer.status == 200
        assert calls_before == posts_before == []
        assert shop.calls(journal=True) != []
        assert "Plan to rewind" in cold.platforms.wait_for(path)[0].text


def typed(slack: SlackChannel, platform: str) -> tuple[Answer, str]:
    """Let somebody rewind on a platform; return what is answered at once, and the path where the rest will come in."""
    text, some_id = "rewind orders 1h", secrets.token_hex(12)
    if platform == "slack":
        signed = slack.command(text)
        return slack.send(signed), signed.path
    if platform == "feishu":
        group = FeishuGroup(slack)
        path = f"/open-apis/im/v1/messages/om_{some_id}/reply"
        return group.send(group.message(text, f"om_{some_id}")), path
    conversation = DingTalkGroup(slack)
    return conversation.send(conversation.message(text, some_id)), f"/robot/sendBySession?session={some_id}"


def test_what_fc_delivers_twice_moves_once(make_slack: MakeSlack, gate: FcGate, shop: Shop) -> None:
    with make_slack(REWIND_FC_ENDPOINT=gate.url) as slack:
        apply_through(gate, slack, "U0WEI")
        (click,) = [held for held in gate.held() if "x-fc-async-delay" not in held.headers][1:]
        gate.hand_on(click, slack.functions.url)

    assert sorted(write["shard"] for write in shop.writes()) == [0, 1, 2]


def test_what_is_handed_over_can_be_read_by_nobody(make_slack: MakeSlack, gate: FcGate) -> None:
    with make_slack(REWIND_FC_ENDPOINT=gate.url) as slack:
        signed = slack.command("rewind orders 1h because a-reason-in-clear")
        slack.send(signed)

    (held,) = gate.held()
    sealed = held.event + base64.b64decode(json.loads(held.event)["sealed"])
    assert held.path == "/2023-03-30/functions/sls-rewind-worker/invocations"
    assert held.headers["x-fc-invocation-type"] == "Async"
    assert held.headers["x-fc-async-task-id"].startswith("chat-")
    assert not any(text.encode() in sealed for text in (signed.path, "a-reason-in-clear", "U0WEI", "orders"))


def apply_through(gate: FcGate, slack: SlackChannel, user: str) -> list[Held]:
    """Let somebody rewind and apply, and return what the worker then handed to itself."""
    typed = slack.command("rewind orders 1h", user=user)
    slack.send(typed)
    gate.hand_on(gate.held()[-1], slack.functions.url)
    click = slack.press(slack.platforms.wait_for(typed.path)[0], "apply", user=user)
    slack.send(click)
    clicked = gate.held()
    gate.hand_on(clicked[-1], slack.functions.url)
    assert "Applied" in slack.platforms.wait_for(click.path)[0].text
    return gate.held()[len(clicked) :]


def test_the_verification_is_put_off_for_90_seconds_and_sealed_like_the_rest(
    make_slack: MakeSlack, gate: FcGate, shop: Shop
) -> None:
    with make_slack(REWIND_FC_ENDPOINT=gate.url, REWIND_CHAT_VERIFY_AFTER_S="") as slack:
        (follow_up,) = apply_through(gate, slack, "U0WEI")
        handed = open_sealed(key_of(slack), follow_up.event, now_unix=time.time())

    assert shop.writes() != []
    assert follow_up.headers["x-fc-async-delay"] in {"89", "90"}
    assert handed.purpose == "follow_up"
    assert 80 < handed.not_before_unix - time.time() <= 90


def test_what_somebody_applied_is_verified_without_a_right_to_verify(
    make_slack: MakeSlack, gate: FcGate, shop: Shop
) -> None:
    with make_slack(REWIND_FC_ENDPOINT=gate.url) as slack:
        follow_ups = apply_through(gate, slack, "U0MOVER")

    assert shop.writes() != []
    assert len(follow_ups) == 1


def test_what_cannot_be_posted_is_logged_without_its_address(make_slack: MakeSlack, shop: Shop) -> None:
    with make_slack(REWIND_CHAT_ENDPOINT=NOBODY_LISTENS) as slack:
        signed = slack.command("describe orders")
        slack.send(signed)
        slack.logs.wait_for('"event":"posted","platform":"slack","code":"not_connected"')

    assert shop.calls() != []
    assert not any(signed.path in line for line in slack.logs.lines)


def test_what_a_platform_says_to_a_post_is_logged_without_its_address(make_slack: MakeSlack, shop: Shop) -> None:
    with make_slack() as slack, slack.platforms.refusing(404, b"used_url"):
        signed = slack.command("describe orders")
        slack.send(signed)
        slack.logs.wait_for('"code":"not_taken","message":"slack answered HTTP 404, used_url"')

    assert shop.calls() != []
    assert not any(signed.path in line for line in slack.logs.lines)


def test_a_dingtalk_session_that_is_over_is_not_posted_to_and_the_log_says_so(
    make_slack: MakeSlack, shop: Shop
) -> None:
    with make_slack() as slack:
        group, session = DingTalkGroup(slack), secrets.token_hex(16)
        group.send(group.message("describe orders", session, session_s=-1))
        slack.logs.wait_for('"event":"posted","platform":"dingtalk","code":"session_expired"')

    assert shop.calls() != []
    assert group.platforms.posts(f"/robot/sendBySession?session={session}") == []


def test_feishu_whose_events_take_no_answer_is_told_by_a_message(cut_off: SlackChannel) -> None:
    group, message_id = FeishuGroup(cut_off), f"om_{secrets.token_hex(12)}"
    user = f"ou_{secrets.token_hex(8)}"

    answer = group.send(group.message("rewind orders 1h", message_id, user))

    assert (answer.status, answer.json) == (200, {})
    assert "nothing was done" in group.told(user, "Not done").text


def test_a_feishu_message_that_mentions_somebody_else_is_handed_to_nobody(make_slack: MakeSlack, gate: FcGate) -> None:
    with make_slack(REWIND_FC_ENDPOINT=gate.url) as slack:
        group = FeishuGroup(slack)
        event = group.message("rewind orders 1h", f"om_{secrets.token_hex(12)}")
        event["event"]["message"]["mentions"] = [{"key": "@_user_1", "id": {"open_id": "ou_alice"}, "name": "alice"}]
        to_somebody_else = group.send(event)
        after_one = gate.held()
        group.send(group.message("rewind orders 1h", f"om_{secrets.token_hex(12)}"))

    assert (to_somebody_else.status, to_somebody_else.json) == (200, {})
    assert after_one == []
    assert len(gate.held()) == 1


def test_a_replayed_command_runs_once(slack: SlackChannel, shop: Shop) -> None:
    signed = slack.command("snapshot orders")

    answers = [slack.send(signed) for _ in range(3)]
    slack.platforms.wait_for(signed.path)
    slack.say("describe orders")

    puts = [call for call in shop.calls(journal=True) if call["operation"] == "PutLogs"]
    assert [answer.json["text"] for answer in answers] == [
        "On it.",
        *2 * ["This was received already; its answer has come or is on its way."],
    ]
    assert len(slack.platforms.posts(signed.path)) == 1
    assert len(puts) == 2  # The snapshot, and that it was answered.


def assert_told(slack: SlackChannel, preview: Post) -> None:
    typed = slack.send(slack.command("rewind orders 1h"))
    click = slack.press(preview, "apply")
    clicked = slack.send(click)
    (post,) = slack.platforms.wait_for(click.path)

    assert typed.json["text"].startswith("This could not be handed to the worker: nothing was done")
    assert (clicked.status, clicked.body) == (200, b"")
    assert "nothing was done" in post.text
    assert post.body["response_type"] == "ephemeral"


def test_where_fc_cannot_be_reached_the_person_is_told_at_once_and_nothing_runs(
    slack: SlackChannel, cut_off: SlackChannel, shop: Shop
) -> None:
    preview = slack.say("rewind orders 1h")
    shop.sls.control("reset", {})

    assert_told(cut_off, preview)

    assert shop.sls.control("requests") == []


def test_where_there_is_no_worker_the_person_is_told_at_once_and_nothing_runs(
    slack: SlackChannel, make_slack: MakeSlack, shop: Shop
) -> None:
    preview = slack.say("rewind orders 1h")
    shop.sls.control("reset", {})

    with make_slack(REWIND_WORKER_FUNCTION="nobody") as without:
        assert_told(without, preview)

    assert shop.sls.control("requests") == []


def test_what_may_have_arrived_is_not_said_to_have_failed(make_slack: MakeSlack) -> None:
    with FcGate(status=None) as silent, make_slack(REWIND_FC_ENDPOINT=silent.url) as slack:
        answer = slack.send(slack.command("rewind orders 1h"))

    assert answer.status == 200
    assert "it is not known whether this arrived" in answer.json["text"]


@pytest.mark.parametrize("platform", ["slack", "feishu"])
def test_who_gets_no_answer_in_place_is_told_in_time_that_it_may_have_arrived(
    make_slack: MakeSlack, slack: SlackChannel, shop: Shop, platform: str
) -> None:
    preview, user = slack.say("rewind orders 1h"), f"ou_{secrets.token_hex(8)}"

    with FcGate(status=None) as silent, make_slack(REWIND_FC_ENDPOINT=silent.url) as unheard:
        if platform == "slack":
            click = unheard.press(preview, "apply")
            answer = unheard.send(click)
            told = unheard.platforms.posts(click.path)
        else:
            group = FeishuGroup(unheard)
            answer = group.send(group.message("describe orders", f"om_{secrets.token_hex(12)}", user))
            told = [post for post in group.platforms.posts() if post.body.get("receive_id") == user]

    assert shop.writes() == []
    assert answer.status == 200
    # It was told before the answer left: what comes after it, Function Compute does not wait for.
    assert ["it is not known whether this arrived" in post.text for post in told] == [True]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("help", "What you may send"),
        ("help rewind", "rewind"),
        ("rewnid orders 2h", "did you mean rewind"),
        ("rewind orders", "missing"),
        ("describe orders " + "x" * 10_000, "longer than"),
    ],
    ids=["help", "help on one", "unknown word", "missing argument", "too long"],
)
def test_what_needs_no_work_is_answered_at_once(cut_off: SlackChannel, text: str, says: str) -> None:
    answer = cut_off.send(cut_off.command(text))

    assert answer.status == 200
    assert answer.json["response_type"] == "ephemeral"
    assert says in answer.json["text"]


def sealed_message(key: bytes, *, ago_s: float = 0) -> bytes:
    message = Message(
        platform="slack",
        principal=f"slack:{TEAM}/U0WEI",
        person="U0WEI",
        channel=CHANNEL,
        message_id=secrets.token_hex(8),
        sent_unix=int(time.time()),
        text="snapshot orders",
        reply={"response_url": f"https://hooks.slack.com/commands/{TEAM}/{secrets.token_hex(16)}"},
    )
    return seal(key, HandOver("message", message), now_unix=time.time() - ago_s, random_bytes=secrets.token_bytes)


def key_of(slack: SlackChannel) -> bytes:
    return base64.b64decode(slack.settings["REWIND_WORKER_KEY"])


def test_the_worker_takes_what_was_sealed_for_it(slack: SlackChannel, shop: Shop) -> None:
    send_event(sealed_message(key_of(slack)), slack.functions.url)

    assert [call for call in shop.calls(journal=True) if call["operation"] == "PutLogs"]


@pytest.mark.parametrize("wrong", ["other key", "expired", "other purpose", "plain", "empty"])
def test_the_worker_drops_everything_else(slack: SlackChannel, shop: Shop, wrong: str) -> None:
    key = key_of(slack)
    event = {
        "other key": sealed_message(secrets.token_bytes(32)),
        "expired": sealed_message(key, ago_s=601),
        "other purpose": sealed_message(key).replace(b'"message"', b'"follow_up"'),
        "plain": b'{"action": "snapshot", "target": "orders"}',
        "empty": b"",
    }[wrong]

    request_id = send_event(event, slack.functions.url)
    slack.logs.wait_for(f"End RequestId: {request_id}")

    told = [line for line in slack.logs.lines if request_id in line and "RequestId" not in line]
    assert shop.calls(journal=True) == []
    assert len(told) == 1
    assert '"event":"dropped","code":"not_sealed"' in told[0]


def test_a_follow_up_waits_for_its_time(make_slack: MakeSlack, shop: Shop) -> None:
    with make_slack(REWIND_CHAT_VERIFY_AFTER_S="2") as slack:
        applied = slack.click(slack.say("rewind orders 1h"), "apply")
        done_unix = max(write["unix"] for write in shop.writes())
        _, verification = slack.platforms.wait_for(applied.path, 2)
        looks = [c for c in shop.calls(journal=True) if c["operation"] == "GetCheckPoint" and c["unix"] > done_unix + 1]

    assert "held" in verification.text
    assert looks
