"""template.yml is what the deploy component takes, holds no account and no secret, and fits what functions read."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared.chat_settings import MAX_VERIFY_AFTER_S
from shared.chatops.receiving import ANSWER_WITHIN_S
from shared.chatops.working import COMMAND_TIME_S
from tests.e2e.template_rendering import ENVIRON, TEMPLATE, raw_template, render, render_by_tool
from tests.local.environment import CHECKOUT
from tests.local.packaging.imports import reach

SCHEMA = json.loads((CHECKOUT / "tests/vectors/fc3-schema.json").read_text(encoding="utf-8"))
FUNCTIONS = ("command", "schedule", "chatops", "worker")
PROPS: dict[str, dict[str, Any]] = {name: one["props"] for name, one in render()["resources"].items()}
VARIABLES = {name: one["props"]["environmentVariables"] for name, one in raw_template()["resources"].items()}
ACCOUNT_INSTANCES = 100
_ENV = re.compile(r"\$\{env\('(?P<name>[A-Z_]+)'(?:, '(?P<default>[^']*)')?\)\}")
_HARMLESS_DEFAULTS = {"REWIND_POLICY": "policy.toml", "REWIND_WORKER_FUNCTION": "sls-rewind-worker"}
_CHAT = re.compile(r"REWIND_(?:SLACK|FEISHU|DINGTALK|WORKER|FC|CHAT)_[A-Z_]+")
# What each field of the settings is read from. Every function needs to know where SLS is: settings without are refused.
_ALWAYS = {"REWIND_REGION", "REWIND_ENDPOINT", "REWIND_POLICY"}
_BY_FIELD = {
    "endpoint": {"REWIND_SIGNATURE"},
    "policy_path": {"REWIND_POLICY"},
    "journal": {"REWIND_JOURNAL"},
    "read_only": {"REWIND_READ_ONLY"},
    "webhook_secrets": {"REWIND_WEBHOOK_SECRETS"},
    "url_tokens": {"REWIND_URL_TOKENS"},
    "destinations": {"REWIND_NOTIFY"},
    "chat": {name for name in VARIABLES["worker"] if _CHAT.fullmatch(name)} - {"REWIND_CHAT_VERIFY_AFTER_S"},
    "verify_after_s": {"REWIND_CHAT_VERIFY_AFTER_S"},
}


def tool_or_say_so(rendered: dict[str, Any] | None, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return what the deploy tool rendered; where it is not to be had, what we read, and say so on the terminal."""
    if rendered is None:
        with capsys.disabled():
            print("\nthe deploy tool is not installed and npm cannot fetch it: template.yml was read by us alone")  # noqa: T201
    return rendered or render()


def test_the_deploy_tool_renders_what_we_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Where the tool is not to be had, what we read ourselves is all there is, and the other tests hold that.
    assert tool_or_say_so(render_by_tool(tmp_path), capsys) == render()


def test_the_deploy_tool_prefers_what_is_exported_and_replaces_a_dollar_in_quotes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Both is what docs/deploy.md says, and what its `settings` and the local reader of `.env` are for.
    exported = {**ENVIRON, "REWIND_NOTIFIED": "replaced"}
    dotenv = "REWIND_WORKER_KEY='of the file'\nREWIND_SIGNATURE='$REWIND_NOTIFIED'\n"
    told = tool_or_say_so(render_by_tool(tmp_path, exported, dotenv), capsys)["resources"]["worker"]["props"]

    assert told["environmentVariables"]["REWIND_WORKER_KEY"] == ENVIRON["REWIND_WORKER_KEY"]
    assert told["environmentVariables"]["REWIND_SIGNATURE"] in {"", "replaced"}
    assert "$" not in json.dumps(told)


def test_there_are_the_four_functions() -> None:
    assert tuple(PROPS) == FUNCTIONS
    assert raw_template()["edition"] == "3.0.0"
    assert {one["component"] for one in raw_template()["resources"].values()} == {"fc3"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_deploy_component_takes_each_function(name: str) -> None:
    problems = [error.message for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(PROPS[name])]

    assert problems == []
    assert PROPS[name].keys() <= SCHEMA["properties"].keys()
    for key, definition in (("asyncInvokeConfig", "IAsyncInvokeConfig"), ("concurrencyConfig", "IConcurrencyConfig")):
        assert PROPS[name][key].keys() <= SCHEMA["definitions"][definition]["properties"].keys()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_says_how_it_runs(name: str) -> None:
    props = PROPS[name]

    assert (props["runtime"], props["handler"], props["code"]) == ("python3.12", "index.handler", f"./build/{name}")
    assert props["functionName"] == f"sls-rewind-{name}"
    assert props["logConfig"]
    assert props["timeout"] >= 10


@pytest.mark.parametrize("name", FUNCTIONS)
def test_memory_and_cpu_are_a_size_that_the_platform_sells(name: str) -> None:
    memory_mb, cpu = PROPS[name]["memorySize"], PROPS[name]["cpu"]

    assert memory_mb % 64 == 0
    assert round(cpu * 100) % 5 == 0
    assert 1 <= memory_mb / 1024 / cpu <= 4


@pytest.mark.parametrize("name", ["command", "schedule", "worker"])
def test_memory_is_what_256_shards_and_a_busy_journal_were_measured_to_take(name: str) -> None:
    deploy, performance = (
        (CHECKOUT / "docs" / file).read_text(encoding="utf-8") for file in ("deploy.md", "performance.md")
    )
    peaks_mb = [int(peak) for peak in re.findall(r"256 shards \| [\d.]+ \| [\d.]+ \| (\d+) \|", deploy)]
    journals_mb = [
        float(added) for added in re.findall(r"^\|50000\|.*\|([\d.]+) MB\|$", performance, flags=re.MULTILINE)
    ]

    assert len(peaks_mb) == 3
    assert len(journals_mb) == 1
    assert PROPS[name]["memorySize"] >= max(peaks_mb) + max(journals_mb)


def test_the_comment_on_memory_tells_the_journals_share() -> None:
    told = TEMPLATE.read_text(encoding="utf-8").partition("edition:")[0]

    assert "54 MB for 256 shards" in told
    assert "159 MB for 50,000" in told


def test_the_worker_lives_longer_than_a_command_and_the_longest_wait_before_a_verification() -> None:
    assert PROPS["worker"]["timeout"] > COMMAND_TIME_S + MAX_VERIFY_AFTER_S


def test_chatops_lives_longer_than_it_may_take_to_answer_a_platform() -> None:
    assert PROPS["chatops"]["timeout"] > ANSWER_WITHIN_S


def test_the_schedule_function_lives_longer_than_its_timers_wait_for_consumers() -> None:
    payloads = [json.loads(trigger["triggerConfig"]["payload"]) for trigger in PROPS["schedule"]["triggers"]]
    waits_s = [payload.get("wait_free_s", 0) for payload in payloads]

    assert max(waits_s) > 0
    assert PROPS["schedule"]["timeout"] >= max(waits_s) + PROPS["command"]["timeout"]


def test_http_triggers_are_open_to_all_and_say_why() -> None:
    lines = [line.strip() for line in TEMPLATE.read_text(encoding="utf-8").splitlines()]
    opened = [number for number, line in enumerate(lines) if line == "authType: anonymous"]

    assert {PROPS[name]["triggers"][0]["triggerConfig"]["authType"] for name in ("command", "chatops")} == {"anonymous"}
    assert len(opened) == 2
    assert all(lines[number - 1].startswith("# ") for number in opened)


def test_a_flood_leaves_half_of_the_accounts_instances_to_others() -> None:
    reserved = [props["concurrencyConfig"]["reservedConcurrency"] for props in PROPS.values()]

    assert min(reserved) > 0
    assert sum(reserved) <= ACCOUNT_INSTANCES / 2


@pytest.mark.parametrize("name", ["command", "chatops"])
def test_a_function_with_an_http_trigger_is_never_tried_again(name: str) -> None:
    (trigger,) = PROPS[name]["triggers"]

    assert trigger["triggerType"] == "http"
    assert PROPS[name]["asyncInvokeConfig"]["maxAsyncRetryAttempts"] == 0


def test_nothing_but_function_compute_reaches_schedule_and_worker() -> None:
    assert {trigger["triggerType"] for trigger in PROPS["schedule"]["triggers"]} == {"timer"}
    assert PROPS["worker"].get("triggers", []) == []
    assert PROPS["worker"]["asyncInvokeConfig"]["asyncTask"] is True


def test_each_role_comes_from_outside_and_chatops_has_one_of_its_own() -> None:
    roles = {name: one["props"]["role"] for name, one in raw_template()["resources"].items()}

    assert roles.pop("chatops") == "${env('REWIND_ROLE_CHATOPS')}"
    assert set(roles.values()) == {"${env('REWIND_ROLE_WRITER')}"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_variable_comes_from_outside_and_no_default_names_an_account_or_a_secret(name: str) -> None:
    for variable, text in VARIABLES[name].items():
        expression = _ENV.fullmatch(text)
        assert expression, variable
        assert expression["name"] == variable
        # Empty is off. What a function cannot do without has no default at all.
        assert (expression["default"] or "") == _HARMLESS_DEFAULTS.get(variable, "")


@pytest.mark.parametrize("variable", ["REWIND_REGION", "REWIND_WEBHOOK_SECRETS", "REWIND_WORKER_KEY"])
def test_what_a_function_cannot_do_without_has_no_default(variable: str) -> None:
    texts = {given[variable] for given in VARIABLES.values() if variable in given}

    assert texts == {f"${{env('{variable}')}}"}


def needed_variables(name: str) -> set[str]:
    """Return the variables behind every field of the settings that the code of a function reads.

    The doctor is left out: it looks at whatever is there.
    """
    source = {path.relative_to(CHECKOUT).as_posix(): path.read_bytes() for path in (CHECKOUT / "shared").rglob("*.py")}
    source["index.py"] = (CHECKOUT / "functions" / name / "index.py").read_bytes()
    reached = reach(source, ["index"]).paths
    trees = {path: ast.parse(source[path]) for path in reached if not _is_apart(path)}
    fields = {field for tree in trees.values() for field in _fields(tree)}
    if not any(_notifies(path, tree) for path, tree in trees.items()):
        fields.discard("destinations")
    return _ALWAYS.union(*(_BY_FIELD[field] for field in fields))


def _is_apart(path: str) -> bool:
    return "settings" in path or path.startswith(("shared/execution/doctoring", "shared/doctor/"))


def _fields(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _BY_FIELD:
            owner = ast.unparse(node.value)
            if owner.endswith("settings") or (node.attr == "verify_after_s" and owner.endswith("chat")):
                yield node.attr


def _notifies(path: str, tree: ast.Module) -> bool:
    """Return whether a module sends notifications; others take what they share with them from the same package."""
    return not path.startswith("shared/notifications/") and any(
        isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("shared.notifications")
        and "notify" in {name.name for name in node.names}
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_given_the_variables_that_its_code_reads_and_no_other(name: str) -> None:
    assert VARIABLES[name].keys() == needed_variables(name)


def test_every_variable_is_documented() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    deploy = (CHECKOUT / "docs/deploy.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(REWIND_[A-Z_]+)` \|", readme, flags=re.MULTILINE))
    required = {found["name"] for found in _ENV.finditer(json.dumps(raw_template())) if found["default"] is None}

    assert {variable for given in VARIABLES.values() for variable in given} <= documented
    assert required <= set(re.findall(r"^(REWIND_[A-Z_]+)=", deploy, flags=re.MULTILINE))
