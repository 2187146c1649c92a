"""The code root of a function: what `/code` is on the platform."""

from pathlib import Path

from tests.local.fc.errors import StagingError
from tests.local.fc.template import Function

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
