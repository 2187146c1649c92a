"""What functions print, kept and passed on."""

import sys
import threading
from collections import deque
from typing import TextIO

_KEPT_LINES = 100_000


class Logs:
    """Lines that functions wrote to standard output and standard error; safe to use from several threads.

    Args:
        echo: Where each line is also written; None for nowhere.
    """

    def __init__(self, echo: TextIO | None = None) -> None:
        self._echo = echo
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._changed = threading.Condition()

    @property
    def lines(self) -> list[str]:
        """The latest 100,000 lines, oldest first, each begun with the function's name in brackets."""
        with self._changed:
            return list(self._lines)

    def write(self, source: str, text: str) -> None:
        """Add one line of `source`."""
        line = f"[{source}] {text}"
        with self._changed:
            self._lines.append(line)
            self._changed.notify_all()
            if self._echo is not None:
                self._echo.write(line + "\n")
                self._echo.flush()

    def wait_for(self, text: str, *, timeout_s: float = 30) -> str:
        """Return the first line that contains `text`, waiting for it: lines arrive after the answer.

        Raises:
            TimeoutError: It did not come.
        """
        found: list[str] = []

        def look() -> bool:
            found.extend(line for line in self._lines if text in line)
            return bool(found)

        with self._changed:
            if not self._changed.wait_for(look, timeout_s):
                raise TimeoutError(f"no log line contains {text!r}")
        return found[0]


def stderr_logs() -> Logs:
    """Return logs that are also written to this process's standard error."""
    return Logs(echo=sys.stderr)
