"""What a proven caller sent: a command, or the alerts of a sender that knows nothing of commands."""

import json
from typing import TYPE_CHECKING, Union

from shared.command_parser import parse_command_table
from shared.fc.events import HttpEvent
from shared.operation_commands import AnyCommand
from shared.webhooks.cloudevents import read_body
from shared.webhooks.url_token import PATH_PREFIX

if TYPE_CHECKING:
    from shared.webhooks.alerts import Payload


def read_asked(request: HttpEvent) -> Union[AnyCommand, "Payload"]:
    """Return the command that a request holds, or the alerts that it is about.

    What has an `action` is a command, wherever it is sent to. What has the form of no known sender is read as one, so
    that whoever meant a command is told what is wrong with it.

    Raises:
        InvalidCommandError: It can be read as neither; lists every problem by field, without values.
    """
    if request.path.startswith(PATH_PREFIX) and not _is_command(request.body):
        from shared.webhooks.cloudmonitor import read_cloudmonitor  # noqa: PLC0415 -- no command's cold start pays for it

        return read_cloudmonitor(request.body)
    if request.body.lstrip()[:1] == b"[":
        from shared.webhooks.payloads import read_merged  # noqa: PLC0415 -- as above

        return read_merged(request.body)
    given, problems = read_body(request.headers, request.body)
    return _alerts_in(given, problems) or parse_command_table(given, problems)


def _alerts_in(given: dict[str, object], problems: list[str]) -> "Payload | None":
    if "action" in given:
        return None
    from shared.webhooks.payloads import read_payload  # noqa: PLC0415 -- as above

    return read_payload(given, problems)


def _is_command(body: bytes) -> bool:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "action" in found
