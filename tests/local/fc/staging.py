"""The code root of a function: what `/code` is on the platform."""

from collections.abc import Iterable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from tests.local.fc.errors import StagingError
from tests.local.fc.template import Function
from tests.local.packaging.interpreters import find_interpreter
from tests.local.packaging.target import target_of

_BYTECODE = "__pycache__"


def stage_source(function: Function, checkout: Path, policy: Path, into: Path) -> Path:
    """Return a folder in the artefact's shape, made of links: the function's files, `shared` and policy.toml.

    So source is edited in place, yet a function sees nothing that its artefact would not have. Where the handler
    names a folder (`functions/<name>/index.handler`), that tree is linked as well.

    Args:
        function: The function; its files are those in `functions/<its name>`.
        checkout: The folder that holds `functions` and `shared`.
        policy: The policy to stage as policy.toml; one among the function's own files wins.
        into: An existing folder; the code root is made in it.

    Raises:
        StagingError: The function has no folder.
    """
    source = checkout / "functions" / function.name
    if not source.is_dir():
        raise StagingError(f"functions/{function.name} does not exist")
    root = into / function.name
    root.mkdir()
    entries = {entry.name: entry for entry in source.iterdir() if entry.name != _BYTECODE}
    folder, slash, _ = function.handler.partition("/")
    if slash:
        entries.setdefault(folder, checkout / folder)
    entries.setdefault("shared", checkout / "shared")
    entries.setdefault("policy.toml", policy)
    for name, target in entries.items():
        if target.exists():
            (root / name).symlink_to(target.resolve())
    return root


def find_artefact(function: Function, checkout: Path) -> Path:
    """Return the folder that is deployed for the function, as it is.

    Raises:
        StagingError: It has not been built.
    """
    artefact = (checkout / function.code).resolve()
    if not artefact.is_dir():
        raise StagingError(f"{function.code} does not exist: run `make package` first")
    return artefact


def runs_here(artefact: Path) -> bool:
    """Return whether the Python that runs this can load the native modules of an artefact, if it has any."""
    native = [path.name for path in artefact.rglob("*.cpython-*.so")]
    return all(name.endswith(EXTENSION_SUFFIXES[0]) for name in native)


def interpreter_of(functions: Iterable[Function]) -> Path:
    """Return a Python of this machine that runs the functions' artefacts.

    Raises:
        StagingError: There is none, or the functions have several runtimes.
    """
    runtimes = {function.runtime for function in functions}
    found = find_interpreter(target_of(min(runtimes))) if len(runtimes) == 1 else None
    if found is None:
        raise StagingError(
            f"the artefacts are made for {', '.join(sorted(runtimes))}, and no such Python works here; "
            "`python -m tests.local package --this-python` makes some for this one, to try them out"
        )
    return found
