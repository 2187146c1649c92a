"""Fixtures for all tests that call functions; `tests/conftest.py` loads them."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.shop import HOUR_S, MARGIN_S, Shop
from tests.functions.watched import WatchedStandIn
from tests.local.environment import CHECKOUT, LocalEnvironment, StandIn
from tests.local.fc.gateway import GatewayOptions

POLICY = Path(__file__).with_name("policy.toml")
CALLERS = ("local", "narrow", "reader", "glob", "careful", "stranger")

MakeFunctions = Callable[..., AbstractContextManager[FunctionCaller]]


@pytest.fixture(scope="session")
def evidence() -> Iterator[Evidence]:
    """Everything that the run leaves behind; where several processes share the run, each searches its own part."""
    left_behind = Evidence()
    yield left_behind
    assert left_behind.leaks() == []


@pytest.fixture(scope="session")
def watched_sls(evidence: Evidence) -> Iterator[WatchedStandIn]:
    """The one stand-in of the functions' tests; `sls` hands it out afresh to each test."""
    with WatchedStandIn(evidence) as sls:
        evidence.add_secret("the access key's secret", sls.access_key_secret)
        yield sls


@pytest.fixture
def sls(watched_sls: WatchedStandIn) -> WatchedStandIn:
    """The stand-in, empty."""
    watched_sls.control("reset", {})
    watched_sls.puts.clear()
    watched_sls.cross()
    return watched_sls


@pytest.fixture(scope="session")
def tokens(evidence: Evidence) -> dict[str, str]:
    """A bearer token for each caller."""
    made = {name: secrets.token_urlsafe(32) for name in CALLERS}
    for token in made.values():
        evidence.add_secret("a bearer token", token)
    return made


@pytest.fixture(scope="session")
def make_functions(watched_sls: WatchedStandIn, tokens: dict[str, str], evidence: Evidence) -> MakeFunctions:
    """Run the functions of template.yml within a `with` block, set up as a test says."""

    @contextmanager
    def make(
        stand_in: StandIn | None = None,
        *,
        settings: Mapping[str, str] | None = None,
        options: GatewayOptions | None = None,
        checkout: Path = CHECKOUT,
    ) -> Iterator[FunctionCaller]:
        told = {"REWIND_WEBHOOK_SECRETS": json.dumps(tokens), "REWIND_POLICY": str(POLICY), **(settings or {})}
        environment = LocalEnvironment(
            stand_in or watched_sls,
            settings=told,
            environ={},
            logs=evidence.new_logs(),
            options=options,
            checkout=checkout,
        )
        with environment:
            yield FunctionCaller(environment.url, tokens, evidence)

    return make


@pytest.fixture(scope="session")
def functions(make_functions: MakeFunctions) -> Iterator[FunctionCaller]:
    """The functions as template.yml has them, with the policy beside this file."""
    with make_functions() as made:
        yield made


@pytest.fixture(scope="session")
def unjournaled(make_functions: MakeFunctions) -> Iterator[FunctionCaller]:
    """The same functions without a journal."""
    with make_functions(settings={"REWIND_JOURNAL": ""}) as made:
        yield made


@pytest.fixture
def shop(sls: WatchedStandIn) -> Iterator[Shop]:
    """Logstore `orders`: 4 shards, a log group a second for two hours; group `billing`, whose consumers are gone.

    Shards 0 to 2 were committed a little over an hour ago, 600 log groups before the end; shard 3 was never.
    """
    made = Shop(sls)
    made.add_logstore()
    made.add_group()
    for shard in range(3):
        made.commit(shard, made.cursor(shard, -600), ago_s=HOUR_S + MARGIN_S)
    with made.caller:
        yield made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the search for secrets after everything that could leave one behind."""
    items.sort(key=lambda item: item.path.name == "test_secrets.py")
