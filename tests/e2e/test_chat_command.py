"""The command `chat`, and `up` as the place where the chat platforms are played."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from slack_sdk.signature import SignatureVerifier

from tests.e2e.timer_checkout import up
from tests.local.__main__ import main
from tests.local.chat.people import LocalChat
from tests.local.chat.slack import Slack
from tests.local.environment import CHECKOUT

PLATFORMS = ("slack", "feishu", "dingtalk")
NOBODY_LISTENS = "http://127.0.0.1:1"


def chat(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["tests.local", "chat", *arguments])
    try:
        return main()
    except SystemExit as refusal:
        return int(refusal.code or 0)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_chat_shows_the_plan_presses_apply_and_waits_for_the_verification(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], platform: str
) -> None:
    status = chat(monkeypatch, platform, "rewind orders 2h", "--click", "apply")

    told = capsys.readouterr().out
    said = ["Plan to rewind", "you press: apply", "Applied", "It has held"]
    assert status == 0
    assert sorted(said, key=told.index) == said
    assert re.search(r"0\W+back\W+7\d{3} again", told)


@dataclass
class Running:
    """An `up` in a process of its own.

    Attributes:
        first_line: Of its standard output.
        url: Of its chat.
        stderr: What it has written there so far.
    """

    process: "subprocess.Popen[str]"
    first_line: dict[str, Any]
    url: str
    stderr: list[str]
    changed: threading.Condition

    def wait_for(self, text: str) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: any(text in line for line in self.stderr), timeout=30)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with up(CHECKOUT, "--chat-port", "0") as (process, first_line):
        made = Running(process, first_line, "", [], threading.Condition())

        def read() -> None:
            for line in process.stderr or ():
                with made.changed:
                    made.stderr.append(line)
                    made.changed.notify_all()

        reader = threading.Thread(target=read)
        reader.start()
        assert made.wait_for("--url")
        made.url = next(line for line in made.stderr if "--url" in line).split()[-1]
        yield made
    reader.join()


def test_the_first_line_of_up_is_what_it_was(running: Running) -> None:
    assert running.first_line.keys() == {"sls", "bearer", "functions"}
    assert running.first_line["functions"].keys() == {"command", "schedule", "chatops", "worker"}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_chat_talks_to_a_running_environment_which_shows_what_is_posted(
    running: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], platform: str
) -> None:
    # There is nothing in it yet: that is what the reply says.
    status = chat(monkeypatch, platform, f"describe shop/orders/{platform}", "--url", running.url)

    told = capsys.readouterr().out
    assert status == 0
    assert "Why: " in told
    assert running.wait_for(f"{platform}, only to one person:" if platform != "dingtalk" else "dingtalk:")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_where_answers_are_posted_stands_in_no_line_that_is_logged(
    running: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], platform: str
) -> None:
    chat(monkeypatch, platform, f"describe shop/orders/{platform}-2", "--url", running.url)
    chat(monkeypatch, platform, "help", "--url", running.url)
    assert running.wait_for("End RequestId")

    logged = capsys.readouterr().out + "".join(running.stderr)

    assert not re.search(r"hooks\.slack\.com/|/(commands|actions)/T0LOCAL|sendBySession\?|session=", logged)


def test_somebody_else_is_told_what_strangers_are_told(
    running: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status = chat(monkeypatch, "slack", "describe orders", "--user", "U0NOBODY", "--url", running.url)

    assert status == 0
    assert "no rule of policy.toml allows this" in capsys.readouterr().out


def test_a_button_that_is_not_there_cannot_be_pressed(
    running: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status = chat(monkeypatch, "slack", "help", "--click", "detonate", "--url", running.url)

    told = capsys.readouterr().out
    assert status == 1
    assert "What you may send:" in told
    assert "there is no button 'detonate'; there is: none" in told


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["slack", "help", "--url", NOBODY_LISTENS], 1, "no local chat answers at http://127.0.0.1:1"),
        (["slack", "help", "--url", "127.0.0.1:9000"], 2, "is no address of a local chat"),
        (["teams", "help"], 2, "invalid choice: 'teams'"),
        (["slack"], 2, "the following arguments are required: text"),
    ],
)
def test_chat_refuses_what_it_cannot_do(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    message: str,
) -> None:
    assert chat(monkeypatch, *arguments) == status
    assert message in capsys.readouterr().err


def test_slacks_own_library_accepts_what_the_local_slack_signs() -> None:
    slack = Slack()
    sent = slack.typed("rewind orders 2h", "U0YOU")

    verifier = SignatureVerifier(slack.settings()["REWIND_SLACK_SIGNING_SECRET"])

    assert verifier.is_valid_request(sent.body, dict(sent.headers))


def post(local: LocalChat, host: str, path: str, body: object, **headers: str) -> requests.Response:
    sent = {"Host": host, "Content-Type": "application/json", **headers}
    return requests.post(f"{local.url}{path}", data=json.dumps(body), headers=sent, timeout=30)


def test_the_platforms_take_nothing_by_an_address_that_they_gave_to_nobody() -> None:
    with LocalChat() as local:
        message = {"text": "x", "response_type": "ephemeral", "replace_original": False}
        slack = post(local, "hooks.slack.com", "/commands/T/1", message)
        dingtalk = post(local, "oapi.dingtalk.com", "/robot/sendBySession?session=1", {"markdown": {"text": "x"}})
        feishu = post(local, "open.feishu.cn", "/open-apis/im/v1/messages/om_1/reply", {"content": "{}"})
        elsewhere = post(local, "example.com", "/", {})

    assert slack.status_code == elsewhere.status_code == 404
    assert dingtalk.json()["errcode"] == 300001
    assert feishu.json()["code"] == 99991663


def test_a_response_url_of_slack_is_good_for_five_posts() -> None:
    with LocalChat() as local:
        slack = Slack()
        sent = slack.typed("help", "U0YOU")
        (path,) = sent.handles
        local.expect("slack", sent)
        message = {"text": "x", "response_type": "ephemeral", "replace_original": False}
        answers = [post(local, "hooks.slack.com", path, message).status_code for _ in range(6)]

    assert answers == [200] * 5 + [404]
