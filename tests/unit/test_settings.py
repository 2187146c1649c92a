import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConfigurationError
from shared.settings import Settings, load_settings

SECRET = "s" * 32
REGION = {"REWIND_REGION": "cn-hangzhou"}
LOOPBACK = {"REWIND_ENDPOINT": "http://127.0.0.1:8080"}


def problems(**environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ)
    return caught.value.problems


def test_a_region_is_all_that_is_needed() -> None:
    settings = load_settings(REGION)

    endpoint = settings.endpoint("shop")
    assert endpoint.base_url == "https://shop.cn-hangzhou.log.aliyuncs.com"
    assert (endpoint.host, endpoint.region) == ("shop.cn-hangzhou.log.aliyuncs.com", "cn-hangzhou")
    assert endpoint.signature == "v4"
    assert (settings.policy_path, settings.journal, settings.read_only, settings.webhook_secrets) == (
        None,
        None,
        False,
        {},
    )


@pytest.mark.parametrize(
    ("endpoint", "host", "region"),
    [
        ("cn-shanghai.log.aliyuncs.com", "cn-shanghai.log.aliyuncs.com", "cn-shanghai"),
        ("https://cn-shanghai.log.aliyuncs.com/", "cn-shanghai.log.aliyuncs.com", "cn-shanghai"),
        ("https://cn-shanghai-intranet.log.aliyuncs.com", "cn-shanghai-intranet.log.aliyuncs.com", "cn-shanghai"),
        ("https://log-global.aliyuncs.com:443", "log-global.aliyuncs.com", None),
    ],
)
def test_an_endpoint_tells_host_and_region(endpoint: str, host: str, region: str | None) -> None:
    settings = load_settings({"REWIND_ENDPOINT": endpoint})

    found = settings.endpoint("shop")
    assert (found.base_url, found.host) == (f"https://shop.{host}", f"shop.{host}")
    assert (found.region, found.signature) == (region, "v4" if region else "v1")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:8080/", "http://[::1]:8080"])
def test_a_loopback_endpoint_is_connected_to_with_the_project_in_the_host(url: str) -> None:
    endpoint = load_settings({**REGION, "REWIND_ENDPOINT": url}).endpoint("shop", region="cn-shanghai", host="x.y")

    assert endpoint.base_url == url.rstrip("/")
    assert (endpoint.host, endpoint.region) == ("shop.cn-hangzhou.log.aliyuncs.com", "cn-hangzhou")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://cn-hangzhou.log.aliyuncs.com",
        "https://evil.example.com",
        "https://aliyuncs.com.evil.com",
        "https://evilaliyuncs.com",
        "https://cn-hangzhou.log.aliyuncs.com:8443",
        "https://cn-hangzhou.log.aliyuncs.com/path",
        "https://cn-hangzhou.log.aliyuncs.com@evil.example.com",
        "http://127.0.0.1.evil.com",
        "http://127.0.0.1:8080/path",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "http://[::1",
        "https://x:99999",
        "file:///etc/passwd",
        "https://",
        "//",
    ],
)
def test_credentials_go_nowhere_but_to_sls_and_loopback(endpoint: str) -> None:
    found = problems(**REGION, REWIND_ENDPOINT=endpoint)

    assert found == ("REWIND_ENDPOINT: must be https and a host of *.aliyuncs.com, or http://127.0.0.1:<port>",)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REWIND_REGION", "shanghai"),
        ("REWIND_REGION", "cn-hangzhou.evil.com"),
        ("REWIND_REGION", "cn-hangzhou/"),
        ("REWIND_SIGNATURE", "v2"),
        ("REWIND_SIGNATURE", "V4"),
        ("REWIND_JOURNAL", "ops"),
        ("REWIND_JOURNAL", "ops/"),
        ("REWIND_JOURNAL", "ops/journal/x"),
        ("REWIND_JOURNAL", "Ops/journal"),
        ("REWIND_READ_ONLY", "yes"),
        ("REWIND_WEBHOOK_SECRETS", "token"),
        ("REWIND_WEBHOOK_SECRETS", "[]"),
        ("REWIND_WEBHOOK_SECRETS", "null"),
        ("REWIND_WEBHOOK_SECRETS", '{"ci": 1}'),
        ("REWIND_WEBHOOK_SECRETS", '{"ci": []}'),
        ("REWIND_WEBHOOK_SECRETS", json.dumps({"ci": "s" * 31})),
        ("REWIND_WEBHOOK_SECRETS", json.dumps({"ci": [SECRET, "short"]})),
        ("REWIND_WEBHOOK_SECRETS", json.dumps({"c i": SECRET})),
        ("REWIND_WEBHOOK_SECRETS", json.dumps({"": SECRET})),
        ("REWIND_WEBHOOK_SECRETS", json.dumps({"ci": SECRET, "cd": [SECRET]})),
        ("REWIND_WEBHOOK_SECRETS", "[" * 100_000),
    ],
)
def test_a_wrong_variable_is_named_and_its_value_is_not(variable: str, value: str) -> None:
    (found,) = problems(**{**REGION, variable: value})

    assert found.startswith(f"{variable}: ")
    assert len(value) < 3 or value not in found
    assert SECRET not in found


def test_all_problems_are_told_at_once() -> None:
    environ = {"REWIND_SIGNATURE": "v9", "REWIND_JOURNAL": "x", "REWIND_READ_ONLY": "x", "REWIND_WEBHOOK_SECRETS": "x"}

    names = {problem.partition(":")[0] for problem in problems(**environ)}

    assert names == {*environ, "REWIND_REGION"}


def test_an_empty_variable_counts_as_absent() -> None:
    empty = dict.fromkeys(("REWIND_ENDPOINT", "REWIND_SIGNATURE", "REWIND_JOURNAL", "REWIND_READ_ONLY"), "")

    assert load_settings({**REGION, **empty}) == load_settings(REGION)


def test_v4_needs_a_region() -> None:
    assert problems(**LOOPBACK, REWIND_SIGNATURE="v4") == ("REWIND_SIGNATURE: v4 needs REWIND_REGION",)
    assert load_settings(LOOPBACK).endpoint("shop").signature == "v1"


@pytest.mark.parametrize(
    ("text", "frozen"),
    [("1", True), ("true", True), ("TRUE", True), ("0", False), ("false", False)],
)
def test_read_only_is_a_switch(text: str, frozen: bool) -> None:  # noqa: FBT001 -- a parameter of the table
    assert load_settings({**REGION, "REWIND_READ_ONLY": text}).read_only is frozen


def test_a_caller_may_have_several_secrets() -> None:
    both = {"ci": ["a" * 32, "b" * 32], "cd": "c" * 32}

    settings = load_settings({**REGION, "REWIND_WEBHOOK_SECRETS": json.dumps(both)})

    assert settings.webhook_secrets == {"ci": ("a" * 32, "b" * 32), "cd": ("c" * 32,)}


def test_secrets_stay_out_of_the_repr() -> None:
    settings = load_settings({**REGION, "REWIND_WEBHOOK_SECRETS": json.dumps({"ci": SECRET})})

    assert isinstance(settings, Settings)
    assert SECRET not in repr(settings)


@given(st.dictionaries(st.sampled_from(["REWIND_REGION", "REWIND_ENDPOINT", "REWIND_WEBHOOK_SECRETS"]), st.text()))
def test_any_environment_is_settings_or_a_list_of_problems(environ: dict[str, str]) -> None:
    try:
        load_settings(environ)
    except ConfigurationError as error:
        assert all(problem.startswith("REWIND_") for problem in error.problems)  # noqa: PT017 -- either outcome is right
