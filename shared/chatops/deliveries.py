"""What a delivery came to, as the journal keeps it: what writes is carried out once, however often it is delivered.

Function Compute delivers at least once, and again when an instance dies. What has come to its end is written down
before it is shown: a later delivery shows the same card and runs nothing, not even what was refused or has failed.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from shared.chatops.desk import Reply
from shared.chatops.messages import Card
from shared.errors import RewindError
from shared.execution.invocation import Invocation
from shared.frozen import as_plain, frozen
from shared.journal.journal import Journal
from shared.journal.records import Record

_SHOWN_WITHIN_S = 3
_LONGEST_WAIT_S = 600
# Two readings of SLS's clock, which tells whole seconds.
_CLOCKS_APART_S = 2


@frozen
class Delivery:
    """One hand-over that is to be answered once.

    Attributes:
        id: The same for all its deliveries.
        action: What it asks for.
        invocation: In whose name.
        journal: Where answers are kept.
    """

    id: str
    action: str
    invocation: Invocation
    journal: Journal

    def answer(self) -> Reply | None:
        """Return what was answered before; None for what was not."""
        return _reply_of(self.journal.catch_up().answers.get(self.id))

    def keep(self, reply: Reply) -> bool:
        """Write down what is about to be shown, and return whether it still is to be: nobody was faster."""
        record = self._record(reply)
        try:
            fold = self.journal.append_and_read_back(record)
        except RewindError as error:
            # To show it twice is harmless, and not to show it is not.
            self.invocation.audit({"event": "not_kept", "delivery": self.id, "code": error.code})
            return True
        first = fold.answers.get(self.id)
        return first is None or first.record_id == record.record_id

    def is_shown(self, operation_id: str) -> bool:
        """Return whether everybody was shown how an operation ended, by whoever ended it; waits a little for that."""
        for _ in range(_SHOWN_WITHIN_S):
            fold = self.journal.catch_up()
            op = fold.operations.get(operation_id)
            since_unix = 0 if op is None or op.ended_unix is None else op.ended_unix - _CLOCKS_APART_S
            answers = [one for one in fold.answers.values() if one.operation_id == operation_id]
            if any(one.written_unix >= since_unix and _is_public(one) for one in answers):
                return True
            self.invocation.sleep(1.0)
        return False

    def _record(self, reply: Reply) -> Record:
        result = reply.result
        target = result.target if result else None
        return Record(
            kind="answered",
            record_id=self.invocation.fresh_id(),
            written_unix=int(self.journal.now_unix()),
            project=target.project if target else "",
            logstore=target.logstore if target else "",
            consumer_group=(target.consumer_group or "") if target else "",
            principal=self.invocation.principal,
            action=self.action,
            operation_id=((result.operation_id or result.looked_at) if result else None) or "",
            plan_id=(result.plan_id if result else None) or "",
            status=result.status if result else "",
            detail={
                "delivery": self.id,
                "card": as_plain(reply.card) if reply.card else None,
                "verify": reply.to_verify,
                "verify_after_s": reply.verify_after_s,
            },
        )


def answer_once(delivery: Delivery, work: Callable[[], Reply], *, again: bool) -> Reply:
    """Return the reply of what is delivered for the first time; of what was answered before, that answer.

    Args:
        delivery: What is delivered.
        work: Carries it out.
        again: Whether an answer of before is to be shown once more.

    Raises:
        RewindError: The journal cannot be read; nothing was done.
    """
    known = delivery.answer()
    if known is not None:
        return known if again else Reply(None)
    reply = work()
    if reply.card is None or reply.again_in_s is not None:
        return reply
    return replace(reply, is_kept=True) if delivery.keep(reply) else Reply(None)


def _is_public(record: Record) -> bool:
    card = record.detail.get("card")
    return isinstance(card, dict) and card.get("audience") == "channel"


def _reply_of(record: Record | None) -> Reply | None:
    if record is None:
        return None
    to_verify, after_s = record.detail.get("verify"), record.detail.get("verify_after_s")
    try:
        card = _reader().validate_python(_listed(record.detail.get("card")))
    except ValueError:
        card = None
    return Reply(
        card,
        to_verify if isinstance(to_verify, str) else None,
        is_kept=True,
        verify_after_s=after_s if type(after_s) is int and 0 <= after_s <= _LONGEST_WAIT_S else None,
    )


def _listed(told: Any) -> Any:  # noqa: ANN401 -- what a record holds has no type yet
    return dict(told) if isinstance(told, dict) else None


@cache
def _reader() -> TypeAdapter[Card | None]:
    # Made when first needed: most deliveries come once.
    return TypeAdapter(Card | None)
