"""Telling people what became of a firing, over real HTTP, and what happens when that does not work."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest

from tests.functions.receiver import Received, Receiver
from tests.functions.schedules import Delivery, Scheduler
from tests.functions.shop import HOUR_S, Shop

Destinations = dict[str, dict[str, str]]

REWIND = {"action": "rewind", "target": "orders", "to": "15m", "dry_run": False}
ALL = ["slack", "dingtalk", "feishu", "audit"]
TEXTS: dict[str, Callable[[Any], str]] = {
    "slack": lambda body: str(body["text"]),
    "dingtalk": lambda body: str(body["text"]["content"]),
    "feishu": lambda body: str(body["content"]["text"]),
    "audit": lambda body: str(body["data"]["text"]),
}


def text(received: Received) -> str:
    return TEXTS[received.name](received.json)


def told(scheduler: Scheduler, delivery: Delivery) -> list[dict[str, str]]:
    """Return what the log says of each notification."""
    scheduler.logs.wait_for(f"End RequestId: {delivery.request_id}")
    lines = [line for line in scheduler.logs.lines if delivery.request_id in line and '"event":"notified"' in line]
    return [json.loads(line[line.index("{") :]) for line in lines]


def base64_hmac(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize("name", ALL)
def test_a_message_says_what_was_done_and_how_to_undo_it(
    scheduler: Scheduler, shop: Shop, receiver: Receiver, name: str
) -> None:
    done = scheduler.deliver({**REWIND, "notify": [name]}, at_unix=shop.now_unix)

    (message,) = map(text, receiver.received())
    assert done.status == "applied"
    for words in ("Applied: rewind on shop/orders/billing", "timer:sls-rewind-schedule/nightly", "3 shards (0-2)"):
        assert words in message
    assert "900 log groups come again" in message
    assert "Undo it" in message
    assert done.document["operation_id"] in message


def test_the_undo_in_a_message_takes_the_firing_back_as_it_stands(
    scheduler: Scheduler, shop: Shop, receiver: Receiver
) -> None:
    before = shop.checkpoints()
    scheduler.deliver({**REWIND, "notify": ["dingtalk"]}, at_unix=shop.now_unix)
    (message,) = map(text, receiver.received())
    line = next(line for line in message.splitlines() if line.startswith("Undo it"))

    undone = scheduler.functions.run({**json.loads(line[line.index("{") :]), "dry_run": False})

    assert (undone.json["status"], shop.checkpoints()) == ("applied", before)


def test_each_platform_gets_its_own_form_and_signature(
    scheduler: Scheduler, shop: Shop, receiver: Receiver, destinations: Destinations
) -> None:
    done = scheduler.deliver({**REWIND, "notify": ALL}, at_unix=shop.now_unix)

    slack, dingtalk, feishu, audit = receiver.received()
    assert [one.name for one in receiver.received()] == ALL
    assert "text" in slack.json
    secret = destinations["dingtalk"]["secret"]
    signed = f"{dingtalk.query['timestamp']}\n{secret}"
    assert dingtalk.query["sign"] == base64_hmac(secret.encode(), signed.encode())
    assert dingtalk.json["msgtype"] == "text"
    signed = f"{feishu.json['timestamp']}\n{destinations['feishu']['secret']}"
    assert feishu.json["sign"] == base64_hmac(signed.encode(), b"")
    key = base64.b64decode(destinations["audit"]["secret"].removeprefix("whsec_"))
    signed = f"{audit.headers['webhook-id']}.{audit.headers['webhook-timestamp']}."
    assert audit.headers["webhook-signature"] == f"v1,{base64_hmac(key, signed.encode() + audit.body)}"
    assert audit.json["data"]["result"] == done.document
    assert [entry["code"] for entry in told(scheduler, done)] == ["sent"] * 4


def test_a_second_delivery_says_that_nothing_was_written_again(
    scheduler: Scheduler, shop: Shop, receiver: Receiver
) -> None:
    for _ in range(2):
        scheduler.deliver({**REWIND, "notify": ["slack"]}, at_unix=shop.now_unix)

    first, second = map(text, receiver.received())
    assert first.startswith("Applied")
    assert second.startswith("Done before, nothing was written again")


@pytest.mark.parametrize("name", ["failing", "unreachable"])
def test_a_message_that_is_not_taken_changes_nothing_of_the_work(
    scheduler: Scheduler, shop: Shop, receiver: Receiver, destinations: Destinations, name: str
) -> None:
    done = scheduler.deliver({**REWIND, "notify": [name, "slack"]}, at_unix=shop.now_unix)

    (failed, sent) = told(scheduler, done)
    assert (done.status, shop.checkpoints()[0]) == ("applied", shop.cursor(0, -900))
    assert sorted(call["shard"] for call in shop.writes()) == [0, 1, 2]
    assert (failed["destination"], sent["code"], len(receiver.received("slack"))) == (name, "sent", 1)
    assert failed["code"] in {"not_taken", "not_connected"}
    address = destinations[name]["url"]
    assert not any(part in line for line in scheduler.logs.lines for part in (address, address.rpartition("/")[2]))


def test_a_receiver_that_never_answers_changes_nothing_of_the_work(
    scheduler: Scheduler, shop: Shop, receiver: Receiver
) -> None:
    done = scheduler.deliver({**REWIND, "notify": ["slow"]}, at_unix=shop.now_unix)

    assert (done.status, len(receiver.received("slow"))) == ("applied", 1)
    assert [entry["code"] for entry in told(scheduler, done)] == ["timed_out"]
    assert scheduler.deliver(REWIND, at_unix=shop.now_unix).status == "duplicate"


@pytest.mark.parametrize(
    ("payload", "late_s", "trigger", "opening"),
    [
        ({**REWIND, "max_late_s": 60}, HOUR_S, "nightly", "Refused: rewind"),
        (REWIND, 0, "stranger", "Refused: rewind"),
        ({**REWIND, "to": "40m"}, 0, "narrow", "Refused: rewind on shop/orders/billing"),
        ({**REWIND, "target": "shop/orders/nobody"}, 0, "nightly", "Failed: rewind on shop/orders/nobody"),
    ],
    ids=["late", "no-rule", "beyond-a-limit", "no-group"],
)
def test_what_was_not_done_is_told_too(
    scheduler: Scheduler,
    shop: Shop,
    receiver: Receiver,
    *,
    payload: dict[str, object],
    late_s: int,
    trigger: str,
    opening: str,
) -> None:
    failed = scheduler.deliver({**payload, "notify": ["slack"]}, at_unix=shop.now_unix - late_s, trigger=trigger)

    (message,) = map(text, receiver.received())
    assert failed.failed
    assert message.startswith(opening)
    assert "Why: " in message
    assert "Undo it" not in message


def test_what_was_done_in_part_is_told_with_how_to_finish_it(
    scheduler: Scheduler, shop: Shop, receiver: Receiver
) -> None:
    shop.fault({"operation": "UpdateCheckPoint", "shard": 1, "times": 99, "status": HTTPStatus.FORBIDDEN})

    failed = scheduler.deliver({**REWIND, "notify": ["slack"]}, at_unix=shop.now_unix)

    (message,) = map(text, receiver.received())
    assert failed.status == "FiringFailedError"
    assert message.startswith("Only partly done: rewind")
    assert "Finish it" in message


@pytest.mark.parametrize("name", ["absent", "unset"])
def test_an_unknown_destination_is_refused_before_anything(
    scheduler: Scheduler, shop: Shop, receiver: Receiver, name: str
) -> None:
    refused = scheduler.deliver({**REWIND, "notify": ["slack", name]}, at_unix=shop.now_unix)

    assert (refused.status, f"notify: {name}: " in refused.message) == ("FiringRefusedError", True)
    assert shop.calls(journal=True) == []
    assert receiver.received() == []


@pytest.mark.usefixtures("shop")
def test_a_destination_named_twice_is_told_once(scheduler: Scheduler, shop: Shop, receiver: Receiver) -> None:
    scheduler.deliver({**REWIND, "notify": ["slack", "slack"]}, at_unix=shop.now_unix)

    assert len(receiver.received()) == 1
