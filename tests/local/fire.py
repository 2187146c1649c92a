"""The command `fire`: deliver one firing of a timer trigger to an environment that runs in another process."""

import argparse
import http.client
import json
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlsplit

from tests.local.environment import CHECKOUT
from tests.local.fc.errors import LocalFcError, TemplateError
from tests.local.fc.events import timer_event
from tests.local.fc.routes import invocation_path
from tests.local.fc.template import Function, Template, TimerTrigger, load_template, missing_variables
from tests.local.fc.timers import utc_now

_FAILED = 1
_MISUSED = 2
_MARGIN_S = 30
# Stands for what only the running environment knows, such as its token.
_UNKNOWN = "${unknown}"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the environment says: HTTP status, request id, the function's error type (None: it did not fail), body."""

    status: int
    request_id: str | None
    error_type: str | None
    body: str


def add_fire(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `fire`."""
    parser = commands.add_parser("fire", help="deliver one firing of a timer trigger to a running environment")
    parser.add_argument("function", help="the function's key in template.yml, or its name")
    parser.add_argument("trigger", metavar="triggerName", help="its timer trigger, enabled or not")
    parser.add_argument("--at", type=_instant, metavar="TIME", help="triggerTime: ISO 8601 with zone (default: now)")
    parser.add_argument("--url", type=_authority, default="http://127.0.0.1:9000", help="the environment's functions")
    parser.add_argument("--wait", action="store_true", help="invoke synchronously and print the function's answer")
    parser.add_argument("--checkout", type=Path, default=CHECKOUT, help="the folder that holds template.yml")
    parser.set_defaults(run=run_fire)


def run_fire(arguments: argparse.Namespace) -> int:
    """Deliver one firing; return 0, 1 where it was not taken or the function failed, 2 where nothing can be fired."""
    try:
        function = _template(arguments.checkout).function(arguments.function)
        event = timer_event(_trigger(function, arguments.trigger), arguments.at or utc_now())
    except LocalFcError as error:
        return _complain(str(error), _MISUSED)
    try:
        answer = _deliver(arguments.url, function, event, wait=arguments.wait)
    except (OSError, http.client.HTTPException) as error:
        return _complain(f"no local environment answers at http://{arguments.url}: {error!r}", _FAILED)
    return _report(answer, event, HTTPStatus.OK if arguments.wait else HTTPStatus.ACCEPTED)


def _template(checkout: Path) -> Template:
    path = checkout / "template.yml"
    return load_template(path, dict.fromkeys(missing_variables(path, {}), _UNKNOWN))


def _trigger(function: Function, name: str) -> TimerTrigger:
    trigger = function.timer_trigger(name)
    if _UNKNOWN in (trigger.trigger_config.payload or ""):
        raise TemplateError(f"the payload of '{name}' needs variables that only the running environment has")
    return trigger


def _deliver(authority: str, function: Function, event: bytes, *, wait: bool) -> _Answer:
    headers = {"Content-Type": "application/octet-stream", **({} if wait else {"X-Fc-Invocation-Type": "Async"})}
    path = invocation_path(quote(function.function_name, safe=""))
    connection = http.client.HTTPConnection(authority, timeout=function.timeout_s + _MARGIN_S)
    try:
        connection.request("POST", path, body=event, headers=headers)
        response = connection.getresponse()
        body = response.read().decode(errors="replace")
    finally:
        connection.close()
    return _Answer(response.status, response.getheader("X-Fc-Request-Id"), response.getheader("X-Fc-Error-Type"), body)


def _report(answer: _Answer, event: bytes, expected: HTTPStatus) -> int:
    if answer.status != expected:
        code = _MISUSED if answer.status == HTTPStatus.NOT_FOUND else _FAILED
        return _complain(f"the environment refuses the firing with HTTP {answer.status}: {answer.body}", code)
    accepted = json.dumps({**json.loads(event), "requestId": answer.request_id})
    print(answer.body if expected == HTTPStatus.OK else accepted)  # noqa: T201 -- a command speaks
    return _FAILED if answer.error_type else 0


def _complain(message: str, code: int) -> int:
    print(message, file=sys.stderr)  # noqa: T201 -- a command speaks
    return code


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text.replace("Z", "+00:00"))
        if instant.tzinfo is None:
            raise argparse.ArgumentTypeError(f"'{text}' has no zone; write it as 2026-01-31T04:00:00Z")
        return instant.astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no time; write it as 2026-01-31T04:00:00Z") from error


def _authority(text: str) -> str:
    try:
        url = urlsplit(text)
        usable = url.scheme == "http" and url.hostname and url.path in {"", "/"} and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(f"'{text}' is no address of a local environment: http://127.0.0.1:<port>")
    return url.netloc
