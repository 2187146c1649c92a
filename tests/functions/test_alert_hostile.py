"""What nobody should send, and what somebody will: refused in words, without a write, and without a word of it back."""

import json
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.functions.alerting import (
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
from tests.fuzz.amount import some

MARK = "tampered"


@pytest.mark.parametrize(
    "label",
    [
        f"billing/../{MARK}",
        f"../payroll/{MARK}",
        f"billing\n{MARK}",
        f"billing\x00{MARK}",
        f"\u202e{MARK}",
        f"b\u0456lling{MARK}",
        f"{MARK}*",
        MARK * 1300,
        f"{{labels.instance}}{MARK}",
        f"\ud800{MARK}",
    ],
    ids=["slash", "up", "line", "nul", "direction", "look-alike", "glob", "10-kB", "placeholder", "half-surrogate"],
)
def test_a_tampered_label_names_no_group(alerting: Alerting, shop: Shop, label: str) -> None:
    answer = alerting.post(alertmanager(alert(labels={"consumer_group": label})))

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert answer.error["message"].startswith("command.target: ")
    assert MARK not in answer.body.decode()
    assert shop.calls() == []


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize("depth", [33, 300, 950, 2000, 20_000])
def test_what_is_nested_too_deeply_is_refused_at_every_door(alerting: Alerting, shop: Shop, depth: int) -> None:
    command = f'{{"action": "rewind", "target": "orders", "to": {nested(depth)}}}'
    sls = json.dumps({**sls_attributes(), "command": "HERE"}).replace('"HERE"', command)
    alarm = json.dumps({**cloudmonitor(), "more": "HERE"}).replace('"HERE"', nested(depth))
    payload = json.dumps(alertmanager(alert(), more="HERE")).replace('"HERE"', nested(depth))
    event = json.dumps(cloud_event(data="HERE")).replace('"HERE"', nested(depth))

    answers = [alerting.post(body.encode()) for body in (sls, f"[{sls}]", payload, command, nested(depth))]
    answers.append(alerting.call_back(alarm.encode()))
    result = alerting.deliver(event.encode())

    assert [(answer.status, answer.error["message"]) for answer in answers] == [
        (400, "body: nested more than 32 levels deep")
    ] * len(answers)
    assert result["error"]["message"] == "body: nested more than 32 levels deep"
    assert shop.calls(journal=True) == []


def test_dimensions_of_any_depth_are_no_crash(alerting: Alerting, shop: Shop) -> None:
    for depth in (33, 950, 1900):
        answer = alerting.call_back({**cloudmonitor(), "dimensions": f'{{"region": {nested(depth)}}}'})

        assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert shop.writes() == []


@pytest.mark.parametrize("make", [alertmanager, grafana])
def test_a_key_that_is_given_twice_refuses_the_payload(
    alerting: Alerting, shop: Shop, make: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    body = json.dumps(make(alert())).replace('"severity": ', '"consumer_group": "audit", "severity": ')

    answer = alerting.post(body.encode())

    assert (answer.status, answer.error["message"]) == (400, "consumer_group: given more than once")
    assert shop.calls(journal=True) == []


def test_a_label_names_one_segment_and_not_a_whole_target(alerting: Alerting, shop: Shop) -> None:
    payload = alertmanager(alert("AliasOfGroup", labels={"alias": "shop/orders/billing", "back": "30m"}))

    answer = alerting.post(payload)

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert "command.target: the alert's labels.alias holds a slash" in answer.error["message"]
    assert shop.calls() == []


def test_a_label_can_name_an_alias(alerting: Alerting, shop: Shop) -> None:
    answer = alerting.post(alertmanager(alert("AliasOfGroup", labels={"alias": "orders", "back": "30m"})))

    assert (answer.status, answer.json["status"]) == (200, "planned")
    assert shop.writes() == []


@pytest.mark.parametrize("back", ["begin of time", '{"shift": -100}', "9999999999d", "30m; apply", "\u0663\u0660m"])
def test_a_tampered_time_plans_nothing(alerting: Alerting, shop: Shop, back: str) -> None:
    answer = alerting.post(alertmanager(alert("AliasOfGroup", labels={"alias": "orders", "back": back})))

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert answer.error["message"].startswith("command.to: ")
    assert shop.calls() == []


@pytest.mark.parametrize("missing", ["consumer_group", "alertname"])
def test_a_missing_or_empty_label_refuses(alerting: Alerting, shop: Shop, missing: str) -> None:
    empty, absent = alert(labels={missing: ""}), alert()
    del absent["labels"][missing]

    answers = [alerting.post(alertmanager(one)) for one in (empty, absent)]

    assert [answer.status for answer in answers] == [400, 400]
    assert all(missing in answer.error["message"] for answer in answers)
    assert shop.calls() == []


@pytest.mark.parametrize(
    "changed",
    [
        alert("Unheard"),
        alert(labels={"severity": "warning"}),
        alert("ElsewhereBroken"),
        alert("AliasOfGroup", labels={"alias": "unknown", "back": "30m"}),
        alert("consumerlaghigh"),
    ],
    ids=["name", "label", "no-rule", "unknown-alias", "case"],
)
def test_what_policy_does_not_allow_is_one_and_the_same_403(
    alerting: Alerting, shop: Shop, changed: dict[str, Any]
) -> None:
    answers = [alerting.post(alertmanager(one)) for one in (changed, alert("NeverHeardOf"))]

    told = [{**answer.json, "fc_request_id": "", "elapsed_ms": 0} for answer in answers]
    assert [answer.status for answer in answers] == [403, 403]
    assert told[0] == told[1]
    assert shop.calls() == []


def test_an_alert_of_another_principal_is_not_mapped(alerting: Alerting, shop: Shop) -> None:
    answer = alerting.post(alertmanager(alert()), caller="oncall")

    assert (answer.status, answer.error["code"]) == (403, "denied_by_policy")
    assert shop.calls() == []


@pytest.mark.parametrize(
    ("payload", "status", "message"),
    [
        (alertmanager(*(alert() for _ in range(51))), 413, "alerts: 51 in one payload, 50 are allowed"),
        (alertmanager(alert(annotations={"summary": "x" * 70_000})), 413, "body: longer than 65536 bytes"),
        (alertmanager(), 400, "alerts: must hold at least one"),
        (alertmanager(alert(), version="5"), 400, "version: must be one of 4, 1"),
        (alertmanager(alert(status="pending")), 400, "alerts[0].status: must be one of firing, resolved"),
        (alertmanager(alert(startsAt="now")), 400, "alerts[0].startsAt: must be an ISO-8601 time"),
        (alertmanager(alert(labels={"consumer_group": 7})), 400, "alerts[0].labels: must be an object of texts"),
        ({"version": "4", "alerts": ["firing"]}, 400, "alerts[0].labels.alertname: must be text"),
        ({"version": "4", "alerts": {}}, 400, "action: missing"),
        ({**alertmanager(alert()), "action": "rewind"}, 400, "alerts: unknown field"),
        ([alertmanager(alert())], 400, "body: must be one JSON object"),
        ([], 400, "body: must be one JSON object"),
    ],
    ids=["many", "long", "none", "version", "status", "time", "labels", "text", "object", "command", "array", "empty"],
)
def test_what_is_not_of_alertmanagers_form_is_refused_by_field(
    alerting: Alerting, shop: Shop, *, payload: object, status: int, message: str
) -> None:
    answer = alerting.post(payload)

    assert answer.status == status
    assert message in answer.error["message"]
    assert shop.calls(journal=True) == []


def test_a_truncated_payload_is_refused_wherever_it_ends(alerting: Alerting, shop: Shop) -> None:
    bodies = [json.dumps(alertmanager(alert())).encode(), rendered(sls_attributes())]

    answers = [alerting.post(body[: len(body) * part // 8]) for body in bodies for part in range(1, 8)]

    assert {answer.status for answer in answers} == {400}
    assert shop.calls(journal=True) == []


def test_a_form_where_json_is_expected_is_refused(alerting: Alerting, shop: Shop) -> None:
    body = urllib.parse.urlencode(cloudmonitor()).encode()

    answer = alerting.post(body, content_type="application/x-www-form-urlencoded")

    assert (answer.status, answer.error["message"]) == (400, "body: not valid JSON in UTF-8")
    assert shop.calls(journal=True) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"alertName=x",
        b"alertState=ALERT&alertName=x&alertName=y",
        b"alertState=ALERT&alertName=%FF%FE",
        b"alertState=ALERT&alertName=\xff",
        b"alertState=BROKEN&alertName=x",
        b"alertState=ALERT&alertName=x&timestamp=soon",
        b"&".join(b"a%d=1" % n for n in range(200)),
        b'{"alertName": "x", "alertState": "ALERT"',
        b'{"alertName": "x", "alertName": "y", "alertState": "ALERT"}',
        b'[{"alertName": "x", "alertState": "ALERT"}]',
        json.dumps(alertmanager(alert())).encode(),
    ],
)
def test_what_is_no_callback_of_cloudmonitor_is_refused(alerting: Alerting, shop: Shop, body: bytes) -> None:
    answer = alerting.call_back(body)

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert shop.calls(journal=True) == []


def test_a_body_that_is_not_the_base64_it_is_said_to_be_proves_nobody(alerting: Alerting, shop: Shop) -> None:
    event = {
        "version": "v1",
        "rawPath": "/",
        "headers": {"Authorization": f"Bearer {alerting.functions.tokens['alerts']}"},
        "body": "%%% not base64 %%%",
        "isBase64Encoded": True,
        "requestContext": {"http": {"method": "POST"}},
    }

    answer = alerting.functions.send(
        "POST", "/2023-03-30/functions/sls-rewind-command/invocations", {}, json.dumps(event).encode()
    )

    assert answer.json["statusCode"] == 401
    assert shop.calls(journal=True) == []


Change = Callable[[Any], Any]
TEXTS = st.one_of(
    st.sampled_from(["", "firing", "billing", "30m", "0", "null", "{name}", "{labels.x}", "shop/orders/billing", "4"]),
    st.text(max_size=30),
)
SCALARS = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
SAMPLES = st.sampled_from(
    [
        alertmanager(alert(), alert()),
        grafana(alert()),
        json.loads(rendered(sls_attributes())),
        cloud_event(),
        [cloud_event(), cloud_event()],
        [json.loads(rendered(sls_attributes()))],
        cloudmonitor(),
    ]
)


def places(document: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside a document."""
    pairs = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path, *(inner for key, value in pairs for inner in places(value, (*path, key)))]


@st.composite
def payloads(draw: st.DrawFn) -> Any:  # noqa: ANN401 -- any JSON document
    """Sample payloads, a few values of which are replaced by anything, or taken away."""
    document = json.loads(json.dumps(draw(SAMPLES)))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(document)))
        if not path:
            continue
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        if isinstance(holder, dict) and draw(st.booleans()):
            del holder[path[-1]]
        else:
            holder[path[-1]] = draw(VALUES)
    return document


@some(120)
@given(payload=payloads())
def test_no_payload_breaks_anything_or_writes_a_checkpoint(alerting: Alerting, shop: Shop, payload: Any) -> None:  # noqa: ANN401 -- as above
    body = json.dumps(payload).encode()

    answers = [alerting.post(body), alerting.call_back(body)]
    # Whatever it is, FC hands it over as well; what is no event is no request either.
    invoked = alerting.functions.send("POST", "/2023-03-30/functions/sls-rewind-command/invocations", {}, body)

    assert all(answer.status < 500 for answer in answers)
    assert "x-fc-error-type" not in invoked.headers
    assert invoked.json.get("statusCode", 401) == 401
    assert invoked.json.get("error", {}) is None or invoked.json.get("error", {}).get("code") != "internal_error"
    assert shop.writes() == []
