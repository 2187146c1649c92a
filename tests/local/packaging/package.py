"""From template.yml to artefacts: one folder and one zip a function."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from packaging.utils import NormalizedName

from tests.local.fc.template import Function, load_template, missing_variables
from tests.local.packaging.archive import open_to_all, write_folder, write_zip
from tests.local.packaging.bytecode import compile_folder
from tests.local.packaging.contents import contents
from tests.local.packaging.interpreters import find_interpreter
from tests.local.packaging.lock import needed, read_lock
from tests.local.packaging.target import Target, target_of
from tests.local.packaging.wheels import Wheel, fetch_wheels

_CACHE = Path("build", ".wheels")


@dataclass(frozen=True, slots=True)
class Artefact:
    """What was made for one function.

    Attributes:
        name: The function's key in template.yml.
        target: The Python that it runs on.
        folder: Where its files are; what `s deploy` takes.
        archive: The same as a zip.
        interpreter: What compiled its bytecode; None if it has none.
    """

    name: str
    target: Target
    folder: Path
    archive: Path
    interpreter: Path | None

    @property
    def zip_bytes(self) -> int:
        """The size of the zip."""
        return self.archive.stat().st_size

    @property
    def unpacked_bytes(self) -> int:
        """The size of all its files."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    @property
    def digest(self) -> str:
        """SHA-256 of the zip, in hex."""
        return sha256(self.archive.read_bytes()).hexdigest()


def package(
    checkout: Path, into: Path | None = None, *, target: Target | None = None, bytecode: bool = True
) -> Iterator[Artefact]:
    """Make the artefact of each function of template.yml, and return them as they are done.

    Args:
        checkout: The folder that holds template.yml, requirements.txt, policy.toml, `functions` and `shared`.
        into: Where `build` and `dist` are made; None: in the checkout.
        target: The Python to package for; None: that of each function's runtime.
        bytecode: Whether to compile; without, a cold instance does.

    Raises:
        PackagingError: An artefact cannot be made.
        TemplateError: template.yml cannot be used.
    """
    template = checkout / "template.yml"
    unset = dict.fromkeys(missing_variables(template, {}), "unset")
    for function in load_template(template, unset).functions.values():
        yield _package(function, checkout, into or checkout, target or target_of(function.runtime), bytecode=bytecode)


def locked_wheels(checkout: Path, target: Target) -> tuple[dict[NormalizedName, Wheel], set[NormalizedName]]:
    """Return the wheels of requirements.txt that the target needs, and the names of those that it does not.

    Raises:
        PackagingError: One cannot be had.
    """
    pins = read_lock(checkout / "requirements.txt")
    chosen = needed(pins, target)
    wheels = fetch_wheels(chosen.values(), target, checkout / _CACHE)
    return wheels, {pin.name for pin in pins} - chosen.keys()


def _package(function: Function, checkout: Path, into: Path, target: Target, *, bytecode: bool) -> Artefact:
    folder, archive = into / function.code, into / "dist" / f"{function.name}.zip"
    archive.unlink(missing_ok=True)
    write_folder(contents(function, checkout, *locked_wheels(checkout, target)), folder)
    interpreter = find_interpreter(target) if bytecode else None
    if interpreter is not None:
        compile_folder(folder, interpreter)
        open_to_all(folder)
    write_zip(folder, archive)
    return Artefact(function.name, target, folder, archive, interpreter)
