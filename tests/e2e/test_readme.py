import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from shared.action_names import ACTIONS
from tests.local.demo import Orders
from tests.local.environment import LocalEnvironment
from tests.local.sls.server import StandInServer

CHECKOUT = Path(__file__).resolve().parents[2]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = {path.name: path.read_text(encoding="utf-8") for path in (CHECKOUT / "docs").glob("*.md")}
COMMANDS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", README, flags=re.DOTALL)]


@pytest.fixture(scope="module")
def command_url() -> Iterator[tuple[str, str]]:
    with StandInServer() as stand_in, LocalEnvironment(stand_in) as environment:
        Orders(stand_in)
        yield f"{environment.url}/command", environment.bearer


def send(where: tuple[str, str], command: object) -> dict[str, Any]:
    url, bearer = where
    response = requests.post(url, json=command, headers={"Authorization": f"Bearer {bearer}"}, timeout=30)
    answer: dict[str, Any] = response.json()
    return answer


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command["action"])
def test_every_command_that_readme_shows_works(command: dict[str, Any], command_url: tuple[str, str]) -> None:
    result = send(command_url, command)

    assert result["ok"], result["error"]


def test_the_night_as_readme_tells_it_from_describe_to_undo(command_url: tuple[str, str]) -> None:
    planned = send(command_url, {"action": "seek", "target": "shop/orders/billing", "to": "2h"})
    applied = send(command_url, planned["next"][0])
    repeated = send(command_url, planned["next"][0])
    verified, undone = (send(command_url, command) for command in applied["next"])

    assert [planned["status"], applied["status"], repeated["status"]] == ["planned", "applied", "duplicate"]
    assert {shard["state"] for shard in verified["verify"]} == {"held"}
    assert send(command_url, undone["next"][0])["status"] == "applied"


def test_the_demo_prints_what_readme_shows() -> None:
    shown = next(block for block in re.findall(r"```text\n(.*?)```", README, flags=re.DOTALL) if "2. What" in block)

    run = subprocess.run(
        [sys.executable, "-m", "tests.local", "demo"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )

    assert_appears(shown, run.stdout)


def assert_appears(shown: str, printed: str) -> None:
    """Every line shown stands in what was printed, in this order, whatever its times and ids are."""
    rest = iter(plain(line) for line in printed.splitlines())
    missing = [line for line in shown.strip().splitlines() if plain(line) not in rest]
    assert not missing, missing


def plain(line: str) -> str:
    return re.sub(
        r'"plan_id": "[a-z2-7]+"', "PLAN", re.sub(r"\d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT|\d+ (again|s\b)", "#", line)
    ).strip()


def test_readme_lists_every_action() -> None:
    table = README.split("## Commands")[1].split("`rewind` only goes back")[0]

    assert set(re.findall(r"`([a-z_]+)`", table)) >= set(ACTIONS)


def test_readme_template_and_code_know_the_same_variables() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "shared").rglob("*.py"))
    template = yaml.safe_load((CHECKOUT / "template.yml").read_text(encoding="utf-8"))
    given = {name for one in template["resources"].values() for name in one["props"]["environmentVariables"]}
    documented = set(re.findall(r"^\| `(REWIND_[A-Z_]+)` \|", README, flags=re.MULTILINE))

    assert given == set(re.findall(r'"(REWIND_[A-Z_]+)"', code))
    assert documented == given | {"REWIND_ROLE_CHATOPS", "REWIND_ROLE_WRITER"}


def test_links_between_the_documents_lead_somewhere() -> None:
    texts = {CHECKOUT: [README], CHECKOUT / "docs": DOCUMENTS.values()}
    links = {place / link for place, found in texts.items() for link in re.findall(r"\]\(([^)#:]+)\)", "".join(found))}

    assert not {link for link in links if not link.exists()}


def test_readmes_policy_is_one(tmp_path: Path) -> None:
    from shared.policy.file import read_policy  # noqa: PLC0415 -- the one test that needs it

    (policy,) = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    text = "\n".join(line.removeprefix("   ") for line in policy.splitlines())
    (tmp_path / "policy.toml").write_text(text, encoding="utf-8")

    assert read_policy(str(tmp_path / "policy.toml")).rules
    assert read_policy(str(CHECKOUT / "policy.toml")).rules == ()
