"""policy.toml read and checked: from a file to a `Policy`, or to everything that is wrong with it at once."""

import re
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast, get_args

from shared.action_names import ACTIONS
from shared.errors import ConfigurationError
from shared.names import is_name, printable
from shared.policy.alerts import AlertRule, command_problems
from shared.policy.rules import CHAT_CHANNELS, Confirm, DestinationKind, Limits, Placement, Policy, Rule
from shared.positions import parse_duration_s
from shared.results import Target
from shared.settings import is_region, is_sls_host

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Table = Mapping[str, Any]

_GLOB_SIGNS = frozenset("*?[")
_TOP_KEYS = {"default_time_zone", "targets", "projects", "limits", "rules", "destinations", "alerts"}
_DURATIONS = ("max_rewind", "max_skip")
_COUNTS = ("max_shards", "max_targets")
_RULE_KEYS = {"principals", "actions", "targets", *_DURATIONS, *_COUNTS, "confirm", "approvers"}
_ALERT_KEYS = {"principals", "name", "labels", "command", "notify"}
_NOTHING = re.compile(r"0[wdhms]?")
_CONFIRMS = ("none", "same", "other")
PRINCIPAL = re.compile(r"[a-z]+:[^\s:/]+(?:/[^\s:/]+)*")
_TARGET = re.compile(r"[^\s/]+/[^\s/]+/[^\s/]+")
READ_ACTIONS = frozenset({"list_consumer_groups", "describe", "peek", "verify", "history", "doctor", "snapshot"})
KNOWN_ACTIONS = tuple(dict.fromkeys((*ACTIONS, *sorted(READ_ACTIONS))))
"""What a rule may name beside `*`."""


@lru_cache(maxsize=4)
def read_policy(path: str | None) -> Policy:
    """Return the policy that a file holds, read once an instance; without a path or a file, one that allows nothing.

    Raises:
        ConfigurationError: The file is broken; lists every problem by key.
    """
    if path is None:
        return Policy()
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return Policy()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(["REWIND_POLICY: the file cannot be read"]) from error
    return parse_policy(text)


def parse_policy(text: str) -> Policy:
    """Return the policy that a text of TOML holds.

    Raises:
        ConfigurationError: It is broken; lists every problem by key.
    """
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError([f"policy.toml: not valid TOML: {error}"]) from error
    reader = _Reader()
    policy = reader.policy(table)
    if reader.problems:
        raise ConfigurationError(
            reader.problems, hint="Mend policy.toml, `make package`, and deploy again; until then all is denied."
        )
    return policy


class _Reader:
    """Walks the tables and notes every problem under the key where it stands."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def policy(self, top: Table) -> Policy:
        self._refuse_unknown("policy.toml", top, _TOP_KEYS)
        rules = self._checked("rules", top.get("rules", []), list, "a list of tables, [[rules]]")
        alerts = self._checked("alerts", top.get("alerts", []), list, "a list of tables, [[alerts]]")
        targets, destinations = dict(self._tables("targets", top)), dict(self._tables("destinations", top))
        return Policy(
            rules=tuple(self.rule(f"rules[{n}]", rule) for n, rule in enumerate(rules)),
            limits=Limits(**self.limits("limits", self._table("limits", top), (*_DURATIONS, *_COUNTS))),
            aliases={name: self.alias(f"targets.{printable(name)}", t) for name, t in targets.items()},
            placements={
                name: self.placement(f"projects.{printable(name)}", t) for name, t in self._tables("projects", top)
            },
            default_time_zone=self.zone("default_time_zone", top.get("default_time_zone")),
            destinations={
                name: self.destination(f"destinations.{printable(name)}", t) for name, t in destinations.items()
            },
            alerts=tuple(self.alert(f"alerts[{n}]", alert, targets, destinations) for n, alert in enumerate(alerts)),
        )

    def zone(self, at: str, given: object) -> str | None:
        name = cast("str | None", self._checked(at, given, (str, type(None)), "text"))
        if name is None:
            return None
        from shared.local_time import is_zone  # noqa: PLC0415 -- no cold start without such a zone pays for it

        if not is_zone(name):
            self.problems.append(f"{at}: not a zone such as Asia/Shanghai")
        return name

    def rule(self, at: str, given: object) -> Rule:
        rule = cast("Table", self._checked(at, given, dict, "a table"))
        self._refuse_unknown(at, rule, _RULE_KEYS)
        principals = self._texts(at, "principals", rule, lambda text: PRINCIPAL.fullmatch(text) is not None)
        actions = self._texts(at, "actions", rule, lambda text: text == "*" or text in KNOWN_ACTIONS)
        targets = self._texts(at, "targets", rule, lambda text: _TARGET.fullmatch(text) is not None)
        approvers = self._texts(at, "approvers", rule, lambda text: PRINCIPAL.fullmatch(text) is not None, needed=False)
        confirm = rule.get("confirm")
        if confirm not in (None, *_CONFIRMS):
            self.problems.append(f"{at}.confirm: must be one of {', '.join(_CONFIRMS)}")
        if confirm == "other" and not approvers:
            self.problems.append(f'{at}.approvers: missing; confirm = "other" needs them')
        if not set(actions) <= READ_ACTIONS and any(map(_names_many_chat_users, principals)):
            self.problems.append(f"{at}.principals: a rule that writes must name chat users, not all of a tenant")
        limits = self.limits(at, rule, (*_DURATIONS, *_COUNTS))
        return Rule(principals, actions, targets, limits, cast("Confirm | None", confirm), approvers)

    def alert(self, at: str, given: object, targets: Table, destinations: Table) -> AlertRule:
        alert = cast("Table", self._checked(at, given, dict, "a table"))
        self._refuse_unknown(at, alert, _ALERT_KEYS)
        principals = self._texts(at, "principals", alert, lambda text: PRINCIPAL.fullmatch(text) is not None)
        name = self._checked(f"{at}.name", alert.get("name", "*"), str, "text")
        labels = self._checked(f"{at}.labels", alert.get("labels", {}), dict, "a table of label to glob")
        wrong = [label for label, pattern in labels.items() if not isinstance(pattern, str)]
        self.problems += [f"{at}.labels.{printable(label)}: must be text, a glob" for label in wrong]
        command = alert.get("command")
        if isinstance(command, dict):
            self.problems += [f"{at}.command.{problem}" for problem in command_problems(command, targets)]
        elif command is not None:
            self.problems.append(f"{at}.command: must be a table")
        notify = self._texts(at, "notify", alert, lambda text: text in destinations, needed=False)
        return AlertRule(principals, str(name), labels, command, notify)

    def limits(self, at: str, table: Table, keys: tuple[str, ...]) -> dict[str, int]:
        if at == "limits":
            self._refuse_unknown(at, table, set(keys))
        found: dict[str, int] = {}
        for key in keys:
            if key in table:
                value = self._limit(f"{at}.{key}", key, table[key])
                found[f"{key}_s" if key in _DURATIONS else key] = value
        return found

    def alias(self, at: str, table: Table) -> Target:
        kinds = ("project", "logstore", "consumer_group")
        self._refuse_unknown(at, table, set(kinds))
        names = [table.get(kind) for kind in kinds]
        for kind, name in zip(kinds, names, strict=True):
            if not isinstance(name, str) or not is_name(kind, name):
                self.problems.append(f"{at}.{kind}: missing or not a valid name")
        return Target(*map(str, names))

    def placement(self, at: str, table: Table) -> Placement:
        self._refuse_unknown(at, table, {"region", "endpoint"})
        region, endpoint = table.get("region"), table.get("endpoint")
        if region is not None and not (isinstance(region, str) and is_region(region)):
            self.problems.append(f"{at}.region: must be a region id such as cn-hangzhou")
        host = str(endpoint).removeprefix("https://").rstrip("/") if endpoint is not None else None
        if host is not None and not is_sls_host(host):
            self.problems.append(f"{at}.endpoint: must be a host of *.aliyuncs.com")
        return Placement(region, host)

    def destination(self, at: str, table: Table) -> DestinationKind:
        self._refuse_unknown(at, table, {"kind"})
        kind = table.get("kind")
        if kind not in get_args(DestinationKind):
            self.problems.append(f"{at}.kind: must be one of {', '.join(get_args(DestinationKind))}")
        return cast("DestinationKind", kind)

    def _limit(self, at: str, key: str, value: object) -> int:
        if key in _COUNTS:
            if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
                return value
            self.problems.append(f"{at}: must be a whole number, 0 or more")
            return 0
        if _NOTHING.fullmatch(str(value)):
            return 0
        try:
            return parse_duration_s(str(value))
        except ValueError:
            self.problems.append(f"{at}: must be a duration such as 6h or 7d")
            return 0

    def _refuse_unknown(self, at: str, table: Table, known: set[str]) -> None:
        self.problems += [f"{at}.{printable(key)}: unknown key" for key in table if key not in known]

    def _table(self, key: str, top: Table) -> Table:
        return cast("Table", self._checked(key, top.get(key, {}), dict, "a table"))

    def _tables(self, key: str, top: Table) -> list[tuple[str, Table]]:
        return [
            (n, self._checked(f"{key}.{printable(n)}", t, dict, "a table")) for n, t in self._table(key, top).items()
        ]

    def _texts(
        self, at: str, key: str, table: Table, is_right: Callable[[str], bool], *, needed: bool = True
    ) -> tuple[str, ...]:
        texts = table.get(key, [])
        if not isinstance(texts, list) or (needed and not texts):
            self.problems.append(f"{at}.{key}: must be a list of texts with at least one entry")
            return ()
        wrong = [n for n, text in enumerate(texts) if not isinstance(text, str) or not is_right(text)]
        self.problems += [f"{at}.{key}[{n}]: not a valid entry" for n in wrong]
        return tuple(text for n, text in enumerate(texts) if n not in wrong)

    def _checked(self, at: str, value: Any, kind: Any, what: str) -> Any:  # noqa: ANN401 -- TOML values have no type yet
        if isinstance(value, kind):
            return value
        self.problems.append(f"{at}: must be {what}")
        return [] if kind is list else {} if kind is dict else None


def _names_many_chat_users(pattern: str) -> bool:
    # A glob for the tenant alone is one too: user ids are given out by each tenant for itself.
    return pattern.split(":", 1)[0] in CHAT_CHANNELS and not _GLOB_SIGNS.isdisjoint(pattern)
