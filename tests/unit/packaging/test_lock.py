from pathlib import Path

import pytest

from tests.local.environment import CHECKOUT
from tests.local.packaging.errors import PackagingError
from tests.local.packaging.lock import needed, read_lock
from tests.local.packaging.target import Target, target_of

LOCK = CHECKOUT / "requirements.txt"


def test_markers_are_those_of_the_target_whatever_python_packages() -> None:
    pins = read_lock(LOCK)

    assert "tomli" in needed(pins, Target((3, 10)))
    assert "tomli" not in needed(pins, Target((3, 12)))


def test_every_requirement_but_those_of_other_pythons_is_needed() -> None:
    pins = read_lock(LOCK)

    assert {pin.name for pin in pins} - needed(pins, Target((3, 12))).keys() == {"tomli"}
    assert all(pin.hashes for pin in pins)


def test_a_requirement_without_a_hash_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("requests==2.32.0\n", encoding="utf-8")

    with pytest.raises(PackagingError, match="requests is locked without a hash"):
        read_lock(lock)


def test_pip_gets_a_requirement_without_its_marker(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(
        f"tomli==2.0 ; python_version < '3' \\\n    --hash=sha256:{'a' * 64}\n    # via us\n", encoding="utf-8"
    )

    (pin,) = read_lock(lock)

    assert pin.as_line() == f"tomli==2.0 --hash=sha256:{'a' * 64}"


def test_a_runtime_names_its_python() -> None:
    assert (target_of("python3.12").version, target_of("python3.10").tag) == ((3, 12), "cp310")
