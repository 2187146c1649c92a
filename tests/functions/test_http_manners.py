"""What HTTP expects of a good server, whoever is calling."""

import json
from collections.abc import Mapping

import pytest

from tests.functions.caller import Answer, FunctionCaller, check_answer
from tests.functions.shop import Shop
from tests.local.sls.server import StandInServer

ROOT, SCHEMA, OPENAPI = "/command", "/command/schema", "/command/openapi.json"
TOKEN_PATH = "/command/cloudmonitor/" + "t" * 32
EVERYTHING = "GET, HEAD, OPTIONS, POST"
READING = "GET, HEAD, OPTIONS"
POSTING = "OPTIONS, POST"
PATHS = [(ROOT, EVERYTHING), (SCHEMA, READING), (OPENAPI, READING), (TOKEN_PATH, POSTING)]
LIST = json.dumps({"action": "list_consumer_groups", "target": "shop/orders"}).encode()


def ask(functions: FunctionCaller, method: str, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    return functions.send(method, path, headers or {})


@pytest.mark.parametrize(("path", "allow"), PATHS)
def test_options_says_what_a_path_takes_and_has_no_body(functions: FunctionCaller, path: str, allow: str) -> None:
    answer = ask(functions, "OPTIONS", path)

    assert (answer.status, answer.headers["allow"], answer.body) == (204, allow, b"")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", ROOT, EVERYTHING),
        ("DELETE", ROOT, EVERYTHING),
        ("PATCH", ROOT, EVERYTHING),
        ("POST", SCHEMA, READING),
        ("DELETE", OPENAPI, READING),
        ("GET", TOKEN_PATH, POSTING),
        ("HEAD", TOKEN_PATH, POSTING),
    ],
)
def test_a_wrong_method_is_405_with_what_the_path_takes(
    functions: FunctionCaller, sls: StandInServer, method: str, path: str, allow: str
) -> None:
    answer = functions.send(method, path, {"Authorization": f"Bearer {functions.tokens['local']}"})

    assert (answer.status, answer.headers["allow"]) == (405, allow)
    if method != "HEAD":
        check_answer(answer)
        assert answer.error["code"] == "method_not_allowed"
    assert sls.control("requests") == []


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        "x",
        "schema/",
        "Schema",
        "%73chema",
        "schema.json",
        "cloudmonitor",
        "cloudmonitor/",
        "cloudmonitor/a/b",
        "{token}",
    ],
)
def test_there_is_nothing_at_any_other_path(functions: FunctionCaller, method: str, path: str) -> None:
    answer = functions.send(method, f"/command/{path}", {"Authorization": f"Bearer {functions.tokens['local']}"}, LIST)

    check_answer(answer)
    assert (answer.status, answer.error["code"]) == (404, "no_such_path")


@pytest.mark.parametrize("path", [ROOT, SCHEMA, OPENAPI, "/command/nothing"])
def test_head_is_get_without_the_body(functions: FunctionCaller, path: str) -> None:
    got, head = ask(functions, "GET", path), ask(functions, "HEAD", path)

    same = ("content-type", "content-length", "cache-control", "etag")
    assert (head.status, head.body) == (got.status, b"")
    assert {name: head.headers.get(name) for name in same} == {name: got.headers.get(name) for name in same}


@pytest.mark.parametrize("path", [ROOT, SCHEMA, OPENAPI])
def test_a_document_that_is_known_is_not_sent_again(functions: FunctionCaller, path: str) -> None:
    etag = ask(functions, "GET", path).headers["etag"]

    for told in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = ask(functions, "GET", path, {"If-None-Match": told})
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
    assert ask(functions, "GET", path, {"If-None-Match": '"other"'}).status == 200


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data", "", "?"])
def test_curl_d_works_as_it_comes(functions: FunctionCaller, content_type: str) -> None:
    headers = {"Authorization": f"Bearer {functions.tokens['local']}", "Content-Type": content_type}

    assert functions.send("POST", ROOT, headers, LIST).json["status"] == "read"


@pytest.mark.parametrize("path", [ROOT, TOKEN_PATH])
def test_a_body_over_64_kib_is_413_before_anybody_is_asked_who_they_are(functions: FunctionCaller, path: str) -> None:
    answer = functions.send("POST", path, {}, b" " * (64 * 1024 + 1))

    check_answer(answer)
    assert (answer.status, answer.error["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", [ROOT, TOKEN_PATH])
def test_a_sender_of_events_that_asks_is_named_back(functions: FunctionCaller, path: str) -> None:
    answer = ask(functions, "OPTIONS", path, {"WebHook-Request-Origin": "events.Example.com"})

    assert (answer.status, answer.headers["webhook-allowed-origin"]) == (204, "events.Example.com")
    assert int(answer.headers["webhook-allowed-rate"]) > 0


@pytest.mark.parametrize(
    "origin", ["", "*", "https://events.example.com", "a b", "-a.example.com", "a..b", "ä.example.com", "a" * 64, "a,b"]
)
def test_a_sender_without_a_hosts_name_gets_no_consent(functions: FunctionCaller, origin: str) -> None:
    answer = ask(functions, "OPTIONS", ROOT, {"WebHook-Request-Origin": origin.encode().decode("latin-1")})

    assert answer.status == 204
    assert not [name for name in answer.headers if name.startswith("webhook")]


def test_where_nothing_is_taken_no_sender_gets_consent(functions: FunctionCaller) -> None:
    answer = ask(functions, "OPTIONS", SCHEMA, {"WebHook-Request-Origin": "events.example.com"})

    assert "webhook-allowed-origin" not in answer.headers


def test_consent_lets_nobody_in(functions: FunctionCaller, shop: Shop) -> None:
    ask(functions, "OPTIONS", ROOT, {"WebHook-Request-Origin": "events.example.com"})

    answer = functions.send("POST", ROOT, {"Origin": "events.example.com"}, LIST)

    assert answer.status == 401
    assert shop.calls() == []


def test_no_page_of_another_site_may_read_an_answer(functions: FunctionCaller) -> None:
    asked = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "POST"}

    answers = [ask(functions, method, ROOT, asked) for method in ("OPTIONS", "GET")]

    assert not [name for answer in answers for name in answer.headers if name.startswith("access-control")]
