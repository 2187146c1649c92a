"""Timer trigger: the commands in the trigger's payload, anchored at triggerTime."""

import time

from shared.errors import RewindError
from shared.fc.context import read_context
from shared.fc.deadline import Deadline
from shared.fc.lending import lend
from shared.fc.logs import log_crash
from shared.fc.responses import http_status
from shared.schedule.carrying import carry_out, tell
from shared.schedule.errors import FiringFailedError, FiringRefusedError, firing_error
from shared.schedule.firing import read_firing
from shared.settings import load_settings


def handler(event: bytes, context: object) -> dict[str, object]:
    """Return the result of one firing; raises `FiringError` for what is not ok, once that is journaled."""
    told = read_context(context)
    deadline = Deadline(told.timeout_s, time.monotonic)
    try:
        settings = load_settings()
        firing = read_firing(event, told.function_name)
        invocation = lend(settings, firing.principal, context, told, deadline.remaining_s, idempotency_key=firing.key)
        result = carry_out(firing, invocation)
        tell(firing, invocation, result)
    except RewindError as error:
        raise FiringRefusedError(f"{error.code}: {error.message}") from error
    except Exception as error:
        log_crash(told.request_id)
        raise FiringFailedError("something went wrong that nobody foresaw; the function's log has it") from error
    if not result.ok:
        raise firing_error(result, http_status)
    return result.as_dict()
