"""Which request goes where: HTTP triggers at `/<name>`, the invocation API at its own path."""

import re
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import unquote

from tests.local.fc.errors import InstanceStartError, RequestRefusedError, UnknownRouteError
from tests.local.fc.events import HttpRequest
from tests.local.fc.gateway import Gateway
from tests.local.fc.invocation import new_request_id
from tests.local.fc.responses import HttpResponse, json_response, refusal

_API = "/2023-03-30/functions/"
_LONGEST_DELAY_S = 3600
_INVOCATIONS = re.compile(re.escape(_API) + r"([^/]+)/invocations")


def trigger_path(name: str) -> str:
    """Return the path of a function's HTTP trigger; what follows it is the event's `rawPath`."""
    return f"/{name}"


def invocation_path(function_name: str) -> str:
    """Return the path that invokes a function with the body as event."""
    return f"{_API}{function_name}/invocations"


def answer(gateway: Gateway, request: HttpRequest) -> HttpResponse:
    """Return the answer to any request; refusals have the platform's shape and, like all, `X-Fc-Request-Id`."""
    try:
        if request.path.startswith(_API):
            return _invocation(gateway, request)
        name, _, rest = request.path.removeprefix("/").partition("/")
        return gateway.http(unquote(name), replace(request, path=f"/{rest}"))
    except RequestRefusedError as error:
        return refusal(error, new_request_id())
    except InstanceStartError as error:
        content = {"Code": "InternalServerError", "Message": str(error)}
        return json_response(HTTPStatus.INTERNAL_SERVER_ERROR, content).with_headers(X_Fc_Request_Id=new_request_id())


def _invocation(gateway: Gateway, request: HttpRequest) -> HttpResponse:
    match = _INVOCATIONS.fullmatch(request.path)
    if match is None or request.method != "POST":
        raise UnknownRouteError("only POST …/functions/<functionName>/invocations is served here")
    name = unquote(match[1])
    if request.header("X-Fc-Invocation-Type").lower() == "async":
        task_id = request.header("X-Fc-Async-Task-Id") or None
        delay_s = _delay_s(request.header("X-Fc-Async-Delay"))
        request_id = gateway.invoke_async(name, request.body, task_id=task_id, delay_s=delay_s)
        return HttpResponse(HTTPStatus.ACCEPTED, {}).with_headers(
            X_Fc_Request_Id=request_id, X_Fc_Async_Task_Id=task_id
        )
    invocation = gateway.invoke(name, request.body)
    return HttpResponse(HTTPStatus.OK, {"Content-Type": "application/octet-stream"}, invocation.payload).with_headers(
        X_Fc_Request_Id=invocation.request_id,
        X_Fc_Error_Type=invocation.error_type,
        X_Fc_Instance_Id=invocation.instance_id,
        X_Fc_Invocation_Duration=f"{invocation.duration_ms:.0f}",
    )


def _delay_s(header: str) -> int:
    """Return how long an asynchronous invocation is put off: 0 to 3600 s.

    Source: function-compute.md, section 5 (`x-fc-async-delay`).
    """
    if not header:
        return 0
    if not re.fullmatch("[0-9]{1,4}", header) or int(header) > _LONGEST_DELAY_S:
        raise RequestRefusedError(f"X-Fc-Async-Delay must be 0 to {_LONGEST_DELAY_S} seconds")
    return int(header)
