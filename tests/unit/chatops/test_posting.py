import json
import logging
import socket
import time
from collections.abc import Iterator

import pytest

from shared.chatops.hosts import host_and_path, is_of
from shared.chatops.messages import ChatPost
from shared.chatops.posting import PostOutcome, post
from tests.unit.chatops.sent import RESPONSE_URL, SESSION_WEBHOOK
from tests.unit.sls.scripted_server import RESET, SILENCE, ScriptedServer, Step, answer

FEISHU_URL = "https://open.feishu.cn/open-apis/im/v1/messages/om_1/reply"
SLACK_POST = ChatPost(RESPONSE_URL, {"text": "done \u2713"})
FEISHU_POST = ChatPost(FEISHU_URL, {"msg_type": "interactive"}, {"Authorization": "Bearer t-secret"})
DINGTALK_POST = ChatPost(SESSION_WEBHOOK, {"msgtype": "markdown"})
FEISHU_OK, DINGTALK_OK = answer({"code": 0, "msg": "success"}), answer({"errcode": 0, "errmsg": "ok"})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def send(server: ScriptedServer, chat_post: ChatPost = SLACK_POST, *, timeout_s: float = 10.0) -> PostOutcome:
    return post(chat_post, loopback_url=server.url, timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("chat_post", "yes", "host"),
    [
        (SLACK_POST, answer(b"ok"), "hooks.slack.com"),
        (SLACK_POST, answer({"ok": True}), "hooks.slack.com"),
        (FEISHU_POST, FEISHU_OK, "open.feishu.cn"),
        (DINGTALK_POST, DINGTALK_OK, "oapi.dingtalk.com"),
    ],
)
def test_a_post_is_taken(server: ScriptedServer, chat_post: ChatPost, yes: Step, host: str) -> None:
    server.play(yes)

    outcome = send(server, chat_post)

    assert (outcome.taken, outcome.code) == (True, "taken")
    received = server.last
    assert (received.method, received.headers["host"]) == ("POST", host)
    assert f"https://{host}{received.target}" == chat_post.url
    assert json.loads(received.body) == chat_post.body
    assert received.headers["content-type"].startswith("application/json")


def test_a_posts_own_headers_are_sent(server: ScriptedServer) -> None:
    server.play(FEISHU_OK)

    send(server, FEISHU_POST)

    assert server.last.headers["authorization"] == "Bearer t-secret"


def test_the_platforms_answer_is_returned(server: ScriptedServer) -> None:
    server.play(answer({"code": 0, "tenant_access_token": "t-secret"}))

    outcome = send(server, FEISHU_POST)

    assert outcome.body == {"code": 0, "tenant_access_token": "t-secret"}
    assert "t-secret" not in repr(outcome)


@pytest.mark.parametrize(
    ("chat_post", "no", "message"),
    [
        (SLACK_POST, answer(b"used_url", status=404), "slack answered HTTP 404, used_url"),
        (SLACK_POST, answer({"ok": False, "error": "expired_url"}), "slack answered HTTP 200, expired_url"),
        (SLACK_POST, answer(b"<html>no</html>"), "slack answered HTTP 200"),
        (SLACK_POST, answer(b""), "slack answered HTTP 200"),
        (SLACK_POST, answer(b"ok", status=500), "slack answered HTTP 500, ok"),
        (SLACK_POST, answer(b"ok", status=429), "slack answered HTTP 429, ok"),
        (FEISHU_POST, answer({"code": 230002, "msg": "t-secret"}, status=400), "feishu answered HTTP 400, code 230002"),
        (FEISHU_POST, answer({"code": 99991663}), "feishu answered HTTP 200, code 99991663"),
        (FEISHU_POST, answer({"code": "0"}), "feishu answered HTTP 200"),
        (FEISHU_POST, answer({"code": False}), "feishu answered HTTP 200"),
        (FEISHU_POST, answer(b"ok"), "feishu answered HTTP 200"),
        (DINGTALK_POST, answer({"errcode": 300001, "errmsg": "x"}), "dingtalk answered HTTP 200, code 300001"),
        (DINGTALK_POST, answer({}), "dingtalk answered HTTP 200"),
        (DINGTALK_POST, answer(b"[" * 50_000), "dingtalk answered HTTP 200"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_platforms_no_is_not_taken(server: ScriptedServer, chat_post: ChatPost, no: Step, message: str) -> None:
    server.play(no)

    outcome = send(server, chat_post)

    assert (outcome.taken, outcome.code, outcome.message) == (False, "not_taken", message)
    assert len(server.received) == 1


def test_a_redirect_is_not_followed(server: ScriptedServer) -> None:
    server.play(answer(status=307, headers={"Location": f"{server.url}/elsewhere"}), answer(b"ok"))

    assert send(server).code == "not_taken"
    assert len(server.received) == 1


def test_an_answer_without_end_is_cut(server: ScriptedServer) -> None:
    server.play(answer(b"x" * 1_000_000))

    assert send(server).code == "not_taken"


def test_a_lost_answer_is_not_tried_again(server: ScriptedServer) -> None:
    server.play(RESET, answer(b"ok"))

    outcome = send(server)

    assert (outcome.code, len(server.received)) == ("lost", 1)


@pytest.mark.parametrize("silence", [SILENCE, Step(answer(b"ok" * 10_000).data, then="drip")], ids=["silent", "drip"])
def test_an_answer_that_does_not_come_is_given_up(server: ScriptedServer, silence: Step) -> None:
    server.play(silence)
    began_s = time.monotonic()

    outcome = send(server, timeout_s=0.5)

    assert outcome.code == "lost"
    assert time.monotonic() - began_s < 60


def test_nobody_there_is_tried_once_more_and_then_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[object] = []
    connect = socket.socket.connect

    def noted(own: socket.socket, address: tuple[str, int]) -> None:
        tries.append(address)
        connect(own, address)

    monkeypatch.setattr(socket.socket, "connect", noted)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    outcome = post(SLACK_POST, loopback_url=f"http://127.0.0.1:{port}", timeout_s=5.0)

    assert (outcome.code, outcome.message) == ("not_connected", "not sent: slack could not be connected to")
    assert tries == [("127.0.0.1", port)] * 2


def test_a_proxy_of_the_environment_is_not_asked(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.play(answer(b"ok"))

    assert send(server).taken


BAD_URLS = [
    "http://hooks.slack.com/commands/1",
    "https://hooks.slack.com",
    "https://hooks.slack.com:443/commands/1",
    "https://hooks.slack.com./commands/1",
    "https://HOOKS.slack.com/commands/1",
    "https://hooks.slack.com@evil.example/",
    "https://evil.example@hooks.slack.com/commands/1",
    "https://evil.example/https://hooks.slack.com/",
    "https://hooks.slack.com\\.evil.example/x",
    "https://hooks.slack.com/a b",
    "https://hooks.slack.com/a\r\nHost: evil.example",
    "https://hooks.slack.com/#fragment",
    "https://hooks.sl\u0430ck.com/commands/1",
    "https://hooks.slack.com/\uff0e\uff0e/x",
    "https://hooks.slack.com.evil.example/x",
    "https://xhooks.slack.com/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://metadata.example/x",
    "https://oapi.dingtalk.com/robot/send?access_token=1",
    "https://oapi.dingtalk.com/robot/sendBySession",
    "file:///etc/passwd",
    "//hooks.slack.com/x",
    "https://hooks.slack.com/" + "x" * 5000,
    "",
]


@pytest.mark.parametrize("url", BAD_URLS, ids=lambda url: ascii(url)[:50])
def test_a_url_that_is_none_of_a_platform_is_not_posted_to(server: ScriptedServer, url: str) -> None:
    outcome = send(server, ChatPost(url, {}))

    assert (outcome.code, server.connections) == ("not_allowed", 0)
    assert "evil" not in outcome.message
    assert host_and_path(url) is None


@pytest.mark.parametrize("host", ["open.feishu.cn", "open.larksuite.com"])
def test_both_hosts_of_feishu_are_its_own(host: str) -> None:
    assert is_of("feishu", f"https://{host}/open-apis/im/v1/messages?receive_id_type=open_id")
    assert not is_of("slack", f"https://{host}/open-apis")


def test_no_log_line_holds_a_url_or_a_token(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    server.play(answer(b"used_url", status=404), RESET)
    with caplog.at_level(logging.DEBUG):
        messages = [send(server).message, send(server).message]

    assert "96rGlfmibIGlgcZRskXaIFfN" not in caplog.text + "".join(messages)
