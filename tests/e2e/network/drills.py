"""Drills: one command during which the path to SLS fails at one place, then the same command on a sound path."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Literal

from tests.e2e.network.proxy import Damage, Fault, Proxy
from tests.functions.caller import Answer, FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.shop import HOUR_S, MARGIN_S, Shop
from tests.functions.watched import WatchedStandIn
from tests.local.environment import LocalEnvironment
from tests.local.fc.gateway import GatewayOptions

Action = Literal["describe", "plan", "apply", "undo", "update"]

FOR_GOOD = 999
MOVED = range(3)
TARGET = "shop/orders/billing"
_MOST_REPEATS = 10


@dataclass(frozen=True)
class Place:
    """One call of a command: of calls alike the nth, or the first after another operation."""

    name: str
    operation: str = "*"
    on_journal: bool | None = None
    nth: int = 1
    after: str | None = None


FIRST = Place("first-call")
LOOKUP = Place("lookup", "GetCursor", nth=2)
JOURNAL_READ = Place("journal-read", "PullLogs", on_journal=True)
JOURNAL_APPEND = Place("journal-append", "PutLogs", on_journal=True)
CLAIM = Place("claim", "PutLogs", on_journal=True, after="GetCursor")
CLAIM_READ = Place("claim-read", "PullLogs", on_journal=True, after="PutLogs")
WRITE = Place("mid-writes", "UpdateCheckPoint", nth=2)
READ_BACK = Place("read-back", "GetCheckPoint", on_journal=False, after="UpdateCheckPoint")
FINISH = Place("journal-finish", "PutLogs", on_journal=True, after="UpdateCheckPoint")
UPDATE_READ = Place("attributes-read", "ListConsumerGroup", after="PutLogs")
UPDATE = Place("attributes-write", "UpdateConsumerGroup")
UPDATE_READ_BACK = Place("attributes-read-back", "ListConsumerGroup", after="UpdateConsumerGroup")
PLACES: Mapping[Action, tuple[Place, ...]] = {
    "describe": (FIRST, LOOKUP),
    "plan": (FIRST, LOOKUP, JOURNAL_READ, JOURNAL_APPEND),
    "apply": (FIRST, JOURNAL_READ, CLAIM, CLAIM_READ, WRITE, READ_BACK, FINISH),
    "undo": (FIRST, CLAIM, CLAIM_READ, WRITE, READ_BACK, FINISH),
    "update": (UPDATE_READ, UPDATE, UPDATE_READ_BACK),
}
ATTRIBUTES, WANTED_ATTRIBUTES = (60, False), (99, False)


@dataclass(frozen=True)
class Case:
    """What goes wrong in a drill, and whether it stays so until the first answer."""

    action: Action
    place: Place
    damage: Damage
    for_good: bool

    def __str__(self) -> str:
        how_long = "for-good" if self.for_good else "once"
        return f"{self.action}-{self.place.name}-{self.damage.__name__}-{how_long}"


@dataclass(frozen=True)
class Drill:
    """What came of a drill.

    Attributes:
        hits: How many calls were damaged.
        original: The checkpoints before the command.
        wanted: Where it is to bring them.
        first: The answer on the failing path.
        stood: The checkpoints after it.
        last: The last answer to the same command on the sound path.
        ended: The checkpoints then.
        known: What the journal then knows of where the shards stood before the operation.
        attributes: The group's timeout and order after the first answer.
        puts: How many changes of them had reached SLS by then.
        ended_attributes: Its timeout and order after the last answer.
    """

    case: Case
    hits: int
    original: Mapping[int, str]
    wanted: Mapping[int, str]
    first: Answer
    stood: Mapping[int, str]
    last: Answer
    ended: Mapping[int, str]
    known: Mapping[int, str]
    attributes: tuple[int, bool]
    puts: int
    ended_attributes: tuple[int, bool]


class Lane:
    """A stand-in, the path to it, and one instance of the functions at its other end. A context manager."""

    def __init__(self, evidence: Evidence, checkout: Path) -> None:
        self._evidence = evidence
        self._checkout = checkout
        self._open = ExitStack()

    def __enter__(self) -> "Lane":  # noqa: PYI034 -- nothing inherits from it
        self.sls = self._open.enter_context(WatchedStandIn(self._evidence))
        self.proxy = self._open.enter_context(Proxy(self.sls))
        environment = LocalEnvironment(
            self.proxy,
            environ={},
            logs=self._evidence.new_logs(),
            # What an operation left behind is then continued at once: the one instance knows its own lease.
            options=GatewayOptions(max_instances=1),
            checkout=self._checkout,
        )
        self._evidence.add_secret("a bearer token", environment.bearer)
        self._open.enter_context(environment)
        self.functions = FunctionCaller(environment.url, {"local": environment.bearer}, self._evidence)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def carry_out(self, case: Case) -> Drill:
        """Return what comes of a drill; the stand-in forgets all before."""
        self.sls.control("reset", {})
        shop = open_shop(self.sls)
        with shop.caller:
            command, wanted = self._prepare(case.action, shop)
            original = shop.checkpoints()
            times = FOR_GOOD if case.for_good else 1
            place = case.place
            fault = Fault(case.damage, place.operation, place.on_journal, place.after, place.nth, times)
            self.proxy.fault(fault)
            first = self.functions.run(command, Idempotency_Key="the-key")
            self._mend()
            stood, attributes = shop.checkpoints(), shop.attributes()
            puts = sum(call["operation"] == "UpdateConsumerGroup" for call in shop.calls())
            last = self._repeat(command)
            known = self._known_before(last)
            ended = shop.checkpoints(), known, attributes, puts, shop.attributes()
            return Drill(case, fault.hits, original, wanted, first, stood, last, *ended)

    def _prepare(self, action: Action, shop: Shop) -> tuple[dict[str, object], dict[int, str]]:
        plan: dict[str, object] = {"action": "rewind", "target": TARGET, "to": "30m"}
        stands = shop.checkpoints()
        if action in {"describe", "update"}:
            # It reads the journal too, so that every drill begins with one that was read to its end.
            self.functions.run({"action": "history", "target": TARGET})
        if action == "describe":
            return {"action": "describe", "target": TARGET}, stands
        if action == "update":
            return {"action": "update_consumer_group", "target": TARGET, "timeout": WANTED_ATTRIBUTES[0]}, stands
        planned = self.functions.run(plan)
        if action == "plan":
            return plan, stands
        apply = planned.json["next"][0]
        if action == "apply":
            return apply, stands | {n: s["after"]["checkpoint"] for n, s in planned.shards.items() if s["after"]}
        applied = self.functions.run(apply)
        undo = {"action": "undo", "target": TARGET, "operation_id": applied.json["operation_id"], "dry_run": False}
        return undo, stands

    def _mend(self) -> None:
        self.proxy.fault(None)
        self.sls.control("clock", {})
        key = {"access_key_id": self.sls.access_key_id, "access_key_secret": self.sls.access_key_secret}
        self.sls.control("credentials", key)

    def _repeat(self, command: Mapping[str, object]) -> Answer:
        for _ in range(_MOST_REPEATS):
            answer = self.functions.run(command, Idempotency_Key="the-key")
            if answer.status != HTTPStatus.GATEWAY_TIMEOUT and "retry-after" not in answer.headers:
                return answer
            time.sleep(int(answer.headers.get("retry-after", "0")))
        raise AssertionError("it never ends")

    def _known_before(self, last: Answer) -> dict[int, str]:
        history = self.functions.run({"action": "history", "target": TARGET}).json["operations"]
        found = [op for op in history if op["operation_id"] == last.json["operation_id"]]
        return {shard["shard"]: shard["before"] for op in found for shard in op["shards"]}


def open_shop(sls: WatchedStandIn) -> Shop:
    """Return the Logstore and group that the fixture `shop` tells of, in any stand-in."""
    shop = Shop(sls)
    shop.add_logstore()
    shop.add_group()
    for shard in MOVED:
        shop.commit(shard, shop.cursor(shard, -600), ago_s=HOUR_S + MARGIN_S)
    return shop
