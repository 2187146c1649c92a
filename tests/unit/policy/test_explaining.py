"""What `explain` says of a policy is what the engine does with it, whatever the policy."""

import json
import re
import time
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.command_parser import parse_command
from shared.errors import PolicyDeniedError
from shared.execution.authorization import authorize
from shared.execution.invocation import Invocation
from shared.journal.fold import Fold
from shared.journal.journal import View
from shared.journal.records import Record
from shared.policy.__main__ import main
from shared.policy.alerts import ACTIONS as ALERT_ACTIONS
from shared.policy.explaining import Explanation, Question, explain
from shared.policy.file import parse_policy
from shared.policy.lines import key_lines
from shared.policy.rules import Policy
from shared.results import Target
from shared.settings import load_settings
from shared.sls.client import SlsClient
from tests.fuzz.amount import some

JOURNAL = ("ops", "journal")
PLAN_ID = "a" * 10
CALLERS = ["webhook:ci", "webhook:di", "timer:f/t", "slack:T/U", "slack:T/V", "eventbridge:acs.sls"]
TARGETS = ["shop/orders/billing", "shop/orders/pay", "other/orders/billing", "ops/journal/billing"]
OPERATION = {"operation_id": "a" * 16}
COMMANDS: dict[str, dict[str, Any]] = {
    "describe": {},
    "history": {},
    "snapshot": {},
    "list_consumer_groups": {},
    "rewind": {"to": "1h", "dry_run": True},
    "update_consumer_group": {"timeout": 60, "dry_run": True},
    "undo": {**OPERATION, "dry_run": True},
    "resume": OPERATION,
    "abandon": OPERATION,
}
WRITES = ["rewind", "update_consumer_group", "undo"]


def texts(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


PRINCIPALS = texts("webhook:ci", "webhook:*", "webhook:[a-c]i", "timer:f/*", "slack:T/U", "slack:T/V", "eventbridge:*")
APPROVERS = texts("webhook:ci", "webhook:*", "webhook:d?", "slack:T/U", "slack:*", "eventbridge:acs.sls")


@st.composite
def rules(draw: st.DrawFn) -> str:
    told: dict[str, object] = {
        "principals": draw(PRINCIPALS),
        "actions": draw(texts("*", "apply", "doctor", *COMMANDS)),
        "targets": draw(texts("*/*/*", "shop/*/*", "shop/orders/b*", "ops/journal/*", "shop/o?ders/pay")),
        "confirm": draw(st.sampled_from(["none", "same", "other"])),
        "max_shards": draw(st.sampled_from([1, 7, 999])),
    }
    if told["confirm"] == "other":
        told["approvers"] = draw(APPROVERS)
    return "[[rules]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in told.items())


POLICIES = st.lists(rules(), min_size=1, max_size=5).map("\n".join)


def explained(text: str, principal: str, action: str, target: str) -> Explanation:
    project, logstore, group = target.split("/")
    asked = Target(project, logstore, None if action == "list_consumer_groups" else group)
    return explain(parse_policy(text), key_lines(text), Question(principal, action, asked), JOURNAL)


def invocation(policy: Policy, principal: str, planned: Record | None = None) -> Invocation:
    """Return an invocation whose SLS holds nothing, and whose journal holds one plan, or none."""
    journal = SimpleNamespace(
        clock_offset_s=0.0,
        list_shards=lambda _: SimpleNamespace(server_unix=None, value=(SimpleNamespace(shard_id=0),)),
        pull_logs=lambda *_, **__: SimpleNamespace(server_unix=None, value=SimpleNamespace(groups=(), next_cursor="")),
    )
    return Invocation(
        settings=load_settings({"REWIND_REGION": "cn-local", "REWIND_JOURNAL": "/".join(JOURNAL)}),
        policy=policy,
        principal=principal,
        connect=lambda *_: cast("SlsClient", journal),
        remaining_s=lambda: 60.0,
        now=lambda: datetime.now(timezone.utc),
        sleep=lambda _: None,
        random=lambda: 0.5,
        random_bytes=bytes,
        audit=lambda _: None,
        journal_view=View(shard_id=0, cursor="0", fold=Fold().add_all([planned] if planned else [])),
    )


def is_let(policy: Policy, principal: str, command: dict[str, Any], planned: Record | None = None) -> bool:
    """Return whether the engine lets a principal have a command carried out."""
    try:
        authorize(parse_command(json.dumps(command).encode()), invocation(policy, principal, planned))
    except PolicyDeniedError:
        return False
    return True


def plan_of(asker: str, action: str, target: str) -> Record:
    project, logstore, group = target.split("/")
    return Record("planned", "r" * 16, int(time.time()), project, logstore, group, asker, action, plan_id=PLAN_ID)


def command_of(action: str, target: str) -> dict[str, Any]:
    return {"action": action, "target": target, **COMMANDS[action]}


@some(150)
@given(
    text=POLICIES,
    principal=st.sampled_from(CALLERS),
    action=st.sampled_from(list(COMMANDS)),
    target=st.sampled_from(TARGETS),
)
def test_allowed_is_what_the_engine_lets_pass(text: str, principal: str, action: str, target: str) -> None:
    only_proposes = principal.startswith("eventbridge:") and action not in ALERT_ACTIONS

    is_allowed = explained(text, principal, action, target).is_allowed

    assert is_allowed == (not only_proposes and is_let(parse_policy(text), principal, command_of(action, target)))


@some(150)
@given(
    text=POLICIES, asker=st.sampled_from(CALLERS), action=st.sampled_from(WRITES), target=st.sampled_from(TARGETS[:3])
)
def test_who_is_said_to_apply_may_and_who_is_said_not_to_may_not(
    text: str, asker: str, action: str, target: str
) -> None:
    policy, said = parse_policy(text), "\n".join(explained(text, asker, action, target).lines)
    verdicts = dict(re.findall(r"^  ([a-z]+:[^*?\[:]+): (may apply|may not apply)", said, flags=re.MULTILINE))
    planned = plan_of(asker, action, target)

    for principal, verdict in verdicts.items():
        may = not principal.startswith("eventbridge:")
        may &= is_let(policy, principal, {"action": "apply", "plan_id": PLAN_ID}, planned)
        assert (verdict == "may apply") == may, (principal, said)


@some(150)
@given(text=POLICIES, principal=st.sampled_from(CALLERS[:5]), target=st.sampled_from(TARGETS))
def test_the_doctor_is_allowed_by_any_rule_that_names_it(text: str, principal: str, target: str) -> None:
    try:
        parse_policy(text).grant(principal, "doctor", None)
        is_granted = True
    except PolicyDeniedError:
        is_granted = False

    said = explained(text, principal, "doctor", target)

    assert said.is_allowed == is_granted
    if is_granted:
        looks = parse_policy(text).sees(principal, "doctor", Target(*target.split("/")))
        assert (f"It looks at {target}" in said.lines[-1]) == looks


@some(100)
@given(text=POLICIES, principal=st.sampled_from(CALLERS[:5]), target=st.sampled_from(TARGETS[:3]))
def test_the_limits_are_those_of_the_engine(text: str, principal: str, target: str) -> None:
    said = explained(text, principal, "rewind", target)

    if said.is_allowed:
        grant = parse_policy(text).grant(principal, "rewind", Target(*target.split("/")))
        assert any(line.startswith(f"  max_shards: {grant.limits.max_shards} ") for line in said.lines)


ALL = '[[rules]]\nprincipals = ["webhook:*", "eventbridge:*"]\nactions = ["*"]\ntargets = ["*/*/*"]\n'


def test_the_asker_among_the_approvers_is_said_not_to_apply() -> None:
    text = ALL + 'confirm = "other"\napprovers = ["webhook:ci", "webhook:c?", "eventbridge:acs.sls"]'

    lines = explained(text, "webhook:ci", "rewind", TARGETS[0]).lines

    assert lines[-4:-1] == (
        "  webhook:ci: may not apply: it is the one who asks",
        "  webhook:c?: those may apply whom rules let apply and rewind here; never webhook:ci, which asks",
        "  eventbridge:acs.sls: may not apply: it only ever proposes",
    )


@pytest.mark.parametrize("action", ["describe", "rewind", "list_consumer_groups"])
def test_the_journal_that_the_setting_names_is_denied_for_reads_too(
    action: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(ALL, encoding="utf-8")
    arguments = ["explain", "webhook:ci", action, "ops/journal/x", "--policy", str(path)]
    assert main(arguments) == 0
    monkeypatch.setenv("REWIND_JOURNAL", "ops/journal")
    capsys.readouterr()

    assert main(arguments) == 1
    told = "denied: this is the journal (REWIND_JOURNAL), which is never a target, for reads either.\n"
    assert capsys.readouterr().out == told
    monkeypatch.setenv("REWIND_JOURNAL", "ops")
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith("REWIND_JOURNAL: must be <project>/<logstore>")


def test_what_an_event_can_only_propose_is_said() -> None:
    (told,) = explained(ALL, "eventbridge:acs.sls", "describe", TARGETS[0]).lines
    assert told.startswith("denied: an event is no command, and eventbridge:acs.sls can only propose: rewind, seek, ")
    lines = explained(ALL, "eventbridge:acs.sls", "rewind", TARGETS[0]).lines
    assert "confirm: none. It is only ever proposed, and applied by whoever has the right to both." in lines


@pytest.mark.parametrize(
    ("action", "is_told"), [("rewind", True), ("apply", True), ("snapshot", True), ("peek", False)]
)
def test_what_a_token_in_a_url_may_not_do_is_said(action: str, *, is_told: bool) -> None:
    lines = explained(ALL, "webhook:ci", action, TARGETS[0]).lines

    assert any("REWIND_URL_TOKENS" in line for line in lines) == is_told


ALERTS = """
[destinations.oncall]
kind = "slack"
[targets.billing]
project = "shop"
logstore = "orders"
consumer_group = "billing"
[[rules]]
principals = ["webhook:grafana", "webhook:ci", "eventbridge:acs.sls"]
actions = ["rewind", "describe"]
targets = ["shop/orders/*"]
[[alerts]]
principals = ["webhook:graf*"]
name = "Lag*"
labels = { severity = "critical", team = "pay" }
notify = ["oncall"]
command = { action = "rewind", target = "shop/orders/{labels.group}", to = "1h" }
[[alerts]]
principals = ["webhook:grafana", "webhook:sls"]
[[alerts]]
principals = ["webhook:grafana"]
command = { action = "skip", target = "billing", to = "end" }
"""
ASKED = "alerts that ask for it, of which the first entry that matches an alert decides:"
BY_NAME = "  alerts[0] (line 12): alerts called Lag* with severity = critical and team = pay; oncall is told"
CARRIED = "  alerts[1] (line 18): any alert that carries it; nobody is told, the answer is all there is"


@pytest.mark.parametrize(
    ("principal", "action", "target", "told"),
    [
        ("webhook:grafana", "rewind", TARGETS[0], [ASKED, BY_NAME, CARRIED]),
        ("webhook:grafana", "seek", TARGETS[0], [ASKED, CARRIED]),
        ("webhook:grafana", "rewind", TARGETS[2], [ASKED, CARRIED]),
        ("webhook:graf", "rewind", TARGETS[1], [ASKED, BY_NAME]),
        ("webhook:ci", "rewind", TARGETS[0], []),
        ("webhook:grafana", "describe", TARGETS[0], []),
        (
            "eventbridge:acs.sls",
            "rewind",
            TARGETS[0],
            ["No entry of [[alerts]] makes its events ask for this: nothing is proposed."],
        ),
    ],
)
def test_which_alerts_ask_for_it_is_said_whether_a_rule_allows_it_or_not(
    principal: str, action: str, target: str, told: list[str]
) -> None:
    lines = explained(ALERTS, principal, action, target).lines

    assert [line for line in lines if "alert" in line] == told


def test_an_alias_that_an_alert_names_is_the_target_it_stands_for() -> None:
    assert explained(ALERTS, "webhook:grafana", "skip", TARGETS[0]).lines[-2].startswith("  alerts[1]")
    assert explained(ALERTS, "webhook:grafana", "skip", TARGETS[0]).lines[-1].startswith("  alerts[2] (line 20): any")
    assert "alerts[2]" not in " ".join(explained(ALERTS, "webhook:grafana", "skip", TARGETS[1]).lines)
