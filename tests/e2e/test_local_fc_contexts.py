import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.local.fc.gateway import Gateway, GatewayOptions
from tests.local.fc.runtime.messages import Profile
from tests.local.fc.trial import fixture_gateway

OLD_AND_NEW: list[Profile] = ["python3.10", "python3.12"]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with fixture_gateway(tmp_path_factory.mktemp("code")) as gateway:
        yield gateway


@pytest.fixture(scope="module", params=OLD_AND_NEW)
def profiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with fixture_gateway(tmp_path_factory.mktemp("code"), GatewayOptions(profile=request.param)) as gateway:
        yield gateway


def invoke_json(gateway: Gateway, name: str, event: object = None) -> Any:  # noqa: ANN401 -- JSON
    invocation = gateway.invoke(name, b"" if event is None else json.dumps(event).encode())
    assert invocation.error_type is None, invocation.payload
    return json.loads(invocation.payload)


CONTEXT_ATTRIBUTES = [
    "request_id",
    "requestId",
    "credentials.access_key_id",
    "credentials.accessKeySecret",
    "credentials.security_token",
    "service.name",
    "service.log_store",
    "function.name",
    "function.handler",
    "function.memory",
    "function.timeout",
    "function.version_id",
    "function.qualifier",
    "log_project",
    "log_store",
    "region",
    "account_id",
    "retry_count",
    "tracing.span_baggages",
]


def test_a_context_up_to_python310_has_credentials_service_and_text_for_the_timeout(tmp_path: Path) -> None:
    with fixture_gateway(tmp_path, GatewayOptions(profile="python3.10")) as gateway:
        invocation = gateway.invoke("contexts", json.dumps(CONTEXT_ATTRIBUTES).encode())

    assert json.loads(invocation.payload) == {
        "request_id": invocation.request_id,
        "requestId": invocation.request_id,
        "credentials.access_key_id": "local-access-key-id",
        "credentials.accessKeySecret": "local-access-key-secret",
        "credentials.security_token": None,
        "service.name": "",
        "service.log_store": "functions",
        "function.name": "fixture-contexts",
        "function.handler": "index.handler",
        "function.memory": 256,
        "function.timeout": "30",
        "region": "cn-fixture",
        "account_id": "1234567890123456",
        "retry_count": "0",
        "tracing.span_baggages": {},
    }


def test_a_context_of_python312_has_no_credentials_and_no_service(gateway: Gateway) -> None:
    invocation = gateway.invoke("contexts", json.dumps(CONTEXT_ATTRIBUTES).encode())

    assert json.loads(invocation.payload) == {
        "request_id": invocation.request_id,
        "function.name": "fixture-contexts",
        "function.handler": "index.handler",
        "function.memory": 256,
        "function.timeout": 30,
        "function.version_id": "LATEST",
        "function.qualifier": "LATEST",
        "log_project": "fixture-logs",
        "log_store": "functions",
        "region": "cn-fixture",
        "account_id": "1234567890123456",
    }


def test_the_context_logger_writes_time_request_id_and_level(profiled: Gateway) -> None:
    invocation = profiled.invoke("contexts", b"[]")

    line = profiled.logs.wait_for(f"{invocation.request_id} [INFO]")
    time_utc = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(rf"\[contexts\] {time_utc} {invocation.request_id} \[INFO\] a line of the function", line)


def test_lines_below_info_are_not_logged(gateway: Gateway) -> None:
    invocation = gateway.invoke("contexts", b"[]")

    gateway.logs.wait_for(f"FC Invoke End RequestId: {invocation.request_id}")
    assert not [line for line in gateway.logs.lines if "below the level" in line]


def test_start_and_end_of_a_request_are_logged(gateway: Gateway) -> None:
    invocation = gateway.invoke("fails", b'"well"')

    gateway.logs.wait_for(f"[fails] FC Invoke Start RequestId: {invocation.request_id}")
    assert gateway.logs.wait_for(f"FC Invoke End RequestId: {invocation.request_id}").endswith(invocation.request_id)


def test_the_end_of_a_failed_request_says_so(gateway: Gateway) -> None:
    invocation = gateway.invoke("fails", b"")

    line = gateway.logs.wait_for(f"FC Invoke End RequestId: {invocation.request_id}")
    assert line.endswith(", Error: Unhandled function error")


def test_an_instance_sees_its_own_variables_and_the_platforms_alone(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REWIND_OF_THE_CALLER", "not for functions")

    environ = invoke_json(gateway, "environ")["environ"]

    known = {"GREETING", "RETRIES", "PATH", "HOME", "TZ", "PYTHONIOENCODING", "LC_CTYPE"}
    foreign = {name for name in environ if not name.startswith(("FC_", "ALIBABA_CLOUD_"))} - known
    assert not foreign
    assert (environ["GREETING"], environ["RETRIES"]) == ("hello", "3")


def test_own_variables_in_the_platforms_name_space_are_purged(gateway: Gateway) -> None:
    environ = invoke_json(gateway, "environ")["environ"]

    assert "FC_OWN" not in environ
    assert "_FC_OWN" not in environ
    assert environ["FC_QUALIFIER"] == "kept by the platform"


def test_the_platforms_variables_are_set(gateway: Gateway) -> None:
    found = invoke_json(gateway, "environ")

    environ = found["environ"]
    assert environ["FC_FUNC_CODE_PATH"] == found["cwd"] + "/"
    assert environ["FC_FUNCTION_NAME"] == "fixture-environ"
    assert environ["FC_FUNCTION_VERSION"] == "LATEST"
    assert (environ["FC_REGION"], environ["FC_ACCOUNT_ID"]) == ("cn-fixture", "1234567890123456")
    assert environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] == "local-access-key-id"
    assert environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] == "local-access-key-secret"


def test_the_code_root_is_cwd_and_first_on_the_import_path(profiled: Gateway) -> None:
    found = invoke_json(profiled, "environ")

    assert found["path"][0] == found["cwd"]
    assert found["file"] == f"{found['cwd']}/index.py"
    assert found["shared"] == "fixture"


def test_the_checkout_is_not_on_the_import_path(gateway: Gateway) -> None:
    checkout = str(Path(__file__).resolve().parents[2])

    assert checkout not in invoke_json(gateway, "environ")["path"]
