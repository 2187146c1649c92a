import re
from pathlib import Path

import pytest

from shared.policy.__main__ import main
from shared.policy.checking import check_policy
from shared.policy.file import parse_policy
from shared.policy.rules import Limits, Policy
from shared.results import Target

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")
(WHOLE,) = re.findall(r"```toml\n(.*?)```", DOCUMENT, flags=re.DOTALL)
TEAM = "slack:T024BE7LD"


def test_the_policy_that_is_shown_has_nothing_wrong_or_odd() -> None:
    assert check_policy(WHOLE) == []
    assert parse_policy(WHOLE).limits == Limits()


def test_the_narrow_rule_before_the_wide_one_decides() -> None:
    policy: Policy = parse_policy(WHOLE)

    asked = policy.grant(f"{TEAM}/U061F7AUR", "rewind", Target("shop", "orders", "billing"))
    approves = policy.grant(f"{TEAM}/U9ONCALL1", "rewind", Target("shop", "orders", "billing"))

    assert (asked.limits.max_rewind_s, asked.confirm) == (6 * 3600, "other")
    assert (approves.limits.max_rewind_s, approves.confirm) == (7 * 86_400, "same")


def test_the_commands_that_are_shown_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(WHOLE, encoding="utf-8")
    shown = re.findall(r"^python -m shared.policy (.*?) +#", DOCUMENT, flags=re.MULTILINE)

    statuses = [main([*line.replace("policy.toml", str(path)).split()]) for line in shown[:1]]
    statuses += [main([*line.split(), "--policy", str(path)]) for line in shown[1:]]

    assert (len(shown), statuses) == (2, [0, 0])
    assert "allowed: webhook:ci may rewind shop/orders/billing." in capsys.readouterr().out


def test_the_mistakes_that_are_shown_are_told_so() -> None:
    (shown,) = re.findall(r"```text\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    broken = '[targets]\n\n\n\n\n\n\n\n[[rules]]\nprincipals = ["webhook:ci"]\nactions = ["describe", "rewnd"]\n'
    broken += 'targets = ["shop/orders/*"]\nmax_rewind = "far"\n'

    told = [f"policy.toml:{finding.line}: error: {finding.sentence}" for finding in check_policy(broken)]

    assert told == shown.splitlines()[:-1]
