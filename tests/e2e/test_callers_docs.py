"""What docs/callers.md shows works as it stands there: its shell lines are run."""

import json
import os
import re
import secrets
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.demo import Orders
from tests.local.environment import CHECKOUT, LocalEnvironment
from tests.local.sls.server import StandInServer

DOCUMENT = (CHECKOUT / "docs/callers.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", DOCUMENT, flags=re.MULTILINE | re.DOTALL))
BLOCKS = [
    (heading, lines) for heading, text in SECTIONS.items() for lines in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
]
EXPECTED = {
    "CI, scripts, people": ["applied", "read"],
    "Standard Webhooks": ["planned"],
    "GitHub's signature": ["applied"],
    "Grafana's signature": ["planned", "read"],
}
POLICY = """
[[rules]]
principals = ["webhook:*"]
actions = ["*"]
targets = ["*/*/*"]
"""


@pytest.fixture
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables that the document's lines need, for functions that are up."""
    policy = tmp_path_factory.mktemp("policy") / "policy.toml"
    policy.write_text(POLICY, encoding="utf-8")
    known = {
        "TOKEN": secrets.token_hex(32),
        "WHSEC": f"whsec_{b64encode(secrets.token_bytes(32)).decode()}",
        "SECRET": secrets.token_hex(32),
    }
    tokens = {"monitor": secrets.token_urlsafe(32)}
    settings = {
        "REWIND_POLICY": str(policy),
        "REWIND_WEBHOOK_SECRETS": json.dumps({name.lower(): secret for name, secret in known.items()}),
        "REWIND_URL_TOKENS": json.dumps(tokens),
    }
    with StandInServer() as sls, LocalEnvironment(sls, settings=settings, environ={}) as environment:
        Orders(sls)
        yield {**known, "URL_TOKEN": tokens["monitor"], "URL": f"{environment.url}/command"}


def run(lines: str, variables: dict[str, str]) -> str:
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C", "no_proxy": "127.0.0.1", **variables}
    done = subprocess.run(  # noqa: S603 -- the document's own lines, as a reader would run them
        ["/bin/sh", "-eu", "-c", lines], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        pytest.param(lines, EXPECTED[heading][number], id=f"{heading} {number}")
        for heading in EXPECTED
        for number, (_, lines) in enumerate(block for block in BLOCKS if block[0] == heading)
    ],
)
def test_every_line_that_sends_a_command_is_carried_out(shell: dict[str, str], lines: str, status: str) -> None:
    answer: dict[str, Any] = json.loads(run(lines, shell))

    assert (answer["status"], answer["error"]) == (status, None)


def test_the_key_that_the_document_shows_makes_the_second_request_a_duplicate(shell: dict[str, str]) -> None:
    lines = next(lines for _, lines in BLOCKS if "Idempotency-Key" in lines)

    assert [json.loads(run(lines, shell))["status"] for _ in range(2)] == ["applied", "duplicate"]


def test_the_secrets_that_the_document_makes_are_taken_as_they_are() -> None:
    from shared.settings import load_settings  # noqa: PLC0415 -- the one test that needs it

    (lines,) = re.findall(r"^  ```sh\n(.*?)^  ```", DOCUMENT, flags=re.MULTILINE | re.DOTALL)
    plain, whsec = run(lines, {}).split()
    environ = {"REWIND_REGION": "cn-hangzhou", "REWIND_WEBHOOK_SECRETS": json.dumps({"ci": plain, "hooks": whsec})}

    assert load_settings(environ).webhook_secrets == {"ci": (plain,), "hooks": (whsec,)}


def test_every_sender_of_the_table_has_a_section() -> None:
    anchors = set(re.findall(r"\]\(#([a-z0-9-]+)\)", DOCUMENT))
    headings = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in SECTIONS}

    assert anchors == headings
