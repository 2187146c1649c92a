"""The edge of every function with an HTTP trigger: what it answers whatever happens behind it."""

from collections.abc import Callable
from dataclasses import replace

from shared.errors import AuthenticationError, ConfigurationError, InvalidCommandError, RewindError
from shared.execution.run import refusal
from shared.fc.context import FcContext, read_context
from shared.fc.events import HttpEvent, read_http_event
from shared.fc.logs import log_configuration, log_crash
from shared.fc.manners import answer_anybody
from shared.fc.paths import POST_ONLY, Paths
from shared.fc.responses import Response, answer
from shared.results import Result

Carry = Callable[[HttpEvent, FcContext], Result]


def respond(event: bytes, context: object, carry: Carry, *, max_body_bytes: int, paths: Paths = POST_ONLY) -> Response:
    """Return the HTTP answer to an event; never raises.

    FC would answer an exception with its text, and write the whole event, the caller's secret included, to its log.

    Args:
        event: As FC hands it over.
        context: As FC hands it over.
        carry: Makes a result of a request.
        max_body_bytes: What is longer is refused unread.
        paths: What stands where; only a POST to one of them is carried out.
    """
    told = read_context(context)
    try:
        request = read_http_event(event)
        mannerly = answer_anybody(request, paths, told.request_id)
        if mannerly is not None:
            return mannerly
        _check_size(request, max_body_bytes)
        return answer(carry(request, told))
    except AuthenticationError:
        return NOT_AUTHENTICATED
    except ConfigurationError as error:
        log_configuration(error.problems)
        return _CONFIGURATION_INVALID
    except RewindError as error:
        action = error.action if isinstance(error, InvalidCommandError) else "unknown"
        return answer(replace(refusal(action, error), fc_request_id=told.request_id))
    except Exception:  # noqa: BLE001 -- the one place where nothing may pass
        log_crash(told.request_id)
        return _INTERNAL_ERROR


def _check_size(request: HttpEvent, max_body_bytes: int) -> None:
    if len(request.body) > max_body_bytes:
        raise InvalidCommandError([f"body: longer than {max_body_bytes} bytes"], code="body_too_large")


NOT_AUTHENTICATED = answer(
    refusal("unknown", AuthenticationError("the caller is not authenticated")), headers={"WWW-Authenticate": "Bearer"}
)
_CONFIGURATION_INVALID = answer(
    refusal("unknown", ConfigurationError(["the function's settings are not valid; its log names them"]))
)
_INTERNAL_ERROR = answer(
    refusal("unknown", RewindError("something went wrong that nobody foresaw; the function's log has it"))
)
