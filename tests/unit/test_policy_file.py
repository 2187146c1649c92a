from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConfigurationError
from shared.policy.file import parse_policy, read_policy
from shared.policy.rules import Policy
from shared.results import Target

RULE = """
[[rules]]
principals = ["webhook:ci"]
actions = ["describe"]
targets = ["shop/orders/*"]
"""
# The example of DESIGN section 6, with a time zone and every key.
WHOLE = """
default_time_zone = "Asia/Shanghai"
[targets.orders]
project = "shop"
logstore = "orders"
consumer_group = "billing"
[projects.shop]
region = "cn-shanghai"
[limits]
max_rewind = "7d"
max_skip = "2d"
max_shards = 256
max_targets = 100
[[rules]]
principals = ["webhook:ci", "slack:T024BE7LD/U061F7AUR"]
actions = ["describe", "rewind", "apply", "undo"]
targets = ["shop/orders/*"]
max_rewind = "6h"
confirm = "none"
approvers = []
"""


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(text)
    return caught.value.problems


def test_the_documented_policy_is_read_whole() -> None:
    policy = parse_policy(WHOLE)

    grant = policy.grant("slack:T024BE7LD/U061F7AUR", "rewind", Target("shop", "orders", "billing"))
    assert (grant.limits.max_rewind_s, grant.limits.max_skip_s, grant.confirm) == (6 * 3600, 2 * 86_400, "none")
    assert policy.aliases == {"orders": Target("shop", "orders", "billing")}
    assert policy.placements["shop"].region == "cn-shanghai"
    assert policy.default_time_zone == "Asia/Shanghai"


def test_limits_that_are_absent_have_the_documented_values() -> None:
    limits = parse_policy(RULE).limits

    assert (limits.max_rewind_s, limits.max_skip_s, limits.max_shards, limits.max_targets) == (
        7 * 86_400,
        7 * 86_400,
        256,
        100,
    )


@pytest.mark.parametrize("path", [None, "/nowhere/policy.toml"])
def test_without_a_file_nothing_is_allowed(path: str | None) -> None:
    assert read_policy(path) == Policy()


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_bytes(b"\xff\xfe")

    for path in (tmp_path, tmp_path / "policy.toml"):
        with pytest.raises(ConfigurationError, match="REWIND_POLICY: the file cannot be read"):
            read_policy(str(path))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = ", "policy.toml: not valid TOML"),
        ("colour = 1", "policy.toml.colour: unknown key"),
        ("rules = 1", "rules: must be a list of tables"),
        ('rules = ["webhook:ci"]', "rules[0]: must be a table"),
        ("targets = 1", "targets: must be a table"),
        ("targets.orders = 1", "targets.orders: must be a table"),
        ("limits = []", "limits: must be a table"),
        ("default_time_zone = 8", "default_time_zone: must be text"),
        ('[limits]\nmax_rewind = "week"', "limits.max_rewind: must be a duration"),
        ("[limits]\nmax_rewind = 3600", "limits.max_rewind: must be a duration"),
        ("[limits]\nmax_shards = -1", "limits.max_shards: must be a whole number, 0 or more"),
        ("[limits]\nmax_shards = true", "limits.max_shards: must be a whole number, 0 or more"),
        ('[limits]\nmax_targets = "9"', "limits.max_targets: must be a whole number, 0 or more"),
        ("[limits]\nmax_pods = 9", "limits.max_pods: unknown key"),
        ("[targets.orders]\nproject = 'shop'", "targets.orders.logstore: missing or not a valid name"),
        (
            "[targets.orders]\nproject='Shop'\nlogstore='orders'\nconsumer_group='g'",
            "targets.orders.project: missing or not a valid name",
        ),
        ("[projects.shop]\nregion = 'CN'", "projects.shop.region: must be a region id"),
        ("[projects.shop]\nendpoint = 'evil.example.com'", "projects.shop.endpoint: must be a host of *.aliyuncs.com"),
        ("[projects.shop]\nendpoint = 'http://x.aliyuncs.com'", "projects.shop.endpoint: must be a host"),
        ("[projects.shop]\nendpoint = 'aliyuncs.com.evil.com'", "projects.shop.endpoint: must be a host"),
        ("[projects.shop]\nhost = 'x'", "projects.shop.host: unknown key"),
        ("[[rules]]\nactions = ['describe']\ntargets = ['*/*/*']", "rules[0].principals: must be a list of texts"),
        (RULE.replace('["webhook:ci"]', "[]"), "rules[0].principals: must be a list of texts"),
        (RULE.replace('["webhook:ci"]', '"webhook:ci"'), "rules[0].principals: must be a list of texts"),
        (RULE.replace("webhook:ci", "ci"), "rules[0].principals[0]: not a valid entry"),
        (RULE.replace("webhook:ci", "*"), "rules[0].principals[0]: not a valid entry"),
        (RULE.replace("webhook:ci", "webhook:a b"), "rules[0].principals[0]: not a valid entry"),
        (RULE.replace('"describe"', "1"), "rules[0].actions[0]: not a valid entry"),
        (RULE.replace("describe", "Describe"), "rules[0].actions[0]: not a valid entry"),
        (RULE.replace("shop/orders/*", "*"), "rules[0].targets[0]: not a valid entry"),
        (RULE.replace("shop/orders/*", "shop/orders"), "rules[0].targets[0]: not a valid entry"),
        (RULE.replace("shop/orders/*", "shop//orders/*"), "rules[0].targets[0]: not a valid entry"),
        (RULE.replace("shop/orders/*", "/shop/orders/*"), "rules[0].targets[0]: not a valid entry"),
        (RULE + "max_parts = 5", "rules[0].max_parts: unknown key"),
        (RULE + 'max_skip = "far"', "rules[0].max_skip: must be a duration"),
        (RULE + 'confirm = "maybe"', "rules[0].confirm: must be one of none, same, other"),
        (RULE + "confirm = []", "rules[0].confirm: must be one of none, same, other"),
        (RULE + 'confirm = "other"', "rules[0].approvers: missing"),
        (RULE + 'confirm = "other"\napprovers = ["me"]', "rules[0].approvers[0]: not a valid entry"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(text: str, problem: str) -> None:
    assert any(found.startswith(problem) for found in problems(text))


def test_every_problem_is_told_at_once() -> None:
    assert len(problems("colour = 1\nrules = 1\n[limits]\nmax_skip = 'far'\n[targets.x]\nproject = 1")) == 6


@pytest.mark.parametrize(
    "principal", ["slack:*", "slack:T1/*", "dingtalk:*", "feishu:*/*", "slack:*/U1", "slack:T1/U?", "slack:T1/[UW]1"]
)
def test_a_rule_that_writes_must_name_chat_users(principal: str) -> None:
    text = RULE.replace("webhook:ci", principal).replace("describe", "rewind")

    assert problems(text) == ("rules[0].principals: a rule that writes must name chat users, not all of a tenant",)


def test_a_rule_that_reads_may_name_a_whole_tenant() -> None:
    assert parse_policy(RULE.replace("webhook:ci", "slack:T1/*")).sees(
        "slack:T1/U1", "describe", Target("shop", "orders", "billing")
    )


@given(st.text(max_size=60))
def test_any_text_is_a_policy_or_a_list_of_problems(text: str) -> None:
    try:
        parse_policy(text)
    except ConfigurationError as error:
        assert error.problems  # noqa: PT017 -- either outcome is right
