"""Fixtures for the tests of `schedule`, of webhooks and of alerts; those of all functions are in plugin.py."""

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.functions.alerting import Alerting, MakeAlerting
from tests.functions.caller import FunctionCaller
from tests.functions.chat_platforms import FEISHU_TOKEN, ChatPlatforms
from tests.functions.chats import MakeSlack, SlackChannel, new_chat_settings
from tests.functions.evidence import Evidence
from tests.functions.plugin import MakeFunctions
from tests.functions.receiver import Receiver
from tests.functions.schedules import Scheduler
from tests.functions.webhooks import Webhooks, new_secrets

ALERTS_POLICY = Path(__file__).with_name("alerts_policy.toml")
POLICY = Path(__file__).with_name("schedule_policy.toml")
WEBHOOK_POLICY = Path(__file__).with_name("webhook_policy.toml")
# Nothing listens there: port 1 is no port that a receiver gets.
UNREACHABLE = "http://127.0.0.1:1/unreachable/"


@pytest.fixture(scope="session")
def destinations(receiver_of_all: Receiver, evidence: Evidence) -> dict[str, dict[str, str]]:
    """What REWIND_NOTIFY says: an address and, where one is needed, a secret by the destination's name."""
    names = ("slack", "dingtalk", "feishu", "audit", "failing", "slow")
    made = {name: {"url": receiver_of_all.url(name)} for name in names}
    made["unreachable"] = {"url": UNREACHABLE + secrets.token_hex(16)}
    for name in ("dingtalk", "feishu"):
        made[name]["secret"] = f"SEC{secrets.token_hex(32)}"
    made["audit"]["secret"] = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    for entry in made.values():
        evidence.add_secret("the address of a destination", entry["url"].rpartition("/")[2])
        evidence.add_secret("the secret of a destination", entry.get("secret", ""))
    return made


@pytest.fixture(scope="session")
def receiver_of_all() -> Iterator[Receiver]:
    """The one receiver of the run."""
    with Receiver() as made:
        yield made


@pytest.fixture
def receiver(receiver_of_all: Receiver) -> Receiver:
    """The receiver, which has received nothing."""
    receiver_of_all.forget()
    return receiver_of_all


@pytest.fixture(scope="session")
def scheduler(
    functions: FunctionCaller,
    make_functions: MakeFunctions,
    destinations: dict[str, dict[str, str]],
    evidence: Evidence,
) -> Iterator[Scheduler]:
    """The function `schedule` as template.yml has it, with the policy beside this file.

    The logs of `functions` come first in the evidence, and are looked for there.
    """
    assert functions.url
    settings = {"REWIND_POLICY": str(POLICY), "REWIND_NOTIFY": json.dumps(destinations)}
    with make_functions(settings=settings) as made:
        yield Scheduler(made, evidence.logs[-1])


@pytest.fixture(scope="session")
def webhooks(functions: FunctionCaller, make_functions: MakeFunctions, evidence: Evidence) -> Iterator[Webhooks]:
    """The command function with a secret for every way to prove a request.

    The logs of `functions` come first in the evidence, and are looked for there.
    """
    assert functions.url
    known, url_token = new_secrets(), secrets.token_urlsafe(32)
    for secret in [url_token, *(secret for values in known.values() for secret in values)]:
        evidence.add_secret("a webhook's secret", secret)
    settings = {
        "REWIND_POLICY": str(WEBHOOK_POLICY),
        "REWIND_WEBHOOK_SECRETS": json.dumps(known),
        "REWIND_URL_TOKENS": json.dumps({"monitor": url_token}),
    }
    with make_functions(settings=settings) as made:
        yield Webhooks(made, known, url_token)


@pytest.fixture(scope="session")
def make_alerting(
    functions: FunctionCaller,
    make_functions: MakeFunctions,
    destinations: dict[str, dict[str, str]],
    evidence: Evidence,
) -> MakeAlerting:
    """Run the command function for alerts within a `with` block; settings and a checkout as a test says.

    The logs of `functions` come first in the evidence, and are looked for there.
    """
    assert functions.url
    tokens = {name: secrets.token_urlsafe(32) for name in ("alerts", "oncall", "reader")}
    url_token = secrets.token_urlsafe(32)
    for secret in (url_token, *tokens.values()):
        evidence.add_secret("a secret of alerts", secret)

    @contextmanager
    def make(*, settings: Mapping[str, str] | None = None, **more: Any) -> Iterator[Alerting]:  # noqa: ANN401 -- of make_functions
        told = {
            "REWIND_POLICY": str(ALERTS_POLICY),
            "REWIND_WEBHOOK_SECRETS": json.dumps(tokens),
            "REWIND_URL_TOKENS": json.dumps({"monitor": url_token}),
            "REWIND_NOTIFY": json.dumps(destinations),
            **(settings or {}),
        }
        with make_functions(settings=told, **more) as made:
            yield Alerting(FunctionCaller(made.url, tokens, evidence), url_token)

    return make


@pytest.fixture(scope="session")
def alerting(make_alerting: MakeAlerting) -> Iterator[Alerting]:
    """The command function, with the policy for alerts beside this file."""
    with make_alerting() as made:
        yield made


@pytest.fixture(scope="session")
def chat_platforms() -> Iterator[ChatPlatforms]:
    """What plays Slack, Feishu and DingTalk for the whole run."""
    with ChatPlatforms() as made:
        yield made


@pytest.fixture(scope="session")
def chat_settings(chat_platforms: ChatPlatforms, evidence: Evidence) -> dict[str, str]:
    """The variables that switch all chat platforms on, with fresh secrets."""
    made = new_chat_settings(chat_platforms.url)
    for name in made:
        if name.endswith(("_KEY", "_SECRET", "_TOKEN")):
            evidence.add_secret(f"the value of {name}", made[name])
    evidence.add_secret("Feishu's access token", FEISHU_TOKEN)
    return made


@pytest.fixture(scope="session")
def make_slack(
    functions: FunctionCaller,
    make_functions: MakeFunctions,
    chat_platforms: ChatPlatforms,
    chat_settings: dict[str, str],
    evidence: Evidence,
) -> MakeSlack:
    """Run the functions with all chat platforms on within a `with` block, set up as a test says; gives a channel.

    The logs of `functions` come first in the evidence, and are looked for there.
    """
    assert functions.url

    @contextmanager
    def make(**settings: str) -> Iterator[SlackChannel]:
        given = {**chat_settings, **settings}
        with make_functions(settings=given) as made:
            yield SlackChannel(made, chat_platforms, given, evidence)

    return make


@pytest.fixture(scope="module")
def slack(make_slack: MakeSlack) -> Iterator[SlackChannel]:
    """A Slack channel of functions with all chat platforms on, gone with the module's tests.

    So are the verifications that are still to come: they would be calls that no later test expects.
    """
    with make_slack() as made:
        yield made
