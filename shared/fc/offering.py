"""Offering the worker an event just to see whether it may be invoked: for the doctor."""

import os
from collections.abc import Callable
from datetime import datetime, timezone

from shared.chat_settings import WorkerSettings
from shared.fc.context import FcContext
from shared.fc.invocation import Task, address_of, offer_async
from shared.sls.credentials import read_credentials

_WITHIN_S = 10.0


def invoker_of(worker: WorkerSettings | None, context: object, told: FcContext) -> Callable[[bytes, str], int] | None:
    """Return what offers the worker function an event under a task id and returns the status that FC answers.

    None where no worker is set, or where neither its settings nor the context tell where it is.

    Args:
        worker: Its name, and where FC's API is if that is on this machine.
        context: FC's own object, for its credentials.
        told: What was read of it.
    """
    if worker is None or not (worker.fc_url or told.account_id):
        return None

    def invoke_worker(event: bytes, task_id: str) -> int:
        address = address_of(worker.function_name, told, worker.fc_url)
        now, nonce, credentials = datetime.now(timezone.utc), os.urandom(16).hex(), read_credentials(context)
        return offer_async(address, Task(event, task_id), credentials, now=now, nonce=nonce, within_s=_WITHIN_S)

    return invoke_worker
