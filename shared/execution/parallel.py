"""Several calls at once, never more than the session's pool is wide."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import Any, Generic, TypeVar

T = TypeVar("T")

POOL_WIDTH = 32
"""Calls under way at once; one more connection is kept, for a call beside them."""


class Aside(Generic[T]):
    """One call that `in_parallel` makes beside its own."""

    def __init__(self, call: Callable[[], T]) -> None:
        self.work = _Work([call])

    def result(self) -> T:
        """Return what the call returned, or raise what it raised, once `in_parallel` has come back.

        Where no thread was free for it, it is made now.
        """
        self.work.do()
        return self.work.results()[0]


def in_parallel(calls: Sequence[Callable[[], T]], *, beside: Sequence[Aside[Any]] = ()) -> list[T]:
    """Return what the calls return, in their order; raises what the first failing one raised, after all have ended.

    Any of the calls may come here in its turn. The threads stay for the next time, but idle: an instance is frozen
    between invocations, and nothing runs on in it.

    Args:
        calls: As many of them as the pool is wide are under way at once.
        beside: Begun in the midst of the first of these, beyond that number, and ended too when this returns or raises.
    """
    work = _Work(calls)
    doing = [work.do] * (min(POOL_WIDTH, len(calls)) - 1)
    # In the midst: begun last, they would be waited for when all else has ended; begun first, be the older by then.
    midst = len(doing) // 2
    doing[midst:midst] = [other.work.do for other in beside]
    helping = [_threads().submit(do) for do in doing]
    # Whoever waits works, too: were all threads busy with calls that came here, nobody else would.
    work.do()
    wait([helper for helper in helping if not helper.cancel()])
    return work.results()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(POOL_WIDTH)


class _Work(Generic[T]):
    """Calls of which each is made once, by whichever thread comes first."""

    def __init__(self, calls: Sequence[Callable[[], T]]) -> None:
        self._left = deque(enumerate(calls))
        self._results: dict[int, T] = {}
        self._errors: dict[int, BaseException] = {}

    def do(self) -> None:
        """Make calls until none is left."""
        while True:
            try:
                number, call = self._left.popleft()
            except IndexError:
                return
            try:
                self._results[number] = call()
            except BaseException as error:  # noqa: BLE001 -- raised again by `results`
                self._errors[number] = error

    def results(self) -> list[T]:
        """Return what the calls returned, in their order; raises the first error."""
        for number in sorted(self._errors):
            raise self._errors[number]
        return [self._results[number] for number in sorted(self._results)]
