import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.local.environment import CHECKOUT, LocalEnvironment
from tests.local.fc.errors import StagingError, TemplateError

TEMPLATE = """
edition: 3.0.0
resources:
  probe:
    component: fc3
    props:
      region: ${env('REWIND_REGION')}
      functionName: probe-function
      runtime: python3.12
      handler: index.handler
      code: ./build/probe
      timeout: 30
      role: ${env('REWIND_ROLE_WRITER')}
      environmentVariables:
        ENDPOINT: ${env('REWIND_ENDPOINT')}
        JOURNAL: ${env('REWIND_JOURNAL')}
        POLICY: ${env('REWIND_POLICY')}
        SECRETS: ${env('REWIND_WEBHOOK_SECRETS')}
        SIGNATURE: ${env('REWIND_SIGNATURE', '')}
        READ_ONLY: ${env('REWIND_READ_ONLY', '')}
        ROLE: ${env('REWIND_ROLE_WRITER')}
        CHAT: ${env('CHAT_SECRET', '')}
"""
PROBE = """
import os
from pathlib import Path
def handler(event, context):
    return {**os.environ, "policy": Path(os.environ["POLICY"]).read_text()}
"""


@dataclass(frozen=True)
class KnownStandIn:
    """Says where an SLS would be; nothing listens there."""

    url: str = "http://127.0.0.1:1"
    region: str = "cn-known"
    access_key_id: str = "known-id"
    access_key_secret: str = "known-secret"
    journal: str = "known-project/known-journal"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "functions/probe").mkdir(parents=True)
    (tmp_path / "functions/probe/index.py").write_text(PROBE, encoding="utf-8")
    (tmp_path / "template.yml").write_text(TEMPLATE, encoding="utf-8")
    return tmp_path


def probe(checkout: Path, environ: Mapping[str, str], **options: Any) -> tuple[LocalEnvironment, dict[str, str]]:  # noqa: ANN401 -- passed on
    with LocalEnvironment(KnownStandIn(), environ=environ, checkout=checkout, **options) as environment:
        variables: dict[str, str] = json.loads(environment.gateway.invoke("probe", b"").payload)
    return environment, variables


def test_functions_are_set_up_for_the_stand_in(checkout: Path) -> None:
    environment, variables = probe(checkout, {})

    assert variables["ENDPOINT"] == "http://127.0.0.1:1"
    assert variables["JOURNAL"] == "known-project/known-journal"
    assert variables["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] == "known-secret"
    assert json.loads(variables["SECRETS"]) == {"local": environment.bearer}
    assert len(environment.bearer) == 43


def test_roles_that_the_template_names_need_not_exist(checkout: Path) -> None:
    assert probe(checkout, {})[1]["ROLE"] == "acs:ram::1234567890123456:role/sls-rewind-writer"


def test_the_local_policy_is_staged_into_the_code_root(checkout: Path) -> None:
    variables = probe(checkout, {})[1]

    assert variables["POLICY"] == "policy.toml"
    assert 'principals = ["webhook:local", "timer:*"]' in variables["policy"]


def test_the_callers_environment_overrides_three_settings_and_no_other(checkout: Path) -> None:
    policy = checkout / "own.toml"
    policy.write_text("own", encoding="utf-8")
    environ = {
        "REWIND_SIGNATURE": "v1",
        "REWIND_READ_ONLY": "1",
        "REWIND_POLICY": str(policy),
        "REWIND_ENDPOINT": "https://real.example",
        "REWIND_JOURNAL": "real/journal",
    }

    variables = probe(checkout, environ)[1]

    assert (variables["SIGNATURE"], variables["READ_ONLY"], variables["policy"]) == ("v1", "1", "own")
    assert (variables["ENDPOINT"], variables["JOURNAL"]) == ("http://127.0.0.1:1", "known-project/known-journal")


def test_a_policy_of_the_caller_must_be_an_absolute_path(checkout: Path) -> None:
    with pytest.raises(StagingError, match="REWIND_POLICY must be an absolute path"):
        probe(checkout, {"REWIND_POLICY": "policy.toml"})


def test_settings_given_by_the_program_win(checkout: Path) -> None:
    variables = probe(checkout, {"REWIND_READ_ONLY": "1"}, settings={"CHAT_SECRET": "c", "REWIND_READ_ONLY": ""})[1]

    assert (variables["CHAT"], variables["READ_ONLY"]) == ("c", "")


def test_artefacts_run_as_they_were_built_under_the_local_policy(checkout: Path) -> None:
    (checkout / "build").mkdir()
    (checkout / "functions/probe").rename(checkout / "build/probe")
    (checkout / "build/probe/policy.toml").write_text("shipped", encoding="utf-8")

    variables = probe(checkout, {}, artefacts=True)[1]

    assert variables["FC_FUNC_CODE_PATH"] == f"{checkout / 'build/probe'}/"
    assert "webhook:local" in variables["policy"]


def test_a_failed_start_leaves_nothing_behind(checkout: Path) -> None:
    template = checkout / "template.yml"
    template.write_text(template.read_text("utf-8").replace("timeout: 30", "timeout: none"), encoding="utf-8")

    with pytest.raises(TemplateError, match="timeout"):
        probe(checkout, {})


def test_the_description_tells_where_each_function_is(checkout: Path) -> None:
    with LocalEnvironment(KnownStandIn(), environ={}, checkout=checkout) as environment:
        description = environment.description()

    assert description == {
        "sls": {
            "url": "http://127.0.0.1:1",
            "region": "cn-known",
            "access_key_id": "known-id",
            "access_key_secret": "known-secret",
        },
        "bearer": environment.bearer,
        "functions": {
            "probe": {"url": None, "invoke": f"{environment.url}/2023-03-30/functions/probe-function/invocations"}
        },
    }


def plain_environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("REWIND_")}


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "tests.local", *arguments]
    with subprocess.Popen(  # noqa: S603 -- this project's own module
        command, cwd=CHECKOUT, env=plain_environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_up_announces_the_environment_and_serves_it() -> None:
    with running("up", "--port", "0") as (_, announced):
        assert set(announced) == {"sls", "bearer", "functions"}
        command = announced["functions"]["command"]
        assert command["url"].endswith("/command")
        assert "X-Fc-Request-Id" in requests.delete(command["url"], timeout=30).headers
        assert requests.get(f"{announced['sls']['url']}/_local/requests", timeout=30).status_code == 200


def test_sls_announces_the_stand_in_alone() -> None:
    with running("sls", "--port", "0") as (_, announced):
        assert set(announced) == {"sls"}
        assert set(announced["sls"]) == {"url", "region", "access_key_id", "access_key_secret"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["up", "sls"])
def test_a_command_ends_cleanly_and_keeps_stdout_silent(command: str, number: signal.Signals) -> None:
    with running(command, "--port", "0") as (process, announced):
        assert announced
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)

    assert (process.returncode, output, errors) == (0, "", "")


def test_a_port_in_use_is_reported_without_a_traceback() -> None:
    with running("sls", "--port", "0") as (_, announced):
        port = announced["sls"]["url"].rpartition(":")[2]
        command = [sys.executable, "-m", "tests.local", "up", "--port", port]
        refused = subprocess.run(  # noqa: S603 -- this project's own module
            command, cwd=CHECKOUT, env=plain_environ(), capture_output=True, text=True, check=False
        )

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("the local environment cannot start: ")
    assert len(refused.stderr.splitlines()) == 1
