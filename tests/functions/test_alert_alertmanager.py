"""Alertmanager's alerts: planned, recognized when they come again, applied by people, and never a write."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.functions.alerting import MINUTE_S, Alerting, MakeAlerting, alert, alertmanager
from tests.functions.caller import Answer
from tests.functions.receiver import Receiver
from tests.functions.shop import Shop, iso_utc


def test_a_firing_alert_is_answered_with_a_plan_and_nothing_is_written(alerting: Alerting, shop: Shop) -> None:
    answer = alerting.post(alertmanager(alert(began_ago_s=10 * MINUTE_S)))

    result = answer.json
    assert (answer.status, result["status"], result["action"]) == (200, "planned", "rewind")
    assert result["target"] == {"project": "shop", "logstore": "orders", "consumer_group": "billing"}
    assert result["dry_run"] is True
    assert result["next"] == [{"action": "apply", "plan_id": result["plan_id"]}]
    assert result["expires_at"] > iso_utc(shop.now_unix)
    assert "ConsumerLagHigh of alertmanager" in answer.warnings["alert"]
    assert shop.writes() == []


def test_a_duration_counts_back_from_when_the_alert_began_where_policy_says_so(alerting: Alerting, shop: Shop) -> None:
    answer = alerting.post(alertmanager(alert(began_ago_s=10 * MINUTE_S)))

    times = {shard["after"]["time"] for shard in answer.shards.values() if shard["status"] == "planned"}
    earliest, latest = (iso_utc(shop.now_unix - 40 * MINUTE_S - margin_s) for margin_s in (60, -60))
    assert times
    assert all(earliest < time < latest for time in times)


def test_a_repetition_of_an_episode_is_a_duplicate_with_the_same_plan(alerting: Alerting, shop: Shop) -> None:
    episode = alert()
    first = alerting.post(alertmanager(episode))

    again = alerting.post(alertmanager(episode, notification_reason="repeat interval elapsed"))

    assert (again.status, again.json["status"]) == (200, "duplicate")
    assert [again.json[key] for key in ("plan_id", "expires_at", "next", "target", "action")] == [
        first.json[key] for key in ("plan_id", "expires_at", "next", "target", "action")
    ]
    assert shop.writes() == []


def test_a_new_episode_of_the_same_alert_is_proposed_anew(alerting: Alerting, shop: Shop) -> None:
    first = alert(began_ago_s=20 * MINUTE_S)
    plans = [alerting.post(alertmanager(one)).json for one in (first, {**first, "startsAt": iso_utc(shop.now_unix)})]

    assert [plan["status"] for plan in plans] == ["planned", "planned"]
    assert plans[0]["plan_id"] != plans[1]["plan_id"]


def test_of_two_deliveries_at_once_one_is_the_proposal(alerting: Alerting, shop: Shop) -> None:
    payload = alertmanager(alert())
    with ThreadPoolExecutor(4) as pool:
        results = [answer.json for answer in pool.map(alerting.post, [payload] * 4)]

    assert sorted(result["status"] for result in results) == ["duplicate"] * 3 + ["planned"]
    assert len({(result["plan_id"], result["expires_at"]) for result in results}) == 1
    assert shop.writes() == []


def test_a_resolved_alert_changes_nothing(alerting: Alerting, shop: Shop) -> None:
    answer = alerting.post(alertmanager(alert(status="resolved", endsAt=iso_utc(shop.now_unix)), status="resolved"))

    assert (answer.status, answer.json["status"], answer.json["plan_id"]) == (200, "unchanged", None)
    assert "not_firing" in answer.warnings
    assert shop.calls(journal=True) == []


def test_several_alerts_have_a_result_each(alerting: Alerting, shop: Shop) -> None:
    payload = alertmanager(alert(), alert(status="resolved"), alert("Unheard"))

    answer = alerting.post(payload)

    assert (answer.status, answer.json["action"], answer.error["code"]) == (403, "batch", "denied_by_policy")
    assert answer.error["message"].startswith("alerts[2]: ")
    assert [part["status"] for part in answer.json["results"]] == ["planned", "unchanged", "refused"]
    assert shop.writes() == []


def test_alerts_that_the_sender_left_out_are_told_of(alerting: Alerting, shop: Shop) -> None:
    answer = alerting.post(alertmanager(alert(), truncatedAlerts=7))

    assert (answer.status, answer.json["status"]) == (200, "planned")
    assert "7 alerts" in answer.warnings["truncated_alerts"]
    assert shop.writes() == []


def test_what_an_alert_proposes_is_applied_by_a_named_approver(alerting: Alerting, shop: Shop) -> None:
    proposed = alerting.post(alertmanager(alert()))

    applied = alerting.apply(proposed)

    assert (applied.status, applied.json["status"]) == (200, "applied")
    assert {write["shard"] for write in shop.writes()} == {
        shard["shard"] for shard in proposed.json["shards"] if shard["status"] == "planned"
    }


@pytest.mark.parametrize("caller", ["alerts", "reader"])
def test_what_an_alert_proposes_is_applied_by_nobody_else(alerting: Alerting, shop: Shop, caller: str) -> None:
    proposed = alerting.post(alertmanager(alert()))

    refused = alerting.apply(proposed, caller=caller)

    assert refused.status == 403
    assert shop.writes() == []


def test_the_sender_of_alerts_cannot_write_by_a_command_either(alerting: Alerting, shop: Shop) -> None:
    command = {"action": "rewind", "target": "orders", "to": "30m", "dry_run": False}

    answer = alerting.functions.run(command, caller="alerts")

    assert (answer.status, answer.error["code"]) == (403, "confirmation_required")
    assert shop.writes() == []


def test_an_episode_whose_plan_was_applied_is_told_so_and_offers_no_second_apply(
    alerting: Alerting, shop: Shop
) -> None:
    payload = alertmanager(alert())
    applied = alerting.apply(alerting.post(payload))
    moved = shop.checkpoints()

    again = alerting.post(payload)

    assert (again.json["status"], again.json["next"]) == ("duplicate", [])
    assert applied.json["operation_id"] in again.warnings["plan_applied"]
    assert shop.checkpoints() == moved


def undo(alerting: Alerting, operation_id: str) -> Answer:
    command = {"action": "undo", "target": "orders", "operation_id": operation_id, "dry_run": False}
    answer = alerting.functions.run(command, caller="oncall")
    assert answer.json["status"] == "applied", answer.body
    return answer


def test_an_episode_whose_operation_was_undone_is_offered_anew_unless_that_was_undone_too(
    alerting: Alerting, shop: Shop
) -> None:
    payload = alertmanager(alert())
    undone = undo(alerting, alerting.apply(alerting.post(payload)).json["operation_id"])

    again = alerting.post(payload)

    assert again.json["status"] == "duplicate"
    assert "taken back: plan anew by `next`" in again.warnings["plan_applied"]
    assert alerting.apply(again).json["status"] == "planned"
    undo(alerting, undone.json["operation_id"])
    assert alerting.post(payload).json["next"] == []
    assert shop.writes()


def test_an_episode_whose_operation_moved_nothing_is_offered_anew(alerting: Alerting, shop: Shop) -> None:
    payload = alertmanager(alert())
    proposed = alerting.post(payload)
    shop.commit(0, shop.cursor(0, -5), ago_s=3600)
    refused = alerting.apply(proposed)
    assert (refused.status, refused.error["code"]) == (409, "changed_since_plan")

    again = alerting.post(payload)

    assert (again.json["status"], "it moved nothing" in again.warnings["plan_applied"]) == ("duplicate", True)
    assert alerting.apply(again).json["status"] == "planned"
    assert shop.calls(journal=True)


def test_the_proposal_stands_in_the_journal_with_its_sender(alerting: Alerting, shop: Shop) -> None:
    proposed = alerting.post(alertmanager(alert()))
    alerting.apply(proposed)

    history = alerting.functions.run({"action": "history", "target": "orders"}, caller="reader")

    (operation,) = history.json["operations"]
    assert operation["plan_id"] == proposed.json["plan_id"]
    assert (operation["principal"], operation["asked_by"]) == ("webhook:oncall", "webhook:alerts")
    assert operation["reason"] == "ConsumerLagHigh: billing lags"
    assert shop.writes()


def test_a_long_annotation_is_cut_to_a_reason(alerting: Alerting, shop: Shop) -> None:
    proposed = alerting.post(alertmanager(alert(annotations={"summary": "x" * 5000})))
    alerting.apply(proposed)

    history = alerting.functions.run({"action": "history", "target": "orders"}, caller="reader")

    assert len(history.json["operations"][0]["reason"]) == 200
    assert shop.writes()


def test_an_alert_in_chinese_is_told_and_kept_in_chinese(alerting: Alerting, shop: Shop, receiver: Receiver) -> None:
    name, summary = "ConsumerLag\u8ba2\u5355\u5806\u79ef", "\u8ba2\u5355\u5904\u7406" * 60
    proposed = alerting.post(alertmanager(alert(name, annotations={"summary": summary})))
    alerting.apply(proposed)

    history = alerting.functions.run({"action": "history", "target": "orders"}, caller="reader")

    assert proposed.warnings["alert"].startswith(f"alert {name} of alertmanager")
    assert history.json["operations"][0]["reason"] == f"{name}: {summary}"[:200]
    assert f"alert {name} of alertmanager" in next(
        one.json["text"] for one in receiver.received() if one.name == "slack"
    )
    assert shop.writes()


def test_without_a_journal_nothing_is_proposed(make_alerting: MakeAlerting, shop: Shop) -> None:
    with make_alerting(settings={"REWIND_JOURNAL": ""}) as unjournaled:
        answer = unjournaled.post(alertmanager(alert()))

    assert (answer.status, answer.error["code"]) == (409, "journal_required")
    assert shop.writes() == []


def test_frozen_writes_do_not_keep_alerts_from_being_planned(make_alerting: MakeAlerting, shop: Shop) -> None:
    with make_alerting(settings={"REWIND_READ_ONLY": "1"}) as frozen:
        answer = frozen.post(alertmanager(alert()))

    assert (answer.status, answer.json["status"]) == (200, "planned")
    assert shop.writes() == []


def test_where_sls_fails_the_alert_is_proposed_when_it_comes_again(alerting: Alerting, shop: Shop) -> None:
    payload = alertmanager(alert())
    shop.fault({"operation": "GetCheckPoint", "status": 401, "error_code": "Unauthorized", "times": 99})
    failed = alerting.post(payload)
    shop.fault()

    again = alerting.post(payload)

    assert (failed.status, again.json["status"]) == (502, "planned")


def test_a_plan_that_the_journal_does_not_keep_is_no_proposal(alerting: Alerting, shop: Shop) -> None:
    payload = alertmanager(alert())
    # The first record is the plan, the second makes it the proposal.
    shop.fault({"operation": "PutLogs", "nth": 2, "times": 1, "status": 401, "error_code": "Unauthorized"})
    failed = alerting.post(payload)
    shop.fault()

    again = alerting.post(payload)

    assert (failed.status, failed.error["code"], failed.json["plan_id"]) == (502, "proposal_not_kept", None)
    assert again.json["status"] == "planned"


def test_alerts_for_which_no_time_is_left_are_not_attempted(
    make_alerting: MakeAlerting,
    shop: Shop,
    tmp_path: Path,
) -> None:
    hurried = hurried_checkout(tmp_path)
    shop.fault({"operation": "ListConsumerGroup", "kind": "delay", "delay_s": 3.5, "times": 1})
    with make_alerting(checkout=hurried) as alerting:
        answer = alerting.post(alertmanager(alert(), alert()))

        assert (answer.status, answer.error["code"]) == (504, "deadline_exceeded")
        assert [part["status"] for part in answer.json["results"]] == ["planned", "failed"]
        assert "not attempted" in answer.json["results"][1]["error"]["message"]


def hurried_checkout(folder: Path) -> Path:
    """Return a checkout whose functions have nine seconds to live."""
    checkout = Path(__file__).resolve().parents[2]
    for name in ("functions", "shared"):
        (folder / name).symlink_to(checkout / name)
    template = (checkout / "template.yml").read_text(encoding="utf-8")
    assert "timeout: 60" in template
    (folder / "template.yml").write_text(template.replace("timeout: 60", "timeout: 9"), encoding="utf-8")
    return folder


def test_an_expired_plan_is_told_again_with_how_to_plan_anew(alerting: Alerting, shop: Shop) -> None:
    payload = alertmanager(alert(began_ago_s=60 * MINUTE_S))
    # What the journal keeps is dated by SLS's own clock.
    shop.sls.control("clock", {"skew_s": -20 * MINUTE_S})
    first = alerting.post(payload)
    assert first.status == 200, first.body
    shop.sls.control("clock", {"skew_s": 0})

    again = alerting.post(payload)

    assert (again.json["status"], again.json["plan_id"]) == ("duplicate", first.json["plan_id"])
    assert again.json["expires_at"] < iso_utc(time.time())
    assert "plan_expired" in again.warnings
    assert alerting.apply(again).json["status"] == "planned"
