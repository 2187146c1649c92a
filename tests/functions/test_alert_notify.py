"""Telling people what an alert proposes: the plan and its expiry, once an episode."""

import json
from typing import Any

from tests.functions.alerting import Alerting, alert, alertmanager
from tests.functions.receiver import Receiver
from tests.functions.shop import Shop


def texts(receiver: Receiver) -> list[str]:
    return [str(one.json["text"]) for one in receiver.received("slack")]


def test_a_proposal_is_told_with_its_plan_its_expiry_and_its_alert(
    alerting: Alerting, shop: Shop, receiver: Receiver
) -> None:
    result = alerting.post(alertmanager(alert())).json

    (text,) = texts(receiver)
    assert text.startswith("Planned, nothing is written yet: rewind on shop/orders/billing")
    assert "asked for by webhook:alerts" in text
    assert "alert ConsumerLagHigh of alertmanager, since " in text
    assert f"Apply the plan, until {result['expires_at']}" in text
    assert json.dumps({"action": "apply", "plan_id": result["plan_id"]}) in text
    assert shop.writes() == []


def test_a_repetition_is_not_told_again(alerting: Alerting, shop: Shop, receiver: Receiver) -> None:
    payload = alertmanager(alert())

    statuses = [alerting.post(payload).json["status"] for _ in range(3)]

    assert statuses == ["planned", "duplicate", "duplicate"]
    assert len(receiver.received()) == 2
    assert shop.writes() == []


def test_two_alerts_of_one_payload_are_two_messages(alerting: Alerting, shop: Shop, receiver: Receiver) -> None:
    results = alerting.post(alertmanager(alert(), alert(), alert(status="resolved"))).json["results"]

    messages: list[Any] = receiver.received("audit")
    plans = [message.json["data"]["result"]["plan_id"] for message in messages]
    assert plans == [result["plan_id"] for result in results[:2]]
    assert len({message.headers["webhook-id"] for message in messages}) == 2
    assert shop.writes() == []


def test_a_destination_that_takes_nothing_is_a_warning(alerting: Alerting, shop: Shop, receiver: Receiver) -> None:
    answer = alerting.post(alertmanager(alert("NobodyListens")))

    assert (answer.status, answer.json["status"]) == (200, "planned")
    assert "failing: it answered HTTP 500" in answer.warnings["not_notified"]
    assert len(receiver.received("failing")) == 1
    assert shop.writes() == []


def test_what_is_not_planned_is_not_told(alerting: Alerting, shop: Shop, receiver: Receiver) -> None:
    shop.fault({"operation": "GetCheckPoint", "status": 401, "error_code": "Unauthorized", "times": 99})

    answers = [
        alerting.post(alertmanager(alert())),
        alerting.post(alertmanager(alert(status="resolved"))),
        alerting.post(alertmanager(alert(labels={"consumer_group": ""}))),
    ]

    assert [answer.status for answer in answers] == [502, 200, 400]
    assert receiver.received() == []
