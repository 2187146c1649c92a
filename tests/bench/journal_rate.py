"""What a journal's one shard carries: appends and reads a second, on the stand-in."""

import itertools
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

from shared.journal.journal import Journal, View
from shared.journal.records import Record
from shared.settings import Endpoint
from shared.sls.client import SlsClient, Surroundings, new_session
from shared.sls.credentials import Credentials
from tests.bench.document import CHECKOUT
from tests.bench.figures import middle, provenance, table
from tests.local.sls.store import JOURNAL_LOGSTORE, JOURNAL_PROJECT

_WRITERS = 8
_APPENDS = 400
_ROUNDS = 5
_DETAIL = {"plan": {"moves": [{"shard": shard, "before": "x" * 200, "after": "x" * 200} for shard in range(4)]}}
_IDS = itertools.count(1)


def journal_report() -> str:
    """Return appends and reads a second as a Markdown table."""
    told = provenance("journal")
    command = [sys.executable, "-m", "tests.local", "sls", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 -- our own
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=CHECKOUT
    ) as sls:
        try:
            assert sls.stdout is not None, "it was asked for"
            rows = _rows(json.loads(sls.stdout.readline())["sls"])
        finally:
            sls.terminate()
    text = (
        "On the stand-in of the tests, a Python process of its own that verifies every signature: what is measured is "
        "it and our client, not SLS, whose own figures for a shard are 500 writes and 100 reads a second. Records have "
        "four moves."
    )
    return f"## Journal\n\n{text}\n\n{told}\n\n{table(('journal of one shard', 'a second'), rows)}\n"


def _rows(told: Any) -> list[tuple[str, str]]:  # noqa: ANN401 -- any JSON document
    journal = _journal(told)
    one = middle(_rate(lambda: _append(journal, _APPENDS), _APPENDS) for _ in range(_ROUNDS))
    many = middle(_rate(lambda: _append_by_many(journal), _APPENDS) for _ in range(_ROUNDS))
    pages = [_rate(lambda: _journal(told).catch_up(), 2 * _ROUNDS * _APPENDS) for _ in range(_ROUNDS)]
    claims = middle(_rate(lambda: _claim(journal, 100), 100) for _ in range(_ROUNDS))
    return [
        ("records appended, one writer", f"{one:,.0f}"),
        (f"records appended, {_WRITERS} writers", f"{many:,.0f}"),
        ("records appended and read back, one writer", f"{claims:,.0f}"),
        ("records read by an instance that begins", f"{middle(pages):,.0f}"),
    ]


def _journal(told: Any) -> Journal:  # noqa: ANN401 -- as above
    endpoint = Endpoint(told["url"], f"{JOURNAL_PROJECT}.{told['region']}.log.aliyuncs.com", told["region"], "v4")
    credentials = Credentials(told["access_key_id"], told["access_key_secret"], None)
    surroundings = Surroundings(lambda: 600.0, lambda: datetime.now(timezone.utc), time.sleep, random.random)
    client = SlsClient(endpoint, credentials, new_session(_WRITERS), surroundings)
    return Journal(client, JOURNAL_LOGSTORE, View(), time.time, time.sleep)


def _record() -> Record:
    return Record(
        kind="snapshot",
        record_id=f"{next(_IDS):016d}".translate(str.maketrans("0123456789", "abcdefghij")),
        written_unix=int(time.time()),
        project="shop",
        logstore="orders",
        consumer_group="billing",
        principal="webhook:bench",
        action="snapshot",
        detail=_DETAIL,
    )


def _append(journal: Journal, times: int) -> None:
    for _ in range(times):
        journal.append(_record())


def _append_by_many(journal: Journal) -> None:
    with ThreadPoolExecutor(_WRITERS) as writers:
        list(writers.map(lambda _: _append(journal, _APPENDS // _WRITERS), range(_WRITERS)))


def _claim(journal: Journal, times: int) -> None:
    for _ in range(times):
        journal.append_and_read_back(_record())


def _rate(run: Callable[[], object], times: int) -> float:
    begun_s = time.perf_counter()
    run()
    return times / (time.perf_counter() - begun_s)
