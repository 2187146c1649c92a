"""How a firing fails: FC retries what raises, counts it, and hands it to the onFailure destination.

FC shows the class's name as `errorType`, so that whoever reads it knows whether a retry can help.
"""

from collections.abc import Callable

from shared.names import in_ascii
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
        super().__init__(in_ascii(message, longest=_LONGEST_CHARS))


class FiringRefusedError(FiringError):
    """Raised when no retry can succeed: an unreadable payload, a broken rule, or what policy does not allow."""


class FiringFailedError(FiringError):
    """Raised when a retry can mend it: it goes on with what the journal says was begun."""


def firing_error(result: Result, status_of: Callable[[Result], int]) -> FiringError:
    """Return the exception that tells FC of a result that is not ok."""
    error = result.error
    told = f"{error.code}: {error.message}" if error else result.status
    where = f" {result.target}" if result.target else ""
    wrong = [part for part in result.parts if not part.ok] or [result]
    kind = FiringRefusedError if all(_is_hopeless(part, status_of(part)) for part in wrong) else FiringFailedError
    return kind(f"{result.action}{where} {result.status}, {told}")


def _is_hopeless(result: Result, http_status: int) -> bool:
    # What is over is told again as it was, however often it is delivered.
    code = result.error.code if result.error else ""
    return result.is_over or http_status in _HOPELESS_STATUS or code in _HOPELESS_CODES
