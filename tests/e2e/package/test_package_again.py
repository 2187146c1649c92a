"""The same source makes the same bytes, whatever lies around it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.package.conftest import copy_checkout
from tests.local.__main__ import main
from tests.local.packaging.archive import write_zip
from tests.local.packaging.package import Artefact, package

PLANTED = "REWIND_WEBHOOK_SECRETS=a planted secret\n"


@pytest.fixture
def private_umask() -> Iterator[None]:
    """Files of this process are nobody else's, as some machines have it."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def checkout(source: Path, tmp_path: Path) -> Path:
    """The same source in another place."""
    copy = tmp_path / "another place" / "checkout"
    copy_checkout(source, copy)
    return copy


def plant_env(checkout: Path) -> int:
    folders = [checkout, *(path for name in ("functions", "shared") for path in (checkout / name).rglob("*/"))]
    planted = [folder for folder in folders if folder.is_dir()]
    for folder in planted:
        (folder / ".env").write_text(PLANTED, encoding="utf-8")
    return len(planted)


@pytest.mark.usefixtures("private_umask")
def test_zips_are_alike_from_another_place_under_another_umask_and_env_files_never_enter(
    artefacts: dict[str, Artefact], checkout: Path
) -> None:
    assert plant_env(checkout) > 10
    for name in artefacts:
        stale = checkout / "build" / name
        stale.mkdir()
        (stale / ".env").write_text(PLANTED, encoding="utf-8")

    again = {made.name: made.digest for made in package(checkout)}

    assert again == {name: made.digest for name, made in artefacts.items()}


@pytest.mark.usefixtures("private_umask")
def test_everybody_may_read_what_is_deployed(checkout: Path) -> None:
    made = next(iter(package(checkout, bytecode=False)))

    modes = {path.stat().st_mode & 0o777 for path in made.folder.rglob("*")}

    assert modes == {0o755, 0o644}


def test_a_zip_heeds_neither_times_nor_the_order_of_writing(tmp_path: Path) -> None:
    for folder, names in ((tmp_path / "a", ("x.py", "y.py")), (tmp_path / "b", ("y.py", "x.py"))):
        folder.mkdir()
        for name in names:
            (folder / name).write_text(name, encoding="utf-8")
            os.utime(folder / name, (len(folder.name), 86_400 * len(str(folder))))
        write_zip(folder, tmp_path / f"{folder.name}.zip")

    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_the_command_tells_sizes_and_what_missing_bytecode_costs(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["local", "package", "--checkout", str(checkout), "--no-bytecode"])

    status = main()

    told = capsys.readouterr()
    assert status == 0
    assert [line.split()[0] for line in told.out.splitlines()[1:]] == sorted_by_template(checkout)
    assert all(" MB " in line and " none " in line for line in told.out.splitlines()[1:])
    assert "As --no-bytecode asks" in told.err
    assert "more than twice as long" in told.err
    assert "Without a working Python" not in told.err


def test_the_command_names_what_is_imported_but_not_locked(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = checkout / "functions" / "command" / "index.py"
    index.write_text(index.read_text(encoding="utf-8") + "\nimport numpy\n", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["local", "package", "--checkout", str(checkout), "--no-bytecode"])

    status = main()

    assert status == 1
    assert "neither in the standard library nor locked: numpy" in capsys.readouterr().err


def sorted_by_template(checkout: Path) -> list[str]:
    return [path.stem for path in sorted((checkout / "dist").glob("*.zip"), key=lambda path: path.stat().st_mtime_ns)]
