"""What `wait`, `allow-active` and `verify-after` promise behind a move, Apply keeps: by the button, and by HTTP."""

import json
import re
import time

import pytest

from shared.chatops.sealing import open_sealed
from tests.functions.chat_gated import GatedChannel, wait_until
from tests.functions.chat_platforms import Post
from tests.functions.chats import MakeSlack, SlackChannel
from tests.functions.fc_gate import FcGate
from tests.functions.shop import HOUR_S, Shop
from tests.functions.test_chat_delivery import key_of

GROUP = {"target": "shop/orders/billing"}
# Whoever held the shards is gone by then, as SLS's clock has it.
GONE_S = 70


def lines(post: Post) -> list[str]:
    return str(post.body["text"]).split("\n")


def consume(shop: Shop) -> None:
    shop.heartbeat("consumer-1")
    shop.commit(0, shop.cursor(0, -600), consumer="consumer-1", forceSuccess="false")


def looks(shop: Shop) -> int:
    return sum(call["operation"] == "GetCheckPoint" for call in shop.calls())


def test_without_an_option_apply_is_refused_while_somebody_consumes(slack: SlackChannel, shop: Shop) -> None:
    consume(shop)
    plan = slack.say("rewind orders by 10")

    refused = slack.click(plan, "apply")

    assert shop.writes() == []
    assert any("until then Apply is refused" in line for line in lines(plan))
    assert "Refused (apply)" in refused.text


@pytest.mark.parametrize("text", ["rewind orders by 10", "seek orders by -10", "undo orders"])
def test_allow_active_behind_a_move_holds_when_apply_is_pressed(slack: SlackChannel, shop: Shop, text: str) -> None:
    if text.startswith("undo"):
        slack.click(slack.say("rewind orders by 10"), "apply")
    consume(shop) if not text.startswith("undo") else shop.commit(1, shop.checkpoints()[1], consumer="consumer-1")
    before = len(shop.writes())
    plan = slack.say(f"{text} allow-active")

    done = slack.click(plan, "apply")

    assert len(shop.writes()) > before
    assert "Applied" in done.text or "Written" in done.text
    assert any(line.startswith("As asked, applying it moves the shards although somebody") for line in lines(plan))
    assert not any("Apply is refused" in line for line in lines(plan))


def test_wait_behind_a_move_lets_apply_wait_until_the_consumers_are_gone(slack: SlackChannel, shop: Shop) -> None:
    consume(shop)
    plan = slack.say("rewind orders by 10 wait 100s")
    click, before = slack.press(plan, "apply"), looks(shop)
    slack.send(click)
    wait_until(lambda: looks(shop) > before + 1)
    waiting = shop.writes()
    shop.sls.control("clock", {"unix": int(time.time()) + GONE_S, "skew_s": GONE_S})
    (done,) = slack.platforms.wait_for(click.path)
    shop.sls.control("clock", {"skew_s": 0})

    assert waiting == []
    assert len(shop.writes()) == 3
    assert "Refused" not in done.text
    assert any("waits up to 100 s for the consumers to be gone" in line for line in lines(plan))
    assert any("Apply waits for that, up to 100 s" in line for line in lines(plan))


def test_an_apply_over_http_takes_the_options_of_its_plan_unless_it_names_its_own(
    slack: SlackChannel, shop: Shop
) -> None:
    consume(shop)
    asked = {"action": "rewind", **GROUP, "to": {"shift": -10}, "allow_active": True}
    plan = slack.functions.run(asked)
    apply = {"action": "apply", "plan_id": plan.json["plan_id"]}

    refused = slack.functions.run({**apply, "allow_active": False})
    untouched = shop.writes()
    applied = slack.functions.run(apply)

    assert [w["message"] for w in plan.json["warnings"] if w["code"] == "apply_options"] == [
        "as asked, applying it moves the shards although somebody consumes"
    ]
    assert refused.json["error"]["code"] == "active_consumers"
    assert untouched == []
    assert applied.json["status"] == "applied"


def test_verify_after_behind_a_move_sets_when_the_verification_comes(make_slack: MakeSlack, shop: Shop) -> None:
    with FcGate() as gate, make_slack(REWIND_FC_ENDPOINT=gate.url) as slack:
        channel = GatedChannel(gate, slack)
        plan = channel.say("rewind orders 1h verify-after 40s").post
        before = len(gate.held())
        done = channel.click(plan, "apply").post
        follow_up = gate.held()[before + 1]
        handed = open_sealed(key_of(slack), follow_up.event, now_unix=time.time())

    assert shop.writes() != []
    assert "Applied" in done.text
    assert handed.purpose == "follow_up"
    assert follow_up.headers["x-fc-async-delay"] in {"39", "40"}
    assert any("looks 40 s later whether it held" in line for line in lines(plan))


def test_a_plan_made_anew_goes_to_the_same_instant_with_all_its_notes(slack: SlackChannel, shop: Shop) -> None:
    plan = slack.say("rewind orders 1h")
    target = next(line for line in lines(plan) if line.startswith("To "))
    shop.commit(0, shop.cursor(0, -500), ago_s=600)
    shop.sls.control("clock", {"skew_s": 30})

    anew = slack.click(plan, "apply")
    shop.sls.control("clock", {"skew_s": 0})

    assert anew.buttons["apply"] != plan.buttons["apply"]
    assert target in lines(anew)
    assert "a time means when SLS received the data" in target


def test_a_plan_made_anew_over_http_tells_what_the_first_one_told(slack: SlackChannel, shop: Shop) -> None:
    plan = slack.functions.run({"action": "rewind", **GROUP, "to": "1h"})
    shop.commit(0, shop.cursor(0, -500), ago_s=HOUR_S)

    anew = slack.functions.run({"action": "apply", "plan_id": plan.json["plan_id"]})

    codes = [[warning["code"] for warning in one.json["warnings"]] for one in (plan, anew)]
    assert anew.json["error"]["code"] == "changed_since_plan"
    assert "receive_time" in codes[0]
    assert codes[0] == codes[1]
    assert re.fullmatch("[a-z2-7]{10}", json.loads(anew.body)["plan_id"])
