"""The command function as a warm instance has it: its handler, called in this process with what FC would hand over."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from functions.command.index import handler

_TOKEN = "a token of the benches alone, 32 bytes or more"
_POLICY = """
[limits]
max_shards = 10000
[[rules]]
principals = ["webhook:bench"]
actions = ["*"]
targets = ["*/*/*"]
"""
_NUMBERS = count(1)
TARGET = "shop/orders/billing"
REWIND = {"action": "rewind", "target": TARGET, "to": "1h", "dry_run": False}
"""The command that is measured most: every safety on, planned and applied in one."""


@dataclass(frozen=True)
class _Function:
    name: str = "sls-rewind-command"
    timeout: int = 600


@dataclass(frozen=True)
class _Context:
    request_id: str = "1-bench"
    function: _Function = _Function()
    region: str = "cn-local"
    account_id: str = "1234567890123456"


class Instance:
    """Runs commands in this process, whose environment it sets.

    Args:
        sls_url: The other side.
        journal: Name of the journal; None for one that this process has not read before.
    """

    def __init__(self, sls_url: str, *, journal: str | None = None) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".toml", delete=False) as policy:
            policy.write(_POLICY)
        self._policy = Path(policy.name)
        os.environ.update(
            REWIND_REGION="cn-local",
            REWIND_ENDPOINT=sls_url,
            REWIND_POLICY=policy.name,
            REWIND_WEBHOOK_SECRETS=json.dumps({"bench": _TOKEN}),
            REWIND_JOURNAL=f"ops/{journal or f'bench{next(_NUMBERS)}-journal'}",
            FC_INSTANCE_ID="bench",
            ALIBABA_CLOUD_ACCESS_KEY_ID="bench",
            ALIBABA_CLOUD_ACCESS_KEY_SECRET="a-key-of-the-benches-alone",
        )

    def close(self) -> None:
        """Leave nothing behind."""
        self._policy.unlink()

    def use_journal(self, name: str) -> None:
        """Go on with another journal, of which nothing has been read."""
        os.environ["REWIND_JOURNAL"] = f"ops/{name}"

    def run(self, command: Mapping[str, object]) -> dict[str, Any]:
        """Return a command's result.

        Raises:
            RuntimeError: It did not come out well.
        """
        response = handler(event_of(command), _Context())
        result: dict[str, Any] = json.loads(str(response["body"]))
        if not result["ok"]:
            raise RuntimeError(f"{response['statusCode']}: {result['error']}")
        return result


def event_of(command: Mapping[str, object]) -> bytes:
    """Return the event of an HTTP trigger that brings a command."""
    headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}
    http = {"method": "POST", "path": "/"}
    event = {
        "version": "v1",
        "rawPath": "/",
        "headers": headers,
        "body": json.dumps(command),
        "isBase64Encoded": False,
        "requestContext": {"http": http},
    }
    return json.dumps(event).encode()
