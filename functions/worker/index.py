"""Asynchronous invocation: what chatops sealed, carried out and shown in the chat that it came from."""

import time
from dataclasses import replace
from datetime import datetime, timezone

from shared.chatops.edge import carry_quietly
from shared.chatops.handing import Courier, worker_of
from shared.chatops.sealing import open_sealed
from shared.chatops.working import COMMAND_TIME_S, desk_of, work
from shared.fc.context import FcContext
from shared.fc.deadline import Deadline
from shared.fc.lending import lend
from shared.fc.offering import invoker_of
from shared.settings import load_settings


def handler(event: bytes, context: object) -> str:
    """Do what was handed over, and say no more than that this has ended; never raises."""

    def now() -> datetime:
        return datetime.now(timezone.utc)

    def carry(told: FcContext) -> None:
        settings = load_settings()
        worker = worker_of(settings.chat)
        given = open_sealed(worker.key, event, now_unix=now().timestamp())
        time.sleep(given.wait_s(now().timestamp(), at_most_s=told.timeout_s - COMMAND_TIME_S))
        deadline = Deadline(min(told.timeout_s, COMMAND_TIME_S), time.monotonic)
        message = given.message
        invocation = lend(
            settings,
            message.principal,
            context,
            told,
            deadline.remaining_s,
            idempotency_key=message.message_id,
            assurance="full" if message.may_write else "preview",
        )
        invocation = replace(invocation, invoke_worker=invoker_of(worker, context, told))
        work(given, desk_of(message, invocation, Courier(worker, context, told, now)))

    carry_quietly(context, carry)
    return "ended"
