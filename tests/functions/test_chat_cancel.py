"""Cancel stands in the journal: behind it nobody applies the plan, and before it nobody is told that it was."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.sls.loggroups import Log, LogGroup, encode_log_group
from tests.functions.chat_gated import wait_until
from tests.functions.chat_platforms import Post
from tests.functions.chat_senders import DingTalkGroup
from tests.functions.chats import TEAM, MakeSlack, Signed, SlackChannel
from tests.functions.shop import Shop


def plan_id_of(preview: Post) -> str:
    return preview.buttons["apply"].partition(".")[0]


def test_what_was_cancelled_is_not_applied_and_says_who_cancelled_it_and_when(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    cancelled = slack.click(preview, "cancel", user="U0LIN")

    told = slack.click(preview, "apply")
    answer = slack.functions.run({"action": "apply", "plan_id": plan_id_of(preview)})

    assert shop.writes() == []
    assert "Nobody can apply it any more" in cancelled.text
    assert told.body["response_type"] == "ephemeral"
    assert f"was cancelled by slack:{TEAM}/U0LIN at 20" in told.text
    assert (answer.status, answer.json["error"]["code"]) == (409, "plan_cancelled")
    assert f"slack:{TEAM}/U0LIN at 20" in answer.json["error"]["message"]


def test_a_text_cancels_as_the_button_does(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")

    cancelled = slack.say(f"cancel {plan_id_of(preview)}")
    told = slack.say(f"apply {plan_id_of(preview)}")

    assert shop.writes() == []
    assert cancelled.body["response_type"] == "in_channel"
    assert f"Cancelled by slack:{TEAM}/U0WEI" in cancelled.text
    assert "was cancelled by" in told.text


def test_dingtalk_cancels_by_text(slack: SlackChannel, shop: Shop) -> None:
    group = DingTalkGroup(slack)
    preview = group.say("rewind orders 1h")
    plan_id = preview.text.partition("send cancel ")[2][:10]

    cancelled = group.say(f"cancel {plan_id}")
    told = group.say(f"apply {plan_id}")

    assert shop.writes() == []
    assert "Cancelled by dingtalk:corp-1/wei" in cancelled.text
    assert "was cancelled by" in told.text


def test_dingtalk_whose_bodies_are_not_proven_cancels_nothing(make_slack: MakeSlack, shop: Shop) -> None:
    with make_slack(REWIND_DINGTALK_AES_KEY="") as like:
        preview = like.say("rewind orders 1h")
        refused = DingTalkGroup(like).say(f"cancel {plan_id_of(preview)}")
        applied = like.click(preview, "apply")

    assert "so it may only read and preview" in refused.text
    assert "Applied" in applied.text
    assert len(shop.writes()) == 3


def test_who_cancels_second_is_told_who_was_first(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    slack.click(preview, "cancel", user="U0LIN")
    records = calls(shop, "PutLogs")

    again = slack.click(preview, "cancel")

    assert f"Cancelled by slack:{TEAM}/U0LIN" in again.text
    assert calls(shop, "PutLogs") == records


def test_a_cancel_that_the_platform_takes_late_replaces_no_applied_card(slack: SlackChannel, shop: Shop) -> None:
    preview = slack.say("rewind orders 1h")
    cancel = slack.press(preview, "cancel", user="U0LIN")
    with slack.platforms.holding(cancel.path):
        slack.send(cancel)
        slack.platforms.wait_until_held(cancel.path)
        told = slack.click(preview, "apply")
    (cancelled,) = slack.platforms.wait_for(cancel.path)

    assert shop.writes() == []
    assert "Cancelled, nothing was written" in cancelled.text
    assert told.body["replace_original"] is False
    assert "was cancelled by" in told.text


@pytest.mark.parametrize("slow", ["apply", "cancel"])
def test_of_an_apply_and_a_cancel_that_cross_one_has_happened_and_both_say_which(
    slack: SlackChannel, shop: Shop, slow: str
) -> None:
    preview = slack.say("rewind orders 1h")
    apply, cancel = slack.press(preview, "apply"), slack.press(preview, "cancel", user="U0LIN")
    first, second = (apply, cancel) if slow == "apply" else (cancel, apply)
    # What the first one knows of the journal is old by then, as long as the second is quick enough.
    last_look = "GetCheckPoint" if slow == "apply" else "PullLogs"
    before = calls(shop, last_look)
    shop.fault({"operation": last_look, "times": 1, "kind": "delay", "delay_s": 3})
    slack.send(first)
    wait_until(lambda: calls(shop, last_look) > before)
    slack.send(second)
    (applied,), (cancelled,) = both(slack, apply, cancel)

    if shop.writes():
        assert applied.text.count("Applied:")
        assert "Not cancelled: somebody applied it" in cancelled.text
        assert f"by slack:{TEAM}/U0WEI" in cancelled.text
        assert cancelled.body["replace_original"] is False
    else:
        assert f"was cancelled by slack:{TEAM}/U0LIN" in applied.text
        assert applied.body["replace_original"] is False
        assert "Cancelled, nothing was written" in cancelled.text


def written(kind: str, name: str, plan_id: str, **detail: object) -> bytes:
    """Return a record as another instance writes it that carries the plan out."""
    group = {"project": "shop", "logstore": "orders", "consumer_group": "billing", "status": "", "reason": ""}
    ids = {"operation_id": name * 16, "plan_id": plan_id, "record_id": f"{kind}-{name}"}
    contents = {"kind": kind, **ids, **group, "principal": "webhook:ci", "action": "rewind"}
    contents["detail"] = json.dumps({"claim": f"started-{name}", **detail})
    return encode_log_group(LogGroup((Log(int(time.time()), contents),), topic="sls-rewind"))


@pytest.mark.parametrize(("attempts", "told"), [(1, "Cancelled, nothing was written"), (2, "it is not cancelled yet")])
def test_a_cancel_that_crosses_an_attempt_that_came_to_nothing_is_written_once_more(
    slack: SlackChannel, shop: Shop, attempts: int, told: str
) -> None:
    plan_id = plan_id_of(slack.say("rewind orders 1h"))
    names = iter("abcdefgh"[:attempts])

    def crossing(body: bytes) -> tuple[list[bytes], list[bytes]]:
        name = next(names, "") if b"abandoned" in body else ""
        if not name:
            return [], []
        claim = written("started", name, plan_id, lease_unix=int(time.time()) + 60, instance=name)
        return [claim], [written("finished", name, plan_id, state="failed")]

    shop.sls.cross(crossing)
    answer = slack.say(f"cancel {plan_id}")

    assert told in answer.text
    assert "shared.journal create" not in answer.text
    assert ("try again" in answer.text.lower()) is (attempts == 2)


def test_what_may_have_set_the_attributes_is_not_cancelled_and_can_be_repaired(slack: SlackChannel, shop: Shop) -> None:
    plan_id = plan_id_of(slack.say("timeout orders 90"))
    answered = {"operation": "UpdateConsumerGroup", "kind": "after_write", "status": 500, "times": 99}
    denied = {"operation": "ListConsumerGroup", "status": 403, "error_code": "Unauthorized", "times": 99, "nth": 2}
    shop.fault(answered, denied)
    applied = slack.say(f"apply {plan_id}")
    shop.fault()

    cancelled = slack.say(f"cancel {plan_id}")
    again = slack.say(f"apply {plan_id}")

    assert shop.attributes()[0] == 90
    assert "could not be read back" in applied.text
    assert "Not cancelled" in cancelled.text
    assert "it failed, and may have taken effect" in cancelled.text
    assert "Attributes: timeout 60 s became 90 s" in again.text


def both(slack: SlackChannel, *sent: Signed) -> list[list[Post]]:
    with ThreadPoolExecutor(len(sent)) as people:
        return list(people.map(lambda one: slack.platforms.wait_for(one.path), sent))


def calls(shop: Shop, operation: str) -> int:
    return sum(call["operation"] == operation for call in shop.calls(journal=True))
