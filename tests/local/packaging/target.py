"""Which Python an artefact is made for."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.markers import default_environment

from tests.local.packaging.errors import PackagingError

# The magic number of each final release: bytecode with another one is compiled anew, so it would be dead weight.
_MAGIC = {(3, 10): 3439, (3, 11): 3495, (3, 12): 3531, (3, 13): 3571}
_FC_PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64")


@dataclass(frozen=True, slots=True)
class Target:
    """CPython of one minor version.

    Attributes:
        version: Major and minor.
        platforms: Platform tags of wheels that run there; empty for those of this machine.
    """

    version: tuple[int, int]
    platforms: tuple[str, ...] = _FC_PLATFORMS

    @property
    def python(self) -> str:
        """The version as text, such as `3.12`."""
        return ".".join(map(str, self.version))

    @property
    def tag(self) -> str:
        """The tag of its wheels, such as `cp312`."""
        return f"cp{self.version[0]}{self.version[1]}"

    @property
    def magic_number(self) -> int:
        """The number that its bytecode begins with.

        Raises:
            PackagingError: It is not known for this version.
        """
        if self.version not in _MAGIC:
            raise PackagingError(f"the magic number of Python {self.python} is not known here")
        return _MAGIC[self.version]

    @property
    def markers(self) -> Mapping[str, str]:
        """The values of environment markers there; pip alone would take those of the Python that runs it."""
        here = {name: str(value) for name, value in default_environment().items()}
        if not self.platforms:
            return here
        return {
            **here,
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "implementation_version": f"{self.python}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "platform_machine": "x86_64",
            "platform_system": "Linux",
            "sys_platform": "linux",
            "os_name": "posix",
        }


def target_of(runtime: str) -> Target:
    """Return what a runtime of Function Compute is, such as `python3.12`.

    Source: function-compute.md, section 9 (x86_64 alone; manylinux2014 suits every image).
    """
    major, _, minor = runtime.removeprefix("python").partition(".")
    return Target((int(major), int(minor or 6)))


def this_python() -> Target:
    """Return the Python that runs this, on this machine."""
    return Target(sys.version_info[:2], platforms=())
