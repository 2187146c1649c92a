import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.checking import Finding, check_policy
from shared.policy.file import parse_policy
from shared.policy.globs import covers_principal, covers_target, principals_meet, targets_meet
from shared.policy.rules import principal_matches

ROOT = Path(__file__).resolve().parents[3]
RULE = """\
[[rules]]
principals = ["webhook:ci"]
actions = ["describe", "rewind", "apply"]
targets = ["shop/orders/*"]
"""


def said(text: str, *, errors: bool = False) -> list[tuple[int | None, str]]:
    """Return line and key of every finding, all of which must be of one kind."""
    findings = check_policy(text)
    assert {finding.is_error for finding in findings} <= {errors}
    return [(finding.line, finding.sentence.partition(": ")[0]) for finding in findings]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = ", 1),
        ("[limits]\n\nmax_rewind = 7d\n", 3),
        ("a = 1\n[[rules]]\nprincipals = [\n'x'\n", 4),
        ('a = """\n\n', 2),
        ("a = 1\nb = 2\na = 3\n", 3),
    ],
)
def test_what_is_no_toml_is_placed_where_reading_ended(text: str, line: int) -> None:
    (finding,) = check_policy(text)

    assert (finding.line, finding.is_error) == (line, True)
    assert finding.sentence.startswith("policy.toml: not valid TOML")


def test_toml_that_is_nested_without_end_is_a_mistake_and_no_crash() -> None:
    assert check_policy("a = " + "[" * 100_000)[0].is_error


def test_every_mistake_has_the_line_of_its_key() -> None:
    text = f"""\
colour = 1
default_time_zone = 8
{RULE}
[[rules]]
principals = [
    "webhook:ci",
    "ci",
]
actions = ["fly", "*"]
targets = ["shop/orders"]
confirm = "other"
max_skip = "far"
[[rules]]
principals = ["slack:T1/*"]
actions = ["rewind"]
targets = ["*/*/*"]
[targets."my orders"]
project = "Shop"
logstore = "orders"
[projects.shop]
host = "x"
[limits]
max_shards = -1
[[alerts]]
principals = ["webhook:ci"]
command = {{ action = "apply" }}
"""

    assert said(text, errors=True) == [
        (1, "policy.toml.colour"),
        (2, "default_time_zone"),
        (8, "rules[1].approvers"),
        (11, "rules[1].principals[1]"),
        (13, "rules[1].actions[0]"),
        (14, "rules[1].targets[0]"),
        (16, "rules[1].max_skip"),
        (18, "rules[2].principals"),
        (21, "targets.my orders.consumer_group"),
        (22, "targets.my orders.project"),
        (25, "projects.shop.host"),
        (27, "limits.max_shards"),
        (30, "alerts[0].command.action"),
    ]


def test_a_zone_that_there_is_not_is_a_mistake() -> None:
    text = f'default_time_zone = "Mars/Olympus"\n{RULE}'

    assert check_policy(text) == [Finding(1, True, "default_time_zone: not a zone such as Asia/Shanghai")]  # noqa: FBT003 -- a finding's own fields
    assert check_policy(text.replace("Mars/Olympus", "Asia/Shanghai")) == []
    both = said(text.replace("rewind", "rewnd"), errors=True)
    assert both == [(1, "default_time_zone"), (4, "rules[0].actions[1]")]


@pytest.mark.parametrize("name", ["", "../UTC", "Asia", "/etc/localtime", "UTC\\u0000"])
def test_what_is_no_name_of_a_zone_is_a_mistake(name: str) -> None:
    assert said(f'default_time_zone = "{name}"\n{RULE}', errors=True) == [(1, "default_time_zone")]


def test_zones_are_loaded_only_where_policy_names_one() -> None:
    script = (
        "import sys; from shared.policy.file import parse_policy; parse_policy(sys.argv[1]); "
        "print('shared.local_time' in sys.modules)"
    )

    def loads(text: str) -> str:
        words = [sys.executable, "-c", script, text]
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 -- our own lines

    assert [loads(RULE), loads(f'default_time_zone = "UTC"\n{RULE}')] == ["False", "True"]


@pytest.mark.parametrize("action", ["fly", "Rewind", "rewind ", "re*", "undo_all", ""])
def test_an_action_that_there_is_not_is_a_mistake(action: str) -> None:
    assert said(RULE.replace("describe", action), errors=True) == [(3, "rules[0].actions[0]")]


@pytest.mark.parametrize("action", ["doctor", "batch", "snapshot", "list_consumer_groups", "abandon"])
def test_every_action_of_the_documentation_may_be_named(action: str) -> None:
    assert said(RULE.replace("describe", action)) == []


def test_a_policy_without_rules_is_odd() -> None:
    assert said("") == [(None, "rules")]


@pytest.mark.parametrize("name", ["policy.toml", "tests/local/policy.toml", "tests/functions/policy.toml"])
def test_the_policies_of_this_project_have_no_mistake(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")

    assert [finding for finding in check_policy(text) if finding.is_error] == []


def later(**keys: str) -> str:
    """Return the rule, and a second one that begins at line 5."""
    told = {"principals": '["webhook:ci"]', "actions": '["rewind"]', "targets": '["shop/orders/billing"]', **keys}
    return RULE + "[[rules]]\n" + "\n".join(f"{key} = {value}" for key, value in told.items())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (RULE, {}),
        (RULE, {"targets": '["shop/orders/*"]', "actions": '["apply", "describe"]'}),
        (RULE.replace("webhook:ci", "webhook:*"), {"principals": '["webhook:c?", "webhook:ci"]'}),
        (RULE.replace("shop/orders/*", "s*/*/*"), {"targets": '["shop/orders/b*"]'}),
        (RULE.replace('["describe", "rewind", "apply"]', '["*"]'), {"actions": '["*"]'}),
    ],
)
def test_a_rule_that_an_earlier_one_covers_never_decides(first: str, second: dict[str, str]) -> None:
    assert (5, "rules[1]") in said(first + later(**second)[len(RULE) :])


@pytest.mark.parametrize(
    "second",
    [
        {"principals": '["webhook:ci", "webhook:cd"]'},
        {"principals": '["timer:ci"]'},
        {"actions": '["rewind", "skip"]'},
        {"actions": '["*"]'},
        {"targets": '["shop/*/billing"]'},
        {"targets": '["shop/payroll/billing"]'},
    ],
)
def test_a_rule_that_says_anything_new_is_not_odd(second: dict[str, str]) -> None:
    assert said(later(**second)) == []


def test_several_rules_together_may_cover_a_later_one() -> None:
    both = RULE + RULE.replace("webhook:ci", "webhook:cd")
    third = later(principals='["webhook:cd", "webhook:ci"]')[len(RULE) :]

    assert said(both + third) == [(9, "rules[2]")]


def with_approver(approver: str, *, asker: str = "webhook:ci", rule: str = "") -> str:
    named = RULE.replace("webhook:ci", asker)
    return f'{named}confirm = "other"\napprovers = ["{approver}"]\n{rule}'


def approving(principal: str, actions: str, targets: str = "shop/orders/*") -> str:
    return f'[[rules]]\nprincipals = ["{principal}"]\nactions = [{actions}]\ntargets = ["{targets}"]\n'


@pytest.mark.parametrize(
    ("text", "is_odd"),
    [
        (with_approver("webhook:ops"), True),
        (with_approver("webhook:ops", rule=approving("webhook:ops", '"apply"')), True),
        (with_approver("webhook:ops", rule=approving("webhook:ops", '"rewind"')), True),
        (with_approver("webhook:ops", rule=approving("webhook:ops", '"apply", "rewind"', "shop/payroll/*")), True),
        (with_approver("webhook:ops", rule=approving("webhook:ops", '"apply", "rewind"')), False),
        (with_approver("webhook:ops", rule=approving("webhook:o*", '"*"', "*/*/*")), False),
        (with_approver("slack:T1/*", rule=approving("slack:T1/U1", '"apply", "rewind"')), False),
        (with_approver("webhook:ci"), True),
        (with_approver("webhook:ci", asker="webhook:c*"), False),
    ],
)
def test_an_approver_who_cannot_apply_is_odd(text: str, is_odd: bool) -> None:  # noqa: FBT001 -- a parameter of the table
    assert said(text) == ([(6, "rules[0].approvers[0]")] if is_odd else [])


def test_approvers_without_their_kind_of_confirmation_are_odd() -> None:
    assert said(RULE + 'approvers = ["webhook:ops"]') == [(5, "rules[0].approvers")]


@pytest.mark.parametrize(
    ("principal", "confirm", "is_odd"),
    [
        ("webhook:ci", 'confirm = "same"', True),
        ("slack:T1/U1", "", True),
        ("slack:T1/U1", 'confirm = "none"', False),
        ("webhook:ci", "", False),
    ],
)
def test_who_must_confirm_and_may_not_apply_is_odd(principal: str, confirm: str, is_odd: bool) -> None:  # noqa: FBT001 -- as above
    text = RULE.replace(', "apply"', "").replace("webhook:ci", principal) + confirm

    assert said(text) == ([(2, "rules[0].principals[0]")] if is_odd else [])


def test_reading_needs_no_right_to_apply() -> None:
    assert said(RULE.replace('"describe", "rewind", "apply"', '"describe"') + 'confirm = "same"') == []


@pytest.mark.parametrize("limit", ['max_rewind = "8d"', 'max_skip = "8d"', "max_shards = 257", "max_targets = 101"])
def test_a_limit_that_is_wider_than_everybodys_is_odd(limit: str) -> None:
    assert said(RULE + limit) == [(5, f"rules[0].{limit.partition(' ')[0]}")]


@pytest.mark.parametrize(("target", "is_odd"), [("orders", False), ("payroll", True)])
def test_an_alias_that_nobody_may_touch_is_odd(target: str, is_odd: bool) -> None:  # noqa: FBT001 -- as above
    alias = f'[targets.it]\nproject = "shop"\nlogstore = "{target}"\nconsumer_group = "billing"\n'

    assert said(RULE + alias) == ([(5, "targets.it")] if is_odd else [])


@pytest.mark.parametrize(
    ("principal", "is_odd"),
    [("webhok:ci", True), ("eventbridge:x", False), ("timer:f/t", False), ("slack:T1", True), ("slack:T1/U1/x", True)],
)
def test_a_principal_that_no_caller_has_is_odd(principal: str, is_odd: bool) -> None:  # noqa: FBT001 -- as above
    assert said(RULE.replace("webhook:ci", principal)) == ([(2, "rules[0].principals[0]")] if is_odd else [])


def test_all_actions_and_some_is_odd() -> None:
    assert said(RULE.replace('"describe"', '"*"')) == [(3, "rules[0].actions")]


ALERT_RULE = approving("webhook:am", '"rewind"')


def alerts(*entries: str) -> str:
    """Return a sound policy of 4 lines, and entries of [[alerts]] from line 5 on."""
    return ALERT_RULE + "\n".join(f"[[alerts]]\n{entry}" for entry in entries)


def entry(*, principals: str = "webhook:am", more: str = "", command: str = 'target = "shop/orders/billing"') -> str:
    """Return an entry of 6 lines."""
    return f'principals = ["{principals}"]\n{more}\n[alerts.command]\n{command}\naction = "rewind"\nto = "1h"'


@pytest.mark.parametrize("target", ["order", "orders-{labels.x}"])
def test_an_alert_whose_target_is_no_alias_is_a_mistake_unless_a_label_may_make_it_one(target: str) -> None:
    alias = '[targets.orders-a]\nproject = "shop"\nlogstore = "orders"\nconsumer_group = "billing"\n'
    findings = check_policy(alias + alerts(entry(command=f'target = "{target}"')))

    said_of = [(finding.line, finding.is_error, finding.sentence) for finding in findings]
    mistake = (13, True, "alerts[0].command.target: no alias under [targets] is called so")
    assert said_of == ([] if "{" in target else [mistake])


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        (alerts(entry()), []),
        (alerts(entry(command='target = "shop/orders/{labels.group}"')), []),
        (alerts(entry(command='project = "shop"\nlogstore = "{labels.l}"\nconsumer_group = "a"')), []),
        (alerts('principals = ["webhook:am"]'), []),
        (alerts(entry(principals="webhok:am")), [(6, "alerts[0].principals[0]")]),
        (alerts(entry(principals="slack:T1/U1")), [(6, "alerts[0].principals[0]")]),
        (alerts(entry(principals="webhook:other")), [(6, "alerts[0].principals[0]")]),
        (alerts(entry(command='target = "shop/payroll/{labels.group}"')), [(6, "alerts[0].principals[0]")]),
        (alerts(entry(command='target = "{labels.alias}"')), [(6, "alerts[0].principals[0]")]),
        (alerts('principals = ["webhook:other"]'), [(6, "alerts[0].principals[0]")]),
        (alerts(entry(), entry(more='name = "Lag*"')), [(12, "alerts[1]")]),
        (
            alerts(entry(more='labels = { a = "x*" }'), entry(more='labels = { a = "xy", b = "c" }')),
            [(12, "alerts[1]")],
        ),
        (alerts(entry(more='labels = { a = "x*" }'), entry()), []),
        (alerts(entry(more='labels = { a = "*" }'), entry(more='name = "Lag"')), []),
        (alerts(entry(more='name = "Lag*"'), entry(more='name = "L*"')), []),
        (ALERT_RULE + '[projects."my shop"]\nregion = "cn-shanghai"', [(5, "projects.my shop")]),
    ],
)
def test_what_can_never_propose_is_odd(text: str, odd: list[tuple[int, str]]) -> None:
    assert said(text) == odd


def test_a_mistake_of_the_destinations_is_told_once_however_many_alerts_there_are() -> None:
    text = "destinations = 1\n" + alerts(*[entry()] * 3)

    assert said(text, errors=True) == [(1, "destinations")]


PATTERNS = st.lists(st.sampled_from(["a", "b", "ab", "*", "a*", "?", "[ab]"]), min_size=1, max_size=2).map("/".join)
NAMES = st.lists(st.sampled_from(["a", "b", "ab", "c"]), min_size=1, max_size=2).map("/".join)


@given(PATTERNS, PATTERNS, NAMES)
def test_what_is_said_of_two_globs_holds_for_every_name(one: str, other: str, name: str) -> None:
    first, second = (principal_matches(f"webhook:{pattern}", f"webhook:{name}") for pattern in (one, other))

    if first and second:
        assert principals_meet(f"webhook:{one}", f"webhook:{other}")
    if second and covers_principal(f"webhook:{one}", f"webhook:{other}"):
        assert first
    if covers_target(one, other):
        assert targets_meet(one, other)


@given(st.text("[]\"'=.{}#,\n ruleswebhook:*/", max_size=60))
def test_any_text_is_checked_to_its_end(text: str) -> None:
    assert all(finding.line is None or finding.line > 0 for finding in check_policy(text))


def test_a_policy_is_checked_as_it_is_read() -> None:
    assert parse_policy(RULE).rules[0].actions == ("describe", "rewind", "apply")
    assert check_policy(RULE) == []
