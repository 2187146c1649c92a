import json

import pytest

from tests.functions.caller import FunctionCaller, check_answer
from tests.local.sls.server import StandInServer

DESCRIBE = json.dumps({"action": "describe", "target": "shop/orders/billing"}).encode()


@pytest.fixture(autouse=True)
def _nothing_leaves(sls: StandInServer) -> object:
    """No test of this file may let a call leave."""
    yield
    assert sls.control("requests") == []


def test_the_answer_to_nobody_is_problem_details_and_names_the_scheme(functions: FunctionCaller) -> None:
    answer = functions.send("POST", "/command", {}, DESCRIBE)

    check_answer(answer)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert (answer.json["action"], answer.json["fc_request_id"], answer.json["elapsed_ms"]) == ("unknown", None, 0)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer " + "q7" * 21,
        "Bearer " + "q7" * 5_000,
        "Basic bG9jYWw6bG9jYWw=",
        "Token {token}",
        "{token}",
        "Bearer {token}x",
        "Bearer x{token}",
        "Bearer {half}",
        "Bearer {token},Bearer {token}",
        "Bearer local",
        "LOG local-access-key-id:abc",
    ],
)
@pytest.mark.parametrize("body", [DESCRIBE, b"", b"?", b'{"action": "explode"}'], ids=["sound", "empty", "bad", "odd"])
def test_the_answer_to_nobody_is_the_same_whatever_was_wrong(
    functions: FunctionCaller, authorization: str | None, body: bytes
) -> None:
    token = functions.tokens["local"]
    shown = None if authorization is None else authorization.format(token=token, half=token[:20])

    answer = functions.send("POST", "/command", {} if shown is None else {"Authorization": shown}, body)

    assert (answer.status, answer.body) == (401, functions.send("POST", "/command", {}, DESCRIBE).body)


@pytest.mark.parametrize("name", ["X-Authorization", "Proxy-Authorization", "X-Api-Key", "Cookie"])
def test_a_token_elsewhere_proves_nothing(functions: FunctionCaller, name: str) -> None:
    token = f"Bearer {functions.tokens['local']}"

    assert functions.send("POST", "/command", {name: token}, DESCRIBE).status == 401


def test_a_token_in_the_url_proves_nothing(functions: FunctionCaller) -> None:
    token = functions.tokens["local"]

    assert functions.send("POST", f"/command?access_token={token}&token={token}", {}, DESCRIBE).status == 401


def test_a_token_in_the_body_proves_nothing(functions: FunctionCaller) -> None:
    body = json.dumps({"action": "describe", "target": "shop/orders/billing", "token": functions.tokens["local"]})

    assert functions.send("POST", "/command", {}, body.encode()).status == 401


def test_a_key_of_sls_is_no_token(functions: FunctionCaller, sls: StandInServer) -> None:
    headers = {"Authorization": f"Bearer {sls.access_key_secret}"}

    assert functions.send("POST", "/command", headers, DESCRIBE).status == 401
