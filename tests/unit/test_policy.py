import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import PolicyDeniedError
from shared.policy.rules import Limits, Policy, Rule, denied, principal_matches
from shared.results import Target

BILLING = Target("shop", "orders", "billing")
names = st.text("ab-", min_size=1, max_size=4)


def rule(principals: str = "webhook:ci", actions: str = "describe", targets: str = "shop/orders/billing") -> Rule:
    return Rule((principals,), (actions,), (targets,))


def test_a_policy_without_rules_allows_nothing() -> None:
    with pytest.raises(PolicyDeniedError):
        Policy().grant("webhook:ci", "describe", BILLING)


@pytest.mark.parametrize(
    ("one_rule", "matches"),
    [
        (rule(), True),
        (rule(actions="*"), True),
        (rule(actions="peek"), False),
        (rule(principals="webhook:other"), False),
        (rule(principals="timer:ci"), False),
        (rule(principals="webhook:*"), True),
        (rule(targets="shop/orders/bill*"), True),
        (rule(targets="*/*/*"), True),
        (rule(targets="shop/orders/BILLING"), False),
        (rule(targets="sh/orders/billing"), False),
        (rule(targets="shop/*"), False),
    ],
)
def test_a_rule_allows_only_what_all_its_parts_name(one_rule: Rule, matches: bool) -> None:  # noqa: FBT001 -- a parameter of the table
    assert Policy((one_rule,)).sees("webhook:ci", "describe", BILLING) is matches


@given(names, names, names)
def test_a_glob_never_reaches_over_a_segment(project: str, logstore: str, group: str) -> None:
    policy = Policy((rule(targets="a*/b*/*"),))

    allowed = policy.sees("webhook:ci", "describe", Target(project, logstore, group))

    assert allowed is (project.startswith("a") and logstore.startswith("b"))


def test_a_logstore_is_seen_where_any_of_its_groups_is() -> None:
    policy = Policy((rule(),))

    assert policy.sees("webhook:ci", "describe", Target("shop", "orders", None))
    assert not policy.sees("webhook:ci", "describe", Target("shop", "payroll", None))


def test_the_first_rule_that_matches_decides() -> None:
    wide = Rule(("webhook:*",), ("*",), ("*/*/*",), {"max_shards": 9})
    narrow = Rule(("webhook:ci",), ("*",), ("*/*/*",), {"max_shards": 1})

    assert Policy((wide, narrow)).grant("webhook:ci", "describe", BILLING).limits.max_shards == 9
    assert Policy((narrow, wide)).grant("webhook:ci", "describe", BILLING).limits.max_shards == 1


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_rule_only_narrows_a_limit(everyone: int, ruled: int) -> None:
    limits = Limits(max_rewind_s=everyone).narrowed({"max_rewind_s": ruled})

    assert limits == Limits(max_rewind_s=min(everyone, ruled))


@pytest.mark.parametrize(
    ("principal", "confirm"),
    [
        ("webhook:ci", "none"),
        ("timer:schedule/nightly", "none"),
        ("slack:T1/U1", "same"),
        ("dingtalk:c/s", "same"),
        ("feishu:t/o", "same"),
    ],
)
def test_chat_is_asked_to_confirm_and_others_are_not(principal: str, confirm: str) -> None:
    channel = principal.split(":", maxsplit=1)[0]
    policy = Policy((Rule((f"{channel}:*",), ("*",), ("*/*/*",)),))

    assert policy.grant(principal, "describe", BILLING).confirm == confirm


@pytest.mark.parametrize(
    ("pattern", "principal", "matches"),
    [
        ("slack:*", "slack:T1/U1", True),
        ("slack:T1/*", "slack:T1/U1", True),
        ("slack:T1/*", "slack:T1", False),
        ("slack:T1", "slack:T1/U1", False),
        ("slack:*/U1", "slack:T9/U1", True),
        ("slack:T1/u1", "slack:T1/U1", False),
        ("webhook:c*", "webhook:ci", True),
        ("webhook:c*", "timer:ci", False),
        ("*:ci", "webhook:ci", False),
        ("*", "webhook:ci", False),
    ],
)
def test_a_principals_glob_is_matched_segment_by_segment(pattern: str, principal: str, matches: bool) -> None:  # noqa: FBT001 -- a parameter of the table
    assert principal_matches(pattern, principal) is matches


def test_every_refusal_says_the_same() -> None:
    with pytest.raises(PolicyDeniedError) as caught:
        Policy((rule(),)).grant("webhook:ci", "describe", Target("shop", "payroll", "billing"))

    assert (caught.value.message, caught.value.hint) == (denied().message, denied().hint)
