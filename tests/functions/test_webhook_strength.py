"""What a proof is good for: without a time no write that counts from now, without the body none at all."""

import json
import time
from typing import Any

import pytest

from tests.functions.conftest import WEBHOOK_POLICY
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import Shop
from tests.functions.webhooks import Webhooks, standard_message

GROUP = {"target": "shop/orders/billing"}
DESCRIBE = {"action": "describe", **GROUP}
UNTIMED = ("github", "grafana")
TIMED = ("bearer", "standard", "grafana with time")
RELATIVE: tuple[Any, ...] = ("1h", "end", {"shift": -100}, {"local": "00:00", "zone": "UTC"}, {"consumer_group": "b"})


def rewind(to: object, **more: object) -> dict[str, Any]:
    return {"action": "rewind", **GROUP, "to": to, "dry_run": False, **more}


def batch(*commands: dict[str, Any]) -> dict[str, Any]:
    return {"action": "batch", "commands": list(commands)}


@pytest.mark.parametrize("sender", UNTIMED)
@pytest.mark.parametrize("to", RELATIVE, ids=str)
@pytest.mark.parametrize("wrap", [dict, lambda command: batch(DESCRIBE, command)], ids=["alone", "batch"])
def test_without_a_signed_time_no_write_counts_from_now(
    webhooks: Webhooks,
    shop: Shop,
    sender: str,
    to: object,
    wrap: Any,  # noqa: ANN401 -- command to command
) -> None:
    shop.calls()

    answer = webhooks.run(sender, wrap(rewind(to)))

    assert (answer.status, answer.error["code"]) == (403, "proof_too_weak")
    assert "absolute time" in answer.error["hint"]
    assert shop.calls(journal=True) == []


@pytest.mark.parametrize("sender", UNTIMED)
def test_without_a_signed_time_a_write_may_count_from_the_commands_own(
    webhooks: Webhooks, shop: Shop, sender: str
) -> None:
    answer = webhooks.run(sender, rewind("1h", at=shop.now_unix))

    assert (answer.status, answer.json["status"]) == (200, "applied")


@pytest.mark.parametrize("sender", UNTIMED)
@pytest.mark.parametrize("age_s", [72 * 3600, 80 * 3600, None], ids=str)
def test_without_a_signed_time_nothing_is_moved_that_the_journal_may_have_forgotten(
    webhooks: Webhooks, shop: Shop, sender: str, age_s: int | None
) -> None:
    old = {} if age_s is None else {"at": shop.now_unix - age_s}
    shop.calls()

    answer = webhooks.run(sender, rewind("begin", **old))

    assert (answer.status, answer.error["code"]) == (403, "proof_too_weak")
    assert "as at" in answer.error["hint"]
    assert shop.calls(journal=True) == []
    assert webhooks.run(sender, rewind("begin", at=shop.now_unix)).json["status"] == "applied"


@pytest.mark.parametrize("sender", UNTIMED)
def test_without_a_signed_time_no_move_goes_by_a_time_to_come(webhooks: Webhooks, shop: Shop, sender: str) -> None:
    answer = webhooks.run(sender, rewind("begin", at=shop.now_unix + 3600))

    assert (answer.status, answer.error["code"]) == (400, "invalid_command")
    assert shop.writes() == []


@pytest.mark.parametrize("sender", UNTIMED)
def test_without_a_signed_time_a_direct_update_is_written_and_known_again(
    webhooks: Webhooks, shop: Shop, sender: str
) -> None:
    command = {"action": "update_checkpoint", **GROUP, "shard": 0, "checkpoint": shop.cursor(0, -700)}

    assert [webhooks.run(sender, command).json["status"] for _ in range(2)] == ["applied", "duplicate"]
    assert len(shop.writes()) == 1


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("sender", UNTIMED)
def test_without_a_signed_time_a_plan_may_count_from_now(webhooks: Webhooks, sender: str) -> None:
    assert webhooks.run(sender, rewind("1h", dry_run=True)).json["status"] == "planned"


@pytest.mark.parametrize("sender", UNTIMED)
def test_without_a_signed_time_a_plan_is_applied_and_undone(webhooks: Webhooks, shop: Shop, sender: str) -> None:
    plan = webhooks.run(sender, rewind({"shift": -100}, dry_run=True))

    applied = webhooks.run(sender, plan.json["next"][0])
    undo = {"action": "undo", **GROUP, "operation_id": applied.json["operation_id"], "dry_run": False}
    undone = webhooks.run(sender, undo)

    assert (applied.json["status"], undone.json["status"]) == ("applied", "applied")
    assert shop.checkpoints()[0] == shop.cursor(0, -600)


def test_on_a_signature_nothing_is_written_where_nothing_would_know_it_again(
    webhooks: Webhooks, make_functions: MakeFunctions, shop: Shop
) -> None:
    settings = {"REWIND_JOURNAL": "", "REWIND_POLICY": str(WEBHOOK_POLICY)}
    command = {"action": "update_checkpoint", **GROUP, "shard": 0, "checkpoint": shop.cursor(0, -700)}

    with make_functions(settings={**settings, "REWIND_WEBHOOK_SECRETS": json.dumps(webhooks.known)}) as functions:
        forgetful = Webhooks(functions, webhooks.known, "")
        answers = [forgetful.run(sender, command) for sender in (*UNTIMED, *TIMED)]

    assert TIMED[0] == "bearer"
    signed = len(UNTIMED) + len(TIMED) - 1
    codes = [answer.error["code"] for answer in answers if answer.error]
    assert codes == ["journal_required"] * signed
    assert [answer.json["status"] for answer in answers if answer.error is None] == ["applied"]
    assert len(shop.writes()) == 1


@pytest.mark.parametrize("sender", TIMED)
def test_with_a_signed_time_a_write_may_count_from_now(webhooks: Webhooks, shop: Shop, sender: str) -> None:
    answer = webhooks.run(sender, rewind({"shift": -100}))

    assert (answer.status, answer.json["status"]) == (200, "applied")
    assert shop.checkpoints()[0] == shop.cursor(0, -700)


def test_a_captured_body_of_github_sent_again_under_a_new_delivery_id_is_a_duplicate(
    webhooks: Webhooks, shop: Shop
) -> None:
    body = json.dumps(rewind("1h", at=shop.now_unix)).encode()
    headers = webhooks.senders["github"].sign(body, 0)
    first = webhooks.post(headers, body)
    shop.commit(0, shop.cursor(0, -5), ago_s=3600)
    writes = len(shop.writes())

    again = webhooks.post({**headers, "X-GitHub-Delivery": "new", "Idempotency-Key": "new", "webhook-id": "new"}, body)

    assert (first.json["status"], again.status, again.json["status"]) == ("applied", 200, "duplicate")
    assert again.json["operation_id"] == first.json["operation_id"]
    assert (shop.checkpoints()[0], len(shop.writes())) == (shop.cursor(0, -5), writes)


@pytest.mark.parametrize("sender", ["standard", "grafana", "grafana with time"])
def test_a_captured_request_sent_again_is_a_duplicate(webhooks: Webhooks, shop: Shop, sender: str) -> None:
    body = json.dumps(rewind("1h", at=shop.now_unix)).encode()
    headers = webhooks.senders[sender].sign(body, int(time.time()))
    first = webhooks.post(headers, body)
    shop.commit(0, shop.cursor(0, -5), ago_s=3600)

    again = webhooks.post({**headers, "Idempotency-Key": "another"}, body)

    assert (first.json["status"], again.json["status"]) == ("applied", "duplicate")
    assert shop.checkpoints()[0] == shop.cursor(0, -5)


def test_a_redelivered_message_of_standard_webhooks_is_a_duplicate_though_signed_anew(
    webhooks: Webhooks, shop: Shop
) -> None:

    body, now_unix = json.dumps(rewind({"shift": -100})).encode(), int(time.time())
    secret = webhooks.known["hooks"][0]

    tries = [webhooks.post(standard_message(secret, "msg_1", body, now_unix - ago_s), body) for ago_s in (60, 0)]

    assert [answer.json["status"] for answer in tries] == ["applied", "duplicate"]
    assert shop.checkpoints()[0] == shop.cursor(0, -700)


def test_a_token_in_the_url_is_good_for_reads_and_plans(webhooks: Webhooks, shop: Shop) -> None:
    path, commands = f"/cloudmonitor/{webhooks.url_token}", [DESCRIBE, rewind("1h", dry_run=True)]

    answers = [webhooks.post({}, json.dumps(command).encode(), path=path) for command in commands]

    assert [answer.json["status"] for answer in answers] == ["read", "planned"]
    assert shop.writes() == []


@pytest.mark.parametrize("wrap", [dict, lambda command: batch(DESCRIBE, command)], ids=["alone", "batch"])
@pytest.mark.parametrize("action", ["rewind", "update_consumer_group", "apply", "resume", "snapshot"])
def test_a_token_in_the_url_is_good_for_no_write(
    webhooks: Webhooks,
    shop: Shop,
    action: str,
    wrap: Any,  # noqa: ANN401 -- command to command
) -> None:
    command: dict[str, Any] = {
        "rewind": rewind(shop.now_unix - 3600),
        "update_consumer_group": {"action": action, **GROUP, "timeout": 99},
        "apply": {"action": action, "plan_id": "a" * 10},
        "resume": {"action": action, **GROUP, "operation_id": "a" * 16},
        "snapshot": {"action": action, **GROUP},
    }[action]
    shop.calls()

    answer = webhooks.post({}, json.dumps(wrap(command)).encode(), path=f"/cloudmonitor/{webhooks.url_token}")

    assert (answer.status, answer.error["code"]) == (403, "proof_too_weak")
    assert shop.calls(journal=True) == []


@pytest.mark.parametrize("end", ["", "x", "x" * 40, "{token}x", "{token}/", "{token}%20", "{token}/../", "%7Btoken%7D"])
def test_a_wrong_token_in_the_url_is_nobodys(webhooks: Webhooks, shop: Shop, end: str) -> None:
    path = "/command/cloudmonitor/" + end.format(token=webhooks.url_token)
    shop.calls()

    answer = webhooks.functions.send("POST", path, {}, json.dumps(DESCRIBE).encode())

    assert answer.status in {401, 404}
    assert shop.calls(journal=True) == []


def test_a_token_of_the_url_proves_nothing_elsewhere(webhooks: Webhooks) -> None:
    token, body = webhooks.url_token, json.dumps(DESCRIBE).encode()

    assert webhooks.post({"Authorization": f"Bearer {token}"}, body).status == 401
    assert webhooks.post({}, body, path=f"?token={token}").status == 401
