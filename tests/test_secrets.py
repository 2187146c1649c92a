"""No secret is in any log line, answer, journal record or exception.

These tests run last, over all that the tests of functions left behind.
"""

import json
import textwrap
import traceback
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from shared.chatops.encryption import open_feishu
from shared.chatops.messages import Message
from shared.chatops.sealing import HandOver, open_sealed, seal
from shared.command_parser import parse_command
from shared.errors import RewindError
from shared.fc.events import HttpEvent
from shared.policy.file import parse_policy
from shared.settings import Endpoint, load_settings
from shared.sls.client import SlsClient, Surroundings, new_session
from shared.sls.credentials import Credentials, read_credentials
from shared.webhooks.callers import identify
from tests.e2e.rewind_world import wait_until
from tests.functions.caller import FunctionCaller
from tests.functions.chats import new_chat_settings
from tests.functions.evidence import Evidence
from tests.functions.shop import Shop
from tests.local.fc.trial import one_function_gateway
from tests.unit.sls.scripted_server import ScriptedServer, answer

TOKEN = 'a-planted-token-of-32-bytes/+="x'
SIGNATURE = "5aDGa0HvGVYp5ISPI29BCKKZGhQ="
LEAKY = """
    import logging
    import os

    def handler(event, context):
        logging.getLogger().info("config: %s", dict(os.environ))
        return "ok"
"""


def planted() -> Evidence:
    evidence = Evidence()
    evidence.add_secret("a planted token", TOKEN)
    evidence.add_authorization(f"LOG key-id:{SIGNATURE}")
    evidence.add_authorization(f"SLS4-HMAC-SHA256 Credential=k/20260101/r/sls/aliyun_v4_request,Signature={'ab' * 32}")
    return evidence


def test_the_search_finds_nothing_where_nothing_is() -> None:
    evidence = planted()
    evidence.add_answer(f"200 {{}} the hash {'cd' * 32} and the cursor MTUyNDE1NTM3OTM3MzkwODQ5Ng==")
    evidence.new_logs().write("command", "all is well")
    evidence.add_record(b"\x0a\x08reason\x12\x0bby the book")

    assert evidence.leaks() == []


@pytest.mark.parametrize(
    "leak",
    [
        TOKEN,
        f"Bearer {TOKEN}",
        json.dumps({"token": TOKEN}),
        "a-planted-token-of-32-bytes%2F%2B%3D%22x",
        "YS1wbGFudGVkLXRva2VuLW9mLTMyLWJ5dGVzLys9Ing=",
        f"signature {SIGNATURE} not matched",
        f"Signature={'ab' * 32}",
    ],
    ids=["bare", "header", "json", "url", "base64", "v1", "v4"],
)
def test_the_search_finds_a_planted_secret_wherever_it_is(leak: str) -> None:
    in_answer, in_log, in_record = planted(), planted(), planted()
    in_answer.add_answer(f"500 {{'x': 1}} {leak}.")
    in_log.new_logs().write("command", f"went wrong with {leak}")
    in_record.add_record(b"\x0a\x06detail\x12\x99\x01" + leak.encode() + b"\xff")
    found = [evidence.leaks() for evidence in (in_answer, in_log, in_record)]

    assert [len(leaks) for leaks in found] == [1, 1, 1]
    assert TOKEN not in str(found)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Hub-Signature-256", f"sha256={'0123456789abcdef' * 4}"),
        ("X-Slack-Signature", f"v0={'0123456789abcdef' * 4}"),
        ("webhook-signature", f"v1,{'Ab+/Cd34' * 5}Abc="),
        ("sign", f"{'Ab+/Cd34' * 5}Abc="),
    ],
)
def test_the_search_finds_what_proved_a_request(header: str, value: str) -> None:
    evidence = Evidence()
    evidence.add_proofs({header: value, "User-Agent": "cd" * 32})
    evidence.add_answer(f"400 {{}} {'cd' * 32}")
    assert evidence.leaks() == []

    evidence.add_answer(f"400 {{}} {value} is wrong")

    assert evidence.leaks() == ["a signature in an answer"]


@pytest.mark.parametrize(
    "body",
    [
        b"user_id=U1&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1%2Fplanted-path&text=x",
        b"payload=%7B%22response_url%22%3A+%22https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1%2Fplanted-path%22%7D",
        b'{"sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=planted0123456789"}',
    ],
    ids=["slack-command", "slack-click", "dingtalk"],
)
def test_the_search_finds_where_a_platform_takes_answers(body: bytes) -> None:
    evidence = Evidence()
    evidence.add_reply_urls(body)
    assert evidence.leaks() == []

    evidence.new_logs().write("chatops", "posting to /commands/T1/planted-path")
    evidence.new_logs().write("chatops", "posting to /robot/sendBySession?session=planted0123456789")

    assert evidence.leaks() == ["a response_url's path in a log line"]


def test_the_search_finds_what_a_leaky_function_logs(tmp_path: Path) -> None:
    evidence = Evidence()
    evidence.add_secret("the access key's secret", "local-access-key-secret")
    with one_function_gateway(tmp_path, {"index.py": textwrap.dedent(LEAKY)}) as gateway:
        evidence.logs.append(gateway.logs)
        invocation = gateway.invoke("one", b"")
        gateway.logs.wait_for(f"End RequestId: {invocation.request_id}")

    assert evidence.leaks() == ["the access key's secret in a log line"]


def test_no_secret_is_in_any_log_line_or_answer_of_the_whole_run(
    functions: FunctionCaller, shop: Shop, evidence: Evidence
) -> None:
    records = len(evidence.records)
    answers = [
        functions.run({"action": "update_checkpoint", "target": "orders", "shard": 0, "checkpoint": shop.cursor(0, 5)}),
        functions.run({"action": "describe", "target": "shop/orders/nobody"}),
        functions.send("POST", "/command", {"Authorization": "Bearer a-token-that-nobody-gave-out"}, b"{}"),
    ]
    last = functions.run({"action": "list_consumer_groups", "target": "orders"})
    # Lines arrive after the answer: when the last one's are here, so are all before.
    done = f"End RequestId: {last.headers['x-fc-request-id']}"
    wait_until(lambda: any(done in line for log in evidence.logs for line in log.lines[-50:]))

    assert [answer.status for answer in answers] == [200, 404, 401]
    assert len(evidence.signatures) > 10
    assert len(evidence.records) > records
    assert evidence.leaks() == []


PLANTED = {
    "a secret": "a-planted-secret-of-32-bytes-long",
    "a short secret": "short-planted-one",
    "an access key secret": "a-planted-access-key-secret-30",
    "a security token": "a-planted-security-token-CAIS==",
    "a response_url": "https://hooks.slack.com/commands/T1/planted/path",
    "a webhook's address": "https://hooks.slack.com/services/T1/B1/planted",
    "an encrypt key": "a-planted-encrypt-key-of-feishu",
}
KEY = Credentials("LTAI-known", PLANTED["an access key secret"], PLANTED["a security token"])
REQUEST = HttpEvent("POST", "/", {"authorization": f"Bearer {PLANTED['a secret']}"}, PLANTED["a secret"].encode())
HANDED_OVER = Message(
    platform="slack",
    principal="slack:T1/U1",
    person="U1",
    channel="C1",
    message_id="m1",
    sent_unix=1,
    text=PLANTED["a secret"],
    reply={"response_url": PLANTED["a response_url"]},
)
SETTINGS = {
    **new_chat_settings("http://127.0.0.1:9"),
    "REWIND_REGION": "cn-hangzhou",
    "REWIND_WEBHOOK_SECRETS": json.dumps({"ci": PLANTED["a secret"]}),
    "REWIND_SLACK_SIGNING_SECRET": PLANTED["a secret"],
    "REWIND_FEISHU_ENCRYPT_KEY": PLANTED["an encrypt key"],
    "REWIND_NOTIFY": json.dumps({"slack": {"url": PLANTED["a webhook's address"]}}),
}


def refused_settings(**wrong: str) -> None:
    """Read settings of which some are wrong."""
    load_settings({**SETTINGS, **wrong})


def refused_by_sls(echo: str, status: int) -> None:
    """Let SLS refuse a call, echoing what it must not."""
    with ScriptedServer() as server, new_session(1) as session:
        server.play(answer({"errorCode": "SignatureNotMatch", "errorMessage": echo}, status=status))
        surroundings = Surroundings(lambda: 5.0, lambda: datetime.now(timezone.utc), lambda _: None, lambda: 0.5)
        endpoint = Endpoint(server.url, "shop.cn-hangzhou.log.aliyuncs.com", "cn-hangzhou", "v4")
        SlsClient(endpoint, KEY, session, surroundings).list_shards("orders")


RAISING: dict[str, Callable[[], object]] = {
    "settings: a secret that is too short": lambda: refused_settings(
        REWIND_WEBHOOK_SECRETS=json.dumps({"ci": PLANTED["a short secret"]})
    ),
    "settings: secrets that are no JSON": lambda: refused_settings(REWIND_WEBHOOK_SECRETS=PLANTED["a secret"]),
    "settings: a secret as an endpoint": lambda: refused_settings(REWIND_ENDPOINT=PLANTED["a secret"]),
    "settings: a secret as a journal": lambda: refused_settings(REWIND_JOURNAL=PLANTED["a secret"]),
    "settings: a secret as a destination": lambda: refused_settings(REWIND_NOTIFY=PLANTED["a webhook's address"]),
    "settings: a secret as the worker's key": lambda: refused_settings(REWIND_WORKER_KEY=PLANTED["a secret"]),
    "credentials: a secret that cannot be sent": lambda: read_credentials(
        None,
        {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": f"{PLANTED['an access key secret']}\n",
        },
    ),
    "policy: a secret as a rule": lambda: parse_policy(f"[[rules]]\nprincipals = [{PLANTED['a secret']!r}]"),
    "caller: a token that nobody gave out": lambda: identify(REQUEST, load_settings({"REWIND_REGION": "cn-a"}), 0.0),
    "command: a secret as every field": lambda: parse_command(
        json.dumps(dict.fromkeys(("action", "target", "to", "plan_id"), PLANTED["a secret"])).encode()
    ),
    "sealed: what another key sealed": lambda: open_sealed(
        bytes(32),
        seal(bytes(range(32)), HandOver("message", HANDED_OVER), now_unix=1, random_bytes=bytes),
        now_unix=1,
    ),
    "envelope: what is none": lambda: open_feishu(PLANTED["a secret"], PLANTED["an encrypt key"]),
    "sls: a secret that is echoed": lambda: refused_by_sls(f"key {PLANTED['an access key secret']} is wrong", 403),
    "sls: a token that is echoed": lambda: refused_by_sls(f"token {PLANTED['a security token']} is wrong", 401),
    "sls: a signature that is echoed": lambda: refused_by_sls(f"signature {SIGNATURE} not matched", 403),
}


@pytest.mark.parametrize("what", RAISING)
def test_no_exception_holds_a_secret(what: str) -> None:
    with pytest.raises((RewindError, ValueError)) as caught:
        RAISING[what]()

    told = "".join(traceback.format_exception(caught.value))
    assert [name for name, secret in PLANTED.items() if secret in told] == []
    assert SIGNATURE not in told


@pytest.mark.parametrize(
    "held", [KEY, REQUEST, HANDED_OVER, load_settings(SETTINGS)], ids=lambda held: type(held).__name__
)
def test_what_holds_a_secret_does_not_show_it(held: object) -> None:
    named = {name: value for name, value in SETTINGS.items() if name.endswith(("_SECRET", "_KEY", "_TOKEN"))}
    told = f"{held!r} {held}"

    assert [name for name, secret in {**PLANTED, **named}.items() if secret in told] == []
