"""Whatever is sent to whichever route: an answer of the contract, nothing written, no header or log line forged."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import get_args
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.chatops.messages import PlatformName
from shared.fc.paths import COMMAND_PATHS, Resource, resource_at
from shared.operation_commands import MODELS
from tests.e2e.rewind_world import wait_until
from tests.functions.caller import Answer, FunctionCaller, check_answer
from tests.functions.chats import new_chat_settings
from tests.functions.evidence import Evidence
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import Shop
from tests.functions.watched import WatchedStandIn
from tests.fuzz.amount import some
from tests.fuzz.drawn import BOMBS, FORGED, TRICKS, beyond_64_bits, bodies, json_values, tricky_text

ROUTES = (
    "/command",
    "/command/",
    "/command/openapi.json",
    "/command/schema",
    "/command/healthz",
    "/command/cloudmonitor/token",
    "/chatops",
    "/chatops/slack",
    "/chatops/feishu",
    "/chatops/dingtalk",
    "/schedule",
    "/worker",
    "/",
)
METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")
KNOWN_HEADERS = {
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "allow",
    "cache-control",
    "connection",
    "content-disposition",
    "content-length",
    "content-type",
    "date",
    "etag",
    "location",
    "retry-after",
    "server",
    "vary",
    "www-authenticate",
    "x-content-type-options",
    "x-fc-request-id",
    "x-slack-no-retry",
}
HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "User-Agent",
    "Accept",
    "If-None-Match",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Http-Method-Override",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "X-Hub-Signature-256",
    "X-Grafana-Alerting-Signature",
    "X-Slack-Signature",
    "X-Slack-Request-Timestamp",
    "X-Lark-Signature",
    "timestamp",
    "sign",
    "ce-id",
    "ce-source",
    "ce-specversion",
)
_NEWEST_LINES = 50
# What HTTP lets a header's value be; line ends end it, wherever they come from.
header_values = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=60
) | st.sampled_from([FORGED, "chunked", "0", "-1", "9" * 400, "application/json", "text/html", "*/*"])
headers = st.dictionaries(st.sampled_from(HEADERS), header_values, max_size=5)
tails = st.just("") | (st.just("/") | st.just("?")).flatmap(lambda s: tricky_text.map(lambda t: s + _quoted(t)))


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"))


@pytest.fixture(scope="module")
def everything(make_functions: MakeFunctions, evidence: Evidence) -> Iterator[FunctionCaller]:
    """All functions with all chat platforms set up; nobody plays the platforms."""
    chat = new_chat_settings("http://127.0.0.1:9")
    for name, value in chat.items():
        if "SECRET" in name or "KEY" in name or "TOKEN" in name:
            evidence.add_secret("a chat platform's secret", value)
    with make_functions(settings={name: value for name, value in chat.items() if name != "REWIND_POLICY"}) as made:
        yield made


def test_every_path_of_every_function_is_tried() -> None:
    paths = {f"/command{path}" for path in COMMAND_PATHS} | {
        f"/chatops/{platform}" for platform in get_args(PlatformName)
    }

    tried = {path for path in paths if any(resource_at(route, {path: Resource()}) for route in ROUTES)}

    assert tried == paths


def check_plain_http(answer: Answer) -> None:
    """Hold an answer against what no request may bring about."""
    assert answer.status < 500, answer.body
    assert answer.headers.keys() <= KNOWN_HEADERS
    for value in answer.headers.values():
        assert value.isascii()
        assert value.isprintable()
    assert b"Traceback" not in answer.body


@some(200)
@given(st.sampled_from(METHODS), st.sampled_from(ROUTES), tails, headers, bodies)
def test_nobody_gets_anything_from_any_route(
    everything: FunctionCaller,
    sls: WatchedStandIn,
    method: str,
    route: str,
    tail: str,
    headers: Mapping[str, str],
    body: bytes,
) -> None:
    answer = everything.send(method, route + tail, headers, body)

    check_plain_http(answer)
    assert sls.control("requests") == []


@some(150)
@given(st.sampled_from(["/command", "/command/"]), headers, bodies)
@example("/command", {}, BOMBS[0])
@example("/command", {}, BOMBS[4])
def test_a_proven_caller_gets_an_answer_of_the_contract(
    everything: FunctionCaller, sls: WatchedStandIn, route: str, headers: Mapping[str, str], body: bytes
) -> None:
    proof = {"Authorization": f"Bearer {everything.tokens['local']}"}

    answer = everything.send("POST", route, {**headers, **proof}, body)

    check_plain_http(answer)
    check_answer(answer)
    assert answer.status in {400, 401, 403}
    assert sls.control("requests") == []


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_a_json_bomb_is_refused_before_anything_is_called(
    functions: FunctionCaller, sls: WatchedStandIn, bomb: bytes
) -> None:
    answer = functions.post(bomb)

    assert answer.status in {400, 403, 413}
    assert answer.json["elapsed_ms"] < 10_000
    assert sls.control("requests") == []


def whole_numbers() -> list[tuple[str, str]]:
    """Return every field of every command that may hold a whole number, as action and field."""
    return [
        (action, field)
        for action, model in MODELS.items()
        for field, told in model.model_fields.items()
        if "int" in str(told.annotation) and "Literal" not in str(told.annotation)
    ]


@some(100)
@given(st.sampled_from(whole_numbers()), beyond_64_bits)
def test_no_number_beyond_64_bits_is_taken(
    functions: FunctionCaller, sls: WatchedStandIn, place: tuple[str, str], number: int
) -> None:
    action, field = place

    answer = functions.run({"action": action, "target": "shop/orders/billing", field: number})

    assert answer.status in {400, 403}
    assert sls.control("requests") == []


@some(150)
@given(st.sampled_from(["project", "logstore", "consumer_group"]), st.sampled_from(TRICKS), st.integers(0, 12))
def test_a_name_with_a_trick_in_it_is_no_name(
    functions: FunctionCaller, sls: WatchedStandIn, part: str, trick: str, at: int
) -> None:
    names = {"project": "shop", "logstore": "orders", "consumer_group": "billing"}
    # Ends are where names are stripped, and in the middle is where they are split.
    names[part] = names[part][:at] + trick + names[part][at:]

    apart = functions.run({"action": "describe", **names})
    as_target = functions.run({"action": "describe", "target": "/".join(names.values())})

    assert apart.status == 400
    assert as_target.status in {400, 403}
    assert sls.control("requests") == []


@contextmanager
def logged(functions: FunctionCaller, evidence: Evidence) -> Iterator[list[str]]:
    """Yield a list that holds, after the block, the log lines of the functions since its beginning."""
    before = {id(log): len(log.lines) for log in evidence.logs}
    lines: list[str] = []
    yield lines
    last = functions.run({"action": "list_consumer_groups", "project": "shop", "logstore": "orders"})
    done = f"End RequestId: {last.headers['x-fc-request-id']}"
    wait_until(lambda: any(done in line for log in evidence.logs for line in log.lines[-_NEWEST_LINES:]))
    log = next(log for log in evidence.logs if any(done in line for line in log.lines[-_NEWEST_LINES:]))
    lines += log.lines[before.get(id(log), 0) :]


@some(20)
@given(st.lists(tricky_text, min_size=4, max_size=4), json_values)
@example([f"\n{FORGED}", f"\r{FORGED}", f"\u2028{FORGED}", f"\x1b[2J{FORGED}"], None)
def test_no_text_of_a_caller_forges_a_line_of_the_log(
    functions: FunctionCaller,
    shop: Shop,  # noqa: ARG001 -- what the commands are about
    evidence: Evidence,
    texts: list[str],
    value: object,
) -> None:
    reason, key, consumer, field = texts
    plain_key = "".join(c for c in key if c.isascii() and c.isprintable()) or "k"

    with logged(functions, evidence) as lines:
        functions.run({"action": "update_consumer_group", "target": "orders", "timeout": 77, "reason": reason})
        functions.run({"action": "describe", "target": reason, field: value}, Idempotency_Key=plain_key)
        functions.run(
            {"action": "update_checkpoint", "target": "orders", "shard": 0, "checkpoint": "MQ==", "consumer": consumer}
        )
        functions.run({"action": reason, "target": "orders", "to": consumer}, User_Agent=plain_key)

    assert len(lines) > 4
    for line in lines:
        assert line.isprintable(), line
        assert line.isascii(), line
        assert not re.search(r'(?<!\\)\{"event": ?"forged"', line), line


def test_what_the_forged_line_is_looked_for_with_finds_one() -> None:
    told = json.dumps({"reason": FORGED})

    assert not re.search(r'(?<!\\)\{"event": ?"forged"', told)
    assert re.search(r'(?<!\\)\{"event": ?"forged"', f"[command] {FORGED}")
