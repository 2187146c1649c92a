"""The edge of an invocation that is no request: a plain result goes back, or what makes FC deliver it again."""

from collections.abc import Callable
from dataclasses import replace

from shared.errors import ConfigurationError, RewindError
from shared.execution.run import refusal
from shared.fc.context import FcContext, read_context
from shared.fc.logs import log_configuration, log_crash, log_fields
from shared.results import Result


class NotYetCarriedOutError(Exception):
    """Raised where the same event may succeed later; its text is always the same, since FC logs it and hands it on."""

    def __init__(self) -> None:
        super().__init__("the event is to be delivered again; the function's log says why")


def answer_plainly(context: object, carry: Callable[[FcContext], Result]) -> dict[str, object]:
    """Return the result of an invocation as plain JSON values.

    Args:
        context: As FC hands it over.
        carry: Makes the result; what it does is safe to be done again.

    Raises:
        NotYetCarriedOutError: It failed, and the same may succeed later; nothing else is raised, whatever happens.
    """
    told = read_context(context)
    result = _result(told, carry)
    if result.error is not None and result.error.retryable:
        log_fields({"event": "deliver_again", "fc_request_id": told.request_id, "code": result.error.code})
        raise NotYetCarriedOutError
    return replace(result, fc_request_id=told.request_id).as_dict()


def _result(told: FcContext, carry: Callable[[FcContext], Result]) -> Result:
    try:
        return carry(told)
    except ConfigurationError as error:
        log_configuration(error.problems)
        return refusal("unknown", ConfigurationError(["the function's settings are not valid; its log names them"]))
    except RewindError as error:
        return refusal("unknown", error)
    except Exception:  # noqa: BLE001 -- the one place where nothing may pass
        log_crash(told.request_id)
        return refusal("unknown", RewindError("something went wrong that nobody foresaw; the function's log has it"))
