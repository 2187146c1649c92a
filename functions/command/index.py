"""HTTP trigger: one JSON command in, one normalized result out; of an alert, what policy.toml makes of it, planned."""

import time

from shared.command_parser import MAX_COMMAND_BYTES
from shared.commands import Command
from shared.execution.run import run_command
from shared.fc.context import FcContext
from shared.fc.deadline import Deadline
from shared.fc.events import HttpEvent
from shared.fc.http import respond
from shared.fc.lending import lend
from shared.fc.paths import COMMAND_PATHS
from shared.fc.plain import answer_plainly
from shared.fc.responses import Response
from shared.results import Result
from shared.settings import load_settings
from shared.webhooks.alerting import CHANNEL, is_eventbridge, propose_alerts, read_events
from shared.webhooks.bodies import read_asked
from shared.webhooks.callers import identify


def handler(event: bytes, context: object) -> Response:
    """Return the HTTP answer to one request, or the plain result of EventBridge's events.

    Raises:
        NotYetCarriedOutError: Such events failed, and may succeed when they are delivered again; of requests, nothing.
    """

    def carry_request(request: HttpEvent, told: FcContext) -> Result:
        deadline = Deadline(told.timeout_s, time.monotonic)
        settings = load_settings()
        caller = identify(request, settings, time.time())
        asked = read_asked(request)
        key, assurance = caller.key, caller.assurance
        lent = lend(
            settings, caller.principal, context, told, deadline.remaining_s, idempotency_key=key, assurance=assurance
        )
        return run_command(asked, lent) if isinstance(asked, Command) else propose_alerts(asked, lent)

    def carry_events(told: FcContext) -> Result:
        deadline = Deadline(told.timeout_s, time.monotonic)
        payload = read_events(event)
        return propose_alerts(payload, lend(load_settings(), CHANNEL, context, told, deadline.remaining_s))

    if is_eventbridge(event):
        return answer_plainly(context, carry_events)
    return respond(event, context, carry_request, max_body_bytes=MAX_COMMAND_BYTES, paths=COMMAND_PATHS)
