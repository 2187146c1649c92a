import base64
import json
from collections.abc import Mapping

import pytest

from tests.functions.caller import Answer, FunctionCaller, check_answer
from tests.local.sls.server import StandInServer

LIST = {"action": "list_consumer_groups", "target": "shop/orders"}
BODY = json.dumps(LIST).encode()
INVOKE = "/2023-03-30/functions/sls-rewind-command/invocations"


def bearer(functions: FunctionCaller) -> dict[str, str]:
    return {"Authorization": f"Bearer {functions.tokens['local']}"}


@pytest.fixture(name="invoke")
def _invoke(functions: FunctionCaller) -> object:
    """Hand the command function an event as the trigger makes it, but for what a test changes."""

    def invoke(**changes: object) -> Answer:
        event = {
            "version": "v1",
            "rawPath": "/",
            "headers": {"Authorization": f"Bearer {functions.tokens['local']}"},
            "body": BODY.decode(),
            "isBase64Encoded": False,
            "requestContext": {"http": {"method": "POST", "path": "/"}},
            **changes,
        }
        answer = functions.send("POST", INVOKE, {}, json.dumps(event).encode())
        assert "x-fc-error-type" not in answer.headers
        envelope = answer.json
        headers = {name.lower(): value for name, value in envelope["headers"].items()}
        return Answer(envelope["statusCode"], headers, envelope["body"].encode())

    return invoke


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "PROPFIND", "put", ""])
def test_a_method_that_a_path_does_not_take_is_refused_with_what_it_takes(
    invoke: object, sls: StandInServer, method: str
) -> None:
    assert callable(invoke)

    answer = invoke(requestContext={"http": {"method": method}})

    check_answer(answer)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert sls.control("requests") == []


@pytest.mark.parametrize("path", ["/command/x", "/command/../admin", "/command//", "/command/%2e%2e", "/command/apply"])
def test_there_is_nothing_beside_the_one_path(functions: FunctionCaller, sls: StandInServer, path: str) -> None:
    answer = functions.send("POST", path, bearer(functions), BODY)

    check_answer(answer)
    assert (answer.status, answer.error["code"]) == (404, "no_such_path")
    assert sls.control("requests") == []


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("path", ["/command", "/command/", "/command?x=1"])
def test_the_one_path_may_end_in_a_slash_or_a_query(functions: FunctionCaller, path: str) -> None:
    assert functions.send("POST", path, bearer(functions), BODY).status == 200


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "application/octet-stream", "text/plain", "image/png"],
)
def test_a_body_is_read_whatever_type_it_claims_to_be(functions: FunctionCaller, content_type: str) -> None:
    answer = functions.send("POST", "/command", {**bearer(functions), "Content-Type": content_type}, BODY)

    assert (answer.status, answer.json["status"]) == (200, "read")


@pytest.mark.usefixtures("shop")
def test_a_base64_body_is_measured_and_read_decoded(invoke: object) -> None:
    assert callable(invoke)
    whole = BODY + b" " * (64 * 1024 - len(BODY))

    fits = invoke(body=base64.b64encode(whole).decode(), isBase64Encoded=True)
    too_long = invoke(body=base64.b64encode(whole + b" ").decode(), isBase64Encoded=True)

    assert (fits.status, too_long.status) == (200, 413)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("name", ["authorization", "AUTHORIZATION", "aUTHORIZATION"])
def test_the_case_of_a_headers_name_does_not_matter(functions: FunctionCaller, name: str) -> None:
    token = functions.tokens["local"]

    assert functions.send("POST", "/command", {name: f"Bearer {token}"}, BODY).status == 200


@pytest.mark.usefixtures("shop")
def test_the_same_idempotency_key_gives_the_same_operation_id(functions: FunctionCaller) -> None:
    command = {"action": "update_consumer_group", "target": "shop/orders/billing", "timeout": 90}

    def operation_id(caller: str, key: str) -> str:
        return str(functions.run(command, caller=caller, Idempotency_Key=key).json["operation_id"])

    assert operation_id("local", "k1") == operation_id("local", "k1")
    assert operation_id("local", "k1") != operation_id("local", "k2")


@pytest.mark.usefixtures("shop")
def test_the_request_id_of_fc_is_in_the_result(functions: FunctionCaller) -> None:
    answer = functions.run(LIST)

    assert answer.json["fc_request_id"] == answer.headers["x-fc-request-id"]


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"{}",
        b"null",
        b'{"action": "describe", "target": "shop/orders/billing"}',
        b'{"triggerTime": "2026-01-01T00:00:00Z", "triggerName": "nightly", "payload": "{}"}',
        b'[{"requestContext": {"http": {"method": "POST"}}}]',
    ],
)
def test_what_comes_by_no_http_trigger_is_nobody(functions: FunctionCaller, sls: StandInServer, event: bytes) -> None:
    envelope: Mapping[str, object] = functions.send("POST", INVOKE, {}, event).json

    assert envelope["statusCode"] == 401
    assert sls.control("requests") == []
