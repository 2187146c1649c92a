"""Bytecode for the target, so that a cold instance compiles nothing."""

import subprocess
from pathlib import Path

from tests.local.packaging.errors import PackagingError

# Where the platform unpacks the artefact: what tracebacks name.
_CODE_ROOT = "/code"


def compile_folder(folder: Path, interpreter: Path) -> None:
    """Compile every module of a folder beside its source, as unchecked-hash bytecode.

    The loader takes such bytecode as it is: it neither asks for the source's time, which no zip keeps, nor hashes it.

    Raises:
        PackagingError: A module does not compile.
    """
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", _CODE_ROOT]
    # Nothing of the caller's environment: what a hash seed, a site or an optimization level is, shows in the bytes.
    done = subprocess.run(  # noqa: S603 -- an interpreter that was found and tried
        [str(interpreter), "-S", "-s", "-m", "compileall", *options, str(folder)],
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackagingError(f"a module does not compile:\n{done.stdout.strip()}\n{done.stderr.strip()}")
