"""A Python that compiles bytecode for the target: looked for in the usual places, and tried before it is believed."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.local.packaging.target import Target

_TRIED_S = 20
_PROBE = "import importlib.util, sys; print(sys.implementation.name, importlib.util.MAGIC_NUMBER.hex())"
# Where version managers keep what they installed, below the home folder.
_MANAGED = (
    ".local/share/uv/python/cpython-{python}*/bin/python{python}",
    ".local/share/mise/installs/python/{python}*/bin/python{python}",
    ".asdf/installs/python/{python}*/bin/python{python}",
)
_FOLDERS = ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/opt/local/bin")


def find_interpreter(target: Target, folders: Sequence[str] = _FOLDERS) -> Path | None:
    """Return a Python whose bytecode the target takes; None if none of this machine's works.

    Args:
        target: Whose bytecode.
        folders: Where to look besides PATH and what version managers keep.
    """
    return next((path for path in _candidates(target.python, folders) if compiles_for(path, target)), None)


def compiles_for(interpreter: Path, target: Target) -> bool:
    """Return whether an interpreter runs at all, and writes the target's bytecode."""
    expected = f"cpython {magic_number_bytes(target).hex()}"
    try:
        probe = [str(interpreter), "-S", "-c", _PROBE]
        done = subprocess.run(probe, capture_output=True, text=True, check=False, timeout=_TRIED_S)  # noqa: S603 -- found by us
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == expected


def magic_number_bytes(target: Target) -> bytes:
    """Return what bytecode of the target begins with."""
    return target.magic_number.to_bytes(2, "little") + importlib.util.MAGIC_NUMBER[2:]


def _candidates(python: str, folders: Sequence[str]) -> Iterator[Path]:
    yield Path(sys.executable)
    for folder in [*os.environ.get("PATH", "").split(os.pathsep), *folders]:
        if folder and (path := Path(folder, f"python{python}")).is_file():
            yield path
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{python}.*/bin/python{python}"))
    for pattern in _MANAGED:
        yield from sorted(Path.home().glob(pattern.format(python=python)))
    yield from _found_by_uv(python)


def _found_by_uv(python: str) -> Iterator[Path]:
    uv = shutil.which("uv")
    if uv is None:
        return
    asked = [uv, "python", "find", "--no-python-downloads", python]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=_TRIED_S)  # noqa: S603 -- found on PATH
    if done.returncode == 0 and done.stdout.strip():
        yield Path(done.stdout.strip())
