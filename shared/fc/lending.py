"""What an invocation of a function lends to the commands it carries out: policy, connections, clocks, time."""

import os
import random
import time
from collections.abc import Callable
from datetime import datetime, timezone
from functools import lru_cache

from shared.execution.invocation import Assurance, Invocation
from shared.execution.parallel import POOL_WIDTH
from shared.fc.allowing import load_policy
from shared.fc.context import FcContext
from shared.fc.logs import log_fields
from shared.journal.journal import View
from shared.settings import Endpoint, Settings
from shared.sls.client import SlsClient, Surroundings, new_session
from shared.sls.credentials import read_credentials

_warm_session = lru_cache(maxsize=1)(new_session)
"""One session an instance: connections stay open between invocations; credentials are never part of it."""

_warm_view = lru_cache(maxsize=1)(lambda _journal: View())
"""What this instance has read of its journal; reading goes on from there."""


def lend(
    settings: Settings,
    principal: str,
    context: object,
    told: FcContext,
    remaining_s: Callable[[], float],
    *,
    idempotency_key: str | None = None,
    assurance: Assurance = "full",
) -> Invocation:
    """Return what commands of this invocation may use.

    Args:
        settings: The installation's.
        principal: Who is calling, proven.
        context: FC's own object, for its credentials.
        told: What was read of it.
        remaining_s: Seconds until FC stops the invocation.
        idempotency_key: What makes the caller's repetitions recognizable; None if it sent nothing.
        assurance: What the proof of the caller is good for.

    Raises:
        ConfigurationError: There are no credentials.
    """
    credentials = read_credentials(context)

    def connect(endpoint: Endpoint, surroundings: Surroundings) -> SlsClient:
        return SlsClient(endpoint, credentials, _warm_session(POOL_WIDTH), surroundings)

    return Invocation(
        settings=settings,
        policy=load_policy(settings.policy_path),
        principal=principal,
        connect=connect,
        remaining_s=remaining_s,
        now=lambda: datetime.now(timezone.utc),
        sleep=time.sleep,
        random=random.random,
        random_bytes=os.urandom,
        audit=log_fields,
        journal_view=_warm_view(settings.journal) if settings.journal else None,
        fc_request_id=told.request_id,
        idempotency_key=idempotency_key,
        assurance=assurance,
    )
