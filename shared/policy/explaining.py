"""Why policy.toml allows something, or does not: the rule that decides, its limits, who confirms, who may apply."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from shared.policy.alerts import ACTIONS as ALERT_ACTIONS
from shared.policy.file import READ_ACTIONS
from shared.policy.globs import is_glob
from shared.policy.proposing import can_be_proposed, proposing
from shared.policy.rules import Grant, Policy, Rule, principal_matches
from shared.policy.suspicions import lets
from shared.positions import duration
from shared.results import Target

_CLOSE_RULES = 5
_PARTS = ("principals", "actions", "targets")
_OF_A_PLAN = ("apply", "resume", "abandon")
_PROPOSING = "eventbridge"


@dataclass(frozen=True, slots=True)
class Question:
    """Who wants to do what.

    Attributes:
        target: None where it names an alias that policy.toml does not have.
    """

    principal: str
    action: str
    target: Target | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether it is allowed, and why, as lines for a person."""

    is_allowed: bool
    lines: tuple[str, ...]


def explain(
    policy: Policy, places: Mapping[str, int], question: Question, journal: tuple[str, str] | None = None
) -> Explanation:
    """Return what policy says to a question.

    Args:
        policy: Sound.
        places: The line of each key in policy.toml, by its path.
        question: What is asked.
        journal: Project and Logstore of the journal, which is never a target; None where none is set.
    """
    never = _never(question, journal)
    if never is not None:
        return Explanation(is_allowed=False, lines=(never,))
    if question.action == "batch":
        return Explanation(is_allowed=True, lines=("batch needs no rule of its own: every part of it is asked about.",))
    target = question.target
    for number, rule in enumerate(policy.rules):
        if not rule.is_for(question.principal, question.action):
            continue
        if question.action == "doctor":
            return Explanation(is_allowed=True, lines=tuple(_doctor(policy, places, question, number)))
        if target is not None and rule.covers(target):
            lines = (*_allowed(policy, places, question, number, target), *_proposed(policy, places, question))
            return Explanation(is_allowed=True, lines=lines)
    where = "" if question.action == "doctor" else f" {target}"
    denied = f"denied: no rule lets {question.principal} {question.action}{where}."
    lines = (denied, *_close(policy, places, question), *_proposed(policy, places, question))
    return Explanation(is_allowed=False, lines=lines)


def _never(question: Question, journal: tuple[str, str] | None) -> str | None:
    """Return why no rule could allow what is asked; None if one could."""
    if _only_proposes(question.principal) and question.action not in ALERT_ACTIONS:
        told = f"{', '.join(ALERT_ACTIONS)}, through [[alerts]]"
        return f"denied: an event is no command, and {question.principal} can only propose: {told}."
    if question.action in {"doctor", "batch"}:
        return None
    target = question.target
    if target is None:
        return "denied: policy.toml has no alias of this name under [targets]."
    if (target.project, target.logstore) == journal:
        return "denied: this is the journal (REWIND_JOURNAL), which is never a target, for reads either."
    return None


def _only_proposes(principal: str) -> bool:
    return principal.partition(":")[0] == _PROPOSING


def _doctor(policy: Policy, places: Mapping[str, int], question: Question, number: int) -> Iterator[str]:
    yield f"allowed: {question.principal} may ask the doctor."
    yield f"decided by {_place(f'rules[{number}]', places)}: doctor has no target, so any rule that names it will do."
    target = question.target
    if target is not None:
        sees = policy.sees(question.principal, question.action, target)
        yield f"It {'looks' if sees else 'does not look'} at {target}: it looks where rules let the caller ask it."


def _allowed(
    policy: Policy, places: Mapping[str, int], question: Question, number: int, target: Target
) -> Iterator[str]:
    rule = policy.rules[number]
    grant = policy.grant(question.principal, question.action, target)
    yield f"allowed: {question.principal} may {question.action} {target}."
    yield f"decided by {_place(f'rules[{number}]', places)}: the first whose principals, actions and targets all match."
    for part, entries in _matching(rule, question, target).items():
        yield f"  {part}: {', '.join(entries)}"
    if question.principal.startswith("webhook:") and question.action not in READ_ACTIONS - {"snapshot"}:
        yield "Proven by a token in a URL alone (REWIND_URL_TOKENS), it may only read and preview."
    if question.action in READ_ACTIONS:
        yield "It moves nothing: no limit and no confirmation stands before it."
        return
    if question.action in _OF_A_PLAN:
        yield f"{question.action} also needs the right to what was planned or begun, and keeps to the limits of that."
        return
    yield from _limits(policy, places, number)
    yield from _confirmation(policy, question, target, grant)
    yield "Beside the rules: REWIND_READ_ONLY=1 freezes every write, and the journal is never a target."


def _proposed(policy: Policy, places: Mapping[str, int], question: Question) -> Iterator[str]:
    """Yield which alerts of this principal ask for it."""
    if question.target is None or not can_be_proposed(question.principal, question.action):
        return
    found = list(proposing(policy, question.principal, question.action, question.target))
    if found:
        yield "alerts that ask for it, of which the first entry that matches an alert decides:"
        yield from (f"  {_place(f'alerts[{number}]', places)}: {told}" for number, told in found)
    elif _only_proposes(question.principal):
        yield "No entry of [[alerts]] makes its events ask for this: nothing is proposed."


def _limits(policy: Policy, places: Mapping[str, int], number: int) -> Iterator[str]:
    own = policy.rules[number].limits
    limits = policy.limits.narrowed(own)
    yield "limits:"
    for key in (field.name for field in fields(limits)):
        name, value = key.removesuffix("_s"), getattr(limits, key)
        told = duration(value) if key.endswith("_s") else str(value)
        is_own = key in own and own[key] <= getattr(policy.limits, key)
        source = f"rules[{number}].{name}" if is_own else f"limits.{name}"
        yield f"  {name}: {told} ({_place(source, places) if source in places else 'not set: the default'})"


def _confirmation(policy: Policy, question: Question, target: Target, grant: Grant) -> Iterator[str]:
    asker = question.principal
    if grant.confirm == "none" and _only_proposes(asker):
        yield "confirm: none. It is only ever proposed, and applied by whoever has the right to both."
    elif grant.confirm == "none":
        yield "confirm: none. It may be written at once, or planned and applied by whoever has the right to both."
    elif grant.confirm == "same":
        yield "confirm: same. It is planned first, and only the one who asked may apply the plan."
        yield f"  {asker}: {_applies(policy, asker, question, target)}"
    else:
        yield "confirm: other. It is planned first, and a named approver who did not ask may apply the plan."
        for approver in grant.approvers:
            yield f"  {approver}: {_approves(policy, approver, question, target)}"


def _approves(policy: Policy, approver: str, question: Question, target: Target) -> str:
    if approver == question.principal:
        return "may not apply: it is the one who asks"
    applies = _applies(policy, approver, question, target)
    asks = is_glob(approver) and principal_matches(approver, question.principal)
    return f"{applies}; never {question.principal}, which asks" if asks else applies


def _applies(policy: Policy, principal: str, question: Question, target: Target) -> str:
    if _only_proposes(principal):
        return "may not apply: it only ever proposes"
    missing = [needed for needed in ("apply", question.action) if not lets(policy, principal, needed, str(target))]
    if missing:
        return f"may not apply: no rule lets it {' and '.join(missing)} here"
    return f"those may apply whom rules let apply and {question.action} here" if is_glob(principal) else "may apply"


def _close(policy: Policy, places: Mapping[str, int], question: Question) -> Iterator[str]:
    """Yield the rules that fail on the fewest parts, the nearest first."""
    target = question.target or Target("", "", "")
    parts = _PARTS[:2] if question.action == "doctor" else _PARTS
    ranked = []
    for number, rule in enumerate(policy.rules):
        matching = _matching(rule, question, target)
        failed = [part for part in parts if part not in matching]
        if "principals" in matching or len(failed) == 1:
            ranked.append((len(failed), "principals" in failed, number, failed))
    if not ranked:
        yield "No rule came close: none names this principal."
    for *_, number, failed in sorted(ranked)[:_CLOSE_RULES]:
        rule = policy.rules[number]
        said = "; ".join(f"{part} are only {', '.join(getattr(rule, part))}" for part in failed)
        yield f"close: {_place(f'rules[{number}]', places)}: {said}"


def _matching(rule: Rule, question: Question, target: Target) -> dict[str, list[str]]:
    """Return the entries that match, by part; a part without any is left out."""
    found = {
        "principals": [entry for entry in rule.principals if principal_matches(entry, question.principal)],
        "actions": [entry for entry in rule.actions if entry in {"*", question.action}],
        "targets": [entry for entry in rule.targets if Rule((), (), (entry,)).covers(target)],
    }
    return {part: entries for part, entries in found.items() if entries}


def _place(path: str, places: Mapping[str, int]) -> str:
    return f"{path} (line {places[path]})" if path in places else path
