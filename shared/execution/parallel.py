"""Several calls at once, never more than the session's pool is wide."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

POOL_WIDTH = 32
"""Calls under way at once, and connections kept for them."""


def in_parallel(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Return what the calls return, in their order; raises what the first failing one raised, after all have ended.

    The threads end with the work: an instance is frozen between invocations, and nothing may run on in it.
    """
    if len(calls) <= 1:
        return [call() for call in calls]
    with ThreadPoolExecutor(min(POOL_WIDTH, len(calls))) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]
