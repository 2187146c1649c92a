"""Plans in chat: what is to be seen before anybody applies one."""

from dataclasses import replace

import pytest

from shared.chatops.messages import Offer
from shared.planning.liveness import NOT_IN_EFFECT
from shared.positions import iso_utc
from shared.results import Error, Notice, Position, ShardResult, Sight
from tests.unit.chatops.plain import plain_lines
from tests.unit.chatops.shown import (
    APPLY,
    NOW_UNIX,
    PLAN_ID,
    attributes,
    card,
    planned,
    shard,
)

BY_RECEIPT = Notice("receive_time", "to is 2026-11-19T23:50:28Z: a time means when SLS received the data")
WOULD_NOT_YET = Notice(
    "not_in_effect",
    f"{NOT_IN_EFFECT.replace('Written', 'Would be written')}: shard 0 is held by consumer-1, which has written nothing "
    "for 1 h 00 min. To be safe: stop all consumers.",
)
HELD = Sight(goal_unix=int(NOW_UNIX) - 7800, consumers="held", holders=("consumer-1",))
GOLDEN = """\
Plan to rewind, nothing is written yet: shop/orders/billing
-----------------------------------------------------------
Would be written, but not in effect until the consumer releases the shard: shard 0 is held by
consumer-1, which has written nothing for 1 h 00 min. To be safe: stop all consumers.
Asked for by slack:T024BE7LD/U061F7AUR.
To 2026-11-19T23:50:28Z (2026-11-20 07:50:28 Asia/Shanghai): a time means when SLS received the
data, not when it was consumed; if the group lagged then, go back further by that lag.
4 shards (0-3) would go back by up to 2 h 00 min: 28800 log groups would come again. Last consumed,
by receive time: before 2026-11-20T01:50:28Z, after 2026-11-19T23:50:28Z.
Lag of the worst shard: 10 min 00 s now, 2 h 10 min after; log groups not consumed yet: 2400 now,
31200 after.
Consumers: held by consumer-1.
Applies until 02:15:10 UTC (10:15:10 Asia/Shanghai), 14 min left.

shard  what  log groups  from (UTC)      to (UTC)
0      back  7200 again  11-20 01:50:28  11-19 23:50:28
1      back  7200 again  11-20 01:50:28  11-19 23:50:28
2      back  7200 again  11-20 01:50:28  11-19 23:50:28
3      back  7200 again  11-20 01:50:28  11-19 23:50:28

[ Apply ]  apply q7h3kd2m5x
[ Cancel ]  cancel q7h3kd2m5x

sls-rewind, plan q7h3kd2m5x, FC request 1-65f0-abc"""


def line(lines: tuple[str, ...], beginning: str) -> str:
    """Return the one line that begins so."""
    (found,) = (line for line in lines if line.startswith(beginning))
    return found


def test_a_plan_shows_all_that_a_decision_needs() -> None:
    shown = card(planned(sight=HELD, warnings=(WOULD_NOT_YET, BY_RECEIPT)))

    assert "\n".join(plain_lines(shown)) == GOLDEN


def test_everybody_sees_a_plan_and_anybody_may_press_its_buttons() -> None:
    shown = card(planned())

    assert shown.audience == "channel"
    assert shown.offers == (
        Offer("Apply", "apply", PLAN_ID, f"apply {PLAN_ID}", "danger"),
        Offer("Cancel", "cancel", PLAN_ID, f"cancel {PLAN_ID}"),
    )


def test_without_a_zone_times_are_told_in_utc_alone() -> None:
    shown = card(planned(sight=HELD), zone=None)

    assert line(shown.lines, "Applies until") == "Applies until 02:15:10 UTC, 14 min left."
    assert line(shown.lines, "To ") == "To 2026-11-19T23:50:28Z."


@pytest.mark.parametrize(
    ("sight", "told"),
    [
        (Sight(consumers="free"), "Consumers: free; nobody seems to be consuming these shards."),
        (Sight(consumers="held", holders=("c-1", "c-2", "c-3", "c-4")), "Consumers: held by c-1, c-2, c-3 and 1 more."),
        (
            Sight(consumers="active", free_at=iso_utc(NOW_UNIX + 23)),
            "Consumers: active: free in 23 s if nothing more is written; until then Apply is refused.",
        ),
        (
            Sight(consumers="active", free_at=iso_utc(NOW_UNIX + 23), allow_active=True),
            (
                "Consumers: active: free in 23 s if nothing more is written; Apply moves the shards all the same, and "
                "what they commit after it counts."
            ),
        ),
        (
            Sight(consumers="active", free_at=iso_utc(NOW_UNIX + 23), wait_free_s=60),
            (
                "Consumers: active: free in 23 s if nothing more is written; Apply waits for that, up to 60 s, and is "
                "refused if it does not come."
            ),
        ),
        (
            Sight(consumers="active", free_at=iso_utc(NOW_UNIX - 5), holders=("c-1",)),
            "Consumers: active: free in 0 s if nothing more is written; until then Apply is refused. Held by c-1.",
        ),
    ],
)
def test_who_consumes_is_told_with_when_that_ends(sight: Sight, told: str) -> None:
    assert line(card(planned(sight=sight)).lines, "Consumers:") == told


def test_a_shard_at_its_end_has_no_lag_however_old_its_data() -> None:
    at_end = Position("MTAwMDA=", "2026-11-19T00:00:00Z")
    moves = [ShardResult(0, "planned", at_end, "backward", after=shard(0).after, log_groups=-7800)]

    lag = line(card(planned(*moves)).lines, "Lag of")

    assert lag == ("Lag of the worst shard: 0 s now, 2 h 10 min after; log groups not consumed yet: 0 now, 7800 after.")


def test_a_lag_of_which_not_all_is_known_is_told_as_a_lower_bound() -> None:
    expired = ShardResult(1, "skipped", Position("MA=="), note="has expired")

    lag = line(card(planned(shard(0), expired)).lines, "Lag of")

    assert lag.startswith("Lag of the worst shard: at least 10 min 00 s now, at least 2 h 10 min after;")


def test_a_shard_that_was_never_checkpointed_has_no_lag() -> None:
    never = ShardResult(1, "skipped", Position(""), note="never checkpointed")

    lag = line(card(planned(shard(0), never)).lines, "Lag of")

    assert lag.startswith("Lag of the worst shard: 10 min 00 s now, 2 h 10 min after;")


def test_the_largest_moves_come_first_and_the_rest_is_summed_up() -> None:
    shards = [shard(number, back=10 * number) for number in range(1, 31)]

    header, *rows = card(planned(*shards)).table

    assert header == ("shard", "what", "log groups", "from (UTC)", "to (UTC)")
    assert [row[0] for row in rows] == [*map(str, range(30, 19, -1)), "19 more"]
    assert rows[-1] == ("19 more", "19 back", f"{10 * sum(range(1, 20))} again", "", "")


def test_what_is_left_out_is_counted_with_the_rest() -> None:
    stays = [ShardResult(number, "skipped", Position("")) for number in range(1, 20)]

    table = card(planned(shard(0), *stays)).table

    assert table[1][:3] == ("0", "back", "7200 again")
    assert table[2] == ("1", "left out", "", "never", "")
    assert table[-1] == ("9 more", "9 left out", "", "", "")


def test_four_warnings_are_told_and_the_others_counted() -> None:
    codes = ("order_and_splits", "not_journaled", "other", "target_expires", "short_timeout", "no_position_before")

    lines = card(planned(warnings=tuple(Notice(code, f"of {code}") for code in codes))).lines

    assert [told for told in lines if told.startswith("Note: ")] == [
        "Note: of no_position_before.",
        "Note: of target_expires.",
        "Note: of not_journaled.",
        "Note: of order_and_splits.",
    ]
    assert "2 more warnings are in the operation's result." in lines


def test_minutes_that_are_left_turn_into_seconds_and_then_into_what_to_do() -> None:
    def expiry(seconds: int) -> str:
        return card(replace(planned(), expires_at=iso_utc(NOW_UNIX + seconds))).lines[-1]

    assert expiry(120).endswith(", 2 min left.")
    assert expiry(59).endswith(", 59 s left.")
    assert expiry(0) == "It expired at 02:00:28 UTC (10:00:28 Asia/Shanghai): plan again."


def test_an_undo_names_what_it_takes_back() -> None:
    shown = card(replace(planned(sight=Sight(undoes="k3jx2m5q7aaaaaaa")), action="undo"))

    assert "It takes operation k3jx2m5q7aaaaaaa back." in shown.lines


def test_a_change_of_attributes_is_a_plan_as_well() -> None:
    shown = card(attributes("planned", plan_id=PLAN_ID, next=(APPLY,), sight=Sight()))

    assert shown.title == "Plan to change attributes, nothing is written yet: shop/orders/billing"
    assert "Attributes: timeout 60 s would become 120 s." in shown.lines
    assert [offer.action for offer in shown.offers] == ["apply", "cancel"]


def test_a_plan_that_is_not_kept_has_no_buttons() -> None:
    unkept = replace(planned(warnings=(Notice("not_journaled", "not kept"),)), plan_id=None, expires_at=None, next=())

    shown = card(unkept)

    assert shown.offers == ()
    assert shown.lines[-1] == "Note: not kept."


def test_until_when_each_shard_keeps_its_data_is_no_line_of_its_own() -> None:
    kept = "what comes next there is kept until 2026-12-20T00:00:00Z"
    noted = shard(1, note=f"readonly: split or merged; {kept}")

    lines = card(planned(shard(0, note=kept), noted)).lines

    assert lines[-1] == "shard 1 to be moved: readonly: split or merged"


def test_a_plan_that_was_overtaken_comes_back_as_a_new_one_in_its_place_for_everybody() -> None:
    error = Error("changed_since_plan", "shards 1 were written after the plan was made; nothing was written", "Plan")

    shown = card(replace(planned(), status="refused", action="apply", error=error), replaces=True)

    assert (shown.audience, shown.replaces) == ("channel", True)
    assert shown.title == "Not applied, here is a new plan: shop/orders/billing"
    assert shown.lines[:2] == (
        "Why: shards 1 were written after the plan was made; nothing was written.",
        "What to do: Look at the new plan; its Apply carries that one out.",
    )
    assert line(shown.lines, "4 shards").startswith("4 shards (0-3) would go back")
    assert [offer.text for offer in shown.offers] == [f"apply {PLAN_ID}", f"cancel {PLAN_ID}"]


def test_a_name_too_long_for_a_title_has_a_line_of_its_own() -> None:
    target = replace(planned().target, consumer_group="g" * 128)  # type: ignore[type-var]  # it is there

    shown = card(replace(planned(), target=target))

    assert shown.title == "Plan to rewind, nothing is written yet"
    assert shown.lines[0] == f"Of shop/orders/{'g' * 128}."


def reasoned(reason: str, action: str = "rewind") -> tuple[str, ...]:
    """Return what a plan for a reason says of it."""
    shown = card(replace(planned(sight=Sight(reason=reason)), action=action))
    return tuple(line for line in shown.lines if "eason" in line)


@pytest.mark.parametrize(
    ("reason", "selected"),
    [
        ("bad deploy shards 0", "`shards 0`"),
        ("bad deploy, shards 0, 2 only", "`shards 0, 2`"),
        ("bad deploy shard 1 wait 60s", "`shard 1` and `wait 60s`"),
        ("we hurry allow-active", "`allow-active`"),
        ("bad deploy at 01:30", "`at 01:30`"),
    ],
)
def test_a_reason_that_holds_an_option_draws_a_warning(reason: str, selected: str) -> None:
    told = f"Note: the reason ends the command: {selected} in it selects nothing; put it before because."

    assert reasoned(reason) == (told, f"Reason: {reason}")


@pytest.mark.parametrize(
    "reason",
    [
        "bad deploy",
        "shards are behind",
        "shards 0-3 replay",
        "we wait for ops",
        "at last",
        "shard shard x",
        "by 5 to 7",
    ],
)
def test_a_reason_without_an_option_is_shown_as_it_is(reason: str) -> None:
    assert reasoned(reason) == (f"Reason: {reason}",)


def test_an_option_that_the_command_does_not_have_is_no_option_in_its_reason() -> None:
    assert reasoned("bad deploy shards 0", "undo") == ("Reason: bad deploy shards 0",)


def test_no_hint_asks_for_what_no_chat_can_say() -> None:
    note = 'never checkpointed, so left alone: to place it, name it in {"checkpoints": ...}'.replace(
        "alone: ", "alone: a consumer begins at its configured start position; "
    )

    lines = card(planned(shard(0), shard(1, "skipped", note=note))).lines

    assert "no text places it, update_checkpoint by HTTP does" in lines[-1]
    assert "{" not in "".join(lines)
