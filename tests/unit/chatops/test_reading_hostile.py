"""Whatever is sent: nobody, or an answer, or a message of somebody proven; never another exception."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.chatops import dingtalk, feishu, slack
from shared.chatops.messages import Immediate, Message, Received
from shared.errors import AuthenticationError
from shared.fc.events import HttpEvent
from tests.fuzz.amount import some
from tests.unit.chatops.sent import (
    DINGTALK,
    DINGTALK_PLAIN,
    FEISHU,
    NOW_UNIX,
    SLACK,
    dingtalk_encrypted,
    dingtalk_headers,
    dingtalk_message,
    feishu_click,
    feishu_encrypted,
    feishu_message,
    feishu_signed,
    http,
    slack_click,
    slack_command,
    slack_request,
)

READERS: Mapping[str, Callable[[HttpEvent], Received]] = {
    "slack": lambda request: slack.read(request, SLACK, NOW_UNIX),
    "feishu": lambda request: feishu.read(request, FEISHU, NOW_UNIX),
    "dingtalk": lambda request: dingtalk.read(request, DINGTALK, NOW_UNIX),
    "dingtalk without encryption": lambda request: dingtalk.read(request, DINGTALK_PLAIN, NOW_UNIX),
}
NAMES = (
    "x-slack-signature",
    "x-slack-request-timestamp",
    "x-lark-signature",
    "x-lark-request-timestamp",
    "x-lark-request-nonce",
    "timestamp",
    "sign",
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
headers = st.dictionaries(st.sampled_from(NAMES), st.text(max_size=80) | st.just(str(int(NOW_UNIX))), max_size=7)
bodies = st.binary(max_size=300) | json_values.map(lambda value: json.dumps(value).encode())


@some(200)
@given(st.sampled_from(sorted(READERS)), headers, bodies)
def test_anything_unproven_is_nobody(name: str, given_headers: dict[str, str], body: bytes) -> None:
    try:
        found = READERS[name](http(given_headers, body))
    except AuthenticationError:
        return
    assert found == Immediate()
    assert name == "slack"
    assert b"ssl_check=1" in body


SLACK_PLACES = ("user", "team", "channel", "container", "actions", "type", "response_url")
FEISHU_PLACES = ("message_id", "create_time", "chat_id", "chat_type", "message_type", "content", "mentions")
CLICK_PLACES = ("operator", "token", "action", "context")


def proven(value: Any) -> dict[str, list[HttpEvent]]:  # noqa: ANN401 -- any JSON value
    """Return requests whose proof holds, with a value somewhere inside, by platform."""
    text = json.dumps(value)
    forms = [text.encode(), slack_command(text), *(slack_click(**{place: value}) for place in SLACK_PLACES)]
    events = [
        value,
        feishu_message(content=text),
        *(feishu_message(**{place: value}) for place in FEISHU_PLACES),
        *(feishu_click(**{place: value}) for place in CLICK_PLACES),
    ]
    told = [value, *(dingtalk_message(**{place: value}) for place in dingtalk_message())]
    return {
        "slack": [slack_request(form) for form in forms],
        "feishu": [feishu_signed(feishu_encrypted(event)) for event in events],
        "dingtalk": [http(dingtalk_headers(), dingtalk_encrypted(one)) for one in told],
        "dingtalk without encryption": [http(dingtalk_headers(), json.dumps(one).encode()) for one in told],
    }


@some(40)
@given(json_values)
def test_anything_proven_is_nobody_or_an_answer_or_a_message(value: object) -> None:
    for name, requests in proven(value).items():
        for request in requests:
            _check(READERS[name], request)


def _check(read: Callable[[HttpEvent], Received], request: HttpEvent) -> None:
    try:
        found = read(request)
    except AuthenticationError:
        return
    assert isinstance(found, Immediate | Message)
    if isinstance(found, Message):
        assert found.principal.count("/") == 1
        assert (found.text is None) != (found.button is None)
        assert f"{found.text}{found.button}{found.message_id}{found.channel}{found.reply}".encode()
