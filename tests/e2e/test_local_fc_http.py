import base64
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
import requests

from tests.local.fc.gateway import BODY_LIMIT_BYTES, Gateway
from tests.local.fc.server import FunctionServer
from tests.local.fc.trial import fixture_gateway


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with fixture_gateway(tmp_path_factory.mktemp("code")) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def url(gateway: Gateway) -> Iterator[str]:
    with FunctionServer(gateway) as server:
        yield server.url


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def exchange(url: str, request: bytes) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def test_an_envelope_becomes_the_answer(url: str, session: requests.Session) -> None:
    envelope = {"statusCode": 418, "headers": {"X-Own": "yes", "Content-Type": "text/plain"}, "body": "short and stout"}

    response = session.post(f"{url}/respond", json=envelope)

    assert (response.status_code, response.text, response.headers["X-Own"]) == (418, "short and stout", "yes")
    assert response.headers["X-Fc-Request-Id"].startswith("1-")


def test_a_base64_envelope_becomes_bytes(url: str, session: requests.Session) -> None:
    envelope = {"statusCode": 200, "isBase64Encoded": True, "body": base64.b64encode(b"\x00\xff").decode()}

    assert session.post(f"{url}/respond", json=envelope).content == b"\x00\xff"


@pytest.mark.parametrize("output", [b"plain text", b'{"no": "status"}', b"[1]", b""])
def test_any_other_return_is_a_body_of_type_json(url: str, session: requests.Session, output: bytes) -> None:
    response = session.post(f"{url}/respond", data=output)

    assert (response.status_code, response.content) == (200, output)
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("envelope", "problem"),
    [
        ({"statusCode": "200"}, "statusCode"),
        ({"statusCode": 99}, "statusCode"),
        ({"statusCode": True}, "statusCode"),
        ({"statusCode": 200, "headers": {"X-List": ["a"]}}, "headers"),
        ({"statusCode": 200, "headers": {"X-Split": "a\r\nX-Forged: b"}}, "headers"),
        ({"statusCode": 200, "headers": None}, "headers"),
        ({"statusCode": 200, "body": {"a": 1}}, "body"),
        ({"statusCode": 200, "isBase64Encoded": True, "body": "é"}, "base64"),
        ({"statusCode": 200, "isBase64Encoded": "true"}, "isBase64Encoded"),
    ],
)
def test_an_envelope_the_platform_could_not_hold_is_a_bad_gateway(
    url: str, session: requests.Session, envelope: dict[str, Any], problem: str
) -> None:
    response = session.post(f"{url}/respond", json=envelope)

    assert response.status_code == 502
    assert problem in response.json()["errorMessage"]


def test_a_failed_function_is_a_bad_gateway_with_its_error(url: str, session: requests.Session) -> None:
    response = session.post(f"{url}/fails")

    assert (response.status_code, response.headers["X-Fc-Error-Type"]) == (502, "UnhandledInvocationError")
    assert response.json()["errorType"] == "OwnError"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("DELETE", "/echo", 403, "AccessDenied"),
        ("GET", "/environ", 403, "AccessDenied"),
        ("GET", "/results", 404, "TriggerNotFound"),
        ("GET", "/absent", 404, "FunctionNotFound"),
        ("GET", "/", 404, "FunctionNotFound"),
        ("POST", "/2023-03-30/functions/absent/invocations", 404, "FunctionNotFound"),
        ("GET", "/2023-03-30/functions/fixture-echo/invocations", 404, "NotFound"),
    ],
)
def test_what_reaches_no_function_is_refused_in_the_platforms_form(
    url: str, session: requests.Session, method: str, path: str, status: int, code: str
) -> None:
    response = session.request(method, url + path)

    assert response.status_code == status
    assert response.json()["Code"] == code
    assert response.json()["RequestId"] == response.headers["X-Fc-Request-Id"]


def test_a_body_over_32_mb_is_refused_and_the_connection_goes_on(url: str, session: requests.Session) -> None:
    refused = session.post(f"{url}/echo", data=b"x" * (BODY_LIMIT_BYTES + 1))

    assert (refused.status_code, refused.json()["Code"]) == (413, "PayloadTooLarge")
    assert session.get(f"{url}/echo").status_code == 200


def test_a_body_of_untold_length_is_refused(url: str) -> None:
    answer = exchange(url, b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: many\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_body_that_ends_early_reaches_no_function(url: str) -> None:
    answer = exchange(url, b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nshort")

    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_head_request_has_no_body(url: str) -> None:
    answer = exchange(url, b"HEAD /respond HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")

    assert answer.endswith(b"\r\n\r\n")


def test_one_connection_serves_many_requests(url: str) -> None:
    connection = HTTPConnection(url.removeprefix("http://"))
    connection.connect()
    first_socket = connection.sock
    for path in ("/echo", "/absent", "/echo"):
        connection.request("GET", path)
        connection.getresponse().read()

    assert connection.sock is first_socket
    connection.close()


def test_the_log_line_of_a_request_has_no_query(url: str, gateway: Gateway, session: requests.Session) -> None:
    session.get(f"{url}/echo/logged?token=s3cret")

    assert gateway.logs.wait_for("/logged").startswith("[http] GET /echo/logged 200 ")
    assert not [line for line in gateway.logs.lines if "s3cret" in line]


def test_the_invocation_api_passes_the_body_as_event(url: str, session: requests.Session) -> None:
    response = session.post(f"{url}/2023-03-30/functions/fixture-echo/invocations", data=b"\x00raw")

    assert (response.status_code, response.content) == (200, b"\x00raw")
    assert "X-Fc-Error-Type" not in response.headers


def test_the_invocation_api_answers_200_for_a_failed_function(url: str, session: requests.Session) -> None:
    response = session.post(f"{url}/2023-03-30/functions/fixture-fails/invocations")

    assert (response.status_code, response.headers["X-Fc-Error-Type"]) == (200, "UnhandledInvocationError")
    assert response.json()["errorType"] == "OwnError"


def test_the_invocation_api_queues_and_refuses_a_task_id_twice(
    url: str, gateway: Gateway, session: requests.Session
) -> None:
    path = f"{url}/2023-03-30/functions/fixture-echo/invocations"
    headers = {"X-Fc-Invocation-Type": "Async", "X-Fc-Async-Task-Id": "once"}

    statuses = [session.post(path, data=b"later", headers=headers).status_code for _ in range(2)]
    gateway.wait_idle()

    assert statuses == [202, 409]
    assert [result.task_id for result in gateway.async_results] == ["once"]


def test_an_asynchronous_body_over_128_kb_is_refused(url: str, session: requests.Session) -> None:
    path = f"{url}/2023-03-30/functions/fixture-echo/invocations"

    response = session.post(path, data=b"x" * 131_073, headers={"X-Fc-Invocation-Type": "Async"})

    assert response.status_code == 413
