"""The function `schedule` over a world's stand-in: firings, as the platform delivers them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, final

from tests.e2e.rewind_world import Group, World
from tests.functions.evidence import Evidence
from tests.local.environment import CHECKOUT, LocalEnvironment
from tests.local.fc.gateway import GatewayOptions
from tests.local.fc.invocation import Invocation
from tests.local.fc.runtime.messages import Profile

FUNCTION = "schedule"
PROFILES: tuple[Profile, ...] = ("python3.10", "python3.12")
LATE_S = 600
BACK_S = 1800
# Longer than any lease of the template's functions: SLS's clock goes ahead, so that nobody has to wait for one.
AHEAD_S = 700
_RETRY_DELAY_S = 0.02


@final
class Timer:
    """The function `schedule` over a world's stand-in, in processes of its own.

    Attributes:
        gateway: Runs it.
    """

    def __init__(self, environment: LocalEnvironment) -> None:
        self.gateway = environment.gateway

    def invoke(self, event: bytes) -> Invocation:
        """Return what becomes of one delivery."""
        return self.gateway.invoke(FUNCTION, event)

    def tries(self, event: bytes) -> tuple[int, Invocation | None]:
        """Deliver as FC does, tried again by the function's own rule; return the number of tries and the last one."""
        request_id = self.gateway.invoke_async(FUNCTION, event)
        self.gateway.wait_idle(60)
        result = next(result for result in self.gateway.async_results if result.request_id == request_id)
        return result.attempts, result.invocation


@contextmanager
def open_timer(
    world: World, evidence: Evidence, profile: Profile | None = None, checkout: Path = CHECKOUT
) -> Iterator[Timer]:
    """Run the function for the length of the block."""
    options = GatewayOptions(profile=profile, retry_delay_s=_RETRY_DELAY_S)
    logs = evidence.new_logs()
    with LocalEnvironment(world.sls, environ={}, logs=logs, options=options, checkout=checkout) as environment:
        yield Timer(environment)


@final
class Timers:
    """A warm timer for each world and profile. Safe to use from several threads, a world by one at a time."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._open: dict[tuple[int, Profile], tuple[Any, Timer]] = {}
        self._lock = threading.Lock()

    def get(self, world: World, profile: Profile) -> Timer:
        """Return the timer of a world and a profile."""
        key = (id(world), profile)
        with self._lock:
            known = self._open.get(key)
        if known is None:
            block = open_timer(world, self._evidence, profile)
            known = block, block.__enter__()
            with self._lock:
                self._open[key] = known
        return known[1]

    def close(self) -> None:
        """End them all."""
        for block, _ in self._open.values():
            block.__exit__(None, None, None)


def checkout_with_schedule_timeout(folder: Path, timeout_s: int) -> Path:
    """Return a folder that holds this project with another timeout of the function `schedule`."""
    for name in ("functions", "shared"):
        (folder / name).symlink_to(CHECKOUT / name)
    template = (CHECKOUT / "template.yml").read_text(encoding="utf-8")
    assert template.count("timeout: 300") == 1
    changed = template.replace("timeout: 300", f"timeout: {timeout_s}")
    (folder / "template.yml").write_text(changed, encoding="utf-8")
    return folder


def event(group: Group, trigger_unix: int, **changes: object) -> bytes:
    """Return the event of a firing that rewinds a group by half an hour."""
    command = {"action": "rewind", "target": group.target, "to": f"{BACK_S}s", "dry_run": False, **changes}
    # Firings of one trigger at one instant are one and the same: each group has a trigger of its own.
    name = f"nightly-{group.logstore}"
    told = {"triggerTime": iso(trigger_unix), "triggerName": name, "payload": json.dumps(command)}
    return json.dumps(told).encode()


def iso(unix: int) -> str:
    """Return an instant as FC writes it."""
    return datetime.fromtimestamp(unix, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def outcome(invocation: Invocation | None) -> str:
    """Return the status of what became of a delivery, or its error's type; "killed" where it has neither."""
    if invocation is None:
        return "killed"
    document = json.loads(invocation.payload)
    return str(document.get("status") or document.get("errorType") or "killed")


def warm_up(timer: Timer, group: Group) -> None:
    """Let an instance start and read the journal to its end, so that every drill makes the same calls."""
    payload = json.dumps({"action": "history", "target": group.target})
    told = {"triggerTime": iso(group_time(group)), "triggerName": "warm-up", "payload": payload}
    invocation = timer.invoke(json.dumps(told).encode())
    assert outcome(invocation) == "read", invocation.payload


def group_time(group: Group) -> int:
    """Return a trigger's time: some minutes before the group was made, whose log groups reach to that instant."""
    calls = group.world.sls.control("requests")
    return int(calls[-1]["unix"]) - LATE_S


def let_leases_pass(world: World) -> None:
    """Put SLS's clock ahead: every lease that was given ends."""
    world.sls.control("clock", {"skew_s": AHEAD_S})
