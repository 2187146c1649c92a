import base64
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.local.fc.gateway import Gateway
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


def raw_event(url: str, lines: list[str], body: bytes = b"") -> Any:  # noqa: ANN401 -- JSON
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
    return json.loads(exchange(url, head + body).partition(b"\r\n\r\n")[2])


def test_an_http_event_has_the_documented_shape(url: str, session: requests.Session) -> None:
    response = session.put(f"{url}/echo/a%20b/c?k=1&k=2&empty=", data=b'{"a": 1}', headers={"User-Agent": "ua"})

    event = response.json()
    assert set(event) == {
        "version",
        "rawPath",
        "headers",
        "queryParameters",
        "body",
        "isBase64Encoded",
        "requestContext",
    }
    assert (event["version"], event["rawPath"], event["body"]) == ("v1", "/a%20b/c", '{"a": 1}')
    assert event["queryParameters"] == {"k": "1,2", "empty": ""}
    assert event["requestContext"]["http"] == {
        "method": "PUT",
        "path": "/a b/c",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "ua",
    }


def test_an_http_event_tells_its_time_as_text(url: str, session: requests.Session) -> None:
    context = session.get(f"{url}/echo").json()["requestContext"]

    assert context["timeEpoch"].isdigit()
    assert len(context["timeEpoch"]) == 13
    assert context["time"].endswith("Z")


def test_an_http_event_has_the_request_id_of_the_answer(url: str, session: requests.Session) -> None:
    response = session.get(f"{url}/echo")

    assert response.json()["requestContext"]["requestId"] == response.headers["X-Fc-Request-Id"]


@pytest.mark.parametrize("path", ["/echo", "/echo/", "/echo?a=1"])
def test_the_path_of_a_bare_trigger_is_a_slash(url: str, session: requests.Session, path: str) -> None:
    assert session.get(url + path).json()["rawPath"] == "/"


def test_header_names_arrive_in_canonical_form(url: str) -> None:
    event = raw_event(url, ["GET /echo HTTP/1.1", "Host: h", "x-slack-signature: v0", "X-GitHub-EVENT: push"])

    assert event["headers"]["X-Slack-Signature"] == "v0"
    assert event["headers"]["X-Github-Event"] == "push"


def test_repeated_headers_are_joined_by_a_comma(url: str) -> None:
    event = raw_event(url, ["GET /echo HTTP/1.1", "Host: h", "X-Part: 1", "x-part: 2"])

    assert event["headers"]["X-Part"] == "1,2"


def test_the_platforms_own_headers_are_not_passed_on(url: str) -> None:
    event = raw_event(url, ["GET /echo HTTP/1.1", "Host: h", "X-Fc-Account-Id: forged", "Keep-Alive: 1"])

    assert set(event["headers"]) == {"Host"}


@pytest.mark.parametrize("content_type", ["application/octet-stream", "image/png", "multipart/form-data; boundary=x"])
def test_a_binary_body_arrives_as_base64(url: str, session: requests.Session, content_type: str) -> None:
    event = session.post(f"{url}/echo", data=b"plain", headers={"Content-Type": content_type}).json()

    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"plain"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/cloudevents+json",
    ],
)
def test_a_text_body_arrives_as_text(url: str, session: requests.Session, content_type: str) -> None:
    event = session.post(f"{url}/echo", data="é".encode(), headers={"Content-Type": content_type}).json()

    assert (event["isBase64Encoded"], event["body"]) == (False, "é")


def test_bytes_that_are_not_text_arrive_as_base64_whatever_their_type(url: str, session: requests.Session) -> None:
    event = session.post(f"{url}/echo", data=b"\xff", headers={"Content-Type": "application/json"}).json()

    assert (event["isBase64Encoded"], base64.b64decode(event["body"])) == (True, b"\xff")


def test_a_chunked_body_arrives_whole(url: str, session: requests.Session) -> None:
    event = session.post(f"{url}/echo", data=iter([b"one ", b"two"])).json()

    assert event["body"] == "one two"
