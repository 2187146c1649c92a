"""What can be told of an installation without a call: its settings, its policy, and whether the two fit together."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from shared.errors import ConfigurationError
from shared.execution.doctoring_findings import Check
from shared.policy.checking import Finding
from shared.policy.checking import check_policy as find_in_policy
from shared.policy.file import parse_policy
from shared.policy.rules import Policy, principal_matches
from shared.settings import Settings

_POLICY_HINT = "Mend that line of policy.toml (docs/policy.md says what it may hold), `make package`, and deploy again."
_GLOB_SIGNS = frozenset("*?[")


def check_settings(settings: Settings) -> list[Check]:
    """Return what there is to say of settings that are sound; unsound ones never get this far."""
    where = settings.loopback_url or settings.sls_host
    found = [Check("settings", "ok", f"complete; SLS is at {where}")]
    if settings.read_only:
        told = "REWIND_READ_ONLY freezes all writes"
        found.append(Check("settings", "warning", told, "Take it away when writes may happen again."))
    if settings.journal is None:
        told = "REWIND_JOURNAL is not set: only reads, previews and the two direct updates work"
        hint = "Set it to <project>/<logstore> and run `python -m shared.journal create`."
        found.append(Check("settings", "warning", told, hint))
    return found


def settings_problems(error: ConfigurationError) -> list[Check]:
    """Return a failed check for everything that is wrong with the settings."""
    return [Check("settings", "failed", problem, error.hint) for problem in error.problems]


def check_policy(path: str | None) -> list[Check]:
    """Return what is wrong with policy.toml and what is odd about it, each with its line; one check if nothing is.

    Args:
        path: REWIND_POLICY.
    """
    hint = "Write policy.toml (docs/deploy.md) and let REWIND_POLICY name it; until then all is denied."
    if path is None:
        return [Check("policy", "failed", "REWIND_POLICY is not set: everything is denied", hint)]
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return [Check("policy", "failed", "REWIND_POLICY names no file that can be read: everything is denied", hint)]
    findings = find_in_policy(text)
    if not any(found.is_error for found in findings) and not parse_policy(text).rules:
        return [Check("policy", "failed", "policy.toml has no [[rules]]: everything is denied", hint)]
    told = [_policy_check(found) for found in findings]
    return told or [Check("policy", "ok", f"{Path(path).name}: nothing wrong, nothing odd")]


def _policy_check(found: Finding) -> Check:
    place = f"line {found.line}: " if found.line is not None else ""
    return Check("policy", "failed" if found.is_error else "warning", f"{place}{found.sentence}", _POLICY_HINT)


def check_callers(settings: Settings, policy: Policy) -> list[Check]:
    """Return which callers have a secret and no rule, or a rule and no secret; one check if there are none."""
    unnamed_hint = "Give it a [[rules]] entry in policy.toml, or take its secret away."
    found = [
        Check("callers", "warning", f"{principal} can prove itself, but no rule names it", unnamed_hint)
        for principal in sorted(_provable(settings))
        if not _is_named(policy, principal)
    ]
    unproven_hint = "Give it a secret in REWIND_WEBHOOK_SECRETS, or take the rule away."
    found += [
        Check("callers", "warning", f"{principal} has a rule, but no secret to prove itself by", unproven_hint)
        for principal in _exact_callers(policy)
        if settings.webhook_secrets and principal not in _provable(settings)
    ]
    found += _without_rule(settings, policy)
    found += _destinations(settings, policy)
    return found or [Check("callers", "ok", "whoever can prove itself has a rule")]


def _provable(settings: Settings) -> set[str]:
    return {f"webhook:{name}" for name in (*settings.webhook_secrets, *settings.url_tokens)}


def _patterns(policy: Policy) -> list[str]:
    of_rules = [pattern for rule in policy.rules for pattern in rule.principals]
    return of_rules + [pattern for alert in policy.alerts for pattern in alert.principals]


def _is_named(policy: Policy, principal: str) -> bool:
    return any(principal_matches(pattern, principal) for pattern in _patterns(policy))


def _exact_callers(policy: Policy) -> Iterable[str]:
    exact = (pattern for pattern in _patterns(policy) if _GLOB_SIGNS.isdisjoint(pattern))
    return sorted({pattern for pattern in exact if pattern.startswith("webhook:")})


def _without_rule(settings: Settings, policy: Policy) -> Iterator[Check]:
    chat = settings.chat
    for channel, platform in (("slack", chat.slack), ("feishu", chat.feishu), ("dingtalk", chat.dingtalk)):
        if platform is not None and not any(p.startswith(f"{channel}:") for p in _patterns(policy)):
            told = f"{channel} is on, but no rule of policy.toml names anybody there"
            yield Check("callers", "warning", told, "Give its people [[rules]], or take its variables away.")


def _destinations(settings: Settings, policy: Policy) -> Iterator[Check]:
    known, addressed = set(policy.destinations), set(settings.destinations)
    if not addressed:
        return
    for name in sorted(known - addressed):
        told = f"destination {name} of policy.toml has no address in REWIND_NOTIFY"
        yield Check("callers", "warning", told, "Add it there; until then nobody is told.")
    for name in sorted(addressed - known):
        told = f"REWIND_NOTIFY has an address for {name}, which is no destination of policy.toml"
        yield Check("callers", "warning", told, "Add [destinations.<name>] with its kind, or take it away.")
