"""Handing over: sealing what is to be done, and giving it to the worker through FC."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from shared.chat_settings import ChatSettings, WorkerSettings
from shared.chatops.buttons import task_id
from shared.chatops.sealing import HandOver, seal
from shared.errors import RefusedError
from shared.fc.context import FcContext
from shared.fc.invocation import Task, address_of, invoke_async
from shared.sls.credentials import read_credentials

_NONCE_BYTES = 16


class Courier:
    """Gives sealed hand-overs to the worker, in the name of one invocation.

    Args:
        worker: Its key and its name.
        context: FC's own object, for its credentials.
        told: What was read of it.
        now: The clock.
    """

    def __init__(self, worker: WorkerSettings, context: object, told: FcContext, now: Callable[[], datetime]) -> None:
        self.worker = worker
        self._context = context
        self._told = told
        self._now = now

    def hand_over(self, given: HandOver, *of_task: str, within_s: float = 10.0) -> None:
        """Give something to the worker, once: what makes the same task is taken once.

        Args:
            given: What is to be done; not before its time.
            of_task: What tells it from every other, however often it comes.
            within_s: Seconds after which it is not waited for any longer.

        Raises:
            AlreadyInvokedError: It was handed over before.
            InvocationError: FC did not accept it.
            ConfigurationError: There are no credentials.
        """
        known = replace(given, delivery=task_id(self.worker.key, given.purpose, *of_task))
        self._send(known, known.delivery, within_s)

    def hand_again(self, given: HandOver, delay_s: int) -> None:
        """Give the worker once more what it was given before, after some seconds; each turn is taken once.

        Raises:
            AlreadyInvokedError: This turn was handed over before.
            InvocationError: FC did not accept it.
            ConfigurationError: There are no credentials.
        """
        turn = given.turn + 1
        again = replace(given, turn=turn, not_before_unix=int(self._now().timestamp()) + delay_s)
        self._send(again, task_id(self.worker.key, "again", given.delivery, str(turn)), 10.0)

    def _send(self, given: HandOver, task: str, within_s: float) -> None:
        now = self._now()
        sealed = seal(self.worker.key, given, now_unix=now.timestamp(), random_bytes=os.urandom)
        delay_s = max(0, given.not_before_unix - int(now.timestamp())) if given.not_before_unix else 0
        address = address_of(self.worker.function_name, self._told, self.worker.fc_url)
        nonce = os.urandom(_NONCE_BYTES).hex()
        credentials = read_credentials(self._context)
        invoke_async(address, Task(sealed, task, delay_s), credentials, now=now, nonce=nonce, within_s=within_s)


def worker_of(chat: ChatSettings) -> WorkerSettings:
    """Return how the worker is reached.

    Raises:
        RefusedError: None is set, so that no platform is on.
    """
    if chat.worker is None:
        raise RefusedError("there is nothing at this path", code="no_such_path")
    return chat.worker
