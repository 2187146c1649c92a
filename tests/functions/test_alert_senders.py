"""Every other sender's documented payload: Grafana, SLS with our template, CloudMonitor and EventBridge."""

import hashlib
import hmac
import json
import secrets
import time
from typing import Any

import pytest

from tests.functions.alerting import (
    FUNCTION,
    MINUTE_S,
    SLS_TEMPLATE,
    Alerting,
    alert,
    alertmanager,
    cloud_event,
    cloudmonitor,
    grafana,
    rendered,
    sls_attributes,
)
from tests.functions.shop import Shop
from tests.local.fc.routes import invocation_path

COMMAND_OF_SLS = {"action": "rewind", "target": "orders", "to": "30m"}
ON_BILLING = {"project": "shop", "logstore": "orders", "consumer_group": "billing"}


def test_grafana_is_answered_with_a_plan_and_then_with_a_duplicate(alerting: Alerting, shop: Shop) -> None:
    payload = grafana(alert())

    first, again = alerting.post(payload), alerting.post(payload)

    assert [answer.json["status"] for answer in (first, again)] == ["planned", "duplicate"]
    assert first.json["plan_id"] == again.json["plan_id"]
    assert "of grafana" in first.warnings["alert"]
    assert shop.writes() == []


def test_grafana_and_alertmanager_have_episodes_of_their_own(alerting: Alerting, shop: Shop) -> None:
    episode = alert()

    answers = [alerting.post(payload) for payload in (alertmanager(episode), grafana(episode))]

    assert [answer.json["status"] for answer in answers] == ["planned", "planned"]
    assert shop.writes() == []


@pytest.mark.parametrize("is_timed", [True, False], ids=["with-time", "without-time"])
def test_grafanas_signature_proves_its_alerts(alerting: Alerting, shop: Shop, *, is_timed: bool) -> None:
    body = json.dumps(grafana(alert())).encode()
    headers = signed_by_grafana(alerting, body, int(time.time()) if is_timed else None)

    first, again, tampered = (
        alerting.functions.send("POST", "/command", headers, sent) for sent in (body, body, body + b" ")
    )

    assert [first.json["status"], again.json["status"], tampered.status] == ["planned", "duplicate", 401]
    assert shop.writes() == []


def signed_by_grafana(alerting: Alerting, body: bytes, at_unix: int | None) -> dict[str, str]:
    signed = body if at_unix is None else f"{at_unix}:".encode() + body
    secret = alerting.functions.tokens["alerts"].encode()
    headers = {} if at_unix is None else {"X-Grafana-Alerting-Timestamp": str(at_unix)}
    return {**headers, "X-Grafana-Alerting-Signature": hmac.new(secret, signed, hashlib.sha256).hexdigest()}


def test_our_template_of_sls_carries_the_command_that_is_planned(alerting: Alerting, shop: Shop) -> None:
    body = rendered(sls_attributes())

    first, again = alerting.post(body), alerting.post(body)

    assert [answer.json["status"] for answer in (first, again)] == ["planned", "duplicate"]
    assert first.json["target"] == ON_BILLING
    assert first.json["plan_id"] == again.json["plan_id"]
    assert shop.writes() == []


def test_each_evaluation_of_sls_within_one_episode_is_a_repetition(alerting: Alerting, shop: Shop) -> None:
    attributes = sls_attributes()
    later = {**attributes, "alert_instance_id": secrets.token_hex(16), "alert_time": int(time.time()) + 60}

    answers = [alerting.post(rendered(one)) for one in (attributes, later)]

    assert [answer.json["status"] for answer in answers] == ["planned", "duplicate"]
    assert shop.writes() == []


def test_without_a_time_the_instance_of_sls_is_the_episode(alerting: Alerting, shop: Shop) -> None:
    template = SLS_TEMPLATE.read_text(encoding="utf-8").replace('"at": "{starts_at}",', "")
    attributes = {key: value for key, value in sls_attributes().items() if key != "fire_time"}
    bodies = [
        rendered(one, template) for one in (attributes, attributes, {**attributes, "alert_instance_id": "another"})
    ]

    answers = [alerting.post(body) for body in bodies]

    assert [answer.json["status"] for answer in answers] == ["planned", "duplicate", "planned"]
    assert shop.writes() == []


def test_alerts_that_sls_merges_have_a_result_each(alerting: Alerting, shop: Shop) -> None:
    merged = b"[" + b",".join(rendered(sls_attributes(**more)) for more in ({}, {"status": "resolved"})) + b"]"

    answer = alerting.post(merged)

    assert (answer.status, answer.json["action"]) == (200, "batch")
    assert [part["status"] for part in answer.json["results"]] == ["planned", "unchanged"]
    assert shop.writes() == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('"to": "30m",', '"to": "30m", "dry_run": false,'), "command.dry_run"),
        (('"action": "rewind"', '"action": "update_checkpoint"'), "command.action"),
        (('"action": "rewind"', '"action": "apply", "plan_id": "aaaaaaaaaa"'), "command.action"),
        (('"{name}"', '"{labels.owner}"'), "command.reason: the alert has no labels.owner"),
        (('"30m"', '"half an hour"'), "command.to"),
        (('"command": {', '"command": 1, "command": {'), "command: given more than once"),
    ],
    ids=["write", "direct-write", "apply", "missing-label", "no-time", "twice"],
)
def test_a_carried_command_that_is_none_to_propose_is_refused(
    alerting: Alerting, shop: Shop, change: tuple[str, str], problem: str
) -> None:
    template = SLS_TEMPLATE.read_text(encoding="utf-8").replace(*change)

    answer = alerting.post(rendered(sls_attributes(), template))

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert problem in answer.error["message"]
    assert shop.calls() == []


def test_a_carried_command_needs_the_right_to_it(alerting: Alerting, shop: Shop) -> None:
    template = SLS_TEMPLATE.read_text(encoding="utf-8").replace("shop/orders/billing", "shop/payroll/billing")

    answer = alerting.post(rendered(sls_attributes(), template))

    assert (answer.status, answer.error["code"]) == (403, "denied_by_policy")
    assert shop.calls() == []


def test_an_entry_with_a_command_of_its_own_does_not_take_the_alerts(alerting: Alerting, shop: Shop) -> None:
    attributes = sls_attributes(alert_name="NobodyListens")
    template = SLS_TEMPLATE.read_text(encoding="utf-8").replace("shop/orders/billing", "shop/orders/other")

    answer = alerting.post(rendered(attributes, template))

    assert (answer.json["status"], answer.json["target"]) == ("planned", ON_BILLING)
    assert shop.writes() == []


def test_cloudmonitors_form_is_answered_with_a_plan_and_then_with_a_duplicate(alerting: Alerting, shop: Shop) -> None:
    fields = cloudmonitor()

    first, again = alerting.call_back(fields), alerting.call_back(fields)

    assert [answer.json["status"] for answer in (first, again)] == ["planned", "duplicate"]
    assert first.json["target"] == ON_BILLING
    assert first.json["plan_id"] == again.json["plan_id"]
    assert shop.writes() == []


def test_cloudmonitors_dimensions_and_name_fill_a_command(alerting: Alerting, shop: Shop) -> None:
    alerting.apply(alerting.call_back(cloudmonitor(alertName="Too many 5xx")))

    history = alerting.functions.run({"action": "history", "target": "orders"}, caller="reader")

    assert history.json["operations"][0]["reason"] == "Too many 5xx in cn-shenzhen"
    assert shop.writes()


@pytest.mark.parametrize(
    "dimensions",
    ['[{"region":"cn-shenzhen","userId":"12345"}]', [{"region": "cn-shenzhen"}], '{"region": "cn-shenzhen"}'],
    ids=["text", "list", "object"],
)
def test_cloudmonitors_json_is_read_too(alerting: Alerting, shop: Shop, dimensions: object) -> None:
    fields = cloudmonitor(dimensions=dimensions, timestamp=int(time.time()))

    answer = alerting.call_back(json.dumps(fields).encode())

    assert (answer.status, answer.json["status"]) == (200, "planned")
    assert shop.writes() == []


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_cloudmonitors_other_states_change_nothing(alerting: Alerting, shop: Shop, state: str) -> None:
    answer = alerting.call_back(cloudmonitor(alertState=state))

    assert (answer.status, answer.json["status"]) == (200, "unchanged")
    assert shop.calls(journal=True) == []


def test_without_a_transition_cloudmonitors_rule_object_and_time_are_the_episode(
    alerting: Alerting, shop: Shop
) -> None:
    fields = {key: value for key, value in cloudmonitor().items() if key != "transId"}
    elsewhere = {**fields, "dimensions": "{region=cn-hangzhou}"}

    answers = [alerting.call_back(one) for one in (fields, fields, elsewhere)]

    assert [answer.json["status"] for answer in answers] == ["planned", "duplicate", "planned"]
    assert shop.writes() == []


def test_cloudmonitors_null_fills_nothing(alerting: Alerting, shop: Shop) -> None:
    answer = alerting.call_back(cloudmonitor(dimensions="{region=null, apiUid=1}"))

    assert (answer.status, answer.error["message"]) == (
        400,
        "command.reason: the alert has no labels.dimensions.region",
    )
    assert shop.calls() == []


def test_another_token_calls_nothing(alerting: Alerting, shop: Shop) -> None:
    answer = alerting.call_back(cloudmonitor(), token=secrets.token_urlsafe(32))

    assert (answer.status, answer.error["code"]) == (401, "not_authenticated")
    assert shop.calls(journal=True) == []


def test_an_alarm_that_is_called_action_is_an_alarm(alerting: Alerting, shop: Shop) -> None:
    answer = alerting.call_back(json.dumps(cloudmonitor(alertName="action")).encode())

    assert (answer.status, answer.json["status"]) == (200, "planned")
    assert shop.writes() == []


def test_cloudmonitors_token_writes_by_no_command(alerting: Alerting, shop: Shop) -> None:
    command = {"action": "rewind", "target": "orders", "to": "30m", "dry_run": False}

    answer = alerting.call_back(json.dumps(command).encode())

    assert (answer.status, answer.error["code"]) == (403, "proof_too_weak")
    assert shop.calls(journal=True) == []


def test_an_episode_of_sls_stays_the_same_when_its_severity_changes(alerting: Alerting, shop: Shop) -> None:
    attributes = sls_attributes(fingerprint="")

    statuses = [
        alerting.post(rendered({**attributes, **more})).json["status"]
        for more in ({}, {"severity": 8}, {"region": "cn-beijing"}, {"labels": {"env": "other"}})
    ]

    assert statuses == ["planned", "duplicate", "duplicate", "planned"]
    assert shop.writes() == []


def test_what_sls_says_of_an_alert_goes_before_labels_from_logged_data(alerting: Alerting, shop: Shop) -> None:
    command = {**COMMAND_OF_SLS, "reason": "{labels.severity} {labels.project} {labels.region} {labels.alert_id}"}
    logged = dict.fromkeys(("severity", "project", "region", "alert_id"), "forged")

    alerting.apply(alerting.post({**sls_attributes(labels=logged), "command": command}))

    history = alerting.functions.run({"action": "history", "target": "orders"}, caller="reader")
    assert history.json["operations"][0]["reason"] == "10 shop cn-hangzhou alert-1700000000-123456"
    assert shop.writes()


def test_eventbridge_is_answered_with_the_plain_result(alerting: Alerting, shop: Shop) -> None:
    event = cloud_event()

    first, again = alerting.deliver(event), alerting.deliver(event)

    assert [result["status"] for result in (first, again)] == ["planned", "duplicate"]
    assert (first["target"], first["fc_request_id"] is None) == (ON_BILLING, False)
    assert first["plan_id"] == again["plan_id"]
    assert shop.writes() == []


@pytest.mark.parametrize("wrap", [dict, lambda event: [cloud_event(source="other"), event]], ids=["alone", "stream"])
def test_an_event_that_met_a_failure_that_passes_is_delivered_again_and_then_proposed_once(
    alerting: Alerting,
    shop: Shop,
    wrap: Any,  # noqa: ANN401 -- event to event or events
) -> None:
    event = wrap(cloud_event())
    shop.fault({"operation": "GetCheckPoint", "status": 503, "error_code": "ServerBusy", "times": 99})
    failed = alerting.functions.send("POST", invocation_path(FUNCTION), {}, json.dumps(event).encode())
    shop.fault()

    results = [alerting.deliver(event) for _ in range(2)]

    assert failed.headers["x-fc-error-type"]
    assert failed.json["errorType"] == "NotYetCarriedOutError"
    assert failed.json["errorMessage"] == "the event is to be delivered again; the function's log says why"
    last = [result.get("results", [result])[-1]["status"] for result in results]
    assert (last, shop.writes()) == (["planned", "duplicate"], [])


def test_a_stream_of_eventbridge_has_a_result_for_each_event(alerting: Alerting, shop: Shop) -> None:
    stream = [cloud_event(), cloud_event(source="acs.ecs"), cloud_event(source="my/own source")]

    result = alerting.deliver(stream)

    assert [part["status"] for part in result["results"]] == ["planned", "planned", "refused"]
    assert result["error"]["code"] == "denied_by_policy"
    assert shop.writes() == []


def test_what_eventbridge_proposes_is_applied_by_an_approver(alerting: Alerting, shop: Shop) -> None:
    result = alerting.deliver(cloud_event())

    applied = alerting.functions.run(result["next"][0], caller="oncall")

    assert (applied.status, applied.json["status"]) == (200, "applied")
    assert shop.writes()


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (cloud_event(specversion="0.3"), "invalid_command"),
        (cloud_event(id=""), "invalid_command"),
        (cloud_event(time="yesterday"), "invalid_command"),
        (cloud_event(type="oss:ObjectCreated:PutObject"), "denied_by_policy"),
        (cloud_event(data={}), "invalid_command"),
        (cloud_event(data={"consumerGroup": "billing/../x"}), "invalid_command"),
        (cloud_event(data={"padding": "x" * 140_000}), "body_too_large"),
        ([cloud_event() for _ in range(51)], "too_many_alerts"),
        (cloud_event(time=1_700_000_000), "invalid_command"),
        ([cloud_event(data={}), 1], "invalid_command"),
        ([cloud_event(data={}), {}], "invalid_command"),
    ],
    ids=[
        *("version", "id", "time", "type", "no-label", "slash", "oversized", "many", "time-number", "no-object"),
        "no-event",
    ],
)
def test_an_event_that_proposes_nothing_is_answered_and_never_raises(
    alerting: Alerting,
    shop: Shop,
    event: object,
    code: str,
) -> None:
    result = alerting.deliver(event)

    assert (result["ok"], result["error"]["code"]) == (False, code)
    assert shop.calls() == []


@pytest.mark.parametrize(
    "event",
    [b"{}", b"", b"[]", b'{"specversion":', b'{"specversion": "1.0"}', b'["specversion"]', b'\xff"specversion"'],
)
def test_an_invocation_that_is_neither_a_request_nor_an_event_proves_nobody(
    alerting: Alerting, shop: Shop, event: bytes
) -> None:
    answer = alerting.functions.send("POST", "/2023-03-30/functions/sls-rewind-command/invocations", {}, event)

    assert answer.json["statusCode"] == 401
    assert shop.calls(journal=True) == []


def test_an_event_in_the_body_of_a_request_is_not_one_of_eventbridge(alerting: Alerting, shop: Shop) -> None:
    body = json.dumps(cloud_event()).encode()
    headers = {"Content-Type": "application/cloudevents+json", "specversion": "1.0", "X-Specversion": '"specversion"'}

    answer = alerting.functions.send("POST", "/command?specversion=1&id=1&source=acs.sls&type=x", headers, body)

    assert (answer.status, answer.error["code"]) == (401, "not_authenticated")
    assert shop.calls(journal=True) == []


def test_an_alert_in_the_data_of_a_cloudevent_over_http_is_read(alerting: Alerting, shop: Shop) -> None:
    event = cloud_event(data=alertmanager(alert()), source="alertmanager")

    answer = alerting.post(event, content_type="application/cloudevents+json")

    assert (answer.status, answer.json["status"]) == (200, "planned")
    assert shop.writes() == []


def test_the_deadline_of_a_sender_is_no_reason_to_propose_twice(alerting: Alerting, shop: Shop) -> None:
    fields = cloudmonitor(timestamp=str(int((time.time() - MINUTE_S) * 1000)))

    statuses = [alerting.call_back(fields).json["status"] for _ in range(4)]

    assert statuses == ["planned", "duplicate", "duplicate", "duplicate"]
    assert shop.writes() == []
