"""Several alerts in one payload: each has its own outcome, and the sender is told to try again where that helps."""

from typing import Any

import pytest

from tests.functions.alerting import (
    MINUTE_S,
    ZERO_TIME,
    Alerting,
    alert,
    alertmanager,
    cloud_event,
    cloudmonitor,
    grafana,
    rendered,
    sls_attributes,
)
from tests.functions.caller import Answer
from tests.functions.shop import Shop


def without_a_name() -> dict[str, Any]:
    made = alert()
    del made["labels"]["alertname"]
    return made


def told(answer: Answer) -> list[tuple[str, str | None]]:
    return [(part["status"], part["error"] and part["error"]["code"]) for part in answer.json["results"]]


ODD = {
    "name": (without_a_name, "alerts[1].labels.alertname: must be text"),
    "time": (lambda: alert(startsAt=ZERO_TIME), "alerts[1].startsAt: must be an ISO-8601 time"),
    "status": (lambda: alert(status="pending"), "alerts[1].status: must be one of firing, resolved"),
    "shape": (lambda: "firing", "alerts[1].startsAt: must be an ISO-8601 time"),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("wrap", [alertmanager, grafana])
def test_an_odd_alert_keeps_no_other_from_being_proposed(alerting: Alerting, shop: Shop, odd: str, wrap: Any) -> None:  # noqa: ANN401 -- alerts to payload
    make, message = ODD[odd]
    payload = {**wrap(alert(), alert()), "alerts": [alert(), make(), alert(status="resolved")]}

    answer = alerting.post(payload)

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert told(answer) == [("planned", None), ("refused", "invalid_command"), ("unchanged", None)]
    assert answer.json["results"][1]["error"]["message"].startswith(message)
    assert answer.error["message"] == answer.json["results"][1]["error"]["message"]
    assert shop.writes() == []


def test_an_odd_one_of_merged_alerts_keeps_no_other_from_being_proposed(alerting: Alerting, shop: Shop) -> None:
    bodies = [rendered(sls_attributes()), rendered(sls_attributes(status="unheard of")), b"7"]

    answer = alerting.post(b"[" + b",".join(bodies) + b"]")

    assert told(answer) == [("planned", None), *[("refused", "invalid_command")] * 2]
    assert shop.writes() == []


def test_an_odd_event_keeps_no_other_from_being_proposed(alerting: Alerting, shop: Shop) -> None:
    result = alerting.deliver([cloud_event(), cloud_event(time=1_700_000_000), {}, cloud_event(specversion="0.3")])

    assert [part["status"] for part in result["results"]] == ["planned", "refused", "refused", "refused"]
    assert result["results"][1]["error"]["message"] == "event[1].time: must be text, an ISO-8601 time"
    assert shop.writes() == []


def test_what_may_succeed_later_decides_the_status_whatever_stands_before_it(alerting: Alerting, shop: Shop) -> None:
    # The first record is the plan, the second makes it the proposal.
    shop.fault({"operation": "PutLogs", "nth": 2, "times": 1, "status": 401, "error_code": "Unauthorized"})

    answer = alerting.post(alertmanager(alert("ElsewhereBroken"), alert(), alert()))

    assert told(answer) == [("refused", "denied_by_policy"), ("failed", "proposal_not_kept"), ("planned", None)]
    assert (answer.status, answer.json["status"]) == (502, "failed")
    assert (answer.error["code"], answer.error["retryable"]) == ("proposal_not_kept", True)
    assert answer.error["message"].startswith("alerts[1]: ")


def test_where_nothing_may_succeed_later_the_first_that_failed_decides(alerting: Alerting, shop: Shop) -> None:
    answer = alerting.post(alertmanager(alert(), alert("ElsewhereBroken"), without_a_name()))

    assert (answer.status, answer.error["code"], answer.error["retryable"]) == (403, "denied_by_policy", False)
    assert answer.error["message"].startswith("alerts[1]: ")
    assert shop.writes() == []


def test_an_alert_that_began_a_little_ahead_of_our_clock_began_now(alerting: Alerting, shop: Shop) -> None:
    ahead, far = (alerting.post(alertmanager(alert(began_ago_s=-minutes * MINUTE_S))) for minutes in (4, 6))

    assert (ahead.status, ahead.json["status"]) == (200, "planned")
    assert (far.status, far.error["message"].startswith("at: lies in the future")) == (400, True)
    assert shop.writes() == []


@pytest.mark.parametrize("name", ["Unheard", "ElsewhereBroken"])
def test_of_a_resolved_alert_no_more_is_told_than_of_a_firing_one(alerting: Alerting, shop: Shop, name: str) -> None:
    answers = [alerting.post(alertmanager(alert(name, status=status))) for status in ("firing", "resolved")]

    firing, resolved = ({**answer.json, "fc_request_id": "", "elapsed_ms": 0} for answer in answers)
    assert (answers[1].status, resolved) == (403, firing)
    assert shop.calls(journal=True) == []


def test_a_resolved_alert_that_no_longer_tells_all_is_still_no_mistake(alerting: Alerting, shop: Shop) -> None:
    answer = alerting.post(alertmanager(alert(status="resolved", labels={"consumer_group": ""})))

    assert (answer.status, answer.json["status"]) == (200, "unchanged")
    assert shop.calls(journal=True) == []


@pytest.mark.parametrize("sign", ["a", "a ", "a=", "é"])
def test_dimensions_are_read_up_to_4_kib(alerting: Alerting, shop: Shop, sign: str) -> None:
    longest = "region=cn," + sign * ((4096 - 10) // len(sign.encode()))
    longer = longest + "," * (4097 - len(longest.encode()))

    taken, refused = (alerting.call_back(cloudmonitor(dimensions=f"{text}")) for text in (longest, longer))

    assert (taken.status, taken.json["status"]) == (200, "planned")
    assert (refused.status, refused.error["message"]) == (400, "dimensions: longer than 4096 bytes")
    assert shop.writes() == []
