"""A checkout of one function with timers, and ways to run it: what the tests of timers and of `fire` share."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.local.environment import CHECKOUT, LocalEnvironment
from tests.local.fc.gateway import GatewayOptions
from tests.local.sls.server import StandInServer

TEMPLATE = """
edition: 3.0.0
resources:
  recorder:
    component: fc3
    props:
      region: ${env('REWIND_REGION')}
      functionName: recorder-function
      runtime: python3.12
      handler: index.handler
      code: ./build/recorder
      timeout: 30
      asyncInvokeConfig: {maxAsyncRetryAttempts: 2}
      triggers:
        - {triggerName: nightly, triggerType: timer, triggerConfig: NIGHTLY}
        - {triggerName: idle, triggerType: timer, triggerConfig: IDLE}
        - {triggerName: bare, triggerType: timer, triggerConfig: {cronExpression: "@every 20m", enable: true}}
        - {triggerName: secret, triggerType: timer, triggerConfig: SECRET}
"""
CONFIGS: dict[str, dict[str, object]] = {
    "NIGHTLY": {"cronExpression": "CRON_TZ=Asia/Shanghai 0 0 12 * * *", "enable": True, "payload": '{"to": "2h"}'},
    "IDLE": {"cronExpression": "* * * * * *", "enable": False, "payload": "fail"},
    "SECRET": {"cronExpression": "* * * * * *", "payload": "${env('REWIND_WEBHOOK_SECRETS')}"},
}
# Notes what it gets; an event with a payload fails at the first try, or always where the payload says so.
RECORDER = """
import json
from pathlib import Path
EVENTS = Path(__file__).resolve().with_name("events")
def handler(event, context):
    line = event.decode() + "\\n"
    tried = EVENTS.exists() and line in EVENTS.read_text()
    with EVENTS.open("a") as events:
        events.write(line)
    payload = json.loads(event)["payload"]
    if payload == "fail" or payload and not tried:
        raise RuntimeError("not now")
    return {"took": json.loads(event)}
"""


def write_checkout(folder: Path) -> None:
    (folder / "functions/recorder").mkdir(parents=True)
    (folder / "functions/recorder/index.py").write_text(RECORDER, encoding="utf-8")
    write_template(folder, CONFIGS)


def write_template(checkout: Path, configs: dict[str, dict[str, object]]) -> None:
    text = TEMPLATE
    for name, config in configs.items():
        text = text.replace(name, json.dumps(config))
    (checkout / "template.yml").write_text(text, encoding="utf-8")


@contextmanager
def environment(checkout: Path) -> Iterator[LocalEnvironment]:
    options = GatewayOptions(retry_delay_s=0.001, max_instances=1)
    with (
        StandInServer() as stand_in,
        LocalEnvironment(stand_in, environ={}, options=options, checkout=checkout) as running,
    ):
        yield running


def delivered(checkout: Path) -> list[dict[str, str]]:
    """Return every event the function got, tries of one firing included, in the order of their times."""
    lines = (checkout / "functions/recorder/events").read_text("utf-8").splitlines()
    return sorted(map(json.loads, lines), key=lambda event: str(event["triggerTime"]))


@contextmanager
def up(checkout: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "tests.local", "up", "--port", "0", "--checkout", str(checkout), *arguments]
    with subprocess.Popen(  # noqa: S603 -- this project's own module
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.terminate()
