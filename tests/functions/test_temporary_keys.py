"""Role credentials as Function Compute lends them: a key pair with a token, anew for each invocation."""

import base64
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.plugin import POLICY
from tests.functions.shop import Shop
from tests.local.environment import CHECKOUT
from tests.local.fc.gateway import Gateway, GatewayOptions
from tests.local.fc.runtime.messages import Profile
from tests.local.fc.server import FunctionServer
from tests.local.fc.staging import stage_source
from tests.local.fc.template import load_template
from tests.local.fc.variables import Platform
from tests.local.sls.server import StandInServer

DESCRIBE = {"action": "describe", "target": "shop/orders/billing"}
KEY = Platform(
    region="cn-local",
    access_key_id="STS.local-temporary",
    access_key_secret="secret-of-the-temporary-key",
    security_token="token-of-the-temporary-key/+=",
)


@pytest.fixture(scope="module", params=["python3.10", "python3.12"])
def lent(
    request: pytest.FixtureRequest,
    watched_sls: StandInServer,
    tokens: dict[str, str],
    evidence: Evidence,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[FunctionCaller]:
    """The command function with a temporary key: in the context up to python3.10, else in the environment."""
    profile: Profile = request.param
    evidence.add_secret("a temporary key's secret", KEY.access_key_secret)
    evidence.add_secret("a security token", KEY.security_token or "")
    variables = {
        "REWIND_REGION": KEY.region,
        "REWIND_ENDPOINT": watched_sls.url,
        "REWIND_POLICY": str(POLICY),
        "REWIND_WEBHOOK_SECRETS": json.dumps(tokens),
        "REWIND_ROLE_WRITER": "acs:ram::1:role/writer",
        "REWIND_ROLE_CHATOPS": "acs:ram::1:role/chatops",
        "REWIND_WORKER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    template = load_template(CHECKOUT / "template.yml", variables)
    with ExitStack() as running:
        folder: Path = tmp_path_factory.mktemp("lent")
        roots = {name: stage_source(f, CHECKOUT, POLICY, folder) for name, f in template.functions.items()}
        options = GatewayOptions(profile=profile)
        gateway = running.enter_context(Gateway(template, roots, KEY, logs=evidence.new_logs(), options=options))
        server = running.enter_context(FunctionServer(gateway))
        yield FunctionCaller(server.url, tokens, evidence)


def lend(shop: Shop, *, expires_unix: float) -> None:
    given = {"access_key_id": KEY.access_key_id, "access_key_secret": KEY.access_key_secret}
    shop.sls.control("credentials", {**given, "security_token": KEY.security_token, "expires_unix": expires_unix})


def test_a_temporary_key_works_with_its_token(lent: FunctionCaller, shop: Shop) -> None:
    lend(shop, expires_unix=time.time() + 600)

    assert lent.run(DESCRIBE).json["status"] == "read"


def test_an_expired_token_is_told_and_never_shown(lent: FunctionCaller, shop: Shop) -> None:
    lend(shop, expires_unix=time.time() - 1)

    answer = lent.run(DESCRIBE)

    assert (answer.status, answer.error["sls_error_code"], answer.error["sls_status"]) == (502, "Unauthorized", 401)
    assert "has expired" in answer.error["message"]
    assert "role" in answer.error["hint"]
