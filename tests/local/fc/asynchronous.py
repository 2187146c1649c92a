"""Asynchronous invocation: a queue that tries failed functions again, and remembers what became of each."""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal

from tests.local.fc.errors import DuplicateTaskError, InvalidTaskIdError, LocalFcError, PayloadTooLargeError
from tests.local.fc.invocation import Invocation
from tests.local.fc.template import Function

ASYNC_LIMIT_BYTES = 128 * 1024

_TASK_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
_WORKERS = 8

InvokeOnce = Callable[[Function, bytes, str, int], Invocation]


@dataclass(frozen=True, slots=True)
class AsyncResult:
    """How an asynchronous invocation ended.

    Attributes:
        function: The function's key in the template.
        request_id: The id the caller was given; all tries share it.
        task_id: The caller's own id; None where none was given.
        status: "expired" when it was too old before a try, "stopped" when the gateway was closed before its end or no
            instance came up.
        attempts: How often the function ran.
        invocation: The last try; None where there was none.
    """

    function: str
    request_id: str
    task_id: str | None
    status: Literal["succeeded", "failed", "expired", "stopped"]
    attempts: int
    invocation: Invocation | None


class AsyncQueue:
    """Accepts events and runs them in the background, each again after a failure, as often as its function says.

    Args:
        invoke_once: Runs one try: function, event, request id, number of tries before.
        retry_delay_s: Wait before the first retry; it doubles from try to try.
    """

    def __init__(self, invoke_once: InvokeOnce, *, retry_delay_s: float) -> None:
        self._invoke_once = invoke_once
        self._retry_delay_s = retry_delay_s
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="async-invocation")
        self._closing = threading.Event()
        self._changed = threading.Condition()
        self._open = 0
        self._results: list[AsyncResult] = []
        self._task_ids: set[tuple[str, str]] = set()
        self._timers: list[threading.Timer] = []

    @property
    def results(self) -> list[AsyncResult]:
        """What has ended, in the order of ending."""
        with self._changed:
            return list(self._results)

    def submit(
        self, function: Function, event: bytes, request_id: str, task_id: str | None, *, delay_s: int = 0
    ) -> None:
        """Queue an event; it is not tried before its delay is over.

        Raises:
            PayloadTooLargeError: The event is over 128 KB.
            InvalidTaskIdError: The task id is not 1-128 letters, digits, `_`, `-`, begun with a letter or `_`.
            DuplicateTaskError: The function has had this task id.

        Source: function-compute.md, sections 1.5 and 5.
        """
        if len(event) > ASYNC_LIMIT_BYTES:
            raise PayloadTooLargeError(f"an asynchronous event may have {ASYNC_LIMIT_BYTES} bytes")
        if task_id is not None and not _TASK_ID.fullmatch(task_id):
            raise InvalidTaskIdError("a task id has 1-128 letters, digits, _ or -, and begins with a letter or _")
        with self._changed:
            if task_id is not None:
                self._claim(function, task_id)
            self._open += 1
        begins_at_s = time.monotonic() + delay_s
        expires_at_s = begins_at_s + function.async_invoke_config.max_async_event_age_in_seconds
        work = partial(self._work, function, event, request_id, task_id, expires_at_s)
        if not delay_s:
            self._workers.submit(work)
            return
        # What waits keeps no worker from what does not.
        timer = threading.Timer(delay_s, self._begin, [work])
        timer.daemon = True
        with self._changed:
            self._timers.append(timer)
        timer.start()

    def _begin(self, work: Callable[[], None]) -> None:
        with self._changed:
            if not self._closing.is_set():
                self._workers.submit(work)

    def _claim(self, function: Function, task_id: str) -> None:
        if (function.name, task_id) in self._task_ids:
            raise DuplicateTaskError(f"task '{task_id}' already exists")
        self._task_ids.add((function.name, task_id))

    def _work(
        self, function: Function, event: bytes, request_id: str, task_id: str | None, expires_at_s: float
    ) -> None:
        status, attempts, invocation = self._run_until_done(function, event, request_id, expires_at_s)
        result = AsyncResult(function.name, request_id, task_id, status, attempts, invocation)
        with self._changed:
            self._results.append(result)
            self._open -= 1
            self._changed.notify_all()

    def _run_until_done(
        self, function: Function, event: bytes, request_id: str, expires_at_s: float
    ) -> tuple[Literal["succeeded", "failed", "expired", "stopped"], int, Invocation | None]:
        retries = function.async_invoke_config.max_async_retry_attempts
        invocation = None
        for attempt in range(retries + 1):
            if attempt and self._closing.wait(self._retry_delay_s * 2 ** (attempt - 1)):
                return "stopped", attempt, invocation
            if time.monotonic() > expires_at_s:
                return "expired", attempt, invocation
            try:
                invocation = self._invoke_once(function, event, request_id, attempt)
            except LocalFcError:
                return "stopped", attempt, invocation
            if invocation.error_type is None:
                return "succeeded", attempt + 1, invocation
        return "failed", retries + 1, invocation

    def wait_idle(self, timeout_s: float) -> None:
        """Return when nothing is queued or running.

        Raises:
            TimeoutError: Something still is.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._open == 0, timeout_s):
                raise TimeoutError(f"{self._open} asynchronous invocations have not ended")

    def stop(self) -> None:
        """Try nothing again from now on, and begin nothing that waits for its time."""
        with self._changed:
            self._closing.set()
            for timer in self._timers:
                timer.cancel()

    def close(self) -> None:
        """Return when the tries that run have ended; what is queued is dropped."""
        self.stop()
        self._workers.shutdown(cancel_futures=True)
