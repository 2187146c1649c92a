"""What a large rewind takes of an instance's memory."""

from collections.abc import Callable
from functools import partial

from tests.bench.document import CHECKOUT
from tests.bench.figures import middle, provenance, table
from tests.bench.instance import REWIND
from tests.bench.journal_window import leave_window
from tests.bench.lean_sls.process import LeanSls
from tests.bench.probe import Cost, probe
from tests.local.fc.template import load_template, missing_variables

_MB = 1_000_000
_SMALLEST_MB = 128
_RUNS = 5
_SHARDS = (4, 256)
_RECORDS = 10_000
_LATENCY_MS = 1
_OF_THE_RUNTIME_MB = 30
"""What Function Compute's own runtime is taken to need beside the process: an assumption, nobody tells."""


def memory_report() -> str:
    """Return the peak memory of rewinds, what is left of instances, and how many records of the journal that holds."""
    told = provenance("memory")
    with LeanSls() as sls:
        costs = {f"{n} shards": _costs(sls, partial(sls.reset, shards=n, latency_ms=_LATENCY_MS)) for n in _SHARDS}
        window = leave_window(sls, shards=_SHARDS[0])
        full = _costs(sls, partial(window.fill, _RECORDS, latency_ms=_LATENCY_MS))
    few, many = (_peak_mb(one) for one in costs.values())
    a_record_mb = (_peak_mb(full) - few) / _RECORDS
    sizes_mb = (_SMALLEST_MB, _of_the_template_mb())
    left_mb = [size - many - _OF_THE_RUNTIME_MB for size in sizes_mb]
    held = [
        f"{max(left, 0) / a_record_mb:,.0f} records in {size} MB" for left, size in zip(left_mb, sizes_mb, strict=True)
    ]
    text = (
        "Resident memory of a process that does nothing but carry out a small rewind and then this one, the most that "
        f"it ever had. What is left counts {_OF_THE_RUNTIME_MB} MB more for Function Compute's own runtime, which is "
        f"an assumption. The journal was all but empty: {_SMALLEST_MB} MB do for {_SHARDS[-1]} shards only as long as "
        f"that is so. Each record in its window of 72 hours costs {a_record_mb * 1000:.1f} kB more (measured with "
        f"{_RECORDS:,} of rewinds of {_SHARDS[0]} shards), so beside {_SHARDS[-1]} shards there is room for "
        f"{' and '.join(held)}, which is what template.yml gives."
    )
    head = ("rewind of", "after a small one", "peak", *(f"left of {size} MB" for size in sizes_mb))
    rows = [_row(what, one, sizes_mb) for what, one in (*costs.items(), (f"4 shards, {_RECORDS:,} records", full))]
    return f"## Memory\n\n{text}\n\n{told}\n\n{table(head, rows)}\n"


def _of_the_template_mb() -> int:
    template = CHECKOUT / "template.yml"
    found = load_template(template, dict.fromkeys(missing_variables(template, {}), "x"))
    return found.function("command").memory_mb


def _costs(sls: LeanSls, prepare: Callable[[], None]) -> list[Cost]:
    costs = []
    for _ in range(_RUNS):
        prepare()
        costs.append(probe(sls.url, REWIND))
    return costs


def _peak_mb(costs: list[Cost]) -> float:
    return middle(cost.peak_bytes for cost in costs) / _MB


def _row(what: str, costs: list[Cost], sizes_mb: tuple[int, ...]) -> tuple[str, ...]:
    started_mb, peak_mb = middle(cost.started_bytes for cost in costs) / _MB, _peak_mb(costs)
    left = (f"{size - peak_mb - _OF_THE_RUNTIME_MB:.0f} MB" for size in sizes_mb)
    return what, f"{started_mb:.0f} MB", f"{peak_mb:.0f} MB", *left
