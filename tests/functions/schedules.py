"""Delivering firings of a timer trigger to the function `schedule`, as the platform does, and what it answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema

from tests.functions.caller import RESULT_SCHEMA, FunctionCaller
from tests.functions.shop import iso_utc
from tests.local.fc.logs import Logs
from tests.local.fc.routes import invocation_path

FUNCTION = "sls-rewind-schedule"
SHORT_CHARS = 600
_VALIDATOR = jsonschema.Draft202012Validator(RESULT_SCHEMA)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one delivery.

    Attributes:
        document: The function's result, or FC's record of its error.
        failed: Whether FC counts it as failed.
        request_id: FC's id of it.
    """

    document: Any
    failed: bool
    request_id: str

    @property
    def status(self) -> str:
        """The result's status; the type of the error where there is none."""
        return str(self.document["errorType" if self.failed else "status"])

    @property
    def message(self) -> str:
        """The error's message."""
        return str(self.document["errorMessage"])

    @property
    def shards(self) -> dict[int, Any]:
        """The result's shards by id."""
        return {shard["shard"]: shard for shard in self.document["shards"]}


class Scheduler:
    """Delivers firings synchronously, each as often as it is told to.

    Attributes:
        functions: Sends commands to the same installation.
        logs: What its instances wrote.
    """

    def __init__(self, functions: FunctionCaller, logs: Logs) -> None:
        self.functions = functions
        self.logs = logs

    def deliver(self, payload: object, *, at_unix: float, trigger: str = "nightly") -> Delivery:
        """Return what becomes of a firing whose payload is a text, or anything else as JSON."""
        return self.send(event(payload, at_unix=at_unix, trigger=trigger))

    def send(self, event_bytes: bytes) -> Delivery:
        """Return what becomes of an event, held against what every outcome has in common."""
        answer = self.functions.send("POST", invocation_path(FUNCTION), {}, event_bytes)
        assert answer.status == 200, answer.body
        failed = "x-fc-error-type" in answer.headers
        delivery = Delivery(answer.json, failed, answer.headers["x-fc-request-id"])
        if failed:
            assert delivery.status in {"FiringRefusedError", "FiringFailedError"}, answer.body
            assert len(delivery.message) <= SHORT_CHARS
        else:
            _VALIDATOR.validate(delivery.document)
            assert delivery.document["ok"] is True
        return delivery


def event(payload: object, *, at_unix: float, trigger: str = "nightly") -> bytes:
    """Return the event of a firing; a payload that is no text is written as JSON."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    told: Mapping[str, object] = {"triggerTime": iso_utc(at_unix), "triggerName": trigger, "payload": text}
    return json.dumps(told).encode()
