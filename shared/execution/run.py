"""From a command to its result: the one door for every caller."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace

from shared.commands import Command
from shared.errors import (
    RewindError,
)
from shared.execution.authorization import authorize, follow_up
from shared.execution.carrying import run_work, status_of
from shared.execution.invocation import Invocation, Work, derived_id
from shared.operation_commands import (
    Batch,
    Doctor,
)
from shared.results import Result, error_of


def run_command(command: Command, invocation: Invocation) -> Result:
    """Return what became of a command; every foreseen failure is a result, not an exception."""
    begun_s = time.monotonic()
    try:
        result = _examine(invocation) if isinstance(command, Doctor) else _carry_out(command, invocation)
    except RewindError as error:
        result = refusal(command.action, error)
    elapsed_ms = round((time.monotonic() - begun_s) * 1000)
    return replace(result, fc_request_id=invocation.fc_request_id, elapsed_ms=elapsed_ms)


def look_afterwards(operation_id: str, invocation: Invocation) -> Result:
    """Return whether an operation has held, for whoever may do what it did; every foreseen failure is a result."""
    try:
        return replace(run_work(follow_up(operation_id, invocation)), fc_request_id=invocation.fc_request_id)
    except RewindError as error:
        return refusal("verify", error)


def _carry_out_all(batch: Batch, works: list[Work]) -> Result:
    from shared.execution.batches import run_batch  # noqa: PLC0415 -- no single command's cold start pays for it

    return run_batch(batch, works)


def _carry_out(command: Command, invocation: Invocation) -> Result:
    works = authorize(command, invocation)
    known = replace(invocation, request_hash=_request_hash(command, works))
    for work in works:
        work.invocation = known
    return _carry_out_all(command, works) if isinstance(command, Batch) else run_work(works[0])


def _request_hash(command: Command, works: Sequence[Work]) -> str:
    beside = command.model_dump_json(exclude_defaults=True, include={"action", "stop_on_error"})
    # An operation is known by its plan, whatever its options; a request is not.
    options = (json.dumps(work.command.options(), sort_keys=True) for work in works if work.planned is not None)
    return derived_id(beside, *(work.command_hash for work in works), *options)


def _examine(invocation: Invocation) -> Result:
    from shared.execution.doctoring import run_doctor  # noqa: PLC0415 -- no cold start pays for what is rarely asked

    return run_doctor(invocation)


def refusal(action: str, error: RewindError) -> Result:
    """Return the result of a command that was not begun, or broke off before it wrote anything."""
    return Result(status=status_of(error), action=action, error=error_of(error), retry_after_s=error.retry_after_s)
