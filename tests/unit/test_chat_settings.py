import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chat_settings import ChatSettings
from shared.errors import ConfigurationError
from shared.settings import load_settings

KEY = base64.b64encode(bytes(range(32))).decode()
AES_KEY = base64.b64encode(bytes(range(32))).decode().rstrip("=")
REGION = {"REWIND_REGION": "cn-hangzhou"}
WORKER = {"REWIND_WORKER_KEY": KEY}
SLACK = {"REWIND_SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5", "REWIND_SLACK_TEAM": "T1DC2JH3J"}
FEISHU = {
    "REWIND_FEISHU_APP_ID": "cli_9f5343c580712544",
    "REWIND_FEISHU_APP_SECRET": "app secret of 32 characters .....".replace(" ", "-"),
    "REWIND_FEISHU_ENCRYPT_KEY": "encrypt-key-of-the-app",
    "REWIND_FEISHU_TOKEN": "verification-token-of-the-app",
    "REWIND_FEISHU_TENANT": "2ca1d211f64f6438",
    "REWIND_FEISHU_BOT": "ou_c245b0a7dff2725c",
}
DINGTALK = {"REWIND_DINGTALK_APP_SECRET": "secret-of-the-robot", "REWIND_DINGTALK_CORP": "dingbbd4ad1c1a2c3d4e"}
GROUPS = (SLACK, FEISHU, DINGTALK)


def chat(**environ: str) -> ChatSettings:
    return load_settings({**REGION, **environ}).chat


def problems(**environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({**REGION, **environ})
    return caught.value.problems


def test_every_platform_is_off_until_it_is_set_up() -> None:
    found = chat()

    assert (found.slack, found.feishu, found.dingtalk, found.worker) == (None, None, None, None)


def test_a_platform_is_on_once_its_group_is_complete() -> None:
    found = chat(**WORKER, **SLACK, **FEISHU, **DINGTALK)

    assert found.slack is not None
    assert found.slack.team == "T1DC2JH3J"
    assert found.feishu is not None
    assert found.feishu.host == "open.feishu.cn"
    assert found.dingtalk is not None
    assert found.dingtalk.aes_key is None
    assert found.worker is not None
    assert (len(found.worker.key), found.worker.function_name, found.worker.fc_url) == (32, "sls-rewind-worker", None)
    assert found.verify_after_s == 90


@pytest.mark.parametrize("group", GROUPS)
def test_half_a_group_is_a_mistake(group: dict[str, str]) -> None:
    first, *others = group

    found = problems(**WORKER, **{first: group[first]})

    assert {problem.partition(":")[0] for problem in found} == set(others)


@pytest.mark.parametrize("group", GROUPS)
def test_no_platform_goes_without_the_worker_s_key(group: dict[str, str]) -> None:
    (problem,) = problems(**group)

    assert problem.startswith("REWIND_WORKER_KEY: missing")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REWIND_WORKER_KEY", "short"),
        ("REWIND_WORKER_KEY", base64.b64encode(bytes(16)).decode()),
        ("REWIND_WORKER_KEY", "ÿ" * 44),
        ("REWIND_WORKER_FUNCTION", "no name"),
        ("REWIND_FC_ENDPOINT", "https://fc.example.com"),
        ("REWIND_CHAT_ENDPOINT", "http://10.0.0.1"),
        ("REWIND_CHAT_ENDPOINT", "http://127.0.0.1:8080/path"),
        ("REWIND_CHAT_ENDPOINT", "http://user@127.0.0.1:8080"),
        ("REWIND_CHAT_ENDPOINT", "http://[::1"),
        ("REWIND_CHAT_VERIFY_AFTER_S", "301"),
        ("REWIND_CHAT_VERIFY_AFTER_S", "-1"),
        ("REWIND_SLACK_SIGNING_SECRET", "short"),
        ("REWIND_SLACK_TEAM", "T1 DC2"),
        ("REWIND_FEISHU_KIND", "larksuite"),
        ("REWIND_FEISHU_ENCRYPT_KEY", "tiny"),
        ("REWIND_DINGTALK_CORP", "ding/corp"),
        ("REWIND_DINGTALK_AES_KEY", "x" * 42),
        ("REWIND_DINGTALK_AES_KEY", "?" * 43),
    ],
)
def test_a_wrong_variable_is_named_and_its_value_is_not(variable: str, value: str) -> None:
    found = problems(**{**WORKER, **SLACK, **FEISHU, **DINGTALK, variable: value})

    assert {problem.partition(":")[0] for problem in found} == {variable}
    assert all(value not in problem for problem in found)


def test_a_robot_s_aes_key_is_32_bytes() -> None:
    found = chat(**WORKER, **DINGTALK, REWIND_DINGTALK_AES_KEY=AES_KEY).dingtalk

    assert found is not None
    assert found.aes_key == bytes(range(32))


def test_lark_is_feishu_elsewhere() -> None:
    found = chat(**WORKER, **FEISHU, REWIND_FEISHU_KIND="lark").feishu

    assert found is not None
    assert found.host == "open.larksuite.com"


def test_secrets_of_chat_stay_out_of_the_repr() -> None:
    shown = repr(chat(**WORKER, **SLACK, **FEISHU, **DINGTALK))

    secrets = [value for group in GROUPS for name, value in group.items() if not name.endswith(("TEAM", "CORP", "BOT"))]
    assert [s for s in secrets if s in shown and s not in {FEISHU["REWIND_FEISHU_APP_ID"], "2ca1d211f64f6438"}] == []
    assert str(bytes(range(32))) not in shown


TOKEN = "url-token-of-at-least-32-characters"


@pytest.mark.parametrize(
    "tokens",
    [
        {"monitor": "short"},
        {"monitor": "with/slash" * 4},
        {"monitor": TOKEN, "other": [TOKEN]},
        {"monitor": "s" * 32},
        {"ci": TOKEN},
    ],
)
def test_a_url_token_is_long_and_nobody_else_s(tokens: dict[str, object]) -> None:
    secrets = {"REWIND_WEBHOOK_SECRETS": json.dumps({"ci": "s" * 32})}

    (problem,) = problems(**secrets, REWIND_URL_TOKENS=json.dumps(tokens))

    assert problem.startswith("REWIND_URL_TOKENS: ")
    assert TOKEN not in problem


def test_url_tokens_may_rotate() -> None:
    told = json.dumps({"monitor": [TOKEN, TOKEN[::-1]]})

    assert load_settings({**REGION, "REWIND_URL_TOKENS": told}).url_tokens == {"monitor": (TOKEN, TOKEN[::-1])}


@given(st.dictionaries(st.sampled_from(sorted({**WORKER, **SLACK, **FEISHU, **DINGTALK})), st.text()))
def test_any_environment_is_settings_or_a_list_of_problems(environ: dict[str, str]) -> None:
    try:
        load_settings({**REGION, **environ})
    except ConfigurationError as error:
        assert all(problem.startswith("REWIND_") for problem in error.problems)  # noqa: PT017 -- either outcome is right
