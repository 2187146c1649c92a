"""What a timer must not say: refused with a short typed error, nothing written, SLS not called."""

import json

import pytest

from tests.functions.evidence import Evidence
from tests.functions.schedules import SHORT_CHARS, Delivery, Scheduler, event
from tests.functions.shop import Shop

REWIND = {"action": "rewind", "target": "orders", "to": "15m", "dry_run": False}
VALUE = "a-value-that-nobody-repeats"


def without(command: dict[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in command.items() if name != key}


def check_refused(delivery: Delivery, shop: Shop, *said: str) -> None:
    """Hold a delivery against what every refused firing has in common."""
    assert (delivery.failed, delivery.status) == (True, "FiringRefusedError")
    assert delivery.document.keys() == {"errorMessage", "errorType", "stackTrace"}
    assert all(word in delivery.message for word in said), delivery.message
    assert VALUE not in json.dumps(delivery.document)
    assert shop.calls(journal=True) == []


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ("", "payload: not valid JSON"),
        (f"rewind {VALUE}", "payload: not valid JSON"),
        (json.dumps(REWIND).replace('"', "'"), "payload: not valid JSON"),
        (["rewind", VALUE], "payload: must be one JSON object"),
        (json.dumps(REWIND)[:-1] + f', "to": "{VALUE}"}}', "to: given more than once"),
        ({}, "action: missing"),
        ({**REWIND, "action": VALUE}, "action: unknown"),
        ({**REWIND, "when": VALUE}, "when: unknown field"),
        ({**REWIND, "to": VALUE}, "to: must be one of"),
        ({**REWIND, "to": {"local": VALUE, "zone": "Asia/Shanghai"}}, "to: local must be a time"),
        ({**REWIND, "to": {"local": "00:00", "zone": VALUE}}, "to: zone must be a zone"),
        ({**REWIND, "to": {"local": "00:00", "zone": "UTC", "day": [VALUE]}}, "to: must be {"),
        ({**REWIND, "at": "2026-11-20T02:30:00Z"}, "at: a timer's commands are anchored"),
        (without(REWIND, "dry_run"), "dry_run: missing"),
        ({**REWIND, "dry_run": VALUE}, "dry_run: must be"),
        (without(REWIND, "target"), "project: missing"),
        ({**REWIND, "max_late_s": VALUE}, "max_late_s: must be"),
        ({**REWIND, "notify": VALUE}, "notify: must be"),
        ({**REWIND, "only_between": VALUE}, "only_between: must be"),
        ({**REWIND, "only_between": {"from": "22:00", "to": "06:00", "zone": VALUE}}, "only_between: from and to"),
        ({**REWIND, "only_between": {"from": "22:00Z", "to": "06:00", "zone": "UTC"}}, "only_between: from and to"),
        ({"commands": []}, "commands: must hold at least one"),
        ({"commands": VALUE}, "commands: must be a list"),
        ({"commands": [VALUE]}, "commands[0]: must be a JSON object"),
        ({"commands": [without(REWIND, "dry_run")]}, "commands[0].dry_run: missing"),
        ({"commands": [{"commands": [REWIND]}]}, "commands[0].action: missing"),
        ({"commands": [{**REWIND, "max_late_s": 5}]}, "commands[0].max_late_s: unknown field"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else json.dumps(value)[:40],
)
def test_a_wrong_payload_is_refused_by_field_without_its_values(
    scheduler: Scheduler, shop: Shop, payload: object, said: str
) -> None:
    check_refused(scheduler.deliver(payload, at_unix=shop.now_unix), shop, "invalid_command: ", said)


@pytest.mark.parametrize(("to", "said"), [({"local": "00:00"}, "zone: missing"), ("2026-11-19T02:30", "has no zone")])
def test_a_time_without_a_zone_is_refused_where_policy_has_none(
    scheduler: Scheduler, shop: Shop, to: object, said: str
) -> None:
    delivery = scheduler.deliver({**REWIND, "to": to}, at_unix=shop.now_unix)

    assert (delivery.status, said in delivery.message) == ("FiringRefusedError", True)
    assert shop.writes() == []


def test_however_much_is_wrong_the_message_is_short(scheduler: Scheduler, shop: Shop) -> None:
    delivery = scheduler.deliver({**REWIND, **{f"field_{n}": n for n in range(500)}}, at_unix=shop.now_unix)

    check_refused(delivery, shop, "field_0: unknown field")
    assert len(delivery.message) == SHORT_CHARS


@pytest.mark.parametrize(
    "event_bytes",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        json.dumps(REWIND).encode(),
        json.dumps({"triggerTime": "2026-11-20T02:30:00Z", "triggerName": "nightly", "payload": REWIND}).encode(),
    ],
    ids=["empty", "text", "list", "object", "command", "payload-no-text"],
)
def test_an_event_of_no_timer_is_refused(scheduler: Scheduler, shop: Shop, event_bytes: bytes) -> None:
    check_refused(scheduler.send(event_bytes), shop, "invalid_command: ")


def test_a_trigger_time_that_is_none_is_refused(scheduler: Scheduler, shop: Shop) -> None:
    told = json.loads(event(REWIND, at_unix=shop.now_unix))

    check_refused(scheduler.send(json.dumps({**told, "triggerTime": VALUE}).encode()), shop, "triggerTime: must be")


@pytest.mark.parametrize("trigger", ["stranger", "Nightly", "nightly/x", "*", ""])
def test_a_trigger_without_a_rule_is_refused(scheduler: Scheduler, shop: Shop, trigger: str) -> None:
    check_refused(scheduler.deliver(REWIND, at_unix=shop.now_unix, trigger=trigger), shop, "denied_by_policy")


def test_an_action_outside_the_triggers_rule_is_refused(scheduler: Scheduler, shop: Shop) -> None:
    seek = {**REWIND, "action": "seek"}

    check_refused(scheduler.deliver(seek, at_unix=shop.now_unix, trigger="narrow"), shop, "denied_by_policy")


def test_what_goes_beyond_a_limit_is_refused_and_not_written(scheduler: Scheduler, shop: Shop) -> None:
    delivery = scheduler.deliver({**REWIND, "to": "40m"}, at_unix=shop.now_unix, trigger="narrow")

    assert (delivery.status, "limit_exceeded" in delivery.message) == ("FiringRefusedError", True)
    assert shop.writes() == []


def test_a_trigger_time_to_come_is_refused_and_nothing_is_written(scheduler: Scheduler, shop: Shop) -> None:
    delivery = scheduler.deliver(REWIND, at_unix=shop.now_unix + 3600)

    assert (delivery.status, "lies in the future" in delivery.message) == ("FiringRefusedError", True)
    assert shop.writes() == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"operation": "ListConsumerGroup", "status": 500, "error_code": "InternalServerError"}, "server_error"),
        ({"operation": "GetCursor", "shard": 1, "status": 403, "error_code": "Unauthorized"}, "sls_not_authorized"),
        ({"operation": "PutLogs", "status": 403, "error_code": "Unauthorized"}, "sls_not_authorized"),
    ],
    ids=["sls-fails", "a-lookup-fails", "no-journal"],
)
def test_what_a_retry_can_mend_has_another_type(
    scheduler: Scheduler, shop: Shop, fault: dict[str, object], said: str
) -> None:
    before = shop.checkpoints()
    shop.fault({**fault, "times": 99})

    delivery = scheduler.deliver(REWIND, at_unix=shop.now_unix)

    assert (delivery.status, said in delivery.message) == ("FiringFailedError", True), delivery.message
    assert "rewind shop/orders/billing failed, " in delivery.message
    assert (shop.checkpoints(), shop.writes()) == (before, [])


def test_active_consumers_are_what_a_retry_can_mend(scheduler: Scheduler, shop: Shop) -> None:
    shop.commit(1, shop.cursor(1, -10))

    delivery = scheduler.deliver(REWIND, at_unix=shop.now_unix)

    assert (delivery.status, "refused, active_consumers: " in delivery.message) == ("FiringFailedError", True)
    assert shop.writes() == []


def test_a_group_that_does_not_exist_is_told_by_its_code(scheduler: Scheduler, shop: Shop) -> None:
    delivery = scheduler.deliver({**REWIND, "target": "shop/orders/nobody"}, at_unix=shop.now_unix)

    assert (delivery.status, "consumer_group_not_exist: consumer group" in delivery.message) == (
        "FiringFailedError",
        True,
    )


def test_no_secret_is_in_the_errors_and_logs_of_failed_firings(
    scheduler: Scheduler, shop: Shop, evidence: Evidence
) -> None:
    shop.fault({"operation": "*", "times": 99, "status": 401, "error_code": "Unauthorized"})
    failed = scheduler.deliver({**REWIND, "notify": ["failing"]}, at_unix=shop.now_unix)
    scheduler.logs.wait_for(f"End RequestId: {failed.request_id}")

    assert failed.status == "FiringFailedError"
    assert evidence.leaks() == []
