"""A whole rewind, every safety on, beside the loop that the official SDK's samples use; and beside its own limit."""

import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from shared.execution.parallel import POOL_WIDTH
from tests.bench.figures import provenance, table
from tests.bench.instance import REWIND, Instance
from tests.bench.lean_sls.ceiling import ceiling_per_s
from tests.bench.lean_sls.process import LeanSls

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aliyun.log import LogClient

_LATENCIES_MS = (1, 10, 50)
_SHARDS = (1, 4, 64, 256)
_ROUNDS = 3
_HEAD = ("answers after", "shards", "SDK loop", "ours", "times as fast", "calls", "needed", "limit", "ours / limit")
_HOUR_S = 3600


_WANTED = {50: 12.0, 10: 6.0}
"""How many times as fast as the SDK loop, by the milliseconds after which the other side answers."""
_WANTED_OF_LIMIT = {50: 1.5}


@dataclass
class _Runs:
    theirs_s: list[float] = field(default_factory=list)
    ours_s: list[float] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)


def calls_needed(shards: int) -> int:
    """Return how many calls a rewind on a warm instance takes, by what each safety asks for.

    A shard: begin, target, one receive time, the write. The group: attributes, shards, and its looks. The journal: its
    form, what is new up to its end, the claim, reading that back, the outcome.
    """
    of_shards, of_group, of_journal = 4 * shards, 2 + _looks_needed(shards), 1 + 2 + 1 + 1 + 1
    return of_shards + of_group + of_journal


def _looks_needed(shards: int) -> int:
    """Return how often the checkpoints are read: observed, after the claim, before each further wave, and read back."""
    waves = -(-shards // POOL_WIDTH)
    return 1 + 1 + (waves - 1) + 1


def rewind_report() -> str:
    """Return the table of rewinds."""
    told = provenance("rewind")
    with LeanSls() as sls:
        ceiling = ceiling_per_s(sls)
        runs = _measured(sls)
    rows = [_row(latency_ms, shards, one) for (latency_ms, shards), one in runs.items()]
    text = (
        "The command function's handler in one warm process: observe, claim, waves of writes each after a fresh look, "
        "read back, finish. The SDK loop is `get_cursor` and `update_check_point` shard by shard, with none of that. "
        "The other side answers after a set time, from a process of its own; it could answer "
        f"{ceiling:,.0f} calls a second. The limit is the calls needed, {POOL_WIDTH} at a time, each taking the set "
        "time and nothing else. Wanted at 256 shards: 12 times as fast at 50 ms, 6 times at 10 ms, and at most 1.5 "
        "times the limit at 50 ms. Calls are the most of any run; a look that was taken while a wave was written is "
        "taken again if it has waited for too long. With few shards ours is the slower one: eleven of its steps wait "
        "for one another, whatever the number of shards, and the SDK loop has two steps a shard and no safety."
    )
    return f"## Rewind\n\n{text}\n\n{told}\n\n{table(_HEAD, rows)}\n\n{_verdicts(runs)}\n"


def _measured(sls: LeanSls) -> Mapping[tuple[int, int], _Runs]:
    instance, client = Instance(sls.url), _sdk(sls)
    runs = {(latency_ms, shards): _Runs() for latency_ms in _LATENCIES_MS for shards in _SHARDS}
    _run_ours(sls, instance, max(_SHARDS), 0)
    for number in range(_ROUNDS):
        for (latency_ms, shards), one in runs.items():
            print(f"rewind: round {number + 1}, {latency_ms} ms, {shards} shards", file=sys.stderr)  # noqa: T201 -- it takes minutes
            sls.reset(shards=shards, latency_ms=latency_ms, keep_journal=True)
            one.theirs_s.append(_timed_s(lambda: _loop(client)))
            spent_s, counts = _run_ours(sls, instance, shards, latency_ms)
            one.ours_s.append(spent_s)
            one.calls.append(_checked(counts, shards))
    instance.close()
    return runs


def _run_ours(sls: LeanSls, instance: Instance, shards: int, latency_ms: int) -> tuple[float, Mapping[str, int]]:
    sls.reset(shards=shards, latency_ms=latency_ms, keep_journal=True)
    results: list[dict[str, Any]] = []
    spent_s = _timed_s(lambda: results.append(instance.run(REWIND)))
    moved = [shard for shard in results[0]["shards"] if shard["status"] == "moved"]
    assert len(moved) == shards, "every shard is moved"
    return spent_s, sls.counts()


def _checked(counts: Mapping[str, int], shards: int) -> int:
    """Return how many calls were made.

    A look that has waited too long is taken again; no other call is made that is not needed.
    """
    made = sum(counts.values())
    assert 0 <= made - calls_needed(shards) == counts["GetCheckPoint"] - _looks_needed(shards), counts
    return made


def _sdk(sls: LeanSls) -> Any:  # noqa: ANN401 -- the SDK's own type information is incomplete
    client: Any = LogClient(sls.url, "bench", "a-key-of-the-benches-alone", auth_version="v4", region="cn-local")
    client._isRowIp = True  # noqa: SLF001 -- else it would look a host up that has the project in its name
    return client


def _loop(client: Any) -> None:  # noqa: ANN401 -- as above
    since_unix = int(time.time()) - _HOUR_S
    for shard in client.list_shards("shop", "orders").get_shards_info():
        cursor = client.get_cursor("shop", "orders", shard["shardID"], since_unix).get_cursor()
        client.update_check_point("shop", "orders", "billing", shard["shardID"], cursor)


def _timed_s(run: Callable[[], object]) -> float:
    begun_s = time.perf_counter()
    run()
    return time.perf_counter() - begun_s


def _verdicts(runs: Mapping[tuple[int, int], _Runs]) -> str:
    """Return in words what is met of what is wanted, and where more calls were made than needed."""
    told = []
    for latency_ms, wanted in _WANTED.items():
        one = runs[latency_ms, max(_SHARDS)]
        told.append((f"{latency_ms} ms: {_times_as_fast(one):.1f} times as fast", _times_as_fast(one) >= wanted))
    for latency_ms, wanted in _WANTED_OF_LIMIT.items():
        of_limit = median(runs[latency_ms, max(_SHARDS)].ours_s) / _limit_s(latency_ms, max(_SHARDS))
        told.append((f"{latency_ms} ms: {of_limit:.2f} times the limit", of_limit <= wanted))
    met = "; ".join(f"{what}, {'met' if is_met else '**missed**'}" for what, is_met in told)
    more = [made - calls_needed(shards) for (_, shards), one in runs.items() for made in one.calls]
    if not any(more):
        return f"At {max(_SHARDS)} shards: {met}. Calls made were calls needed in each of {len(more)} runs."
    return (
        f"At {max(_SHARDS)} shards: {met}. **{sum(map(bool, more))} of {len(more)} runs made more calls than needed**, "
        f"{max(more)} at the most: looks that had waited too long, and were taken again."
    )


def _times_as_fast(runs: _Runs) -> float:
    return median(runs.theirs_s) / median(runs.ours_s)


def _limit_s(latency_ms: int, shards: int) -> float:
    return calls_needed(shards) / POOL_WIDTH * latency_ms / 1000


def _row(latency_ms: int, shards: int, runs: _Runs) -> tuple[str, ...]:
    theirs_s, ours_s, needed = median(runs.theirs_s), median(runs.ours_s), calls_needed(shards)
    limit_s = _limit_s(latency_ms, shards)
    return (
        f"{latency_ms} ms",
        str(shards),
        f"{theirs_s:.3f} s",
        f"{ours_s:.3f} s",
        f"{_times_as_fast(runs):.1f}",
        str(max(runs.calls)),
        str(needed),
        f"{limit_s:.3f} s",
        f"{ours_s / limit_s:.2f}",
    )
