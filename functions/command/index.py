"""HTTP trigger: one JSON command in, one normalized result out."""

import time

from shared.command_parser import MAX_COMMAND_BYTES, parse_command
from shared.execution.run import run_command
from shared.fc.context import FcContext
from shared.fc.deadline import Deadline
from shared.fc.events import HttpEvent
from shared.fc.http import respond
from shared.fc.lending import lend
from shared.fc.responses import Response
from shared.results import Result
from shared.settings import load_settings
from shared.webhooks.bearer import verify_bearer


def handler(event: bytes, context: object) -> Response:
    """Return the HTTP answer to one command; never raises."""

    def carry_out(request: HttpEvent, told: FcContext) -> Result:
        deadline = Deadline(told.timeout_s, time.monotonic)
        settings = load_settings()
        principal = verify_bearer(request.headers, settings.webhook_secrets)
        command = parse_command(request.body)
        key = request.headers.get("idempotency-key") or None
        invocation = lend(settings, principal, context, told, deadline.remaining_s, idempotency_key=key)
        return run_command(command, invocation)

    return respond(event, context, carry_out, max_body_bytes=MAX_COMMAND_BYTES)
