"""The door to what is done about alerts: no cold start of a command pays for what lies behind it."""

import json
from typing import TYPE_CHECKING

from shared.execution.invocation import Invocation
from shared.results import Result

if TYPE_CHECKING:
    from shared.webhooks.alerts import Payload

CHANNEL = "eventbridge"
"""The channel of the principals that EventBridge's events have."""

_REQUIRED = ("specversion", "id", "source", "type")


def is_eventbridge(event: bytes) -> bool:
    """Return whether FC was invoked with CloudEvents, rather than with a request.

    What FC makes of a request has names of its own around all that the caller sent, whatever that was.
    """
    # Of a request's body, FC would have escaped the quotation marks: only an event has these bytes.
    if b'"specversion"' not in event:
        return False
    try:
        found = json.loads(event)
    except ValueError:
        return False
    except RecursionError:
        # No request is; reading it tells what is wrong.
        return True
    first = found[0] if isinstance(found, list) and found else found
    return isinstance(first, dict) and "requestContext" not in first and all(name in first for name in _REQUIRED)


def read_events(event: bytes) -> "Payload":
    """Return the alerts that events are; see `shared.webhooks.eventbridge`."""
    from shared.webhooks import eventbridge  # noqa: PLC0415 -- see above

    return eventbridge.read_events(event)


def propose_alerts(payload: "Payload", invocation: Invocation) -> Result:
    """Return what was proposed for alerts; see `shared.webhooks.proposals`."""
    from shared.webhooks import proposals  # noqa: PLC0415 -- see above

    return proposals.propose_alerts(payload, invocation)
