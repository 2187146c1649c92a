"""One shard: positions, receive times and contents of its log groups, computed from runs, not stored one by one."""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tests.local.sls.loggroups import encode_log_group

KEY_SPACE = 2**128
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Run:
    """Log groups that lie one after another and were received at even distances.

    Attributes:
        first: The position of the first one.
        count: How many there are.
        begin_us: When the first was received, in epoch microseconds.
        interval_us: Microseconds from one to the next.
        raw: The one log group as it was put, None where contents are generated.
        put_monotonic_s: When it was put, on the monotonic clock; generated runs are as old as the machine.
    """

    first: int
    count: int
    begin_us: int
    interval_us: int = 0
    raw: bytes | None = None
    put_monotonic_s: float = 0.0

    @property
    def end(self) -> int:
        """The position after the last one."""
        return self.first + self.count

    def received_us(self, position: int) -> int:
        """Return when the log group at a position was received, in epoch microseconds."""
        return self.begin_us + (position - self.first) * self.interval_us

    def first_received_at(self, unix_us: int) -> int:
        """Return the first position received at or after an instant that lies before the run's last receive time."""
        if unix_us <= self.begin_us:
            return self.first
        return self.first - (self.begin_us - unix_us) // self.interval_us


@dataclass(slots=True)
class Shard:
    """One shard of a Logstore.

    Attributes:
        shard: Its number.
        begin_key: The first hash key it takes, 0 to 2**128 - 1.
        end_key: The hash key after its last, up to 2**128.
        created_unix: When it came to be, in epoch seconds.
        base: The position of its first log group ever.
        parents: The shards that it was split or merged from.
        status: "readwrite", or "readonly" after a split or merge.
    """

    shard: int
    begin_key: int
    end_key: int
    created_unix: int
    base: int
    parents: tuple[int, ...] = ()
    status: Literal["readwrite", "readonly"] = "readwrite"
    begin: int = field(init=False)
    end: int = field(init=False)
    _runs: list[Run] = field(init=False, default_factory=list)
    _latest_us: list[int] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.begin = self.end = self.base

    def generate(self, count: int, begin_unix: float, interval_s: float) -> None:
        """Append log groups whose contents follow from shard and number; times are epoch seconds and seconds."""
        if count:
            self._append(Run(self.end, count, round(begin_unix * _US), round(interval_s * _US)))

    def put(self, raw: bytes, unix: float) -> None:
        """Append one log group as it was sent, received at an instant in epoch seconds."""
        self._append(Run(self.end, 1, round(unix * _US), raw=raw, put_monotonic_s=time.monotonic()))

    def drop(self, count: int) -> None:
        """Let the oldest log groups expire; more than there are means all."""
        self._forget_before(min(self.begin + count, self.end))

    def expire_before(self, unix: float) -> None:
        """Let every log group expire that was received before an instant in epoch seconds."""
        self._forget_before(self.first_received_at(unix))

    def first_received_at(self, unix: float) -> int:
        """Return the first kept position received at or after an instant in epoch seconds; the end if there is none."""
        unix_us = round(unix * _US)
        index = bisect_left(self._latest_us, unix_us)
        if index == len(self._runs):
            return self.end
        return max(self.begin, self._runs[index].first_received_at(unix_us))

    def received_unix(self, position: int) -> int:
        """Return when the log group at a kept position was received, in whole epoch seconds."""
        return self._run_at(position).received_us(position) // _US

    def visible_end(self, hidden_for_s: float) -> int:
        """Return the position where reading stops: the end, or the first log group put less than some seconds ago."""
        if not hidden_for_s:
            return self.end
        since = time.monotonic() - hidden_for_s
        hidden = (run.first for run in self._runs if run.raw is not None and run.put_monotonic_s > since)
        return next(hidden, self.end)

    def log_groups(self, begin: int, end: int) -> Iterator[bytes]:
        """Yield the log groups from one kept position up to another, as protobuf."""
        for position in range(begin, end):
            run = self._run_at(position)
            if run.raw is not None:
                yield run.raw
            else:
                contents = (("shard", str(self.shard)), ("n", str(position - self.base)))
                yield encode_log_group(run.received_us(position) // _US, contents)

    def _run_at(self, position: int) -> Run:
        return self._runs[bisect_right(self._runs, position, key=lambda run: run.first) - 1]

    def _append(self, run: Run) -> None:
        latest = run.received_us(run.end - 1)
        self._runs.append(run)
        # The highest time so far keeps the search right even where a test appends data older than what is there.
        self._latest_us.append(max(latest, self._latest_us[-1]) if self._latest_us else latest)
        self.end = run.end

    def _forget_before(self, position: int) -> None:
        self.begin = position
        gone = bisect_right(self._runs, position, key=lambda run: run.end)
        del self._runs[:gone], self._latest_us[:gone]
