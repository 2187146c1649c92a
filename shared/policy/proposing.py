"""Which entries of [[alerts]] can make an alert ask for something: what `explain` tells of them."""

from collections.abc import Iterator

from shared.policy.alerts import ACTIONS, SENDING_CHANNELS, AlertRule, target_patterns
from shared.policy.globs import targets_meet
from shared.policy.rules import Policy, principal_matches
from shared.results import Target


def can_be_proposed(principal: str, action: str) -> bool:
    """Return whether an alert of a principal could ever become an action."""
    return principal.partition(":")[0] in SENDING_CHANNELS and action in ACTIONS


def proposing(policy: Policy, principal: str, action: str, target: Target) -> Iterator[tuple[int, str]]:
    """Yield the number of each entry that can make a principal's alert ask for this, and what it says of alerts."""
    for number, entry in enumerate(policy.alerts):
        asks = any(principal_matches(pattern, principal) for pattern in entry.principals)
        if asks and _can_become(entry, action, target, policy):
            yield number, _told(entry)


def _can_become(entry: AlertRule, action: str, target: Target, policy: Policy) -> bool:
    if entry.command is None:
        return True
    patterns = target_patterns(entry.command, policy.aliases)
    return entry.command["action"] == action and any(targets_meet(pattern, str(target)) for pattern in patterns)


def _told(entry: AlertRule) -> str:
    labels = " and ".join(f"{label} = {pattern}" for label, pattern in entry.labels.items())
    who, carry = ("any alert", "carries") if entry.name == "*" else (f"alerts called {entry.name}", "carry")
    said = [who, *([f"with {labels}"] if labels else []), *([f"that {carry} it"] if entry.command is None else [])]
    told = f"{', '.join(entry.notify)} is told" if entry.notify else "nobody is told, the answer is all there is"
    return f"{' '.join(said)}; {told}"
