"""Each zip, unpacked alone into an empty folder, does its work there with nothing else on its path."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.e2e.package.conftest import Runnable
from tests.e2e.package.test_package_contents import EACH, FUNCTIONS
from tests.functions.caller import FunctionCaller
from tests.functions.chat_platforms import ChatPlatforms
from tests.functions.chats import SlackChannel, new_chat_settings
from tests.functions.evidence import Evidence
from tests.functions.schedules import Scheduler
from tests.functions.shop import Shop
from tests.functions.watched import WatchedStandIn
from tests.local.environment import CHECKOUT, LocalEnvironment
from tests.local.fc.gateway import GatewayOptions
from tests.local.fc.runtime.messages import Profile

TARGET = {"project": "shop", "logstore": "orders", "consumer_group": "billing"}
UPDATE = {"action": "update_consumer_group", **TARGET, "timeout": 90}
PROFILES = pytest.mark.parametrize("profile", ["python3.10", "python3.12"])
# Everything that is packaged can be imported, and comes from the folder or from the standard library.
PROBE = """
import importlib, json, pathlib, sys
root = pathlib.Path.cwd()
sys.path[0] = str(root)
for path in sorted([*root.glob("*.py"), *root.glob("shared/**/*.py")]):
    parts = path.relative_to(root).with_suffix("").parts
    importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
print(json.dumps({name: file for name, file in files.items() if file}))
"""

MakeArtefacts = Callable[..., AbstractContextManager[FunctionCaller]]


@pytest.fixture
def run_artefacts(
    runnable: Runnable,
    unpack: Callable[[str], Path],
    sls: WatchedStandIn,
    evidence: Evidence,
    tmp_path: Path,
) -> MakeArtefacts:
    """Run every zip, unpacked, within a `with` block."""

    @contextmanager
    def run(profile: Profile, **settings: str) -> Iterator[FunctionCaller]:
        (tmp_path / "template.yml").write_bytes((CHECKOUT / "template.yml").read_bytes())
        for name in FUNCTIONS:
            unpack(name)
        environment = LocalEnvironment(
            sls,
            artefacts=True,
            settings=settings,
            environ={},
            logs=evidence.new_logs(),
            options=GatewayOptions(profile=profile, interpreter=runnable.interpreter),
            checkout=tmp_path,
        )
        with environment:
            evidence.add_secret("a bearer token", environment.bearer)
            yield FunctionCaller(environment.url, {"local": environment.bearer}, evidence)

    return run


@EACH
def test_every_packaged_module_is_imported_from_the_zip_alone(
    name: str, runnable: Runnable, unpack: Callable[[str], Path]
) -> None:
    root = unpack(name)

    done = subprocess.run(  # noqa: S603 -- our own probe
        [str(runnable.interpreter), "-S", "-B", "-W", "error", "-c", PROBE],
        cwd=root,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    files = {module: Path(file) for module, file in json.loads(done.stdout).items()}
    ours = {module for module in files if module.partition(".")[0] in {"index", "shared", "requests", "pydantic"}}
    assert {"index", "shared", "requests"} <= ours
    assert [module for module in ours if root not in files[module].parents] == []
    assert [file for file in files.values() if "site-packages" in file.parts or CHECKOUT in file.parents] == []


@PROFILES
def test_the_command_artefact_carries_out_a_command(profile: Profile, run_artefacts: MakeArtefacts, shop: Shop) -> None:
    with run_artefacts(profile) as functions:
        answer = functions.run(UPDATE)

    assert (answer.status, answer.json["status"]) == (200, "applied")
    assert shop.attributes() == (90, False)


@PROFILES
def test_the_schedule_artefact_carries_out_a_firing(
    profile: Profile, run_artefacts: MakeArtefacts, shop: Shop, evidence: Evidence
) -> None:
    rewind = {"action": "rewind", **TARGET, "to": "1h", "dry_run": False}
    before = shop.checkpoints()
    with run_artefacts(profile) as functions:
        delivered = Scheduler(functions, evidence.logs[-1]).deliver(rewind, at_unix=shop.now_unix)

    assert delivered.status == "applied"
    assert shop.checkpoints() != before


@pytest.mark.parametrize("name", ["command", "schedule", "worker"])
def test_zones_are_known_though_the_image_has_none(
    name: str, runnable: Runnable, unpack: Callable[[str], Path]
) -> None:
    done = subprocess.run(  # noqa: S603 -- our own probe
        [str(runnable.interpreter), "-S", "-B", "-c", "import zoneinfo; print(zoneinfo.ZoneInfo('Asia/Shanghai').key)"],
        cwd=unpack(name),
        env={"PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("Asia/Shanghai\n", "")


@PROFILES
def test_the_chatops_artefact_hands_over_to_the_worker_artefact(
    profile: Profile, run_artefacts: MakeArtefacts, shop: Shop, evidence: Evidence
) -> None:
    before = shop.checkpoints()
    with ChatPlatforms() as platforms:
        settings = new_chat_settings(platforms.url)
        for name in ("REWIND_WORKER_KEY", "REWIND_SLACK_SIGNING_SECRET"):
            evidence.add_secret("a secret of chats", settings[name])
        with run_artefacts(profile, **settings) as functions:
            slack = SlackChannel(functions, platforms, settings, evidence)
            slack.click(slack.say("rewind orders 1h"), "apply")

    assert shop.checkpoints() != before
