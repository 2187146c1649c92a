"""What each function is given, so that it comes to a signed write; and the same write for everybody else."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.cold_start.world import COMMAND, World
from tests.local.fc.events import EventOrigin, HttpRequest, http_event, is_binary_body
from tests.local.fc.template import load_template, missing_variables
from tests.local.fc.variables import Platform, instance_environ

_TOKEN = "a token of the cold start bench alone"
_SLACK_SECRET = "0123456789abcdef"
_TEAM, _USER = "T024BE7LD", "U0BENCH"
_POLICY = f"""
[[rules]]
principals = ["webhook:*", "timer:*", "slack:{_TEAM}/{_USER}"]
actions = ["*"]
targets = ["*/*/*"]
"""


@dataclass(frozen=True, slots=True)
class Scenario:
    """How one function is brought to its first signed write.

    Attributes:
        label: As the report calls it.
        function: The function's key in template.yml.
        event: Makes what it is given, afresh: what is signed expires.
        settings: Variables that differ from those that every function has here.
    """

    label: str
    function: str
    event: Callable[[World], bytes]
    settings: Mapping[str, str] = field(default_factory=dict)


def _command_event(_: World) -> bytes:
    headers = (("Authorization", f"Bearer {_TOKEN}"), ("Content-Type", "application/json"))
    return _http("/", headers, json.dumps(COMMAND).encode())


def _timer_event(_: World) -> bytes:
    told = {"triggerTime": _now().strftime("%Y-%m-%dT%H:%M:%SZ"), "triggerName": "t", "payload": json.dumps(COMMAND)}
    return json.dumps(told).encode()


def _chat_event(world: World) -> bytes:
    fields = {
        "team_id": _TEAM,
        "channel_id": "C0BENCH",
        "user_id": _USER,
        "command": "/sls",
        "text": f"rewind {world.group} 5m",
        "response_url": f"https://hooks.slack.com/commands/{_TEAM}/1",
        "trigger_id": str(time.time_ns()),
    }
    body, timestamp = urlencode(fields).encode(), str(int(time.time()))
    digest = hmac.new(_SLACK_SECRET.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = (
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Slack-Request-Timestamp", timestamp),
        ("X-Slack-Signature", f"v0={digest}"),
    )
    return _http("/slack", headers, body)


def _sealed_event(world: World) -> bytes:
    # What chatops, which is measured before, has handed over last.
    return next(heard.body for heard in reversed(world.ear.heard) if heard.is_invocation)


def _http(path: str, headers: tuple[tuple[str, str], ...], body: bytes) -> bytes:
    request = HttpRequest("POST", path, headers=headers, body=body)
    return http_event(request, EventOrigin("1234567890123456", "cn-local", "bench", "1-cold", _now()), is_binary_body)


def _now() -> datetime:
    return datetime.now(timezone.utc)


SCENARIOS = (
    Scenario("command", "command", _command_event, {"REWIND_JOURNAL": ""}),
    Scenario("command, journaled", "command", _command_event),
    Scenario("schedule, journaled", "schedule", _timer_event),
    Scenario("chatops, handing over", "chatops", _chat_event),
    Scenario("worker, journaled", "worker", _sealed_event),
)


def environ(scenario: Scenario, checkout: Path, world: World, scratch: Path, code_root: Path) -> dict[str, str]:
    """Return the environment of a function's process, as template.yml and the platform make it."""
    policy = scratch / "policy.toml"
    policy.write_text(_POLICY, encoding="utf-8")
    settings = {
        "REWIND_REGION": world.sls.region,
        "REWIND_ENDPOINT": world.sls.url,
        "REWIND_POLICY": str(policy),
        "REWIND_JOURNAL": world.sls.journal,
        "REWIND_WEBHOOK_SECRETS": json.dumps({"bench": _TOKEN}),
        "REWIND_WORKER_KEY": base64.b64encode(bytes(range(32))).decode(),
        "REWIND_SLACK_SIGNING_SECRET": _SLACK_SECRET,
        "REWIND_SLACK_TEAM": _TEAM,
        "REWIND_FC_ENDPOINT": world.ear.url,
        "REWIND_CHAT_ENDPOINT": world.ear.url,
        **scenario.settings,
    }
    template = checkout / "template.yml"
    unset = dict.fromkeys(missing_variables(template, settings), "")
    function = load_template(template, {**unset, **settings}).function(scenario.function)
    keys = {"access_key_id": world.sls.access_key_id, "access_key_secret": world.sls.access_key_secret}
    return instance_environ(function, Platform(region=world.sls.region, **keys), code_root, "cold")
