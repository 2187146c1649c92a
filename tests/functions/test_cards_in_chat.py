"""Cards of what the engine itself saw: a person in Slack, the functions and the stand-in, over HTTP."""

import re

import pytest

from tests.functions.chat_platforms import Post
from tests.functions.chats import TEAM, SlackChannel
from tests.functions.shop import HOUR_S, Shop

NOT_YET = "Written, but not in effect until the consumer releases the shard"


def lines(post: Post) -> list[str]:
    """Return what a post says, title first."""
    return str(post.body["text"]).split("\n")


def hold(shop: Shop, *, ago_s: float) -> None:
    """Let consumer-1 hold all shards, and have committed shard 0 so long ago."""
    shop.heartbeat("consumer-1")
    shop.commit(0, shop.cursor(0, -600), ago_s=ago_s, consumer="consumer-1", forceSuccess="false")


@pytest.mark.usefixtures("shop")
def test_a_plan_shows_the_instant_the_lag_and_that_nobody_consumes(slack: SlackChannel) -> None:
    told = lines(slack.say("rewind orders 1h"))

    assert told[0] == "Plan to rewind, nothing is written yet: shop/orders/billing"
    assert re.match(r"To \S+Z \(\S+ \S+ Asia/Shanghai\): a time means when SLS received the data", told[2])
    lag = re.fullmatch(r"Lag of the worst shard: (10) min \d\d s now, 1 h 0\d min after; (.*)", told[4])
    assert lag
    assert re.fullmatch(r"log groups not consumed yet: 1800 now, 108\d\d after\.|.* now, 107\d\d after\.", lag[2])
    assert told[5] == "Consumers: free; nobody seems to be consuming these shards."
    assert re.fullmatch(r"Applies until \d\d:\d\d:\d\d UTC \(\d\d:\d\d:\d\d Asia/Shanghai\), 14 min left\.", told[6])


def test_a_plan_shows_when_an_active_consumer_would_be_gone(slack: SlackChannel, shop: Shop) -> None:
    hold(shop, ago_s=0)

    told = lines(slack.say("rewind orders by 10"))

    assert any(re.match(r"Consumers: active: free in (1 min 00|\d\d) s .* Held by consumer-1\.", line) for line in told)


def test_what_a_consumer_still_holds_reads_not_in_effect_and_never_applied(slack: SlackChannel, shop: Shop) -> None:
    hold(shop, ago_s=HOUR_S)
    plan = slack.say("rewind orders by 10")

    done = slack.click(plan, "apply")

    assert "Consumers: held by consumer-1." in lines(plan)
    assert lines(plan)[1].startswith(NOT_YET.replace("Written", "Would be written"))
    assert lines(done)[0] == f"{NOT_YET}: shop/orders/billing"
    assert "Applied" not in done.text


@pytest.mark.usefixtures("shop")
def test_an_undo_in_chat_names_what_it_takes_back(slack: SlackChannel) -> None:
    done = slack.click(slack.say("rewind orders by 10"), "apply")

    told = lines(slack.click(done, "undo"))

    operation = re.search(r"operation ([a-z2-7]{16})", done.text)
    assert operation
    assert told[2] == f"It takes operation {operation[1]} back."


@pytest.mark.usefixtures("shop")
def test_a_second_click_is_told_who_was_first(slack: SlackChannel) -> None:
    plan = slack.say("rewind orders by 10")
    slack.click(plan, "apply")

    again = slack.click(plan, "apply", user="U0LIN")

    assert again.body["response_type"] == "ephemeral"
    assert lines(again)[0].startswith("Done before, nothing was written again")
    assert lines(again)[1].startswith(f"It was done before by slack:{TEAM}/U0WEI, at ")


REFUSED = {"operation": "UpdateCheckPoint", "shard": 1, "times": 99, "status": 403, "error_code": "Unauthorized"}
DEPLOY = "\u90e8\u7f72\u5931\u8d25"


def test_a_verification_of_what_is_still_held_never_says_held(slack: SlackChannel, shop: Shop) -> None:
    hold(shop, ago_s=HOUR_S)
    slack.click(slack.say("rewind orders by 10"), "apply")

    told = lines(slack.say("verify orders"))

    assert told[0] == f"{NOT_YET.replace('Written', 'Stands as written')}: shop/orders/billing"
    assert told[1].startswith("shard 0 is held by consumer-1; shard 1 is held by consumer-1")
    assert told[2] == "Shards 0-2: as written, not in effect: held by consumer-1."


@pytest.mark.usefixtures("shop")
def test_a_verification_after_ones_own_undo_is_no_alarm(slack: SlackChannel) -> None:
    done = slack.click(slack.say("rewind orders by 10"), "apply")
    undone = slack.click(slack.click(done, "undo"), "apply")
    first, second = (re.findall(r"operation ([a-z2-7]{16})", post.text)[-1] for post in (done, undone))

    verified = slack.say(f"verify orders {first}")

    assert lines(verified)[0] == f"Taken back by operation {second}: shop/orders/billing"
    assert "undo" not in verified.buttons


def test_abandoning_tells_what_was_moved_and_offers_to_take_it_back(slack: SlackChannel, shop: Shop) -> None:
    shop.fault(REFUSED)
    partial = slack.click(slack.say("rewind orders by 10"), "apply")
    shop.fault()

    ended = slack.click(partial, "abandon")

    assert lines(ended)[0] == "Ended as it stands: shop/orders/billing"
    assert any(line.startswith("2 shards (0, 2) went back") for line in lines(ended))
    assert "1 shard (1) stays as it was." in lines(ended)
    assert "What was written stays; Undo takes it back." in lines(ended)
    assert lines(slack.click(ended, "undo"))[0] == "Plan to undo, nothing is written yet: shop/orders/billing"


def test_a_verification_of_what_was_refused_says_that_nothing_was_written(slack: SlackChannel, shop: Shop) -> None:
    plan = slack.say("rewind orders by 10")
    shop.commit(0, shop.cursor(0, -500), ago_s=HOUR_S)
    slack.click(plan, "apply")

    assert lines(slack.say("verify orders"))[0] == "Nothing was written: shop/orders/billing"


@pytest.mark.usefixtures("shop")
def test_a_reason_is_shown_in_its_script_from_plan_to_history(slack: SlackChannel) -> None:
    plan = slack.say(f"rewind orders by 10 because {DEPLOY}")
    slack.click(plan, "apply")

    history = slack.say("history orders")

    assert f"Reason: {DEPLOY}" in lines(plan)
    assert DEPLOY in str(history.body["blocks"])


@pytest.mark.usefixtures("shop")
def test_a_plan_warns_of_shards_that_its_reason_has_swallowed(slack: SlackChannel) -> None:
    plan = slack.say("rewind orders by 10 because bad deploy shards 0")

    told = "Note: the reason ends the command: 'shards 0' in it selects nothing; put it before because."
    assert told in lines(plan)
    assert any(line.startswith("3 shards (0-2) would go back") for line in lines(plan))


@pytest.mark.usefixtures("shop")
def test_the_doctor_can_be_asked_in_chat(slack: SlackChannel) -> None:
    post = slack.say("doctor")

    assert post.body["response_type"] == "ephemeral"
    assert re.fullmatch(r"\d+ of \d+ checks failed|It works, with \d+ warnings?|All that could .*", lines(post)[0])
    assert "clock" in str(post.body["blocks"])
