"""When a call is sent again. This sits above the signer, so that each try is signed afresh."""

from collections.abc import Callable
from datetime import datetime

from shared.frozen import frozen
from shared.sls.errors import SlsError

MAX_TRIES = 4
MIN_TRY_S = 0.1
_MIN_PAUSE_S = 0.1
_FIRST_PAUSE_S = 0.5
_MAX_PAUSE_S = 2.0


@frozen
class Surroundings:
    """What the client takes from outside.

    Attributes:
        remaining_s: Gives the seconds left until the invocation's deadline.
        now: Gives this machine's time, as an aware datetime.
        sleep: Sleeps for some seconds.
        random: Gives a number from 0 (included) to 1 (excluded).
        operation_id: Goes into the User-Agent, so that SLS's own logs lead to ours; None leaves it out.
    """

    remaining_s: Callable[[], float]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    operation_id: str | None = None


def pause_s(retry: int, draw: float) -> float:
    """Return the seconds to pause before a retry: anywhere from 0.1 to a bound that doubles from 0.5 to 2.

    Args:
        retry: 1 is the first retry.
        draw: From 0 to 1; what part of the range to take.
    """
    bound = min(_MAX_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** (retry - 1))
    return _MIN_PAUSE_S + draw * (bound - _MIN_PAUSE_S)


class Retries:
    """Tells, for one call, whether a failed try is followed by another."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._failed = 0

    def pauses_after(self, error: SlsError) -> bool:
        """Return whether to try again, having paused for it; False at once if the deadline leaves no time.

        Whoever refused may have said how long to wait; nobody is asked again before that.
        """
        self._failed += 1
        if not error.retryable or self._failed >= MAX_TRIES:
            return False
        pause = max(pause_s(self._failed, self._surroundings.random()), error.retry_after_s or 0)
        if self._surroundings.remaining_s() - pause < MIN_TRY_S:
            return False
        self._surroundings.sleep(pause)
        return self._surroundings.remaining_s() >= MIN_TRY_S
