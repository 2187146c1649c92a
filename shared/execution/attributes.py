"""update_consumer_group: read, compare, and plan to send only what differs."""

from shared.commands import UpdateConsumerGroup
from shared.execution.invocation import Work
from shared.execution.observing import read_attributes
from shared.execution.performing import attributes_of
from shared.planning.plans import OperationPlan
from shared.results import AttributeChange, Attributes, Notice

SLOWEST_HEARTBEAT_S = 20
"""Seconds between heartbeats in the Go and Python consumer libraries; Java's default is 5 (sls-api.md section 7)."""


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
