"""Wheels of the locked requirements: fetched once, checked against the lock, read as files."""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename

from tests.local.packaging.errors import PackagingError
from tests.local.packaging.lock import Pin
from tests.local.packaging.target import Target

# Folders and files that a running function has no use for.
_UNUSED_FOLDERS = frozenset({"__pycache__", "tests", "SelfTest"})
_UNUSED_SUFFIXES = frozenset({".pyi", ".pyc"})


@dataclass(frozen=True, slots=True)
class Wheel:
    """One distribution, ready to be laid beside the handler.

    Attributes:
        name: Normalized.
        requires: What it needs itself, as far as the target's markers say so.
        files: Content by path; without metadata, scripts, tests, type stubs and bytecode.
    """

    name: NormalizedName
    requires: frozenset[NormalizedName]
    files: Mapping[str, bytes]

    @property
    def modules(self) -> frozenset[str]:
        """The top-level names that it can be imported by."""
        return frozenset(PurePosixPath(path).parts[0].partition(".")[0] for path in self.files)


def fetch_wheels(pins: Collection[Pin], target: Target, cache: Path) -> dict[NormalizedName, Wheel]:
    """Return the wheels of some requirements, from the cache or else from the registry that pip is set up for.

    Args:
        pins: What to fetch.
        target: Whose wheels.
        cache: A folder to keep them in; made if it is not there.

    Raises:
        PackagingError: pip cannot get one, as a wheel and with a hash that the lock has.
    """
    folder = cache / "-".join((target.tag, *(target.platforms[:1] or ("here",))))
    folder.mkdir(parents=True, exist_ok=True)
    missing = [pin for pin in pins if _find(pin, folder) is None]
    if missing:
        _download(missing, target, folder)
    found = {pin.name: _find(pin, folder) for pin in pins}
    if absent := [name for name, path in found.items() if path is None]:
        raise PackagingError(f"pip brought no wheel of: {', '.join(absent)}")
    return {name: read_wheel(path, target) for name, path in found.items() if path is not None}


def read_wheel(path: Path, target: Target) -> Wheel:
    """Return what a wheel holds."""
    name = parse_wheel_filename(path.name)[0]
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    files = {_place(member): content for member, content in members.items() if _is_used(member)}
    return Wheel(name, _requires(members, target), files)


def _find(pin: Pin, folder: Path) -> Path | None:
    for path in sorted(folder.glob("*.whl")):
        if parse_wheel_filename(path.name)[0] == pin.name and _digest(path) in pin.hashes:
            return path
    return None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _download(pins: Collection[Pin], target: Target, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch, "requirements.txt")
        listed.write_text("".join(f"{pin.as_line()}\n" for pin in pins), encoding="utf-8")
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary=:all:"]
        elsewhere = ["--python-version", target.python, "--implementation", "cp"] if target.platforms else []
        platforms = [f"--platform={platform}" for platform in target.platforms]
        command = [sys.executable, "-m", "pip", "download", *options, *elsewhere, *platforms]
        done = subprocess.run(  # noqa: S603 -- pip with our own lock
            [*command, "--dest", str(folder), "--requirement", str(listed)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise PackagingError(f"pip could not fetch the wheels for Python {target.python}:\n{done.stderr.strip()}")


def _is_used(member: str) -> bool:
    path = PurePosixPath(member)
    metadata = path.parts[0].endswith(".dist-info")
    elsewhere = path.parts[0].endswith(".data") and path.parts[1] not in {"purelib", "platlib"}
    unused = path.suffix in _UNUSED_SUFFIXES or path.name.startswith(".env")
    return not (metadata or elsewhere or unused or _UNUSED_FOLDERS.intersection(path.parts))


def _place(member: str) -> str:
    path = PurePosixPath(member)
    return str(PurePosixPath(*path.parts[2:])) if path.parts[0].endswith(".data") else member


def _requires(members: Mapping[str, bytes], target: Target) -> frozenset[NormalizedName]:
    metadata = next(content for name, content in members.items() if name.endswith(".dist-info/METADATA"))
    told = Parser().parsestr(metadata.decode("utf-8"), headersonly=True).get_all("Requires-Dist", [])
    requirements = [Requirement(str(text)) for text in told]
    markers = {**target.markers, "extra": ""}
    return frozenset(
        canonicalize_name(requirement.name)
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate(markers)
    )
