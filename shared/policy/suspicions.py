"""What is legal in a policy.toml, and hardly meant: rules that never decide, approvers who cannot approve."""

from collections.abc import Iterator, Sequence
from itertools import product

from shared.names import RULES, is_name, printable
from shared.policy.alerts import ACTIONS as ALERT_ACTIONS
from shared.policy.alerts import SENDING_CHANNELS, AlertRule, target_patterns
from shared.policy.file import KNOWN_ACTIONS, READ_ACTIONS
from shared.policy.globs import covers, covers_principal, covers_target, is_glob, principals_meet, targets_meet
from shared.policy.rules import CHAT_CHANNELS, Policy, Rule

CHANNELS = CHAT_CHANNELS | {"webhook", "timer", "eventbridge"}
"""Where callers come from."""

_NEVER_PLANNED = READ_ACTIONS | {"apply", "resume", "abandon", "batch"}

Suspicion = tuple[str, str]
"""The path of a key, and what is odd about it."""


def suspicions(policy: Policy) -> Iterator[Suspicion]:
    """Yield what to look at once more; nothing of it is an error."""
    if not policy.rules:
        yield "rules", "there is none: everything is denied"
    for number, rule in enumerate(policy.rules):
        at = f"rules[{number}]"
        if _never_decides(rule, policy.rules[:number]):
            yield at, "never decides: earlier rules match whatever it matches, and the first that matches counts"
        yield from _odd_names(at, rule)
        yield from _odd_limits(at, rule, policy)
        yield from _odd_confirmation(at, rule, policy)
    for name, target in policy.aliases.items():
        if not any(rule.covers(target) for rule in policy.rules):
            yield f"targets.{printable(name)}", "no rule lets anybody touch it"
    for name in policy.placements:
        if not is_name("project", name):
            yield f"projects.{printable(name)}", f"no project is called so: it has {RULES['project']}"
    for number, entry in enumerate(policy.alerts):
        yield from _odd_alert(f"alerts[{number}]", entry, policy.alerts[:number], policy)


def _never_decides(rule: Rule, earlier: tuple[Rule, ...]) -> bool:
    asked = product(rule.principals, rule.actions, rule.targets)
    return bool(earlier) and all(any(_takes(one, *triple) for one in earlier) for triple in asked)


def _takes(rule: Rule, principal: str, action: str, target: str) -> bool:
    return (
        any(covers_principal(wide, principal) for wide in rule.principals)
        and ("*" in rule.actions or action in rule.actions)
        and any(covers_target(wide, target) for wide in rule.targets)
    )


def _odd_names(at: str, rule: Rule) -> Iterator[Suspicion]:
    for key, patterns in (("principals", rule.principals), ("approvers", rule.approvers)):
        for number, pattern in enumerate(patterns):
            channel, _, identity = pattern.partition(":")
            if channel not in CHANNELS:
                yield f"{at}.{key}[{number}]", f"no caller is of this channel; there are {', '.join(sorted(CHANNELS))}"
            elif channel in CHAT_CHANNELS and identity != "*" and identity.count("/") != 1:
                yield f"{at}.{key}[{number}]", f"no chat user has this form; it is {channel}:<tenant>/<user>"
    if "*" in rule.actions and len(rule.actions) > 1:
        yield f"{at}.actions", '"*" is all of them; the others say nothing more'


def _odd_limits(at: str, rule: Rule, policy: Policy) -> Iterator[Suspicion]:
    for name, value in rule.limits.items():
        if value > getattr(policy.limits, name):
            yield f"{at}.{name.removesuffix('_s')}", "is wider than the limit for everyone, which counts"


def _odd_confirmation(at: str, rule: Rule, policy: Policy) -> Iterator[Suspicion]:
    writes = [action for action in _named(rule) if action not in _NEVER_PLANNED]
    if rule.confirm != "other" and rule.approvers:
        yield f"{at}.approvers", 'say nothing without confirm = "other"'
    if not writes:
        return
    if rule.confirm == "other":
        for number, approver in enumerate(rule.approvers):
            if not _may_apply(approver, rule, writes, policy):
                yield f"{at}.approvers[{number}]", "cannot apply: no rule allows it both apply and what is planned here"
            elif set(rule.principals) == {approver} and not is_glob(approver):
                yield f"{at}.approvers[{number}]", "is the only one who can ask here, and nobody approves their own"
        return
    for number, principal in enumerate(rule.principals):
        is_same = rule.confirm == "same" or (rule.confirm is None and principal.partition(":")[0] in CHAT_CHANNELS)
        if is_same and not _may_apply(principal, rule, writes, policy):
            yield (
                f"{at}.principals[{number}]",
                'cannot apply what it plans: confirm is "same", and no rule allows it apply',
            )


def _may_apply(principal: str, rule: Rule, actions: list[str], policy: Policy) -> bool:
    """Return whether rules can let a principal apply one of these actions on one of a rule's targets."""
    return any(
        lets(policy, principal, "apply", target) and any(lets(policy, principal, a, target) for a in actions)
        for target in rule.targets
    )


def lets(policy: Policy, principal: str, action: str, target: str) -> bool:
    """Return whether a rule lets a principal do something; of globs, whether it can let one that they stand for."""
    return any(
        action in _named(rule)
        and any(principals_meet(pattern, principal) for pattern in rule.principals)
        and any(targets_meet(pattern, target) for pattern in rule.targets)
        for rule in policy.rules
    )


def _odd_alert(at: str, entry: AlertRule, earlier: tuple[AlertRule, ...], policy: Policy) -> Iterator[Suspicion]:
    if earlier and all(any(_takes_alert(one, entry, principal) for one in earlier) for principal in entry.principals):
        yield at, "never decides: earlier entries match whatever it matches, and the first that matches counts"
    actions, targets = _planned(entry, policy)
    for number, principal in enumerate(entry.principals):
        if principal.partition(":")[0] not in SENDING_CHANNELS:
            told = f"no alert comes from this channel; there are {', '.join(sorted(SENDING_CHANNELS))}"
            yield f"{at}.principals[{number}]", told
        elif not any(lets(policy, principal, action, target) for action in actions for target in targets):
            told = f"no rule lets it {' or '.join(actions)} {' or '.join(targets) or 'any alias'}: nothing is proposed"
            yield f"{at}.principals[{number}]", told


def _planned(entry: AlertRule, policy: Policy) -> tuple[Sequence[str], Sequence[str]]:
    """Return the actions that an entry can plan, and the targets."""
    if entry.command is None:
        return ALERT_ACTIONS, ["*/*/*"]
    return [str(entry.command["action"])], target_patterns(entry.command, policy.aliases)


def _takes_alert(wide: AlertRule, narrow: AlertRule, principal: str) -> bool:
    return (
        any(covers_principal(pattern, principal) for pattern in wide.principals)
        and covers(wide.name, narrow.name)
        and all(label in narrow.labels and covers(glob, narrow.labels[label]) for label, glob in wide.labels.items())
    )


def _named(rule: Rule) -> tuple[str, ...]:
    return KNOWN_ACTIONS if "*" in rule.actions else rule.actions
