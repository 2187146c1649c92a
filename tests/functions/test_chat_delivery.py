"""Function Compute delivers at least once: what writes is carried out once, and its outcome always reaches the chat."""

import base64
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.client import HTTPException

import pytest

from shared.chatops.messages import Message
from shared.chatops.sealing import HandOver, open_sealed, seal
from tests.functions.chat_gated import REFUSED, GatedChannel, Handed, wait_until
from tests.functions.chats import CHANNEL, TEAM, MakeSlack, SlackChannel
from tests.functions.fc_gate import FcGate, Held, send_event
from tests.functions.shop import Shop

NOBODY_LISTENS = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def gate() -> Iterator[FcGate]:
    with FcGate() as made:
        yield made


@pytest.fixture(scope="module")
def channel(make_slack: MakeSlack, gate: FcGate) -> Iterator[GatedChannel]:
    with make_slack(REWIND_FC_ENDPOINT=gate.url) as slack:
        yield GatedChannel(gate, slack)


@pytest.fixture(scope="module")
def mute(make_slack: MakeSlack, gate: FcGate) -> Iterator[SlackChannel]:
    """The same functions, which can post nothing."""
    with make_slack(REWIND_FC_ENDPOINT=gate.url, REWIND_CHAT_ENDPOINT=NOBODY_LISTENS) as slack:
        yield slack


def key_of(slack: SlackChannel) -> bytes:
    return base64.b64decode(slack.settings["REWIND_WORKER_KEY"])


def now_due(slack: SlackChannel, held: Held) -> Held:
    """Return a hand-over that is put off as it is once its time has come."""
    key = key_of(slack)
    given = open_sealed(key, held.event, now_unix=time.time())
    due = seal(key, replace(given, not_before_unix=0), now_unix=time.time(), random_bytes=secrets.token_bytes)
    return replace(held, event=due)


def cut_off(make_slack: MakeSlack, gate: FcGate, shop: Shop, handed: Handed) -> None:
    """Deliver a message to an instance that dies within its second write; its lease goes on."""
    shop.fault({"operation": "UpdateCheckPoint", "nth": 2, "times": 9, "kind": "delay", "delay_s": 600})
    with make_slack(REWIND_FC_ENDPOINT=gate.url) as doomed:

        def deliver() -> None:
            with suppress(AssertionError, OSError, HTTPException):
                gate.hand_on(handed.held, doomed.functions.url)

        thread = threading.Thread(target=deliver)
        thread.start()
        wait_until(lambda: len(shop.writes()) >= 2)
    thread.join()
    shop.fault()


def test_an_apply_whose_instance_died_is_told_of_and_tried_again_after_its_lease(
    make_slack: MakeSlack, gate: FcGate, channel: GatedChannel, shop: Shop
) -> None:
    click = channel.press(channel.say("rewind orders 1h").post, "apply")
    cut_off(make_slack, gate, shop, click)
    before = len(gate.held())

    told = channel.deliver(click)

    (again,) = gate.held()[before:]
    shop.sls.control("clock", {"skew_s": 150})
    shown = channel.deliver(click, held=now_due(channel.slack, again)).post
    shop.sls.control("clock", {"skew_s": 0})

    assert told.post.body["response_type"] == "ephemeral"
    assert "is in progress" in told.post.text
    assert "looked at again by itself" in told.post.text
    assert 90 < int(again.headers["x-fc-async-delay"]) <= 125
    assert "Applied" in shown.text
    assert shown.body["response_type"] == "in_channel"


def test_an_apply_whose_instance_died_is_finished_and_shown_to_all_by_a_later_delivery(
    make_slack: MakeSlack, gate: FcGate, channel: GatedChannel, shop: Shop
) -> None:
    preview = channel.say("rewind orders 1h").post
    click = channel.press(preview, "apply")
    cut_off(make_slack, gate, shop, click)
    shop.sls.control("clock", {"skew_s": 150})

    before = len(gate.held())
    shown = channel.deliver(click).post
    follow_ups = gate.held()[before:]
    shop.sls.control("clock", {"skew_s": 0})

    assert {write["shard"] for write in shop.writes()} == {0, 1, 2}
    assert "Applied" in shown.text
    assert shown.body["response_type"] == "in_channel"
    assert shown.body["replace_original"] is True
    assert "undo" in shown.buttons
    assert len(follow_ups) == 1


def test_what_could_not_be_posted_is_shown_by_the_worker_itself_later(
    gate: FcGate, channel: GatedChannel, mute: SlackChannel, shop: Shop
) -> None:
    click = channel.press(channel.say("rewind orders 1h").post, "apply")
    before = len(gate.held())
    gate.hand_on(click.held, mute.functions.url)
    again, verification = gate.held()[before:]

    writes = len(shop.writes())
    told = channel.deliver(click, held=now_due(channel.slack, again))

    assert again.headers["x-fc-async-delay"] in {"14", "15"}
    assert verification.headers["x-fc-async-delay"] in {"299", "300"}
    assert len(shop.writes()) == writes == 3
    assert "Applied" in told.post.text
    assert told.post.body["response_type"] == "in_channel"
    assert told.post.body["replace_original"] is True
    assert "undo" in told.post.buttons


def test_an_outcome_that_nobody_was_shown_is_shown_to_all_though_the_journal_has_no_answer(
    gate: FcGate, channel: GatedChannel, mute: SlackChannel, shop: Shop
) -> None:
    click = channel.press(channel.say("rewind orders 1h").post, "apply")
    # The claim and the outcome are kept; that it was answered is not.
    shop.fault({"operation": "PutLogs", "nth": 3, "times": 9, "status": 400, "error_code": "Unauthorized"})
    gate.hand_on(click.held, mute.functions.url)
    shop.fault()

    told = channel.deliver(click)

    assert len(shop.writes()) == 3
    assert "Applied" in told.post.text
    assert told.post.body["response_type"] == "in_channel"
    assert "undo" in told.post.buttons


def test_a_held_outcome_that_is_shown_late_is_not_called_applied_either(
    gate: FcGate, channel: GatedChannel, mute: SlackChannel, shop: Shop
) -> None:
    shop.heartbeat("consumer-1")
    for shard in range(3):
        shop.commit(shard, shop.cursor(shard, -600), ago_s=3700, consumer="consumer-1")
    click = channel.press(channel.say("rewind orders 1h").post, "apply")
    shop.fault({"operation": "PutLogs", "nth": 3, "times": 9, "status": 400, "error_code": "Unauthorized"})
    gate.hand_on(click.held, mute.functions.url)
    shop.fault()

    told = channel.deliver(click)

    assert "Written, but not in effect until the consumer releases the shard" in told.post.text
    assert "Applied" not in told.post.text


def test_what_was_refused_is_not_carried_out_by_a_later_delivery(channel: GatedChannel, shop: Shop) -> None:
    preview = channel.say("rewind orders 1h").post
    shop.fault({"operation": "GetCheckPoint", "times": 9, "status": 400, "error_code": "Unauthorized"})
    failed = channel.click(preview, "apply")
    shop.fault()

    again = channel.deliver(failed)

    assert shop.writes() == []
    assert [post.body["response_type"] for post in again.posts] == 2 * ["ephemeral"]
    assert again.posts[0].body == again.posts[1].body
    assert "Failed" in again.post.text


@pytest.mark.parametrize("text", ["abandon orders", "resume orders"])
def test_a_second_delivery_of_a_text_touches_no_later_operation(channel: GatedChannel, shop: Shop, text: str) -> None:
    shop.fault(REFUSED)
    channel.click(channel.say("rewind orders by 100").post, "apply")
    if text.startswith("resume"):
        shop.fault()
    first = channel.say(text)
    shop.fault(REFUSED)
    second = channel.click(channel.say("rewind orders by 1000").post, "apply")
    shop.fault()
    writes = len(shop.writes())

    channel.deliver(first)

    assert "Partly done" in second.post.text
    assert len(shop.writes()) == writes
    assert "Applied" in channel.click(second.post, "resume").post.text


def typed(slack: SlackChannel, text: str, *, ago_s: int) -> tuple[bytes, str]:
    """Return a text that was sealed for the worker, and the path where its answers come in."""
    path = slack.command(text).path
    message = Message(
        platform="slack",
        principal=f"slack:{TEAM}/U0WEI",
        person="U0WEI",
        channel=CHANNEL,
        message_id=secrets.token_hex(8),
        sent_unix=int(time.time()) - ago_s,
        text=text,
        reply={"response_url": f"https://hooks.slack.com{path}"},
    )
    given = HandOver("message", message, delivery=f"chat-{secrets.token_hex(16)}")
    return seal(key_of(slack), given, now_unix=time.time(), random_bytes=secrets.token_bytes), path


@pytest.mark.parametrize("text", ["undo orders", "verify orders", "abandon orders", "resume orders"])
def test_nobody_means_an_operation_that_began_after_the_message(channel: GatedChannel, shop: Shop, text: str) -> None:
    shop.fault(REFUSED)
    channel.click(channel.say("rewind orders 1h").post, "apply")
    shop.fault()
    writes = len(shop.writes())
    event, path = typed(channel.slack, text, ago_s=30)

    send_event(event, channel.slack.functions.url)

    (told,) = channel.slack.platforms.posts(path)
    action = text.partition(" ")[0]
    assert f"nothing to {action}" in told.text
    assert f"Failed ({action})" in told.text
    assert len(shop.writes()) == writes


def test_a_duration_counts_from_when_the_text_was_sent(channel: GatedChannel, shop: Shop) -> None:
    event, path = typed(channel.slack, "rewind orders 30m", ago_s=1800)

    send_event(event, channel.slack.functions.url)

    (told,) = channel.slack.platforms.posts(path)
    planned = {shop.now_unix + second - 3600 for second in range(-2, 60)}
    assert any(time.strftime("To %Y-%m-%dT%H:%M:%SZ", time.gmtime(unix)) in told.text for unix in planned)


def test_a_verification_that_is_delivered_twice_is_shown_once(make_slack: MakeSlack, gate: FcGate, shop: Shop) -> None:
    with make_slack(REWIND_FC_ENDPOINT=gate.url, REWIND_CHAT_VERIFY_AFTER_S="0") as slack:
        channel = GatedChannel(gate, slack)
        applied = channel.click(channel.say("rewind orders 1h").post, "apply")
        follow_up = gate.held()[-1]
        channel.deliver(applied, held=follow_up)
        told = channel.deliver(applied, held=follow_up)

    assert shop.writes() != []
    assert len(told.posts) == 2
    assert "held" in told.post.text
