"""What each sender posts is carried out in its name, and nothing else that looks like it."""

import base64
import json
import time
from typing import Any

import pytest

from tests.functions.shop import Shop
from tests.functions.webhooks import Webhooks, standard_message

GROUP = {"target": "shop/orders/billing"}
DESCRIBE = {"action": "describe", **GROUP}
SENDERS = ("bearer", "standard", "standard, old secret", "github", "grafana", "grafana with time")
SIGNING = SENDERS[1:]
TIMED = ("standard", "grafana with time")
# What the bodies of the senders' own documentation prove, before they turn out to be no commands.
SAMPLES = {
    "bearer": b"{}",
    "standard": b'{"test": 2432232314}',
    "github": b"Hello, World!",
    "grafana": b'{"a":1}',
    "grafana with time": b'{"a":1}',
}


def seek(shop: Shop, shard: int = 0, log_groups: int = 100) -> dict[str, Any]:
    to = {"checkpoints": {str(shard): shop.cursor(shard, -log_groups)}}
    return {"action": "seek", **GROUP, "to": to, "at": shop.now_unix, "dry_run": False}


def history(webhooks: Webhooks) -> list[Any]:
    operations: list[Any] = webhooks.run("bearer", {"action": "history", **GROUP}).json["operations"]
    return operations


def assert_nobody(webhooks: Webhooks, shop: Shop, headers: dict[str, str], body: bytes) -> None:
    shop.calls()
    answer = webhooks.post(headers, body)
    assert (answer.status, answer.error["code"]) == (401, "not_authenticated")
    assert shop.calls(journal=True) == []


@pytest.mark.parametrize("sender", SENDERS)
def test_what_a_sender_posts_is_done_in_the_name_of_its_secret(webhooks: Webhooks, shop: Shop, sender: str) -> None:
    answer = webhooks.run(sender, seek(shop))

    assert (answer.status, answer.json["status"]) == (200, "applied")
    assert shop.checkpoints()[0] == shop.cursor(0, -100)
    assert history(webhooks)[0]["principal"] == f"webhook:{webhooks.senders[sender].name}"


@pytest.mark.parametrize("sender", SAMPLES)
def test_a_senders_own_sample_is_proven_but_is_no_command(webhooks: Webhooks, shop: Shop, sender: str) -> None:
    body = SAMPLES[sender]

    answer = webhooks.post(webhooks.senders[sender].sign(body, int(time.time())), body)

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert shop.writes() == []


@pytest.mark.parametrize("sender", SIGNING)
@pytest.mark.parametrize(
    "tamper",
    [
        lambda body: body.replace(b"billing", b"billinh"),
        lambda body: body.replace(b"100", b"101"),
        lambda body: body + b" ",
        lambda body: body[:-1],
        lambda body: body[: len(body) // 2],
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: body.decode().encode("utf-16"),
        base64.b64encode,
        lambda _body: b"",
    ],
    ids=["group", "value", "longer", "truncated", "half", "bom", "utf-16", "base64", "empty"],
)
def test_a_changed_body_is_nobodys(webhooks: Webhooks, shop: Shop, sender: str, tamper: Any) -> None:  # noqa: ANN401 -- bytes to bytes
    body = json.dumps({"action": "rewind", **GROUP, "to": {"shift": -100}}).encode()

    assert_nobody(webhooks, shop, webhooks.senders[sender].sign(body, int(time.time())), tamper(body))


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda proof: proof[:-1],
        lambda proof: proof[: len(proof) // 2],
        lambda proof: proof[:-1] + ("0" if proof[-1] != "0" else "1"),
        lambda proof: f"{proof},{proof}",
        lambda proof: f"{proof},",
        lambda proof: proof.swapcase(),
        lambda proof: proof * 100,
        lambda proof: proof.encode().hex(),
        lambda proof: f"é{proof}",
        lambda proof: f"{proof}\x01",
        lambda _proof: "",
        lambda _proof: "A" * 20_000,
    ],
    ids=["truncated", "half", "changed", "twice", "comma", "case", "long", "hex", "é", "control", "empty", "huge"],
)
def test_a_spoiled_proof_is_nobodys(webhooks: Webhooks, shop: Shop, sender: str, spoil: Any) -> None:  # noqa: ANN401 -- text to text
    body, way = json.dumps(DESCRIBE).encode(), webhooks.senders[sender]
    headers = way.sign(body, int(time.time()))

    assert_nobody(webhooks, shop, {**headers, way.proof: spoil(headers[way.proof])}, body)


@pytest.mark.parametrize("sender", TIMED)
@pytest.mark.parametrize("ago_s", [330, 86_400, -330, -86_400])
def test_what_was_signed_too_long_ago_or_ahead_is_nobodys(
    webhooks: Webhooks, shop: Shop, sender: str, ago_s: int
) -> None:
    body = json.dumps(DESCRIBE).encode()

    assert_nobody(webhooks, shop, webhooks.senders[sender].sign(body, int(time.time()) - ago_s), body)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("sender", TIMED)
@pytest.mark.parametrize("ago_s", [200, -200])
def test_a_clock_that_is_minutes_off_does_no_harm(webhooks: Webhooks, sender: str, ago_s: int) -> None:
    assert webhooks.run(sender, DESCRIBE, ago_s=ago_s).status == 200


def test_a_message_of_standard_webhooks_whose_time_is_changed_is_nobodys(webhooks: Webhooks, shop: Shop) -> None:
    body, now_unix = json.dumps(DESCRIBE).encode(), int(time.time())
    headers = webhooks.senders["standard"].sign(body, now_unix - 1000)

    assert_nobody(webhooks, shop, {**headers, "webhook-timestamp": str(now_unix)}, body)


@pytest.mark.usefixtures("shop")
def test_while_secrets_rotate_one_message_is_signed_with_both(webhooks: Webhooks) -> None:
    body, now_unix = json.dumps(DESCRIBE).encode(), int(time.time())
    old, new = (standard_message(secret, "m", body, now_unix) for secret in webhooks.known["hooks"])
    both = f"{old['webhook-signature']} broken v1,?? {new['webhook-signature']}"

    assert webhooks.post({**new, "webhook-signature": both}, body).status == 200


def test_a_time_beside_grafanas_signature_without_one_is_nobodys(webhooks: Webhooks, shop: Shop) -> None:
    body = json.dumps(seek(shop)).encode()
    headers = webhooks.senders["grafana"].sign(body, 0)

    assert_nobody(webhooks, shop, {**headers, "X-Grafana-Alerting-Timestamp": str(int(time.time()))}, body)


def test_grafanas_signature_with_a_time_is_nobodys_without_it(webhooks: Webhooks, shop: Shop) -> None:
    body = json.dumps(DESCRIBE).encode()
    headers = webhooks.senders["grafana with time"].sign(body, int(time.time()))
    del headers["X-Grafana-Alerting-Timestamp"]

    assert_nobody(webhooks, shop, headers, body)


def test_two_senders_in_one_request_are_nobody(webhooks: Webhooks, shop: Shop) -> None:
    body = json.dumps(DESCRIBE).encode()
    signed = [webhooks.senders[sender].sign(body, int(time.time())) for sender in ("github", "standard")]

    assert_nobody(webhooks, shop, {**signed[0], **signed[1]}, body)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("spell", [str.lower, str.upper, str.swapcase], ids=["lower", "upper", "swapped"])
def test_header_names_may_come_in_any_case(webhooks: Webhooks, sender: str, spell: Any) -> None:  # noqa: ANN401 -- text to text
    body = json.dumps(DESCRIBE).encode()
    headers = webhooks.senders[sender].sign(body, int(time.time()))

    assert webhooks.post({spell(name): value for name, value in headers.items()}, body).status == 200


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("sender", SIGNING)
@pytest.mark.parametrize("content_type", ["application/json", "application/octet-stream", "text/plain"])
def test_a_signature_is_over_the_bytes_that_were_sent_however_they_reach_the_function(
    webhooks: Webhooks, sender: str, content_type: str
) -> None:
    command = {**DESCRIBE, "target": "shop/orders/billing"}
    body = json.dumps(command, indent=3).replace("billing", "b\\u0069lling").encode()
    headers = webhooks.senders[sender].sign(body, int(time.time()))

    assert webhooks.post({**headers, "Content-Type": content_type}, body).status == 200


@pytest.mark.parametrize("sender", SENDERS)
def test_an_oversized_body_is_refused_unread_even_proven(webhooks: Webhooks, shop: Shop, sender: str) -> None:
    body = json.dumps(seek(shop)).encode() + b" " * 64 * 1024
    shop.calls()

    answer = webhooks.post(webhooks.senders[sender].sign(body, int(time.time())), body)

    assert (answer.status, answer.error["code"]) == (413, "body_too_large")
    assert shop.calls(journal=True) == []
