"""`make demo`: the main job on real requests, as a readable table; and `make run`, which leaves all of it up."""

import argparse
import http.client
import json
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tests.local.chat.people import LocalChat
from tests.local.environment import LocalEnvironment
from tests.local.fc.logs import stderr_logs
from tests.local.sls.server import StandInServer
from tests.local.sls.signing import Signer, target
from tests.local.tables import newest_times, result_lines, shortened
from tests.local.up import announce, chat_line, show_on_stderr, stop_event

_GROUP = {"project": "shop", "logstore": "orders", "consumer_group": "billing"}
_SHARDS = 4
_KEPT_S = 4 * 3600
_CONSUMED_UNTIL_S = 60

Command = Mapping[str, object]
Say = Callable[[str], None]


class Orders:
    """A Logstore with four hours of orders and a consumer group that has read all but the last minute."""

    def __init__(self, stand_in: StandInServer) -> None:
        self._host = f"{_GROUP['project']}.{stand_in.region}.log.aliyuncs.com"
        self._address = urlsplit(stand_in.url).netloc
        self._signer = Signer(stand_in.access_key_id, stand_in.access_key_secret, stand_in.region)
        self.now_unix = int(time.time())
        self._create(stand_in)

    def cursor(self, shard: int, unix: int) -> str:
        """Return the cursor of the first log group received at or after a time."""
        path = f"/logstores/{_GROUP['logstore']}/shards/{shard}"
        return str(self._call("GET", path, {"type": "cursor", "from": str(unix)})["cursor"])

    def _create(self, stand_in: StandInServer) -> None:
        stand_in.control("logstores", {**_log_groups(self.now_unix), "project": "shop", "logstore": "orders"})
        groups = f"/logstores/{_GROUP['logstore']}/consumergroups"
        self._call("POST", groups, body={"consumerGroup": _GROUP["consumer_group"], "timeout": 60, "order": False})
        stand_in.control("clock", {"unix": self.now_unix - 600})
        for shard in range(_SHARDS):
            checkpoint = {"shard": shard, "checkpoint": self.cursor(shard, self.now_unix - _CONSUMED_UNTIL_S)}
            query = {"type": "checkpoint", "consumer": "", "forceSuccess": "true"}
            self._call("POST", f"{groups}/{_GROUP['consumer_group']}", query, checkpoint)
        stand_in.control("clock", {"unix": None})

    def _call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        raw = json.dumps(body).encode() if body else b""
        headers = self._signer.headers(method, path, host=self._host, query=query, body=raw)
        return _request(self._address, method, target(path, query), headers, raw)[1] or {}


def add_demo(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `demo`."""
    parser = commands.add_parser("demo", help="show the main job on real requests")
    parser.set_defaults(run=run_demo)


def add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `run`."""
    parser = commands.add_parser("run", help="keep the environment of the demo up and print curl lines for it")
    parser.add_argument("--port", type=int, default=9000, help="port of the functions; 0 picks a free one")
    parser.set_defaults(run=run_environment)


def run_demo(_arguments: argparse.Namespace) -> int:
    """Show the main job; return 0 if every step did what it should."""
    with StandInServer() as stand_in, LocalEnvironment(stand_in) as environment:
        return Demo(environment, Orders(stand_in), say=print).play()


def run_environment(arguments: argparse.Namespace) -> int:
    """Keep stand-in and functions up until interrupted; return the exit status."""
    stopped = stop_event()
    with StandInServer() as stand_in, LocalChat(show_on_stderr) as chat:
        Orders(stand_in)
        with LocalEnvironment(stand_in, port=arguments.port, settings=chat.settings, logs=stderr_logs()) as environment:
            chat.connect(environment.url)
            announce(environment.description())
            print(_curl_lines(environment) + f"\n{chat_line(chat)}\n", file=sys.stderr)  # noqa: T201 -- a command speaks
            stopped.wait()
    return 0


class Demo:
    """Sends commands to the command function, one after the other, and shows what comes back."""

    def __init__(self, environment: LocalEnvironment, orders: Orders, say: Say) -> None:
        self._environment = environment
        self._orders = orders
        self._say = say
        self._failed = 0
        self._newest: dict[int, datetime] = {}

    def play(self) -> int:
        """Show every step; return 0 if each came out as it should."""
        self.show("1. Where does the group stand?", {"action": "describe", **_GROUP}, "read")
        rewind = {"action": "rewind", **_GROUP, "to": "2h", "reason": "bad deploy garbled two hours"}
        planned = self.show("2. What would going back two hours do? Nothing is written yet.", rewind, "planned")
        applied = self.show("3. Apply exactly that plan.", planned["next"][0], "applied")
        self.show(
            "4. The same once more, as a webhook's redelivery would: nothing moves twice.",
            planned["next"][0],
            "duplicate",
        )
        verify, undo = applied["next"]
        self.show("5. Did it hold?", verify, "read")
        self.show("6. Where does it stand now?", {"action": "describe", **_GROUP}, "read")
        taken_back = self.show("7. It was the wrong group! Take it back: first the plan,", undo, "planned")
        self.show("8. then exactly that.", taken_back["next"][0], "applied")
        self.show("9. Who did what to this group?", {"action": "history", **_GROUP}, "read")
        return 1 if self._failed else 0

    def show(self, title: str, command: Command, expected: str) -> dict[str, Any]:
        """Send a command, show its result as a table, and note whether it came out as expected."""
        status, result = _request(
            urlsplit(self._environment.url).netloc,
            "POST",
            "/command",
            {"Authorization": f"Bearer {self._environment.bearer}", "Content-Type": "application/json"},
            json.dumps(command).encode(),
        )
        self._say(f"\n{title}\n  {shortened(command)}\n  -> HTTP {status} {result['status']}")
        self._newest |= newest_times(result)
        for line in result_lines(result, self._newest):
            self._say(f"  {line}")
        self._failed += result["status"] != expected
        return result


def _log_groups(now_unix: int) -> dict[str, object]:
    return {"shards": _SHARDS, "log_groups": _KEPT_S, "begin_unix": now_unix - _KEPT_S, "interval_s": 1}


def _request(
    address: str, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request(method, path, body=body, headers=dict(headers))
        response = connection.getresponse()
        raw = response.read()
    finally:
        connection.close()
    return response.status, json.loads(raw) if raw else {}


def _curl_lines(environment: LocalEnvironment) -> str:
    command = json.dumps({"action": "describe", **_GROUP})
    return (
        "\nTry it (a consumer group with four hours of orders is there):\n\n"
        f"curl -s {environment.url}/command -H 'Authorization: Bearer {environment.bearer}' -d '{command}'\n"
    )
