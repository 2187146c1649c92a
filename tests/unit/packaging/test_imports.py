import pytest

from tests.local.packaging.errors import PackagingError
from tests.local.packaging.imports import reach

FILES = {
    "index.py": b"import shared.first\n",
    "shared/__init__.py": b"",
    "shared/first.py": b"def late():\n    from shared.deep import second\n    import requests.adapters\n",
    "shared/deep/__init__.py": b"from . import sibling\n",
    "shared/deep/second.py": b"LIBRARY = 'shared.native._fast'\n",
    "shared/deep/sibling.py": b"from ..third import name\n",
    "shared/native/__init__.py": b"",
    "shared/native/_fast.abi3.so": b"\x7fELF",
    "shared/third.py": b"",
    "shared/unused.py": b"",
    "shared/data.json": b"{}",
}


def test_what_is_imported_within_functions_and_relatively_is_reached_with_its_packages() -> None:
    assert reach(FILES, ["index"]).paths == FILES.keys() - {"shared/unused.py", "shared/data.json"}


def test_native_modules_that_are_loaded_by_name_are_reached() -> None:
    assert "shared/native/_fast.abi3.so" in reach(FILES, ["shared.deep.second"]).paths


def test_what_is_imported_from_elsewhere_is_told_with_its_parents() -> None:
    assert reach(FILES, ["index"]).outside == {"requests", "requests.adapters"}


def test_a_name_taken_from_a_module_need_not_be_a_module() -> None:
    assert (
        reach({"index.py": b"from shared import NAME", "shared/__init__.py": b"NAME = 1"}, ["index"]).outside == set()
    )


def test_a_module_of_ours_that_is_missing_is_refused() -> None:
    with pytest.raises(PackagingError, match=r"index\.py imports shared\.gone"):
        reach({"index.py": b"import shared.gone", "shared/__init__.py": b""}, ["index"])


def test_a_text_that_only_looks_like_a_module_is_passed_over() -> None:
    assert reach({"index.py": b"CODE = 'Policy.Denied'"}, ["index"]).outside == set()
