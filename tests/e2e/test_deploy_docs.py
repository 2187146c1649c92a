"""docs/deploy.md is followed as a stranger would, the local environment standing in for the cloud."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.local.environment import CHECKOUT

DOCUMENT = (CHECKOUT / "docs/deploy.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^( *)```sh( cloud| local|)\n(.*?)^ *```$", DOCUMENT, flags=re.DOTALL | re.MULTILINE)
_COPIED = ("template.yml", "policy.toml", "requirements.txt", "requirements-dev.txt", "pyproject.toml", "Makefile")
_LINKED = ("functions", "shared", "tests", "docs")
# What the checks have prepared already is not prepared again, and bytecode is tested elsewhere.
_REPLACED = {
    "make setup": "true",
    ". .venv/bin/activate": "true",
    "make package": "python -m tests.local package --checkout . --no-bytecode",
    " up --artefacts": " up --checkout . --artefacts",
}
# Tools that a machine need not have; each takes what the document asks of it.
_STAND_INS = {
    "openssl": """
import base64, secrets, sys
made = secrets.token_bytes(int(sys.argv[3]))
print(made.hex() if sys.argv[2] == "-hex" else base64.b64encode(made).decode())
""",
    "curl": """
import sys, urllib.error, urllib.request
told = dict(zip(sys.argv, sys.argv[1:]))
headers = dict([told["-H"].split(": ", 1)] if "-H" in told else [])
try:
    answer = urllib.request.urlopen(urllib.request.Request(sys.argv[-1], told["-d"].encode(), headers))
except urllib.error.HTTPError as error:
    answer = error
print(answer.read().decode(), end="")
sys.exit(22 if answer.status >= 400 and "--fail-with-body" in sys.argv else 0)
""",
}
_ANSWER = '{"ok":'
_PATIENCE_S = 600


def script(ports: tuple[int, int]) -> str:
    """Return all blocks that need no cloud, in order, as one script; what each block prints stands under its number."""
    lines = ["set -eu", """trap '[ -z "${!:-}" ] || kill $! 2>/dev/null || true' EXIT"""]
    for number, (indent, kind, block) in enumerate(BLOCKS):
        if kind.strip() == "cloud":
            continue
        text = re.sub(f"^{indent}", "", block, flags=re.MULTILINE)
        for given, replaced in _REPLACED.items():
            text = text.replace(given, replaced)
        text = text.replace(":9000", f":{ports[0]}").replace("--port 9000", f"--port {ports[0]}")
        lines += [f"echo '### {number}'", text.replace("9001", str(ports[1]))]
    return "\n".join(lines)


def free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of this project that may be written to."""
    folder = tmp_path_factory.mktemp("deploy")
    for name in _COPIED:
        shutil.copy2(CHECKOUT / name, folder)
    for name in _LINKED:
        (folder / name).symlink_to(CHECKOUT / name)
    (folder / "build").mkdir()
    # Wheels that were fetched before are not fetched again.
    (CHECKOUT / "build/.wheels").mkdir(parents=True, exist_ok=True)
    (folder / "build/.wheels").symlink_to(CHECKOUT / "build/.wheels")
    return folder


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what this machine does not have."""
    folder = tmp_path_factory.mktemp("tools")
    made = {"python": f'#!/bin/sh\nexec {sys.executable} "$@"\n'}
    for name, source in _STAND_INS.items():
        if shutil.which(name) is None:
            made[name] = f"#!{sys.executable}{source}"
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def printed(checkout: Path, tools: Path) -> str:
    """What following the document prints."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("REWIND_", "ALIBABA_CLOUD_"))}
    environ = {**known, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(checkout)}
    done = subprocess.run(  # noqa: S603 -- the document's own blocks
        ["/bin/sh", "-c", script(free_ports())],
        cwd=checkout,
        env=environ,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def results(printed: str) -> list[dict[str, Any]]:
    """Return the functions' answers, in order."""
    decoder, found, at = json.JSONDecoder(), list[dict[str, Any]](), printed.find(_ANSWER)
    while at >= 0:
        result, end = decoder.raw_decode(printed, at)
        found.append(result)
        at = printed.find(_ANSWER, end)
    return found


def test_a_stranger_comes_through_to_a_plan(printed: str) -> None:
    answers = results(printed)

    assert [(answer["action"], answer["status"]) for answer in answers][:3] == [
        ("doctor", "read"),
        ("describe", "read"),
        ("rewind", "planned"),
    ]
    assert answers[2]["plan_id"]


def test_a_secret_is_rotated_without_a_gap_and_the_old_one_is_refused_afterwards(printed: str) -> None:
    by_new, by_old, by_old_afterwards, by_new_afterwards = results(printed)[3:7]

    assert [answer["status"] for answer in (by_new, by_old, by_new_afterwards)] == ["read"] * 3
    assert by_old_afterwards["error"]["code"] == "not_authenticated"


def test_a_leak_is_answered_by_freezing_all_writes(printed: str) -> None:
    (frozen,) = results(printed)[7:]

    assert frozen["error"]["code"] == "read_only"


def test_every_deployment_reads_the_settings_again_and_packages_before() -> None:
    cloud, local = (
        re.search(r"^deploy\(\) \{\s+(.*)$", text, flags=re.MULTILINE)
        for _, kind, text in BLOCKS
        if "deploy() {" in text and kind.strip()
    )

    assert cloud
    assert cloud[1] == "settings && make package && s deploy -t template.yml -y; }"
    assert local
    assert local[1] == "settings && make package"
    assert [line for line in DOCUMENT.splitlines() if re.search(r"\bs deploy\b", line) and "deploy()" not in line] == [
        line for line in DOCUMENT.splitlines() if line.startswith("- [ ] `s deploy`")
    ]


@pytest.mark.parametrize("document", ["docs/policy.md", "docs/deploy.md"])
def test_a_change_of_the_policy_is_said_to_take_a_package(document: str) -> None:
    text = (CHECKOUT / document).read_text(encoding="utf-8")
    told = re.search(r"(?i)changing it takes a deployment.*?\n\n|a change of it is .*?\n\n", text, flags=re.DOTALL)

    assert told
    assert "make package" in told[0]


def test_the_policy_of_the_document_is_sound_and_allows_what_it_says(printed: str) -> None:
    assert "policy.toml: errors: 0, warnings: 0" in printed


def test_the_journal_is_made_and_the_doctor_finds_nothing_wrong(printed: str) -> None:
    assert "created Logstore rewind-journal" in printed
    assert re.search(r"^\d+ checks, 0 failed, 0 with a warning$", printed, flags=re.MULTILINE)
    assert not [line for line in printed.splitlines() if line.startswith("failed")]


def test_no_secret_of_the_settings_is_printed(printed: str, checkout: Path) -> None:
    secrets = re.findall(r"[0-9a-f]{64}|[A-Za-z0-9+/]{43}=", (checkout / ".env").read_text(encoding="utf-8"))

    assert len(secrets) == 2
    assert not [secret for secret in secrets if secret in printed]


def test_the_settings_are_for_nobody_else_and_in_no_artefact(printed: str, checkout: Path) -> None:
    assert printed
    assert (checkout / ".env").stat().st_mode & 0o077 == 0
    assert list((checkout / "build").glob("*/.env")) == []


def test_every_block_for_the_cloud_is_either_replaced_or_only_prepares_or_removes() -> None:
    cloud = [text.split()[0] for _, kind, text in BLOCKS if kind.strip() == "cloud"]
    local = [text for _, kind, text in BLOCKS if kind.strip() == "local"]

    assert cloud == ["npm", "for", "deploy()", "python", "s"]
    assert len(local) == 2
    assert "up --artefacts" in local[0]
    assert local[1].strip() == "kill $UP"


def test_files_that_the_document_names_are_there() -> None:
    named = set(re.findall(r"`((?:docs|tests|shared)/[\w./-]+)`", DOCUMENT))

    assert {name for name in named if not (CHECKOUT / name).exists()} == set()


@pytest.mark.parametrize(
    "module", sorted(set(re.findall(r"python -m (tests\.bench\.\w+|shared\.\w+|tests\.local)", DOCUMENT)))
)
def test_modules_that_the_document_runs_are_there(module: str) -> None:
    path = CHECKOUT / module.replace(".", "/")

    assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def test_what_was_never_tried_is_a_list_to_tick_off() -> None:
    items = re.findall(r"^- \[ \] ", DOCUMENT.split("## Never tried")[1], flags=re.MULTILINE)

    assert len(items) >= 10
