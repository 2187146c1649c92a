from datetime import datetime, timezone
from pathlib import Path

import pytest

from tests.local.environment import CHECKOUT
from tests.local.fc.errors import StagingError, TemplateError, UnknownFunctionError
from tests.local.fc.events import timer_event
from tests.local.fc.staging import find_artefact, stage_source
from tests.local.fc.template import Template, load_template, missing_variables
from tests.local.fc.trial import FIXTURE_ENVIRON, FIXTURES
from tests.local.fc.variables import Platform


def fixtures(**environ: str) -> Template:
    return load_template(FIXTURES / "template.yml", {**FIXTURE_ENVIRON, **environ})


def write_template(folder: Path, props: str, top: str = "edition: 3.0.0") -> Path:
    path = folder / "template.yml"
    head = f"{top}\nresources:\n  one:\n    component: fc3\n    props:\n      region: r\n      runtime: python3.12\n"
    fixed = "      functionName: one\n      handler: index.handler\n      code: ./one\n"
    path.write_text(f"{head}{fixed}      {props}\n", encoding="utf-8")
    return path


def test_the_projects_own_template_is_read() -> None:
    path = CHECKOUT / "template.yml"
    environ = dict.fromkeys(missing_variables(path, {}), "set")

    template = load_template(path, environ)

    assert template.function("command").function_name == "sls-rewind-command"


def test_variables_and_references_are_resolved() -> None:
    echo = fixtures().function("echo")

    assert (echo.region, echo.function_name) == ("cn-fixture", "fixture-echo")


def test_a_default_counts_only_when_the_variable_is_not_set() -> None:
    assert fixtures().function("environ").environment_variables["GREETING"] == "hello"
    assert fixtures(FIXTURE_GREETING="hi").function("environ").environment_variables["GREETING"] == "hi"


def test_a_variable_that_is_set_but_empty_counts_as_set() -> None:
    assert fixtures(FIXTURE_GREETING="").function("environ").environment_variables["GREETING"] == ""


def test_this_and_resources_refer_to_props(tmp_path: Path) -> None:
    path = write_template(
        tmp_path,
        "environmentVariables: {A: '${this.props.handler}', B: 'x-${resources.one.props.region}'}",
    )

    variables = load_template(path, {}).function("one").environment_variables

    assert variables == {"A": "index.handler", "B": "x-r"}


def test_all_missing_variables_are_named_at_once(tmp_path: Path) -> None:
    path = write_template(
        tmp_path, "environmentVariables: {A: \"${env('ONE')}\", B: \"${env('TWO')}${env('THREE', '3')}\"}"
    )

    with pytest.raises(TemplateError, match=r"needs these environment variables: ONE, TWO$"):
        load_template(path, {})


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("${file('x')}", "is not understood"),
        ("${vars.absent}", "names nothing"),
        ("${this.props.description}", "refers to itself"),
    ],
    ids=["function", "absent", "circular"],
)
def test_an_expression_without_a_value_is_refused(tmp_path: Path, expression: str, message: str) -> None:
    path = write_template(tmp_path, f'description: "{expression}"')

    with pytest.raises(TemplateError, match=message):
        load_template(path, {})


@pytest.mark.parametrize(
    ("props", "message"),
    [
        ("timeout: 0", "timeout"),
        ("memorySize: 64", "memorySize"),
        ("instanceConcurrency: 2", "instanceConcurrency"),
        ("runtime: python3.11", "runtime"),
        ("triggers: [{triggerName: t, triggerType: oss, triggerConfig: {}}]", "triggers"),
        ("triggers: [{triggerName: t, triggerType: http, triggerConfig: {authType: anonymous}}]", "methods"),
        (f"environmentVariables: {{A: {'x' * 4096}}}", "4096"),
    ],
    ids=["timeout", "memory", "concurrency", "runtime", "trigger", "methods", "environment"],
)
def test_what_the_platform_would_not_take_is_refused_by_name(tmp_path: Path, props: str, message: str) -> None:
    with pytest.raises(TemplateError, match=f"resources.one: .*{message}"):
        load_template(write_template(tmp_path, props), {})


def test_a_template_of_another_edition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"edition 3\.0\.0"):
        load_template(write_template(tmp_path, "cpu: 1", top="ROSTemplateFormatVersion: '2015-09-01'"), {})


def test_async_settings_default_to_three_retries() -> None:
    assert fixtures().function("echo").async_invoke_config.max_async_retry_attempts == 3
    assert fixtures().function("flaky").async_invoke_config.max_async_retry_attempts == 2


def test_an_unknown_function_is_an_error() -> None:
    with pytest.raises(UnknownFunctionError, match="'absent' does not exist"):
        fixtures().function("absent")


def test_a_timer_event_carries_its_payload_as_text() -> None:
    (trigger,) = fixtures().function("ticker").timer_triggers

    event = timer_event(trigger, datetime(2026, 1, 2, 3, 0, tzinfo=timezone.utc))

    expected = (
        rb'{"triggerTime": "2026-01-02T03:00:00Z", "triggerName": "hourly", "payload": "{\"action\": \"snapshot\"}"}'
    )
    assert event == expected


def test_the_code_root_has_the_artefacts_shape(tmp_path: Path) -> None:
    policy = tmp_path / "local.toml"
    policy.touch()

    root = stage_source(fixtures().function("echo"), FIXTURES, policy, tmp_path)

    assert {path.name for path in root.iterdir()} == {"index.py", "shared", "policy.toml"}
    assert (root / "policy.toml").resolve() == policy


def test_the_slash_form_has_its_folders_in_the_code_root(tmp_path: Path) -> None:
    root = stage_source(fixtures().function("nested"), FIXTURES, tmp_path, tmp_path)

    assert (root / "functions/nested/index.py").is_file()


def test_a_function_without_a_folder_cannot_be_staged(tmp_path: Path) -> None:
    with pytest.raises(StagingError, match="functions/echo does not exist"):
        stage_source(fixtures().function("echo"), tmp_path, tmp_path, tmp_path)


def test_an_artefact_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "build/echo").mkdir(parents=True)

    assert find_artefact(fixtures().function("echo"), tmp_path) == tmp_path / "build/echo"


def test_an_artefact_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(StagingError, match="run `make package` first"):
        find_artefact(fixtures().function("echo"), tmp_path)


def test_secrets_do_not_show_in_a_platforms_repr() -> None:
    shown = repr(Platform(access_key_secret="s3cret", security_token="t0ken"))

    assert "s3cret" not in shown
    assert "t0ken" not in shown
