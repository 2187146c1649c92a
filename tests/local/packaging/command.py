"""The command `package`: make what is deployed."""

import argparse
import sys
from pathlib import Path

from tests.local.environment import CHECKOUT
from tests.local.fc.errors import LocalFcError
from tests.local.packaging.errors import PackagingError
from tests.local.packaging.package import Artefact, package
from tests.local.packaging.target import this_python

_MB = 1_000_000
_NO_BYTECODE = (
    "{why}, the artefacts hold source alone: a cold instance compiles all that it imports,\n"
    "and takes more than twice as long to its first call (`make bench` measures it). {remedy}"
)
_ASKED_FOR = {"why": "As --no-bytecode asks", "remedy": "Leave it out for what you deploy."}
_NO_PYTHON = {
    "why": "Without a working Python {python}",
    "remedy": "Install Python {python}, by a\nversion manager or from a package, and run `make package` again.",
}


def add_package(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `package`."""
    parser = commands.add_parser("package", help="make build/<name>/ and dist/<name>.zip for each function")
    parser.add_argument("--checkout", type=Path, default=CHECKOUT, help="the folder that holds template.yml")
    parser.add_argument("--no-bytecode", dest="bytecode", action="store_false", help="leave it to the cold instance")
    parser.add_argument("--this-python", action="store_true", help="make them for this Python and machine, to try out")
    parser.set_defaults(run=run_package)


def run_package(arguments: argparse.Namespace) -> int:
    """Make every artefact, tell what was made, and return the exit status."""
    print(_line("function", "zip", "unpacked", "bytecode", "SHA-256 of the zip"))  # noqa: T201 -- a command speaks
    bare: set[str] = set()
    try:
        target = this_python() if arguments.this_python else None
        for artefact in package(arguments.checkout.resolve(), target=target, bytecode=arguments.bytecode):
            print(_described(artefact), flush=True)  # noqa: T201 -- a command speaks
            bare |= set() if artefact.interpreter else {artefact.target.python}
    except (PackagingError, LocalFcError) as error:
        print(f"cannot package: {error}", file=sys.stderr)  # noqa: T201 -- a command speaks
        return 1
    for python in sorted(bare):
        told = _NO_PYTHON if arguments.bytecode else _ASKED_FOR
        print(_NO_BYTECODE.format(**told).format(python=python), file=sys.stderr)  # noqa: T201 -- a command speaks
    return 0


def _described(artefact: Artefact) -> str:
    sizes = (f"{size / _MB:.2f} MB" for size in (artefact.zip_bytes, artefact.unpacked_bytes))
    return _line(artefact.name, *sizes, artefact.target.python if artefact.interpreter else "none", artefact.digest)


def _line(name: str, *more: str) -> str:
    zipped, unpacked, bytecode, digest = more
    return f"{name:<10} {zipped:>9} {unpacked:>10} {bytecode:>9}  {digest}"
