"""Continuing an operation, or copying from another group, needs the rights that doing it afresh would need."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.functions.caller import Answer, FunctionCaller
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import HOUR_S, Shop

GROUP = {"target": "shop/orders/billing"}
REWIND = {"action": "rewind", **GROUP, "to": {"shift": -100}, "dry_run": False}
REFUSED = {"operation": "UpdateCheckPoint", "times": 99, "status": 403, "error_code": "Unauthorized"}
KEY = "the-only-key"
EVERYTHING = """
[[rules]]
principals = ["webhook:local"]
actions = ["*"]
targets = ["*/*/*"]
"""
POLICY = f"""{EVERYTHING}
[[rules]]
principals = ["webhook:narrow"]
actions = ["rewind", "seek", "resume", "abandon"]
targets = ["shop/orders/billing"]
max_rewind = "1m"

[[rules]]
principals = ["webhook:reader"]
actions = ["describe", "resume", "abandon"]
targets = ["shop/orders/billing"]

[[rules]]
principals = ["webhook:careful"]
actions = ["*"]
targets = ["shop/orders/billing"]
confirm = "same"

[[rules]]
principals = ["webhook:glob"]
actions = ["*"]
targets = ["shop/orders/billing"]
confirm = "other"
approvers = ["webhook:local"]
"""


@pytest.fixture(scope="module")
def with_policy(make_functions: MakeFunctions, tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401 -- a factory
    """Run functions under a policy within a `with` block."""

    def make(policy: str) -> AbstractContextManager[FunctionCaller]:
        path = Path(tmp_path_factory.mktemp("policy")) / "policy.toml"
        path.write_text(policy, encoding="utf-8")
        return make_functions(settings={"REWIND_POLICY": str(path)})

    return make


@pytest.fixture(scope="module")
def guarded(with_policy: Any) -> Iterator[FunctionCaller]:  # noqa: ANN401 -- see `with_policy`
    """Functions whose policy is `POLICY`."""
    with with_policy(POLICY) as made:
        yield made


def half(functions: FunctionCaller, shop: Shop, command: dict[str, Any] = REWIND, **who: Any) -> Answer:  # noqa: ANN401 -- a caller, a key
    """Return the answer to a command of which shard 2 was not written; SLS takes writes again."""
    shop.fault({**REFUSED, "shard": 2})
    answer = functions.run(command, **who)
    shop.fault()
    assert answer.json["status"] == "partial"
    return answer


def of(answer: Answer, action: str) -> dict[str, object]:
    return {"action": action, **GROUP, "operation_id": answer.json["operation_id"]}


@pytest.mark.parametrize("action", ["resume", "abandon"])
def test_continuing_needs_the_right_to_do_what_is_continued(guarded: FunctionCaller, shop: Shop, action: str) -> None:
    first = half(guarded, shop)
    stood = shop.checkpoints()

    answer = guarded.run(of(first, action), caller="reader")

    assert (answer.status, answer.error["code"]) == (403, "denied_by_policy")
    assert shop.checkpoints() == stood


def test_resume_goes_no_further_than_its_callers_limits(guarded: FunctionCaller, shop: Shop) -> None:
    first = half(guarded, shop)
    stood = shop.checkpoints()

    answer = guarded.run(of(first, "resume"), caller="narrow")

    assert (answer.status, answer.error["code"]) == (403, "limit_exceeded")
    assert answer.error["message"].startswith("max_rewind: shard 2 would go backward by ")
    assert shop.checkpoints() == stood
    assert guarded.run(of(first, "resume")).json["status"] == "applied"


def test_resume_of_another_callers_operation_within_ones_own_limits_is_allowed(
    guarded: FunctionCaller, shop: Shop
) -> None:
    (apply,) = guarded.run({**REWIND, "to": {"shift": -30}, "dry_run": True}).json["next"]
    first = half(guarded, shop, apply)

    answer = guarded.run(of(first, "resume"), caller="narrow")

    assert (answer.json["status"], shop.checkpoints()[2]) == ("applied", shop.cursor(2, -630))


@pytest.mark.parametrize("caller", ["careful", "glob"], ids=["same", "other"])
@pytest.mark.parametrize("fails", [[2], [0, 1, 2]], ids=["unfinished", "failed"])
def test_who_must_confirm_does_not_resume_what_others_began(
    guarded: FunctionCaller, shop: Shop, caller: str, fails: list[int]
) -> None:
    shop.fault(*({**REFUSED, "shard": shard} for shard in fails))
    first = guarded.run(REWIND)
    shop.fault()
    stood = shop.checkpoints()

    answer = guarded.run(of(first, "resume"), caller=caller)

    assert (answer.status, answer.error["code"]) == (403, "confirmation_required")
    assert shop.checkpoints() == stood


def test_who_must_confirm_resumes_what_they_confirmed(guarded: FunctionCaller, shop: Shop) -> None:
    (apply,) = guarded.run({**REWIND, "dry_run": True}, caller="careful").json["next"]
    first = half(guarded, shop, apply, caller="careful")

    answer = guarded.run(of(first, "resume"), caller="careful")

    assert (answer.json["status"], shop.checkpoints()[2]) == ("applied", shop.cursor(2, -700))


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        (f'[limits]\nmax_rewind = "1m"\n{EVERYTHING}', "limit_exceeded"),
        (f'{EVERYTHING}confirm = "same"\n', "confirmation_required"),
        (EVERYTHING.replace('["*"]', '["describe", "resume"]'), "denied_by_policy"),
    ],
    ids=["limit", "confirm", "right"],
)
def test_a_repetition_is_held_to_the_policy_of_its_moment(
    functions: FunctionCaller,
    with_policy: Any,  # noqa: ANN401 -- see the fixture
    shop: Shop,
    policy: str,
    code: str,
) -> None:
    half(functions, shop, Idempotency_Key=KEY)
    stood = shop.checkpoints()

    with with_policy(policy) as later:
        answer = later.run(REWIND, Idempotency_Key=KEY)

    assert (answer.status, answer.error["code"]) == (403, code)
    assert shop.checkpoints() == stood


@pytest.mark.parametrize("way", ["resume", "the same key"])
def test_what_wrote_nothing_is_not_continued_under_consumers_at_work(
    functions: FunctionCaller, shop: Shop, way: str
) -> None:
    shop.fault(REFUSED)
    first = functions.run(REWIND, Idempotency_Key=KEY)
    shop.fault()
    shop.commit(0, shop.cursor(0, -590))
    stood = shop.checkpoints()

    command, more = (of(first, "resume"), {}) if way == "resume" else (REWIND, {"Idempotency_Key": KEY})
    answer = functions.run(command, **more)

    assert (first.json["status"], answer.status, answer.error["code"]) == ("failed", 409, "active_consumers")
    assert shop.checkpoints() == stood


@pytest.mark.parametrize("dry_run", [True, False], ids=["plan", "write"])
def test_positions_are_copied_only_from_a_group_that_the_caller_may_use(
    guarded: FunctionCaller, shop: Shop, *, dry_run: bool
) -> None:
    shop.add_group("secret")
    shop.commit(0, shop.cursor(0, -610), group="secret", ago_s=HOUR_S)
    command = {**REWIND, "to": {"consumer_group": "secret"}, "dry_run": dry_run}

    refused, allowed = guarded.run(command, caller="narrow"), guarded.run(command)

    assert (refused.status, refused.error["code"]) == (403, "denied_by_policy")
    assert shop.checkpoints("secret")[0] not in refused.body.decode()
    assert allowed.json["ok"]


def test_a_group_that_is_not_there_is_denied_alike(guarded: FunctionCaller, shop: Shop) -> None:
    shop.add_group("secret")
    answers = [
        guarded.run({**REWIND, "to": {"consumer_group": group}}, caller="narrow") for group in ("secret", "missing")
    ]

    assert answers[0].error == answers[1].error
    assert shop.writes() == []
