"""[[alerts]] of policy.toml: what is read, every mistake by its key, and which entry decides."""

from typing import Any

import pytest

from shared.errors import ConfigurationError, InvalidCommandError, PolicyDeniedError
from shared.policy.alerts import fill
from shared.policy.file import parse_policy
from shared.policy.rules import Policy

ENTRY = """
[destinations.oncall]
kind = "slack"
[[alerts]]
principals = ["webhook:alertmanager"]
name = "ConsumerLag*"
labels = { severity = "critical", env = "prod-?" }
notify = ["oncall"]
[alerts.command]
action = "rewind"
target = "shop/orders/{labels.consumer_group}"
to = "30m"
at = "{starts_at}"
"""
LABELS = {"severity": "critical", "env": "prod-1"}


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(text)
    return list(caught.value.problems)


def with_command(command: str) -> str:
    return f'[[alerts]]\nprincipals = ["webhook:a"]\n[alerts.command]\n{command}'


def test_an_entry_is_read_whole() -> None:
    (rule,) = parse_policy(ENTRY).alerts

    assert (rule.principals, rule.name, rule.notify) == (("webhook:alertmanager",), "ConsumerLag*", ("oncall",))
    assert rule.command is not None
    assert rule.command["at"] == "{starts_at}"


def test_an_entry_without_a_command_takes_the_alerts_own() -> None:
    (rule,) = parse_policy('[[alerts]]\nprincipals = ["webhook:sls"]').alerts

    assert (rule.name, rule.command) == ("*", None)


@pytest.mark.parametrize(
    ("principal", "name", "labels", "is_found"),
    [
        ("webhook:alertmanager", "ConsumerLagHigh", LABELS, True),
        ("webhook:alertmanager", "ConsumerLagHigh", {**LABELS, "more": "x"}, True),
        ("webhook:other", "ConsumerLagHigh", LABELS, False),
        ("webhook:alertmanager", "consumerLagHigh", LABELS, False),
        ("webhook:alertmanager", "ConsumerLagHigh", {"severity": "critical"}, False),
        ("webhook:alertmanager", "ConsumerLagHigh", {**LABELS, "env": "prod-12"}, False),
    ],
    ids=["all", "more-labels", "principal", "name", "label-missing", "label"],
)
def test_an_entry_is_for_alerts_of_which_all_matches(
    principal: str, name: str, labels: dict[str, str], *, is_found: bool
) -> None:
    policy = parse_policy(ENTRY)

    if is_found:
        assert policy.alert_rule(principal, name, labels) is policy.alerts[0]
    else:
        with pytest.raises(PolicyDeniedError):
            policy.alert_rule(principal, name, labels)


def test_the_first_matching_entry_decides() -> None:
    both = '[[alerts]]\nprincipals = ["webhook:*"]\nname = "A*"\n[[alerts]]\nprincipals = ["webhook:a"]\n'
    policy = parse_policy(both)

    assert policy.alert_rule("webhook:a", "Alert", {}) is policy.alerts[0]
    assert policy.alert_rule("webhook:a", "Other", {}) is policy.alerts[1]


def test_no_entry_denies_with_the_words_of_every_denial() -> None:
    with pytest.raises(PolicyDeniedError) as alert:
        Policy().alert_rule("webhook:a", "Alert", {})
    with pytest.raises(PolicyDeniedError) as command:
        Policy().grant("webhook:a", "rewind", None)

    assert (alert.value.message, alert.value.code) == (command.value.message, command.value.code)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("[[alerts]]", "alerts[0].principals: must be a list"),
        ("alerts = 1", "alerts: must be a list of tables"),
        ("alerts = [1]", "alerts[0]: must be a table"),
        ('[[alerts]]\nprincipals = ["nobody"]', "alerts[0].principals[0]: not a valid entry"),
        ('[[alerts]]\nprincipals = ["webhook:a"]\nnames = "x"', "alerts[0].names: unknown key"),
        ('[[alerts]]\nprincipals = ["webhook:a"]\nname = 1', "alerts[0].name: must be text"),
        ('[[alerts]]\nprincipals = ["webhook:a"]\nlabels = { a = 1 }', "alerts[0].labels.a: must be text, a glob"),
        ('[[alerts]]\nprincipals = ["webhook:a"]\nlabels = "a"', "alerts[0].labels: must be a table of label to glob"),
        ('[[alerts]]\nprincipals = ["webhook:a"]\nnotify = ["nowhere"]', "alerts[0].notify[0]: not a valid entry"),
        ('[[alerts]]\nprincipals = ["webhook:a"]\ncommand = "rewind"', "alerts[0].command: must be a table"),
        ('[[alerts]]\nprincipals = ["webhook:a"]\ncommand = {}', "alerts[0].command.action: must be one of rewind"),
    ],
)
def test_a_wrong_entry_is_told_by_its_key(entry: str, problem: str) -> None:
    assert any(found.startswith(problem) for found in problems_of(entry))


GOAL = 'action = "rewind"\ntarget = "shop/orders/billing"\n'


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ('action = "apply"\nplan_id = "aaaaaaaaaa"', "action: must be one of rewind, seek, skip"),
        ('action = "update_checkpoint"\ntarget = "a/b/c"', "action: must be one of"),
        ('action = "{labels.action}"', "action: must be one of"),
        (GOAL + 'to = "1h"\ndry_run = true', "dry_run: leave it out"),
        (GOAL + 'to = "1h"\ndry_run = false', "dry_run: leave it out"),
        (GOAL + 'to = "{starts}"', "to: {starts} is no placeholder"),
        (GOAL + 'to = "{labels}"', "to: {labels} is no placeholder"),
        (GOAL + 'to = { as_of = "{startsAt}" }', "to.as_of: {startsAt} is no placeholder"),
        (GOAL, "to: missing"),
        (GOAL + 'to = "soon"', "to: must be one of"),
        (GOAL + 'to = "in {labels.back}"', "to: must be one of"),
        (GOAL + 'to = "1h"\nwhen = "x"', "when: unknown field"),
        (GOAL + 'to = "1h"\nshards = ["0"]', "shards: must be a valid integer"),
        (GOAL + 'to = "1h"\non_expired = "ignore"', "on_expired: must be "),
        ('action = "rewind"\nto = "1h"', "project: missing"),
        ('action = "rewind"\nto = "1h"\ntarget = "shop/orders/{labels.group} "', "target: must be an alias"),
    ],
)
def test_a_wrong_command_is_told_by_its_field(command: str, problem: str) -> None:
    assert any(found.startswith(f"alerts[0].command.{problem}") for found in problems_of(with_command(command)))


@pytest.mark.parametrize(
    "command",
    [
        GOAL + 'to = "1h"\nat = "{starts_at}"',
        GOAL + 'to = "{starts_at}"',
        GOAL + 'to = "{labels.back}"\nat = "{annotations.began}"',
        GOAL + 'to = "{labels.minutes}m"\nat = "{annotations.began}"\nreason = "{name} {labels.a b/c}"',
        GOAL + 'to = { as_of = "{starts_at}" }',
        GOAL + 'to = { consumer_group = "{labels.other}" }\nshards = [0, 1]',
        'action = "seek"\nto = "begin"\ntarget = "{labels.alias}"',
        'action = "skip"\nto = "end"\nproject = "{labels.p}"\nlogstore = "{labels.l}"\nconsumer_group = "{labels.g}"',
    ],
)
def test_a_command_that_some_alert_can_fill_is_right(command: str) -> None:
    assert len(parse_policy(with_command(command)).alerts) == 1


def test_filling_goes_into_every_text_and_no_further() -> None:
    command: dict[str, Any] = {"to": {"as_of": "{starts_at}"}, "shards": [0], "reason": "{name} {labels.a}"}
    told = {"name": "{labels.b}", "starts_at": "T", "labels.a": "{name}", "labels.b": "never"}

    assert fill(command, told) == {"to": {"as_of": "T"}, "shards": [0], "reason": "{labels.b} {name}"}


def test_filling_lists_everything_that_is_missing_at_once() -> None:
    with pytest.raises(InvalidCommandError) as caught:
        fill({"target": "{labels.a}", "to": "{labels.b}", "reason": "{labels.b}"}, {"labels.a": ""})

    assert caught.value.problems == (
        "target: the alert has no labels.a",
        "to: the alert has no labels.b",
        "reason: the alert has no labels.b",
    )
