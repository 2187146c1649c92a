import json
import secrets as random_secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.plugin import MakeFunctions
from tests.functions.schedules import Scheduler
from tests.functions.shop import Shop
from tests.functions.watched import WatchedStandIn

POLICY = """
[targets.orders]
project = "shop"
logstore = "orders"
consumer_group = "billing"

[[rules]]
principals = ["webhook:local"]
actions = ["*"]
targets = ["shop/orders/*"]

[[rules]]
principals = ["webhook:reader"]
actions = ["describe"]
targets = ["shop/orders/*"]
"""
NARROW = """
[[rules]]
principals = ["webhook:narrow"]
actions = ["doctor", "describe"]
targets = ["shop/payroll/*"]
"""
COMMAND = {"action": "doctor"}
UNAUTHORIZED = {"kind": "error", "status": 401, "error_code": "Unauthorized", "times": 1000}
ACTIONS = {
    "ListShards": "log:ListShards",
    "GetLogStore": "log:GetLogStore",
    "GetCursor": "log:GetCursorOrData",
    "ListConsumerGroup": "log:ListConsumerGroup",
    "GetCheckPoint": "log:GetConsumerGroupCheckPoint",
    "UpdateCheckPoint": "log:ConsumerGroupUpdateCheckPoint",
    "UpdateConsumerGroup": "log:UpdateConsumerGroup",
}
_WRITES = {"UpdateCheckPoint", "UpdateConsumerGroup", "PutLogs"}


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("doctor") / "policy.toml"
    path.write_text(POLICY, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def clinic(functions: FunctionCaller, make_functions: MakeFunctions, policy: str) -> Iterator[FunctionCaller]:
    """The functions with a policy that names one group by an alias, and its Logstore by a glob.

    The logs of `functions` come first in the evidence, and are looked for there.
    """
    assert functions.url
    with make_functions(settings={"REWIND_POLICY": policy}) as made:
        yield made


def told(answer: Answer, status: str) -> dict[str, Any]:
    """Return the checks of a status, by name; of several with one name the last."""
    return {check["check"]: check for check in answer.json["checks"] if check["status"] == status}


@pytest.mark.usefixtures("shop")
def test_doctor_finds_nothing_wrong_where_nothing_is(clinic: FunctionCaller) -> None:
    answer = clinic.run(COMMAND)

    assert (answer.status, answer.json["status"], told(answer, "failed")) == (200, "read", {})
    assert {"settings", "secrets", "reach shop", "clock", "rights shop/orders", "journal"} <= told(answer, "ok").keys()
    assert "rights shop/orders/billing" in told(answer, "ok")


def test_doctor_changes_nothing(clinic: FunctionCaller, shop: Shop, sls: WatchedStandIn) -> None:
    project, logstore = sls.journal.split("/")
    before = shop.state(), sls.control("state", project=project, logstore=logstore)

    clinic.run(COMMAND)

    assert (shop.state(), sls.control("state", project=project, logstore=logstore)) == before
    writes = [call for call in shop.calls(journal=True) if call["operation"] in _WRITES]
    assert {call["operation"] for call in writes} == _WRITES
    assert not [call for call in writes if call["status"] == 200]


@pytest.mark.parametrize("operation", ACTIONS)
def test_doctor_names_the_denied_action_and_its_resource(clinic: FunctionCaller, shop: Shop, operation: str) -> None:
    shop.fault({"operation": operation, "logstore": "orders", **UNAUTHORIZED})

    answer = clinic.run(COMMAND)

    (failed,) = told(answer, "failed").values()
    assert answer.status == 502
    assert answer.error["code"] == "checks_failed"
    assert failed["check"].startswith("rights shop/orders")
    assert failed["message"].startswith(f"{ACTIONS[operation]} is denied on acs:log:*:*:project/shop/logstore/orders")
    assert ACTIONS[operation] in failed["hint"]


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("ListShards", "log:ListShards"),
        ("GetLogStore", "log:GetLogStore"),
        ("GetCursor", "log:GetCursorOrData"),
        ("PutLogs", "log:PostLogStoreLogs"),
    ],
)
def test_doctor_names_the_right_that_the_journal_lacks(
    clinic: FunctionCaller, shop: Shop, operation: str, action: str
) -> None:
    shop.fault({"operation": operation, "logstore": shop.sls.journal.split("/")[1], **UNAUTHORIZED})

    assert action in told(clinic.run(COMMAND), "failed")["journal"]["message"]


@pytest.mark.parametrize("operation", [*ACTIONS, "PutLogs"])
@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "AccessDenied", "is denied on"),
        (401, "NoPermission", "is denied on"),
        (400, "SomethingElse", "could not be tried"),
        (404, "SomethingElse", "could not be tried"),
    ],
)
def test_an_answer_that_was_not_expected_never_counts_as_allowed(
    clinic: FunctionCaller, shop: Shop, operation: str, status: int, code: str, said: str
) -> None:
    logstore = shop.sls.journal.split("/")[1] if operation == "PutLogs" else "orders"
    fault = {"kind": "error", "status": status, "error_code": code, "times": 1000}
    shop.fault({"operation": operation, "logstore": logstore, **fault})

    messages = [check["message"] for check in clinic.run(COMMAND).json["checks"] if check["status"] == "failed"]

    assert [message for message in messages if said in message and code in message]
    assert not [message for message in messages if " 0 shards" in message]


@pytest.mark.parametrize(
    ("status", "code"), [(500, "InternalServerError"), (503, "ServerBusy"), (403, "ReadQuotaExceed")]
)
def test_an_sls_that_fails_is_not_reached(clinic: FunctionCaller, shop: Shop, status: int, code: str) -> None:
    shop.fault({"operation": "*", "kind": "error", "status": status, "error_code": code, "times": 1000})

    answer = clinic.run(COMMAND)

    assert code in told(answer, "failed")["reach shop"]["message"]
    assert {"rights shop", "journal"} <= told(answer, "skipped").keys()


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ("shop/orders/pay*", "no consumer group matches"),
        ("shop/*/billing", "a glob names no project or no Logstore"),
        ("ware*/orders/billing", "a glob names no project or no Logstore"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_doctor_tells_every_glob_whose_rights_were_not_tried(
    make_functions: MakeFunctions, tmp_path: Path, targets: str, said: str
) -> None:
    text = (
        f'[[rules]]\nprincipals = ["webhook:local"]\nactions = ["*"]\ntargets = ["shop/orders/billing", "{targets}"]\n'
    )
    (tmp_path / "policy.toml").write_text(text, encoding="utf-8")
    with make_functions(settings={"REWIND_POLICY": str(tmp_path / "policy.toml")}) as functions:
        answer = functions.run(COMMAND)

    assert said in told(answer, "skipped")[f"rights {targets}"]["message"]
    assert "rights shop/orders/billing" in told(answer, "ok")


def test_doctor_tells_a_target_that_does_not_exist(clinic: FunctionCaller, sls: WatchedStandIn) -> None:
    Shop(sls).add_logstore()

    failed = told(clinic.run(COMMAND), "failed")

    assert "ConsumerGroupNotExist" in failed["rights shop/orders/billing"]["message"]


@pytest.mark.usefixtures("sls")
def test_doctor_tells_a_project_that_does_not_exist(clinic: FunctionCaller) -> None:
    failed = told(clinic.run(COMMAND), "failed")

    assert "ProjectNotExist" in failed["reach shop"]["message"]
    assert "region" in failed["reach shop"]["hint"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("SignatureNotMatch", "The signature we calculated is not equal to the one you gave."),
        ("Unauthorized", "AccessKeyId not found: local-access-key-id"),
        ("Unauthorized", "AccessKeyId is disabled: local-access-key-id"),
        ("Unauthorized", "The AccessKeyId is unauthorized."),
        ("Unauthorized", "The security token you provided has expired."),
        ("Unauthorized", "The project does not belong to you."),
        ("Unauthorized", "Your SLS service has been forbidden."),
    ],
)
def test_an_sls_that_refuses_whatever_is_asked_is_not_taken_for_missing_rights(
    clinic: FunctionCaller, shop: Shop, code: str, words: str
) -> None:
    shop.fault({"operation": "*", **UNAUTHORIZED, "error_code": code, "message": words})

    answer = clinic.run(COMMAND)

    failed = told(answer, "failed")
    assert failed.keys() == {"reach shop", f"reach {shop.sls.journal.split('/')[0]}"}
    assert words in failed["reach shop"]["message"]
    assert "is denied on" not in answer.body.decode()
    assert {"rights shop", "journal"} <= told(answer, "skipped").keys()


def test_a_single_call_that_is_refused_in_other_words_is_no_missing_right(clinic: FunctionCaller, shop: Shop) -> None:
    words = "The project does not belong to you."
    shop.fault({"operation": "GetLogStore", "logstore": "orders", **UNAUTHORIZED, "message": words})

    (failed,) = told(clinic.run(COMMAND), "failed").values()

    assert failed["message"].startswith("GetLogStore could not be tried")
    assert words in failed["message"]


@pytest.mark.parametrize("words", ["denied by sts or ram, action: log:ListShards", "Denied by STS or RAM"])
def test_a_denial_is_recognized_however_it_is_spelled(clinic: FunctionCaller, shop: Shop, words: str) -> None:
    shop.fault({"operation": "*", "logstore": "orders", **UNAUTHORIZED, "message": words})

    answer = clinic.run(COMMAND)

    assert "rights are told below" in told(answer, "ok")["reach shop"]["message"]
    assert "log:ListShards is denied on" in "".join(check["message"] for check in answer.json["checks"])


def test_sls_words_are_never_told_at_any_length(clinic: FunctionCaller, shop: Shop) -> None:
    shop.fault({"operation": "*", **UNAUTHORIZED, "message": "The project does not belong to you. " * 1000})

    message = told(clinic.run(COMMAND), "failed")["reach shop"]["message"]

    assert len(message) < 1000


@pytest.mark.usefixtures("sls")
def test_doctor_tells_an_sls_that_is_not_there(make_functions: MakeFunctions, policy: str) -> None:
    with make_functions(settings={"REWIND_POLICY": policy, "REWIND_ENDPOINT": "http://127.0.0.1:9"}) as functions:
        answer = functions.run(COMMAND)

    assert "could not connect" in told(answer, "failed")["reach shop"]["message"]
    assert told(answer, "skipped").keys() == {"clock", "journal", "rights shop", "worker"}


@pytest.mark.parametrize(("skew_s", "status"), [(0, "ok"), (300, "warning"), (-300, "warning"), (1800, "failed")])
def test_doctor_judges_the_clock_by_what_sls_refuses(
    clinic: FunctionCaller, shop: Shop, skew_s: int, status: str
) -> None:
    shop.sls.control("clock", {"unix": None, "skew_s": skew_s})

    assert "clock" in told(clinic.run(COMMAND), status)


@pytest.mark.usefixtures("shop")
def test_doctor_tells_a_journal_that_is_no_lock(
    make_functions: MakeFunctions, sls: WatchedStandIn, policy: str
) -> None:
    sls.control("logstores", {"project": "shop", "logstore": "ledger", "shards": 2, "log_groups": 0, "ttl_days": 2})
    with make_functions(settings={"REWIND_POLICY": policy, "REWIND_JOURNAL": "shop/ledger"}) as functions:
        answer = functions.run(COMMAND)
    messages = [check["message"] for check in answer.json["checks"] if check["check"] == "journal"]

    assert len(messages) == 2
    assert "2 shards" in messages[0]
    assert "2 days" in messages[1]


@pytest.mark.usefixtures("shop")
def test_doctor_tells_a_journal_that_does_not_exist(make_functions: MakeFunctions, policy: str) -> None:
    with make_functions(settings={"REWIND_POLICY": policy, "REWIND_JOURNAL": "shop/nowhere"}) as functions:
        failed = told(functions.run(COMMAND), "failed")

    assert "python -m shared.journal create" in failed["journal"]["hint"]


@pytest.mark.usefixtures("shop")
def test_doctor_tells_records_that_others_wrote(clinic: FunctionCaller, sls: WatchedStandIn) -> None:
    project, logstore = sls.journal.split("/")
    sls.control("append", {"project": project, "logstore": logstore, "shard": 0, "count": 3, "at_unix": time.time()})

    assert "3 records" in told(clinic.run(COMMAND), "warning")["journal"]["message"]


@pytest.mark.usefixtures("shop")
def test_doctor_without_a_journal_says_what_works(make_functions: MakeFunctions, policy: str) -> None:
    with make_functions(settings={"REWIND_POLICY": policy, "REWIND_JOURNAL": ""}) as functions:
        answer = functions.run(COMMAND)

    assert answer.status == 200
    assert "REWIND_JOURNAL is not set" in told(answer, "warning")["settings"]["message"]


def test_doctor_tries_no_write_where_all_writes_are_frozen(
    make_functions: MakeFunctions, shop: Shop, policy: str
) -> None:
    with make_functions(settings={"REWIND_POLICY": policy, "REWIND_READ_ONLY": "1"}) as functions:
        answer = functions.run(COMMAND)

    assert answer.status == 200
    assert not {call["operation"] for call in shop.calls()} & _WRITES


@pytest.mark.usefixtures("shop")
def test_doctor_tells_callers_without_a_rule_and_never_their_secrets(
    clinic: FunctionCaller, tokens: dict[str, str]
) -> None:
    answer = clinic.run(COMMAND)
    messages = [check["message"] for check in answer.json["checks"] if check["check"] == "callers"]

    assert "webhook:stranger can prove itself, but no rule names it" in messages
    assert not [token for token in tokens.values() if token.encode() in answer.body]


def test_doctor_needs_a_rule_that_names_it(clinic: FunctionCaller, shop: Shop) -> None:
    assert clinic.run(COMMAND, caller="reader").error["code"] == "denied_by_policy"
    assert clinic.run(COMMAND, caller="stranger").error["code"] == "denied_by_policy"
    assert shop.calls() == []


@pytest.fixture(scope="module")
def shared_clinic(clinic: FunctionCaller, make_functions: MakeFunctions, policy: str) -> Iterator[FunctionCaller]:
    """The functions with one more caller, who may ask the doctor of one Logstore alone."""
    assert clinic.url
    path = Path(policy).with_name("narrow.toml")
    path.write_text(POLICY + NARROW, encoding="utf-8")
    with make_functions(settings={"REWIND_POLICY": str(path)}) as made:
        yield made


@pytest.mark.usefixtures("shop")
def test_doctor_looks_only_at_targets_that_the_callers_rules_cover(shared_clinic: FunctionCaller) -> None:
    checks = shared_clinic.run(COMMAND, caller="narrow").json["checks"]

    assert [check["check"] for check in checks if check["check"].startswith("rights")] == ["rights shop/payroll"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("caller", ["narrow", "local"])
def test_doctor_names_no_other_caller_to_whom_not_every_target_is_open(
    shared_clinic: FunctionCaller, caller: str
) -> None:
    answer = shared_clinic.run(COMMAND, caller=caller)

    (callers,) = [check for check in answer.json["checks"] if check["check"] == "callers"]
    assert (callers["status"], callers["message"].partition(",")[0]) == ("warning", "3 findings")
    assert "webhook:" not in answer.body.decode()


@pytest.mark.usefixtures("shop")
def test_doctor_is_a_command_of_its_own(clinic: FunctionCaller) -> None:
    answer = clinic.run({"action": "batch", "commands": [COMMAND]})

    assert answer.status == 400
    assert "commands[0].action: a batch cannot hold a doctor" in answer.error["message"]


@pytest.mark.usefixtures("sls")
def test_a_broken_policy_denies_the_doctor_too(make_functions: MakeFunctions, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("rules = 3", encoding="utf-8")
    with make_functions(settings={"REWIND_POLICY": str(tmp_path / "policy.toml")}) as functions:
        assert functions.run(COMMAND).status == 403


@pytest.mark.usefixtures("shop")
def test_doctor_names_a_weak_secret_by_its_caller_and_never_shows_it(
    make_functions: MakeFunctions, policy: str, evidence: Evidence
) -> None:
    strong, weak = random_secrets.token_urlsafe(32), "hgfedcba" * 4
    for secret in (strong, weak):
        evidence.add_secret("a webhook's secret", secret)
    secrets = json.dumps({"local": strong, "weak": weak})
    with make_functions(settings={"REWIND_POLICY": policy, "REWIND_WEBHOOK_SECRETS": secrets}) as functions:
        answer = functions.run(COMMAND, Authorization=f"Bearer {strong}")

    assert told(answer, "failed")["secrets"]["message"].startswith("REWIND_WEBHOOK_SECRETS: a secret of weak: ")
    assert not [secret for secret in (strong, weak, "hgfedcba") if secret in answer.body.decode()]


def test_a_timer_may_ask_the_doctor_every_night(scheduler: Scheduler, shop: Shop) -> None:
    sound = scheduler.deliver(COMMAND, at_unix=time.time())
    shop.fault({"operation": "GetLogStore", **UNAUTHORIZED})
    ill = scheduler.deliver(COMMAND, at_unix=time.time() + 1)

    assert (sound.status, sound.document["action"]) == ("read", "doctor")
    assert ill.failed
    assert "checks_failed" in ill.message


@pytest.mark.usefixtures("shop")
def test_doctor_says_why_a_function_that_hands_nothing_over_did_not_try_the_worker(clinic: FunctionCaller) -> None:
    skipped = told(clinic.run(COMMAND), "skipped")["worker"]

    assert skipped["message"].startswith("fc:InvokeFunction was not tried: no REWIND_WORKER_KEY here")
    assert "`doctor` in a chat" in skipped["hint"]


@pytest.mark.usefixtures("shop")
def test_doctor_does_not_try_an_alias_that_no_rule_covers(make_functions: MakeFunctions, tmp_path: Path) -> None:
    alias = '[targets.payroll]\nproject = "shop"\nlogstore = "payroll"\nconsumer_group = "wages"\n'
    (tmp_path / "policy.toml").write_text(alias + POLICY, encoding="utf-8")
    with make_functions(settings={"REWIND_POLICY": str(tmp_path / "policy.toml")}) as functions:
        answer = functions.run(COMMAND)

    assert answer.status == 200
    assert "rights shop/payroll" not in answer.body.decode()


@pytest.mark.usefixtures("shop")
def test_doctor_says_that_no_right_was_tried_where_no_logstore_is_named(
    make_functions: MakeFunctions, tmp_path: Path
) -> None:
    text = '[[rules]]\nprincipals = ["webhook:local"]\nactions = ["*"]\ntargets = ["shop/*/*"]\n'
    (tmp_path / "policy.toml").write_text(text, encoding="utf-8")
    with make_functions(settings={"REWIND_POLICY": str(tmp_path / "policy.toml")}) as functions:
        answer = functions.run(COMMAND)

    assert "reach shop" in told(answer, "ok")
    assert "no right was tried" in told(answer, "skipped")["rights"]["message"]
