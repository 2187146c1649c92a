"""What a caller sends to be recognized by: every kind of key, and what is malformed."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.functions.caller import Answer
from tests.functions.shop import HOUR_S, Shop
from tests.functions.webhooks import Webhooks, standard_message

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}
OTHER = {**REWIND, "to": {"shift": -50}}
ORDERS = {"project": "shop", "logstore": "orders"}
SHARDS = 3

Send = Callable[[Webhooks, dict[str, Any]], Answer]


def with_headers(**headers: str) -> Send:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda webhooks, command: webhooks.run("bearer", command, more=named)


def as_event(webhooks: Webhooks, command: dict[str, Any]) -> Answer:
    event = {"specversion": "1.0", "id": "e-1", "source": "/deploys", "type": "rewind", "data": command}
    body = json.dumps(event).encode()
    headers = webhooks.senders["bearer"].sign(body, 0)
    return webhooks.post({**headers, "Content-Type": "application/cloudevents+json"}, body)


def as_message(webhooks: Webhooks, command: dict[str, Any]) -> Answer:
    body, now_unix = json.dumps(command).encode(), int(time.time())
    return webhooks.post(standard_message(webhooks.known["hooks"][0], "msg_1", body, now_unix), body)


KINDS: dict[str, Send] = {
    "bare": with_headers(Idempotency_Key="deploy-17"),
    "quoted": with_headers(Idempotency_Key='"deploy-17"'),
    "webhook-id": with_headers(webhook_id="msg_1"),
    "event, binary": with_headers(ce_id="e-1", ce_source="/deploys", ce_specversion="1.0", ce_type="rewind"),
    "event, structured": as_event,
    "signed webhook-id": as_message,
}
SPELLINGS = {"bare": "quoted", "quoted": "bare", "event, binary": "event, structured"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_command_again_has_the_same_outcome_without_a_second_move(
    webhooks: Webhooks, shop: Shop, kind: str
) -> None:
    first, again = (KINDS[kind](webhooks, REWIND) for _ in range(2))

    assert (first.json["status"], again.status, again.json["status"]) == ("applied", 200, "duplicate")
    assert (again.json["operation_id"], again.json["shards"]) == (first.json["operation_id"], first.json["shards"])
    assert len(shop.writes()) == SHARDS


@pytest.mark.parametrize("kind", KINDS)
def test_another_command_under_the_same_key_is_refused(webhooks: Webhooks, shop: Shop, kind: str) -> None:
    KINDS[kind](webhooks, REWIND)

    answer = KINDS[kind](webhooks, OTHER)

    assert (answer.status, answer.json["status"], answer.error["code"]) == (422, "refused", "idempotency_key_reused")
    assert len(shop.writes()) == SHARDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_relative_time_under_a_key_stays_what_it_was_at_first(webhooks: Webhooks, shop: Shop, kind: str) -> None:
    command = {**REWIND, "to": "1h"}
    first = KINDS[kind](webhooks, command)
    shop.commit(0, shop.cursor(0, -5), ago_s=HOUR_S)

    again = KINDS[kind](webhooks, command)

    assert again.json["shards"] == first.json["shards"]
    assert shop.checkpoints()[0] == shop.cursor(0, -5)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_resolved_before_writing_failed_is_not_resolved_again(
    webhooks: Webhooks, shop: Shop, kind: str
) -> None:
    command, shards = {**REWIND, "action": "skip", "to": "end"}, range(SHARDS)
    ends = [shop.end(shard) for shard in shards]
    shop.fault({"operation": "UpdateCheckPoint", "status": 400, "error_code": "ParameterInvalid", "times": SHARDS})
    failed = KINDS[kind](webhooks, command)
    shop.fault()
    for shard in shards:
        shop.sls.control("append", {**ORDERS, "shard": shard, "count": 9, "at_unix": shop.now_unix})

    again = KINDS[kind](webhooks, command)

    assert (failed.json["ok"], again.json["status"]) == (False, "applied")
    assert [shop.checkpoints()[shard] for shard in shards] == ends


@pytest.mark.parametrize("kind", SPELLINGS)
def test_two_spellings_of_one_key_are_one_key(webhooks: Webhooks, shop: Shop, kind: str) -> None:
    KINDS[kind](webhooks, REWIND)

    assert KINDS[SPELLINGS[kind]](webhooks, REWIND).json["status"] == "duplicate"
    assert len(shop.writes()) == SHARDS


def test_a_key_is_its_callers_own_whatever_proves_the_caller(webhooks: Webhooks, shop: Shop) -> None:
    mine, theirs = KINDS["webhook-id"](webhooks, REWIND), KINDS["signed webhook-id"](webhooks, REWIND)

    assert (mine.json["status"], theirs.json["status"]) == ("applied", "applied")
    assert mine.json["operation_id"] != theirs.json["operation_id"]
    assert len(shop.writes()) == 2 * SHARDS


def test_keys_of_different_kinds_are_different_keys(webhooks: Webhooks, shop: Shop) -> None:
    kinds = [with_headers(Idempotency_Key="k"), with_headers(webhook_id="k"), with_headers(ce_id="k", ce_source="k")]

    assert len({send(webhooks, REWIND).json["operation_id"] for send in kinds}) == len(kinds)
    assert len(shop.writes()) == len(kinds) * SHARDS


@pytest.mark.parametrize(
    "key",
    [
        *("", " ", '""', '"', '"open', 'shut"', 'mid"dle', '"a" "b"', '"a","b"', '"a";p', "tab\tbed", "b\x01ell"),
        *("\x7f", "schlüssel", "k" * 256, '"' + "k" * 256 + '"', "k" * 20_000),
    ],
    ids=lambda text: ascii(text)[:16],
)
@pytest.mark.parametrize("command", [REWIND, {"action": "describe", **GROUP}], ids=["write", "read"])
def test_a_malformed_key_is_refused_by_name_and_not_shown(
    webhooks: Webhooks, shop: Shop, key: str, command: dict[str, Any]
) -> None:
    shop.calls()

    answer = webhooks.run("bearer", command, more={"Idempotency-Key": key})

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert answer.error["message"] == (
        "Idempotency-Key: must be 1 to 255 printable ASCII characters, in double quotes or bare"
    )
    assert shop.calls(journal=True) == []


@pytest.mark.parametrize(
    ("headers", "field"),
    [({"webhook-id": "a b"}, "webhook-id"), ({"ce-id": "1"}, "ce-source"), ({"ce-source": "/ci"}, "ce-id")],
)
def test_a_malformed_key_of_another_kind_is_refused_too(
    webhooks: Webhooks, shop: Shop, headers: dict[str, str], field: str
) -> None:
    answer = webhooks.run("bearer", REWIND, more=headers)

    assert (answer.status, answer.error["message"].partition(":")[0]) == (400, field)
    assert shop.writes() == []


@pytest.mark.usefixtures("shop")
def test_the_longest_key_is_taken(webhooks: Webhooks) -> None:
    assert webhooks.run("bearer", REWIND, more={"Idempotency-Key": "k" * 255}).json["status"] == "applied"


def test_a_malformed_key_of_nobody_is_not_told(webhooks: Webhooks) -> None:
    body = json.dumps(REWIND).encode()

    assert webhooks.post({"Idempotency-Key": "", "Authorization": "Bearer wrong"}, body).status == 401


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("sender", ["standard", "github", "grafana", "grafana with time"])
def test_a_malformed_key_that_no_signature_covers_does_not_count(webhooks: Webhooks, sender: str) -> None:
    command = {"action": "describe", **GROUP}

    assert webhooks.run(sender, command, more={"Idempotency-Key": ""}).status == 200


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("action", ["update_consumer_group", "update_checkpoint", "rewind"])
def test_a_command_that_had_nothing_to_do_still_has_nothing_to_do_when_it_comes_again(
    webhooks: Webhooks, shop: Shop, kind: str, action: str
) -> None:
    stood = shop.checkpoints()[0]
    command = {"update_consumer_group": {"action": action, **GROUP, "timeout": 60}}.get(action) or {
        "update_checkpoint": {"action": action, **GROUP, "shard": 0, "checkpoint": stood},
        "rewind": {**REWIND, "to": {"checkpoints": {"0": stood}}},
    }[action]
    first = KINDS[kind](webhooks, command)
    shop.commit(0, shop.cursor(0, -5), ago_s=HOUR_S)
    webhooks.run("bearer", {"action": "update_consumer_group", **GROUP, "timeout": 90})

    again = KINDS[kind](webhooks, command)

    assert (first.json["status"], again.json["status"]) == ("unchanged", "duplicate")
    assert (shop.checkpoints()[0], shop.attributes()[0]) == (shop.cursor(0, -5), 90)
