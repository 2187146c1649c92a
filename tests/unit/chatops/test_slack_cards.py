import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from slack_sdk.models.blocks import Block

from shared.chatops import slack
from shared.chatops.messages import Audience, Card, Offer
from tests.unit.chatops.drawn import FEW, HOSTILE, PREVIEW, cards
from tests.unit.chatops.sent import RESPONSE_URL, SLACK

COMMAND = {"response_url": RESPONSE_URL}
PUBLIC_CLICK = {"response_url": RESPONSE_URL, "original": "channel"}
PRIVATE_CLICK = {"response_url": RESPONSE_URL, "original": "ephemeral"}


def bodies(card: Card, reply: dict[str, str] = COMMAND, *, person: str = "U2147483697") -> list[Any]:
    return [chat_post.body for chat_post in slack.render(card, reply, person, SLACK)]


def body(card: Card, reply: dict[str, str] = COMMAND) -> Any:  # noqa: ANN401 -- any JSON document
    (one,) = bodies(card, reply)
    return one


def texts_in(found: object) -> list[str]:
    """Return every text that people would see, markup and all."""
    if isinstance(found, dict):
        own = [found["text"]] if isinstance(found.get("text"), str) else []
        return own + [text for value in found.values() for text in texts_in(value)]
    return [text for one in found for text in texts_in(one)] if isinstance(found, list) else []


def mrkdwn_in(found: object) -> list[str]:
    if isinstance(found, dict):
        own = [found["text"]] if found.get("type") == "mrkdwn" else []
        return own + [text for value in found.values() for text in mrkdwn_in(value)]
    return [text for one in found for text in mrkdwn_in(one)] if isinstance(found, list) else []


def test_a_preview_is_a_header_text_table_buttons_and_a_footer() -> None:
    blocks = body(PREVIEW)["blocks"]

    assert [block["type"] for block in blocks] == ["header", "section", "section", "actions", "context"]
    assert blocks[0]["text"]["text"] == "Rewind shop/orders/billing by 2h?"
    assert blocks[1]["text"]["text"].splitlines()[1] == "Replays 7,200 log groups."
    assert blocks[2]["text"]["text"] == (
        "```\nshard  from      to\n0      02:00:28  00:00:28\n1      01:59:07  00:00:28\n```"
    )
    assert blocks[4]["elements"][0]["text"] == "<@U2147483697> · plan q7h3kd2m5x"


def test_apply_asks_once_more_and_cancel_does_not() -> None:
    apply, cancel = body(PREVIEW)["blocks"][3]["elements"]

    assert (apply["action_id"], apply["value"], apply["style"]) == ("apply", "v1.apply", "danger")
    assert apply["confirm"]["text"]["text"] == PREVIEW.title
    assert (cancel["action_id"], cancel["value"]) == ("cancel", "v1.cancel")
    assert not {"style", "confirm"} & set(cancel)


def test_a_text_stands_in_where_blocks_are_not_shown() -> None:
    assert body(PREVIEW)["text"].splitlines()[:2] == [PREVIEW.title, PREVIEW.lines[0]]
    assert body(Card(title=""))["text"] == "sls-rewind"


def test_the_ids_of_buttons_differ_within_a_message() -> None:
    undo = Offer("Undo", "undo", "x", "undo orders")

    elements = body(Card(title="Done", offers=(undo, undo, undo)))["blocks"][1]["elements"]

    assert [element["action_id"] for element in elements] == ["undo", "undo:2", "undo:3"]


@pytest.mark.parametrize(("audience", "response_type"), [("channel", "in_channel"), ("person", "ephemeral")])
def test_who_sees_it_is_said(audience: Audience, response_type: str) -> None:
    assert body(replace(PREVIEW, audience=audience))["response_type"] == response_type


def test_a_private_card_mentions_nobody() -> None:
    assert "<@" not in json.dumps(body(replace(PREVIEW, audience="person")))


def test_a_person_that_is_no_id_of_slack_is_not_mentioned() -> None:
    (one,) = bodies(PREVIEW, person="!everyone")

    assert "<" not in json.dumps(one)


def test_the_outcome_takes_the_place_of_the_buttons() -> None:
    outcome = replace(PREVIEW, replaces=True)

    assert body(outcome, PUBLIC_CLICK)["replace_original"] is True
    assert body(replace(outcome, audience="person"), PRIVATE_CLICK)["replace_original"] is True
    assert body(outcome, COMMAND)["replace_original"] is False
    assert body(PREVIEW, PUBLIC_CLICK)["replace_original"] is False


def test_a_private_answer_never_takes_the_place_of_what_everybody_sees() -> None:
    refusal = replace(PREVIEW, audience="person", replaces=True)

    assert body(refusal, PUBLIC_CLICK)["replace_original"] is False


def test_what_was_private_is_posted_anew_for_everybody_and_then_deleted() -> None:
    shown, deleted = bodies(replace(PREVIEW, replaces=True), PRIVATE_CLICK)

    assert (shown["response_type"], shown["replace_original"]) == ("in_channel", False)
    assert deleted == {"delete_original": True}


def test_without_a_way_to_answer_nothing_is_posted() -> None:
    assert bodies(PREVIEW, {}) == []


def test_the_url_is_not_in_what_a_post_prints() -> None:
    assert "hooks.slack.com" not in repr(slack.render(PREVIEW, COMMAND, "U1", SLACK))


@FEW
@given(cards)
def test_every_card_is_within_slacks_limits(card: Card) -> None:
    for one in bodies(card, PUBLIC_CLICK):
        parsed = [Block.parse(block) for block in one["blocks"]]
        assert None not in parsed
        for block in parsed:
            assert block is not None
            block.validate_json()
            block.to_dict()
        assert len(parsed) <= 50
        assert 1 <= len(one["text"]) <= 4000
        _check_limits(one["blocks"])


def _check_limits(blocks: list[Any]) -> None:
    for block in blocks:
        if block["type"] == "section":
            assert 1 <= len(block["text"]["text"]) <= 3000
        if block["type"] == "header":
            assert 1 <= len(block["text"]["text"]) <= 150
        if block["type"] == "actions":
            ids = [element["action_id"] for element in block["elements"]]
            assert len(ids) == len(set(ids)) <= 25
            assert all(1 <= len(element["text"]["text"]) <= 75 for element in block["elements"])
            confirms = [element["confirm"] for element in block["elements"] if "confirm" in element]
            assert all(len(one["title"]["text"]) <= 100 and len(one["text"]["text"]) <= 300 for one in confirms)
            assert all(len(one["confirm"]["text"]) <= 30 and len(one["deny"]["text"]) <= 30 for one in confirms)


@FEW
@given(cards)
def test_nothing_in_a_card_comes_alive(card: Card) -> None:
    found = bodies(card, person="")
    for text in texts_in(found):
        assert not set("<>@") & set(text)
        assert "://" not in text
    for text in mrkdwn_in(found):
        inside = text.removeprefix("```\n").removesuffix("\n```")
        assert "`" not in inside
        assert inside != text or not set("*~") & set(text)


def test_no_mrkdwn_is_parsed_for_plain_words() -> None:
    texts = [block["text"] for block in body(PREVIEW)["blocks"] if block["type"] == "section"]

    assert all(text["verbatim"] is True for text in texts)


def test_hostile_lines_keep_to_their_own_line() -> None:
    card = Card(title="x", lines=HOSTILE)
    shown = [line for text in texts_in(body(card)["blocks"]) for line in text.splitlines()]

    assert not [line for line in shown if line.startswith(("&gt;", ">"))]
    assert len(shown) <= 1 + len(HOSTILE) + 1


def test_many_lines_are_counted_and_not_lost() -> None:
    lines = tuple(f"line {number} {'x' * 280}" for number in range(60))

    blocks = body(Card("x", lines))["blocks"]
    sections = [block["text"]["text"] for block in blocks if block["type"] == "section"]

    assert len(sections) == 3
    shown = sum(text.count("line ") for text in sections)
    assert sections[-1].endswith(f"… {60 - shown} more")


def test_a_long_table_is_cut_with_a_count() -> None:
    table = (("shard", "to"), *((str(number), "x" * 39) for number in range(100)))

    text = body(Card(title="x", table=table))["blocks"][1]["text"]["text"]

    assert text.startswith("```\n")
    assert text.endswith(" more\n```")
