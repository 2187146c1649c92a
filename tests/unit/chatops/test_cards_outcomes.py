"""What became of a write in chat: done, done in part, done before, refused."""

import pytest

from shared.chatops.cards import cancelled_card, error_card, help_card
from shared.chatops.messages import Offer
from shared.journal.records import Record
from shared.planning.liveness import NOT_IN_EFFECT
from shared.planning.outcomes import OUTCOME_UNKNOWN
from shared.results import Error, Notice, Position, Result, ShardResult
from tests.unit.chatops.plain import plain_lines
from tests.unit.chatops.shown import (
    ABANDON,
    BILLING,
    NOT_YET,
    NOW_UNIX,
    OPERATION_ID,
    PLAN_ID,
    RESUME,
    UNDO,
    VERIFY,
    WEI,
    applied,
    attributes,
    card,
    shard,
)

OF_BILLING = f"shop/orders/billing {OPERATION_ID}"
CUT_OFF = Error(
    "partially_applied",
    "2 of 4 shards were written; not written: 2, 3. SLS is failing",
    "`next` holds the commands for what is left, and those that put back what was written.",
    sls_request_id="5B0C4A2E",
    retryable=True,
)
HALF = (shard(0, "moved"), shard(1, "moved"), shard(2, "not_attempted"), ShardResult(3, "failed", Position("MTAw")))
GOLDEN = """\
Applied: shop/orders/billing
----------------------------
By slack:T024BE7LD/U061F7AUR.
4 shards (0-3) went back by up to 2 h 00 min: 28800 log groups come again. Last consumed, by receive
time: before 2026-11-20T01:50:28Z, after 2026-11-19T23:50:28Z.

shard  what       log groups  from (UTC)      to (UTC)
0      went back  7200 again  11-20 01:50:28  11-19 23:50:28
1      went back  7200 again  11-20 01:50:28  11-19 23:50:28
2      went back  7200 again  11-20 01:50:28  11-19 23:50:28
3      went back  7200 again  11-20 01:50:28  11-19 23:50:28

[ Undo ]  undo shop/orders/billing k3jx2m5q7aaaaaaa
[ Verify ]  verify shop/orders/billing k3jx2m5q7aaaaaaa

sls-rewind, plan q7h3kd2m5x, operation k3jx2m5q7aaaaaaa, FC request 1-65f0-abc"""
GOLDEN_PARTIAL = """\
Partly done: shop/orders/billing
--------------------------------
By slack:T024BE7LD/U061F7AUR.
Why: 2 of 4 shards were written; not written: 2, 3. SLS is failing. The same may succeed later.
What to do: Resume finishes it with the moves that it recorded; Abandon ends it as it stands.
2 shards (0-1) went back by up to 2 h 00 min: 14400 log groups come again. Last consumed, by receive
time: before 2026-11-20T01:50:28Z, after 2026-11-19T23:50:28Z.
shard 3 failed
shard 2 not attempted

shard  what           log groups  from (UTC)      to (UTC)
3      failed
2      not attempted              11-20 01:50:28  11-19 23:50:28
0      went back      7200 again  11-20 01:50:28  11-19 23:50:28
1      went back      7200 again  11-20 01:50:28  11-19 23:50:28

[ Resume ]  resume shop/orders/billing k3jx2m5q7aaaaaaa
[ Abandon ]  abandon shop/orders/billing k3jx2m5q7aaaaaaa

sls-rewind, plan q7h3kd2m5x, operation k3jx2m5q7aaaaaaa, FC request 1-65f0-abc, SLS request 5B0C4A2E"""


def refused(code: str, message: str, hint: str | None = None, **more: object) -> Result:
    """Return a refusal of a rewind."""
    told = {"status": "refused", "action": "rewind", "target": BILLING, "error": Error(code, message, hint), **more}
    return Result(**told)  # type: ignore[arg-type]  # named and typed by Result


def test_what_was_done_tells_who_did_it_and_how_to_take_it_back() -> None:
    assert "\n".join(plain_lines(card(applied()))) == GOLDEN


def test_what_was_done_takes_the_plans_place_for_everybody() -> None:
    shown = card(applied(), replaces=True)

    assert (shown.audience, shown.replaces) == ("channel", True)
    assert shown.offers == (
        Offer("Undo", "undo", OPERATION_ID, f"undo {OF_BILLING}"),
        Offer("Verify", "verify", OPERATION_ID, f"verify {OF_BILLING}"),
    )


def test_what_was_done_in_part_offers_to_finish_or_to_end_it() -> None:
    shown = card(applied(*HALF, status="partial", error=CUT_OFF, next=(RESUME, ABANDON)))

    assert "\n".join(plain_lines(shown)) == GOLDEN_PARTIAL
    assert [(offer.action, offer.style) for offer in shown.offers] == [("resume", "primary"), ("abandon", "default")]


@pytest.mark.parametrize("status", ["applied", "partial"])
def test_what_a_consumer_holds_is_never_called_applied(status: str) -> None:
    shown = card(applied(status=status, warnings=(NOT_YET,)))

    assert shown.title.startswith(NOT_IN_EFFECT)
    assert shown.lines[1].startswith("shard 0 is held by consumer-1")
    assert "applied" not in "\n".join(plain_lines(shown)).lower()


def test_an_ended_operation_is_not_called_applied_either() -> None:
    shown = card(applied(shard(0, "unchanged"), action="abandon", next=()))

    assert (shown.title, shown.audience) == ("Ended as it stands: shop/orders/billing", "channel")


def test_a_change_of_attributes_tells_before_and_after() -> None:
    shown = card(attributes("applied", operation_id=OPERATION_ID))

    assert "Attributes: timeout 60 s became 120 s." in shown.lines


def test_a_second_click_is_told_alone_what_happened_and_who_did_it() -> None:
    ended = {"recorded_by": "slack:T024BE7LD/U0OTHER", "recorded_at": "2026-11-20T02:00:00Z"}

    shown = card(applied(status="duplicate", **ended), replaces=True)

    assert (shown.title, shown.audience, shown.replaces) == (
        "Done before, nothing was written again: shop/orders/billing",
        "person",
        False,
    )
    at = "2026-11-20T02:00:00Z (2026-11-20 10:00:00 Asia/Shanghai)"
    assert shown.lines[0] == f"It was done before by slack:T024BE7LD/U0OTHER, at {at}."


def test_a_repetition_of_what_failed_is_told_alone_as_well() -> None:
    again = applied(*HALF, status="partial", error=CUT_OFF, recorded_by="webhook:ci", next=())

    assert card(again).lines[0] == "It was done before by webhook:ci."


@pytest.mark.parametrize(
    ("status", "audience"),
    [("applied", "channel"), ("partial", "channel"), ("refused", "person"), ("failed", "person")],
)
def test_everybody_sees_what_was_written_and_one_person_what_was_not(status: str, audience: str) -> None:
    untouched = ShardResult(0, "conflict", Position("MTAw"), note="left alone: it was moved after the plan was made")
    shards = (shard(0, "moved"),) if audience == "channel" else (untouched,)

    assert card(applied(*shards, status=status)).audience == audience


@pytest.mark.parametrize(
    "touched",
    [
        ShardResult(0, "conflict", Position("MTAw"), note="written, then overwritten by consumer-1"),
        ShardResult(0, "failed", Position("MTAw"), note=OUTCOME_UNKNOWN),
    ],
)
def test_everybody_sees_what_may_have_been_written(touched: ShardResult) -> None:
    assert card(applied(touched, status="failed", error=CUT_OFF, next=(RESUME, ABANDON))).audience == "channel"


def test_nothing_to_do_is_for_the_one_who_asked_unless_it_was_to_be_applied() -> None:
    assert card(attributes("unchanged", dry_run=True)).audience == "person"
    assert card(attributes("unchanged", action="apply")).audience == "channel"


def test_a_refusal_tells_the_person_why_and_what_to_do() -> None:
    hint = "Ask the one it names to apply the plan before it expires."
    shown = card(refused("confirmation_required", 'policy.toml says confirm = "same"', hint))

    assert (shown.title, shown.audience) == ("Refused (rewind): shop/orders/billing", "person")
    assert shown.lines == ('Why: policy.toml says confirm = "same".', f"What to do: {hint}")
    assert shown.table == ()


def test_a_refusal_that_passes_tells_when_to_try_again() -> None:
    shown = card(
        refused("operation_in_progress", "operation k3 (rewind) of webhook:ci is in progress", retry_after_s=75)
    )

    assert shown.lines == (
        "Why: operation k3 (rewind) of webhook:ci is in progress. Worth trying again in 1 min 15 s.",
    )


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        (
            "wait_free_s waits for that, allow_active writes all the same.",
            "`allow-active` behind it writes all the same.",
        ),
        (
            'Say on_expired: "clamp" to begin at the oldest log group kept.',
            "Say `clamp` to begin at the oldest log group",
        ),
        ("list_consumer_groups shows which there are.", "list shows which there are."),
    ],
)
def test_hints_use_the_words_that_people_type(hint: str, told: str) -> None:
    assert told in card(refused("refused", "no", hint)).lines[1]


def test_an_operation_left_unfinished_by_somebody_can_be_finished_from_its_refusal() -> None:
    shown = card(refused("unfinished_operation", "it was left unfinished", next=(RESUME, ABANDON)))

    assert shown.audience == "person"
    assert [offer.text for offer in shown.offers] == [f"resume {OF_BILLING}", f"abandon {OF_BILLING}"]


def test_a_refusal_of_what_names_no_group_is_told_without_one() -> None:
    shown = card(Result(status="refused", action="apply", error=Error("plan_not_found", "no such plan", "Plan again.")))

    assert (shown.title, shown.offers) == ("Refused (apply)", ())


SLS_MESSAGE = (
    "GetCursor on shop/orders failed: denied by sts or ram, action: log:GetCursorOrData, resource: "
    "acs:log:cn-hangzhou:1234567890123456:project/shop/logstore/orders, role acs:ram::1234567890123456:role/fc, "
    "key LTAI5tFakeFakeFakeFakeFake, account 1234567890123456."
)


def test_neither_account_numbers_nor_access_keys_come_through_from_sls() -> None:
    error = Error("sls_not_authorized", SLS_MESSAGE)
    failed = ShardResult(0, "failed", Position("MTAw"), error=error)

    shown = card(
        applied(failed, status="failed", error=error, next=(), warnings=(Notice("not_read_back", SLS_MESSAGE),))
    )

    text = "\n".join(plain_lines(shown))
    assert "1234567890123456" not in text
    assert "LTAI5" not in text
    assert text.count("acs:log:cn-hangzhou:(account):project/shop/logstore/orders") == 3


def test_numbers_in_names_are_no_accounts() -> None:
    shown = card(refused("refused", "consumer worker-202611200130000 holds shard 0"))

    assert shown.lines == ("Why: consumer worker-202611200130000 holds shard 0.",)


def test_texts_from_outside_come_as_printable_ascii() -> None:
    noted = shard(0, "moved", note="of \u202eevil\n<!channel> \u5f20")

    lines = card(applied(noted)).lines

    assert lines[-1] == "shard 0 moved: of \\u202eevil?<!channel> \\u5f20"


def test_a_cancelled_plan_says_who_did_it_and_that_nobody_can_apply_it() -> None:
    record = Record("abandoned", "r1", int(NOW_UNIX), "shop", "orders", "billing", WEI, "rewind", plan_id=PLAN_ID)

    shown = cancelled_card(record)

    assert (shown.audience, shown.replaces, shown.offers) == ("channel", True, ())
    assert shown.lines == (
        "Cancelled by slack:T024BE7LD/U061F7AUR, at 2026-11-20T02:00:28Z.",
        "Nobody can apply it any more; plan again if it is wanted.",
    )


def test_errors_and_help_are_for_the_person() -> None:
    error, words = error_card("The worker could not be reached.", "Try again."), help_card(["rewind <group> 2h"])

    assert (error.audience, error.lines) == ("person", ("The worker could not be reached.", "Try again."))
    assert (words.audience, words.lines) == ("person", ("rewind <group> 2h",))


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        (
            "Send it with dry_run: true, then apply the plan that it answers with.",
            "Ask for a plan of your own, and press its Apply.",
        ),
        (
            "Preview with dry_run; whoever set REWIND_READ_ONLY=1 on the function takes it away again.",
            "Plans are shown all the same; whoever set REWIND_READ_ONLY=1 on the function takes it away again.",
        ),
        (
            'Say on_expired: "clamp" to begin at the oldest log group kept.',
            "Say `clamp` to begin at the oldest log group kept.",
        ),
    ],
)  # fmt: skip -- a case a line
def test_a_hint_says_what_can_be_typed(hint: str, told: str) -> None:
    shown = card(Result(status="refused", action="resume", target=BILLING, error=Error("some_code", "why", hint)))

    assert shown.lines[1] == f"What to do: {told}"


def test_what_was_abandoned_half_done_says_that_it_stays_and_how_to_take_it_back() -> None:
    ended = applied(shard(0, "moved"), shard(1, "unchanged"), action="abandon", next=(VERIFY, UNDO))

    shown = card(ended)

    assert shown.title == "Ended as it stands: shop/orders/billing"
    assert "What was written stays; Undo takes it back." in shown.lines
    assert [offer.action for offer in shown.offers] == ["undo", "verify"]


def test_what_was_abandoned_untouched_offers_nothing_to_take_back() -> None:
    shown = card(applied(shard(1, "unchanged"), action="abandon", next=()))

    assert (shown.offers, any("Undo" in line for line in shown.lines)) == ((), False)
