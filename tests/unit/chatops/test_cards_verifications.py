"""Whether it held, as it is posted some time after an apply."""

import pytest

from shared.planning.liveness import NOT_IN_EFFECT
from shared.results import AttributeChange, Attributes, Notice
from tests.unit.chatops.plain import plain_lines
from tests.unit.chatops.shown import NOT_YET, OPERATION_ID, UNDO, later_card, verdict, verified

GOLDEN = """\
It was overwritten: shop/orders/billing
---------------------------------------
Done by slack:T024BE7LD/U061F7AUR.
Shard 2: overwritten, by consumer-1 at 02:01:10 UTC (10:01:10 Asia/Shanghai).
Shard 4: not moved.
Shard 3: held, consumers have gone on from there, by consumer-2 at 02:01:10 UTC (10:01:10
Asia/Shanghai).
Shards 0-1: held.

shard  verdict      written (UTC)   by
2      overwritten  11-20 02:01:10  consumer-1
4      not moved    11-20 02:01:10
3      progressed   11-20 02:01:10  consumer-2
0      held         11-20 02:01:10
1      held         11-20 02:01:10

[ Undo ]  undo shop/orders/billing k3jx2m5q7aaaaaaa

sls-rewind, operation k3jx2m5q7aaaaaaa"""


def test_every_verdict_is_told_the_worst_first_and_by_whom() -> None:
    found = verified(
        verdict(0, "held"),
        verdict(1, "held"),
        verdict(2, "overwritten", consumer="consumer-1"),
        verdict(3, "progressed", consumer="consumer-2"),
        verdict(4, "not_moved"),
        next=(UNDO,),
    )

    assert "\n".join(plain_lines(later_card(found))) == GOLDEN


def test_what_has_held_can_be_undone_too_and_everybody_sees_it() -> None:
    shown = later_card(verified(verdict(0, "held"), verdict(1, "progressed", consumer="consumer-1")))

    assert (shown.title, shown.audience, shown.replaces) == ("It has held: shop/orders/billing", "channel", False)
    assert [(offer.action, offer.value) for offer in shown.offers] == [("undo", OPERATION_ID)]


def test_a_later_operation_of_ours_is_named_as_the_one_that_wrote() -> None:
    shown = later_card(verified(verdict(0, "overwritten", operation_id="zzzzzzzzzzzzzzzz")))

    assert shown.lines[1].startswith("Shard 0: moved since, by operation zzzzzzzzzzzzzzzz at ")


@pytest.mark.parametrize(("code", "did"), [("taken_back", "taken back by"), ("moved_on", "moved on by")])
def test_what_an_operation_of_ours_moved_since_is_no_alarm(code: str, did: str) -> None:
    verdicts = verdict(0, "overwritten", operation_id="zzzzzzzzzzzzzzzz"), verdict(1, "not_moved")

    shown = later_card(verified(*verdicts, warnings=(Notice(code, f"{did} operation zzzzzzzzzzzzzzzz"),)))

    assert shown.title == f"{did.capitalize()} operation zzzzzzzzzzzzzzzz: shop/orders/billing"
    assert (shown.offers, any("Note:" in line for line in shown.lines)) == ((), False)


def test_attributes_that_we_took_back_are_no_alarm() -> None:
    change = AttributeChange(Attributes(120, order=False), Attributes(60, order=False))

    shown = later_card(verified(consumer_group=change, warnings=(Notice("taken_back", "taken back by operation z"),)))

    assert shown.title == "Taken back by operation z: shop/orders/billing"
    assert shown.lines[-1] == "Attributes: moved since; now timeout 60 s, order off."


def test_what_a_consumer_still_holds_stands_but_has_not_held() -> None:
    verdicts = verdict(0, "held", consumer="consumer-1"), verdict(1, "held")

    shown = later_card(verified(*verdicts, warnings=(NOT_YET,)))

    assert shown.title == f"{NOT_IN_EFFECT.replace('Written', 'Stands as written')}: shop/orders/billing"
    assert shown.lines[1].startswith("shard 0 is held by consumer-1")
    assert shown.lines[2:] == ("Shard 0: as written, not in effect: held by consumer-1.", "Shard 1: held.")
    assert [row[1] for row in shown.table] == ["verdict", "not in effect", "held"]


def test_what_is_not_in_effect_and_was_not_all_written_says_both() -> None:
    shown = later_card(
        verified(verdict(0, "held", consumer="consumer-1"), verdict(1, "not_moved"), warnings=(NOT_YET,))
    )

    assert shown.title.endswith("until the consumer releases the shard, and only in part: shop/orders/billing")


def test_what_was_refused_was_not_written_in_part() -> None:
    shown = later_card(verified(verdict(0, "not_moved"), verdict(1, "not_moved")))

    assert (shown.title, shown.offers) == ("Nothing was written: shop/orders/billing", ())


def test_attributes_that_were_never_written_are_not_overwritten() -> None:
    change = AttributeChange(Attributes(120, order=False), Attributes(60, order=False))

    shown = later_card(verified(consumer_group=change, warnings=(Notice("not_written", "not written"),)))

    assert shown.title == "Nothing was written: shop/orders/billing"
    assert shown.lines[-1] == "Attributes: never written; now timeout 60 s, order off."


def test_what_cannot_be_told_apart_is_told_as_both() -> None:
    shown = later_card(verified(verdict(0, "caught_up_or_overwritten", consumer="consumer-1")))

    assert shown.title == "It held, or was overwritten: shop/orders/billing"
    assert shown.lines[1].startswith("Shard 0: caught up again, or overwritten, by consumer-1")


def test_attributes_that_a_consumer_changed_back_are_told_with_what_they_are() -> None:
    change = AttributeChange(Attributes(120, order=False), Attributes(60, order=False))

    shown = later_card(verified(consumer_group=change))

    assert shown.title == "It was overwritten: shop/orders/billing"
    assert shown.lines[-1] == "Attributes: not as they were written; now timeout 60 s, order off."


def test_attributes_that_held_are_told() -> None:
    same = Attributes(120, order=True)

    shown = later_card(verified(consumer_group=AttributeChange(same, same)))

    assert (shown.title, shown.lines[-1]) == ("It has held: shop/orders/billing", "Attributes: held.")
