"""Commands that need no plan: what only looks, and what speaks of operations that the journal knows."""

from collections.abc import Callable, Mapping
from typing import Any

from shared.commands import Command, Describe, ListConsumerGroups
from shared.errors import RefusedError
from shared.execution.invocation import Work
from shared.execution.looking_back import history, snapshot, verify
from shared.execution.peeking import peek
from shared.execution.reading import describe, list_consumer_groups
from shared.execution.recorded import abandon, resume
from shared.operation_commands import Abandon, History, Peek, Resume, Snapshot, Verify
from shared.results import Result

_DOERS: Mapping[type[Command], Callable[[Work, Any], Result]] = {
    ListConsumerGroups: lambda work, _: list_consumer_groups(work),
    Describe: lambda work, _: describe(work),
    Peek: peek,
    Resume: resume,
    Abandon: abandon,
    Verify: verify,
    Snapshot: lambda work, _: snapshot(work),
    History: history,
}


def carry_out_unplanned(work: Work) -> Result:
    """Return what became of a command that plans nothing.

    Raises:
        RewindError: It cannot be carried out.
    """
    doer = _DOERS.get(type(work.command))
    if doer is None:
        raise RefusedError(f"{work.command.action} cannot be carried out here", code="unknown_action")
    return doer(work, work.command)
