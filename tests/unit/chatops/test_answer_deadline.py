"""The platforms' three seconds: how they are shared out, and that handing over keeps to its share."""

import json
import secrets
import time
from datetime import datetime, timezone
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from shared.chat_settings import ChatSettings, SlackSettings, WorkerSettings
from shared.chatops.handing import Courier
from shared.chatops.receiving import ANSWER_WITHIN_S, COLD_START_S, Door, receive
from shared.chatops.sealing import HandOver
from shared.fc.context import read_context
from shared.fc.events import HttpEvent
from shared.policy.rules import Policy

SECRET = secrets.token_hex(16)
WORKER = WorkerSettings(secrets.token_bytes(32), "sls-rewind-worker", None)


class NotedBudget(Courier):
    """Hands nothing over, and notes how long it might have taken."""

    def __init__(self) -> None:
        super().__init__(WORKER, None, read_context(None), lambda: datetime.now(timezone.utc))
        self.within_s: list[float] = []

    def hand_over(self, given: HandOver, *of_task: str, within_s: float = 10.0) -> None:
        assert given.purpose == "message"
        assert of_task
        self.within_s.append(within_s)


def test_a_platform_that_waits_three_seconds_gets_its_answer_from_a_cold_instance_too() -> None:
    assert COLD_START_S >= 1.2
    assert 0 < ANSWER_WITHIN_S <= 3.0 - COLD_START_S


@pytest.mark.parametrize(("fields", "kept_s"), [(("text", "describe orders"), 0.1), (("payload", ""), 0.7)])
@pytest.mark.parametrize("left_s", [ANSWER_WITHIN_S, 1.0])
def test_handing_over_leaves_the_time_to_answer_or_to_tell(
    fields: tuple[str, str], kept_s: float, left_s: float
) -> None:
    courier = NotedBudget()
    door = Door(
        chat=ChatSettings(worker=WORKER, slack=SlackSettings(SECRET, "T1")),
        policy=Policy,
        courier=courier,
        now_unix=time.time(),
        remaining_s=lambda: left_s,
    )

    receive(signed(*fields), door)

    assert courier.within_s == [pytest.approx(left_s - kept_s)]


def signed(field: str, text: str) -> HttpEvent:
    click = {"type": "block_actions", "user": {"id": "U1", "team_id": "T1"}, "channel": {"id": "C1"}}
    payload = json.dumps({**click, "actions": [{"action_id": "apply", "value": "x"}]})
    form = {"team_id": "T1", "user_id": "U1", "channel_id": "C1", "command": "/sls", field: text or payload}
    body, timestamp = urlencode(form).encode(), str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=timestamp, body=body)
    headers = {"x-slack-request-timestamp": timestamp, "x-slack-signature": signature or ""}
    return HttpEvent("POST", "/slack", headers, body)
