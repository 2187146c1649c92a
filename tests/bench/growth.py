"""How cost grows: with shards, with the commands of a batch, with what stands in the journal's window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tests.bench.document import PLOT
from tests.bench.figures import middle, provenance, table
from tests.bench.instance import REWIND
from tests.bench.journal_window import leave_window
from tests.bench.lean_sls.process import LeanSls
from tests.bench.plot import Chart, draw
from tests.bench.probe import Cost, probe

_RUNS = 3
_LATENCY_MS = 1
_MB = 1_000_000
_OF_A_PART = 4
_NOISE = 1.25
"""By how much two runs of the same may differ: what grew this much faster than its size is still called linear."""


@dataclass(frozen=True, slots=True)
class _Point:
    size: int
    calls: int
    cpu_s: float
    wall_s: float
    memory_bytes: float


def growth_report() -> str:
    """Return a table for each kind of growth, and draw all three."""
    told = provenance("growth")
    with LeanSls() as sls:
        series = {
            "shards": [_point(sls, n, partial(_reset, sls, n), REWIND) for n in (1, 16, 64, 256)],
            "commands in a batch": [
                _point(sls, n, partial(_reset, sls, _OF_A_PART, groups=n), _batch(n)) for n in (1, 10, 100)
            ],
            "records in the journal": [_point(sls, 0, partial(_reset, sls, _OF_A_PART), REWIND)],
        }
        window = leave_window(sls, shards=_OF_A_PART)
        series["records in the journal"] += [
            _point(sls, n, partial(window.fill, n, latency_ms=_LATENCY_MS), REWIND) for n in (1_000, 50_000)
        ]
    PLOT.write_text(draw([_chart(label, points) for label, points in series.items()]), encoding="utf-8")
    text = (
        f"Each in a fresh process after one small rewind, SLS answering after {_LATENCY_MS} ms: a rewind of so many "
        f"shards; a batch of so many rewinds, of {_OF_A_PART} shards each; a rewind of {_OF_A_PART} shards by an "
        "instance that reads its journal's window for the first time, which holds so many records of such rewinds. "
        "Memory is what the command added. One more is what it costs between the last two rows, and the sentence below "
        f"each table sets these two beside each other: up to {_NOISE} times as much as in proportion is called linear, "
        "for so much do runs of the same differ."
    )
    tables = "\n\n".join(_table(label, points) for label, points in series.items())
    return f"## Growth\n\n{text}\n\n{told}\n\n![growth]({PLOT.name})\n\n{tables}\n"


def _reset(sls: LeanSls, shards: int, *, groups: int = 0) -> None:
    sls.reset(shards=shards, latency_ms=_LATENCY_MS, groups=groups)


def _batch(commands: int) -> Mapping[str, object]:
    parts = [{**REWIND, "target": f"shop/orders/group-{number}"} for number in range(commands)]
    return {"action": "batch", "commands": parts}


def _point(sls: LeanSls, size: int, prepare: Callable[[], None], command: Mapping[str, object]) -> _Point:
    costs: list[Cost] = []
    for _ in range(_RUNS):
        prepare()
        costs.append(probe(sls.url, command))
    return _Point(
        size,
        round(middle(c.calls for c in costs)),
        middle(c.cpu_s for c in costs),
        middle(c.wall_s for c in costs),
        middle(c.peak_bytes - c.started_bytes for c in costs),
    )


def _table(label: str, points: list[_Point]) -> str:
    rows = [
        (str(p.size), str(p.calls), f"{p.cpu_s:.3f} s", f"{p.wall_s:.3f} s", f"{p.memory_bytes / _MB:.1f} MB")
        for p in points
    ]
    last, other = points[-1], points[-2]
    step = last.size - other.size
    constant = (
        "one more",
        f"{(last.calls - other.calls) / step:.3g}",
        f"{(last.cpu_s - other.cpu_s) / step * 1000:.3g} ms",
        f"{(last.wall_s - other.wall_s) / step * 1000:.3g} ms",
        f"{(last.memory_bytes - other.memory_bytes) / step / 1000:.3g} kB",
    )
    return f"{table((label, 'calls', 'CPU', 'time', 'memory'), [*rows, constant])}\n\n{_verdict(label, points)}"


def _verdict(label: str, points: list[_Point]) -> str:
    """Return in words whether the last two points are as far apart in what they cost as in their size."""
    other, last = points[-2:]
    times = last.size / other.size
    grown = {
        "calls": last.calls / other.calls,
        "CPU": last.cpu_s / other.cpu_s,
        "time": last.wall_s / other.wall_s,
        "memory": last.memory_bytes / max(other.memory_bytes, 1),
    }
    costs = ", ".join(f"{by:.3g} times the {what}" for what, by in grown.items())
    beyond = [what for what, by in grown.items() if by > _NOISE * times]
    verdict = f"**Worse than linear in {' and '.join(beyond)}.**" if beyond else "Linear or better."
    return f"{last.size:,} {label} are {times:.3g} times as many as {other.size:,} and cost {costs}. {verdict}"


def _chart(label: str, points: list[_Point]) -> Chart:
    return Chart(label, [(point.size, point.wall_s) for point in points])
