"""What makes an event of EventBridge one, and whose it is."""

import json

import pytest

from shared.webhooks.alerting import is_eventbridge
from shared.webhooks.alerts import Alert
from shared.webhooks.eventbridge import principal_of, read_events

EVENT = {"specversion": "1.0", "id": "1", "source": "acs.oss", "type": "oss:ObjectCreated:PutObject"}


@pytest.mark.parametrize(
    ("source", "principal"),
    [
        ("acs.oss", "eventbridge:acs.oss"),
        ("/my context/4", "eventbridge:-my-context-4"),
        ("https://a.example:8/b?c", "eventbridge:https---a.example-8-b-c"),
        ("acs.oss\nwebhook:oncall", "eventbridge:acs.oss-webhook-oncall"),
        ("\u00fcber*", "eventbridge:-ber-"),
        ("x" * 300, "eventbridge:" + "x" * 128),
    ],
)
def test_a_source_is_one_safe_segment_of_a_principal(source: str, principal: str) -> None:
    assert principal_of(source) == principal


@pytest.mark.parametrize("event", [EVENT, [EVENT, EVENT]])
def test_one_event_or_several_are_of_eventbridge(event: object) -> None:
    assert is_eventbridge(json.dumps(event).encode())


@pytest.mark.parametrize(
    "event",
    [
        {"version": "v1", "body": json.dumps(EVENT), "requestContext": {}},
        {**EVENT, "requestContext": {"http": {}}},
        {"version": "v1", "requestContext": {}, "queryParameters": EVENT},
        {"specversion": "1.0"},
        [],
        "specversion",
    ],
)
def test_what_fc_makes_of_a_request_is_never_of_eventbridge(event: object) -> None:
    assert not is_eventbridge(json.dumps(event).encode())


def test_what_an_event_holds_is_labels_by_their_path() -> None:
    event = {**EVENT, "data": {"a": {"b": 7, "c": True, "d": None}, "list": [1], "e": "text"}, "subject": ""}

    (alert,) = read_events(json.dumps(event).encode()).alerts

    assert isinstance(alert, Alert)
    assert alert.labels == {**EVENT, "data.a.b": "7", "data.a.c": "true", "data.e": "text"}
