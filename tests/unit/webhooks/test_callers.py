import hashlib
import json
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from shared.errors import AuthenticationError, InvalidCommandError
from shared.fc.events import HttpEvent
from shared.webhooks.callers import Caller, identify
from shared.webhooks.keys import message_key, signed_key
from tests.unit.webhooks.requests import BODY, NOW_UNIX, hex_of, request, settings, whsec

TOKEN = "t" * 32
HOOK = whsec(1)
OTHER = "o" * 32
SETTINGS = settings(json.dumps({"hook": ["h" * 32, HOOK], "other": OTHER}), json.dumps({"monitor": TOKEN}))
PATH = f"/cloudmonitor/{TOKEN}"
STANDARD = {
    "Webhook-Id": "m-1",
    "Webhook-Timestamp": str(NOW_UNIX),
    "Webhook-Signature": Webhook(HOOK).sign("m-1", datetime.fromtimestamp(NOW_UNIX, timezone.utc), BODY.decode()),
}
BEARER = {"Authorization": f"Bearer {HOOK}"}
GITHUB = {"X-Hub-Signature-256": "sha256=" + hex_of(HOOK, BODY)}
GRAFANA = {"X-Grafana-Alerting-Signature": hex_of(HOOK, BODY)}
TIMED = {
    "X-Grafana-Alerting-Signature": hex_of(HOOK, f"{NOW_UNIX}:".encode() + BODY),
    "X-Grafana-Alerting-Timestamp": str(NOW_UNIX),
}
OF_OTHER = {"X-Hub-Signature-256": "sha256=" + hex_of(OTHER, BODY)}
PROOF_HEADERS = [
    "authorization",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-hub-signature-256",
    "x-grafana-alerting-signature",
    "x-grafana-alerting-timestamp",
    "idempotency-key",
    "content-type",
    "ce-id",
]


def identified(headers: dict[str, str], path: str = "/") -> Caller:
    return identify(request(headers, path=path), SETTINGS, NOW_UNIX)


def assert_nobody(headers: dict[str, str], path: str = "/") -> None:
    with pytest.raises(AuthenticationError):
        identified(headers, path)


@pytest.mark.parametrize(
    ("headers", "path", "caller"),
    [
        (BEARER, "/", Caller("webhook:hook", None, "full")),
        (STANDARD, "/", Caller("webhook:hook", message_key("m-1"), "timed")),
        (GITHUB, "/", Caller("webhook:hook", signed_key(BODY), "untimed")),
        (GRAFANA, "/", Caller("webhook:hook", signed_key(BODY), "untimed")),
        (TIMED, "/", Caller("webhook:hook", signed_key(f"{NOW_UNIX}:".encode() + BODY), "timed")),
        ({}, PATH, Caller("webhook:monitor", None, "preview")),
    ],
    ids=["bearer", "standard", "github", "grafana", "grafana with time", "url token"],
)
def test_each_proof_is_good_for_what_it_covers(headers: dict[str, str], path: str, caller: Caller) -> None:
    assert identified(headers, path) == caller


@pytest.mark.parametrize("headers", [STANDARD, GITHUB, GRAFANA, TIMED], ids=["standard", "github", "grafana", "timed"])
def test_a_key_that_no_signature_covers_counts_for_nothing(headers: dict[str, str]) -> None:
    more = {"Idempotency-Key": "k", "Ce-Id": "1", "Ce-Source": "s", "X-GitHub-Delivery": "d"}

    assert identified({**headers, **more}) == identified(headers)


def test_a_bearer_token_covers_the_key_beside_it() -> None:
    keys = {identified({**BEARER, "Idempotency-Key": text}).key for text in ("a", '"a"', "b")}

    assert len(keys) == 2


def test_a_malformed_key_of_a_proven_caller_is_told() -> None:
    with pytest.raises(InvalidCommandError):
        identified({**BEARER, "Idempotency-Key": ""})


def test_a_malformed_key_of_nobody_is_not() -> None:
    assert_nobody({"Idempotency-Key": ""})


@pytest.mark.parametrize(
    ("headers", "caller"),
    [
        ({**BEARER, **GITHUB}, Caller("webhook:hook", None, "full")),
        ({**GITHUB, **STANDARD}, Caller("webhook:hook", message_key("m-1"), "timed")),
        ({**GITHUB, **TIMED}, Caller("webhook:hook", signed_key(f"{NOW_UNIX}:".encode() + BODY), "timed")),
        ({**GITHUB, **GRAFANA}, Caller("webhook:hook", signed_key(BODY), "untimed")),
    ],
    ids=["bearer, github", "github, standard", "github, timed", "github, grafana"],
)
def test_of_several_proofs_the_strongest_counts(headers: dict[str, str], caller: Caller) -> None:
    assert identified(headers) == caller


@pytest.mark.parametrize(
    "headers",
    [
        {**BEARER, **GITHUB, "X-Hub-Signature-256": "sha256=0"},
        {**BEARER, "Webhook-Signature": ""},
        {**BEARER, "X-Grafana-Alerting-Signature": ""},
        {**STANDARD, "Authorization": "Basic eDp5"},
        {**STANDARD, "Authorization": ""},
        {**GITHUB, **GRAFANA, "X-Grafana-Alerting-Timestamp": str(NOW_UNIX)},
    ],
)
def test_one_proof_that_does_not_hold_is_enough_to_be_nobody(headers: dict[str, str]) -> None:
    assert_nobody(headers)


@pytest.mark.parametrize("headers", [BEARER, STANDARD, GRAFANA], ids=["bearer", "standard", "grafana"])
def test_proofs_of_two_callers_prove_neither(headers: dict[str, str]) -> None:
    assert identified(OF_OTHER).principal == "webhook:other"
    assert_nobody({**headers, **OF_OTHER})


def test_a_token_in_the_url_beside_another_proof_proves_nobody() -> None:
    assert_nobody(BEARER, PATH)


def test_a_token_of_a_url_is_no_bearer_token_and_the_other_way_round() -> None:
    assert_nobody({"Authorization": f"Bearer {TOKEN}"})
    assert_nobody({}, f"/cloudmonitor/{OTHER}")


@pytest.mark.parametrize("path", ["/", "", f"/{TOKEN}", f"/x{PATH}", f"{PATH}/", "/cloudmonitor", "/cloudmonitor/"])
def test_a_token_counts_at_its_own_path_alone(path: str) -> None:
    assert_nobody({}, path)


def test_what_no_verifier_foresaw_proves_nobody() -> None:
    broken = HttpEvent("POST", "/", {"authorization": None}, BODY)  # type: ignore[dict-item]  # what is under test

    with pytest.raises(AuthenticationError):
        identify(broken, SETTINGS, NOW_UNIX)


@given(
    headers=st.dictionaries(st.sampled_from(PROOF_HEADERS), st.text(max_size=80)),
    body=st.binary(max_size=80),
    path=st.sampled_from(["/", "/cloudmonitor/x"]) | st.text(max_size=40),
)
def test_no_headers_and_no_body_that_prove_nobody_do_anything_else(
    headers: dict[str, str], body: bytes, path: str
) -> None:
    with pytest.raises(AuthenticationError):
        identify(HttpEvent("POST", path, headers, body), SETTINGS, NOW_UNIX)


def test_a_body_that_is_signed_twice_has_one_key() -> None:
    assert identified(GITHUB).key == identified(GRAFANA).key
    assert hashlib.sha256(BODY).hexdigest() in (identified(GITHUB).key or "")
