"""A night in a Slack channel: preview, apply, cancel, undo, by one and by several."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.functions.chat_gated import wait_until
from tests.functions.chats import MakeSlack, SlackChannel
from tests.functions.shop import Shop


def test_a_command_is_acknowledged_to_the_person_and_answered_later(slack: SlackChannel, shop: Shop) -> None:
    signed = slack.command("describe orders")

    answer = slack.send(signed)
    (post,) = slack.platforms.wait_for(signed.path)

    assert shop.sls.url
    assert (answer.status, answer.json) == (200, {"response_type": "ephemeral", "text": "On it."})
    assert "shop/orders/billing" in post.text


def test_a_write_is_only_previewed(slack: SlackChannel, shop: Shop) -> None:
    before = shop.checkpoints()

    post = slack.say("rewind orders 1h because bad deploy")

    assert post.body["response_type"] == "in_channel"
    assert post.buttons.keys() == {"apply", "cancel"}
    assert shop.writes() == []
    assert shop.checkpoints() == before


def test_an_attribute_is_only_previewed_too(slack: SlackChannel, shop: Shop) -> None:
    post = slack.say("timeout orders 120")
    previewed = shop.attributes()
    slack.click(post, "apply")

    assert previewed == (60, False)
    assert shop.attributes() == (120, False)


def test_apply_takes_the_previews_place_and_offers_undo(slack: SlackChannel, shop: Shop) -> None:
    before = shop.checkpoints()

    applied = slack.click(slack.say("rewind orders 1h"), "apply")

    assert shop.checkpoints() != before
    assert applied.body["replace_original"] is True
    assert applied.body["response_type"] == "in_channel"
    assert "Applied" in applied.text
    assert "U0WEI" in applied.text
    assert "operation " in applied.text
    assert "undo" in applied.buttons


def test_the_verification_posts_itself_once(make_slack: MakeSlack, shop: Shop) -> None:
    with make_slack(REWIND_CHAT_VERIFY_AFTER_S="0") as slack:
        preview = slack.say("rewind orders 1h")
        applied = slack.click(preview, "apply")
        _, verification = slack.platforms.wait_for(applied.path, 2)
        slack.click(preview, "apply", user="U0LIN")

    assert shop.sls.url
    assert verification.body["response_type"] == "in_channel"
    assert verification.body["replace_original"] is False
    assert "It has held" in verification.text
    assert "undo" in verification.buttons
    assert len(slack.platforms.posts(applied.path)) == 2


def test_undo_brings_the_group_back(slack: SlackChannel, shop: Shop) -> None:
    before = shop.checkpoints()
    applied = slack.click(slack.say("rewind orders 1h"), "apply")

    undoing = slack.click(applied, "undo")
    slack.click(undoing, "apply")

    assert undoing.buttons.keys() == {"apply", "cancel"}
    assert shop.checkpoints() == before


def test_undo_without_an_operation_takes_the_last_one_back(slack: SlackChannel, shop: Shop) -> None:
    before = shop.checkpoints()
    slack.click(slack.say("rewind orders 1h"), "apply")
    between = shop.checkpoints()
    slack.click(slack.say("rewind orders by 5"), "apply")

    slack.click(slack.say("undo orders"), "apply")
    after_one = shop.checkpoints()

    assert before != between == after_one


def test_undo_twice_takes_the_first_undo_back(slack: SlackChannel, shop: Shop) -> None:
    slack.click(slack.say("rewind orders 1h"), "apply")
    moved = shop.checkpoints()

    for _ in range(2):
        slack.click(slack.say("undo orders"), "apply")

    assert shop.checkpoints() == moved


def test_undo_where_nothing_was_done_says_so(slack: SlackChannel, shop: Shop) -> None:
    post = slack.say("undo orders")

    assert shop.writes() == []
    assert post.body["response_type"] == "ephemeral"
    assert "nothing to undo" in post.text
    assert "Failed (undo)" in post.text


def test_verify_without_an_operation_looks_at_the_last_one(slack: SlackChannel, shop: Shop) -> None:
    slack.click(slack.say("rewind orders 1h"), "apply")

    assert shop.sls.url
    assert "held" in slack.say("verify orders").text


def test_two_clicks_of_one_person_move_once(slack: SlackChannel, shop: Shop) -> None:
    preview, sent_unix = slack.say("rewind orders 1h"), time.time()
    clicks = [slack.press(preview, "apply", sent_unix=sent_unix) for _ in range(2)]

    answers = [slack.send(click) for click in clicks]
    first, second = (slack.platforms.wait_for(click.path) for click in clicks)

    assert [answer.status for answer in answers] == [200, 200]
    assert sorted(write["shard"] for write in shop.writes()) == [0, 1, 2]
    assert "Applied" in first[0].text
    assert "received already" in second[0].text
    assert second[0].body["response_type"] == "ephemeral"


def test_a_second_click_that_is_let_through_moves_nothing_either(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    early, late = (slack.press(preview, "apply", sent_unix=time.time() - ago_s) for ago_s in (60, 0))

    for click in (early, late):
        slack.send(click)
    posts = [slack.platforms.wait_for(click.path)[0] for click in (early, late)]

    assert sorted(write["shard"] for write in shop.writes()) == [0, 1, 2]
    assert sorted(post.body["response_type"] for post in posts) == ["ephemeral", "in_channel"]


def test_two_people_move_once_and_the_other_is_told_who(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")

    with ThreadPoolExecutor(2) as people:
        posts = list(people.map(lambda user: slack.click(preview, "apply", user=user), ["U0WEI", "U0LIN"]))

    done = next(post for post in posts if post.body["response_type"] == "in_channel")
    other = next(post for post in posts if post is not done)
    who = "U0WEI" if "By slack:T024BE7LD/U0WEI" in done.text else "U0LIN"
    assert sorted(write["shard"] for write in shop.writes()) == [0, 1, 2]
    assert other.body["response_type"] == "ephemeral"
    assert other.body["replace_original"] is False
    assert f"by slack:T024BE7LD/{who}" in other.text


def test_a_click_after_it_is_done_is_told_what_happened(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    slack.click(preview, "apply")
    writes = len(shop.writes())

    told = slack.click(preview, "apply", user="U0LIN")

    assert len(shop.writes()) == writes
    assert told.body["response_type"] == "ephemeral"
    assert "done before by slack:T024BE7LD/U0WEI" in told.text


def test_cancel_takes_the_buttons_away_for_all(slack: SlackChannel, shop: Shop) -> None:
    cancelled = slack.click(slack.say("rewind orders 1h"), "cancel", user="U0LIN")

    assert shop.writes() == []
    assert cancelled.body["replace_original"] is True
    assert "Cancelled by slack:T024BE7LD/U0LIN" in cancelled.text
    assert cancelled.buttons == {}


def test_a_stranger_takes_no_buttons_away(slack: SlackChannel, shop: Shop) -> None:
    told = slack.click(slack.say("rewind orders 1h"), "cancel", user="U0NOBODY")

    assert shop.writes() == []
    assert told.body["response_type"] == "ephemeral"
    assert told.body["replace_original"] is False


def test_who_asked_takes_the_buttons_away_and_a_reader_does_not(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h", user="U0CAREFUL")

    reader = slack.click(preview, "cancel", user="U0READER")
    asker = slack.click(preview, "cancel", user="U0CAREFUL")

    assert shop.writes() == []
    assert "no rule of policy.toml allows this" in reader.text
    assert reader.body["replace_original"] is False
    assert "Cancelled by slack:T024BE7LD/U0CAREFUL" in asker.text


def test_what_somebody_applied_is_not_called_cancelled(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    slack.click(preview, "apply")

    told = slack.click(preview, "cancel", user="U0LIN")

    assert len(shop.writes()) == 3
    assert told.body["response_type"] == "ephemeral"
    assert told.body["replace_original"] is False
    assert "It was applied by slack:T024BE7LD/U0WEI" in told.text
    assert "done. To take it back" in told.text.replace("\\n", " ")


def test_what_is_being_applied_is_not_called_cancelled(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    shop.fault({"operation": "UpdateCheckPoint", "times": 3, "kind": "delay", "delay_s": 2})
    click = slack.press(preview, "apply")
    slack.send(click)
    wait_until(lambda: shop.writes() != [])

    told = slack.click(preview, "cancel", user="U0LIN")
    (applied,) = slack.platforms.wait_for(click.path)

    assert "it is under way" in told.text
    assert told.body["replace_original"] is False
    assert "Applied" in applied.text


def test_who_resumes_second_is_told_what_the_first_came_to(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    shop.fault({"operation": "UpdateCheckPoint", "shard": 1, "times": 99, "status": 400, "error_code": "Unauthorized"})
    partial = slack.click(preview, "apply")
    shop.fault({"operation": "UpdateCheckPoint", "times": 99, "kind": "delay", "delay_s": 3})
    before = len(shop.writes())
    first = slack.press(partial, "resume")
    slack.send(first)
    wait_until(lambda: len(shop.writes()) > before)

    second = slack.click(partial, "resume", user="U0LIN")
    (done,) = slack.platforms.wait_for(first.path)

    assert len(shop.writes()) == before + 1
    assert "Applied" in done.text
    assert second.body["response_type"] == "ephemeral"
    assert "done before by slack:T024BE7LD/U0WEI" in second.text


def test_the_clickers_own_rights_decide(slack: SlackChannel, shop: Shop) -> None:
    told = slack.click(slack.say("rewind orders 1h"), "apply", user="U0READER")

    assert shop.writes() == []
    assert told.body["response_type"] == "ephemeral"
    assert "no rule of policy.toml allows this" in told.text


def test_who_needs_an_approver_cannot_apply_but_the_approver_can(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h", user="U0CAREFUL")

    refused = slack.click(preview, "apply", user="U0CAREFUL")
    untouched = shop.writes()
    approved = slack.click(preview, "apply", user="U0WEI")

    assert untouched == []
    assert "named approver" in refused.text
    assert "Applied" in approved.text


def test_a_plan_whose_group_moved_since_is_refused_with_a_new_one(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    shop.commit(0, shop.cursor(0, -500), ago_s=600)

    told = slack.click(preview, "apply")

    assert shop.writes() == []
    assert told.body["response_type"] == "in_channel"
    assert told.body["replace_original"] is True
    assert told.buttons["apply"] != preview.buttons["apply"]


def test_what_was_refused_may_be_clicked_again_later(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    shop.sls.control(
        "faults", [{"operation": "GetCheckPoint", "times": 9, "status": 400, "error_code": "Unauthorized"}]
    )
    first = slack.press(preview, "apply", sent_unix=shop.now_unix - 60)
    slack.send(first)
    (refused,) = slack.platforms.wait_for(first.path)
    shop.sls.control("faults", [])

    applied = slack.click(preview, "apply")

    assert refused.body["response_type"] == "ephemeral"
    assert "Applied" in applied.text


def test_the_text_apply_does_what_the_button_does(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    plan_id = preview.buttons["apply"].partition(".")[0]

    applied = slack.say(f"apply {plan_id}")

    assert len(shop.writes()) == 3
    assert applied.body["response_type"] == "in_channel"
    assert "undo" in applied.buttons


def test_a_partial_apply_offers_resume_and_abandon(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    shop.fault({"operation": "UpdateCheckPoint", "shard": 1, "times": 99, "status": 400, "error_code": "Unauthorized"})

    partial = slack.click(preview, "apply")
    shop.fault()
    resumed = slack.click(partial, "resume")

    assert {"resume", "abandon"} <= partial.buttons.keys()
    assert partial.body["response_type"] == "in_channel"
    assert "Applied" in resumed.text


def test_undo_where_something_was_left_unfinished_offers_to_end_that_first(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    shop.fault({"operation": "UpdateCheckPoint", "shard": 1, "times": 99, "status": 400, "error_code": "Unauthorized"})
    slack.click(preview, "apply")

    told = slack.say("undo orders")

    assert told.body["response_type"] == "ephemeral"
    assert told.buttons.keys() == {"resume", "abandon"}


def test_resume_and_abandon_find_the_unfinished_operation(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    shop.fault({"operation": "UpdateCheckPoint", "shard": 1, "times": 99, "status": 400, "error_code": "Unauthorized"})
    slack.click(preview, "apply")

    abandoned = slack.say("abandon orders")

    assert abandoned.body["response_type"] == "in_channel"
    assert "nothing to resume" in slack.say("resume orders").text


@pytest.mark.parametrize("text", ["skip orders end", "seek orders to 2026-11-20T01:30+08:00", "order orders on"])
def test_no_text_writes(slack: SlackChannel, shop: Shop, text: str) -> None:
    slack.say(text)

    assert shop.writes() == []
