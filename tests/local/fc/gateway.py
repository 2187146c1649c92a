"""The gateway: every way into a function goes through it, be it a test or the HTTP server."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import final

from tests.local.fc.asynchronous import AsyncQueue, AsyncResult
from tests.local.fc.errors import (
    MethodNotConfiguredError,
    NoHttpTriggerError,
    PayloadTooLargeError,
    SignatureRequiredError,
)
from tests.local.fc.events import EventOrigin, HttpRequest, IsBinary, http_event, is_binary_body
from tests.local.fc.instances import Instance, InstancePool
from tests.local.fc.invocation import Invocation, new_instance_id, new_request_id, run
from tests.local.fc.logs import Logs
from tests.local.fc.responses import HttpResponse, function_response
from tests.local.fc.runtime.messages import InstanceConfig, Profile
from tests.local.fc.template import Function, Template
from tests.local.fc.variables import Platform, instance_environ

BODY_LIMIT_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """How a gateway differs from the template and from the platform.

    Attributes:
        profile: Loader and context for all functions; None: what each function's runtime has.
        max_instances: Instances per function; further requests wait.
        retry_delay_s: Wait before an asynchronous invocation is tried again; doubles from try to try.
        is_binary: Which bodies enter an HTTP event as base64; the platform's own rule is not documented.
        interpreter: The Python of all instances, which then have nothing but their code and its standard library; None:
            the one that runs this, with all that is installed for it.
    """

    profile: Profile | None = None
    max_instances: int = 4
    retry_delay_s: float = 0.05
    is_binary: IsBinary = is_binary_body
    interpreter: Path | None = None


@final
class Gateway:
    """Runs the functions of a template. A context manager; safe to use from several threads.

    Functions are named by their key in the template or by their name in Function Compute.

    Args:
        template: The functions.
        code_roots: Per key of the template, the folder that stands for `/code`.
        platform: Region, account and role credentials.
        logs: Where the functions' output goes; None keeps it in `logs` alone.
        options: Deliberate differences.
    """

    def __init__(
        self,
        template: Template,
        code_roots: Mapping[str, Path],
        platform: Platform,
        *,
        logs: Logs | None = None,
        options: GatewayOptions | None = None,
    ) -> None:
        self.template = template
        self.logs = logs or Logs()
        self._code_roots = code_roots
        self._platform = platform
        self._options = options or GatewayOptions()
        self._pools = {name: self._pool(function) for name, function in template.functions.items()}
        self._queue = AsyncQueue(self._invoke_once, retry_delay_s=self._options.retry_delay_s)

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all instances and drop what is queued."""
        self._queue.stop()
        for pool in self._pools.values():
            pool.close()
        self._queue.close()

    def invoke(self, name: str, event: bytes) -> Invocation:
        """Run a function once and return its outcome; a failed function is an outcome too.

        Raises:
            UnknownFunctionError: There is no such function.
            PayloadTooLargeError: The event is over 32 MB.
            InstanceStartError: No instance comes up.
        """
        function = self.template.function(name)
        _check_size(event)
        return self._invoke_once(function, event, new_request_id(), 0)

    def invoke_async(self, name: str, event: bytes, *, task_id: str | None = None, delay_s: int = 0) -> str:
        """Queue an event and return the request id; failures are tried again by the function's own rule.

        Raises:
            UnknownFunctionError: There is no such function.
            PayloadTooLargeError: The event is over 128 KB.
            InvalidTaskIdError: The task id is outside the platform's grammar.
            DuplicateTaskError: The function has had this task id.
        """
        request_id = new_request_id()
        self._queue.submit(self.template.function(name), event, request_id, task_id, delay_s=delay_s)
        return request_id

    @property
    def async_results(self) -> list[AsyncResult]:
        """The asynchronous invocations that have ended, in the order of ending."""
        return self._queue.results

    def wait_idle(self, timeout_s: float = 30) -> None:
        """Return when no asynchronous invocation is queued or running.

        Raises:
            TimeoutError: One still is after `timeout_s`.
        """
        self._queue.wait_idle(timeout_s)

    def http(self, name: str, request: HttpRequest) -> HttpResponse:
        """Answer an HTTP request through the function's HTTP trigger; a failed function answers 502.

        `X-Fc-Invocation-Type: Async` queues it and answers 202.

        Raises:
            RequestRefusedError: The platform would not let the request through to the function.
            InstanceStartError: No instance comes up.

        Source: function-compute.md, sections 1.2 and 3.
        """
        function = self.template.function(name)
        _check_trigger(function, request)
        _check_size(request.body)
        request_id = new_request_id()
        origin = EventOrigin(
            account_id=self._platform.account_id,
            region=self._platform.region,
            trigger_id=function.name,
            request_id=request_id,
            received_at=datetime.now(timezone.utc),
        )
        event = http_event(request, origin, self._options.is_binary)
        if request.header("X-Fc-Invocation-Type").lower() == "async":
            return self._accept(function, event, request_id, request)
        invocation = self._invoke_once(function, event, request_id, 0)
        if invocation.error_type is None:
            return function_response(invocation.payload).with_headers(X_Fc_Request_Id=request_id)
        response = HttpResponse(HTTPStatus.BAD_GATEWAY, {"Content-Type": "application/json"}, invocation.payload)
        return response.with_headers(X_Fc_Request_Id=request_id, X_Fc_Error_Type=invocation.error_type)

    def _accept(self, function: Function, event: bytes, request_id: str, request: HttpRequest) -> HttpResponse:
        task_id = request.header("X-Fc-Async-Task-Id") or None
        self._queue.submit(function, event, request_id, task_id)
        response = HttpResponse(HTTPStatus.ACCEPTED, {})
        return response.with_headers(X_Fc_Request_Id=request_id, X_Fc_Async_Task_Id=task_id)

    def _invoke_once(self, function: Function, event: bytes, request_id: str, retry_count: int) -> Invocation:
        request = {
            "kind": "invoke",
            "request_id": request_id,
            "retry_count": retry_count,
            "access_key_id": self._platform.access_key_id,
            "access_key_secret": self._platform.access_key_secret,
            "security_token": self._platform.security_token,
        }
        with self._pools[function.name].borrow() as instance:
            return run(instance, function, request, event)

    def _pool(self, function: Function) -> InstancePool:
        return InstancePool(lambda: self._start(function), self._options.max_instances)

    def _start(self, function: Function) -> Instance:
        instance_id = new_instance_id()
        code_root = self._code_roots[function.name].resolve()
        initializer = function.instance_lifecycle_config.initializer
        config = InstanceConfig(
            code_root=str(code_root),
            handler=function.handler,
            initializer=initializer.handler if initializer else None,
            profile=self._options.profile or function.profile,
            function_name=function.function_name,
            memory_mb=function.memory_mb,
            timeout_s=function.timeout_s,
            region=self._platform.region,
            account_id=self._platform.account_id,
            log_project=function.log_config.project,
            log_store=function.log_config.logstore,
        )
        environ = instance_environ(function, self._platform, code_root, instance_id)
        return Instance(
            instance_id,
            config,
            environ,
            lambda line: self.logs.write(function.name, line),
            interpreter=self._options.interpreter,
        )


def _check_trigger(function: Function, request: HttpRequest) -> None:
    trigger = function.http_trigger
    if trigger is None:
        raise NoHttpTriggerError(f"function '{function.name}' has no HTTP trigger")
    if request.method not in trigger.trigger_config.methods:
        raise MethodNotConfiguredError(f"the HTTP trigger of '{function.name}' does not list {request.method}")
    if trigger.trigger_config.auth_type != "anonymous":
        raise SignatureRequiredError("only Function Compute can verify this caller: use the invocation API here")


def _check_size(body: bytes) -> None:
    if len(body) > BODY_LIMIT_BYTES:
        raise PayloadTooLargeError(f"a request body may have {BODY_LIMIT_BYTES} bytes")
