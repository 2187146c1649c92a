"""The RAM policies of an installation: no right that a function does not use, and each on what it uses it on.

Source: reference function-compute.md 7 (roles, trust policy); `shared.sls.rights` has those of SLS. References do not
say how a function is named in a policy; `functions/<name>` is how other projects write it for FC 3.0.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from shared.errors import ConfigurationError, RewindError
from shared.execution.doctoring_rights import ATTRIBUTE_WRITERS, CHECKPOINT_WRITERS
from shared.frozen import frozen
from shared.policy.file import read_policy
from shared.policy.rules import Placement, Policy
from shared.settings import Settings, load_settings, policy_path, region_of_host
from shared.sls.rights import RIGHTS

Document = dict[str, Any]

Named = tuple[str, str, str]
"""Project, Logstore and consumer group, each of which may hold `*` and `?`; "" where there is no group."""
Need = tuple[str, tuple[Named, ...]]
"""An operation of SLS and what it is made on."""

READS = ("ListShards", "GetLogStore", "GetCursor", "GetCursorTime", "PullLogs", "ListConsumerGroup", "GetCheckPoint")
"""Operations on targets that every command may make."""
JOURNAL_READS = ("ListShards", "GetLogStore", "GetCursor", "PullLogs")
JOURNAL_WRITES = ("PutLogs",)
"""A reader's too: previews and snapshots are kept there, so that others can apply the plan that was seen."""
JOURNAL_MAKING = ("CreateLogStore", "CreateIndex", "GetLogStore", "ListShards")
"""What `python -m shared.journal create` calls, on a laptop and not in a function."""

FUNCTION_PREFIX = "sls-rewind-"
ROLE_PREFIX = "sls-rewind-"
ROLES = ("writer", "reader", "chatops")
MAKING_ROLES = (
    "ram:CreateRole",
    "ram:GetRole",
    "ram:DeleteRole",
    "ram:CreatePolicy",
    "ram:DeletePolicy",
    "ram:CreatePolicyVersion",
    "ram:ListPolicyVersions",
    "ram:DeletePolicyVersion",
    "ram:AttachPolicyToRole",
    "ram:DetachPolicyFromRole",
)
"""What docs/deploy.md calls to make the roles, to change what they may do, and to remove them."""
_WORKER = "sls-rewind-worker"
_ACCOUNT = re.compile("[0-9]{1,32}")
_FOR_ACCOUNT, _WITH_PLACEHOLDERS = Path("build/ram"), Path("docs/ram")


@frozen
class Installation:
    """What rights are given on; names may hold `*` and `?`.

    Attributes:
        region: Where functions and projects are; `*` if that is not known.
        targets: What commands may read.
        journal: Project and Logstore; None if there is none.
        moved: Those targets whose checkpoints a rule lets somebody write.
        changed: Those whose attributes a rule lets somebody change.
        regions: Where the projects are that are elsewhere.
        worker: Name of the worker function.
    """

    region: str
    account: str
    targets: tuple[Named, ...]
    journal: tuple[str, str] | None
    moved: tuple[Named, ...] = ()
    changed: tuple[Named, ...] = ()
    regions: Mapping[str, str] = field(default_factory=dict)
    worker: str = _WORKER


_ANY: tuple[Named, ...] = (("{project}", "{logstore}", "{consumer_group}"),)
PLACEHOLDERS = Installation("{region}", "{account}", _ANY, ("{journal_project}", "{journal_logstore}"), _ANY, _ANY)


def ram_policies(of: Installation) -> dict[str, Document]:
    """Return each policy by the name of its file: of the roles, of who may assume them, and of who deploys."""
    invoke = _statement(["fc:InvokeFunction"], [f"acs:fc:{of.region}:{of.account}:functions/{of.worker}"])
    reads: list[Need] = [(operation, of.targets) for operation in READS]
    writes: list[Need] = [("UpdateCheckPoint", of.moved), ("UpdateConsumerGroup", of.changed)]
    journal = _on_journal(of, JOURNAL_READS + JOURNAL_WRITES)
    return {
        "writer": _policy([*_statements(of, reads + writes), *journal, invoke]),
        "reader": _policy([*_statements(of, reads), *journal]),
        "chatops": _policy([invoke]),
        "trust": _policy(
            [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["fc.aliyuncs.com"]}}]
        ),
        "deploy": _policy([*_on_journal(of, JOURNAL_MAKING), *_deploying(of)]),
    }


def _on_journal(of: Installation, operations: Iterable[str]) -> list[Document]:
    return _statements(of, [(operation, ((*of.journal, ""),)) for operation in operations]) if of.journal else []


def _statements(of: Installation, needs: Iterable[Need]) -> list[Document]:
    """Return a statement for each list of resources, with all actions that are needed on exactly these."""
    by_action: dict[str, dict[str, None]] = {}
    for operation, targets in needs:
        found = (resource for target in targets for resource in _resources(of, operation, target))
        by_action.setdefault(RIGHTS[operation].action, {}).update(dict.fromkeys(found))
    by_resources: dict[tuple[str, ...], list[str]] = {}
    for action, resources in by_action.items():
        by_resources.setdefault(tuple(resources), []).append(action)
    return [_statement(actions, list(resources)) for resources, actions in by_resources.items() if resources]


def _resources(of: Installation, operation: str, target: Named) -> Iterator[str]:
    """Yield a target as RAM names it; of a glob also what it means in each region that has projects of their own."""
    project, logstore, group = target
    right = RIGHTS[operation]
    elsewhere = {name: region for name, region in of.regions.items() if fnmatchcase(name, project)}
    if project not in elsewhere:
        yield right.resource(of.region, of.account, project, logstore, group)
    for name, region in elsewhere.items():
        yield right.resource(region, of.account, name, logstore, group)


def _deploying(of: Installation) -> list[Document]:
    functions = f"acs:fc:{of.region}:{of.account}:functions/{FUNCTION_PREFIX}*"
    roles = [f"acs:ram::{of.account}:role/{ROLE_PREFIX}{name}" for name in ROLES]
    policies = [f"acs:ram::{of.account}:policy/{ROLE_PREFIX}{name}" for name in ROLES]
    return [
        _statement(["fc:*"], [functions, f"{functions}/*"]),
        _statement(["ram:PassRole"], roles),
        _statement(list(MAKING_ROLES), [*roles, *policies]),
    ]


def _statement(actions: list[str], resources: list[str]) -> Document:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def _policy(statements: list[Document]) -> Document:
    return {"Version": "1", "Statement": statements}


def add_ram(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `ram`."""
    parser = commands.add_parser("ram", help="write the RAM policies that this installation needs, and no more")
    told = "id of the Alibaba Cloud account; without one, with placeholders"
    parser.add_argument("--account", type=_account, help=told)
    told = f"the folder to write to; unless given, {_FOR_ACCOUNT}, or with placeholders {_WITH_PLACEHOLDERS}"
    parser.add_argument("--into", type=Path, help=told)
    parser.set_defaults(run=_run_ram)


def _account(text: str) -> str:
    # It becomes part of every resource's name.
    if not _ACCOUNT.fullmatch(text):
        raise argparse.ArgumentTypeError("must be the id of an account, which is digits alone")
    return text


def _run_ram(asked: argparse.Namespace) -> int:
    try:
        of = PLACEHOLDERS if asked.account is None else _installation(asked.account)
    except RewindError as error:
        print(error.message, file=sys.stderr)  # noqa: T201 -- a command speaks
        return 1
    folder: Path = asked.into or (_WITH_PLACEHOLDERS if asked.account is None else _FOR_ACCOUNT)
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in ram_policies(of).items():
        path = folder / f"{name}.json"
        path.write_text(f"{json.dumps(document, indent=2)}\n", encoding="utf-8")
        print(path)  # noqa: T201 -- a command speaks
    return 0


def _installation(account: str) -> Installation:
    settings = load_settings()
    policy = read_policy(settings.policy_path or policy_path())
    targets = _targets(policy)
    if not targets:
        raise ConfigurationError(["policy.toml: names no target in a rule, so no role needs a right"])
    return Installation(
        region=settings.region or "*",
        account=account,
        targets=targets,
        journal=settings.journal,
        moved=_targets(policy, CHECKPOINT_WRITERS),
        changed=_targets(policy, ATTRIBUTE_WRITERS),
        regions={name: _region(placement) for name, placement in policy.placements.items()},
        worker=_worker(settings),
    )


def _region(placement: Placement) -> str:
    return placement.region or region_of_host(placement.host or "") or "*"


def _worker(settings: Settings) -> str:
    return settings.chat.worker.function_name if settings.chat.worker else _WORKER


def _targets(policy: Policy, actions: frozenset[str] | None = None) -> tuple[Named, ...]:
    """Return what rules name that allow one of these actions, or any; an alias is covered by a rule, or by nothing."""
    found: dict[Named, None] = {}
    for rule in policy.rules:
        if actions is None or not actions.isdisjoint(rule.actions):
            for text in rule.targets:
                project, logstore, group = map(_ram_glob, text.split("/"))
                found[project, logstore, group] = None
    return tuple(found)


def _ram_glob(pattern: str) -> str:
    """Return a glob of policy.toml in RAM's notation, which has no sets of characters."""
    glob, rest = "", pattern
    while "[" in rest and "]" in rest.partition("[")[2]:
        before, _, rest = rest.partition("[")
        glob, rest = f"{glob}{before}?", rest.partition("]")[2]
    return glob + rest
