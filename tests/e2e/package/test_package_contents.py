"""What `make package` makes."""

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from tests.e2e.package.conftest import RUNTIME, Runnable
from tests.local.environment import CHECKOUT
from tests.local.fc.template import load_template, missing_variables
from tests.local.packaging.bytecode import compile_folder
from tests.local.packaging.interpreters import find_interpreter, magic_number_bytes
from tests.local.packaging.package import Artefact

MAX_ZIP_BYTES = 8_000_000
TEMPLATE = CHECKOUT / "template.yml"
FUNCTIONS = load_template(TEMPLATE, dict.fromkeys(missing_variables(TEMPLATE, {}), "unset")).functions
EACH = pytest.mark.parametrize("name", sorted(FUNCTIONS))
UNUSED = re.compile(r"(^|/)(tests?|SelfTest|pip|setuptools|[^/]+\.dist-info)/|\.pyi$|(^|/)\.")
UNCHECKED = (1).to_bytes(4, "little")


def members(artefact: Artefact) -> dict[str, bytes]:
    with zipfile.ZipFile(artefact.archive) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def test_there_is_an_artefact_for_each_function_of_the_template(artefacts: dict[str, Artefact]) -> None:
    assert artefacts.keys() == FUNCTIONS.keys()


@EACH
def test_the_handler_and_the_policy_are_at_the_root_as_they_are_in_the_checkout(
    name: str, artefacts: dict[str, Artefact], source: Path
) -> None:
    files = members(artefacts[name])

    assert FUNCTIONS[name].handler == "index.handler"
    assert files["index.py"] == (source / "functions" / name / "index.py").read_bytes()
    assert files["policy.toml"] == (source / "policy.toml").read_bytes()


@EACH
def test_nothing_is_carried_that_no_function_uses(name: str, artefacts: dict[str, Artefact]) -> None:
    assert [path for path in members(artefacts[name]) if UNUSED.search(path)] == []


@EACH
def test_the_folder_that_is_deployed_holds_what_the_zip_holds(name: str, artefacts: dict[str, Artefact]) -> None:
    folder = artefacts[name].folder
    there = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    assert folder.parts[-2:] == FUNCTIONS[name].code.parts
    assert there == members(artefacts[name])


@EACH
def test_a_zip_is_small(name: str, artefacts: dict[str, Artefact]) -> None:
    assert artefacts[name].zip_bytes <= MAX_ZIP_BYTES


@EACH
def test_native_modules_are_those_of_the_runtime(name: str, artefacts: dict[str, Artefact]) -> None:
    native = [PurePosixPath(path).name for path in members(artefacts[name]) if ".so" in PurePosixPath(path).suffixes]

    assert native
    assert {path for path in native if not path.endswith((".cpython-312-x86_64-linux-gnu.so", ".abi3.so"))} == set()


@EACH
def test_shared_is_what_the_function_imports(name: str, artefacts: dict[str, Artefact]) -> None:
    shared = {path for path in members(artefacts[name]) if path.startswith("shared/") and path.endswith(".py")}
    chat = {path for path in shared if path.startswith("shared/chatops/")}

    assert "shared/__init__.py" in shared
    assert bool(chat) is (name in {"chatops", "worker"})
    assert not any(path.endswith("__main__.py") for path in shared)


@EACH
def test_only_what_encrypts_carries_aes_and_of_its_library_no_more(name: str, artefacts: dict[str, Artefact]) -> None:
    carried = {PurePosixPath(path).parts[1] for path in members(artefacts[name]) if path.startswith("Cryptodome/")}

    assert ("Cipher" in carried) is (name in {"chatops", "worker"})
    assert not {"PublicKey", "Signature", "SelfTest"} & carried


@EACH
def test_bytecode_is_taken_unasked_by_the_runtime(name: str, artefacts: dict[str, Artefact]) -> None:
    files = members(artefacts[name])
    compiled = {path: content for path, content in files.items() if path.endswith(".pyc")}
    expected = {
        str(PurePosixPath(path).with_name("__pycache__") / f"{PurePosixPath(path).stem}.cpython-312.pyc")
        for path in files
        if path.endswith(".py")
    }

    assert compiled.keys() == (expected if artefacts[name].interpreter else set())
    assert {content[:8] for content in compiled.values()} <= {magic_number_bytes(RUNTIME) + UNCHECKED}


@EACH
def test_bytecode_is_what_the_source_compiles_to(
    name: str, runnable: Runnable, unpack: Callable[[str], Path], tmp_path: Path
) -> None:
    shipped, again = unpack(name), tmp_path / "again"
    shutil.copytree(shipped, again, ignore=shutil.ignore_patterns("__pycache__"))

    compile_folder(again, runnable.interpreter)

    compiled = {path.relative_to(again): path.read_bytes() for path in again.rglob("*.pyc")}
    assert len(compiled) > 100
    assert compiled == {path.relative_to(shipped): path.read_bytes() for path in shipped.rglob("*.pyc")}
    index = again.joinpath("__pycache__").glob("index.*.pyc")
    assert [b"/code/index.py" in path.read_bytes() for path in index] == [True]


def test_bytecode_is_there_wherever_the_runtimes_python_is(artefacts: dict[str, Artefact]) -> None:
    found = find_interpreter(RUNTIME)

    assert {made.interpreter for made in artefacts.values()} == {found}
