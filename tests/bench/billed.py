"""What Function Compute would bill for commands: how long an instance is busy, with which CPU and memory.

Every answer of the SLS stand-in, which is a process of its own, takes 10 ms. Run: python -m tests.bench.billed
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.local.environment import LocalEnvironment
from tests.local.sls.caller import Caller
from tests.local.sls.signing import Signer

_LATENCY_S = 0.01
_LOG_GROUPS = 7200
_REPEATS = 5
_SHARDS = (4, 256)
_HOUR_S = 3600
_PATIENCE_S = 90


@dataclass(frozen=True, slots=True)
class Remote:
    """A stand-in in a process of its own."""

    url: str
    region: str
    access_key_id: str
    access_key_secret: str
    journal: str = "local-ops/rewind-journal"

    def control(self, route: str, document: object = None) -> Any:  # noqa: ANN401 -- any JSON document
        """Return what a control route answers."""
        body = None if document is None else json.dumps(document).encode()
        with urllib.request.urlopen(f"{self.url}/_local/{route}", body, timeout=_PATIENCE_S) as answer:  # noqa: S310 -- loopback
            return json.load(answer)


@contextlib.contextmanager
def _stand_in() -> Iterator[Remote]:
    command = [sys.executable, "-m", "tests.local", "sls"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own module
        try:
            assert process.stdout is not None, "asked for"
            yield Remote(**json.loads(process.stdout.readline())["sls"])
        finally:
            process.terminate()


def _fill(remote: Remote, shards: int) -> str:
    """Make a group that has read everything and stopped an hour ago, and return its target."""
    logstore = f"orders-{shards}"
    begin_unix = time.time() - _LOG_GROUPS
    told = {"project": "shop", "logstore": logstore, "shards": shards, "log_groups": _LOG_GROUPS}
    remote.control("logstores", {**told, "begin_unix": begin_unix})
    ends = {s["shard"]: s["end"] for s in remote.control(f"state?project=shop&logstore={logstore}")["shards"]}
    groups = f"/logstores/{logstore}/consumergroups"
    remote.control("clock", {"unix": time.time() - _HOUR_S})
    with Caller(remote.url, Signer(remote.access_key_id, remote.access_key_secret, remote.region)) as caller:
        caller.call("POST", groups, document={"consumerGroup": "billing", "timeout": 60, "order": False})
        for shard, end in ends.items():
            query = {"type": "checkpoint", "consumer": "", "forceSuccess": "true"}
            caller.call("POST", f"{groups}/billing", query=query, document={"shard": shard, "checkpoint": end})
    remote.control("clock", {"unix": None})
    return f"shop/{logstore}/billing"


class _Instance:
    """The one instance of the command function, as the operating system sees it."""

    def __init__(self, environment: LocalEnvironment) -> None:
        self._url = f"{environment.url}/command"
        self._bearer = environment.bearer
        self.send({})
        self._process = next(path for path in Path("/proc").glob("[0-9]*") if _is_instance(path))

    def send(self, command: dict[str, object]) -> Any:  # noqa: ANN401 -- any JSON document
        """Return the answer to a command, whatever it is."""
        headers = {"Authorization": f"Bearer {self._bearer}"}
        request = urllib.request.Request(self._url, json.dumps(command).encode(), headers)  # noqa: S310 -- loopback
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310 -- loopback
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    @property
    def cpu_s(self) -> float:
        """CPU seconds so far."""
        fields = (self._process / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def peak_mb(self) -> int:
        """The most memory that it ever held, in MB."""
        found = re.search(r"VmHWM:\s+(\d+)", (self._process / "status").read_text(encoding="ascii"))
        return int(found[1]) // 1024 if found else 0


def _is_instance(path: Path) -> bool:
    with contextlib.suppress(OSError):
        mine = f"PPid:\t{os.getpid()}\n" in (path / "status").read_text(encoding="ascii")
        return mine and b"runtime.instance" in (path / "cmdline").read_bytes()
    return False


def _row(instance: _Instance, remote: Remote, what: str, command: dict[str, object]) -> str:
    busy_s, cpu_s, calls = [], [], 0
    for _ in range(_REPEATS):
        before_cpu_s, before_calls = instance.cpu_s, len(remote.control("requests"))
        answer = instance.send(command)
        assert answer["ok"], answer["error"]
        busy_s.append(answer["elapsed_ms"] / 1000)
        cpu_s.append(instance.cpu_s - before_cpu_s)
        calls = len(remote.control("requests")) - before_calls
        if answer["operation_id"]:
            _take_back(instance, command, answer["operation_id"])
    return (
        f"| {what} | {sorted(busy_s)[_REPEATS // 2]:.2f} | {sum(cpu_s) / _REPEATS:.2f} | {instance.peak_mb} | {calls} |"
    )


def _take_back(instance: _Instance, command: dict[str, object], operation_id: str) -> None:
    undo = {"action": "undo", "target": command["target"], "operation_id": operation_id, "dry_run": False}
    undone = instance.send(undo)
    assert undone["ok"], undone["error"]


def main() -> None:
    """Print a table of what each command takes."""
    with _stand_in() as remote, LocalEnvironment(remote, environ={}) as environment:
        instance = _Instance(environment)
        print("| what | busy (s) | of that CPU (s) | peak memory (MB) | calls of SLS |\n|---|---|---|---|---|")  # noqa: T201 -- a command speaks
        print(f"| start of an instance | | {instance.cpu_s:.2f} | {instance.peak_mb} | 0 |")  # noqa: T201 -- a command speaks
        for shards in _SHARDS:
            target = _fill(remote, shards)
            remote.control("faults", [{"operation": "*", "kind": "delay", "delay_s": _LATENCY_S, "times": 10**9}])
            for what, more in (
                ("`describe`", {"action": "describe"}),
                ("`rewind`, planned", {"action": "rewind", "to": "1h"}),
                ("`rewind`, applied", {"action": "rewind", "to": "1h", "dry_run": False}),
            ):
                command: dict[str, object] = {**more, "target": target}
                print(_row(instance, remote, f"{what}, {shards} shards", command), flush=True)  # noqa: T201 -- a command speaks
            remote.control("faults", [])


if __name__ == "__main__":
    main()
