import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from shared.chat_settings import SlackSettings
from shared.chatops import slack
from shared.chatops.messages import Button, Immediate, Message, Received
from shared.errors import AuthenticationError
from shared.fc.events import HttpEvent
from tests.unit.chatops.sent import NOW_UNIX, RESPONSE_URL, SLACK, http, slack_click, slack_command, slack_request

PUBLISHED_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
PUBLISHED_HEADERS = {
    "x-slack-request-timestamp": "1531420618",
    "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
}


def read(request: HttpEvent, *, now_unix: float = NOW_UNIX, settings: SlackSettings = SLACK) -> Received:
    return slack.read(request, settings, now_unix)


def message_of(request: HttpEvent) -> Message:
    found = read(request)
    assert isinstance(found, Message)
    return found


def with_header(request: HttpEvent, name: str, value: str | None) -> HttpEvent:
    headers = {**request.headers, name: value or ""}
    if value is None:
        del headers[name]
    return replace(request, headers=headers)


def test_slacks_own_vector_is_proven() -> None:
    settings = SlackSettings("8f742231b10e8888abcd99yyyzzz85a5", "T1DC2JH3J")

    found = read(http(PUBLISHED_HEADERS, PUBLISHED_BODY), now_unix=1_531_420_618, settings=settings)

    # Its text is empty.
    assert isinstance(found, Immediate)
    assert "Nothing was asked" in str(found.body)


def test_slacks_own_vector_is_not_proven_with_one_byte_changed() -> None:
    settings = SlackSettings("8f742231b10e8888abcd99yyyzzz85a5", "T1DC2JH3J")
    body = PUBLISHED_BODY.replace(b"U2CERLKJA", b"U2CERLKJB")

    with pytest.raises(AuthenticationError):
        read(http(PUBLISHED_HEADERS, body), now_unix=1_531_420_618, settings=settings)


def test_a_slash_command_is_a_message_of_its_signed_fields() -> None:
    message = message_of(slack_request(slack_command("rewind orders 2h because bad+deploy & so")))

    assert (message.platform, message.principal) == ("slack", "slack:T024BE7LD/U2147483697")
    assert (message.person, message.channel) == ("U2147483697", "C2147483705")
    assert (message.text, message.button) == ("rewind orders 2h because bad+deploy & so", None)
    assert message.message_id == "13345224609.738474920.8088930838d88f008e0"
    assert (message.sent_unix, message.may_write) == (int(NOW_UNIX), True)
    assert message.reply == {"response_url": RESPONSE_URL}


def test_a_repeated_command_without_trigger_has_the_same_message_id() -> None:
    first, again = (message_of(slack_request(slack_command(trigger_id=""))) for _ in range(2))
    other = message_of(slack_request(slack_command("skip orders end", trigger_id="")))

    assert first.message_id == again.message_id != other.message_id


def test_ten_thousand_characters_are_passed_on_as_they_are() -> None:
    text = "rewind " + "x" * 9_993

    assert message_of(slack_request(slack_command(text))).text == text


@pytest.mark.parametrize("moved_s", [-299, 299])
def test_five_minutes_either_way_are_taken(moved_s: int) -> None:
    assert isinstance(read(slack_request(slack_command(), sent_unix=NOW_UNIX + moved_s)), Message)


@pytest.mark.parametrize("moved_s", [-302, 302, -86_400, 86_400])
def test_a_stale_or_future_request_is_nobody(moved_s: int) -> None:
    with pytest.raises(AuthenticationError):
        read(slack_request(slack_command(), sent_unix=NOW_UNIX + moved_s))


def test_another_apps_signature_is_nobody() -> None:
    with pytest.raises(AuthenticationError):
        read(slack_request(slack_command(), secret="x" * 32))


@pytest.mark.parametrize("name", ["x-slack-signature", "x-slack-request-timestamp"])
@pytest.mark.parametrize(
    "value", [None, "", "é", "\ud800", "1,1", "1" * 5000, "v0=", "-1", "1e9", "\u0661" * 10], ids=ascii
)
def test_a_garbled_header_is_nobody(name: str, value: str | None) -> None:
    with pytest.raises(AuthenticationError):
        read(with_header(slack_request(slack_command()), name, value))


@pytest.mark.parametrize("name", ["x-slack-signature", "x-slack-request-timestamp"])
def test_a_header_given_twice_is_nobody(name: str) -> None:
    request = slack_request(slack_command())

    with pytest.raises(AuthenticationError):
        read(with_header(request, name, f"{request.headers[name]},{request.headers[name]}"))


def test_a_signed_time_that_is_no_time_is_nobody() -> None:
    timestamp = " 1794204676"
    signature = str(SignatureVerifier(SLACK.signing_secret).generate_signature(timestamp=timestamp, body=b"x=1"))

    with pytest.raises(AuthenticationError):
        read(http({"x-slack-request-timestamp": timestamp, "x-slack-signature": signature}, b"x=1"))


def test_a_person_of_another_workspace_is_told_privately_and_nothing_is_asked_for() -> None:
    found = read(slack_request(slack_command(team_id="T0FOREIGN")))

    assert isinstance(found, Immediate)
    assert found.body is not None
    assert found.body["response_type"] == "ephemeral"
    assert "another workspace" in str(found.body["text"])


@pytest.mark.parametrize(
    "user",
    [
        {"id": "U2147483697", "team_id": "T0FOREIGN"},
        {"id": "U2147483697"},
        {"id": "", "team_id": SLACK.team},
        {"id": "a/b", "team_id": SLACK.team},
        {"id": 7, "team_id": SLACK.team},
        None,
    ],
    ids=ascii,
)
def test_a_click_of_nobody_of_the_workspace_is_refused(user: object) -> None:
    with pytest.raises(AuthenticationError):
        read(slack_request(slack_click(user=user)))


@pytest.mark.parametrize("user", ["", "a b", "a/b", "a:b", "x" * 200, "\u202e"], ids=ascii)
def test_a_command_of_an_impossible_user_is_refused(user: str) -> None:
    with pytest.raises(AuthenticationError):
        read(slack_request(slack_command(user_id=user)))


def test_a_click_is_a_message_with_a_button() -> None:
    message = message_of(slack_request(slack_click(value="v1.abc", action_id="undo:2")))

    assert (message.text, message.button) == (None, Button("undo", "v1.abc"))
    assert (message.principal, message.channel) == ("slack:T024BE7LD/U2147483697", "C2147483705")
    assert message.reply == {"response_url": RESPONSE_URL.replace("commands", "actions"), "original": "channel"}


def test_a_click_on_a_private_message_says_so() -> None:
    assert message_of(slack_request(slack_click(is_private=True))).reply["original"] == "ephemeral"


def test_the_same_click_has_the_same_id_and_every_other_click_another() -> None:
    users = [{"id": name, "team_id": SLACK.team} for name in ("U2147483697", "U0OTHER")]
    bodies = [slack_click(user=user, value=value) for user in users for value in ("a", "b")]
    ids = [message_of(slack_request(body)).message_id for body in bodies]

    assert len(set(ids)) == 4
    assert message_of(slack_request(bodies[0], sent_unix=NOW_UNIX + 2)).message_id == ids[0]


@pytest.mark.parametrize("value", ["", "' OR 1=1", "x" * 2000, "\x00", "\U0001f600", "../../plan"], ids=ascii)
def test_a_forged_value_is_passed_on_and_not_believed(value: str) -> None:
    assert message_of(slack_request(slack_click(value=value))).button == Button("apply", value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"text=hello",
        b"payload=",
        b"payload=[]",
        b"payload={",
        b"payload=" + b"[" * 60_000,
        b"payload=%ff",
        b"\xff\xfe",
        b"command=%ff&team_id=T024BE7LD",
        slack_command() + b"&user_id=U0OTHER",
        slack_click(type="view_submission"),
        slack_click(type="message_action"),
        slack_click(actions=[]),
        slack_click(actions=["apply"]),
        slack_click(actions={"action_id": "apply"}),
        urlencode({"payload": json.dumps({"type": "x", "user": {"id": "U1", "team_id": SLACK.team}})}).encode(),
        "&".join(f"a{number}=1" for number in range(200)).encode(),
    ],
    ids=lambda body: ascii(body[:40]),
)
def test_a_signed_request_that_asks_for_nothing_known_is_answered_and_no_more(body: bytes) -> None:
    signature = _signature(body)

    assert read(http(signature, body)) == Immediate()


def _signature(body: bytes) -> dict[str, str]:
    # The SDK signs no bytes that are not UTF-8.
    import hashlib  # noqa: PLC0415 -- for this alone
    import hmac  # noqa: PLC0415 -- the same

    timestamp = str(int(NOW_UNIX))
    digest = hmac.new(SLACK.signing_secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={digest}"}


@pytest.mark.parametrize("text", ["", "   ", "\n"], ids=ascii)
def test_a_command_without_text_is_told_what_to_type(text: str) -> None:
    found = read(slack_request(slack_command(text)))

    assert isinstance(found, Immediate)
    assert "help" in str(found.body)


@pytest.mark.parametrize("body", [b"ssl_check=1&token=x", b"token=x&ssl_check=1"])
def test_an_unsigned_probe_of_the_certificate_is_answered_by_nothing(body: bytes) -> None:
    assert read(http({}, body)) == Immediate()


def test_a_signed_probe_of_the_certificate_is_answered_by_nothing() -> None:
    assert read(slack_request(slack_command(ssl_check="1"))) == Immediate()


@pytest.mark.parametrize("body", [b"ssl_check=0", b"text=ssl_check=1", b"ssl_check=11", b"xssl_check=1"])
def test_what_only_looks_like_a_probe_is_nobody(body: bytes) -> None:
    with pytest.raises(AuthenticationError):
        read(http({}, body))


def test_a_probe_with_a_wrong_signature_is_nobody() -> None:
    with pytest.raises(AuthenticationError):
        read(http({"x-slack-signature": "v0=00", "x-slack-request-timestamp": str(int(NOW_UNIX))}, b"ssl_check=1"))


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com.evil.example/commands/1",
        "http://hooks.slack.com/commands/1",
        "https://hooks.slack.com:8443/commands/1",
        "https://user@hooks.slack.com/commands/1",
        "https://169.254.169.254/latest",
        "https://oapi.dingtalk.com/robot/sendBySession?session=1",
        "",
    ],
)
def test_an_answer_goes_to_slack_or_nowhere(url: str) -> None:
    assert message_of(slack_request(slack_command(response_url=url))).reply == {}


def test_a_short_answer_is_private_and_escaped() -> None:
    found = slack.acknowledge("see <!everyone> & <https://evil.example|this>\n@channel")

    assert found.body == {
        "response_type": "ephemeral",
        "text": "see &lt;!everyone&gt; &amp; &lt;https\uff1a//evil.example|this&gt;\n\uff20channel",
    }


def test_no_text_is_an_empty_answer() -> None:
    assert slack.acknowledge(None) == Immediate()


def test_nothing_secret_is_in_what_a_message_prints() -> None:
    shown = repr(message_of(slack_request(slack_command("a-secret-word"))))

    assert "hooks.slack.com" not in shown
    assert "a-secret-word" not in shown
