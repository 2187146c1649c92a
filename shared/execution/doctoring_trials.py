"""One call that tells of one right: tried by calls that can change nothing.

Reads are simply made. A write is made in a form that SLS must refuse whoever asks: a refusal of that very form says
that SLS got past the question of rights, a denial by RAM that the right is missing, and anything else says nothing:
SLS answers Unauthorized as well to keys that it does not know and for a project of somebody else. That SLS asks about
rights before it looks at what is in a call has not been proven on a live account; a right that this calls there may
then still be missing.
"""

from collections.abc import Callable, Mapping
from typing import Literal

from shared.errors import RewindError
from shared.execution.doctoring_findings import Check
from shared.frozen import frozen
from shared.results import Target
from shared.sls.calls import Call
from shared.sls.calls import Target as SlsTarget
from shared.sls.client import SlsClient
from shared.sls.errors import (
    ConsumerGroupNotExistError,
    ConsumerNotExistError,
    ConsumerNotMatchError,
    InvalidSlsParameterError,
    LogstoreNotExistError,
    LogstoreWithoutShardError,
    ProjectForbiddenError,
    ProjectNotExistError,
    ShardNotExistError,
    SlsApiError,
    SlsAuthError,
)
from shared.sls.models import read_nothing
from shared.sls.rights import RIGHTS

NO_SHARD = 2**31 - 1
"""A shard that no Logstore has; SLS numbers them from 0."""
NO_CHECKPOINT = "-"
"""A text that SLS takes for no checkpoint: it is not base64."""
NO_LOG_GROUP = b"\xff"
"""A body that is no LogGroup: a protobuf field that is cut off."""

_NOT_THERE = (ProjectNotExistError, LogstoreNotExistError, LogstoreWithoutShardError, ConsumerGroupNotExistError)
# What SLS answers to the one form that each of these is made in, whoever asks. Source: reference sls-api.md 2.5, 2.7
# and 5. A read has no such answer, but for a shard that was guessed because none could be listed.
_EXPECTED: Mapping[str, tuple[type[SlsApiError], ...]] = {
    "UpdateCheckPoint": (ShardNotExistError, ConsumerNotExistError, ConsumerNotMatchError, InvalidSlsParameterError),
    "UpdateConsumerGroup": (InvalidSlsParameterError,),
    "PutLogs": (InvalidSlsParameterError,),
    "GetCursor": (ShardNotExistError,),
}
_REFUSED_STATUSES = frozenset({401, 403})
_DENIED = "denied by sts or ram"

Verdict = Literal["there", "denied", "missing", "unknown"]


@frozen
class Trial:
    """What one call told of a right.

    Attributes:
        operation: SLS's name of the call.
        verdict: "missing" is what the right would be on; "unknown" if no answer came that tells of the right.
        message: SLS's own words, made safe; "" if the call went through.
        sls_error_code: SLS's code; None without one.
    """

    operation: str
    verdict: Verdict
    message: str = ""
    sls_error_code: str | None = None


def try_right(operation: str, call: Callable[[], object]) -> Trial:
    """Return what a call tells of the right that it needs."""
    try:
        call()
    except SlsApiError as error:
        return Trial(operation, _verdict(operation, error), error.message, error.sls_error_code)
    except RewindError as error:
        return Trial(operation, "unknown", error.message)
    return Trial(operation, "there")


def _verdict(operation: str, error: SlsApiError) -> Verdict:
    if isinstance(error, _NOT_THERE):
        return "missing"
    if isinstance(error, _EXPECTED.get(operation, ())):
        return "there"
    return "denied" if is_refusal(error) else "unknown"


def is_refusal(error: SlsApiError) -> bool:
    """Return whether an answer says that a right is missing: not that keys, project, account or quota are the trouble.

    Source: reference sls-api.md 2.5 and 5: Unauthorized stands for all of these, and only its text tells them apart.
    """
    if isinstance(error, SlsAuthError):
        return _DENIED in error.message.lower()
    return (
        not error.retryable and not isinstance(error, ProjectForbiddenError) and error.sls_status in _REFUSED_STATUSES
    )


def unknown_checks(name: str, trials: list[Trial]) -> list[Check]:
    """Return a failed check for every call whose answer tells nothing of its right."""
    hint = "Run the doctor again; if it persists, look the code up in SLS's list of errors: this right was not proven."
    return [
        Check(name, "failed", f"{trial.operation} could not be tried: {trial.message}", hint)
        for trial in trials
        if trial.verdict == "unknown"
    ]


def refused_checkpoint(client: SlsClient, logstore: str, group: str) -> None:
    """Ask for a checkpoint that cannot be written: of a shard there is not, no cursor, unforced and by nobody."""
    client.update_checkpoint(logstore, group, shard_id=NO_SHARD, checkpoint=NO_CHECKPOINT, force=False)


def refused_attributes(client: SlsClient, project: str, logstore: str, group: str) -> None:
    """Ask for a change of attributes that names none: the body is a list, where SLS wants an object."""
    target = SlsTarget(project, logstore, group)
    headers = {"Content-Type": "application/json"}
    client.transport.send(
        Call(
            "UpdateConsumerGroup",
            target,
            "PUT",
            target.group_path,
            lambda _: read_nothing(None),
            headers=headers,
            body=b"[]",
        )
    )


def denied_check(name: str, target: Target, trial: Trial, holder: str) -> Check:
    """Return the failed check of a right that is missing: it names the action, the resource and who needs it.

    Args:
        name: Of the check.
        target: What was tried on.
        trial: Was denied.
        holder: Who asked: `Invocation.holder`.
    """
    right = RIGHTS[trial.operation]
    resource = right.resource("*", "*", target.project, target.logstore, target.consumer_group or "*")
    told = trial.sls_error_code
    answered = "" if told in {None, "Unauthorized"} else f" (SLS answers {told})"
    message = f"{right.action} is denied on {resource}; {trial.operation} needs it{answered}"
    return Check(name, "failed", message, grant_hint(right.action, holder))


def grant_hint(action: str, holder: str) -> str:
    """Return what to do about a right that is missing."""
    return f"Grant {holder} {action} there: `python -m shared.doctor ram --account <id>` writes files."
