"""The locked requirements, for a Python that need not be the one that reads them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from tests.local.packaging.errors import PackagingError
from tests.local.packaging.target import Target

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Pin:
    """One locked requirement.

    Attributes:
        name: Normalized.
        specifier: `==` and the version.
        marker: Where it is needed; None for everywhere.
        hashes: SHA-256 of each of its files, in hex.
    """

    name: NormalizedName
    specifier: str
    marker: Marker | None
    hashes: frozenset[str]

    def applies_to(self, target: Target) -> bool:
        """Whether it is needed there."""
        return self.marker is None or self.marker.evaluate(dict(target.markers))

    def as_line(self) -> str:
        """Return it as pip reads it, without the marker."""
        return " ".join([self.name + self.specifier, *(f"--hash=sha256:{digest}" for digest in sorted(self.hashes))])


def read_lock(path: Path) -> list[Pin]:
    """Return every requirement of a file with hashes.

    Raises:
        PackagingError: One has no hash.
    """
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (line.partition(" #")[0].strip() for line in text.splitlines())
    return [_pin(line) for line in lines if line and not line.startswith("#")]


def needed(pins: Iterable[Pin], target: Target) -> dict[NormalizedName, Pin]:
    """Return the requirements that the target needs, by name."""
    return {pin.name: pin for pin in pins if pin.applies_to(target)}


def _pin(line: str) -> Pin:
    requirement = Requirement(line.partition("--hash")[0].strip())
    hashes = frozenset(_HASH.findall(line))
    if not hashes:
        raise PackagingError(f"{requirement.name} is locked without a hash")
    return Pin(canonicalize_name(requirement.name), str(requirement.specifier), requirement.marker, hashes)
