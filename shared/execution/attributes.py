"""A group's attributes: read, compare, plan and send only what differs, read back."""

from shared.commands import UpdateConsumerGroup
from shared.errors import RewindError
from shared.execution.invocation import Work
from shared.execution.observing import read_attributes
from shared.journal.operations import Operation
from shared.planning.plans import OperationPlan
from shared.results import AttributeChange, Attributes, Error, Notice, error_of
from shared.sls.models import ConsumerGroup

SLOWEST_HEARTBEAT_S = 20
"""Seconds between heartbeats in the Go and Python consumer libraries; Java's default is 5 (sls-api.md section 7)."""

NOT_HELD = Error(
    code="not_held",
    message="SLS took the new attributes, but reads back others: a consumer that started wrote its own",
    hint="Change the timeout and order in the consumers' own configuration, restart them, then send this again.",
    retryable=True,
)
_CHANGED = Error(
    code="changed_since_plan",
    message="the attributes were changed after the plan was made; nothing was written",
    hint="Look at the group again, then send the command again.",
)


def attributes_of(group: ConsumerGroup) -> Attributes:
    """Return a group's attributes in the form that results carry."""
    return Attributes(group.timeout_s, group.in_order)


def plan_attributes(work: Work, command: UpdateConsumerGroup) -> OperationPlan:
    """Return what the command changes of the group as it is now.

    Raises:
        NotFoundError: The Logstore has no such group.
    """
    before = attributes_of(read_attributes(work))
    after = Attributes(
        before.timeout if command.timeout is None else command.timeout,
        before.order if command.order is None else command.order,
    )
    return plan_change(before, after)


def plan_change(before: Attributes, after: Attributes, *, undoes: str = "") -> OperationPlan:
    """Return the plan that changes a group's attributes, with what to know of it."""
    notices = () if before == after else tuple(_notices(before, after))
    return OperationPlan(attributes=AttributeChange(before, after), notices=notices, undoes=undoes)


def _notices(before: Attributes, after: Attributes) -> list[Notice]:
    notices = [
        Notice(
            "consumers_write_their_own",
            "a consumer writes its own timeout and order when it starts (Python always, Java and Go if they differ): "
            "change its configuration too, or this is undone at its next start",
        )
    ]
    if after.timeout != before.timeout and after.timeout < 3 * SLOWEST_HEARTBEAT_S:
        told = (
            f"{after.timeout} s is less than three heartbeats of the Go and Python libraries "
            f"({SLOWEST_HEARTBEAT_S} s each; Java's are 5 s): a late beat makes consumers lose their shards"
        )
        notices.append(Notice("short_timeout", told))
    if after.order != before.order:
        told = (
            "order decides whether the children of split or merged shards wait for their parents; within one shard "
            "log groups always come in the order of receipt"
        )
        notices.append(Notice("order_and_splits", told))
    return notices


def write_attributes(work: Work, change: AttributeChange, *, is_first: bool) -> tuple[AttributeChange, Error | None]:
    """Write a change, and return what became of the attributes, and why that is not what was wanted.

    Nothing is claimed that cannot be: where nothing was sent, the change is one from what stood there to the same.

    Args:
        work: The command at hand.
        change: From what the plan saw to what is wanted.
        is_first: Whether no earlier attempt can have written it.
    """
    before, after = change.before, change.after
    try:
        now = attributes_of(read_attributes(work, leaves_time=True))
    except RewindError as error:
        told = error_of(error)
        return (AttributeChange(before, before), told) if is_first else _unread(work, change, error, told)
    if now == after:
        # What stands there before the first attempt was written by somebody else.
        return AttributeChange(after, after) if is_first else change, None
    if now != before:
        return AttributeChange(before, now), _CHANGED
    return _send(work, change)


def _send(work: Work, change: AttributeChange) -> tuple[AttributeChange, Error | None]:
    before, after = change.before, change.after
    try:
        work.check_time()
        work.writer.update_consumer_group(
            work.target.logstore,
            work.group,
            timeout_s=after.timeout if after.timeout != before.timeout else None,
            in_order=after.order if after.order != before.order else None,
        )
    except RewindError as error:
        if not getattr(error, "may_have_taken_effect", False):
            return AttributeChange(before, before), error_of(error)
        return _read_back(work, change, error_of(error))
    return _read_back(work, change, None)


def _read_back(work: Work, change: AttributeChange, error: Error | None) -> tuple[AttributeChange, Error | None]:
    try:
        now = attributes_of(read_attributes(work))
    except RewindError as unread:
        return _unread(work, change, unread, error)
    if now == change.after:
        return change, None
    return AttributeChange(change.before, now), error or NOT_HELD


def _unread(
    work: Work, change: AttributeChange, unread: RewindError, error: Error | None
) -> tuple[AttributeChange, Error | None]:
    work.warn("not_read_back", f"the attributes could not be read back: {unread.message}")
    return change, error


def wrote_attributes(op: Operation, change: AttributeChange) -> bool:
    """Return whether an operation wrote its attributes, or may have."""
    return op.finished is None or op.finished.status == "applied" or op.outcome.consumer_group == change
