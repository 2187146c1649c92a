"""Whether the worker may be invoked is tried by an event that it drops: from the worker itself, and from a shell."""

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.doctor.__main__ import main
from tests.functions.chats import MakeSlack, new_chat_settings
from tests.functions.fc_gate import FcGate
from tests.functions.shop import Shop

_PATH = "/2023-03-30/functions/sls-rewind-worker/invocations"
_POLICY = """
[[rules]]
principals = ["webhook:ci", "slack:T024BE7LD/U0WEI", "feishu:tenant-1/ou_wei", "dingtalk:corp-1/wei"]
actions = ["*"]
targets = ["shop/orders/billing"]
"""


@pytest.fixture
def gate() -> Iterator[FcGate]:
    with FcGate() as made:
        yield made


@pytest.fixture
def shell(shop: Shop, gate: FcGate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A shell with the variables of an installation that has chat platforms on."""
    (tmp_path / "policy.toml").write_text(_POLICY, encoding="utf-8")
    for name in [name for name in os.environ if name.startswith(("REWIND_", "ALIBABA_CLOUD_"))]:
        monkeypatch.delenv(name)
    sls = shop.sls
    for name, value in {
        **new_chat_settings(gate.url),
        "REWIND_FC_ENDPOINT": gate.url,
        "REWIND_REGION": sls.region,
        "REWIND_ENDPOINT": sls.url,
        "REWIND_JOURNAL": sls.journal,
        "REWIND_POLICY": str(tmp_path / "policy.toml"),
        "REWIND_WEBHOOK_SECRETS": json.dumps({"ci": secrets.token_hex(32)}),
        "ALIBABA_CLOUD_ACCESS_KEY_ID": sls.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sls.access_key_secret,
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def told(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run the doctor, and return its status and what it says of the worker, hint included."""
    status = main([])
    lines = capsys.readouterr().out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.split()[1] == "worker")
    hint = lines[at + 1] if lines[at + 1].lstrip().startswith("->") else ""
    return status, f"{lines[at]}\n{hint}"


@pytest.mark.usefixtures("shell")
def test_the_worker_is_invoked_once_asynchronously_with_what_nobody_sealed(
    gate: FcGate, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = told(capsys)

    (held,) = gate.held()
    assert (status, said.split()[0]) == (0, "ok")
    assert (held.path, held.headers["x-fc-invocation-type"]) == (_PATH, "Async")
    assert json.loads(held.event).keys() == {"doctor"}


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize("answer", [401, 403])
def test_a_denied_invocation_is_named_with_its_action_and_resource(
    gate: FcGate, capsys: pytest.CaptureFixture[str], answer: int
) -> None:
    gate.status = answer

    status, said = told(capsys)

    assert (status, said.split()[0]) == (1, "failed")
    assert "fc:InvokeFunction is denied on acs:fc:*:*:functions/sls-rewind-worker" in said
    assert "Grant the owner of these keys fc:InvokeFunction" in said


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize(("answer", "words"), [(404, "there is no function sls-rewind-worker"), (500, "HTTP 500")])
def test_any_other_answer_proves_nothing_and_is_told(
    gate: FcGate, capsys: pytest.CaptureFixture[str], answer: int, words: str
) -> None:
    gate.status = answer

    status, said = told(capsys)

    assert (status, said.split()[0]) == (1, "failed")
    assert words in said
    assert "is denied on" not in said


def test_an_fc_that_is_not_there_is_told(shell: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shell.setenv("REWIND_FC_ENDPOINT", "http://127.0.0.1:1")

    status, said = told(capsys)

    assert (status, said.split()[0]) == (1, "failed")
    assert "fc:InvokeFunction could not be tried" in said


@pytest.mark.parametrize(
    ("unset", "why"),
    [
        (("REWIND_FC_ENDPOINT",), "only a function is told its account and region"),
        (("REWIND_SLACK_", "REWIND_FEISHU_", "REWIND_DINGTALK_"), "no chat platform is on"),
        (("REWIND_SLACK_", "REWIND_FEISHU_", "REWIND_DINGTALK_", "REWIND_WORKER_KEY"), "no REWIND_WORKER_KEY here"),
    ],
)
def test_where_it_cannot_be_tried_a_skipped_line_says_why(
    shell: pytest.MonkeyPatch,
    gate: FcGate,
    capsys: pytest.CaptureFixture[str],
    unset: tuple[str, ...],
    why: str,
) -> None:
    for name in [name for name in os.environ if name.startswith(unset)]:
        shell.delenv(name)

    _, said = told(capsys)

    assert said.split()[0] == "skipped"
    assert f"fc:InvokeFunction was not tried: {why}" in said
    assert gate.held() == []


def test_the_worker_drops_it_and_does_nothing(make_slack: MakeSlack, gate: FcGate, shop: Shop) -> None:
    with make_slack(REWIND_FC_ENDPOINT=gate.url) as slack:
        signed = slack.command("doctor")
        slack.send(signed)
        (asked,) = gate.held()
        gate.hand_on(asked, slack.functions.url)
        shown = slack.platforms.wait_for(signed.path)[0].text
        (_, knocked) = gate.held()
        calls = len(shop.calls(journal=True))
        gate.hand_on(knocked, slack.functions.url)
        slack.logs.wait_for('"event":"dropped"')

    assert "is denied" not in shown
    assert knocked.path == _PATH
    assert len(shop.calls(journal=True)) == calls


def test_the_worker_tells_in_the_chat_that_its_own_right_is_missing(make_slack: MakeSlack, gate: FcGate) -> None:
    with make_slack(REWIND_FC_ENDPOINT=gate.url) as slack:
        signed = slack.command("doctor")
        slack.send(signed)
        (asked,) = gate.held()
        gate.status = 403
        gate.hand_on(asked, slack.functions.url)
        shown = slack.platforms.wait_for(signed.path)[0].text

    assert "fc:InvokeFunction is denied" in shown
    assert "the function's role" in shown
