"""What modules import, and what that imports in turn, read from source without running any of it."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from tests.local.packaging.errors import PackagingError

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


@dataclass(frozen=True, slots=True)
class Reached:
    """What can be reached from some modules.

    Attributes:
        paths: Those of the files that are needed; the packages that modules are in count too.
        outside: Dotted names that are imported and whose first part is none of the files, with all their parents.
    """

    paths: frozenset[str]
    outside: frozenset[str]


def reach(files: Mapping[str, bytes], names: Collection[str]) -> Reached:
    """Return what modules need: every import counts, also inside functions and behind conditions.

    So does a text that is the name of a module among the files, since what is loaded by name is named so.

    Args:
        files: Content by path below the code root; what is neither source nor a native module is passed over.
        names: Dotted names to begin with; those not among the files are passed over.

    Raises:
        PackagingError: A module imports one of a package in `files` that is not there.
    """
    modules = {_dotted(path): path for path in files if path.endswith((".py", ".so"))}
    inside = {name.partition(".")[0] for name in modules}
    reached, outside = set[str](), set[str]()
    waiting = [parent for name in names for parent in _with_parents(name) if parent in modules]
    while waiting:
        path = modules[waiting.pop()]
        if path in reached:
            continue
        reached.add(path)
        named, imported = _told(path, files[path] if path.endswith(".py") else b"")
        waiting += [name for name in named if name in modules]
        for name, is_module in imported:
            if name in modules:
                waiting.append(name)
            elif name.partition(".")[0] not in inside:
                outside.add(name)
            elif is_module:
                raise PackagingError(f"{path} imports {name}, which is not there")
    return Reached(frozenset(reached), frozenset(outside))


# Functions share most of their modules, and to read one takes longer than all else.
@cache
def _told(path: str, source: bytes) -> tuple[tuple[str, ...], tuple[tuple[str, bool], ...]]:
    """Return the dotted names that stand in a module as text, and what it imports."""
    nodes = list(ast.walk(ast.parse(source, path)))
    return tuple(_named(nodes)), tuple(_imported(path, nodes))


def _dotted(path: str) -> str:
    told = PurePosixPath(path)
    stem = told.with_name(told.name.partition(".")[0])
    return ".".join(stem.parent.parts if stem.name == "__init__" else stem.parts)


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def _imported(path: str, nodes: Iterable[ast.AST]) -> Iterator[tuple[str, bool]]:
    """Yield each dotted name that is imported, with its parents, and whether it must be a module."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((name, True) for alias in node.names for name in _with_parents(alias.name))
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(path, node)
            yield from ((name, True) for name in _with_parents(module))
            # Of `from a import b`, b may be anything.
            yield from ((f"{module}.{alias.name}", False) for alias in node.names)


def _named(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield each dotted name that stands as a text, with its parents."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _DOTTED.fullmatch(node.value):
            yield from _with_parents(node.value)


def _absolute(path: str, node: ast.ImportFrom) -> str:
    package = PurePosixPath(path).parts[: -node.level] if node.level else ()
    return ".".join([*package, *([node.module] if node.module else [])])
