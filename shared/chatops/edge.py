"""The edges of chatops and worker: what they answer whatever happens behind them."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus

from shared.chatops.messages import Immediate
from shared.errors import AuthenticationError, ConfigurationError, RefusedError, RewindError
from shared.fc.context import FcContext, read_context
from shared.fc.events import HttpEvent, read_http_event
from shared.fc.logs import log_configuration, log_crash, log_fields
from shared.fc.responses import Response

MAX_BODY_BYTES = 64 * 1024
_STATUS_BY_CODE = {"no_such_path": HTTPStatus.NOT_FOUND, "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED}


def respond(event: bytes, context: object, receive: Callable[[HttpEvent, FcContext], Immediate]) -> Response:
    """Return the HTTP answer to a platform's request; never raises.

    FC would write the whole event of an invocation that raises to its log, the platform's reply URL included. Whoever
    is not proven gets the same answer whatever is wrong.

    Args:
        event: As FC hands it over.
        context: As FC hands it over.
        receive: Makes the answer of a request.
    """
    told = read_context(context)
    try:
        request = read_http_event(event)
        if len(request.body) > MAX_BODY_BYTES:
            return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large")
        return _answer(HTTPStatus.OK, receive(request, told).body)
    except AuthenticationError:
        return _refused(HTTPStatus.UNAUTHORIZED, "not_authenticated")
    except RefusedError as error:
        return _refused(_STATUS_BY_CODE.get(error.code, HTTPStatus.CONFLICT), error.code)
    except ConfigurationError as error:
        log_configuration(error.problems)
        return _refused(HTTPStatus.INTERNAL_SERVER_ERROR, "configuration_invalid")
    except Exception:  # noqa: BLE001 -- the one place where nothing may pass
        log_crash(told.request_id)
        return _refused(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error")


def carry_quietly(context: object, carry: Callable[[FcContext], None]) -> None:
    """Do what an asynchronous event asks for; never raises, and tells nothing but the log of what is wrong with it.

    Args:
        context: As FC hands it over.
        carry: Does it.
    """
    told = read_context(context)
    try:
        carry(told)
    except ConfigurationError as error:
        log_configuration(error.problems)
    except RewindError as error:
        log_fields({"event": "dropped", "code": error.code, "message": error.message})
    except Exception:  # noqa: BLE001 -- FC would log the whole event of an invocation that raises
        log_crash(told.request_id)


def _refused(status: HTTPStatus, code: str) -> Response:
    allow = {"Allow": "GET, HEAD, POST"} if status == HTTPStatus.METHOD_NOT_ALLOWED else {}
    return _answer(status, {"error": code}, allow)


def _answer(
    status: HTTPStatus, body: Mapping[str, object] | None, headers: Mapping[str, str] | None = None
) -> Response:
    text = "" if body is None else json.dumps(body, ensure_ascii=True)
    return {
        "statusCode": status.value,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})},
        "isBase64Encoded": False,
        "body": text,
    }
