import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.local.fc.gateway import Gateway, GatewayOptions
from tests.local.fc.runtime.messages import Profile
from tests.local.fc.trial import fixture_gateway, one_function_gateway

OLD_AND_NEW: list[Profile] = ["python3.10", "python3.12"]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with fixture_gateway(tmp_path_factory.mktemp("code")) as gateway:
        yield gateway


def invoke_json(gateway: Gateway, name: str, event: object = None) -> Any:  # noqa: ANN401 -- JSON
    invocation = gateway.invoke(name, b"" if event is None else json.dumps(event).encode())
    assert invocation.error_type is None, invocation.payload
    return json.loads(invocation.payload)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("none", b"null"),
        ("text", "plain é".encode()),
        ("bytes", b"\x00\xff"),
        ("object", b'{\n    "a": "\\u00e9",\n    "b": 1\n}'),
        ("decimal", b"1.5"),
        ("date", b'"2026-01-02"'),
        ("datetime", b'"2026-01-02T03:04:05+00:00"'),
        ("to_json", b'{\n    "x": 1\n}'),
    ],
)
def test_a_result_leaves_the_instance_as_the_runtime_sends_it(gateway: Gateway, name: str, payload: bytes) -> None:
    invocation = gateway.invoke("results", name.encode())

    assert (invocation.payload, invocation.error_type) == (payload, None)


@pytest.mark.parametrize(
    ("name", "error_type"),
    [("set", "TypeError"), ("mixed_keys", "TypeError"), ("bytes_inside", "TypeError"), ("circular", "ValueError")],
)
def test_a_result_without_json_form_is_an_error(gateway: Gateway, name: str, error_type: str) -> None:
    invocation = gateway.invoke("results", name.encode())

    assert invocation.error["errorType"] == error_type
    assert invocation.error_type == "UnhandledInvocationError"


def test_any_bytes_reach_the_handler_unparsed(gateway: Gateway) -> None:
    assert gateway.invoke("echo", b"\x00\xff{").payload == b"\x00\xff{"


def test_an_error_carries_class_message_and_the_functions_own_frames(gateway: Gateway) -> None:
    error = gateway.invoke("fails", b"").error

    assert error["errorType"] == "OwnError"
    assert error["errorMessage"] == "it went wrong"
    frames: Any = error["stackTrace"]
    assert [frame[2:] for frame in frames] == [
        ["in handler", "return fail()"],
        ["in fail", 'raise OwnError("it went wrong")'],
    ]
    assert re.fullmatch(r'File ".*/fails/index\.py"', frames[0][0])
    assert re.fullmatch(r"line \d+", frames[0][1])


def test_an_error_has_sorted_keys_and_stands_in_the_log(gateway: Gateway) -> None:
    payload = gateway.invoke("fails", b"").payload

    assert payload.startswith(
        b'{\n    "errorMessage": "it went wrong",\n    "errorType": "OwnError",\n    "stackTrace"'
    )
    assert "[ERROR] {" in gateway.logs.wait_for("[ERROR]")


@pytest.mark.parametrize("runtime", OLD_AND_NEW)
@pytest.mark.parametrize(
    ("handler", "source", "error_type", "message"),
    [
        ("handler", "", "InvalidHandleName", "Invalid handler 'handler'"),
        ("absent.handler", "", "ImportModuleError", "Unable to import module 'absent'"),
        ("index.handler", "import not_installed", "ImportModuleError", "Unable to import module 'index'"),
        ("index.handler", "def handler(:", "UserCodeSyntaxError", "Syntax error in module 'index'"),
        ("index.handler", "1 / 0", "UserCodeError", "Module initialization error: 'division by zero'"),
        ("index.handler", "x = 1", "HandlerNotFound", "Handler 'handler' is missing on module 'index'"),
    ],
    ids=["no-dot", "no-module", "nested-import", "syntax", "initialization", "no-function"],
)
def test_a_handler_that_cannot_be_loaded_has_the_runtimes_error(
    tmp_path: Path, runtime: str, handler: str, source: str, error_type: str, message: str
) -> None:
    with one_function_gateway(tmp_path, {"index.py": source}, handler=handler, runtime=runtime) as gateway:
        error = gateway.invoke("one", b"").error

    assert (error["errorType"], error["errorMessage"]) == (error_type, message)


def test_a_load_error_names_its_cause_in_a_flat_stack(tmp_path: Path) -> None:
    with one_function_gateway(tmp_path, {"index.py": "import not_installed"}) as gateway:
        error = gateway.invoke("one", b"").error

    assert error["stackTrace"] == ["ModuleNotFoundError: No module named 'not_installed'"]


def test_an_instance_whose_load_failed_tries_again(tmp_path: Path) -> None:
    source = """
        from pathlib import Path
        if not Path("ready").exists():
            raise RuntimeError("not ready")
        def handler(event, context):
            return "loaded"
    """
    with one_function_gateway(tmp_path, {"index.py": source}) as gateway:
        failed = gateway.invoke("one", b"")
        (tmp_path / "one/ready").touch()
        loaded = gateway.invoke("one", b"")

    assert failed.error["errorType"] == "UserCodeError"
    assert (loaded.payload, loaded.instance_id) == (b"loaded", failed.instance_id)


def test_the_slash_form_keeps_its_slashes_up_to_python310(tmp_path: Path) -> None:
    with fixture_gateway(tmp_path, GatewayOptions(profile="python3.10")) as gateway:
        found = invoke_json(gateway, "nested")

    assert found == {"name": "functions/nested/index", "package": "", "shared": "fixture"}


def test_the_slash_form_becomes_a_package_in_python312(gateway: Gateway) -> None:
    found = invoke_json(gateway, "nested")

    assert found == {"name": "functions.nested.index", "package": "functions.nested", "shared": "fixture"}


def test_a_relative_import_works_in_python312_alone(tmp_path: Path) -> None:
    sources = {
        "folder/__init__.py": "",
        "folder/sibling.py": "VALUE = 'sibling'",
        "folder/index.py": "from .sibling import VALUE\ndef handler(event, context):\n    return VALUE",
    }
    outcomes = []
    for runtime in OLD_AND_NEW:
        with one_function_gateway(tmp_path, sources, handler="folder/index.handler", runtime=runtime) as gateway:
            invocation = gateway.invoke("one", b"")
            outcomes.append(invocation.error.get("errorType", invocation.payload))

    assert outcomes == ["ImportModuleError", b"sibling"]


def test_a_dotted_folder_without_init_is_not_found_up_to_python310(tmp_path: Path) -> None:
    sources = {"a/b/index.py": "def handler(event, context):\n    return __name__"}
    with one_function_gateway(tmp_path, sources, handler="a.b.index.handler", runtime="python3.10") as gateway:
        bare = gateway.invoke("one", b"")
        (tmp_path / "one/a/__init__.py").touch()
        half = gateway.invoke("one", b"")
        (tmp_path / "one/a/b/__init__.py").touch()
        regular = gateway.invoke("one", b"")

    assert bare.error["stackTrace"] == ["ModuleNotFoundError: No module named 'a'"]
    assert half.error["stackTrace"] == ["ModuleNotFoundError: No module named 'b'"]
    assert regular.payload == b"a.b.index"
