import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.notifications.answers import needs_body, why_not_taken
from shared.notifications.destinations import (
    Post,
    dingtalk_sign,
    feishu_sign,
    post_to,
    problem_with,
    webhook_signature,
)
from shared.notifications.messages import compose
from shared.policy.rules import DestinationKind
from shared.results import Error, Result
from shared.secret_settings import Destination
from tests.unit.notifications.told import NOW, TIMER, WEBHOOK_SECRET, applied, shard

SLACK = Destination("https://hooks.slack.com/services/T0/B0/XXXX")
DINGTALK = Destination("https://oapi.dingtalk.com/robot/send?access_token=T0K3N", "this is secret")
FEISHU = Destination("https://open.feishu.cn/open-apis/bot/v2/hook/H00K", "this is secret")
WEBHOOK = Destination("https://ops.example.com/hook", WEBHOOK_SECRET)
MESSAGE = compose(applied(), caller=TIMER, now=NOW)


def body(post: Post) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(post.body)
    return told


def test_dingtalks_published_signature_comes_out() -> None:
    # chat-and-webhooks.md section 2.5, before URL-encoding
    assert dingtalk_sign("this is secret", 1577262236757) == "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="


def test_feishus_signature_of_the_reference_comes_out() -> None:
    # chat-and-webhooks.md section 3.6
    assert feishu_sign("this is secret", 1599360473) == "/eYKrXQBzTjUZJ3s6NX16VxGbTwmK7AEs8/FnvC1CSw="


def test_the_published_signature_of_standard_webhooks_comes_out() -> None:
    # chat-and-webhooks.md section 6.2
    signature = webhook_signature(WEBHOOK_SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_slack_gets_plain_text() -> None:
    post = post_to("slack", SLACK, MESSAGE, NOW)

    assert post.url == SLACK.url
    assert body(post) == {"text": MESSAGE.text, "mrkdwn": False}


def test_dingtalk_gets_the_signature_in_the_query_url_encoded() -> None:
    post = post_to("dingtalk", DINGTALK, MESSAGE, NOW)

    milliseconds = str(int(NOW.timestamp()) * 1000)
    sign = base64.b64encode(
        hmac.digest(b"this is secret", f"{milliseconds}\nthis is secret".encode(), hashlib.sha256)
    ).decode()
    assert parse_qs(urlsplit(post.url).query) == {
        "access_token": ["T0K3N"],
        "timestamp": [milliseconds],
        "sign": [sign],
    }
    assert not {"+", "/", "="} & set(post.url.partition("&sign=")[2])
    assert body(post) == {"msgtype": "text", "text": {"content": MESSAGE.text}, "at": {"isAtAll": False}}


def test_feishu_gets_the_signature_in_the_body_in_seconds() -> None:
    post = post_to("feishu", FEISHU, MESSAGE, NOW)

    seconds = str(int(NOW.timestamp()))
    sign = base64.b64encode(hmac.digest(f"{seconds}\nthis is secret".encode(), b"", hashlib.sha256)).decode()
    assert post.url == FEISHU.url
    assert body(post) == {
        "timestamp": seconds,
        "sign": sign,
        "msg_type": "text",
        "content": {"text": MESSAGE.text},
    }


def test_a_receiver_of_standard_webhooks_can_verify_the_exact_body() -> None:
    post = post_to("webhook", WEBHOOK, MESSAGE, NOW)

    signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode() + post.body
    mac = hmac.digest(base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), signed, hashlib.sha256)
    assert post.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    assert post.headers["webhook-id"] == MESSAGE.message_id
    assert int(post.headers["webhook-timestamp"]) == NOW.timestamp()


def test_a_webhook_gets_the_result_as_standard_webhooks_lays_it_out() -> None:
    told = body(post_to("webhook", WEBHOOK, MESSAGE, NOW))

    assert told.keys() == {"type", "timestamp", "data"}
    assert (told["type"], told["timestamp"]) == ("command.applied", "2026-11-20T01:02:03Z")
    assert told["data"]["result"] == json.loads(json.dumps(applied().as_dict()))


@pytest.mark.parametrize("kind", ["slack", "feishu"])
def test_what_came_from_outside_mentions_nobody(kind: DestinationKind) -> None:
    error = Error("x", 'consumer <!channel> <at user_id="all">all</at>')
    message = compose(Result(status="failed", action="rewind", error=error), caller=TIMER, now=NOW)
    post = post_to(kind, SLACK if kind == "slack" else FEISHU, message, NOW)

    assert b"<" not in post.body


def test_the_largest_undo_stays_within_what_feishu_takes() -> None:
    back = {"action": "update_checkpoint", "checkpoints": {str(n): "MTc5NTEzMTAwMDAwMDAwMDAw" for n in range(256)}}
    result = Result(status="applied", action="update_checkpoint", shards=tuple(map(shard, range(256))), next=(back,))

    post = post_to("feishu", FEISHU, compose(result, caller=TIMER, now=NOW), NOW)

    assert len(post.body) < 20_000


def test_a_request_shows_nothing_of_itself() -> None:
    assert repr(post_to("dingtalk", DINGTALK, MESSAGE, NOW)) == "Post()"
    assert repr(DINGTALK) == "Destination()"


@pytest.mark.parametrize(
    ("kind", "destination"),
    [
        ("slack", SLACK),
        ("slack", Destination("https://hooks.slack.com:443/services/x")),
        ("slack", Destination("http://127.0.0.1:8080/slack")),
        ("dingtalk", DINGTALK),
        ("feishu", FEISHU),
        ("feishu", Destination("https://open.larksuite.com/open-apis/bot/v2/hook/x", "s")),
        ("webhook", WEBHOOK),
        ("webhook", Destination("http://localhost:1/x", f"whsec_{base64.b64encode(bytes(64)).decode()}")),
    ],
)
def test_a_destination_of_its_platform_is_right(kind: DestinationKind, destination: Destination) -> None:
    assert problem_with(kind, destination) is None


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("slack", "https://evil.example.com/services/x"),
        ("slack", "https://hooks.slack.com.evil.com/services/x"),
        ("slack", "https://hooks.slack.com:8443/services/x"),
        ("dingtalk", "https://api.dingtalk.com/robot/send?access_token=x"),
        ("feishu", "https://open.feishu.cn.evil.com/x"),
    ],
)
def test_a_platforms_message_goes_to_its_own_hosts_alone(kind: DestinationKind, url: str) -> None:
    problem = problem_with(kind, Destination(url, "s"))

    assert problem is not None
    assert problem.startswith("its url must be at ")
    assert "evil" not in problem


@pytest.mark.parametrize("kind", ["dingtalk", "feishu", "webhook"])
def test_what_is_signed_needs_a_secret(kind: DestinationKind) -> None:
    assert problem_with(kind, Destination("http://127.0.0.1:1")) == "its secret is missing"


@pytest.mark.parametrize(
    "secret",
    ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_c2hvcnQ=", "whsec_no base64!", f"whsec_{'QUFB' * 22}"],
)
def test_a_webhooks_secret_has_the_standards_form(secret: str) -> None:
    problem = problem_with("webhook", Destination("https://ops.example.com", secret))

    assert problem == "its secret must be whsec_ and 24 to 64 bytes in base64"


@pytest.mark.parametrize(
    ("kind", "status", "answer"),
    [
        ("slack", 200, b""),
        ("webhook", 204, b""),
        ("dingtalk", 200, b'{"errcode":0,"errmsg":"ok"}'),
        ("feishu", 200, b'{"code":0,"data":{},"msg":"success"}'),
        ("feishu", 200, b'{"StatusCode":0,"StatusMessage":"success"}'),
    ],
)
def test_a_platforms_yes_is_understood(kind: DestinationKind, status: int, answer: bytes) -> None:
    assert why_not_taken(kind, status, answer) is None


@pytest.mark.parametrize(
    ("kind", "status", "answer", "why"),
    [
        ("dingtalk", 200, b'{"errcode":310000,"errmsg":"secret-words"}', "it answered code 310000: signature"),
        ("dingtalk", 200, b'{"errcode":7,"errmsg":"secret-words"}', "it answered code 7"),
        ("feishu", 200, b'{"code":19021,"msg":"secret-words"}', "it answered code 19021: the signature or the clock"),
        ("feishu", 200, b'{"code":19021,"StatusCode":0}', "it answered code 19021"),
        ("slack", 404, b"no_service", "it answered HTTP 404: the webhook was revoked"),
        ("slack", 400, b"secret-words", "it answered HTTP 400"),
        ("webhook", 410, b"", "it answered HTTP 410: the URL is not in use any more"),
        ("webhook", 308, b"", "it answered HTTP 308: redirects are not followed"),
        ("webhook", 500, b"secret-words", "it answered HTTP 500"),
        ("feishu", 502, b"secret-words", "it answered HTTP 502"),
    ],
)
def test_a_platforms_no_is_told_without_its_words(kind: DestinationKind, status: int, answer: bytes, why: str) -> None:
    told = why_not_taken(kind, status, answer)

    assert told is not None
    assert told.startswith(why)
    assert "secret" not in told.replace("is the secret the bot's own", "")


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"errcode":"0"}', b'{"errcode":false}', b"{}", b"\xff"])
def test_an_answer_that_is_none_of_the_platforms_is_no_success(answer: bytes) -> None:
    told = why_not_taken("dingtalk", 200, answer)

    assert told is not None
    assert "not known" in told


def test_a_body_is_read_only_where_it_says_more_than_the_status() -> None:
    assert [needs_body("slack", 200), needs_body("webhook", 500)] == [False, False]
    assert [needs_body("slack", 404), needs_body("dingtalk", 200), needs_body("feishu", 200)] == [True, True, True]
