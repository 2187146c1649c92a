import json
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tests.e2e.timer_checkout import delivered, environment, up, write_checkout
from tests.local.__main__ import main
from tests.local.environment import CHECKOUT
from tests.local.fc.server import FunctionServer
from tests.local.fc.trial import fixture_gateway


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    write_checkout(tmp_path)
    return tmp_path


def fire(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["tests.local", "fire", *arguments])
    try:
        return main()
    except SystemExit as refusal:
        return int(refusal.code or 0)


def test_fire_delivers_one_firing_asynchronously(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--at", "2026-01-31T12:00:00+08:00", "--checkout", str(checkout)]
    with environment(checkout) as running:
        status = fire(monkeypatch, "recorder", "nightly", "--url", running.url, *arguments)
        running.gateway.wait_idle()
        (result,) = running.gateway.async_results

    expected = {"triggerTime": "2026-01-31T04:00:00Z", "triggerName": "nightly", "payload": '{"to": "2h"}'}
    assert (status, result.attempts) == (0, 2)
    assert delivered(checkout) == [expected, expected]
    assert json.loads(capsys.readouterr().out) == {**expected, "requestId": result.request_id}


def test_fire_now_is_the_present_instant(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = datetime.now(timezone.utc).replace(microsecond=0)
    with environment(checkout) as running:
        fire(monkeypatch, "recorder", "bare", "--wait", "--url", running.url, "--checkout", str(checkout))
        (event,) = delivered(checkout)

    assert before <= datetime.fromisoformat(event["triggerTime"].replace("Z", "+00:00")) <= datetime.now(timezone.utc)


def test_fire_and_wait_prints_the_functions_answer(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with environment(checkout) as running:
        status = fire(
            monkeypatch, "recorder-function", "bare", "--wait", "--url", running.url, "--checkout", str(checkout)
        )

    assert status == 0
    assert json.loads(capsys.readouterr().out)["took"]["triggerName"] == "bare"


def test_fire_and_wait_of_a_trigger_that_is_not_enabled_tells_a_failure(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with environment(checkout) as running:
        status = fire(monkeypatch, "recorder", "idle", "--wait", "--url", running.url, "--checkout", str(checkout))

    assert status == 1
    assert json.loads(capsys.readouterr().out)["errorType"] == "RuntimeError"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent", "nightly"], "function 'absent' does not exist"),
        (["recorder", "absent"], "function 'recorder' has no timer trigger 'absent'"),
        (["recorder", "secret"], "the payload of 'secret' needs variables that only the running environment has"),
        (["recorder", "nightly", "--at", "yesterday"], "argument --at: 'yesterday' is no time"),
        (["recorder", "nightly", "--at", "2026-01-31T04:00:00"], "argument --at: '2026-01-31T04:00:00' has no zone"),
        (["recorder", "nightly", "--at", "0001-01-01T00:00:00+14:00"], "is no time"),
        (["recorder", "nightly", "--url", "127.0.0.1:9000"], "is no address of a local environment"),
        (["recorder", "nightly", "--url", "http://127.0.0.1:x"], "is no address of a local environment"),
        (["recorder"], "the following arguments are required: triggerName"),
    ],
)
def test_fire_refuses_what_cannot_be_fired(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    status = fire(monkeypatch, *arguments, "--checkout", str(checkout))

    printed = capsys.readouterr()
    assert (status, printed.out) == (2, "")
    assert message in printed.err


def test_fire_refuses_a_function_that_the_running_environment_does_not_have(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with fixture_gateway(tmp_path) as gateway, FunctionServer(gateway) as server:
        status = fire(monkeypatch, "recorder", "nightly", "--url", server.url, "--checkout", str(checkout))

    assert status == 2
    assert "refuses the firing with HTTP 404" in capsys.readouterr().err


def test_fire_says_when_no_environment_answers(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with fixture_gateway(tmp_path) as gateway, FunctionServer(gateway) as server:
        url = server.url
    status = fire(monkeypatch, "recorder", "nightly", "--url", url, "--checkout", str(checkout))

    assert status == 1
    assert f"no local environment answers at {url}" in capsys.readouterr().err


def test_fire_reaches_an_environment_in_another_process(checkout: Path) -> None:
    with up(checkout) as (_, announced):
        url = announced["functions"]["recorder"]["invoke"].partition("/2023")[0]
        command = [sys.executable, "-m", "tests.local", "fire", "recorder", "bare", "--wait", "--url", url]
        fired = subprocess.run(  # noqa: S603 -- this project's own module
            [*command, "--checkout", str(checkout)], cwd=CHECKOUT, capture_output=True, text=True, check=True
        )

    assert json.loads(fired.stdout)["took"]["triggerName"] == "bare"
