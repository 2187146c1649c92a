"""The stand-in's two times: the one that data and checkpoints get, and the one that the server shows and checks."""

import time
from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    """Time as the stand-in sees it.

    Attributes:
        unix: The time that data, checkpoints and consumer leases get, in epoch seconds; None means real time.
        skew_s: Seconds that the Date header and the signature window are ahead of real time; negative is behind.
    """

    unix: float | None = None
    skew_s: float = 0.0

    def data_unix(self) -> float:
        """Return the time that data, checkpoints and leases get now, in epoch seconds."""
        return time.time() if self.unix is None else self.unix

    def server_unix(self) -> float:
        """Return the time on the server's own watch, in epoch seconds."""
        return time.time() + self.skew_s
