"""What a client under test takes from outside, held in the test's hand."""

from collections.abc import Callable
from datetime import datetime, timezone

from shared.sls.client import SlsClient, Surroundings
from tests.unit.sls.scripted_server import DATE_UNIX

MakeClient = Callable[..., SlsClient]


class HeldTime:
    """Time that only sleeping moves."""

    def __init__(self) -> None:
        self.budget_s = 60.0
        self.local_unix = float(DATE_UNIX)
        self.slept: list[float] = []

    def remaining_s(self) -> float:
        return self.budget_s - sum(self.slept)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.local_unix, timezone.utc)

    def surroundings(self, operation_id: str | None = None) -> Surroundings:
        return Surroundings(self.remaining_s, self.now, self.slept.append, lambda: 0.5, operation_id)
