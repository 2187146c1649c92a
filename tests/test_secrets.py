"""No secret is in any log line or answer. These tests run last, over all that the tests of functions left behind."""

import json
import textwrap
from pathlib import Path

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.shop import Shop
from tests.local.fc.trial import one_function_gateway

TOKEN = 'a-planted-token-of-32-bytes/+="x'
SIGNATURE = "5aDGa0HvGVYp5ISPI29BCKKZGhQ="
LEAKY = """
    import logging
    import os

    def handler(event, context):
        logging.getLogger().info("config: %s", dict(os.environ))
        return "ok"
"""


def planted() -> Evidence:
    evidence = Evidence()
    evidence.add_secret("a planted token", TOKEN)
    evidence.add_authorization(f"LOG key-id:{SIGNATURE}")
    evidence.add_authorization(f"SLS4-HMAC-SHA256 Credential=k/20260101/r/sls/aliyun_v4_request,Signature={'ab' * 32}")
    return evidence


def test_the_search_finds_nothing_where_nothing_is() -> None:
    evidence = planted()
    evidence.add_answer(f"200 {{}} the hash {'cd' * 32} and the cursor MTUyNDE1NTM3OTM3MzkwODQ5Ng==")
    evidence.new_logs().write("command", "all is well")

    assert evidence.leaks() == []


@pytest.mark.parametrize(
    "leak",
    [
        TOKEN,
        f"Bearer {TOKEN}",
        json.dumps({"token": TOKEN}),
        "a-planted-token-of-32-bytes%2F%2B%3D%22x",
        "YS1wbGFudGVkLXRva2VuLW9mLTMyLWJ5dGVzLys9Ing=",
        f"signature {SIGNATURE} not matched",
        f"Signature={'ab' * 32}",
    ],
    ids=["bare", "header", "json", "url", "base64", "v1", "v4"],
)
def test_the_search_finds_a_planted_secret_wherever_it_is(leak: str) -> None:
    in_answer, in_log = planted(), planted()
    in_answer.add_answer(f"500 {{'x': 1}} {leak}.")
    in_log.new_logs().write("command", f"went wrong with {leak}")

    assert len(in_answer.leaks()) == len(in_log.leaks()) == 1
    assert TOKEN not in str(in_answer.leaks() + in_log.leaks())


def test_the_search_finds_what_a_leaky_function_logs(tmp_path: Path) -> None:
    evidence = Evidence()
    evidence.add_secret("the access key's secret", "local-access-key-secret")
    with one_function_gateway(tmp_path, {"index.py": textwrap.dedent(LEAKY)}) as gateway:
        evidence.logs.append(gateway.logs)
        invocation = gateway.invoke("one", b"")
        gateway.logs.wait_for(f"End RequestId: {invocation.request_id}")

    assert evidence.leaks() == ["the access key's secret in a log line"]


def test_no_secret_is_in_any_log_line_or_answer_of_the_whole_run(
    functions: FunctionCaller, shop: Shop, evidence: Evidence
) -> None:
    answers = [
        functions.run({"action": "update_checkpoint", "target": "orders", "shard": 0, "checkpoint": shop.cursor(0, 5)}),
        functions.run({"action": "describe", "target": "shop/orders/nobody"}),
        functions.send("POST", "/command", {"Authorization": "Bearer a-token-that-nobody-gave-out"}, b"{}"),
    ]
    last = functions.run({"action": "list_consumer_groups", "target": "orders"})
    # Lines arrive after the answer: when the last one's are here, so are all before.
    next(iter(evidence.logs)).wait_for(f"End RequestId: {last.headers['x-fc-request-id']}")

    assert [answer.status for answer in answers] == [200, 404, 401]
    assert len(evidence.signatures) > 10
    assert evidence.leaks() == []
