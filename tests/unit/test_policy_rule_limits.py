"""The limits that one rule of policy.toml may set."""

import pytest

from shared.policy.file import parse_policy
from shared.results import Target

RULE = """
[[rules]]
principals = ["webhook:ci"]
actions = ["*"]
targets = ["*/*/*"]
"""


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("max_targets = 10", "max_targets", 10),
        ("max_shards = 0", "max_shards", 0),
        ('max_skip = "0s"', "max_skip_s", 0),
        ('max_skip = "0"', "max_skip_s", 0),
        ('max_rewind = "0d"', "max_rewind_s", 0),
    ],
)
def test_a_rule_may_narrow_every_limit_down_to_nothing(line: str, name: str, value: int) -> None:
    grant = parse_policy(RULE + line).grant("webhook:ci", "rewind", Target("shop", "orders", "billing"))
    assert getattr(grant.limits, name) == value
