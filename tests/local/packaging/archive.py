"""Files as a folder and as a zip, the same bytes whoever writes them, wherever and whenever."""

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

_FOLDER_MODE = 0o755
_FILE_MODE = 0o644
_REGULAR_FILE = 0o100000
# The oldest time that a zip can hold.
_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder of their own; what was there before is gone."""
    if folder.exists():
        shutil.rmtree(folder)
    for path in sorted(files):
        place = folder / PurePosixPath(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(files[path])
    open_to_all(folder)


def open_to_all(folder: Path) -> None:
    """Let everybody read a folder, whatever the umask: the function runs as another user than the one who packages."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(_FOLDER_MODE if path.is_dir() else _FILE_MODE)


def write_zip(folder: Path, path: Path) -> None:
    """Write the files of a folder into a zip, in the order of their names, with fixed times and modes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = sorted(entry.relative_to(folder).as_posix() for entry in folder.rglob("*") if entry.is_file())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            info = zipfile.ZipInfo(name, _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = _UNIX
            info.external_attr = (_REGULAR_FILE | _FILE_MODE) << 16
            archive.writestr(info, (folder / name).read_bytes())
