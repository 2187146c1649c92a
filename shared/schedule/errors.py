"""How a firing fails: FC retries what raises, counts it, and hands it to the onFailure destination.

FC shows the class's name as `errorType`, so that whoever reads it knows whether a retry can help.
"""

from shared.names import printable
from shared.results import Result

_LONGEST_CHARS = 600
_HOPELESS_STATUS = frozenset({400, 403, 422})
# The time does not come back, nor does what has expired; what the journal holds as ended is told the same again.
_HOPELESS_CODES = frozenset(
    {
        "changed_since_plan",
        "journal_required",
        "operation_abandoned",
        "outside_window",
        "position_expired",
        "too_late",
    }
)


class FiringError(Exception):
    """Base of both; the message is short, names the error's code, and holds no secret."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message, longest=_LONGEST_CHARS))


class FiringRefusedError(FiringError):
    """Raised when no retry can succeed: an unreadable payload, a broken rule, or what policy does not allow."""


class FiringFailedError(FiringError):
    """Raised when a retry can mend it: it goes on with what the journal says was begun."""


def firing_error(result: Result, http_status: int) -> FiringError:
    """Return the exception that tells FC of a result that is not ok."""
    error = result.error
    told = f"{error.code}: {error.message}" if error else result.status
    where = f" {result.target}" if result.target else ""
    hopeless = http_status in _HOPELESS_STATUS or (error is not None and error.code in _HOPELESS_CODES)
    kind = FiringRefusedError if hopeless else FiringFailedError
    return kind(f"{result.action}{where} {result.status}, {told}")
