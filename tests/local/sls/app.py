"""The stand-in without a server: a request in, a response out, one lock around it all."""

import itertools
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from tests.local.sls.authentication import authenticate
from tests.local.sls.calls import Call, read_call
from tests.local.sls.control import PREFIX, Control
from tests.local.sls.errors import InvalidMethodError, PostBodyTooLargeError, SlsError
from tests.local.sls.faults import take
from tests.local.sls.messages import Request, Response, json_response
from tests.local.sls.operations import OPERATIONS
from tests.local.sls.store import REGION, Store

_MAX_BODY_BYTES = 10 * 1024 * 1024


class StandIn:
    """The whole stand-in. Thread-safe; any server may be its front."""

    def __init__(self) -> None:
        self._store = Store()
        self._control = Control(self._store)
        self._lock = threading.Lock()
        self._ids = itertools.count(time.time_ns())

    def handle(self, request: Request) -> Response:
        """Return the answer to a request, and how the front must deliver it."""
        with self._lock:
            if request.path.startswith(PREFIX):
                return self._control.handle(request)
            return self._answer(request)

    def control(self, name: str, document: object = None, **query: str) -> Any:  # noqa: ANN401 -- any JSON document
        """Return what a control route answers, without a server: POST where there is a document, else GET.

        Raises:
            ValueError: The route refused; the message is its own.
        """
        body = b"" if document is None else json.dumps(document).encode()
        target = f"{PREFIX}{name}?{urlencode(query)}"
        response = self.handle(Request("POST" if body else "GET", target, {}, body))
        answer = json.loads(response.body)
        if response.status != HTTPStatus.OK:
            raise ValueError(answer["error"])
        return answer

    def _answer(self, request: Request) -> Response:
        call = read_call(request)
        fault = take(self._control.faults, call)
        response = self._perform(call) if fault is None or fault.takes_effect else None
        if fault is not None:
            response = fault.spoil(response)
        assert response is not None, "a call that no fault stops is carried out"
        self._record(call, response)
        return replace(response, headers={**self._common_headers(), **response.headers})

    def _perform(self, call: Call) -> Response:
        try:
            return self._carry_out(call)
        except SlsError as error:
            # Only a method and path that nobody knows are a gap of the stand-in; the rest are refusals of SLS.
            return replace(error.response(), not_imitated=isinstance(error, InvalidMethodError))

    def _carry_out(self, call: Call) -> Response:
        store, request = self._store, call.request
        _ = call.project
        if len(request.body) > _MAX_BODY_BYTES:
            raise PostBodyTooLargeError(size=len(request.body))
        authenticate(request, store.access_keys, store.clock, store.switches, REGION)
        if call.route.operation is None:
            raise call.route.refusal or InvalidMethodError(path=request.path)
        result = OPERATIONS[call.route.operation](store, call)
        if isinstance(result, Response):
            return replace(result, body=b"") if request.method == "HEAD" else result
        return Response() if result is None else json_response(result)

    def _common_headers(self) -> Mapping[str, str]:
        server_unix = self._store.clock.server_unix()
        return {
            "Server": "AliyunSLS",
            "Content-Type": "application/json",
            "Date": formatdate(server_unix, usegmt=True),
            "Access-Control-Allow-Origin": "*",
            "x-log-time": str(int(server_unix)),
            "x-log-requestid": f"{next(self._ids):024X}",
        }

    def _record(self, call: Call, response: Response) -> None:
        entry: dict[str, Any] = {
            "operation": call.route.operation,
            "method": call.request.method,
            "path": call.request.path,
            "query": call.query,
            "status": None if response.lost else response.status,
            "error_code": response.error_code,
            "logstore": call.route.logstore,
            "shard": call.named_shard,
            "consumer_group": call.route.consumer_group,
            "unix": time.time(),
        }
        self._control.requests.append(entry)
