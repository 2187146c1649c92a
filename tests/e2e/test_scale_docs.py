"""What docs/scale.md says of fleets is done as it stands there, against the local environment."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.execution.parallel import POOL_WIDTH
from shared.policy.rules import Limits
from shared.sls.retries import MAX_TRIES
from tests.bench.rewind import calls_needed
from tests.e2e.template_rendering import render
from tests.functions.caller import Answer, FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.shop import HOUR_S, Shop, iso_utc
from tests.functions.watched import WatchedStandIn
from tests.local.environment import CHECKOUT, LocalEnvironment
from tests.local.fc.asynchronous import AsyncResult
from tests.local.fc.gateway import GatewayOptions

DOCUMENT = (CHECKOUT / "docs/scale.md").read_text(encoding="utf-8")
PROPS: Mapping[str, Any] = {name: one["props"] for name, one in render()["resources"].items()}
(POLICY,) = re.findall(r"```toml\n(.*?)```", DOCUMENT, flags=re.DOTALL)
REQUESTS = re.findall(r"```http\nPOST (\S+)\n(.*?)```\s+```json\n(.*?)```", DOCUMENT, flags=re.DOTALL)
PREVIEW, WRITE, COMMAND = range(3)
GROUPS = sorted(set(re.findall(r"shop/orders/([\w-]+)", "".join(body for _, _, body in REQUESTS))))
SHARDS = range(4)
PATIENCE_S = 60
# What whoever sends through `command` has beside the document's rule.
WEBHOOK_RULE = '[[rules]]\nprincipals = ["webhook:local"]\nactions = ["*"]\ntargets = ["shop/orders/*"]\n'


class Fleet:
    """The local environment with the groups that the document names, its policy, and its requests."""

    def __init__(self, shop: Shop, environment: LocalEnvironment, evidence: Evidence) -> None:
        self.shop = shop
        self._environment = environment
        self._functions = FunctionCaller(environment.url, {"local": environment.bearer}, evidence)
        self._trigger_time = iso_utc(time.time())

    def send(self, number: int, *, task_id: str | None = None, **event: object) -> Answer:
        """Return the answer to one of the document's requests; a firing's time is that of the test."""
        path, lines, body = REQUESTS[number]
        headers = dict(line.split(": ", 1) for line in lines.splitlines())
        if "Authorization" in headers:
            headers["Authorization"] = f"Bearer {self._environment.bearer}"
        if task_id is not None:
            headers["X-Fc-Async-Task-Id"] = task_id
        told: dict[str, object] = json.loads(body)
        if "triggerTime" in told:
            told = {**told, "triggerTime": self._trigger_time, **event}
        return self._functions.send("POST", path, headers, json.dumps(told).encode())

    def outcome(self) -> AsyncResult:
        """Return how the last asynchronous invocation ended, once it has."""
        self._environment.gateway.wait_idle(PATIENCE_S)
        return self._environment.gateway.async_results[-1]

    def written(self) -> int:
        """Return how many checkpoints were written."""
        return len(self.shop.writes())


@pytest.fixture
def fleet(world_evidence: Evidence, tmp_path: Path) -> Iterator[Fleet]:
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY + WEBHOOK_RULE, encoding="utf-8")
    with WatchedStandIn(world_evidence) as sls:
        shop = Shop(sls)
        shop.add_logstore(shards=len(SHARDS))
        for group in GROUPS:
            shop.add_group(group)
            for shard in SHARDS:
                shop.commit(shard, shop.end(shard), group=group, ago_s=HOUR_S)
        environment = LocalEnvironment(
            sls,
            environ={},
            settings={"REWIND_POLICY": str(policy)},
            logs=world_evidence.new_logs(),
            options=GatewayOptions(retry_delay_s=0.01),
        )
        world_evidence.add_secret("a bearer token", environment.bearer)
        with environment, shop.caller:
            yield Fleet(shop, environment, world_evidence)


def result_of(ended: AsyncResult) -> Any:  # noqa: ANN401 -- any JSON document
    """Return a function's result, or what an HTTP function answered with."""
    assert ended.invocation is not None
    told = json.loads(ended.invocation.payload)
    return json.loads(told["body"]) if "statusCode" in told else told


def test_the_preview_answers_with_a_plan_for_each_group_and_writes_nothing(fleet: Fleet) -> None:
    answer = fleet.send(PREVIEW)

    assert (answer.status, answer.json["status"]) == (200, "planned")
    assert [part["target"]["consumer_group"] for part in answer.json["results"]] == GROUPS
    assert fleet.written() == 0


def test_a_batch_is_accepted_and_every_group_of_it_moved(fleet: Fleet) -> None:
    accepted = fleet.send(WRITE)
    ended = fleet.outcome()

    assert accepted.status == 202
    assert (ended.status, ended.attempts, result_of(ended)["status"]) == ("succeeded", 1, "applied")
    assert fleet.written() == len(GROUPS) * len(SHARDS)


def test_the_same_task_is_refused_and_the_same_event_under_another_task_id_moves_nothing(fleet: Fleet) -> None:
    fleet.send(WRITE)
    fleet.outcome()

    assert fleet.send(WRITE).status == 409
    assert fleet.send(WRITE, task_id="incident-4711-batch-07-again").status == 202
    assert {part["status"] for part in result_of(fleet.outcome())["results"]} == {"duplicate"}
    assert fleet.written() == len(GROUPS) * len(SHARDS)


def test_what_policy_wants_confirmed_is_applied_from_the_previews_next(fleet: Fleet) -> None:
    applies = [part["next"][0] for part in fleet.send(PREVIEW).json["results"]]

    fleet.send(WRITE, payload=json.dumps({"commands": applies}))

    assert {part["action"] for part in applies} == {"apply"}
    assert result_of(fleet.outcome())["status"] == "applied"
    assert fleet.written() == len(GROUPS) * len(SHARDS)


def test_a_batch_that_fails_is_tried_as_often_as_the_document_says_and_fails_for_fc(fleet: Fleet) -> None:
    fleet.send(WRITE, triggerName="another-4711")
    ended = fleet.outcome()

    retries = PROPS["schedule"]["asyncInvokeConfig"]["maxAsyncRetryAttempts"]
    assert (ended.status, ended.attempts) == ("failed", 1 + retries)
    assert f"`maxAsyncRetryAttempts: {retries}`" in DOCUMENT


@pytest.mark.parametrize(
    ("more", "problem"), [({"at": "2026-11-20T09:30:00Z"}, "at: "), ({"dry_run": None}, "dry_run: missing")]
)
def test_schedule_refuses_what_the_document_says_it_refuses(
    fleet: Fleet, more: dict[str, object], problem: str
) -> None:
    part = {"action": "rewind", "target": f"shop/orders/{GROUPS[0]}", "to": "2h", "dry_run": False, **more}
    given = {key: value for key, value in part.items() if value is not None}

    answer = fleet.send(PREVIEW, payload=json.dumps({"commands": [given]}))

    assert answer.json["errorType"] == "FiringRefusedError"
    assert f"commands[0].{problem}" in answer.json["errorMessage"]


def test_the_same_batch_through_command_is_moved_once_under_its_key(fleet: Fleet) -> None:
    assert fleet.send(COMMAND).status == 202
    assert result_of(fleet.outcome())["status"] == "applied"

    assert fleet.send(COMMAND).status == 409
    assert fleet.send(COMMAND, task_id="again").status == 202
    assert {part["status"] for part in result_of(fleet.outcome())["results"]} == {"duplicate"}
    assert fleet.written() == len(GROUPS) * len(SHARDS)


def test_a_batch_that_fails_in_command_succeeds_for_fc(fleet: Fleet) -> None:
    fleet.shop.fault({"operation": "UpdateCheckPoint", "status": 401, "error_code": "Unauthorized", "times": 999})

    fleet.send(COMMAND)
    ended = fleet.outcome()

    assert (ended.status, ended.attempts, result_of(ended)["ok"]) == ("succeeded", 1, False)
    assert PROPS["command"]["asyncInvokeConfig"]["maxAsyncRetryAttempts"] == 0


@pytest.mark.parametrize("name", ["command", "schedule", "worker"])
def test_fc_looks_at_the_task_ids_of_what_takes_them(name: str) -> None:
    assert PROPS[name]["asyncInvokeConfig"]["asyncTask"] is True


def test_the_document_tells_the_numbers_that_the_code_and_the_template_have() -> None:
    limits, of_journal = Limits(), 6
    reserved = {name: props["concurrencyConfig"]["reservedConcurrency"] for name, props in PROPS.items()}
    for shards in (1, 32, 33, 256):
        assert calls_needed(shards) == 4 * shards + 4 + -(-shards // POOL_WIDTH) + of_journal
    for told in (
        "`4n + 4 + ⌈n/32⌉` calls",
        f"`max_targets` groups ({limits.max_targets}) and `max_shards` shards ({limits.max_shards})",
        f"{limits.max_shards // len(SHARDS)} groups of four shards",
        f"one instance has {POOL_WIDTH} at the most",
        f"up to {['', '', '', '', 'four'][MAX_TRIES]} times in all",
        f"{PROPS['schedule']['asyncInvokeConfig']['maxAsyncEventAgeInSeconds']} s for `schedule`",
        f"| may take | {PROPS['schedule']['timeout']} s | {PROPS['command']['timeout']} s |",
        f"{reserved['schedule']} instances for `schedule`, {reserved['command']} for `command`",
        f"of the {PROPS['schedule']['memorySize']} MB that `command`, `schedule` and `worker` have",
    ):
        assert told in DOCUMENT
    assert len({PROPS[name]["memorySize"] for name in ("command", "schedule", "worker")}) == 1
    assert 200 // (4 * 8 + 4 + 1) == 5
