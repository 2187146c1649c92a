import logging
import socket
import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from shared.notifications import Outcome, check_names, notify
from shared.policy.rules import DestinationKind, Policy
from shared.secret_settings import Destination
from shared.settings import Settings
from tests.unit.notifications.told import NOW, TIMER, WEBHOOK_SECRET, applied, policy, settings
from tests.unit.sls.scripted_server import RESET, SILENCE, ScriptedServer, Step, answer

PATH = "/services/T0/B0/a-path-that-nobody-may-see"
DINGTALK_OK, FEISHU_OK = answer({"errcode": 0, "errmsg": "ok"}), answer({"code": 0, "msg": "success"})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def tell(
    policy: Policy, settings: Settings, *names: str, remaining_s: Callable[[], float] = lambda: 30.0
) -> list[Outcome]:
    return notify(
        names or ("oncall",),
        applied(),
        caller=TIMER,
        policy=policy,
        settings=settings,
        now=NOW,
        remaining_s=remaining_s,
    )


def tell_one(kind: DestinationKind, url: str, *, remaining_s: Callable[[], float] = lambda: 30.0) -> Outcome:
    (outcome,) = tell(
        policy(oncall=kind), settings(oncall=Destination(f"{url}{PATH}", WEBHOOK_SECRET)), remaining_s=remaining_s
    )
    return outcome


def countdown(seconds: float) -> Callable[[], float]:
    ends = time.monotonic() + seconds
    return lambda: ends - time.monotonic()


@pytest.mark.parametrize(
    ("kind", "yes"),
    [("slack", answer(b"ok")), ("dingtalk", DINGTALK_OK), ("feishu", FEISHU_OK), ("webhook", answer(status=202))],
)
def test_every_kind_is_told_over_http(server: ScriptedServer, kind: DestinationKind, yes: Step) -> None:
    server.play(yes)

    outcome = tell_one(kind, server.url)

    assert (outcome.sent, outcome.code, outcome.message) == (True, "sent", "oncall: sent")
    received = server.last
    assert (received.method, received.headers["content-type"]) == ("POST", "application/json")
    assert received.target.startswith(PATH)
    assert b"rewind on shop/orders/billing" in received.body


@pytest.mark.parametrize(
    ("kind", "no", "message"),
    [
        ("slack", answer(b"no_service", status=404), "it answered HTTP 404: the webhook was revoked"),
        ("slack", answer(b"boom", status=500), "it answered HTTP 500"),
        ("webhook", answer(status=500), "it answered HTTP 500"),
        ("webhook", answer(status=429), "it answered HTTP 429: too many notifications"),
        ("dingtalk", answer({"errcode": 310000, "errmsg": "sign not match"}), "it answered code 310000"),
        ("feishu", answer({"code": 19021, "msg": "sign match fail"}), "it answered code 19021"),
        ("feishu", answer(b"<html>"), "it answered with what is no answer of this platform"),
    ],
)
def test_a_destinations_no_is_an_outcome(server: ScriptedServer, kind: DestinationKind, no: Step, message: str) -> None:
    server.play(no)

    outcome = tell_one(kind, server.url)

    assert outcome.code == "not_taken"
    assert outcome.message.startswith(f"oncall: {message}")
    assert len(server.received) == 1


def test_a_redirect_is_not_followed(server: ScriptedServer) -> None:
    server.play(answer(status=307, headers={"Location": f"{server.url}/elsewhere"}), answer(b"ok"))

    outcome = tell_one("slack", server.url)

    assert (outcome.code, len(server.received)) == ("not_taken", 1)
    assert outcome.message == "oncall: it answered HTTP 307: redirects are not followed"


def test_nobody_there_is_an_outcome() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    assert tell_one("slack", f"http://127.0.0.1:{port}").code == "not_connected"


def test_a_lost_connection_is_an_outcome_and_not_tried_again(server: ScriptedServer) -> None:
    server.play(RESET)

    assert tell_one("webhook", server.url).code == "not_connected"
    assert len(server.received) == 1


def test_a_certificate_that_cannot_be_verified_is_an_outcome(server: ScriptedServer) -> None:
    outcome = tell_one("slack", server.url.replace("http://", "https://"))

    assert outcome.message == "oncall: not sent, its TLS certificate could not be verified"
    assert not server.received


def test_an_answer_that_never_comes_ends_with_the_time(server: ScriptedServer) -> None:
    server.play(SILENCE)

    assert tell_one("slack", server.url, remaining_s=lambda: 0.6).code == "timed_out"


def test_an_answer_that_trickles_ends_with_the_time(server: ScriptedServer) -> None:
    server.play(Step(answer(b" " * 60_000).data, then="drip"))
    looks = count()

    # Time that passes by being looked at.
    assert tell_one("dingtalk", server.url, remaining_s=lambda: 9 - next(looks) / 4).code == "timed_out"


def test_without_time_nothing_is_sent(server: ScriptedServer) -> None:
    assert tell_one("slack", server.url, remaining_s=lambda: 0.1).code == "no_time_left"
    assert server.connections == 0


def test_a_hanging_destination_leaves_the_others_their_time(server: ScriptedServer) -> None:
    server.play(SILENCE, answer(b"ok"))
    hooks = settings(first=Destination(f"{server.url}/first"), second=Destination(f"{server.url}/second"))

    outcomes = tell(policy(first="slack", second="slack"), hooks, "first", "second", remaining_s=countdown(4))

    assert [outcome.code for outcome in outcomes] == ["timed_out", "sent"]


def test_each_destination_is_told_once_in_the_order_of_the_names(server: ScriptedServer) -> None:
    server.play(answer(b"ok"), answer(b"ok"))
    hooks = settings(a=Destination(f"{server.url}/a"), b=Destination(f"{server.url}/b"))

    outcomes = tell(policy(a="slack", b="slack"), hooks, "b", "a", "b")

    assert [outcome.destination for outcome in outcomes] == ["b", "a"]
    assert [received.target for received in server.received] == ["/b", "/a"]


def test_names_that_cannot_be_told_are_outcomes_and_the_others_are_told(server: ScriptedServer) -> None:
    server.play(answer(b"ok"))
    hooks = settings(good=Destination(server.url), bad=Destination(server.url), known=Destination(server.url))
    kinds = policy(good="slack", bad="webhook", unset="slack")

    outcomes = tell(kinds, hooks, "nobody", "unset", "known", "bad", "good")

    assert [(outcome.destination, outcome.code) for outcome in outcomes] == [
        ("nobody", "unknown_destination"),
        ("unset", "not_set"),
        ("known", "unknown_destination"),
        ("bad", "misconfigured"),
        ("good", "sent"),
    ]


def test_names_are_checked_beforehand() -> None:
    hooks = settings(good=Destination("http://127.0.0.1:1"), bad=Destination("http://127.0.0.1:1"))
    kinds = policy(good="slack", bad="webhook", unset="slack")

    assert check_names(["good"], kinds, hooks) == []
    assert check_names(["nobody", "good", "unset", "bad", "bad"], kinds, hooks) == [
        "nobody: policy.toml has no [destinations] entry of this name",
        "unset: REWIND_NOTIFY has no url for it",
        "bad: REWIND_NOTIFY: its secret is missing",
    ]


def test_a_name_from_outside_is_shown_cut_and_in_ascii() -> None:
    (outcome,) = tell(policy(), settings(), "x\n\u202e" + "y" * 500)

    assert outcome.destination.isascii()
    assert outcome.destination.isprintable()
    assert len(outcome.destination) == 64


def test_the_environments_proxy_is_not_heeded(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    server.play(answer(b"ok"))

    assert tell_one("slack", server.url).sent


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("slack", answer(b"ok")),
        ("dingtalk", DINGTALK_OK),
        ("feishu", FEISHU_OK),
        ("webhook", answer(status=500)),
        ("slack", RESET),
        ("dingtalk", SILENCE),
    ],
)
def test_neither_url_nor_secret_is_in_an_outcome_or_a_log(
    server: ScriptedServer, kind: DestinationKind, step: Step, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.play(step)

    outcome = tell_one(kind, server.url, remaining_s=lambda: 3.0)

    told = f"{outcome!r} {outcome.message} {caplog.text}"
    for secret in (PATH, server.last.target, WEBHOOK_SECRET, server.last.headers.get("webhook-signature", PATH)):
        assert secret not in told


def test_the_log_of_everybody_else_stays_as_it_was(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.play(answer(b"ok"))
    tell_one("slack", server.url)

    logging.getLogger("urllib3.connectionpool").debug("of somebody else")

    assert [record.getMessage() for record in caplog.records] == ["of somebody else"]


def test_a_mistake_in_this_software_is_an_outcome_too() -> None:
    def broken() -> float:
        raise RuntimeError("a text with a secret")

    outcome = tell_one("slack", "http://127.0.0.1:1", remaining_s=broken)

    assert (outcome.code, outcome.message) == ("internal_error", "oncall: not sent, by a mistake in this software")
