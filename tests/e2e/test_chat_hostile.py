"""Bad input on every platform: the right status, nothing handed on, nothing written, no stack trace."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.chat_forgers import (
    Forged,
    Settings,
    dingtalk_message,
    feishu_body,
    feishu_challenge,
    feishu_click,
    feishu_message,
    slack_command,
    slack_form,
    slack_payload,
)
from tests.e2e.chat_world import MADE_ELSEWHERE, PLATFORMS, ChatWorld, chat_world, told_at_once
from tests.functions.caller import Answer
from tests.functions.chat_platforms import Post
from tests.functions.chat_senders import buttons_of
from tests.functions.evidence import Evidence
from tests.functions.fc_gate import FcGate
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import Shop

HOURS_9_S = 9 * 3600
STRANGE_USER = {"id": "U0GUEST", "team_id": "T0PARTNER"}
UNPROVEN: dict[str, Callable[[Settings], Forged]] = {
    "slack signature": lambda s: slack_command(s, secret="x" * 32),
    "slack stale": lambda s: slack_command(s, ago_s=301),
    "slack from the future": lambda s: slack_command(s, ago_s=-302),
    "slack click of a partner": lambda s: slack_payload(s, user=STRANGE_USER),
    "slack click of nobody": lambda s: slack_payload(s, user=None),
    "slack command of nobody": lambda s: slack_command(s, user_id=""),
    "slack user with a slash": lambda s: slack_command(s, user_id="U0WEI/U0LIN"),
    "feishu signature": lambda s: feishu_message(s, {}, key="x" * 32),
    "feishu stale message": lambda s: feishu_message(s, {}, ago_s=HOURS_9_S),
    "feishu stale click": lambda s: feishu_click(s, {}, ago_s=1801),
    "feishu not encrypted": lambda s: feishu_body(s, b'{"header": {"event_type": "im.message.receive_v1"}}'),
    "feishu garbled": lambda s: feishu_body(s, b'{"encrypt": "AAAA"}'),
    "feishu token": lambda s: feishu_message(s, {"header.token": "another"}),
    "feishu app": lambda s: feishu_message(s, {"header.app_id": "cli_another"}),
    "feishu tenant": lambda s: feishu_message(s, {"header.tenant_key": "tenant-2"}),
    "feishu partner": lambda s: feishu_message(s, {"event.sender.tenant_key": "tenant-2"}),
    "feishu click of a partner": lambda s: feishu_click(s, {"event.operator.tenant_key": "tenant-2"}),
    "feishu nobody": lambda s: feishu_message(s, {"event.sender.sender_id": {}}),
    "dingtalk signature": lambda s: dingtalk_message(s, {}, secret="x" * 32),
    "dingtalk stale": lambda s: dingtalk_message(s, {}, ago_s=3601),
    "dingtalk stale message": lambda s: dingtalk_message(s, {"createAt": 1_700_000_000_000}),
    "dingtalk not encrypted": lambda s: dingtalk_message(s, {}, encrypted=False),
    "dingtalk other key": lambda s: dingtalk_message(s, {}, aes_key=b"x" * 32),
    "dingtalk partner": lambda s: dingtalk_message(s, {"senderCorpId": "corp-2"}),
    "dingtalk other robot": lambda s: dingtalk_message(s, {"chatbotCorpId": "corp-2"}),
    "dingtalk guest": lambda s: dingtalk_message(s, {"senderStaffId": None}),
}
NOT_ASKED: dict[str, Callable[[Settings], Forged]] = {
    "slack other interaction": lambda s: slack_payload(s, type="view_submission"),
    "slack shortcut": lambda s: slack_payload(s, type="message_action", actions=[]),
    "slack event": lambda s: slack_form(s, {"type": "event_callback"}),
    "slack probe": lambda s: slack_form(s, {"ssl_check": "1"}),
    "feishu other event": lambda s: feishu_message(s, {"header.event_type": "im.chat.disbanded_v1"}),
    "feishu robot": lambda s: feishu_message(s, {"event.sender.sender_type": "app"}),
    "feishu picture": lambda s: feishu_message(s, {"event.message.message_type": "image"}),
    "feishu nobody mentioned": lambda s: feishu_message(s, {"event.message.mentions": []}),
    "feishu no value": lambda s: feishu_click(s, {"event.action": {"tag": "select_static"}}),
    "dingtalk picture": lambda s: dingtalk_message(s, {"msgtype": "picture", "text": None}),
    "dingtalk rich text": lambda s: dingtalk_message(s, {"msgtype": "richText"}),
    "dingtalk no conversation": lambda s: dingtalk_message(s, {"conversationId": None}),
}


@pytest.fixture(scope="module")
def gate() -> Iterator[FcGate]:
    with FcGate() as made:
        yield made


@pytest.fixture(scope="module")
def gated(make_functions: MakeFunctions, world_evidence: Evidence, gate: FcGate) -> Iterator[ChatWorld]:
    with chat_world(make_functions, world_evidence, REWIND_FC_ENDPOINT=gate.url) as world:
        yield world


@pytest.fixture(scope="module")
def chats(make_functions: MakeFunctions, world_evidence: Evidence) -> Iterator[ChatWorld]:
    with chat_world(make_functions, world_evidence) as world:
        yield world


def send(world: ChatWorld, forged: Forged) -> Answer:
    return world.slack.functions.send("POST", f"/chatops/{forged.platform}", forged.headers, forged.body)


@pytest.mark.parametrize("name", UNPROVEN)
def test_what_is_not_proven_is_refused_alike_and_handed_to_nobody(
    gated: ChatWorld, gate: FcGate, shop: Shop, name: str
) -> None:
    before = len(gate.held())

    answer = send(gated, UNPROVEN[name](gated.slack.settings))

    assert (answer.status, answer.body) == (401, b'{"error": "not_authenticated"}')
    assert len(gate.held()) == before
    assert shop.calls(journal=True) == gated.platforms.posts() == []


@pytest.mark.parametrize("name", NOT_ASKED)
def test_what_asks_for_nothing_is_taken_and_nothing_comes_of_it(
    gated: ChatWorld, gate: FcGate, shop: Shop, name: str
) -> None:
    before = len(gate.held())

    answer = send(gated, NOT_ASKED[name](gated.slack.settings))

    assert (answer.status, answer.body) in {(200, b""), (200, b"{}")}
    assert len(gate.held()) == before
    assert shop.calls(journal=True) == gated.platforms.posts() == []


def test_a_command_of_another_workspace_is_told_so_in_private(gated: ChatWorld, gate: FcGate, shop: Shop) -> None:
    before = len(gate.held())

    answer = send(gated, slack_command(gated.slack.settings, team_id="T0PARTNER"))

    assert (answer.status, answer.json["response_type"]) == (200, "ephemeral")
    assert "another workspace" in answer.json["text"]
    assert len(gate.held()) == before
    assert shop.calls(journal=True) == []


SOUND: dict[str, Callable[[Settings], Forged]] = {
    "slack": slack_command,
    "feishu": lambda s: feishu_message(s, {}),
    "dingtalk": lambda s: dingtalk_message(s, {}),
}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_forgers_could_do_it_right(chats: ChatWorld, shop: Shop, platform: str) -> None:
    chats.shows(lambda: send(chats, SOUND[platform](chats.slack.settings)), "Plan to rewind")

    assert shop.writes() == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_replayed_request_is_handed_over_once(chats: ChatWorld, shop: Shop, platform: str) -> None:
    forged = SOUND[platform](chats.slack.settings)

    before = len(chats.platforms.posts())
    answers = [send(chats, forged) for _ in range(4)]
    chats.waits("Plan to rewind", before)
    # A second hand-over would have been begun before what was asked for later has been shown.
    chats.shows(lambda: chats.people[platform].types("describe orders"), "Where it stands")

    plans = [call for call in shop.calls(journal=True) if call["operation"] == "PutLogs"]
    assert [answer.status for answer in answers] == [200] * 4
    assert len(plans) == 1
    assert shop.writes() == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_ten_thousand_characters_are_not_read(chats: ChatWorld, shop: Shop, platform: str) -> None:
    person = chats.people[platform]
    before, answers = len(chats.platforms.posts()), [person.types("rewind orders 1h because " + "x" * 10_000)]
    told = told_at_once(answers[0]) or chats.waits("longer than", before).text

    assert answers[0].status == 200
    assert "longer than 2000 characters" in told.replace(",", "")
    assert "xxx" not in told
    assert shop.calls(journal=True) == []


@pytest.mark.parametrize("value", ["", "abcdefghij.x", "x" * 2000, "{}", "../../apply"])
@pytest.mark.parametrize("platform", ["slack", "feishu"])
def test_a_forged_button_does_nothing(chats: ChatWorld, shop: Shop, platform: str, value: str) -> None:
    forged = {
        "slack": lambda: chats.slack.send(chats.slack.press(PRESSED, "apply", value=value)),
        "feishu": lambda: send(
            chats, feishu_click(chats.slack.settings, {"event.action.value": {"action": "apply", "value": value}})
        ),
    }

    told = chats.shows(forged[platform], MADE_ELSEWHERE)

    assert_private(told)
    assert shop.calls(journal=True) == []


PRESSED = Post("hooks.slack.com", "/commands/T/1", {"response_type": "in_channel"}, "")


def assert_private(post: Post) -> None:
    """Hold that only the one who asked sees it, and no trace of code is in it."""
    assert post.body.get("response_type") == "ephemeral" or "receive_id" in post.body
    assert not any(trace in post.text for trace in ("Traceback", ".py", "Error("))


def test_a_slack_button_of_another_channel_does_nothing(chats: ChatWorld, shop: Shop) -> None:
    plan = chats.slack.say("rewind orders 1h")

    told = chats.slack.click(plan, "apply", channel="C0ELSEWHERE")

    assert MADE_ELSEWHERE in told.text
    assert_private(told)
    assert shop.writes() == []


def test_a_feishu_button_of_another_group_does_nothing(chats: ChatWorld, shop: Shop) -> None:
    plan = chats.feishu.say("rewind orders 1h")

    told = chats.shows(lambda: chats.feishu.click(plan, "apply", chat="oc_elsewhere"), MADE_ELSEWHERE)

    assert_private(told)
    assert shop.writes() == []


def test_a_button_of_another_message_does_not_do_what_this_one_says(chats: ChatWorld, shop: Shop) -> None:
    plan = chats.slack.say("rewind orders 1h")
    done = chats.slack.click(plan, "apply")
    writes = len(shop.writes())

    told = [
        chats.slack.click(plan, "apply", value=done.buttons["undo"]),
        chats.slack.click(done, "undo", value=plan.buttons["apply"]),
    ]

    assert all(MADE_ELSEWHERE in post.text for post in told)
    assert len(shop.writes()) == writes


def test_a_button_of_slack_is_none_of_feishus(chats: ChatWorld, shop: Shop) -> None:
    value = {"action": "apply", "value": chats.slack.say("rewind orders 1h").buttons["apply"]}
    changes = {"event.action.value": value, "event.context.open_chat_id": "C0INCIDENT"}

    chats.shows(lambda: send(chats, feishu_click(chats.slack.settings, changes)), MADE_ELSEWHERE)

    assert shop.writes() == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_somebody_whom_no_rule_names_is_told_no_more_than_that(chats: ChatWorld, shop: Shop, platform: str) -> None:
    say: dict[str, Callable[[], object]] = {
        "slack": lambda: chats.slack.send(chats.slack.command("rewind orders 1h", user="U0GUEST")),
        "feishu": lambda: chats.feishu.send(chats.feishu.message("rewind orders 1h", "om_guest1", "ou_guest")),
        "dingtalk": lambda: chats.dingtalk.send(chats.dingtalk.message("rewind orders 1h", "guest-session", "guest")),
    }

    told = chats.shows(say[platform], "no rule of policy.toml allows this")

    assert "shop" not in told.text
    assert shop.calls(journal=True) == []


@pytest.mark.parametrize("platform", ["slack", "feishu"])
def test_somebody_whom_no_rule_names_cannot_confirm_what_others_see(
    chats: ChatWorld, shop: Shop, platform: str
) -> None:
    plan = chats.shows(lambda: chats.people[platform].types("rewind orders 1h"), "Plan to rewind")
    press: dict[str, Callable[[], object]] = {
        "slack": lambda: chats.slack.send(chats.slack.press(plan, "apply", user="U0GUEST")),
        "feishu": lambda: chats.feishu.click(plan, "apply", user="ou_guest"),
    }

    told = chats.shows(press[platform], "no rule of policy.toml allows this")

    assert_private(told)
    assert shop.writes() == []


def test_a_guest_of_another_platform_cannot_confirm_a_plan_by_its_name(chats: ChatWorld, shop: Shop) -> None:
    plan_id = buttons_of(chats.feishu.say("rewind orders 1h"))["apply"]["value"].partition(".")[0]

    chats.shows(
        lambda: chats.dingtalk.send(chats.dingtalk.message(f"apply {plan_id}", "another-session", "guest")),
        "no rule of policy.toml allows this",
    )

    assert shop.writes() == []


def test_feishus_check_of_the_url_is_answered_cold_and_asks_nobody(
    make_functions: MakeFunctions, world_evidence: Evidence, shop: Shop
) -> None:
    with chat_world(make_functions, world_evidence) as cold:
        answer = send(cold, feishu_challenge(cold.slack.settings, "ajls384kdjx98XX"))
        wrong = send(
            cold, feishu_challenge({**cold.slack.settings, "REWIND_FEISHU_TOKEN": "another"}, "ajls384kdjx98XX")
        )

    assert (answer.status, answer.json) == (200, {"challenge": "ajls384kdjx98XX"})
    assert wrong.status == 401
    assert shop.calls(journal=True) == []
