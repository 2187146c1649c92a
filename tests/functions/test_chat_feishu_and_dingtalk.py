"""The same night in Feishu and in DingTalk: preview, confirm, one move."""

import base64
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.functions.chat_platforms import FEISHU_TOKEN, Post
from tests.functions.chat_senders import GROUP, DingTalkGroup, FeishuGroup, buttons_of, encrypted, values_in
from tests.functions.chats import MakeSlack, SlackChannel
from tests.functions.shop import Shop

MADE_ELSEWHERE = "not made here, or not for this conversation"


def plan_id_of(text: str) -> str:
    found = re.search(r"apply ([a-z2-7]{10})", text)
    assert found
    return found[1]


def test_feishu_previews_applies_and_replaces_the_card(slack: SlackChannel, shop: Shop) -> None:
    group = FeishuGroup(slack)

    preview = group.say("rewind orders 1h")
    previewed = shop.writes()
    answer, token = group.click(preview, "apply")
    applied = group.updated(token)

    assert previewed == []
    assert buttons_of(preview).keys() == {"apply", "cancel"}
    assert (answer.status, answer.json["toast"]["content"]) == (200, "On it.")
    assert sorted(write["shard"] for write in shop.writes()) == [0, 1, 2]
    assert applied.path == "/open-apis/interactive/v1/card/update"
    assert "Applied" in applied.text
    assert "undo" in buttons_of(applied)
    assert preview.authorization == applied.authorization == f"Bearer {FEISHU_TOKEN}"


def test_feishus_check_of_the_url_gets_its_challenge_back(slack: SlackChannel) -> None:
    token = slack.settings["REWIND_FEISHU_TOKEN"]

    answer = FeishuGroup(slack).send({"type": "url_verification", "challenge": "a-challenge", "token": token})

    assert (answer.status, answer.json) == (200, {"challenge": "a-challenge"})


def test_feishu_tells_a_stranger_in_private(slack: SlackChannel, shop: Shop) -> None:
    group, user = FeishuGroup(slack), f"ou_{secrets.token_hex(8)}"
    preview = group.say("rewind orders 1h")

    group.click(preview, "apply", user=user)

    assert "no rule of policy.toml" in group.told(user, "Refused").text
    assert shop.writes() == []


def test_feishu_answers_help_and_mistakes_though_its_events_take_no_answer(slack: SlackChannel, shop: Shop) -> None:
    group, user = FeishuGroup(slack), f"ou_{secrets.token_hex(8)}"
    for text in ("help", "rewnid orders 2h"):
        group.send(group.message(text, f"om_{secrets.token_hex(12)}", user))

    assert "rewind" not in group.told(user, "What you can type").path
    assert "did you mean rewind" in group.told(user, "Not done").text
    assert shop.calls(journal=True) == []


def test_feishus_own_repetition_runs_nothing_twice(slack: SlackChannel, shop: Shop) -> None:
    group, message_id = FeishuGroup(slack), f"om_{secrets.token_hex(12)}"
    event = group.message("rewind orders 1h", message_id)
    path = f"/open-apis/im/v1/messages/{message_id}/reply"

    answers = [group.send(event) for _ in range(3)]
    group.platforms.wait_for(path)
    group.say("rewind orders 2h")

    plans = [call for call in shop.calls(journal=True) if call["operation"] == "PutLogs"]
    assert [(answer.status, answer.json) for answer in answers] == 3 * [(200, {})]
    assert len(plans) == 2
    assert len(group.platforms.posts(path)) == 1


def test_a_feishu_button_of_another_group_does_nothing(slack: SlackChannel, shop: Shop) -> None:
    group, user = FeishuGroup(slack), f"ou_{secrets.token_hex(8)}"

    group.click(group.say("rewind orders 1h"), "apply", user=user, chat="oc_elsewhere")

    assert "not made here, or not for this conversation" in group.told(user, "Not done").text
    assert shop.writes() == []


def test_the_buttons_of_a_private_feishu_card_work_where_it_is_shown_and_tell_the_group(
    slack: SlackChannel, shop: Shop
) -> None:
    group, before = FeishuGroup(slack), shop.checkpoints()
    private = told_in_private_that_it_was_done_before(group)

    answer, _ = group.click(private, "undo")
    plan = group.shown("Plan to undo")
    _, token = group.click(plan, "apply")
    done = group.updated(token)

    assert (answer.status, answer.json["toast"]["content"]) == (200, "On it.")
    assert "receive_id_type=chat_id" in plan.path
    assert "Applied" in done.text
    assert shop.checkpoints() == before


def told_in_private_that_it_was_done_before(group: FeishuGroup) -> Post:
    preview = group.say("rewind orders 1h")
    group.updated(group.click(preview, "apply")[1])
    return told_anew(group, lambda: group.click(preview, "apply"), "Done before")


def told_anew(group: FeishuGroup, do: Callable[[], object], text: str) -> Post:
    """Return the private message with a text that comes once something is done."""

    def fits(post: Post) -> bool:
        return "receive_id_type=open_id" in post.path and text in post.text

    before = len(list(filter(fits, group.platforms.posts())))
    do()
    return group.platforms.wait_until(fits, before + 1)[-1]


@pytest.mark.parametrize("wrong", ["person", "group", "private"])
def test_the_buttons_of_a_private_feishu_card_are_its_readers_and_its_groups(
    slack: SlackChannel, shop: Shop, wrong: str
) -> None:
    group, user = FeishuGroup(slack), "ou_wei"
    private = told_in_private_that_it_was_done_before(group)
    card = json.loads(private.body["content"])
    if wrong == "person":
        user = f"ou_{secrets.token_hex(8)}"
    for value in values_in(card):
        # Another group, or none, than the one that the button was made for.
        value["chat"] = {"person": GROUP, "group": "oc_elsewhere", "private": ""}[wrong]
    forged = replace(private, body={**private.body, "content": json.dumps(card)})

    told = told_anew(group, lambda: group.click(forged, "undo", user=user), MADE_ELSEWHERE)

    assert told.body["receive_id"] == user
    assert len(shop.writes()) == 3


def test_dingtalk_previews_and_applies_by_text(slack: SlackChannel, shop: Shop) -> None:
    group = DingTalkGroup(slack)

    preview = group.say("rewind orders 1h")
    previewed = shop.writes()
    applied = group.say(f"apply {plan_id_of(preview.text)}")

    assert previewed == []
    assert "Plan to rewind" in preview.text
    assert sorted(write["shard"] for write in shop.writes()) == [0, 1, 2]
    assert "Applied" in applied.text


def test_a_dingtalk_message_whose_id_was_changed_is_the_same_message(slack: SlackChannel, shop: Shop) -> None:
    group, session = DingTalkGroup(slack), secrets.token_hex(16)
    key = base64.b64decode(slack.settings["REWIND_DINGTALK_AES_KEY"] + "=")
    told = group.told("snapshot orders", session)
    body = json.dumps({"msgId": told.pop("msgId"), **told}, separators=(",", ":")).encode()
    plain = secrets.token_bytes(16) + len(body).to_bytes(4, "big") + body
    sealed = bytearray(encrypted(key, key[:16], plain, block_bytes=32))

    first = group.send(json.dumps({"encrypt": base64.b64encode(sealed).decode()}).encode())
    group.platforms.wait_for(f"/robot/sendBySession?session={session}")
    # The first block is noise that nothing depends on; changed, it changes the same bits of the next one.
    for place, (old, new) in enumerate(zip(body[:12], b'{"msgId" :"Z', strict=True)):
        sealed[4 + place] ^= old ^ new
    second = group.send(json.dumps({"encrypt": base64.b64encode(sealed).decode()}).encode())

    assert shop.sls.url
    assert first.json["text"]["content"] == "On it."
    assert "received already" in second.json["text"]["content"]


@pytest.mark.parametrize("action", ["undo", "resume", "abandon"])
def test_dingtalk_leaves_no_operation_to_memory(slack: SlackChannel, shop: Shop, action: str) -> None:
    group = DingTalkGroup(slack)
    preview = group.say("rewind orders 1h")
    group.say(f"apply {plan_id_of(preview.text)}")
    writes = len(shop.writes())

    told = group.say(f"{action} orders")

    assert f"Refused ({action})" in told.text
    assert "must name its operation" in told.text
    assert len(shop.writes()) == writes


def test_dingtalk_whose_bodies_are_not_proven_reads_and_previews_only(make_slack: MakeSlack, shop: Shop) -> None:
    with make_slack(REWIND_DINGTALK_AES_KEY="") as like:
        group = DingTalkGroup(like)
        described = group.say("describe orders")
        preview = group.say("rewind orders 1h")
        refused = group.say(f"apply {plan_id_of(preview.text)}")

    assert "Where it stands" in described.text
    assert "Refused" in refused.text
    assert "so it may only read and preview" in refused.text
    assert shop.writes() == []


def test_dingtalk_answers_help_at_once(slack: SlackChannel) -> None:
    group = DingTalkGroup(slack)

    answer = group.send(group.message("help", secrets.token_hex(16)))

    assert answer.json["msgtype"] == "text"
    assert "What you may send" in answer.json["text"]["content"]
