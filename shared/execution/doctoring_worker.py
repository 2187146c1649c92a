"""Whether what a chat asks for can be handed to the worker: tried by an event that the worker drops unread."""

from http import HTTPStatus

from shared.errors import RewindError
from shared.execution.doctoring_findings import Check
from shared.execution.doctoring_trials import grant_hint
from shared.execution.invocation import Invocation

NAME = "worker"
ACTION = "fc:InvokeFunction"
UNSEALED = b'{"doctor": "not sealed, so the worker drops it"}'
"""An event that nobody sealed; the worker logs `dropped` and does nothing."""

_ASK_IN_CHAT = "Send `doctor` in a chat: the answer comes from the worker, and tells of this right too."
_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def check_worker(invocation: Invocation) -> Check:
    """Return whether the worker function can be invoked with the rights at hand; always one check."""
    chat = invocation.settings.chat
    if chat.worker is None:
        told = f"{ACTION} was not tried: no REWIND_WORKER_KEY here; only chatops and worker hand anything over"
        return Check(NAME, "skipped", told, _ASK_IN_CHAT)
    if not (chat.slack or chat.feishu or chat.dingtalk):
        told = f"{ACTION} was not tried: no chat platform is on, so nothing is ever handed over"
        return Check(NAME, "skipped", told, "Nothing to do, unless you want one (docs/chatops.md).")
    if invocation.invoke_worker is None:
        told = f"{ACTION} was not tried: only a function is told its account and region"
        return Check(NAME, "skipped", told, _ASK_IN_CHAT)
    try:
        status = invocation.invoke_worker(UNSEALED, f"doctor-{invocation.fresh_id()}")
    except RewindError as error:
        hint = "Run the doctor again; if it persists, the network keeps this function from FC's API."
        return Check(NAME, "failed", f"{ACTION} could not be tried: {error.message}", hint)
    return _answered(status, chat.worker.function_name, invocation.holder)


def _answered(status: int, function_name: str, holder: str) -> Check:
    if status == HTTPStatus.ACCEPTED:
        return Check(NAME, "ok", f"allowed: {ACTION} on {function_name}, which drops what it was sent to try it")
    if status in _REFUSED:
        told = f"{ACTION} is denied on acs:fc:*:*:functions/{function_name}; nothing from a chat can be carried out"
        return Check(NAME, "failed", f"{told} (FC answers HTTP {status})", grant_hint(ACTION, holder))
    if status == HTTPStatus.NOT_FOUND:
        told = f"there is no function {function_name} in this account and region"
        return Check(NAME, "failed", told, "Deploy it, or let REWIND_WORKER_FUNCTION name the one that there is.")
    hint = "Run the doctor again; if it persists, look at the worker function in the console."
    return Check(NAME, "failed", f"{ACTION} could not be tried: FC answers HTTP {status}", hint)
