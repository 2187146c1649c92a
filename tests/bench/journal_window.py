"""A journal whose window holds as many records as a bench wants, all of them of real operations."""

from dataclasses import dataclass

from tests.bench.instance import REWIND
from tests.bench.lean_sls.process import LeanSls
from tests.bench.probe import probe


@dataclass(frozen=True, slots=True)
class Window:
    """What one operation left in the journal, to be repeated."""

    sls: LeanSls
    shards: int
    records: int

    def fill(self, records: int, *, latency_ms: float) -> None:
        """Begin anew, with at least so many records."""
        self.sls.reset(shards=self.shards, latency_ms=latency_ms, keep_journal=True)
        # No operation may be cut off half-way: it would hold the group.
        self.sls.fill_journal(-(-records // self.records) * self.records, seed=self.records)


def leave_window(sls: LeanSls, *, shards: int) -> Window:
    """Plan a rewind of so many shards and carry one out, both elsewhere; return what that leaves in the journal."""
    sls.reset(shards=shards, latency_ms=0)
    for dry_run in (True, False):
        probe(sls.url, {**REWIND, "dry_run": dry_run})
    return Window(sls, shards, sls.records())
