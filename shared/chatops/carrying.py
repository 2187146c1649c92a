"""From a message to its reply: what it asks for, what became of that, and how it is told."""

from dataclasses import replace

from shared.chatops.asking import Words, read_asked
from shared.chatops.buttons import ForgedButtonError, read_value
from shared.chatops.cancelling import cancel
from shared.chatops.cards import error_card, help_card
from shared.chatops.deliveries import Delivery, answer_once
from shared.chatops.desk import Desk, Reply
from shared.chatops.remembering import command_of, with_operation
from shared.chatops.sealing import HandOver
from shared.chatops.settling import again_in_s, as_done_now, put_off, settled
from shared.chatops.text_commands import TextError, resolve_clock
from shared.command_parser import parse_command_table
from shared.errors import PolicyDeniedError, RewindError
from shared.execution.invocation import Invocation
from shared.execution.run import look_afterwards, refusal
from shared.fc.logs import log_crash
from shared.goals import counts_from_now
from shared.operation_commands import Abandon, AnyCommand, Apply, Resume
from shared.results import Result

_ENDS = (Apply, Resume, Abandon)
_ONCE = frozenset({"apply", "resume", "abandon", "snapshot"})
_SENT_LATELY_S = 60
_UNFORESEEN = (
    "Something went wrong that nobody foresaw; the function's log has it.",
    "Look at `history` before you try again: it says what was written, if anything was.",
)


def carry_out(given: HandOver, desk: Desk) -> Reply:
    """Return the reply to what was handed over, whatever breaks behind it."""
    try:
        asked = _asked(desk)
        return asked if isinstance(asked, Reply) else _once(asked, given, desk)
    except (ForgedButtonError, TextError) as error:
        return Reply(error_card(error.message, *([error.hint] if error.hint else [])))
    except Exception:  # noqa: BLE001 -- somebody waits for an answer, whatever breaks
        return _unforeseen(given, desk)


def _unforeseen(given: HandOver, desk: Desk) -> Reply:
    log_crash(desk.invocation.fc_request_id)
    return Reply(error_card(*_UNFORESEEN) if given.purpose == "message" else None)


def _asked(desk: Desk) -> dict[str, object] | Reply:
    """Return what is to be done: of a button, its action and the id that it carries; or the answer that is all of it.

    Raises:
        ForgedButtonError: The button was not made here.
        TextError: A time in the text means none.
    """
    message = desk.message
    if message.button is not None:
        action, opaque_id = read_value(desk.courier.worker.key, message.button, message)
        return {"action": action, "opaque_id": opaque_id}
    asked = read_asked(message.text or "", message.principal, desk.invocation.policy)
    if isinstance(asked, Words):
        return Reply(error_card(*asked.lines) if asked.is_mistake else help_card(asked.lines))
    return _at_its_time(resolve_clock(asked, sent_unix=message.sent_unix, default_zone=desk.zone()[0]), desk)


def _at_its_time(table: dict[str, object], desk: Desk) -> dict[str, object]:
    """Return a command that counts back from when it was sent, where that is a while ago: Feishu pushes for hours."""
    to, sent_unix = table.get("to"), desk.message.sent_unix
    is_late = desk.invocation.now().timestamp() - sent_unix > _SENT_LATELY_S
    counts = counts_from_now(to, has_time=False) and not counts_from_now(to, has_time=True)
    return {**table, "at": sent_unix} if is_late and counts and "at" not in table else table


def _once(asked: dict[str, object], given: HandOver, desk: Desk) -> Reply:
    """Return what became of it; of what writes, or is a follow-up, what became of it when it was delivered first."""
    action = str(asked["action"])
    try:
        delivery = _delivery(action, given, desk.invocation)
        if delivery is None:
            return _replied(asked, None, given, desk)
        # Nobody waits for what a follow-up tells: it is shown again only where it could not be shown before.
        again = given.purpose == "message" or given.turn > 0
        return answer_once(delivery, lambda: _replied(asked, delivery, given, desk), again=again)
    except RewindError as error:
        return _refused(action, error, given, desk)


def _delivery(action: str, given: HandOver, invocation: Invocation) -> Delivery | None:
    """Return what the journal is to remember; None for what may be done as often as it comes, or without a journal.

    Raises:
        PolicyDeniedError: The caller may do this nowhere; told before the journal is read.
    """
    if action not in _ONCE and given.purpose == "message":
        return None
    if given.purpose == "message":
        invocation.policy.grant(invocation.principal, action, None)
    journal = invocation.open_journal(None)
    return None if journal is None else Delivery(given.delivery, action, invocation, journal)


def _replied(asked: dict[str, object], delivery: Delivery | None, given: HandOver, desk: Desk) -> Reply:
    try:
        return _done(asked, delivery, given, desk)
    except RewindError as error:
        return _refused(str(asked["action"]), error, given, desk)
    except Exception:  # noqa: BLE001 -- what broke once is told, and not tried again
        return _unforeseen(given, desk)


def _done(asked: dict[str, object], delivery: Delivery | None, given: HandOver, desk: Desk) -> Reply:
    action, invocation = str(asked["action"]), desk.invocation
    if given.purpose == "follow_up":
        return _verified(look_afterwards(str(asked["opaque_id"]), invocation), desk)
    if action == "cancel":
        return cancel(str(asked.get("opaque_id") or asked["plan_id"]), desk)
    if desk.message.button is not None:
        table = command_of(action, str(asked["opaque_id"]), invocation)
    else:
        table = with_operation(asked, desk.message, invocation)
    return _run(parse_command_table(table), delivery, desk)


def _run(command: AnyCommand, delivery: Delivery | None, desk: Desk) -> Reply:
    message = desk.message
    # A button carries out what its card said, options included; a text names them anew.
    invocation = replace(desk.invocation, has_seen_plan=message.button is not None)
    ends = isinstance(command, _ENDS)
    if message.text is not None and command.is_write and not ends:
        raise PolicyDeniedError(
            "a chat message only previews a write; its button applies it", code="confirmation_required"
        )
    command, verify_after_s = put_off(command, invocation)
    result = settled(command, invocation)
    if delivery is not None:
        result = as_done_now(result, delivery)
    card = desk.card(result, replaces=message.button is not None and ends)
    return Reply(
        card,
        _to_verify(command, result),
        result,
        again_in_s(command, result, invocation),
        verify_after_s=verify_after_s,
    )


def _to_verify(command: AnyCommand, result: Result) -> str | None:
    """Return the operation to look at later: whoever may do something may know what it came to."""
    done = isinstance(command, Apply | Resume) and result.status == "applied"
    return result.operation_id if done else None


def _refused(action: str, error: RewindError, given: HandOver, desk: Desk) -> Reply:
    result = refusal(action, error)
    return _verified(result, desk) if given.purpose == "follow_up" else Reply(desk.card(result), result=result)


def _verified(result: Result, desk: Desk) -> Reply:
    if result.ok:
        return Reply(desk.verification(result), result=result)
    # Nobody waits for it: a failure to look is for the log alone.
    desk.invocation.audit({"event": "not_verified", "code": result.error.code if result.error else "failed"})
    return Reply(None)
