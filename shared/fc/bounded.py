"""Calls that are not waited for longer than there is time: no timeout of a socket covers names and all addresses."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import TypeVar

from shared.errors import DeadlineError

T = TypeVar("T")


class NotInTimeError(DeadlineError):
    """Raised for a call that had not ended in time; what becomes of it is not known."""

    code = "not_in_time"


def run_within(seconds: float, call: Callable[[], T]) -> T:
    """Return what a call returns, if it does so within some seconds.

    One that does not is left to itself, in a thread that nothing waits for; in an instance that is frozen meanwhile it
    goes on when that is woken. So it must do no harm when it ends late.

    Raises:
        NotInTimeError: It has not ended. Whatever else the call raises passes.
    """
    ending: Future[T] = Future()

    def run() -> None:
        try:
            ending.set_result(call())
        except BaseException as error:  # noqa: BLE001 -- it is raised again where it is waited for
            ending.set_exception(error)

    Thread(target=run, daemon=True, name="bounded").start()
    wait([ending], timeout=max(0.0, seconds))
    if not ending.done():
        raise NotInTimeError("a call has not ended in time")
    return ending.result()
