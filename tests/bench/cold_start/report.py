"""The report: medians of many interleaved starts, as ratios to the floor of the same run."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from statistics import median

from tests.bench.cold_start.ear import Ear
from tests.bench.cold_start.folders import FLOOR, Candidate, candidates
from tests.bench.cold_start.measuring import Cost, measure
from tests.bench.cold_start.scenarios import SCENARIOS, Scenario, environ
from tests.bench.cold_start.world import World
from tests.bench.figures import provenance, table
from tests.local.environment import CHECKOUT
from tests.local.sls.server import StandInServer

_ROUNDS = 21
# Without bytecode a start takes seconds, and its ratio needs no third digit.
_BARE_EVERY = 3
_MB = 1_000_000
_HEAD = (
    "from process start to the first signed write",
    "with bytecode",
    "ratio",
    "peak memory",
    "ratio",
    "without bytecode",
    "ratio",
)


@dataclass(frozen=True, slots=True)
class _Start:
    """One kind of start, to be measured again and again."""

    label: str
    is_bare: bool
    folder: Path
    program: str
    told: Callable[[], str]
    environ: Mapping[str, str]


def cold_start_report() -> str:
    """Return the costs of a cold start as a Markdown table, each artefact beside the floor and both SDKs."""
    told = provenance("cold-start")
    with tempfile.TemporaryDirectory(prefix="cold-start-") as scratch, StandInServer() as sls, Ear() as ear:
        world = World(sls, ear)
        made = candidates(CHECKOUT, Path(scratch))
        costs = _measured([start for candidate in made for start in _starts(candidate, world, Path(scratch))], world)
    text = (
        f"Each in a process of its own that has nothing but its artefact: median of {_ROUNDS} interleaved runs with "
        f"bytecode in the zip, {_ROUNDS // _BARE_EVERY} without. Every ratio is to the floor with bytecode, `requests` "
        "and one pydantic model making the same call."
    )
    return f"## Cold start\n\n{text}\n\n{told}\n\n{table(_HEAD, _rows(costs))}\n"


def _starts(candidate: Candidate, world: World, scratch: Path) -> Iterator[_Start]:
    for is_bare, folder in ((False, candidate.compiled), (True, candidate.bare)):
        if not candidate.is_function:
            yield _Start(candidate.name, is_bare, folder, candidate.program, world.argument, {})
        for scenario in SCENARIOS if candidate.is_function else ():
            if scenario.function == candidate.name:
                told = partial(_event_file, scenario, world, scratch)
                variables = environ(scenario, CHECKOUT, world, scratch, folder)
                yield _Start(scenario.label, is_bare, folder, candidate.program, told, variables)


def _event_file(scenario: Scenario, world: World, scratch: Path) -> str:
    path = scratch / "event"
    path.write_bytes(scenario.event(world))
    return str(path)


def _measured(starts: list[_Start], world: World) -> dict[tuple[str, bool], list[Cost]]:
    """Measure in turns, each in another order: what else the machine does meanwhile falls on all alike.

    The first round only warms up.
    """
    costs: dict[tuple[str, bool], list[Cost]] = {(start.label, start.is_bare): [] for start in starts}
    for number in range(_ROUNDS + 1):
        print(f"cold start: round {number} of {_ROUNDS}", file=sys.stderr)  # noqa: T201 -- it takes minutes
        for start in Random(number).sample(starts, len(starts)) if number else starts:  # noqa: S311 -- no secret
            if start.is_bare and number % _BARE_EVERY:
                continue
            world.reset()
            cost = measure(world, start.folder, start.program, start.told(), start.environ)
            if number:
                costs[start.label, start.is_bare].append(cost)
    return costs


def _rows(costs: Mapping[tuple[str, bool], list[Cost]]) -> Iterator[tuple[str, ...]]:
    labels = dict.fromkeys(label for label, _ in costs)
    for label in labels:
        compiled, bare = costs[label, False], costs[label, True]
        floor = {is_bare: costs[FLOOR, is_bare] for is_bare in (False, True)}
        yield (
            label,
            f"{_time(compiled) * 1000:.0f} ms",
            f"{_time(compiled) / _time(floor[False]):.2f}",
            f"{_memory(compiled) / _MB:.0f} MB",
            f"{_memory(compiled) / _memory(floor[False]):.2f}",
            f"{_time(bare) * 1000:.0f} ms",
            f"{_time(bare) / _time(floor[False]):.2f}",
        )


def _time(costs: list[Cost]) -> float:
    return median(cost.first_write_s for cost in costs)


def _memory(costs: list[Cost]) -> float:
    return median(cost.peak_bytes for cost in costs)
