"""InvokeFunction as the official OpenAPI signer signs it, and what FC's answers come to."""

import re
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from alibabacloud_tea_openapi.utils import Utils
from darabonba.request import DaraRequest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from shared.fc.context import FcContext, read_context
from shared.fc.invocation import (
    MAX_EVENT_BYTES,
    AlreadyInvokedError,
    FunctionAddress,
    InvocationError,
    Task,
    address_of,
    invoke_async,
    sign_acs3,
)
from shared.sls.credentials import Credentials
from tests.fuzz.amount import some

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=timezone.utc)
PATH = "/2023-03-30/functions/sls-rewind-worker/invocations"
CREDENTIALS = Credentials("an-access-key-id", "an-access-key-secret", "a-security-token")
TASK = Task(b"\x00sealed\xff", "chat-1")
PRINTABLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
MANY = some(200)


def official(address: FunctionAddress, headers: dict[str, str], secret: str, key_id: str) -> str:
    request = DaraRequest()
    request.method, request.pathname, request.query = "POST", address.path, {}
    request.headers = {name: value for name, value in headers.items() if name != "authorization"}
    payload = headers["x-acs-content-sha256"]
    signed: str = Utils.get_authorization(request, "ACS3-HMAC-SHA256", payload, key_id, secret)
    return signed


@MANY
@given(
    host=st.from_regex(r"[0-9]{4,16}\.cn-[a-z]{3,9}\.fc\.aliyuncs\.com", fullmatch=True),
    name=st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", fullmatch=True),
    headers=st.dictionaries(st.from_regex("x-fc-[a-z-]{1,10}", fullmatch=True), PRINTABLE, max_size=4),
    body=st.binary(max_size=200),
    credentials=st.builds(Credentials, PRINTABLE, PRINTABLE, st.none() | PRINTABLE),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(timezone.utc)),  # noqa: DTZ001 -- bounds come bare
    nonce=PRINTABLE,
)
def test_the_signature_is_the_official_signers(
    host: str,
    name: str,
    headers: dict[str, str],
    body: bytes,
    credentials: Credentials,
    now: datetime,
    nonce: str,
) -> None:
    address = FunctionAddress(f"https://{host}", name)

    signed = sign_acs3(address, headers, body, credentials, now=now, nonce=nonce)

    expected = official(address, signed, credentials.access_key_secret, credentials.access_key_id)
    assert signed["authorization"] == expected
    assert signed["host"] == host
    assert signed["x-acs-content-sha256"] == Utils.hex_encode(Utils.hash(body, "ACS3-HMAC-SHA256"))


def served(httpserver: HTTPServer, status: int) -> tuple[FunctionAddress, list[Request]]:
    """Let the server answer with a status, and return the function's address and what comes in."""
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        request.get_data()
        seen.append(request)
        return Response(status=status)

    httpserver.expect_request(PATH, method="POST").respond_with_handler(answer)
    return FunctionAddress(httpserver.url_for("").rstrip("/"), "sls-rewind-worker"), seen


def invoke(address: FunctionAddress, task: Task = TASK, *, within_s: float = 2.0) -> None:
    invoke_async(address, task, CREDENTIALS, now=NOW, nonce="a-nonce", within_s=within_s)


def test_an_event_goes_out_signed_whole_and_asynchronous(httpserver: HTTPServer) -> None:
    address, seen = served(httpserver, 202)

    invoke(address)

    (request,) = seen
    headers = {name.lower(): value for name, value in request.headers.items()}
    names = re.search("SignedHeaders=([^,]+),", headers["authorization"])
    assert names
    sent = {name: headers[name] for name in names[1].split(";")}
    assert request.get_data() == TASK.event
    assert headers["authorization"] == official(address, sent, CREDENTIALS.access_key_secret, "an-access-key-id")
    assert (sent["x-fc-invocation-type"], sent["x-fc-async-task-id"]) == ("Async", "chat-1")
    assert (sent["x-acs-action"], sent["x-acs-version"]) == ("InvokeFunction", "2023-03-30")
    assert sent["x-acs-security-token"] == "a-security-token"
    assert "x-fc-async-delay" not in headers


def test_a_delay_is_asked_for_where_there_is_one(httpserver: HTTPServer) -> None:
    address, seen = served(httpserver, 202)

    invoke(address, Task(b"", "chat-1", delay_s=90))

    assert seen[0].headers["X-Fc-Async-Delay"] == "90"


def test_the_signed_time_is_utc(httpserver: HTTPServer) -> None:
    address, seen = served(httpserver, 202)
    shanghai = NOW.astimezone(timezone(timedelta(hours=8)))

    invoke_async(address, TASK, CREDENTIALS, now=shanghai, nonce="a-nonce", within_s=2.0)

    assert seen[0].headers["X-Acs-Date"] == "2026-11-20T01:30:00Z"


def test_a_task_that_fc_has_had_is_told_apart(httpserver: HTTPServer) -> None:
    address, seen = served(httpserver, 409)

    with pytest.raises(AlreadyInvokedError):
        invoke(address)
    assert len(seen) == 1


@pytest.mark.parametrize("status", [200, 301, 400, 403, 404, 429, 500, 503])
def test_whatever_else_fc_answers_it_did_not_accept_it(httpserver: HTTPServer, status: int) -> None:
    address, seen = served(httpserver, status)

    with pytest.raises(InvocationError, match=f"HTTP {status}") as caught:
        invoke(address)
    assert not caught.value.may_have_been_accepted
    assert len(seen) == 1


def test_where_nobody_listens_nothing_can_have_arrived() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = FunctionAddress(f"http://127.0.0.1:{listener.getsockname()[1]}", "worker")

    with pytest.raises(InvocationError) as caught:
        invoke(address)
    assert not caught.value.may_have_been_accepted


@pytest.mark.parametrize("answer", [lambda c: c.close(), lambda c: c.recv(1)], ids=["cut", "silent"])
def test_where_the_answer_is_lost_it_may_have_arrived(answer: Callable[[socket.socket], object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = FunctionAddress(f"http://127.0.0.1:{listener.getsockname()[1]}", "worker")

        def serve() -> None:
            connection, _ = listener.accept()
            answer(connection)
            over.wait(30)
            connection.close()

        over = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with pytest.raises(InvocationError) as caught:
                invoke(address)
        finally:
            over.set()
            thread.join()

    assert caught.value.may_have_been_accepted


def test_a_name_that_is_not_found_in_time_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def find(*_: object, **__: object) -> list[object]:
        over.wait(30)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", find)
    try:
        # Given up by whoever connects, or by whoever waits for the whole: only the first knows that nothing was sent.
        with pytest.raises(InvocationError):
            invoke(FunctionAddress("http://fc.example", "worker"), within_s=0.1)
        was_waited_for = over.is_set()
    finally:
        over.set()

    assert not was_waited_for


@pytest.mark.parametrize("count", [1, 8])
def test_many_addresses_that_do_not_answer_are_not_all_waited_for(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    over, asked = threading.Event(), threading.Event()

    class Unanswered(socket.socket):
        def connect(self, _address: object) -> None:
            asked.set()
            over.wait(30)
            raise TimeoutError

    address = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("192.0.2.1", 80))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: count * [address])
    monkeypatch.setattr(socket, "socket", Unanswered)
    try:
        # A machine too busy to begin a connection within the time gives up before one: it is given more.
        for within_s in (0.1, 1, 10):
            with pytest.raises(InvocationError):
                invoke(FunctionAddress("http://fc.example", "worker"), within_s=within_s)
            if asked.is_set():
                break
        was_waited_for = over.is_set()
    finally:
        over.set()

    assert asked.is_set()
    assert not was_waited_for


def test_an_event_that_fc_would_not_take_is_not_sent(httpserver: HTTPServer) -> None:
    address, seen = served(httpserver, 202)

    with pytest.raises(InvocationError, match="longer"):
        invoke(address, Task(bytes(MAX_EVENT_BYTES + 1), "chat-1"))
    assert seen == []


def test_a_function_is_found_in_its_own_account_and_region() -> None:
    told = FcContext(None, "", 60.0, account_id="1234567890123456", region="cn-hangzhou")

    address = address_of("worker", told, None)

    assert address.base_url == "https://1234567890123456.cn-hangzhou.fc.aliyuncs.com"
    assert address.path == "/2023-03-30/functions/worker/invocations"


def test_account_and_region_are_the_contexts_own() -> None:
    told = read_context(SimpleNamespace(account_id="1234567890123456", region="cn-hangzhou"))

    assert address_of("worker", told, None).base_url == "https://1234567890123456.cn-hangzhou.fc.aliyuncs.com"


@pytest.mark.parametrize(
    ("account_id", "region"),
    [("", "cn-hangzhou"), ("1", ""), ("1.evil.example/", "cn-hangzhou"), ("1", "evil.example/?")],
)
def test_no_host_is_made_of_what_is_no_account_and_region(account_id: str, region: str) -> None:
    with pytest.raises(InvocationError, match="account and region"):
        address_of("worker", FcContext(None, "", 60.0, account_id, region), None)


def test_no_secret_is_in_what_goes_wrong() -> None:
    with pytest.raises(InvocationError) as caught:
        address_of("worker", FcContext(None, "", 60.0, "secret-account", "x"), None)
    assert "secret" not in str(caught.value)
