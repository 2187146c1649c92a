"""Instances as the gateway sees them: processes that take one request at a time, kept warm in a pool."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from tests.local.fc.errors import InstanceStartError
from tests.local.fc.runtime.messages import InstanceConfig, Message, receive_message, send_message

_CHECKOUT = Path(__file__).resolve().parents[3]
_START_TIMEOUT_S = 60
_STOP_GRACE_S = 1


class InstanceTimeoutError(Exception):
    """Raised when an instance did not answer in time; it has been stopped."""


class InstanceExitedError(Exception):
    """Raised when the process of an instance ended before it answered."""


class Instance:
    """One process that serves one function.

    Args:
        instance_id: Its id, as in `FC_INSTANCE_ID`.
        config: What it is to run.
        environ: Its whole environment.
        log: Called with each line the function prints, from a thread of its own.
        interpreter: The Python that runs it, without anything that is installed for it; None: the one that runs this.

    Raises:
        InstanceStartError: The process does not come up.
    """

    def __init__(
        self,
        instance_id: str,
        config: InstanceConfig,
        environ: Mapping[str, str],
        log: Callable[[str], None],
        *,
        interpreter: Path | None = None,
    ) -> None:
        self.instance_id = instance_id
        self.initialized = config.initializer is None
        self.usable = True
        self._connection, theirs = socket.socketpair()
        with theirs:
            self._process = _start_process(theirs.fileno(), environ, interpreter)
        self._logs = threading.Thread(target=_pass_on, args=(self._process.stdout, log), daemon=True)
        self._logs.start()
        self._shake_hands(config)

    def _shake_hands(self, config: InstanceConfig) -> None:
        try:
            self.call(asdict(config), b"", _START_TIMEOUT_S)
        except (InstanceTimeoutError, InstanceExitedError) as error:
            self.close()
            raise InstanceStartError(f"an instance of {config.function_name} did not start") from error

    def call(self, head: Mapping[str, Any], body: bytes, timeout_s: float) -> Message:
        """Send one message and return its answer.

        Raises:
            InstanceTimeoutError: No answer within `timeout_s`; the process has been stopped.
            InstanceExitedError: The process ended.
        """
        try:
            self._connection.settimeout(timeout_s)
            send_message(self._connection, head, body)
            answer = receive_message(self._connection)
        except TimeoutError as error:
            self.usable = False
            self._terminate()
            raise InstanceTimeoutError from error
        except OSError as error:
            self.usable = False
            raise InstanceExitedError from error
        if answer is None:
            self.usable = False
            raise InstanceExitedError
        return answer

    def _terminate(self) -> None:
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_GRACE_S)

    def kill(self) -> None:
        """End the process and its children at once; may be called from any thread."""
        self.usable = False
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def close(self) -> None:
        """End the process and let go of all it held; for the thread that uses the instance."""
        self.kill()
        self._process.wait()
        self._connection.close()
        self._logs.join(_STOP_GRACE_S)


def _start_process(descriptor: int, environ: Mapping[str, str], interpreter: Path | None) -> subprocess.Popen[bytes]:
    python = [sys.executable] if interpreter is None else [str(interpreter), "-S"]
    command = [*python, "-u", "-W", "ignore", "-m", "tests.local.fc.runtime.instance", str(descriptor)]
    return subprocess.Popen(  # noqa: S603 -- our own module, nothing of it from outside
        command,
        cwd=_CHECKOUT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[descriptor],
        # A group of its own: an interrupt at the terminal is the gateway's, and children can be ended with it.
        start_new_session=True,
    )


def _pass_on(output: IO[bytes], log: Callable[[str], None]) -> None:
    with output:
        for line in output:
            log(line.decode(errors="replace").rstrip("\n"))


class InstancePool:
    """The instances of one function: the warm one used last is taken first, a new one started only when all are busy.

    Args:
        start: Starts an instance.
        max_instances: How many there may be; further requests wait.
    """

    def __init__(self, start: Callable[[], Instance], max_instances: int) -> None:
        self._start = start
        self._free = threading.BoundedSemaphore(max_instances)
        self._lock = threading.Lock()
        self._idle: list[Instance] = []
        self._busy: set[Instance] = set()
        self._closed = threading.Event()

    @contextmanager
    def borrow(self) -> Iterator[Instance]:
        """Lend an instance for one request; one that is no longer usable is not kept.

        Raises:
            InstanceStartError: A new one does not come up.
        """
        with self._free:
            instance = self._take()
            try:
                yield instance
            finally:
                self._give_back(instance)

    def _take(self) -> Instance:
        with self._lock:
            if self._closed.is_set():
                raise InstanceStartError("the gateway is closed")
            instance = self._idle.pop() if self._idle else None
        instance = instance or self._start()
        with self._lock:
            self._busy.add(instance)
        if self._closed.is_set():
            instance.kill()
        return instance

    def _give_back(self, instance: Instance) -> None:
        with self._lock:
            self._busy.discard(instance)
            keep = instance.usable and not self._closed.is_set()
            if keep:
                self._idle.append(instance)
        if not keep:
            instance.close()

    def close(self) -> None:
        """End all instances; requests that run fail."""
        with self._lock:
            self._closed.set()
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for instance in busy:
            instance.kill()
        for instance in idle:
            instance.close()
