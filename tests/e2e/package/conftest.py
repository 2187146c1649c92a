"""Artefacts, made once for all tests of packaging: as they are deployed, and as this machine can run them."""

import platform
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.local.environment import CHECKOUT
from tests.local.packaging.interpreters import find_interpreter
from tests.local.packaging.package import Artefact, package
from tests.local.packaging.target import Target, this_python

RUNTIME = Target((3, 12))


@dataclass(frozen=True, slots=True)
class Runnable:
    """Artefacts that this machine can run.

    Attributes:
        archives: The zips by function.
        interpreter: The Python that they are made for.
    """

    archives: dict[str, Path]
    interpreter: Path


def copy_checkout(source: Path, copy: Path) -> None:
    """Copy what artefacts are made of; wheels are fetched once for all copies."""
    wheels = CHECKOUT / "build" / ".wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    (copy / "build").mkdir(parents=True)
    (copy / "build" / ".wheels").symlink_to(wheels)
    for name in ("template.yml", "policy.toml", "requirements.txt"):
        shutil.copy(source / name, copy)
    for name in ("functions", "shared"):
        shutil.copytree(source / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout as it is now, whoever edits it while the tests run."""
    copy = tmp_path_factory.mktemp("source") / "checkout"
    copy_checkout(CHECKOUT, copy)
    return copy


@pytest.fixture(scope="session")
def artefacts(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artefact]:
    """What `make package` makes, by function."""
    return {made.name: made for made in package(source, tmp_path_factory.mktemp("package"))}


@pytest.fixture(scope="session")
def runnable(source: Path, artefacts: dict[str, Artefact], tmp_path_factory: pytest.TempPathFactory) -> Runnable:
    """The deployed artefacts where the runtime's Python is at hand; else the same made for the Python of this run."""
    interpreter = find_interpreter(RUNTIME)
    if interpreter is not None and (sys.platform, platform.machine()) == ("linux", "x86_64"):
        return Runnable({name: made.archive for name, made in artefacts.items()}, interpreter)
    here = package(source, tmp_path_factory.mktemp("package-here"), target=this_python())
    return Runnable({made.name: made.archive for made in here}, Path(sys.executable))


@pytest.fixture
def unpack(runnable: Runnable, tmp_path: Path) -> Callable[[str], Path]:
    """Unpack the zip of a function alone into an empty folder, and return that."""

    def unpacked(name: str) -> Path:
        folder = tmp_path / "build" / name
        with zipfile.ZipFile(runnable.archives[name]) as archive:
            archive.extractall(folder)
        return folder

    return unpacked
