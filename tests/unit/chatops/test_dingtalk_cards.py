import re
from typing import Any
from urllib.parse import unquote

from hypothesis import given

from shared.chatops import dingtalk
from shared.chatops.messages import Card, Offer
from tests.unit.chatops.drawn import FEW, HOSTILE, PREVIEW, cards
from tests.unit.chatops.sent import DINGTALK, SESSION_WEBHOOK

REPLY = {"session_webhook": SESSION_WEBHOOK, "expires_unix": "1794210076"}


def body(card: Card) -> Any:  # noqa: ANN401 -- any JSON document
    (chat_post,) = dingtalk.render(card, REPLY, "manager4220", DINGTALK)
    assert chat_post.url == SESSION_WEBHOOK
    return chat_post.body


def text_of(card: Card) -> str:
    return str(body(card)["markdown"]["text"])


def test_a_preview_is_markdown_that_mentions_the_person_alone() -> None:
    found = body(PREVIEW)

    assert (found["msgtype"], found["at"]) == ("markdown", {"atUserIds": ["manager4220"], "isAtAll": False})
    assert found["markdown"]["title"] == PREVIEW.title
    paragraphs = found["markdown"]["text"].split("\n\n")
    assert paragraphs[0] == f"#### {PREVIEW.title}"
    assert "0 · 02:00:28 · 00:00:28" in paragraphs
    assert paragraphs[-2:] == ["plan q7h3kd2m5x", "@manager4220"]


def test_an_offer_names_the_text_to_send_and_links_to_it() -> None:
    assert (
        "Apply: send apply q7h3kd2m5x or press [Apply](dtmd://dingtalkclient/sendMessage?content=apply%20q7h3kd2m5x)"
    ) in text_of(PREVIEW)


def test_an_offer_without_a_text_is_left_out() -> None:
    assert "Cancel" not in text_of(PREVIEW)


def test_without_a_way_to_answer_nothing_is_posted() -> None:
    assert dingtalk.render(PREVIEW, {}, "manager4220", DINGTALK) == []


def test_the_url_is_not_in_what_a_post_prints() -> None:
    assert "session" not in repr(dingtalk.render(PREVIEW, REPLY, "manager4220", DINGTALK))


def test_a_command_in_a_link_cannot_leave_it() -> None:
    offer = Offer("Undo", "undo", "x", "undo a) [b](http://evil.example)")

    (link,) = re.findall(r"\[Undo\]\(([^)]*)\)", text_of(Card(title="x", offers=(offer,))))

    assert unquote(link).startswith("dtmd://dingtalkclient/sendMessage?content=undo a) [b](http\uff1a//")


_OUR_LINK = re.compile(r"\]\(dtmd://dingtalkclient/sendMessage\?content=[A-Za-z0-9%._~-]*\)")


@FEW
@given(cards)
def test_nothing_in_a_card_comes_alive(card: Card) -> None:
    text = text_of(card)

    quiet = _OUR_LINK.sub("](", text).removesuffix("@manager4220")
    assert "://" not in quiet
    assert not set("@<>`*~|\\") & set(quiet)
    assert quiet.count("](") == sum(bool(offer.text) for offer in card.offers)
    assert not re.search(r"\n(?:#|[-+=]|[0-9]+[.)]|>)", quiet)
    assert len(text) <= 20_000


def test_hostile_lines_begin_no_markup() -> None:
    text = text_of(Card(title="x", lines=HOSTILE))

    assert "evil.example" in text
    assert not [line for line in text.splitlines()[1:] if line.startswith(("#", "-", ">", "1.", "|"))]


def test_many_lines_are_counted_and_not_lost() -> None:
    lines = tuple(f"line {number} {'x' * 280}" for number in range(60))

    text = text_of(Card(title="x", lines=lines))

    assert f"… {60 - text.count('line ')} more" in text
