"""Schemathesis reads what the function tells of itself, and holds the function to it."""

import json
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functions.caller import FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import Shop
from tests.fuzz.amount import FACTOR, FUZZING, SEED, note_examples

POLICY = """
default_time_zone = "UTC"
[[rules]]
principals = ["webhook:local", "webhook:monitor"]
actions = ["*"]
targets = ["*/*/*"]
"""
# TRACE and the like reach no function: an HTTP trigger has no such method. A key that is used twice is 422. Every bound
# of every field of every command takes too long: of these, as many as chance draws.
CONFIGURATION = """
hooks = "{hooks}"
[auth.openapi.bearer]
bearer = "{bearer}"
[parameters]
"path.token" = "{token}"
[generation]
deterministic = {deterministic}
codec = "ascii"
max-examples = {few}
with-security-parameters = false
[phases.coverage]
unexpected-methods = ["DELETE", "PATCH", "PUT"]
[phases.stateful]
enabled = false
[[operations]]
include-operation-id = "post_root"
generation.max-examples = {many}
phases.coverage.enabled = false
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "422", "429"]
"""
HOOKS = Path(__file__).with_name("schemathesis_hooks.py")


def configuration(bearer: str, token: str) -> str:
    """Return what Schemathesis is told."""
    how_many = {"few": 25 * FACTOR, "many": 100 * FACTOR, "deterministic": str(not FUZZING).lower()}
    return CONFIGURATION.format(hooks=HOOKS, token=token, bearer=bearer, **how_many)


def findings(functions: FunctionCaller, folder: Path) -> str:
    """Return what Schemathesis found, as it prints it; "" if nothing."""
    url = f"{functions.url}/command"
    words = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--url", url, "--no-color"]
    words += ["--seed", SEED] if FUZZING else []
    environ = {**os.environ, "CI": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    # A process of its own: its warnings are not ours, and its hooks stay there.
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, env=environ)  # noqa: S603 -- a test's own words
    note_examples(sum(map(int, re.findall(r"(\d+) generated", done.stdout))))
    return "" if done.returncode == 0 else done.stdout[-20_000:] + done.stderr


@pytest.mark.hypothesis
@pytest.mark.usefixtures("functions")  # whose logs come first in the evidence
def test_every_route_is_what_openapi_says(
    make_functions: MakeFunctions, tokens: dict[str, str], shop: Shop, evidence: Evidence, tmp_path: Path
) -> None:
    token = secrets.token_urlsafe(32)
    evidence.add_secret("a token in a URL", token)
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "schemathesis.toml").write_text(configuration(tokens["local"], token), encoding="utf-8")
    settings = {"REWIND_POLICY": str(tmp_path / "policy.toml"), "REWIND_URL_TOKENS": json.dumps({"monitor": token})}

    with make_functions(settings=settings) as functions:
        found = findings(functions, tmp_path)

    if found:
        pytest.fail(found, pytrace=False)
    assert {call["status"] for call in shop.calls()} >= {200, 404}
