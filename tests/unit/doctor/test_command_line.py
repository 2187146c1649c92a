import json
import os
import secrets
from pathlib import Path

import pytest

from shared.doctor.__main__ import main
from tests.functions.shop import Shop
from tests.functions.watched import WatchedStandIn

POLICY = """
[[rules]]
principals = ["webhook:ci"]
actions = ["*"]
targets = ["shop/orders/billing"]
"""


@pytest.fixture
def installed(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A shell that holds a sound installation's variables."""
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    for name in [name for name in os.environ if name.startswith(("REWIND_", "ALIBABA_CLOUD_"))]:
        monkeypatch.delenv(name)
    sls = shop.sls
    for name, value in {
        "REWIND_REGION": sls.region,
        "REWIND_ENDPOINT": sls.url,
        "REWIND_JOURNAL": sls.journal,
        "REWIND_POLICY": str(tmp_path / "policy.toml"),
        "REWIND_WEBHOOK_SECRETS": json.dumps({"ci": secrets.token_urlsafe(32)}),
        "ALIBABA_CLOUD_ACCESS_KEY_ID": sls.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sls.access_key_secret,
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def run(capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    status = main([])
    return status, capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("installed")
def test_a_sound_installation_exits_0(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = run(capsys)

    assert status == 0
    assert lines[-1].endswith("checks, 0 failed, 0 with a warning")
    assert [line.split()[0] for line in lines if not line.startswith("ok")] == ["skipped", "->", lines[-1].split()[0]]
    assert "fc:InvokeFunction was not tried" in "\n".join(lines)


def test_every_problem_of_the_settings_and_the_policy_is_printed_at_once(
    installed: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    installed.setenv("REWIND_SIGNATURE", "v9")
    installed.setenv("REWIND_JOURNAL", "no journal")
    (tmp_path / "policy.toml").write_text('[[rules]]\nprincipals = ["webhook:ci"]\nspeed = 3\n', encoding="utf-8")

    status, lines = run(capsys)
    text = "\n".join(lines)

    assert status == 1
    for said in ("REWIND_SIGNATURE: must be", "REWIND_JOURNAL: must be", "line 3: rules[0].speed", "rules[0].targets"):
        assert said in text


def test_missing_credentials_are_told(installed: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    installed.delenv("ALIBABA_CLOUD_ACCESS_KEY_ID")

    status, lines = run(capsys)

    assert status == 1
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID: missing" in lines[0]
    assert {"settings", "policy", "secrets", "callers"} <= {line.split()[1] for line in lines[:-1]}


def test_a_policy_that_is_not_there_is_told(installed: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    installed.setenv("REWIND_POLICY", "nowhere.toml")

    status, lines = run(capsys)

    assert status == 1
    assert any(line.startswith("failed") and "everything is denied" in line for line in lines)


@pytest.mark.usefixtures("installed")
def test_what_is_wrong_stands_with_what_to_do(capsys: pytest.CaptureFixture[str], sls: WatchedStandIn) -> None:
    fault = {"operation": "UpdateConsumerGroup", "kind": "error", "status": 401, "error_code": "Unauthorized"}
    sls.control("faults", [fault])

    status, lines = run(capsys)
    failed = next(number for number, line in enumerate(lines) if line.startswith("failed"))

    assert status == 1
    assert "log:UpdateConsumerGroup is denied" in lines[failed]
    assert "-> Grant the owner of these keys log:UpdateConsumerGroup" in lines[failed + 1]


@pytest.mark.usefixtures("installed")
def test_rights_are_asked_for_only_where_a_rule_uses_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, shop: Shop
) -> None:
    policy = POLICY.replace('["*"]', '["describe"]')
    (tmp_path / "policy.toml").write_text(policy, encoding="utf-8")

    status, _ = run(capsys)

    assert status == 0
    assert not [call for call in shop.writes() if call["operation"] != "PutLogs"]
