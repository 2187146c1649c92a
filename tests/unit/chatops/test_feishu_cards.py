import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from shared.chatops import feishu
from shared.chatops.messages import Card, ChatPost
from shared.errors import RewindError
from tests.unit.chatops.drawn import FEW, PREVIEW, cards
from tests.unit.chatops.sent import FEISHU

GROUP = {"message_id": "om_5ce6d5", "chat_id": "oc_5ce6d5", "chat_type": "group"}
PRIVATE = {**GROUP, "chat_type": "p2p"}
CLICK = {"message_id": "om_aaaaaa", "chat_id": "oc_5ce6d5", "token": "c-295ee57216a5"}
API = "https://open.feishu.cn/open-apis"
PERSON = "ou_84aad35d084aa403"


def render(card: Card, reply: dict[str, str] = GROUP) -> ChatPost:
    (chat_post,) = feishu.render(card, reply, PERSON, FEISHU, token="t-secret")
    return chat_post


def card_in(chat_post: ChatPost) -> Any:  # noqa: ANN401 -- any JSON document
    return chat_post.body.get("card") or json.loads(str(chat_post.body["content"]))


def elements(card: Card) -> list[Any]:
    found: list[Any] = card_in(render(card))["elements"]
    return found


def test_a_card_answers_the_message_by_the_api() -> None:
    chat_post = render(PREVIEW)

    assert chat_post.url == f"{API}/im/v1/messages/om_5ce6d5/reply"
    assert chat_post.headers == {"Authorization": "Bearer t-secret"}
    assert chat_post.body["msg_type"] == "interactive"
    assert 1 <= len(str(chat_post.body["uuid"])) <= 50


def test_the_same_card_is_sent_once_and_another_one_again() -> None:
    uuids = [render(card).body["uuid"] for card in (PREVIEW, PREVIEW, replace(PREVIEW, title="Applied"))]

    assert uuids[0] == uuids[1] != uuids[2]


def test_a_preview_is_text_rows_buttons_and_a_note() -> None:
    shown = card_in(render(PREVIEW))

    assert shown["header"]["title"] == {"tag": "plain_text", "content": PREVIEW.title}
    assert [element["tag"] for element in shown["elements"]] == [
        "div",
        "column_set",
        "column_set",
        "column_set",
        "action",
        "note",
    ]
    assert shown["elements"][0]["text"]["content"].splitlines()[1] == "Replays 7,200 log groups."
    cells = [column["elements"][0]["text"]["content"] for column in shown["elements"][2]["columns"]]
    assert cells == ["0", "02:00:28", "00:00:28"]


def test_buttons_carry_what_a_click_brings_back() -> None:
    apply, cancel = elements(PREVIEW)[4]["actions"]

    assert (apply["value"], apply["type"]) == ({"action": "apply", "value": "v1.apply"}, "danger")
    assert apply["confirm"]["text"]["content"] == PREVIEW.title
    assert (cancel["value"], cancel["type"]) == ({"action": "cancel", "value": "v1.cancel"}, "default")
    assert "confirm" not in cancel


def test_the_outcome_takes_the_place_of_the_buttons() -> None:
    chat_post = render(replace(PREVIEW, replaces=True), CLICK)

    assert chat_post.url == f"{API}/interactive/v1/card/update"
    assert chat_post.body["token"] == "c-295ee57216a5"
    assert card_in(chat_post)["config"]["update_multi"] is True


def test_another_card_after_a_click_answers_its_message() -> None:
    assert render(PREVIEW, CLICK).url == f"{API}/im/v1/messages/om_aaaaaa/reply"


@pytest.mark.parametrize("reply", [GROUP, CLICK])
@pytest.mark.parametrize("replaces", [True, False])
def test_a_private_card_comes_to_the_person_alone(reply: dict[str, str], *, replaces: bool) -> None:
    chat_post = render(replace(PREVIEW, audience="person", replaces=replaces), reply)

    assert chat_post.url == f"{API}/im/v1/messages?receive_id_type=open_id"
    assert chat_post.body["receive_id"] == PERSON


def test_a_private_card_answers_in_a_conversation_of_two() -> None:
    assert render(replace(PREVIEW, audience="person"), PRIVATE).url == f"{API}/im/v1/messages/om_5ce6d5/reply"


@pytest.mark.parametrize("message_id", ["", "../../x", "a/b", "a?b", "x" * 200])
def test_an_id_that_is_none_stands_in_no_path(message_id: str) -> None:
    assert render(PREVIEW, {"message_id": message_id}).url == f"{API}/im/v1/messages?receive_id_type=open_id"


def test_lark_is_called_at_its_own_host() -> None:
    settings = replace(FEISHU, host="open.larksuite.com")

    (chat_post,) = feishu.render(PREVIEW, GROUP, PERSON, settings, token="t")

    assert chat_post.url.startswith("https://open.larksuite.com/open-apis/")
    assert feishu.token_request(settings).url.startswith("https://open.larksuite.com/open-apis/")


def test_the_token_is_asked_for_in_the_apps_name() -> None:
    chat_post = feishu.token_request(FEISHU)

    assert chat_post.url == f"{API}/auth/v3/tenant_access_token/internal"
    assert chat_post.body == {"app_id": FEISHU.app_id, "app_secret": FEISHU.app_secret}
    assert FEISHU.app_secret not in repr(chat_post)


def test_the_token_is_read() -> None:
    assert feishu.read_token({"code": 0, "tenant_access_token": "t-caecc734c2e3328a", "expire": 7140}) == (
        "t-caecc734c2e3328a"
    )


@pytest.mark.parametrize(
    "answer", [None, {}, {"code": 10003}, {"tenant_access_token": 7}, {"tenant_access_token": "a\r\nb: c"}], ids=ascii
)
def test_an_answer_without_token_is_an_error(answer: dict[str, object] | None) -> None:
    with pytest.raises(RewindError) as caught:
        feishu.read_token(answer)

    assert caught.value.code == "chat_token_refused"


def test_secrets_are_not_in_what_a_post_prints() -> None:
    assert "t-secret" not in repr(render(PREVIEW))
    assert "c-295ee57216a5" not in repr(render(replace(PREVIEW, replaces=True), CLICK))


def contents_in(found: object) -> list[str]:
    if isinstance(found, dict):
        own = [found["content"]] if "content" in found else []
        return own + [text for value in found.values() for text in contents_in(value)]
    return [text for one in found for text in contents_in(one)] if isinstance(found, list) else []


@FEW
@given(cards)
def test_every_card_is_within_feishus_limits_and_nothing_in_it_comes_alive(card: Card) -> None:
    shown = card_in(render(card))

    assert len(json.dumps(shown, ensure_ascii=False).encode()) <= 30 * 1024
    assert not set("<>@") & set("".join(contents_in(shown)))
    assert "://" not in "".join(contents_in(shown))
    assert "lark_md" not in json.dumps(shown)
    assert "markdown" not in json.dumps(shown)


def test_a_long_table_is_cut_with_a_count() -> None:
    table = tuple((str(number), "x" * 40, "y" * 40) for number in range(200))

    *rows, last = elements(Card(title="x", table=table))

    assert last["text"]["content"] == f"… {200 - len(rows)} more"
