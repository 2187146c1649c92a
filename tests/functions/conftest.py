"""Fixtures for the tests of the function `schedule`; those of all functions are in plugin.py."""

import base64
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.plugin import MakeFunctions
from tests.functions.receiver import Receiver
from tests.functions.schedules import Scheduler

POLICY = Path(__file__).with_name("schedule_policy.toml")
# Nothing listens there: port 1 is no port that a receiver gets.
UNREACHABLE = "http://127.0.0.1:1/unreachable/"


@pytest.fixture(scope="session")
def destinations(receiver_of_all: Receiver, evidence: Evidence) -> dict[str, dict[str, str]]:
    """What REWIND_NOTIFY says: an address and, where one is needed, a secret by the destination's name."""
    names = ("slack", "dingtalk", "feishu", "audit", "failing", "slow")
    made = {name: {"url": receiver_of_all.url(name)} for name in names}
    made["unreachable"] = {"url": UNREACHABLE + secrets.token_hex(16)}
    for name in ("dingtalk", "feishu"):
        made[name]["secret"] = f"SEC{secrets.token_hex(32)}"
    made["audit"]["secret"] = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    for entry in made.values():
        evidence.add_secret("the address of a destination", entry["url"].rpartition("/")[2])
        evidence.add_secret("the secret of a destination", entry.get("secret", ""))
    return made


@pytest.fixture(scope="session")
def receiver_of_all() -> Iterator[Receiver]:
    """The one receiver of the run."""
    with Receiver() as made:
        yield made


@pytest.fixture
def receiver(receiver_of_all: Receiver) -> Receiver:
    """The receiver, which has received nothing."""
    receiver_of_all.forget()
    return receiver_of_all


@pytest.fixture(scope="session")
def scheduler(
    functions: FunctionCaller,
    make_functions: MakeFunctions,
    destinations: dict[str, dict[str, str]],
    evidence: Evidence,
) -> Iterator[Scheduler]:
    """The function `schedule` as template.yml has it, with the policy beside this file.

    The logs of `functions` come first in the evidence, and are looked for there.
    """
    assert functions.url
    settings = {"REWIND_POLICY": str(POLICY), "REWIND_NOTIFY": json.dumps(destinations)}
    with make_functions(settings=settings) as made:
        yield Scheduler(made, evidence.logs[-1])
