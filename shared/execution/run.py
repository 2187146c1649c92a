"""From a command to its result: the one door for every caller."""

import json
import time
from dataclasses import replace

from shared.commands import Command
from shared.errors import (
    RewindError,
)
from shared.execution.authorization import authorize
from shared.execution.batches import run_batch
from shared.execution.carrying import run_work, status_of
from shared.execution.invocation import Invocation, derived_id
from shared.operation_commands import (
    Batch,
)
from shared.results import Result, error_of


def run_command(command: Command, invocation: Invocation) -> Result:
    """Return what became of a command; every foreseen failure is a result, not an exception."""
    begun_s = time.monotonic()
    told = command.model_dump(mode="json", exclude_defaults=True)
    invocation = replace(invocation, request_hash=derived_id(json.dumps(told, sort_keys=True)))
    try:
        works = authorize(command, invocation)
        result = run_batch(command, works) if isinstance(command, Batch) else run_work(works[0])
    except RewindError as error:
        result = refusal(command.action, error)
    elapsed_ms = round((time.monotonic() - begun_s) * 1000)
    return replace(result, fc_request_id=invocation.fc_request_id, elapsed_ms=elapsed_ms)


def refusal(action: str, error: RewindError) -> Result:
    """Return the result of a command that was not begun, or broke off before it wrote anything."""
    return Result(status=status_of(error), action=action, error=error_of(error), retry_after_s=error.retry_after_s)
