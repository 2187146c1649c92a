"""What belongs into the artefact of one function: its handler, what that imports, and the policy."""

from collections.abc import Collection, Mapping
from pathlib import Path
from sys import stdlib_module_names

from packaging.utils import NormalizedName, canonicalize_name

from tests.local.fc.template import Function
from tests.local.packaging.errors import PackagingError
from tests.local.packaging.imports import reach
from tests.local.packaging.wheels import Wheel

_POLICY = "policy.toml"
# What the standard library has by the target's version, though not yet in every Python that packages.
_STDLIB = stdlib_module_names | {"tomllib"}
# What an import needs that no module names: zones, where the image has none.
_IMPLIED = {"zoneinfo": canonicalize_name("tzdata")}
# Made of many parts that do not need each other; a function carries those that it reaches.
_IN_PARTS = frozenset({canonicalize_name("pycryptodomex")})


def contents(
    function: Function, checkout: Path, wheels: Mapping[NormalizedName, Wheel], excluded: Collection[NormalizedName]
) -> dict[str, bytes]:
    """Return the files of an artefact by path, bytecode apart.

    Args:
        function: Whose artefact.
        checkout: The folder that holds `functions`, `shared` and policy.toml.
        wheels: Every distribution that a function may need.
        excluded: Distributions that the target can do without; they may be imported, where none is missed.

    Raises:
        PackagingError: A file is missing, or something is imported that nothing brings along.
    """
    handler = function.handler.rpartition(".")[0]
    source = _source(checkout, function.name, handler)
    reached = reach(source, [handler.replace("/", ".")])
    return {
        **{path: source[path] for path in reached.paths},
        **dependencies(reached.outside, wheels, excluded),
        _POLICY: _read(checkout, _POLICY),
    }


def _source(checkout: Path, name: str, handler: str) -> dict[str, bytes]:
    shared = sorted((checkout / "shared").rglob("*.py"))
    return {
        f"{handler}.py": _read(checkout, f"functions/{name}/{handler}.py"),
        **{path.relative_to(checkout).as_posix(): path.read_bytes() for path in shared},
    }


def _read(checkout: Path, name: str) -> bytes:
    try:
        return (checkout / name).read_bytes()
    except FileNotFoundError as error:
        raise PackagingError(f"{name} does not exist") from error


def dependencies(
    imported: Collection[str], wheels: Mapping[NormalizedName, Wheel], excluded: Collection[NormalizedName]
) -> dict[str, bytes]:
    """Return the files of the distributions that some modules, by dotted name, need; arguments as for `contents`.

    Raises:
        PackagingError: Nothing brings one along.
    """
    files: dict[str, bytes] = {}
    for name in _distributions(imported, wheels, excluded):
        carried = wheels[name].files
        parts = reach(carried, imported).paths if name in _IN_PARTS else carried.keys()
        files |= {path: carried[path] for path in parts}
    return files


def _distributions(
    imported: Collection[str], wheels: Mapping[NormalizedName, Wheel], excluded: Collection[NormalizedName]
) -> list[NormalizedName]:
    """Return what brings the modules along, and what that requires, by name."""
    brought = {module: wheel.name for wheel in wheels.values() for module in wheel.modules}
    modules = {name.partition(".")[0] for name in imported}
    missing = {m for m in modules - _STDLIB - brought.keys() if canonicalize_name(m) not in excluded}
    if missing:
        raise PackagingError(f"imported, but neither in the standard library nor locked: {', '.join(sorted(missing))}")
    waiting = [brought[module] for module in modules if module in brought]
    waiting += [name for module, name in _IMPLIED.items() if module in modules]
    found: set[NormalizedName] = set()
    while waiting:
        name = waiting.pop()
        if name not in wheels:
            raise PackagingError(f"{name} is required, but not locked")
        waiting += wheels[name].requires - found
        found.add(name)
    return sorted(found)
