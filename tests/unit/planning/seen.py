"""Shards as they are observed, without a server: what GetCursor and GetCursorTime would answer."""

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from shared.cursors import encode_cursor
from shared.goals import AtTime, Begin, End, Exact, Goal, Shift
from shared.moves import Move
from shared.planning.aims import Rules, plan_shard
from shared.planning.lookups import wanted_bounds, wanted_receive_times
from shared.planning.standing import ShardObservation
from shared.results import ShardResult
from shared.sls.models import Shard, ShardCheckpoint

T0 = 1_750_000_000
FIRST = 1000
"""The position of the oldest log group kept."""


@dataclass(frozen=True, slots=True)
class FakeShard:
    """One shard: receive times by log group from `FIRST` on, and where the group stands.

    Attributes:
        times: Receive times in Unix seconds, in order.
        position: The checkpoint's position; None for none.
        status: readwrite or readonly.
        is_child: Whether it came out of a split or merge.
        created_unix: When it came to be; None if SLS does not say.
    """

    times: tuple[int, ...]
    position: int | None = FIRST
    status: str = "readwrite"
    is_child: bool = False
    created_unix: int | None = None

    @property
    def end(self) -> int:
        """The next position to be written."""
        return FIRST + len(self.times)

    def observe(self, goal: Goal, given: str | None = None, *, lean: bool = False) -> ShardObservation:
        """Return what is looked up of the shard for a goal, and nothing else."""
        bounds = wanted_bounds(goal, lean=lean)
        target = FIRST + bisect_left(self.times, goal.unix) if isinstance(goal, AtTime) else None
        known = max(FIRST, target or 0, self.position or 0)
        checkpoint = "" if self.position is None else encode_cursor(self.position)
        bare = ShardObservation(
            Shard(0, self.status, "00", "ff", self.created_unix),
            ShardCheckpoint(0, checkpoint, 0, ""),
            FIRST,
            self.end if "end" in bounds else known,
            {},
            target,
            self.now_unix,
            self.is_child,
            end_is_known="end" in bounds,
        )
        asked = wanted_receive_times(bare, goal, given, lean=lean)
        return replace(bare, receive_unix={p: self.times[p - FIRST] for p in asked if FIRST <= p < self.end})

    @property
    def now_unix(self) -> int:
        """The present, a little after the newest log group."""
        return max(self.times, default=T0) + 5


def plan(shard: FakeShard, goal: Goal, given: str | None = None, **rules: Any) -> Move | ShardResult:  # noqa: ANN401 -- fields of Rules
    """Return what a goal makes of a shard that was fully looked at."""
    return plan_shard(shard.observe(goal, given), goal, given, Rules(**{"ttl_days": 30, **rules}))


def ten(position: int | None = FIRST + 5, **more: object) -> FakeShard:
    """Return a shard of ten log groups, one every ten seconds, whose group stands in the middle."""
    return replace(FakeShard(tuple(range(T0, T0 + 100, 10)), position), **more)  # type: ignore[arg-type]  # its own fields


ways = st.sampled_from(["both", "backward", "forward"])
fake_shards = st.builds(
    FakeShard,
    times=st.lists(st.integers(T0, T0 + 50), max_size=12).map(lambda times: tuple(sorted(times))),
    position=st.none() | st.integers(FIRST - 5, FIRST + 15),
    status=st.sampled_from(["readwrite", "readonly"]),
    is_child=st.booleans(),
    created_unix=st.none() | st.integers(T0 - 20, T0 + 20),
)
cursors = st.integers(FIRST - 5, FIRST + 15).map(encode_cursor) | st.sampled_from(["", "begin"])
goals_and_cursors = st.one_of(
    st.tuples(st.builds(Begin) | st.builds(End), st.none()),
    st.tuples(st.builds(AtTime, st.integers(T0 - 20, T0 + 70)), st.none()),
    st.tuples(st.builds(Shift, st.integers(-20, 20).filter(bool)), st.none()),
    cursors.map(lambda cursor: (Exact({0: cursor}), cursor)),
)
