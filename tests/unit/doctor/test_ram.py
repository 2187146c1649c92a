import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.doctor.__main__ import main

ROOT = Path(__file__).resolve().parents[3]
NAMES = {"writer", "reader", "chatops", "trust", "deploy"}
WriteFor = Callable[[str], dict[str, Any]]
POLICY = """
[targets.orders]
project = "shop"
logstore = "orders"
consumer_group = "billing"

[[rules]]
principals = ["webhook:ci"]
actions = ["*"]
targets = ["shop/pay[ab]*/*", "shop/orders/billing"]
"""


def test_the_policies_of_docs_are_what_the_command_writes(tmp_path: Path) -> None:
    assert main(["ram", "--into", str(tmp_path)]) == 0

    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs/ram").glob("*.json")}
    assert {name.removesuffix(".json") for name in written} == NAMES


@pytest.fixture
def write_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteFor:
    """Return the policies that the command writes for a policy.toml, by the names of their files."""

    def write(policy: str) -> dict[str, Any]:
        (tmp_path / "policy.toml").write_text(policy, encoding="utf-8")
        monkeypatch.setenv("REWIND_REGION", "cn-hangzhou")
        monkeypatch.setenv("REWIND_JOURNAL", "ops/rewind-journal")
        monkeypatch.setenv("REWIND_POLICY", str(tmp_path / "policy.toml"))
        monkeypatch.delenv("REWIND_ENDPOINT", raising=False)
        assert main(["ram", "--account", "42", "--into", str(tmp_path / "ram")]) == 0
        return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "ram").iterdir()}

    return write


def granted(document: dict[str, Any], action: str) -> list[str]:
    """Return what a document allows an action on."""
    return [name for s in document["Statement"] if action in s["Action"] for name in s["Resource"]]


def test_the_policies_of_an_installation_name_what_its_policy_names(write_for: WriteFor) -> None:
    writer = write_for(POLICY)["writer"]
    resources = [resource for statement in writer["Statement"] for resource in statement["Resource"]]

    assert "{" not in "".join(resources)
    assert [name for name in resources if "consumergroup" in name] == [
        "acs:log:cn-hangzhou:42:project/shop/logstore/pay?*/consumergroup/*",
        "acs:log:cn-hangzhou:42:project/shop/logstore/orders/consumergroup/*",
        "acs:log:cn-hangzhou:42:project/shop/logstore/pay?*/consumergroup/*",
        "acs:log:cn-hangzhou:42:project/shop/logstore/orders/consumergroup/billing",
    ]
    assert "acs:log:cn-hangzhou:42:project/ops/logstore/rewind-journal" in resources


def test_the_worker_alone_may_be_invoked_and_a_checkpoint_written_on_its_groups_own_resource(
    write_for: WriteFor,
) -> None:
    made = write_for(POLICY.replace('"shop/pay[ab]*/*", ', ""))

    for name in ("writer", "chatops"):
        assert granted(made[name], "fc:InvokeFunction") == ["acs:fc:cn-hangzhou:42:functions/sls-rewind-worker"]
    assert granted(made["writer"], "log:ConsumerGroupUpdateCheckPoint") == [
        "acs:log:cn-hangzhou:42:project/shop/logstore/orders/consumergroup/billing"
    ]
    assert granted(made["reader"], "log:ConsumerGroupUpdateCheckPoint") == []


@pytest.mark.parametrize(
    ("action", "moves", "changes"),
    [
        ("describe", False, False),
        ("apply", False, False),
        ("resume", False, False),
        ("snapshot", False, False),
        ("rewind", True, False),
        ("seek", True, False),
        ("skip", True, False),
        ("update_checkpoint", True, False),
        ("update_consumer_group", False, True),
        ("undo", True, True),
        ("*", True, True),
    ],
)
def test_rights_to_write_are_given_only_where_a_rule_lets_somebody_write(
    write_for: WriteFor, action: str, *, moves: bool, changes: bool
) -> None:
    writer = write_for(
        f"""
        [targets.uncovered]
        project = "shop"
        logstore = "payroll"
        consumer_group = "wages"
        [[rules]]
        principals = ["webhook:ci"]
        actions = ["{action}"]
        targets = ["shop/orders/billing"]
        [[rules]]
        principals = ["webhook:dashboard"]
        actions = ["describe", "history"]
        targets = ["shop/*/*"]
        """
    )["writer"]
    written = ["acs:log:cn-hangzhou:42:project/shop/logstore/orders/consumergroup/billing"]

    assert granted(writer, "log:ConsumerGroupUpdateCheckPoint") == (written if moves else [])
    assert granted(writer, "log:UpdateConsumerGroup") == (written if changes else [])
    assert "payroll" not in json.dumps(writer)


def test_a_project_that_is_elsewhere_changes_the_region_of_nothing_else(write_for: WriteFor) -> None:
    made = write_for(
        """
        [projects.archive]
        region = "cn-shanghai"
        [projects.attic]
        endpoint = "cn-beijing-intranet.log.aliyuncs.com"
        [[rules]]
        principals = ["webhook:ci"]
        actions = ["*"]
        targets = ["shop/orders/billing", "archive/orders/billing", "att*/orders/billing"]
        """
    )["writer"]

    assert granted(made, "log:ConsumerGroupUpdateCheckPoint") == [
        "acs:log:cn-hangzhou:42:project/shop/logstore/orders/consumergroup/billing",
        "acs:log:cn-shanghai:42:project/archive/logstore/orders/consumergroup/billing",
        "acs:log:cn-hangzhou:42:project/att*/logstore/orders/consumergroup/billing",
        "acs:log:cn-beijing:42:project/attic/logstore/orders/consumergroup/billing",
    ]
    assert granted(made, "log:PostLogStoreLogs") == ["acs:log:cn-hangzhou:42:project/ops/logstore/rewind-journal"]
    assert granted(made, "fc:InvokeFunction") == ["acs:fc:cn-hangzhou:42:functions/sls-rewind-worker"]


@pytest.mark.parametrize("account", ['x"', "", "12 34", "*", "１２３"])  # noqa: RUF001 -- digits, but no ASCII
def test_an_account_that_is_not_digits_alone_is_refused(
    account: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["ram", "--account", account, "--into", str(tmp_path)])

    assert "must be the id of an account" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_who_deploys_may_do_what_the_document_runs() -> None:
    deploy = json.loads((ROOT / "docs/ram/deploy.json").read_text(encoding="utf-8"))
    document = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    run = set(re.findall(r"aliyun ram (\w+)", document))

    assert {"CreateRole", "CreatePolicy", "AttachPolicyToRole", "CreatePolicyVersion"} <= run
    for action in run:
        resources = granted(deploy, f"ram:{action}")
        assert "acs:ram::{account}:role/sls-rewind-writer" in resources
        assert "acs:ram::{account}:policy/sls-rewind-writer" in resources
        assert "*" not in "".join(resources)


def test_policies_without_a_target_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policy.toml").write_text("", encoding="utf-8")
    monkeypatch.setenv("REWIND_REGION", "cn-hangzhou")
    monkeypatch.setenv("REWIND_POLICY", str(tmp_path / "policy.toml"))

    assert main(["ram", "--account", "42", "--into", str(tmp_path)]) == 1
    assert "names no target" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["writer", "reader", "chatops", "deploy"])
def test_nothing_is_granted_on_everything(name: str) -> None:
    document = json.loads((ROOT / "docs/ram" / f"{name}.json").read_text(encoding="utf-8"))

    assert not [s for s in document["Statement"] if "*" in s["Resource"] or any(r == "*" for r in s["Resource"])]
    assert not [s for s in document["Statement"] if "*" in s["Action"] or "log:*" in s["Action"]]


def test_only_function_compute_may_take_the_roles_on() -> None:
    trust = json.loads((ROOT / "docs/ram/trust.json").read_text(encoding="utf-8"))

    assert [statement["Principal"] for statement in trust["Statement"]] == [{"Service": ["fc.aliyuncs.com"]}]
