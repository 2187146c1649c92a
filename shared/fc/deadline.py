"""How much of an invocation's time is left; FC's Python context does not tell."""

from collections.abc import Callable

# What passed before the handler's first line, and what sending the answer takes.
_MARGIN_S = 1.0


class Deadline:
    """Counts down from the handler's first line to a little before FC stops it.

    Args:
        timeout_s: The function's timeout.
        monotonic_s: A clock that never goes back.
    """

    def __init__(self, timeout_s: float, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._ends_s = monotonic_s() + max(timeout_s - _MARGIN_S, timeout_s / 2)

    def remaining_s(self) -> float:
        """Return the seconds left; 0 or less when time is up."""
        return self._ends_s - self._monotonic_s()
