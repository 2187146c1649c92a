from types import SimpleNamespace

import pytest

from shared.errors import ConfigurationError
from shared.sls.credentials import Credentials, read_credentials

ENVIRON = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret",
    "ALIBABA_CLOUD_SECURITY_TOKEN": "env-token",
}


def context(**parts: object) -> SimpleNamespace:
    return SimpleNamespace(credentials=SimpleNamespace(**parts))


def test_a_contexts_credentials_come_first() -> None:
    of_context = context(access_key_id="id", access_key_secret="secret", security_token="token")

    assert read_credentials(of_context, ENVIRON) == Credentials("id", "secret", "token")


def test_a_pair_without_token_takes_none_from_the_environment() -> None:
    of_context = context(access_key_id="id", access_key_secret="secret", security_token="")

    assert read_credentials(of_context, ENVIRON) == Credentials("id", "secret", None)


@pytest.mark.parametrize(
    "given",
    [
        None,
        object(),
        SimpleNamespace(credentials=None),
        context(),
        context(access_key_id="", access_key_secret="", security_token=""),
        context(access_key_id="id", access_key_secret=None, security_token="token"),
        context(access_key_id=7, access_key_secret=b"secret", security_token="token"),
    ],
    ids=["none", "bare", "no credentials", "no parts", "empty", "half", "other types"],
)
def test_a_context_without_a_whole_pair_leaves_it_to_the_environment(given: object) -> None:
    assert read_credentials(given, ENVIRON) == Credentials("env-id", "env-secret", "env-token")


def test_a_long_lived_pair_has_no_token() -> None:
    environ = {name: text for name, text in ENVIRON.items() if "TOKEN" not in name}

    assert read_credentials(None, environ).security_token is None


def test_the_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in ENVIRON.items():
        monkeypatch.setenv(name, text)

    assert read_credentials(None).access_key_id == "env-id"


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_credentials(None, {"ALIBABA_CLOUD_SECURITY_TOKEN": "token"})

    assert caught.value.problems == (
        "ALIBABA_CLOUD_ACCESS_KEY_ID: missing",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET: missing",
    )


@pytest.mark.parametrize("name", ENVIRON)
def test_what_no_header_can_carry_is_named_and_not_shown(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name}: ") as caught:
        read_credentials(None, ENVIRON | {name: "top secret\n"})

    assert "top" not in str(caught.value)


def test_secrets_do_not_show_in_a_repr() -> None:
    shown = repr(Credentials("the-id", "the-secret", "the-token"))

    assert "the-id" in shown
    assert "the-secret" not in shown
    assert "the-token" not in shown
