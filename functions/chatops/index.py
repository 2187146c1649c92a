"""HTTP trigger: what a chat platform sends, verified, handed to the worker sealed, and answered at once."""

import time
from datetime import datetime, timezone

from shared.chatops.edge import respond
from shared.chatops.handing import Courier, worker_of
from shared.chatops.messages import Immediate
from shared.chatops.receiving import ANSWER_WITHIN_S, Door, receive
from shared.fc.allowing import load_policy
from shared.fc.context import FcContext
from shared.fc.events import HttpEvent
from shared.fc.responses import Response
from shared.settings import load_settings


def handler(event: bytes, context: object) -> Response:
    """Return the HTTP answer to a platform; never raises, and never calls SLS."""
    begun_s = time.monotonic()

    def now() -> datetime:
        return datetime.now(timezone.utc)

    def take(request: HttpEvent, told: FcContext) -> Immediate:
        settings = load_settings()
        door = Door(
            chat=settings.chat,
            policy=lambda: load_policy(settings.policy_path),
            courier=Courier(worker_of(settings.chat), context, told, now),
            now_unix=now().timestamp(),
            remaining_s=lambda: ANSWER_WITHIN_S - (time.monotonic() - begun_s),
        )
        return receive(request, door)

    return respond(event, context, take)
