"""Faults: which calls fail, when, and how.

`nth` counts the matching calls from the moment that the list was set; from the nth on, `times` matching calls are hit.
Every fault counts for itself; the first of the list that hits is the one that acts. The kinds:

    error        answered with the error, nothing takes effect
    reset        the connection is cut, nothing takes effect
    timeout      no answer for ever, nothing takes effect; the connection stays open until the caller closes it
    after_write  the call takes effect; then the error if `status` or `error_code` was given, else the connection is cut
    delay        answered as ever, `delay_s` later

Only `delay` waits by default; the other answered kinds wait when `delay_s` is given.
"""

from dataclasses import dataclass, replace
from typing import Literal

from tests.local.sls.calls import Call
from tests.local.sls.errors import error_response
from tests.local.sls.fields import Fields, InvalidControlError
from tests.local.sls.messages import Response
from tests.local.sls.operations import OPERATIONS

Kind = Literal["error", "reset", "timeout", "after_write", "delay"]
KINDS = ("error", "reset", "timeout", "after_write", "delay")
_MAX_DELAY_S = 600.0
_MESSAGES = {
    "InternalServerError": "Specified Server Error Message",
    "RequestTimeout": "The request is timeout. Please try again later.",
    "ServerBusy": "The server is busy, please try again later.",
    "WriteQuotaExceed": "Write quota is exceeded.",
    "ReadQuotaExceed": "Read quota is exceeded.",
    "MetaOperationQpsLimitExceeded": "Qps limit for the meta operation is exceeded.",
    "Unauthorized": "denied by sts or ram",
}


@dataclass(slots=True)
class Fault:
    """One fault of the list.

    Attributes:
        operation: SLS's name of the operation, "*" for any.
        logstore: The Logstore, None for any.
        shard: The shard that path, query or body names, None for any.
        nth: The first matching call that is hit, from 1.
        times: How many are hit from there on.
        kind: What happens.
        status: HTTP status of the error.
        error_code: SLS's code of the error.
        message: SLS's words; None for those that go with the code.
        delay_s: Seconds before the answer.
        answers: After a write: True for the error, False for a cut connection.
        seen: Matching calls so far.
    """

    operation: str
    logstore: str | None
    shard: int | None
    nth: int
    times: int
    kind: Kind
    status: int
    error_code: str
    message: str | None
    delay_s: float
    answers: bool
    seen: int = 0

    def hits(self, call: Call) -> bool:
        """Count a call if it matches, and return whether it is hit."""
        if self.operation not in ("*", call.route.operation):
            return False
        if self.logstore is not None and self.logstore != call.route.logstore:
            return False
        if self.shard is not None and self.shard != call.named_shard:
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times

    @property
    def takes_effect(self) -> bool:
        """Whether the call is carried out."""
        return self.kind in ("after_write", "delay")

    def spoil(self, response: Response | None) -> Response:
        """Return what the caller gets; `response` is the true answer, None where the call was not carried out."""
        if response is not None and self.kind == "delay":
            return replace(response, delay_s=self.delay_s)
        if self.kind == "timeout":
            return Response(lost="timeout")
        if self.kind == "error" or self.answers:
            message = self.message or _MESSAGES.get(self.error_code, f"{self.error_code} on request")
            return replace(error_response(self.status, self.error_code, message), delay_s=self.delay_s)
        return Response(lost="reset", delay_s=self.delay_s)


def read_faults(document: object) -> list[Fault]:
    """Return the faults that a JSON list describes.

    Raises:
        InvalidControlError: It is no list, or a fault of it is wrong.
    """
    if not isinstance(document, list):
        raise InvalidControlError("the body is not a JSON list")
    return [_read_fault(entry) for entry in document]


def take(faults: list[Fault], call: Call) -> Fault | None:
    """Count a call in every fault, and return the first that hits it."""
    hit = [fault for fault in faults if fault.hits(call)]
    return hit[0] if hit else None


def _read_fault(document: object) -> Fault:
    fields = Fields(document)
    kind = fields.text("kind", "error", choices=KINDS)
    default_delay_s = 0.01 if kind == "delay" else 0.0
    fault = Fault(
        operation=fields.text("operation", "*", choices=("*", *OPERATIONS)),
        logstore=fields.text("logstore", None),
        shard=fields.integer("shard", None),
        nth=fields.integer("nth", 1, low=1),
        times=fields.integer("times", 1, low=1),
        kind=kind,
        status=fields.integer("status", None, low=400, high=599) or 500,
        error_code=fields.text("error_code", None) or "InternalServerError",
        message=fields.text("message", None),
        delay_s=fields.number("delay_s", default_delay_s, high=_MAX_DELAY_S),
        answers=kind == "after_write" and (fields.given("status") or fields.given("error_code")),
    )
    fields.check()
    return fault
