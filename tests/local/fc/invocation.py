"""One invocation: its ids and its outcome."""

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

from tests.local.fc.instances import Instance, InstanceExitedError, InstanceTimeoutError
from tests.local.fc.template import Function

UNHANDLED = "UnhandledInvocationError"


@dataclass(frozen=True, slots=True)
class Invocation:
    """What became of one run of a function.

    Attributes:
        request_id: The platform's id of the request.
        payload: The handler's output, or the JSON error.
        error_type: What `X-Fc-Error-Type` says; None for success. From Python it is always the same.
        instance_id: The instance that ran it.
        duration_ms: How long it ran.
    """

    request_id: str
    payload: bytes
    error_type: str | None
    instance_id: str
    duration_ms: float

    @property
    def error(self) -> dict[str, object]:
        """The error as an object; empty for success."""
        content: dict[str, object] = json.loads(self.payload) if self.error_type else {}
        return content


def new_request_id() -> str:
    """Return a request id in the platform's form: `1-<time>-<random>-<random>`."""
    return f"1-{int(time.time()):08x}-{secrets.token_hex(4)}-{secrets.token_hex(6)}"


def new_instance_id() -> str:
    """Return an instance id; no two instances share one."""
    return f"c-{int(time.time()):08x}-{secrets.token_hex(4)}-{secrets.token_hex(6)}"


def run(instance: Instance, function: Function, request: dict[str, Any], event: bytes) -> Invocation:
    """Run a function once on an instance, after its initializer where that has not run yet.

    An initializer that fails, times out or exits is the outcome, and the end of the instance.
    """
    return _initialize(instance, function, request) or _call(instance, request, event, function.timeout_s)


def _initialize(instance: Instance, function: Function, request: dict[str, Any]) -> Invocation | None:
    initializer = function.instance_lifecycle_config.initializer
    if instance.initialized or initializer is None:
        return None
    invocation = _call(instance, {**request, "kind": "initialize"}, b"", initializer.timeout_s)
    if invocation.error_type is None:
        instance.initialized = True
        return None
    instance.kill()
    return invocation


def _call(instance: Instance, request: dict[str, Any], event: bytes, timeout_s: int) -> Invocation:
    started_s = time.monotonic()
    succeeded = False
    try:
        head, payload = instance.call(request, event, timeout_s)
        succeeded = head["succeeded"]
    except InstanceTimeoutError:
        payload = _message(f"Function timed out after {timeout_s} seconds")
    except InstanceExitedError:
        elapsed_ms = round((time.monotonic() - started_s) * 1000)
        payload = _message(f"Process exited unexpectedly before completing request (duration: {elapsed_ms}ms)")
    return Invocation(
        request_id=request["request_id"],
        payload=payload,
        error_type=None if succeeded else UNHANDLED,
        instance_id=instance.instance_id,
        duration_ms=(time.monotonic() - started_s) * 1000,
    )


def _message(text: str) -> bytes:
    return json.dumps({"errorMessage": text}).encode()
