"""Who may do what, where and how far: what policy.toml says, asked before any call leaves.

Rules are tried in the order in which they stand; the first whose principals, actions and targets all match decides.
No rule, no read and no write; a broken or missing policy allows nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import tzinfo
from fnmatch import fnmatchcase
from typing import Literal

from shared.errors import PolicyDeniedError
from shared.frozen import frozen
from shared.policy.alerts import AlertRule
from shared.results import Target

Confirm = Literal["none", "same", "other"]
DestinationKind = Literal["slack", "dingtalk", "feishu", "webhook"]
CHAT_CHANNELS = frozenset({"slack", "dingtalk", "feishu"})
_DENIED_HINT = "Ask whoever keeps policy.toml for a [[rules]] entry that names you, this action and this target."


@frozen
class Limits:
    """How far one command may go.

    Attributes:
        max_rewind_s: Seconds of receive time that a shard may go back.
        max_skip_s: Seconds of receive time that a shard may go forward.
        max_shards: Shards that one command may move.
        max_targets: Parts that a batch may have.
    """

    max_rewind_s: int = 7 * 86_400
    max_skip_s: int = 7 * 86_400
    max_shards: int = 256
    max_targets: int = 100

    def of(self, direction: str) -> tuple[str, int]:
        """Return the limit for moves in a direction, by its name in policy.toml and in seconds."""
        return ("max_skip", self.max_skip_s) if direction == "forward" else ("max_rewind", self.max_rewind_s)

    def narrowed(self, by: Mapping[str, int]) -> "Limits":
        """Return these limits, each lowered to what a rule says; a rule that says more changes nothing."""
        return Limits(
            **{name: min(getattr(self, name), by.get(name, getattr(self, name))) for name in Limits.__match_args__}
        )


@frozen
class Rule:
    """One entry of [[rules]]; globs are matched segment by segment."""

    principals: tuple[str, ...]
    actions: tuple[str, ...]
    targets: tuple[str, ...]
    limits: Mapping[str, int] = field(default_factory=dict)
    confirm: Confirm | None = None
    approvers: tuple[str, ...] = ()

    def is_for(self, principal: str, action: str) -> bool:
        """Return whether the rule speaks of this principal doing this."""
        named = "*" in self.actions or action in self.actions
        return named and any(principal_matches(pattern, principal) for pattern in self.principals)

    def covers(self, target: Target) -> bool:
        """Return whether the rule speaks of this target; a Logstore is covered where any of its groups is."""
        names = [name for name in (target.project, target.logstore, target.consumer_group) if name is not None]
        return any(_segments_match(pattern.split("/")[: len(names)], names) for pattern in self.targets)


@frozen
class Placement:
    """Where a project is, where that differs from the settings; None leaves it to them."""

    region: str | None = None
    host: str | None = None


@frozen
class Grant:
    """What a principal may do with a target: how far, and who confirms it."""

    limits: Limits
    confirm: Confirm
    approvers: tuple[str, ...] = ()

    def lets_apply(self, principal: str, asker: str) -> bool:
        """Return whether this confirmation lets a principal apply the plan of whoever asked under this grant."""
        if self.confirm == "same":
            return principal == asker
        if self.confirm == "other":
            return principal != asker and any(principal_matches(pattern, principal) for pattern in self.approvers)
        return True


@frozen
class Policy:
    """policy.toml, checked. `Policy()` allows nothing.

    Attributes:
        default_time_zone: Of times that name none; a zone that there is, or None.
        destinations: What takes the notifications of each name; where it is, only the settings know.
        alerts: Which command an alert becomes.
    """

    rules: tuple[Rule, ...] = ()
    limits: Limits = Limits()
    aliases: Mapping[str, Target] = field(default_factory=dict)
    placements: Mapping[str, Placement] = field(default_factory=dict)
    default_time_zone: str | None = None
    destinations: Mapping[str, DestinationKind] = field(default_factory=dict)
    alerts: tuple[AlertRule, ...] = ()

    def default_zone(self) -> tzinfo | None:
        """Return the zone of times that name none; None if policy sets none, and they are refused."""
        if self.default_time_zone is None:
            return None
        from zoneinfo import ZoneInfo  # noqa: PLC0415 -- no cold start without such a zone pays for it

        return ZoneInfo(self.default_time_zone)

    def grant(self, principal: str, action: str, target: Target | None) -> Grant:
        """Return what the first matching rule grants; without a target, what the limits for everyone say.

        Raises:
            PolicyDeniedError: No rule matches; the message is the same for every reason.
        """
        for rule in self.rules:
            if rule.is_for(principal, action) and (target is None or rule.covers(target)):
                chat = principal.split(":", 1)[0] in CHAT_CHANNELS
                confirm: Confirm = rule.confirm or ("same" if chat else "none")
                return Grant(self.limits.narrowed(rule.limits), confirm, rule.approvers)
        raise denied()

    def alert_rule(self, principal: str, name: str, labels: Mapping[str, str]) -> AlertRule:
        """Return the first entry that speaks of an alert.

        Raises:
            PolicyDeniedError: None does; the message is the same for every reason.
        """
        for rule in self.alerts:
            if any(principal_matches(pattern, principal) for pattern in rule.principals) and rule.is_about(
                name, labels
            ):
                return rule
        raise denied()

    def sees(self, principal: str, action: str, target: Target) -> bool:
        """Return whether any rule grants this, for filtering lists."""
        return any(rule.is_for(principal, action) and rule.covers(target) for rule in self.rules)


def denied() -> PolicyDeniedError:
    """Return the one refusal for everything that policy does not allow and every alias that it does not know."""
    return PolicyDeniedError("no rule of policy.toml allows this", hint=_DENIED_HINT)


def principal_matches(pattern: str, principal: str) -> bool:
    """Return whether a glob names a principal; `channel:*` alone stands for the whole channel."""
    channel, _, identity = principal.partition(":")
    wanted_channel, _, wanted = pattern.partition(":")
    if channel != wanted_channel:
        return False
    return wanted == "*" or _segments_match(wanted.split("/"), identity.split("/"))


def _segments_match(patterns: Iterable[str], names: Iterable[str]) -> bool:
    patterns, names = list(patterns), list(names)
    return len(patterns) == len(names) and all(map(fnmatchcase, names, patterns))
