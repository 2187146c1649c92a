"""Nobody is left untold: of a proposal that the journal did not confirm, or whose teller died before it told."""

from typing import Any

import pytest

from tests.functions.alerting import MINUTE_S, Alerting, alert, alertmanager
from tests.functions.receiver import Receiver
from tests.functions.shop import Shop

UNAUTHORIZED = {"status": 401, "error_code": "Unauthorized"}
# The plan, the proposal, and that people were told of it.
THIRD_RECORD = {"operation": "PutLogs", "nth": 3, "times": 1, **UNAUTHORIZED}


def plans_told(receiver: Receiver) -> list[str]:
    messages: list[Any] = receiver.received("audit")
    return [message.json["data"]["result"]["plan_id"] for message in messages]


def began_an_hour_ago() -> dict[str, Any]:
    return alertmanager(alert(began_ago_s=60 * MINUTE_S))


def propose_without_noting_that_it_was_told(alerting: Alerting, shop: Shop, payload: object, *, ago_s: int) -> str:
    """Propose as an invocation does that ends before its last record; return the plan's id."""
    shop.sls.control("clock", {"skew_s": -ago_s})
    shop.fault(THIRD_RECORD)
    first = alerting.post(payload)
    shop.fault()
    shop.sls.control("clock", {"skew_s": 0})
    assert (first.status, first.json["status"]) == (200, "planned"), first.body
    return str(first.json["plan_id"])


def test_wherever_reading_back_breaks_off_somebody_is_told_sooner_or_later(
    alerting: Alerting, shop: Shop, receiver: Receiver
) -> None:
    warned = 0
    for nth in range(1, 8):
        receiver.forget()
        payload = alertmanager(alert())
        shop.fault({"operation": "PullLogs", "nth": nth, "times": 30, **UNAUTHORIZED})
        first = alerting.post(payload)
        shop.fault()
        again = alerting.post(payload)
        warned += "proposal_not_confirmed" in first.warnings

        assert again.json["status"] in {"planned", "duplicate"}, nth
        assert again.json["plan_id"] in plans_told(receiver), nth
    assert warned >= 1
    assert shop.writes() == []


@pytest.mark.parametrize("kind", ["after_write", "reset"])
def test_a_proposal_whose_answer_was_lost_is_told_with_its_plan(
    alerting: Alerting, shop: Shop, receiver: Receiver, kind: str
) -> None:
    # Sent again until the tries are used up; what was taken is seen when the journal is read back.
    shop.fault({"operation": "PutLogs", "nth": 2, "times": 4, "kind": kind})
    first = alerting.post(alertmanager(alert()))
    shop.fault()

    assert (first.status, first.json["status"]) == (200, "planned")
    assert plans_told(receiver) == [first.json["plan_id"]]
    assert ("proposal_not_confirmed" in first.warnings) == (kind == "reset")
    assert alerting.apply(first).json["status"] == "applied"


def test_a_proposal_that_nobody_was_told_of_is_told_by_its_repetition(
    alerting: Alerting, shop: Shop, receiver: Receiver
) -> None:
    payload = began_an_hour_ago()
    plan_id = propose_without_noting_that_it_was_told(alerting, shop, payload, ago_s=5 * MINUTE_S)
    receiver.forget()

    again, third = alerting.post(payload), alerting.post(payload)

    assert [answer.json["status"] for answer in (again, third)] == ["duplicate", "duplicate"]
    assert plans_told(receiver) == [plan_id]
    (text,) = [str(one.json["text"]) for one in receiver.received("slack")]
    assert text.startswith("Planned, nothing is written yet: rewind on shop/orders/billing")
    assert "Apply the plan, until " in text
    assert "3 shards" in text


def test_a_repetition_leaves_the_telling_to_an_invocation_that_may_still_do_it(
    alerting: Alerting, shop: Shop, receiver: Receiver
) -> None:
    payload = began_an_hour_ago()
    propose_without_noting_that_it_was_told(alerting, shop, payload, ago_s=0)
    receiver.forget()

    assert alerting.post(payload).json["status"] == "duplicate"
    assert receiver.received() == []


def test_a_proposal_that_expired_before_anybody_was_told_is_made_anew(
    alerting: Alerting, shop: Shop, receiver: Receiver
) -> None:
    payload = began_an_hour_ago()
    lapsed = propose_without_noting_that_it_was_told(alerting, shop, payload, ago_s=20 * MINUTE_S)
    receiver.forget()

    anew, again = alerting.post(payload), alerting.post(payload)

    assert [answer.json["status"] for answer in (anew, again)] == ["planned", "duplicate"]
    assert anew.json["plan_id"] == again.json["plan_id"] != lapsed
    assert plans_told(receiver) == [anew.json["plan_id"]]


def test_where_nobody_is_to_be_told_an_expired_plan_stays_the_episodes(alerting: Alerting, shop: Shop) -> None:
    payload = alertmanager(alert("AliasOfGroup", labels={"alias": "orders", "back": "30m"}))
    shop.sls.control("clock", {"skew_s": -20 * MINUTE_S})
    first = alerting.post(payload)
    shop.sls.control("clock", {"skew_s": 0})

    again = alerting.post(payload)

    assert (again.json["status"], again.json["plan_id"]) == ("duplicate", first.json["plan_id"])
    assert "plan_expired" in again.warnings


def test_a_message_that_no_destination_took_is_sent_once_more(
    alerting: Alerting, shop: Shop, receiver: Receiver
) -> None:
    payload = alertmanager(alert("NobodyListens"))
    shop.sls.control("clock", {"skew_s": -5 * MINUTE_S})
    first = alerting.post(payload)
    shop.sls.control("clock", {"skew_s": 0})
    receiver.forget()

    again = alerting.post(payload)

    assert [answer.json["status"] for answer in (first, again)] == ["planned", "duplicate"]
    assert len(receiver.received("failing")) == 1
    assert "not_notified" in again.warnings
