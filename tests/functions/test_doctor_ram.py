"""What each function calls is what the policy of its role allows, no less and no more."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from shared.doctor.ram import Installation, ram_policies
from shared.sls.rights import RIGHTS
from tests.functions.caller import FunctionCaller
from tests.functions.chats import MakeSlack, SlackChannel
from tests.functions.plugin import MakeFunctions
from tests.functions.schedules import Scheduler
from tests.functions.shop import Shop

GROUP = {"project": "shop", "logstore": "orders", "consumer_group": "billing"}
LOGSTORE = {"project": "shop", "logstore": "orders"}
POLICY = """
[[rules]]
principals = ["webhook:local"]
actions = ["*"]
targets = ["shop/orders/billing"]
"""
# What no run against an SLS stand-in can show, with where it is shown.
NOT_OF_SLS = {
    "fc:InvokeFunction": "test_chat_hand_over.py: chatops and the worker hand over to the worker; test_ram.py pins it"
}
REGION, ACCOUNT = "cn-hangzhou", "1234567890123456"

Used = set[tuple[str, str]]
Run = Callable[..., Any]


def installation(shop: Shop) -> Installation:
    project, logstore = shop.sls.journal.split("/")
    targets = (("shop", "orders", "billing"),)
    return Installation(REGION, ACCOUNT, targets, (project, logstore), moved=targets, changed=targets)


def used(shop: Shop) -> Used:
    """Return the actions that calls needed, each with its resource."""
    journal_project, journal_logstore = shop.sls.journal.split("/")
    found = set()
    for call in shop.calls(journal=True):
        logstore = call["logstore"]
        project = journal_project if logstore == journal_logstore else "shop"
        right = RIGHTS[call["operation"]]
        found.add((right.action, right.resource(REGION, ACCOUNT, project, logstore, call["consumer_group"] or "*")))
    return found


def granted(document: Mapping[str, Any]) -> Used:
    pairs = [(action, name) for s in document["Statement"] for action in s["Action"] for name in s["Resource"]]
    return {(action, name) for action, name in pairs if action not in NOT_OF_SLS}


def is_covered(action: str, resource: str, document: Mapping[str, Any]) -> bool:
    return any(action == allowed and fnmatchcase(resource, name) for allowed, name in granted(document))


def reads(run: Run) -> None:
    """Carry out everything that reads and previews."""
    run({"action": "list_consumer_groups", **LOGSTORE})
    run({"action": "describe", **GROUP})
    run({"action": "peek", "shard": 0, **GROUP})
    run({"action": "history", **GROUP})
    run({"action": "snapshot", **GROUP})
    run({"action": "update_consumer_group", "timeout": 90, "dry_run": True, **GROUP})
    for goal in ("30m", "begin", "end", {"shift": -10}):
        run({"action": "seek", "to": goal, **GROUP})


def writes(run: Run, shop: Shop) -> None:
    """Carry out everything that writes."""
    planned = run({"action": "rewind", "to": "30m", **GROUP})
    applied = run(planned["next"][0])
    operation = {"operation_id": applied["operation_id"], **GROUP}
    run({"action": "verify", **operation})
    run({"action": "undo", "dry_run": False, **operation})
    run({"action": "update_consumer_group", "timeout": 90, **GROUP})
    run({"action": "update_checkpoint", "shard": 0, "checkpoint": shop.cursor(0, 5), **GROUP})
    shop.fault({"operation": "UpdateCheckPoint", "kind": "error", "status": 400, "error_code": "ParameterInvalid"})
    partial = run({"action": "rewind", "to": "1h", "dry_run": False, **GROUP}, must=False)
    run({"action": "resume", "operation_id": partial["operation_id"], **GROUP}, must=False)
    run({"action": "abandon", "operation_id": partial["operation_id"], **GROUP}, must=False)


def runner(functions: FunctionCaller) -> Run:
    def run(command: dict[str, object], *, must: bool = True) -> Any:  # noqa: ANN401 -- any JSON document
        answer = functions.run(command)
        assert answer.json["ok"] or not must, answer.json["error"]
        return answer.json

    return run


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ram") / "policy.toml"
    path.write_text(POLICY, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def command(functions: FunctionCaller, make_functions: MakeFunctions, policy: str) -> Iterator[FunctionCaller]:
    """The command function where policy.toml names one group.

    The logs of `functions` come first in the evidence, and are looked for there.
    """
    assert functions.url
    with make_functions(settings={"REWIND_POLICY": policy}) as made:
        yield made


def by_command(command: FunctionCaller, shop: Shop) -> Used:
    run = runner(command)
    reads(run)
    run({"action": "doctor"}, must=False)
    writes(run, shop)
    return used(shop)


def by_schedule(scheduler: Scheduler, shop: Shop) -> Used:
    commands: dict[str, dict[str, object]] = {
        "nightly": {"action": "rewind", "to": "30m", "dry_run": False},
        "second": {"action": "update_consumer_group", "timeout": 90},
    }
    for trigger, command in commands.items():
        delivered = scheduler.deliver({**command, **GROUP}, at_unix=time.time(), trigger=trigger)
        assert not delivered.failed, delivered.message
    return used(shop)


def by_worker(slack: SlackChannel, shop: Shop) -> Used:
    for text in ("describe orders", "timeout orders 120"):
        slack.say(text)
    slack.click(slack.say("rewind orders 1h"), "apply")
    return used(shop)


def test_the_command_function_needs_no_more_than_the_writer_has(command: FunctionCaller, shop: Shop) -> None:
    document = ram_policies(installation(shop))["writer"]

    assert [need for need in by_command(command, shop) if not is_covered(*need, document)] == []


def test_the_schedule_function_needs_no_more_than_the_writer_has(scheduler: Scheduler, shop: Shop) -> None:
    document = ram_policies(installation(shop))["writer"]

    assert [need for need in by_schedule(scheduler, shop) if not is_covered(*need, document)] == []


def test_the_worker_function_needs_no_more_than_the_writer_has(slack: SlackChannel, shop: Shop) -> None:
    document = ram_policies(installation(shop))["writer"]

    assert [need for need in by_worker(slack, shop) if not is_covered(*need, document)] == []


def test_the_writer_has_nothing_that_no_function_needs(
    command: FunctionCaller, scheduler: Scheduler, slack: SlackChannel, shop: Shop
) -> None:
    document = ram_policies(installation(shop))["writer"]

    needed = by_command(command, shop) | by_schedule(scheduler, shop) | by_worker(slack, shop)

    assert granted(document) - needed == set()


def test_the_reader_has_what_a_function_that_only_reads_needs_and_nothing_else(
    make_functions: MakeFunctions, policy: str, shop: Shop
) -> None:
    document = ram_policies(installation(shop))["reader"]
    with make_functions(settings={"REWIND_POLICY": policy, "REWIND_READ_ONLY": "1"}) as functions:
        reads(runner(functions))
        functions.run({"action": "doctor"})
        refused = functions.run({"action": "rewind", "to": "1h", "dry_run": False, **GROUP})
    needed = used(shop)

    assert refused.error["code"] == "read_only"
    assert [need for need in needed if not is_covered(*need, document)] == []
    assert granted(document) - needed == set()


def test_chatops_calls_sls_never(make_slack: MakeSlack, shop: Shop) -> None:
    with make_slack(REWIND_WORKER_FUNCTION="nobody") as slack:
        answers = [slack.send(slack.command(text)) for text in ("help", "describe orders", "rewind orders 1h")]

    assert {answer.status for answer in answers} == {200}
    assert shop.calls(journal=True) == []
    assert granted(ram_policies(installation(shop))["chatops"]) == set()


def test_making_the_journal_needs_no_more_than_deploying_has(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from shared.journal.__main__ import main  # noqa: PLC0415 -- the one test that needs it

    sls = shop.sls
    for name, value in {
        "REWIND_REGION": sls.region,
        "REWIND_ENDPOINT": sls.url,
        "REWIND_JOURNAL": "shop/fresh-journal",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": sls.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sls.access_key_secret,
    }.items():
        monkeypatch.setenv(name, value)
    assert [main(["create"]), main(["create"])] == [0, 0]
    of = Installation(REGION, ACCOUNT, (), ("shop", "fresh-journal"))
    document = ram_policies(of)["deploy"]

    def resource(call: Mapping[str, Any]) -> tuple[str, str]:
        right = RIGHTS[call["operation"]]
        return right.action, right.resource(REGION, ACCOUNT, "shop", call["logstore"] or "fresh-journal", "")

    needed = {resource(call) for call in shop.calls(journal=True)}
    assert capsys.readouterr().err == ""
    assert [need for need in needed if not is_covered(*need, document)] == []
    assert {pair for pair in granted(document) if pair[0].startswith("log:")} - needed == set()


def test_every_policy_of_docs_is_json_that_ram_takes() -> None:
    folder = Path(__file__).resolve().parents[2] / "docs/ram"
    for path in folder.glob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        assert document["Version"] == "1"
        assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}
