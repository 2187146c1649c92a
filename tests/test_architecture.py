"""What keeps the code as it is laid out: who reads what, how long things may be, what an import may do."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAX_FUNCTION_LINES = 45
MAX_MODULE_LINES = 300
ENVIRON_READERS = {"shared/settings.py", "shared/sls/credentials.py"}
CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
}
_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_INERT = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
    ast.Expr,
    ast.If,
)
# Where clocks are wound: what Function Compute starts, and what a command line does.
_AT_THE_EDGE = re.compile(r"shared/fc/|.*/__main__\.py")
# Hosts of package registries, as parts so that this file does not name one itself.
_REGISTRIES = re.compile("|".join(("pypi" + r"\.org", "pythonhosted" + r"\.org", "mirrors" + r"\.")))


def sources(*folders: str) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*.py"))


def tree(source: str) -> ast.Module:
    return ast.parse((ROOT / source).read_text(encoding="utf-8"))


def attributes(source: str) -> set[str]:
    """Return every `name.attribute` in a module."""
    nodes = [node for node in ast.walk(tree(source)) if isinstance(node, ast.Attribute)]
    return {f"{node.value.id}.{node.attr}" for node in nodes if isinstance(node.value, ast.Name)}


def imports(source: str) -> set[str]:
    """Return every module, and every name from a module, that a module imports."""
    found: set[str] = set()
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        if isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{name.name}" for name in node.names)}
    return found


@pytest.mark.parametrize("source", sources("shared", "functions"))
def test_the_environment_is_read_in_two_places_alone(source: str) -> None:
    reads = attributes(source) & {"os.environ", "os.getenv", "os.environb"}
    named = imports(source) & {"os.environ", "os.getenv", "os.environb"}

    assert not (reads | named) or source in ENVIRON_READERS


@pytest.mark.parametrize("source", sources("shared", "functions"))
def test_requests_is_imported_where_calls_are_made(source: str) -> None:
    networks = {"requests", "urllib3", "http.client", "urllib.request", "socket", "aiohttp", "httpx"}

    callers = ("shared/sls/", "shared/notifications/", "shared/chatops/posting.py", "shared/fc/invocation.py")
    assert not imports(source) & networks or source.startswith(callers)


@pytest.mark.parametrize("source", [source for source in sources("shared") if not _AT_THE_EDGE.match(source)])
def test_the_clock_enters_as_an_argument(source: str) -> None:
    assert not attributes(source) & CLOCKS


@pytest.mark.parametrize("source", sources("shared", "functions"))
def test_no_function_is_longer_than_a_screen(source: str) -> None:
    functions = [node for node in ast.walk(tree(source)) if isinstance(node, _FunctionNode)]

    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno + 1 > MAX_FUNCTION_LINES] == []


@pytest.mark.parametrize("source", sources("shared", "functions"))
def test_no_module_is_longer_than_300_lines(source: str) -> None:
    assert len((ROOT / source).read_text(encoding="utf-8").splitlines()) <= MAX_MODULE_LINES


@pytest.mark.parametrize("source", sources("shared", "functions"))
def test_a_module_holds_nothing_but_definitions(source: str) -> None:
    body = tree(source).body
    statements = [node for node in body if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)]

    assert [node for node in body if not isinstance(node, _INERT)] == []
    assert statements == []


@pytest.mark.parametrize("source", sources("shared", "functions", "tests"))
def test_no_module_has_a_name_that_says_nothing(source: str) -> None:
    assert not {"utils", "helpers", "common", "manager", "base", "misc"} & set(Path(source).with_suffix("").parts)


_PROBE = """
import os, socket, sys, threading

def refuse(*_args, **_kwargs):
    raise AssertionError("an import may not do this")

class Hidden(dict):
    # Libraries may look for their own variables, nobody at ours or at all of them.
    def get(self, name, default=None):
        return refuse() if name.startswith(("REWIND_", "ALIBABA_CLOUD_", "FC_")) else default

    __getitem__ = __contains__ = get
    __iter__ = items = keys = values = copy = refuse

import requests
threading.Thread.start = refuse
socket.socket.connect = socket.getaddrinfo = refuse
os.environ = Hidden()
import functions.{name}.index
assert threading.active_count() == 1
assert callable(functions.{name}.index.handler)
"""


@pytest.mark.parametrize("name", sorted(path.parent.name for path in (ROOT / "functions").glob("*/index.py")))
def test_importing_a_function_reads_no_setting_and_starts_nothing(name: str) -> None:
    probe = [sys.executable, "-c", _PROBE.format(name=name)]

    done = subprocess.run(probe, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- our own probe

    assert done.stderr == ""


def shipped() -> Iterator[Path]:
    """Yield every text file of the project, without what tools leave behind."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        tools = parts[0].startswith(".") and parts[0] not in {".ci", ".gitignore", ".github"}
        if path.is_file() and not tools and "__pycache__" not in parts and parts[0] not in {"build", "dist"}:
            yield path


def test_no_file_names_a_registry_or_a_place_on_this_machine() -> None:
    places = [f"{place}/" for place in (ROOT, Path.home()) if len(place.parts) > 1]

    def is_wrong(path: Path) -> bool:
        text = path.read_text(encoding="utf-8", errors="replace")
        return _REGISTRIES.search(text) is not None or any(place in text for place in places)

    assert [str(path.relative_to(ROOT)) for path in shipped() if is_wrong(path)] == []
