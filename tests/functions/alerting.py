"""What senders of alerts post, in their own words, and how it is answered."""

import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jsonschema

from tests.functions.caller import RESULT_SCHEMA, Answer, FunctionCaller, check_answer
from tests.functions.shop import iso_utc
from tests.local.fc.routes import invocation_path

FUNCTION = "sls-rewind-command"
SLS_TEMPLATE = Path(__file__).resolve().parents[2] / "docs" / "sls-alert-template.json"
ZERO_TIME = "0001-01-01T00:00:00Z"
MINUTE_S = 60
_VALIDATOR = jsonschema.Draft202012Validator(RESULT_SCHEMA)
_VARIABLE = re.compile(r"\{\{ alert\.(\w+)(?: \| (\w+))? \}\}")


class Alerting:
    """Posts what senders would, and commands of the people who are told.

    Args:
        functions: Know all secrets; `alerts` is the sender of every payload.
        url_token: Of CloudMonitor, which is called `monitor`.
    """

    def __init__(self, functions: FunctionCaller, url_token: str) -> None:
        self.functions = functions
        self.url_token = url_token

    def post(self, payload: object, *, caller: str = "alerts", content_type: str = "application/json") -> Answer:
        """Return the answer to a payload as JSON, or to the bytes that it is."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.functions.post(body, caller=caller, Content_Type=content_type)

    def call_back(self, fields: Mapping[str, object] | bytes, *, token: str | None = None) -> Answer:
        """Return the answer to CloudMonitor's form, or to the bytes that it is."""
        body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        answer = self.functions.send("POST", f"/command/cloudmonitor/{token or self.url_token}", headers, body)
        check_answer(answer)
        return answer

    def deliver(self, event: object) -> Any:  # noqa: ANN401 -- any JSON document
        """Return the result of an event that FC hands to the function itself, as JSON or as the bytes that it is."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        answer = self.functions.send("POST", invocation_path(FUNCTION), {}, body)
        assert (answer.status, "x-fc-error-type" in answer.headers) == (200, False), answer.body
        _VALIDATOR.validate(answer.json)
        return answer.json

    def apply(self, answer: Answer, *, caller: str = "oncall") -> Answer:
        """Return the answer to the command that a proposal offers first."""
        return self.functions.run(answer.json["next"][0], caller=caller)


MakeAlerting = Callable[..., AbstractContextManager[Alerting]]


def alert(name: str = "ConsumerLagHigh", *, began_ago_s: float = 0, **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- Alertmanager's own keys
    """Return one alert of Alertmanager's payload, with a fingerprint of its own; labels come on top of the usual."""
    labels = {"alertname": name, "severity": "critical", "consumer_group": "billing", "instance": "billing-7:9100"}
    return {
        "status": "firing",
        "annotations": {"summary": "billing lags", "runbook_url": "https://runbooks.example/lag"},
        "startsAt": iso_utc(time.time() - began_ago_s).replace("Z", ".123456789Z"),
        "endsAt": ZERO_TIME,
        "generatorURL": "http://prometheus.example/graph?g0.expr=lag",
        "fingerprint": secrets.token_hex(8),
        **more,
        "labels": {**labels, **more.get("labels", {})},
    }


def alertmanager(*alerts: Mapping[str, Any], **more: object) -> dict[str, Any]:
    """Return what Alertmanager posts, with everything that its version 4 has."""
    return {
        "version": "4",
        "groupKey": '{}/{team="shop"}:{alertname="ConsumerLagHigh"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "sls-rewind",
        "groupLabels": {"alertname": "ConsumerLagHigh"},
        "commonLabels": {"severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "notification_reason": "first notification",
        "routeLabels": {"team": "shop"},
        "alerts": list(alerts),
        **more,
    }


def grafana(*alerts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Grafana's contact point posts."""
    dressed = [
        {**one, "values": {"B": 44.2, "C": 1}, "silenceURL": "", "dashboardURL": "", "panelURL": "", "imageURL": ""}
        for one in alerts
    ]
    return {
        "receiver": "sls-rewind",
        "status": "firing",
        "orgId": 1,
        "alerts": dressed,
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "https://grafana.example/",
        "version": "1",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "title": "[FIRING:1]",
        "state": "alerting",
        "message": "**Firing**",
    }


def sls_attributes(**more: object) -> dict[str, object]:
    """Return the attributes of an alert as SLS knows them."""
    now_unix = int(time.time())
    return {
        "aliuid": "117918634953",
        "alert_instance_id": secrets.token_hex(16),
        "alert_id": "alert-1700000000-123456",
        "alert_name": "Orders garbled",
        "alert_time": now_unix,
        "fire_time": now_unix - MINUTE_S,
        "project": "shop",
        "region": "cn-hangzhou",
        "status": "firing",
        "severity": 10,
        "fingerprint": secrets.token_hex(8),
        "labels": {"env": 'a "prod" one'},
        "annotations": {"title": "orders are garbled", "desc": "1: {}"},
        **more,
    }


def rendered(attributes: Mapping[str, object], template: str | None = None) -> bytes:
    """Return what SLS makes of our template: a variable that does not exist is an empty text."""

    def value_of(found: re.Match[str]) -> str:
        value = attributes.get(found[1], "")
        if found[2] == "quote":
            return json.dumps(str(value))
        return json.dumps(value) if found[2] == "to_json" or isinstance(value, dict) else str(value)

    return _VARIABLE.sub(value_of, template or SLS_TEMPLATE.read_text(encoding="utf-8")).encode()


def cloudmonitor(**more: object) -> dict[str, object]:
    """Return the fields of CloudMonitor's callback, as a captured one had them."""
    return {
        "lastTime": "0分钟",
        "rawMetricName": "code5XX_stage",
        "expression": "$Value >= 5",
        "metricName": "code5XX_stage",
        "instanceName": "null",
        "signature": "Fp+x5JmbQaKGAKM90Wj95oZh/oo=",
        "transId": secrets.token_hex(16),
        "groupId": "41263096",
        "regionName": "null",
        "productGroupName": "orders",
        "metricProject": "acs_apigateway",
        "userId": "1234567890123456",
        "curValue": "9",
        "unit": "个",
        "alertName": "API网关_返回码5XX个数",
        "regionId": "null",
        "namespace": "acs_apigateway",
        "triggerLevel": "INFO",
        "alertState": "ALERT",
        "preTriggerLevel": "null",
        "ruleId": "alarmRule_uuid_bf585f0992",
        "dimensions": "{apiStageName=RELEASE, apiUid=42df3c02, region=cn-shenzhen, userId=1234567890123456}",
        "timestamp": str(int(time.time() * 1000)),
        **more,
    }


def cloud_event(**more: object) -> dict[str, object]:
    """Return an event as EventBridge hands it to a function."""
    return {
        "id": secrets.token_hex(16),
        "source": "acs.sls",
        "specversion": "1.0",
        "type": "sls:Consumer:Lagging",
        "datacontenttype": "application/json;charset=utf-8",
        "subject": "acs:log:cn-hangzhou:1234567890123456:project/shop",
        "time": iso_utc(time.time()),
        "data": {"consumerGroup": "billing", "lag": {"s": 7200}},
        "aliyunaccountid": "1234567890123456",
        "aliyunpublishtime": iso_utc(time.time()),
        "aliyuneventbusname": "default",
        "aliyunregionid": "cn-hangzhou",
        **more,
    }
