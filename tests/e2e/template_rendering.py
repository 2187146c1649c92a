"""template.yml as the deploy tool would render it: by `s preview` where it can be had, else as we read it."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.local.environment import CHECKOUT
from tests.local.fc.expressions import resolve

TEMPLATE = CHECKOUT / "template.yml"
ENVIRON: Mapping[str, str] = {
    "REWIND_REGION": "cn-hangzhou",
    "REWIND_ROLE_WRITER": "acs:ram::1234567890123456:role/sls-rewind-writer",
    "REWIND_ROLE_CHATOPS": "acs:ram::1234567890123456:role/sls-rewind-chatops",
    "REWIND_WEBHOOK_SECRETS": '{"ci": "a-secret-of-thirty-two-bytes-or-more"}',
    "REWIND_WORKER_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
}
_NAME = "@serverless-devs/s"
_PACKAGE = f"{_NAME}@3.1.10"
_CACHE = CHECKOUT / "build/.s"
_PATIENCE_S = 60


def raw_template() -> dict[str, Any]:
    """Return template.yml with its expressions as they stand."""
    document: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    return document


def render(environ: Mapping[str, str] = ENVIRON) -> dict[str, Any]:
    """Return template.yml as we read it."""
    document = resolve(raw_template(), environ)
    return {**document, "vars": {"region": environ["REWIND_REGION"]}}


def render_by_tool(
    folder: Path, environ: Mapping[str, str] = ENVIRON, dotenv: str | None = None
) -> dict[str, Any] | None:
    """Return template.yml as `s preview` renders it; None where the tool can neither be found nor fetched.

    Args:
        folder: An empty one, which becomes the tool's home: it writes settings and logs there.
        environ: The variables that are exported.
        dotenv: What stands in `.env` beside the template; None if there is none.
    """
    tool = _tool(folder)
    if tool is None:
        return None
    shutil.copy(TEMPLATE, folder / "template.yml")
    if dotenv is not None:
        (folder / ".env").write_text(dotenv, encoding="utf-8")
    shown = _run(folder, [tool, "preview", "-t", "template.yml", "-o", "json", "--silent"], environ)
    document: dict[str, Any] = json.loads(shown[shown.index("{") :])
    return document


def _tool(folder: Path) -> str | None:
    if shutil.which("node") is None:
        return None
    found = shutil.which("s")
    # Other programs have this short name too.
    return found if found and _NAME in _run(folder, [found, "--version"], {}) else _fetched_tool()


def _fetched_tool() -> str | None:
    """Return the tool as npm fetches it, once for all runs; None where there is no npm, or it reaches no registry."""
    npm, tool = shutil.which("npm"), _CACHE / "node_modules/.bin/s"
    if npm is None or tool.exists():
        return str(tool) if tool.exists() else None
    _CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_CACHE) as scratch:
        install = [
            npm,
            "install",
            "--prefix",
            scratch,
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--fetch-retries=0",
        ]
        try:
            done = subprocess.run([*install, _PACKAGE], capture_output=True, timeout=_PATIENCE_S, check=False)  # noqa: S603 -- npm
        except subprocess.TimeoutExpired:
            return None
        if done.returncode == 0:
            # Another run may have been quicker, and then its copy stays.
            with contextlib.suppress(OSError):
                Path(scratch, "node_modules").rename(_CACHE / "node_modules")
    return str(tool) if tool.exists() else None


def _run(folder: Path, command: list[str], environ: Mapping[str, str]) -> str:
    given = {"PATH": os.environ["PATH"], "HOME": str(folder), **environ}
    done = subprocess.run(  # noqa: S603 -- the tool, in a folder and an environment of ours
        command, cwd=folder, env=given, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
    )
    return done.stdout
