import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import RefusedError
from shared.notifications.messages import MAX_SIZE, compose, escape, text_of
from shared.results import (
    AttributeChange,
    Attributes,
    Error,
    Notice,
    Position,
    Result,
    ShardResult,
    Status,
    error_of,
)
from tests.unit.notifications.told import BILLING, NOW, TIMER, UNDO, VERIFY, applied, shard

HELD = Notice(
    "not_in_effect", "Written, but not in effect until the consumer releases the shard: shard 0 is held by c1"
)


def lines(result: Result) -> list[str]:
    return text_of(result, caller=TIMER).splitlines()


def commands(result: Result) -> list[dict[str, object]]:
    """Return every command that the text holds, as somebody would copy it."""
    return [json.loads(line[line.index("{") :]) for line in lines(result) if "{" in line]


def test_the_first_line_says_what_was_done_where_and_by_whom() -> None:
    assert lines(applied())[0] == f"Applied: rewind on shop/orders/billing, asked for by {TIMER}."


def test_the_second_line_says_how_far_in_time_and_log_groups() -> None:
    assert lines(applied())[1] == (
        "4 shards (0-3) went back by up to 2 h 00 min: 28800 log groups come again. "
        "Last consumed, by receive time: before 2026-11-20T01:00:00Z, after 2026-11-19T23:00:00Z."
    )


def test_the_way_back_stands_before_every_other_command_and_is_exact() -> None:
    assert commands(applied()) == [UNDO, VERIFY]
    assert lines(applied())[2].startswith("Undo it (shows a plan first): {")


def test_the_last_line_names_what_finds_it_again() -> None:
    assert lines(applied())[-1] == "sls-rewind, operation k3jx2m5q7aaaaaaa, FC request 1-65f0-abc"


@pytest.mark.parametrize(
    ("status", "opening"),
    [
        ("read", "Read: "),
        ("planned", "Planned, nothing is written yet: "),
        ("unchanged", "Nothing to do: "),
        ("duplicate", "Done before, nothing was written again: "),
        ("accepted", "Accepted, not done yet: "),
        ("partial", "Only partly done: "),
        ("refused", "Refused: "),
        ("failed", "Failed: "),
    ],
)
def test_every_status_has_its_own_opening(status: Status, opening: str) -> None:
    assert lines(replace(applied(), status=status))[0].startswith(opening + "rewind on shop/orders/billing")


@pytest.mark.parametrize("status", ["applied", "partial"])
def test_what_is_not_in_effect_is_never_called_applied(status: Status) -> None:
    held = replace(applied(), status=status, warnings=(HELD,))
    batch = Result(status=status, action="batch", parts=(held,))

    for told in (held, batch):
        assert lines(told)[0].startswith("Written, but not in effect until the consumer releases the shard")
        assert "Applied" not in text_of(told, caller=TIMER)


def test_a_warning_is_told_with_its_code() -> None:
    assert f"Note (not_in_effect): {HELD.message}" in lines(replace(applied(), warnings=(HELD,)))


def test_a_plan_says_what_would_be_and_until_when_it_can_be_applied() -> None:
    apply = {"action": "apply", "plan_id": "zkphfbw3pm"}
    planned = replace(
        applied(shard(0, "planned")),
        status="planned",
        plan_id="zkphfbw3pm",
        expires_at="2026-11-20T01:17:03Z",
        next=(apply,),
    )

    told = lines(planned)

    assert told[1].startswith("1 shard (0) would go back by up to 2 h 00 min: 7200 log groups would come again.")
    assert told[2] == f"Apply the plan, until 2026-11-20T01:17:03Z: {json.dumps(apply)}"


def test_a_refused_apply_is_not_named_after_the_new_plan_that_it_offers() -> None:
    refused = Result(status="refused", action="apply", target=BILLING, plan_id="newplan234")
    done = replace(refused, status="applied")

    assert lines(refused)[0].startswith("Refused: apply on")
    assert lines(done)[0].startswith("Applied: plan newplan234 on")


def test_shards_that_did_not_move_are_named_with_the_reason_what_is_alike_together() -> None:
    conflict = "left alone: it was moved by c1 after the plan was made"
    partly = applied(
        shard(0),
        shard(1, "conflict", note=conflict),
        shard(3, "conflict", note=conflict),
        shard(4, "not_attempted"),
        shard(5, "unchanged"),
        shard(6, "skipped", note="never checkpointed"),
        replace(shard(7, "failed"), error=Error("sls_server_error", "SLS answered 500")),
    )

    told = lines(partly)

    assert told[1].startswith("1 shard (0) went back")
    assert told[2:7] == [
        "1 shard (5) stays as it was.",
        "shard 7 failed: SLS answered 500",
        f"shards 1, 3 not moved, in conflict: {conflict}",
        "shard 4 not attempted",
        "shard 6 left out: never checkpointed",
    ]


def test_shards_beyond_what_a_message_holds_are_named_without_their_reason() -> None:
    many = applied(*(shard(n, "skipped", note=f"its own reason {n}") for n in range(20)))

    assert "shards 8-19: see the result" in lines(many)


def test_a_shard_without_times_or_counts_is_still_told() -> None:
    unknown = replace(shard(0, log_groups=None), before=Position(""), after=Position("MTAw"))

    assert lines(applied(unknown))[1] == "1 shard (0) went back."
    assert lines(applied(unknown, shard(1)))[1].startswith(
        "2 shards (0-1) went back by up to 2 h 00 min: at least 7200 log groups come again."
    )


def test_a_first_checkpoint_goes_neither_way() -> None:
    first = ShardResult(2, "moved", Position(""), "none", Position("MTAw"))

    assert lines(applied(first))[1] == "1 shard (2) got a checkpoint."


def test_both_ways_are_told_apart() -> None:
    both = applied(shard(0), shard(1, direction="forward", log_groups=30))

    assert lines(both)[1].startswith("1 shard (0) went back")
    assert lines(both)[2].startswith("1 shard (1) went forward by up to 2 h 00 min: 30 log groups are skipped.")


def test_changed_attributes_are_told() -> None:
    change = AttributeChange(Attributes(60, order=False), Attributes(120, order=True))
    result = Result(status="applied", action="update_consumer_group", target=BILLING, consumer_group=change)

    assert lines(result)[1] == "Attributes: timeout 60 s became 120 s, order false became true."
    assert "would become" in lines(replace(result, status="planned"))[1]


def test_an_error_says_why_and_what_to_do() -> None:
    error = RefusedError("somebody is consuming", code="active_consumers", hint="Stop them.", retry_after_s=90)
    refused = Result(
        status="refused", action="rewind", target=BILLING, error=error_of(error), retry_after_s=error.retry_after_s
    )

    told = lines(refused)

    assert told[1] == "Why: somebody is consuming. Worth trying again in 1 min 30 s."
    assert told[2] == "What to do: Stop them."


def test_the_summary_of_describe_is_told() -> None:
    described = Result(status="read", action="describe", target=BILLING, own={"describe": {"summary": "lag is 60 s"}})

    assert lines(described)[1] == "lag is 60 s."


def test_a_batch_tells_its_parts_what_is_not_ok_first() -> None:
    failed = Result(status="failed", action="rewind", target=BILLING, error=Error("x", "SLS answered 500"))
    batch = Result(status="partial", action="batch", parts=(applied(), failed), error=Error("x", "commands[1]: SLS"))

    told = lines(batch)

    assert told[:3] == [
        f"Only partly done: batch, asked for by {TIMER}.",
        "2. Failed: rewind on shop/orders/billing.",
        "Why: SLS answered 500.",
    ]
    assert told[3].startswith("1. Applied: rewind on shop/orders/billing.")
    assert UNDO in commands(batch)


def test_a_batch_too_large_for_a_message_says_so() -> None:
    batch = Result(status="applied", action="batch", parts=(applied(),) * 100)

    text = text_of(batch, caller=TIMER)

    assert "More parts are in the result." in text
    assert len(text) <= MAX_SIZE


def test_without_a_journal_the_checkpoints_that_put_256_shards_back_are_all_there() -> None:
    back = {"action": "update_checkpoint", "checkpoints": {str(n): "MTc5NTEzMTAwMDAwMDAwMDAw" for n in range(256)}}
    result = replace(applied(*map(shard, range(256))), next=(back,))

    (undo,) = [line for line in lines(result) if line.startswith("Undo it: ")]
    assert json.loads(undo.removeprefix("Undo it: ")) == back


def test_a_command_for_what_is_left_is_not_called_undo() -> None:
    left = {"action": "update_checkpoint", "checkpoints": {"1": "MTAw"}}
    back = {"action": "update_checkpoint", "checkpoints": {"0": "MjAw"}}
    partly = replace(applied(shard(0), shard(1, "failed")), status="partial", next=(left, back))

    labels = [line.split(": ")[0] for line in lines(partly) if "{" in line]
    assert labels == ["Finish it", "Undo it"]


def test_a_notification_in_chinese_is_whole_and_of_a_size_that_every_platform_takes() -> None:
    note, shards = "\u8ba2\u5355" * 40, tuple(shard(n, "failed", note="\u6d88" * 500 + str(n)) for n in range(300))
    result = replace(applied(*shards), warnings=(Notice("alert", note),))

    text = text_of(result, caller="webhook:ci")

    assert f"Note (alert): {note}" in text
    assert "Undo it" in text
    assert len(json.dumps(text)) <= MAX_SIZE * 1.25


def test_a_command_too_long_for_a_message_is_told_of() -> None:
    long = {"action": "update_checkpoint", "checkpoints": {str(n): "x" * 50 for n in range(1000)}}

    told = lines(replace(applied(), next=(long,)))

    assert any(line.endswith("too long for a message, `next` of the result holds it.") for line in told)


@given(caller=st.text(), message=st.text(), note=st.text(), count=st.integers(0, 300))
def test_any_text_from_outside_stays_on_its_line(caller: str, message: str, note: str, count: int) -> None:
    shards = tuple(shard(n, "failed", note=note + str(n)) for n in range(count))
    result = replace(applied(*shards), error=Error("x", message, hint=message), warnings=(Notice("x", note),) * 9)

    text = text_of(result, caller=caller)

    assert all(line.isprintable() for line in text.split("\n"))
    assert len(json.dumps(text)) <= MAX_SIZE * 1.25
    assert {line.split(" ")[0] for line in text.splitlines()} <= {
        "Applied:",
        "Why:",
        "What",
        "shard",
        "shards",
        "Note",
        "5",
        "4",
        "Undo",
        "See",
        "sls-rewind,",
    }  # fmt: skip -- a list of words


@given(st.text())
def test_no_mention_or_tag_comes_to_life(text: str) -> None:
    assert not {"<", ">"} & set(escape(text, "slack"))
    assert not {"<", ">"} & set(escape(text, "feishu"))


def test_slack_shows_what_was_escaped_as_it_was() -> None:
    assert escape("<!channel> & <@U1>", "slack") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert escape("<!channel> & <@U1>", "dingtalk") == "<!channel> & <@U1>"


def test_software_gets_the_whole_result_beside_the_text() -> None:
    message = compose(applied(), caller=TIMER, now=NOW)

    assert message.kind == "command.applied"
    assert message.data == {
        "caller": TIMER,
        "text": text_of(applied(), caller=TIMER),
        "result": applied().as_dict(),
    }


def test_the_same_told_again_has_the_same_id_and_what_differs_has_another() -> None:
    first = compose(applied(), caller=TIMER, now=NOW).message_id

    assert compose(replace(applied(), elapsed_ms=9), caller=TIMER, now=NOW).message_id == first
    assert compose(replace(applied(), status="duplicate"), caller=TIMER, now=NOW).message_id != first
    assert compose(replace(applied(), fc_request_id="1-other"), caller=TIMER, now=NOW).message_id != first
    assert compose(applied(), caller="webhook:ci", now=NOW).message_id != first


@pytest.mark.parametrize("others", range(8))
def test_what_applying_does_besides_is_never_among_the_notes_that_are_left_out(others: int) -> None:
    options = Notice("apply_options", "as asked, applying it moves the shards although somebody consumes")
    many = tuple(Notice(f"note_{number}", "something else") for number in range(others))

    told = lines(replace(applied(), status="planned", warnings=(HELD, *many, options)))

    notes = [line for line in told if line.startswith("Note (")]
    assert notes[0].startswith("Note (not_in_effect)")
    assert notes[1] == "Note (apply_options): as asked, applying it moves the shards although somebody consumes"
