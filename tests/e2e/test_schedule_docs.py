"""What docs/schedule.md and template.yml show of timers works as it stands there."""

import json
import re
import shlex
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.schedule_world import iso, outcome
from tests.local.__main__ import main
from tests.local.environment import CHECKOUT, LocalEnvironment
from tests.local.fc.invocation import Invocation
from tests.local.fc.template import Function, load_template, missing_variables
from tests.local.sls.caller import Caller
from tests.local.sls.cursors import decode_cursor, encode_cursor
from tests.local.sls.server import StandInServer
from tests.local.sls.signing import Signer

DOCUMENT = (CHECKOUT / "docs/schedule.md").read_text(encoding="utf-8")
PAYLOADS = re.findall(r"```json\n(.*?)```", DOCUMENT, flags=re.DOTALL)
FIRE = shlex.split(next(line for line in DOCUMENT.splitlines() if "tests.local fire" in line))
KEPT_DAYS = 3
MINUTE_S = 60
LOG_GROUPS = KEPT_DAYS * 24 * 60


def schedule() -> Function:
    """Return the function as template.yml has it."""
    path = CHECKOUT / "template.yml"
    return load_template(path, dict.fromkeys(missing_variables(path, {}), "x")).function("schedule")


TRIGGERS = {trigger.trigger_name: trigger.trigger_config for trigger in schedule().timer_triggers}


@pytest.fixture
def environment() -> Iterator[LocalEnvironment]:
    """The local environment with three days of orders, and a group that has read all but the last two minutes."""
    with StandInServer() as sls, LocalEnvironment(sls, environ={}) as made:
        now_unix = int(time.time())
        begin_unix = now_unix - LOG_GROUPS * MINUTE_S
        told = {"project": "shop", "logstore": "orders", "log_groups": LOG_GROUPS, "interval_s": MINUTE_S}
        sls.control("logstores", {**told, "begin_unix": begin_unix})
        sls.control("clock", {"unix": now_unix - 3600})
        add_group(sls)
        sls.control("clock", {"unix": None})
        yield made


def add_group(sls: StandInServer) -> None:
    groups = "/logstores/orders/consumergroups"
    shards = sls.control("state", project="shop", logstore="orders")["shards"]
    with Caller(sls.url, Signer(sls.access_key_id, sls.access_key_secret, sls.region)) as caller:
        caller.call("POST", groups, document={"consumerGroup": "billing", "timeout": 30, "order": False})
        for shard in shards:
            checkpoint = encode_cursor((decode_cursor(shard["end"]) or 0) - 2)
            query = {"type": "checkpoint", "consumer": "", "forceSuccess": "true"}
            document = {"shard": shard["shard"], "checkpoint": checkpoint}
            assert caller.call("POST", f"{groups}/billing", query=query, document=document).status == 200


def fire(environment: LocalEnvironment, payload: str) -> Invocation:
    event = {"triggerTime": iso(int(time.time())), "triggerName": "nightly", "payload": payload}
    return environment.gateway.invoke("schedule", json.dumps(event).encode())


def moved_to_now(payload: str) -> str:
    """Return a payload whose window lies around the present, in a zone where the clock shows its middle."""
    given: dict[str, Any] = json.loads(payload)
    if "only_between" in given:
        hours = [int(given["only_between"][key][:2]) for key in ("from", "to")]
        # Zones of whole hours: their names count westwards.
        east = (sum(hours) // 2 - datetime.now(timezone.utc).hour + 11) % 24 - 11
        zone = f"Etc/GMT{-east:+d}"
        assert hours[0] <= datetime.now(ZoneInfo(zone)).hour < hours[1]
        given["only_between"]["zone"] = zone
    return json.dumps(given)


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda text: re.findall(r'"action": "(\w+)"', text)[0])
def test_every_payload_that_the_document_shows_is_carried_out(environment: LocalEnvironment, payload: str) -> None:
    came_to = fire(environment, moved_to_now(payload))

    # At midnight there is nothing to rewind to midnight.
    assert outcome(came_to) in {"applied", "unchanged"}, came_to.payload


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_every_payload_of_the_template_is_carried_out(environment: LocalEnvironment, trigger: str) -> None:
    came_to = fire(environment, moved_to_now(TRIGGERS[trigger].payload or ""))

    assert outcome(came_to) in {"applied", "unchanged"}, came_to.payload


def test_the_templates_timers_are_examples_that_do_not_fire_by_themselves() -> None:
    assert TRIGGERS
    assert not any(config.enable for config in TRIGGERS.values())


def test_the_templates_timers_are_not_delivered_later_than_they_would_be_taken() -> None:
    latest_s = [json.loads(config.payload or "")["max_late_s"] for config in TRIGGERS.values()]

    assert max(latest_s) <= schedule().async_invoke_config.max_async_event_age_in_seconds


def fired(
    environment: LocalEnvironment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *arguments: str,
) -> tuple[int, Any]:
    monkeypatch.setattr(sys, "argv", ["tests.local", *arguments, "--url", environment.url])
    status = main()
    return status, json.loads(capsys.readouterr().out)


def test_the_documents_fire_command_reaches_the_function(
    environment: LocalEnvironment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, document = fired(environment, monkeypatch, capsys, *FIRE[3:])

    # What it shows is a certain night's firing, which is late on every other day.
    late = "too_late" in document.get("errorMessage", "") or "outside_window" in document.get("errorMessage", "")
    assert (status, late) == (1, True) or document["status"] in {"applied", "unchanged"}


def test_a_trigger_of_the_template_is_fired_by_hand(
    environment: LocalEnvironment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, document = fired(environment, monkeypatch, capsys, "fire", "schedule", "snapshots", "--wait")

    assert (status, document["status"], document["results"][0]["action"]) == (0, "applied", "snapshot")
