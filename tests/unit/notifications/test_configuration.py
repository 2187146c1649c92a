"""REWIND_NOTIFY says where destinations are, policy.toml of what kind they are."""

import json

import pytest

from shared.errors import ConfigurationError
from shared.policy.file import parse_policy
from shared.secret_settings import Destination
from shared.settings import load_settings

REGION = {"REWIND_REGION": "cn-hangzhou"}
URL = "https://hooks.slack.com/services/T0/B0/SeCrEt"


def problems_of_settings(notify: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({**REGION, "REWIND_NOTIFY": notify})
    return caught.value.problems


def problems_of_policy(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(text)
    return caught.value.problems


def test_settings_hold_url_and_secret_of_each_destination() -> None:
    given = {"oncall": {"url": URL}, "audit": {"url": "http://127.0.0.1:8080/x?y=%2F", "secret": "this is secret"}}

    settings = load_settings({**REGION, "REWIND_NOTIFY": json.dumps(given)})

    assert settings.destinations == {
        "oncall": Destination(URL),
        "audit": Destination("http://127.0.0.1:8080/x?y=%2F", "this is secret"),
    }


def test_destinations_are_none_without_the_variable() -> None:
    assert load_settings(REGION).destinations == {}
    assert load_settings({**REGION, "REWIND_NOTIFY": ""}).destinations == {}


def test_neither_url_nor_secret_is_in_the_repr() -> None:
    settings = load_settings({**REGION, "REWIND_NOTIFY": json.dumps({"oncall": {"url": URL, "secret": "hush"}})})

    told = f"{settings!r} {settings.destinations!r}"

    assert "SeCrEt" not in told
    assert "hush" not in told


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/x",
        "ftp://127.0.0.1/x",
        "https://user:pass@hooks.slack.com/x",
        "https://hooks.slack.com\\@evil.example.com/x",
        "https://hooks.slack.com/x#fragment",
        "https://hooks.slack.com/x y",
        "https://hooks.slack.com/\r\nHost: evil",
        "https://[::1",
        "https://hooks.slack.com:99999/x",
        "https://",
        "https:///x",
        "hooks.slack.com/x",
        "http://127.0.0.1.evil.com/x",
        f"https://hooks.slack.com/{'x' * 3000}",
        "",
        7,
        None,
    ],
)
def test_a_url_that_is_not_safe_to_post_to_is_refused_without_showing_it(url: object) -> None:
    (problem,) = problems_of_settings(json.dumps({"oncall": {"url": url}}))

    assert problem == (
        "REWIND_NOTIFY: oncall: url must be https, or http on this machine, without user name and fragment"
    )


@pytest.mark.parametrize("secret", ["", 7, [], "\ud800", "a\nb", "s" * 257])
def test_a_secret_that_nothing_can_be_signed_with_is_refused(secret: object) -> None:
    assert problems_of_settings(json.dumps({"oncall": {"url": URL, "secret": secret}})) == (
        "REWIND_NOTIFY: oncall: secret must be a text of 1 to 256 printable ASCII characters",
    )


@pytest.mark.parametrize(
    ("notify", "problem"),
    [
        ("x", "must be a JSON object of destination name to"),
        ("[]", "must be a JSON object of destination name to"),
        ("[" * 100_000, "must be a JSON object of destination name to"),
        ('{"on call": {}}', "a destination's name must be 1 to 64 letters"),
        ('{"oncall": "SeCrEt"}', "oncall must be an object with url and secret, and nothing else"),
        ('{"oncall": {"url": "https://x.example", "SeCrEt": 1}}', "oncall must be an object with url and secret"),
    ],
)
def test_what_is_wrong_with_the_variable_is_told_without_its_value(notify: str, problem: str) -> None:
    (found,) = problems_of_settings(notify)

    assert found.startswith(f"REWIND_NOTIFY: {problem}")
    assert "SeCrEt" not in found


def test_all_problems_with_destinations_are_told_at_once() -> None:
    given = {"a": {"url": "x", "secret": ""}, "b": 1, "c d": {}}

    assert len(problems_of_settings(json.dumps(given))) == 4


def test_policy_holds_the_kind_of_each_destination() -> None:
    text = "\n".join(f'[destinations.{kind}]\nkind = "{kind}"' for kind in ("slack", "dingtalk", "feishu", "webhook"))

    assert parse_policy(text).destinations == {
        "slack": "slack",
        "dingtalk": "dingtalk",
        "feishu": "feishu",
        "webhook": "webhook",
    }
    assert parse_policy("").destinations == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("destinations = 1", "destinations: must be a table"),
        ("destinations.oncall = 1", "destinations.oncall: must be a table"),
        ("[destinations.oncall]", "destinations.oncall.kind: must be one of slack, dingtalk, feishu, webhook"),
        ("[destinations.oncall]\nkind = 'teams'", "destinations.oncall.kind: must be one of"),
        ("[destinations.oncall]\nkind = []", "destinations.oncall.kind: must be one of"),
        ("[destinations.oncall]\nkind = 'slack'\nurl = 'https://x'", "destinations.oncall.url: unknown key"),
    ],
)
def test_what_is_wrong_with_a_destination_of_policy_is_named_by_its_key(text: str, problem: str) -> None:
    assert any(found.startswith(problem) for found in problems_of_policy(text))
