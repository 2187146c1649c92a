"""What one command costs on a warm instance, beside the very same HTTP calls through a bare requests session."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle

import requests

from tests.bench.figures import middle, provenance, table
from tests.bench.instance import TARGET, Instance
from tests.bench.lean_sls.process import Exchange, LeanSls

_ROUNDS, _TIMES = 9, 20
_SHARDS = 4
_TIMEOUT_S = 10
_COMMANDS: Mapping[str, Sequence[Mapping[str, object]]] = {
    "update_consumer_group": [
        {"action": "update_consumer_group", "target": TARGET, "timeout": timeout} for timeout in (90, 60)
    ],
    "describe of 4 shards": [{"action": "describe", "target": TARGET}],
}


def warm_command_report() -> str:
    """Return what each command costs, as a Markdown table."""
    told = provenance("warm-command")
    with LeanSls() as sls:
        instance = Instance(sls.url)
        rows = [_row(label, commands, sls, instance) for label, commands in _COMMANDS.items()]
        instance.close()
    head = ("one warm command", "calls", "bare session", "ours", "ours / bare")
    text = (
        "CPU time through the command function's handler, from the event to the response, journal and all; beside the "
        "same requests, headers and bodies included, sent one after the other through a bare `requests.Session`, their "
        "answers read as JSON. Wanted: at most 1.3 times."
    )
    return f"## One warm command\n\n{text}\n\n{told}\n\n{table(head, rows)}\n"


def _row(
    label: str, commands: Sequence[Mapping[str, object]], sls: LeanSls, instance: Instance
) -> tuple[str, str, str, str, str]:
    sls.reset(shards=_SHARDS, latency_ms=0, keep_journal=True)
    turns: Iterator[Mapping[str, object]] = cycle(commands)
    for _ in range(4):
        instance.run(next(turns))
    sls.tape()
    instance.run(next(turns))
    calls = sls.tape()
    with requests.Session() as session:
        costs = [
            (_cost_ms(lambda: instance.run(next(turns))), _cost_ms(lambda: _replay(session, sls.url, calls)))
            for _ in range(_ROUNDS + 1)
        ][1:]
    ours, bare = middle(cost[0] for cost in costs), middle(cost[1] for cost in costs)
    return label, str(len(calls)), f"{bare:.2f} ms", f"{ours:.2f} ms", f"{ours / bare:.2f}"


def _replay(session: requests.Session, url: str, calls: Sequence[Exchange]) -> None:
    for call in calls:
        answer = session.request(
            call.method, f"{url}{call.url}", headers=call.headers, data=call.body or None, timeout=_TIMEOUT_S
        )
        if answer.content.startswith((b"{", b"[")):
            answer.json()


def _cost_ms(run: Callable[[], object]) -> float:
    begun_s = time.process_time()
    for _ in range(_TIMES):
        run()
    return (time.process_time() - begun_s) / _TIMES * 1000
