"""Who may apply, who is told so, and whose a plan is: two people who approve each other, and others beside them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functions.chat_gated import REFUSED
from tests.functions.chat_platforms import Post
from tests.functions.chats import TEAM, MakeSlack, SlackChannel
from tests.functions.shop import HOUR_S, Shop

POLICY = Path(__file__).with_name("chat_policy_of_two.toml")


@pytest.fixture(scope="module")
def two(make_slack: MakeSlack) -> Iterator[SlackChannel]:
    with make_slack(REWIND_POLICY=str(POLICY), REWIND_CHAT_VERIFY_AFTER_S="0") as made:
        yield made


def lines(post: Post) -> list[str]:
    return str(post.body["text"]).split("\n")


def test_a_plan_says_that_another_must_apply_it_and_who_may(two: SlackChannel, shop: Shop) -> None:
    plan = two.say("rewind orders 1h")
    refused = two.click(plan, "apply")

    assert shop.writes() == []
    assert f"The asker cannot apply this plan; one of its approvers can: slack:{TEAM}/U0LIN." in lines(plan)
    assert "named approver" in refused.text


def test_a_plan_that_the_approver_makes_anew_is_shown_to_all_and_stays_the_askers(
    two: SlackChannel, shop: Shop
) -> None:
    plan = two.say("rewind orders 1h because bad deploy")
    shop.commit(0, shop.cursor(0, -500), ago_s=HOUR_S)

    anew = two.click(plan, "apply", user="U0LIN")
    refused = two.click(anew, "apply")
    untouched = shop.writes()
    applied = two.click(anew, "apply", user="U0LIN")

    assert anew.body["response_type"] == "in_channel"
    assert anew.body["replace_original"] is True
    asked = f"Asked for by slack:{TEAM}/U0WEI; planned anew when slack:{TEAM}/U0LIN pressed Apply."
    assert asked in lines(anew)
    assert f"The asker cannot apply this plan; one of its approvers can: slack:{TEAM}/U0LIN." in lines(anew)
    assert "Reason: bad deploy" in lines(anew)
    assert "named approver" in refused.text
    assert untouched == []
    assert "Applied" in applied.text


def test_what_somebody_applied_is_verified_though_no_rule_lets_them_verify(two: SlackChannel, shop: Shop) -> None:
    applied = two.click(two.say("rewind orders 1h", user="U0SAMPLE"), "apply", user="U0SAMPLE")
    _, verification = two.platforms.wait_for(applied.path, 2)

    assert shop.writes() != []
    assert "It has held" in verification.text
    assert verification.body["response_type"] == "in_channel"
    assert "no rule of policy.toml" in two.say("verify orders", user="U0SAMPLE").text


def left_unfinished(two: SlackChannel, shop: Shop, alias: str) -> None:
    shop.fault(REFUSED)
    assert "Partly done" in two.click(two.say(f"rewind {alias} by 10", user="U0ALL"), "apply", user="U0ALL").text
    shop.fault()


def add_group(shop: Shop, name: str) -> None:
    shop.add_group(name)
    for shard in range(3):
        shop.commit(shard, shop.cursor(shard, -600), group=name, ago_s=HOUR_S)


@pytest.mark.parametrize(("action", "shown"), [("resume", "Applied"), ("abandon", "Ended as it stands")])
def test_resume_and_abandon_alone_mean_the_only_unfinished_operation(
    two: SlackChannel, shop: Shop, action: str, shown: str
) -> None:
    add_group(shop, "audit")
    left_unfinished(two, shop, "orders_audit")

    post = two.say(action, user="U0ALL")

    assert lines(post)[0] == f"{shown}: shop/orders/audit"


@pytest.mark.parametrize("action", ["resume", "abandon"])
def test_where_several_could_be_meant_nothing_is_done_and_each_is_listed_ready_to_send(
    two: SlackChannel, shop: Shop, action: str
) -> None:
    add_group(shop, "audit")
    for alias in ("orders", "orders_audit"):
        left_unfinished(two, shop, alias)
    writes = len(shop.writes())

    told = two.say(action, user="U0ALL")

    assert len(shop.writes()) == writes
    assert "2 operations could be meant" in told.text
    assert f"{action} shop/orders/billing " in told.text
    assert f"{action} shop/orders/audit " in told.text


def test_what_one_may_not_resume_is_not_meant(two: SlackChannel, shop: Shop) -> None:
    add_group(shop, "hidden")
    for alias in ("hidden", "orders"):
        left_unfinished(two, shop, alias)

    told = two.say("resume")
    stranger = two.say("resume", user="U0SAMPLE")

    assert "hidden" not in told.text
    assert "hidden" not in stranger.text
    assert "no rule of policy.toml" in stranger.text


def test_verify_alone_looks_at_the_last_operation_of_all(two: SlackChannel, shop: Shop) -> None:
    add_group(shop, "audit")
    shop.sls.control("clock", {"skew_s": 0})
    for alias in ("orders", "orders_audit"):
        two.click(two.say(f"rewind {alias} by 10", user="U0ALL"), "apply", user="U0ALL")
        shop.sls.control("clock", {"skew_s": 3})

    told = two.say("verify", user="U0ALL")
    shop.sls.control("clock", {"skew_s": 0})

    assert lines(told)[0] == "It has held: shop/orders/audit"
