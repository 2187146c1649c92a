"""What is measured, each as a folder that holds all it imports: once with bytecode and once without."""

import compileall
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from py_compile import PycInvalidationMode

from packaging.requirements import Requirement

from tests.local.packaging.archive import write_folder
from tests.local.packaging.contents import dependencies
from tests.local.packaging.package import locked_wheels, package
from tests.local.packaging.target import this_python

_PROGRAMS = Path(__file__).with_name("programs")
_SDKS = {
    "official SDK": ("official_sdk", "aliyun-log-python-sdk"),
    "OpenAPI SDK": ("openapi_sdk", "alibabacloud-sls20201230"),
}
FLOOR = "floor"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing to measure.

    Attributes:
        name: As the report calls it; of a function, its key in template.yml.
        program: What its process runs.
        compiled: Its folder with bytecode.
        bare: The same folder without.
    """

    name: str
    program: str
    compiled: Path
    bare: Path

    @property
    def is_function(self) -> bool:
        """Whether it is an artefact of ours."""
        return self.compiled.parent.name == "build"


def candidates(checkout: Path, into: Path) -> list[Candidate]:
    """Return everything that is measured, on the Python that runs this; made below an existing folder."""
    target = this_python()
    artefacts = [(artefact.name, "function", artefact.folder) for artefact in package(checkout, into, target=target)]
    floor = into / "floor"
    write_folder(dependencies(["requests", "pydantic"], *locked_wheels(checkout, target)), floor)
    others = [(FLOOR, "floor", floor)]
    for name, (program, requirement) in _SDKS.items():
        folder = into / program
        _copy_installed(requirement, folder)
        others.append((name, program, folder))
    for _, _, folder in others:
        compileall.compile_dir(folder, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    return [_with_bare_copy(*told, into) for told in (*others, *artefacts)]


def _with_bare_copy(name: str, program: str, folder: Path, into: Path) -> Candidate:
    bare = into / "bare" / folder.name
    shutil.copytree(folder, bare, ignore=shutil.ignore_patterns("__pycache__"))
    return Candidate(name, _program(program), folder, bare)


def _program(name: str) -> str:
    return "\n".join((_PROGRAMS / f"{part}.py").read_text(encoding="utf-8") for part in (name, "peak"))


def _copy_installed(requirement: str, folder: Path) -> None:
    for name in _with_requirements(requirement):
        for path in distribution(name).files or ():
            if ".." not in path.parts and "__pycache__" not in path.parts:
                place = folder / path
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(path.locate()), place)


def _with_requirements(name: str) -> Sequence[str]:
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found[current] = None
            waiting += _required(current)
    return list(found)


def _required(name: str) -> Iterator[str]:
    for text in distribution(name).requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name
