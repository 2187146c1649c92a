"""Timer triggers: which firings are due, and a thread that delivers them while the environment is up."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import final

from tests.local.fc.cron import Schedule, parse_schedule
from tests.local.fc.errors import RequestRefusedError
from tests.local.fc.events import timer_event
from tests.local.fc.gateway import Gateway
from tests.local.fc.template import TimerTrigger

_LONGEST_PAUSE_S = 0.2

Clock = Callable[[], datetime]


@dataclass(slots=True)
class _Timer:
    function: str
    trigger: TimerTrigger
    schedule: Schedule
    next_at: datetime


@final
class Timers:
    """The enabled timer triggers of a gateway's template. Time enters as an argument: nothing fires by itself.

    Args:
        gateway: Runs the functions; a firing is an asynchronous invocation, tried again by the function's own rule.
        started_at: What fires at this instant or before is not delivered; intervals begin with it.
    """

    def __init__(self, gateway: Gateway, started_at: datetime) -> None:
        self._gateway = gateway
        self._timers = [
            _timer(function.name, trigger, started_at)
            for function in gateway.template.functions.values()
            for trigger in function.timer_triggers
            if trigger.trigger_config.enable
        ]

    @property
    def next_at(self) -> datetime | None:
        """When one of them fires next; None where none is enabled."""
        return min((timer.next_at for timer in self._timers), default=None)

    def fire_due(self, now: datetime) -> None:
        """Deliver every firing up to and including `now`, in their order, however late; each once.

        What becomes of missed firings is not documented for the platform. A firing that the gateway refuses is told
        in its logs.
        """
        while self._timers:
            timer = min(self._timers, key=lambda timer: timer.next_at)
            if timer.next_at > now:
                return
            self._fire(timer)
            timer.next_at = timer.schedule.firing_after(timer.next_at)

    def _fire(self, timer: _Timer) -> None:
        try:
            request_id = self._gateway.invoke_async(timer.function, timer_event(timer.trigger, timer.next_at))
        except RequestRefusedError as error:
            outcome = f"refused: {error}"
        else:
            outcome = f"request {request_id}"
        name = f"{timer.function}/{timer.trigger.trigger_name}"
        self._gateway.logs.write("timers", f"{name} at {timer.next_at:%Y-%m-%dT%H:%M:%SZ}: {outcome}")


def utc_now() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(timezone.utc)


@contextmanager
def keep_firing(timers: Timers, clock: Clock = utc_now) -> Iterator[None]:
    """Deliver what is due, from a thread of its own, as long as the block runs.

    Args:
        timers: Must not be fired by anyone else meanwhile.
        clock: Says what time it is; tests hold or move it.
    """
    stopped = threading.Event()

    def run() -> None:
        while not stopped.wait(_pause_s(timers, clock())):
            timers.fire_due(clock())

    thread = threading.Thread(target=run, name="timers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _timer(function: str, trigger: TimerTrigger, started_at: datetime) -> _Timer:
    schedule = parse_schedule(trigger.trigger_config.cron_expression)
    return _Timer(function, trigger, schedule, schedule.firing_after(started_at))


def _pause_s(timers: Timers, now: datetime) -> float:
    # Never for long: a held clock, or one that is set, moves while nobody waits for it.
    due_in_s = _LONGEST_PAUSE_S if timers.next_at is None else (timers.next_at - now).total_seconds()
    return min(max(due_in_s, 0), _LONGEST_PAUSE_S)
