"""A change of attributes for which the time does not last, carried out in this process so that time can be told."""

import os
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
import requests

from shared.command_parser import parse_command_table
from shared.execution.invocation import Invocation
from shared.execution.run import run_command
from shared.journal.journal import View
from shared.policy.rules import Policy, Rule
from shared.settings import Endpoint, Settings
from shared.sls.client import SlsClient, Surroundings, new_session
from shared.sls.credentials import Credentials
from tests.functions.shop import Shop

UPDATE = {"action": "update_consumer_group", "target": "shop/orders/billing", "timeout": 120}
REFUSED = {"kind": "error", "status": 401, "error_code": "Unauthorized"}
EVERYTHING = Policy(rules=(Rule(("webhook:*",), ("*",), ("*/*/*",)),))
LONG_S, TOO_SHORT_S = 60.0, 1.5


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with new_session(4) as made:
        yield made


def settings(shop: Shop) -> Settings:
    project, _, logstore = shop.sls.journal.partition("/")
    return Settings(
        region=shop.sls.region,
        sls_host=f"{shop.sls.region}.log.aliyuncs.com",
        loopback_url=shop.sls.url,
        signature=None,
        policy_path=None,
        journal=(project, logstore),
        read_only=False,
        webhook_secrets={},
        instance_id="c-attributes",
    )


def update(shop: Shop, session: requests.Session, remaining_s: Callable[[], float]) -> Any:  # noqa: ANN401 -- any JSON document
    """Return what the update comes to, under the same key each time."""
    credentials = Credentials(shop.sls.access_key_id, shop.sls.access_key_secret, None)

    def connect(endpoint: Endpoint, surroundings: Surroundings) -> SlsClient:
        return SlsClient(endpoint, credentials, session, surroundings)

    invocation = Invocation(
        settings=settings(shop),
        policy=EVERYTHING,
        principal="webhook:ci",
        connect=connect,
        remaining_s=remaining_s,
        now=lambda: datetime.now(timezone.utc),
        sleep=lambda _: None,
        random=random.random,
        random_bytes=os.urandom,
        audit=lambda _: None,
        journal_view=View(),
        idempotency_key="the-only-key",
    )
    return run_command(parse_command_table(UPDATE), invocation).as_dict()


def reads(shop: Shop) -> int:
    return sum(call["operation"] == "ListConsumerGroup" for call in shop.calls())


def codes(result: Any) -> list[str]:  # noqa: ANN401 -- any JSON document
    return [warning["code"] for warning in result["warnings"]]


def test_a_later_attempt_that_has_no_time_to_write_says_that_it_wrote_nothing(
    shop: Shop, session: requests.Session
) -> None:
    shop.fault(
        {"operation": "UpdateConsumerGroup", "kind": "after_write", "times": 99},
        {"operation": "ListConsumerGroup", "nth": 3, **REFUSED},
    )
    unknown = update(shop, session, lambda: LONG_S)
    shop.fault()
    shop.set_timeout(60)
    before = reads(shop)

    late = update(shop, session, lambda: TOO_SHORT_S if reads(shop) > before else LONG_S)

    stood = {"timeout": 60, "order": False}
    assert "not_read_back" in codes(unknown)
    assert (late["status"], late["error"]["code"]) == ("failed", "deadline_exceeded")
    assert late["consumer_group"] == {"before": stood, "after": stood}
    assert "not_read_back" not in codes(late)
    assert shop.attributes() == (60, False)
    assert update(shop, session, lambda: LONG_S)["status"] == "applied"
