"""Whether the rights are there that commands need, on every target that policy.toml names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial

from shared.execution.doctoring_findings import Check
from shared.execution.doctoring_trials import (
    Trial,
    denied_check,
    refused_attributes,
    refused_checkpoint,
    try_right,
    unknown_checks,
)
from shared.execution.parallel import in_parallel
from shared.frozen import frozen
from shared.names import is_name
from shared.policy.rules import Policy
from shared.results import Target
from shared.sls.client import SlsClient
from shared.sls.rights import RIGHTS

MOST_GROUPS = 5
"""Consumer groups of one Logstore that are tried where policy.toml names them by a glob."""

ATTRIBUTE_WRITERS = frozenset({"*", "update_consumer_group", "undo"})
"""Actions of policy.toml that may change a group's attributes. `apply` and `resume` write nothing by themselves: they
need the right to what they carry out as well, and that is named where it is given."""
CHECKPOINT_WRITERS = frozenset({"*", "update_checkpoint", "seek", "rewind", "skip", "undo"})
"""Those that may write a checkpoint."""

_WRITE_ACTIONS = frozenset(RIGHTS[operation].action for operation in ("UpdateCheckPoint", "UpdateConsumerGroup"))
_NAME_ONE = "Name one under [targets] of policy.toml, and run the doctor again."


@frozen
class Asked:
    """What is asked about targets.

    Attributes:
        policy: Tells which of the writes are ever asked for.
        writes: False leaves the writes out.
        holder: Whose rights they are: `Invocation.holder`.
    """

    policy: Policy
    writes: bool
    holder: str


def check_targets(clients: Mapping[str, SlsClient], targets: Sequence[Target], asked: Asked) -> list[Check]:
    """Return what is missing to carry commands out on these targets.

    Args:
        clients: By project; where one is missing, its project could not be reached.
        targets: As policy.toml names them; a group that is a glob, or None, stands for those that match, and a project
            or Logstore that is a glob is told as not tried.
        asked: What for.
    """
    exact = [target for target in targets if _has_logstore(target)]
    by_logstore: dict[tuple[str, str], list[str]] = {}
    for target in exact:
        if target.project in clients:
            by_logstore.setdefault((target.project, target.logstore), []).append(target.consumer_group or "*")
    jobs = [
        partial(_check_logstore, clients[project], Target(project, logstore, None), patterns, asked)
        for (project, logstore), patterns in by_logstore.items()
    ]
    found = [check for checks in in_parallel(jobs) for check in checks]
    found += [
        Check(f"rights {project}", "skipped", "not tried: the project could not be reached", "Mend that first.")
        for project in dict.fromkeys(target.project for target in exact if target.project not in clients)
    ]
    found += [
        Check(
            f"rights {target}", "skipped", "not tried: a glob names no project or no Logstore to try it on", _NAME_ONE
        )
        for target in targets
        if not _has_logstore(target)
    ]
    if not exact:
        told = "policy.toml names no Logstore that you may look at without a glob in its name, so no right was tried"
        found.append(Check("rights", "skipped", told, _NAME_ONE))
    return found


def _has_logstore(target: Target) -> bool:
    return is_name("project", target.project) and is_name("logstore", target.logstore)


def _check_logstore(client: SlsClient, target: Target, patterns: Sequence[str], asked: Asked) -> list[Check]:
    project, logstore = target.project, target.logstore
    shards: list[int] = []
    groups: list[str] = []

    def list_shards() -> None:
        shards.extend(shard.shard_id for shard in client.list_shards(logstore).value)

    def list_groups() -> None:
        groups.extend(group.name for group in client.list_consumer_groups(logstore).value)

    trials = in_parallel(
        [
            partial(try_right, "ListShards", list_shards),
            partial(try_right, "GetLogStore", partial(client.get_logstore, logstore)),
            partial(try_right, "ListConsumerGroup", list_groups),
        ]
    )
    shard = shards[0] if shards else 0
    trials.append(try_right("GetCursor", partial(client.get_cursor, logstore, shard, "end")))
    checks = _told(target, trials, asked.holder)
    if any(trial.verdict == "missing" for trial in trials):
        return checks
    jobs = [
        partial(_check_group, client, replace(target, consumer_group=group), asked)
        for group in _named(patterns, groups)
    ]
    checks += [check for found in in_parallel(jobs) for check in found]
    return checks + _not_tried(project, logstore, patterns, groups)


def _named(patterns: Sequence[str], groups: Sequence[str]) -> list[str]:
    exact = [pattern for pattern in patterns if is_name("consumer_group", pattern)]
    return list(dict.fromkeys([*exact, *_matching(patterns, groups)[:MOST_GROUPS]]))


def _matching(patterns: Sequence[str], groups: Sequence[str]) -> list[str]:
    return [group for group in groups if any(fnmatchcase(group, pattern) for pattern in patterns)]


def _not_tried(project: str, logstore: str, patterns: Sequence[str], groups: Sequence[str]) -> list[Check]:
    found = []
    for pattern in dict.fromkeys(patterns):
        if not is_name("consumer_group", pattern) and not _matching([pattern], groups):
            told = "not tried: no consumer group matches so far, and rights are on groups"
            found.append(Check(f"rights {project}/{logstore}/{pattern}", "skipped", told, _NAME_ONE))
    left = len(set(_matching(patterns, groups)) - set(_named(patterns, groups)))
    if left:
        told = f"not tried on {left} more consumer groups that match"
        found.append(Check(f"rights {project}/{logstore}/*", "skipped", told, _NAME_ONE))
    return found


def _check_group(client: SlsClient, target: Target, asked: Asked) -> list[Check]:
    project, logstore, group = target.project, target.logstore, target.consumer_group or ""
    calls: list[Callable[[], Trial]] = [
        partial(try_right, "GetCheckPoint", partial(client.get_checkpoints, logstore, group))
    ]
    actions = actions_on(asked.policy, target) if asked.writes else set()
    if actions & CHECKPOINT_WRITERS:
        calls.append(partial(try_right, "UpdateCheckPoint", partial(refused_checkpoint, client, logstore, group)))
    if actions & ATTRIBUTE_WRITERS:
        refused = partial(refused_attributes, client, project, logstore, group)
        calls.append(partial(try_right, "UpdateConsumerGroup", refused))
    return _told(target, in_parallel(calls), asked.holder)


def actions_on(policy: Policy, target: Target) -> set[str]:
    """Return the actions that rules allow on a target to anybody, `*` among them where a rule says so."""
    return {action for rule in policy.rules if rule.covers(target) for action in rule.actions}


def _told(target: Target, trials: Sequence[Trial], holder: str) -> list[Check]:
    """Return a check for everything that is wrong with one target; a single one if nothing is."""
    name = f"rights {target}"
    missing = next((trial for trial in trials if trial.verdict == "missing"), None)
    if missing is not None:
        hint = "Mend the name in policy.toml, or make it; a new Logstore takes up to a minute to be usable."
        return [Check(name, "failed", f"{target} does not exist: {missing.message}", hint)]
    wrong = [denied_check(name, target, trial, holder) for trial in trials if trial.verdict == "denied"]
    wrong += unknown_checks(name, list(trials))
    actions = dict.fromkeys(RIGHTS[trial.operation].action for trial in trials)
    how = "; writes were tried by calls that SLS has to refuse" if _WRITE_ACTIONS & actions.keys() else ""
    return wrong or [Check(name, "ok", f"allowed: {', '.join(actions)}{how}")]
