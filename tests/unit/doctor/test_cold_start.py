"""What a cold instance of each function imports before its first event: nothing that only a rare command needs."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_PROBE = """
import sys
import functions.{name}.index
print("\\n".join(sys.modules))
"""
_RARE = ("shared.execution.doctor", "shared.doctor", "shared.policy.checking", "shared.sls.rights")
_AES = ("Crypto", "shared.chatops.encryption")
_ALERTS = ("shared.webhooks.proposals", "shared.webhooks.alerts", "shared.webhooks.payloads")
_NOT_OF = {
    "command": (*_AES, *_ALERTS, "shared.chatops", "shared.schedule", "shared.notifications", "shared.fc.invocation"),
    "schedule": (*_AES, *_ALERTS, "shared.chatops", "shared.webhooks", "shared.fc.invocation"),
    "chatops": (*_ALERTS, "shared.schedule", "shared.journal.journal", "shared.execution.moving"),
    "worker": (*_ALERTS, "shared.schedule", "shared.webhooks"),
}


@pytest.mark.parametrize("name", _NOT_OF)
def test_no_cold_start_pays_for_what_is_not_its_own(name: str) -> None:
    probe = [sys.executable, "-c", _PROBE.format(name=name)]

    done = subprocess.run(probe, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 -- our own probe

    assert [module for module in done.stdout.split() if module.startswith((*_RARE, *_NOT_OF[name]))] == []
