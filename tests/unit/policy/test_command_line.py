import subprocess
import sys
from pathlib import Path

import pytest

from shared.policy.__main__ import main

ROOT = Path(__file__).resolve().parents[3]
POLICY = """\
[targets.orders]
project = "shop"
logstore = "orders"
consumer_group = "billing"

[limits]
max_skip = "2d"

[[rules]]
principals = ["webhook:ci"]
actions = ["describe", "rewind", "apply"]
targets = ["shop/orders/*"]
max_rewind = "6h"

[[rules]]
principals = ["webhook:*"]
actions = ["describe", "rewind"]
targets = ["shop/*/*"]
confirm = "other"
approvers = ["slack:T1/U1", "webhook:ci", "dingtalk:c1/*"]

[[rules]]
principals = ["slack:T1/U1"]
actions = ["*"]
targets = ["shop/payroll/*"]

[[rules]]
principals = ["dingtalk:c1/s1"]
actions = ["apply", "rewind"]
targets = ["shop/payroll/*"]
"""


@pytest.fixture(name="policy")
def _policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound policy, which REWIND_POLICY names."""
    path = tmp_path / "policy.toml"
    path.write_text(POLICY, encoding="utf-8")
    monkeypatch.setenv("REWIND_POLICY", str(path))
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    status = main(list(arguments))
    return status, capsys.readouterr().out.splitlines()


def test_a_sound_policy_is_0_and_every_mistake_is_1(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "check", str(policy)) == (0, [f"{policy}: errors: 0, warnings: 0"])

    policy.write_text(POLICY.replace('"rewind", "apply"', '"rewnd", "apply"').replace('"6h"', '"far"'), "utf-8")

    assert told(capsys, "check", str(policy)) == (
        1,
        [
            f"{policy}:11: error: rules[0].actions[1]: not a valid entry",
            f"{policy}:13: error: rules[0].max_rewind: must be a duration such as 6h or 7d",
            f"{policy}: errors: 2, warnings: 0",
        ],
    )


def test_a_suspicion_is_a_warning_with_its_line_and_no_mistake(
    policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy.write_text(POLICY.replace('max_rewind = "6h"', 'max_rewind = "30d"'), "utf-8")

    status, lines = told(capsys, "check")

    assert (status, lines[-1]) == (0, f"{policy}: errors: 0, warnings: 1")
    assert lines[0].startswith(f"{policy}:13: warning: rules[0].max_rewind: is wider than")


@pytest.mark.parametrize("command", [["check"], ["explain", "webhook:ci", "describe", "orders"]], ids=lambda c: c[0])
def test_a_policy_that_cannot_be_read_is_1_and_says_so(
    policy: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    policy.write_bytes(b"\xff")
    assert main(command) == 1
    policy.unlink()
    assert main(command) == 1

    assert capsys.readouterr().err.splitlines() == [
        f"{policy}: cannot be read as text in UTF-8",
        f"{policy}: does not exist; without a policy everything is denied",
    ]


def test_the_policy_is_the_one_that_is_named_before_that_of_the_setting(
    policy: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text("x = [", encoding="utf-8")

    assert told(capsys, "check", str(other))[0] == 1
    assert told(capsys, "check")[0] == 0
    assert main(["explain", "webhook:ci", "describe", "orders", "--policy", str(other)]) == 1
    assert "is broken, and denies everything" in capsys.readouterr().err
    assert policy.exists()


def test_the_policy_is_policy_toml_where_nothing_names_one() -> None:
    words = [sys.executable, "-m", "shared.policy", "check"]

    done = subprocess.run(words, cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command

    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("policy.toml: errors: 0")


def test_what_is_allowed_is_explained_with_rule_limits_and_who_applies(
    policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert policy.exists()

    assert told(capsys, "explain", "webhook:ci", "rewind", "orders") == (
        0,
        [
            "allowed: webhook:ci may rewind shop/orders/billing.",
            "decided by rules[0] (line 9): the first whose principals, actions and targets all match.",
            "  principals: webhook:ci",
            "  actions: rewind",
            "  targets: shop/orders/*",
            "Proven by a token in a URL alone (REWIND_URL_TOKENS), it may only read and preview.",
            "limits:",
            "  max_rewind: 6 h 00 min (rules[0].max_rewind (line 13))",
            "  max_skip: 2 d 00 h (limits.max_skip (line 7))",
            "  max_shards: 256 (not set: the default)",
            "  max_targets: 100 (not set: the default)",
            "confirm: none. It may be written at once, or planned and applied by whoever has the right to both.",
            "Beside the rules: REWIND_READ_ONLY=1 freezes every write, and the journal is never a target.",
        ],
    )


@pytest.mark.usefixtures("policy")
def test_of_each_approver_it_is_told_whether_rules_let_it_apply(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = told(capsys, "explain", "webhook:ops", "rewind", "shop/payroll/salaries")

    assert status == 0
    assert lines[1].startswith("decided by rules[1] (line 15)")
    assert lines[-5:-1] == [
        "confirm: other. It is planned first, and a named approver who did not ask may apply the plan.",
        "  slack:T1/U1: may apply",
        "  webhook:ci: may not apply: no rule lets it apply here",
        "  dingtalk:c1/*: those may apply whom rules let apply and rewind here",
    ]


@pytest.mark.usefixtures("policy")
def test_a_chat_user_confirms_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys, "explain", "slack:T1/U1", "skip", "shop/payroll/salaries")[1]

    assert lines[-3:-1] == [
        "confirm: same. It is planned first, and only the one who asked may apply the plan.",
        "  slack:T1/U1: may apply",
    ]


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(
    ("arguments", "last"),
    [
        (("webhook:ci", "describe", "orders"), "It moves nothing: no limit and no confirmation stands before it."),
        (
            ("webhook:ci", "apply", "orders"),
            "apply also needs the right to what was planned or begun, and keeps to the limits of that.",
        ),
        (("webhook:ci", "batch", "orders"), "batch needs no rule of its own: every part of it is asked about."),
    ],
)
def test_what_writes_nothing_of_its_own_has_no_limits(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], last: str
) -> None:
    status, lines = told(capsys, "explain", *arguments)

    assert (status, lines[-1]) == (0, last)


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(
    ("arguments", "close"),
    [
        (
            ("webhook:ci", "skip", "orders"),
            [
                "close: rules[0] (line 9): actions are only describe, rewind, apply",
                "close: rules[1] (line 15): actions are only describe, rewind",
            ],
        ),
        (
            ("dingtalk:c1/s1", "rewind", "orders"),
            [
                "close: rules[3] (line 27): targets are only shop/payroll/*",
                "close: rules[0] (line 9): principals are only webhook:ci",
                "close: rules[1] (line 15): principals are only webhook:*",
            ],
        ),
        (("timer:f/nightly", "skip", "elsewhere/x/y"), ["No rule came close: none names this principal."]),
    ],
)
def test_what_is_denied_is_told_with_the_rules_that_came_close(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], close: list[str]
) -> None:
    status, lines = told(capsys, "explain", *arguments)

    assert (status, lines[0][:6], lines[1:]) == (1, "denied", close)


@pytest.mark.usefixtures("policy")
def test_an_alias_that_policy_does_not_have_is_denied(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "explain", "webhook:ci", "rewind", "nothing") == (
        1,
        ["denied: policy.toml has no alias of this name under [targets]."],
    )


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize("target", ["shop/orders", "shop/orders/billing", "orders"])
def test_a_logstore_may_be_named_with_or_without_a_group(capsys: pytest.CaptureFixture[str], target: str) -> None:
    status, lines = told(capsys, "explain", "webhook:ci", "list_consumer_groups", target)

    assert (status, lines[0]) == (1, "denied: no rule lets webhook:ci list_consumer_groups shop/orders.")


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("fly",),
        ("check", "a", "b"),
        ("explain", "webhook:ci", "rewind"),
        ("explain", "webhook:ci", "fly", "orders"),
        ("explain", "webhook:ci", "*", "orders"),
        ("explain", "ci", "rewind", "orders"),
        ("explain", "webhook:*", "rewind", "orders"),
        ("explain", "webhook:ci", "rewind", "shop/orders"),
        ("explain", "webhook:ci", "rewind", "shop//billing"),
        ("explain", "webhook:ci", "rewind", "shop/orders/*"),
        ("explain", "webhook:ci", "rewind", "a/b/c/d"),
    ],
    ids=str,
)
def test_wrong_arguments_are_2_with_the_usage(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))

    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: python -m shared.policy")
