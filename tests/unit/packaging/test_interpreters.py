import sys
from pathlib import Path

import pytest

from tests.local.packaging.interpreters import compiles_for, find_interpreter
from tests.local.packaging.target import Target, this_python

OTHER = Target((3, 10) if sys.version_info[:2] != (3, 10) else (3, 11))


def shim(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / name
    made.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    made.chmod(0o755)
    return made


def test_the_python_at_hand_is_taken_if_it_is_the_targets() -> None:
    assert find_interpreter(this_python()) == Path(sys.executable)


def test_a_shim_that_does_not_work_is_passed_over(tmp_path: Path) -> None:
    assert not compiles_for(shim(tmp_path, "python", "echo 'version not installed' >&2; exit 127"), OTHER)


def test_a_python_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    assert not compiles_for(tmp_path / "python", OTHER)


def test_a_python_of_another_version_is_passed_over() -> None:
    assert not compiles_for(Path(sys.executable), OTHER)


@pytest.mark.parametrize(
    ("home", "variables"),
    [
        (".pyenv/versions/{python}.1/bin", {}),
        ("elsewhere/versions/{python}.1/bin", {"PYENV_ROOT": "elsewhere"}),
        (".local/share/uv/python/cpython-{python}.1-linux-x86_64-gnu/bin", {}),
        (".local/share/mise/installs/python/{python}.1/bin", {}),
        (".asdf/installs/python/{python}.1/bin", {}),
        ("on-path", {"PATH": "broken:on-path"}),
    ],
)
def test_version_managers_and_the_path_are_searched_beyond_what_does_not_work(
    home: str, variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It says what the target's Python would say.
    said = f"cpython {OTHER.magic_number.to_bytes(2, 'little').hex()}0d0a"
    good = shim(tmp_path / home.format(python=OTHER.python), f"python{OTHER.python}", f"echo {said}")
    shim(tmp_path / "broken", f"python{OTHER.python}", "exit 1")
    places = {name: ":".join(str(tmp_path / part) for part in value.split(":")) for name, value in variables.items()}
    for name, value in {"HOME": str(tmp_path), "PATH": str(tmp_path / "broken"), "PYENV_ROOT": "", **places}.items():
        monkeypatch.setenv(name, value)

    assert find_interpreter(OTHER, folders=()) == good


def test_without_a_fitting_python_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HOME": str(tmp_path), "PATH": str(tmp_path), "PYENV_ROOT": ""}.items():
        monkeypatch.setenv(name, value)

    assert find_interpreter(OTHER, folders=()) is None
