import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.fc.asynchronous import ASYNC_LIMIT_BYTES
from tests.local.fc.errors import DuplicateTaskError, InvalidTaskIdError, PayloadTooLargeError
from tests.local.fc.events import HttpRequest
from tests.local.fc.gateway import Gateway, GatewayOptions
from tests.local.fc.trial import fixture_gateway, one_function_gateway


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    code = tmp_path / "code"
    code.mkdir()
    with fixture_gateway(code, GatewayOptions(retry_delay_s=0.001)) as gateway:
        yield gateway


def order(folder: Path, failures: int) -> bytes:
    return json.dumps({"path": str(folder / "tries"), "failures": failures}).encode()


def tries(folder: Path) -> list[str]:
    return (folder / "tries").read_text("utf-8").splitlines()


def test_an_asynchronous_invocation_is_recorded_when_it_has_ended(gateway: Gateway) -> None:
    request_id = gateway.invoke_async("echo", b"later")
    gateway.wait_idle()

    (result,) = gateway.async_results
    assert (result.request_id, result.function, result.status, result.attempts) == (request_id, "echo", "succeeded", 1)
    assert result.invocation
    assert result.invocation.payload == b"later"


def test_a_function_that_fails_is_tried_again_until_it_succeeds(gateway: Gateway, tmp_path: Path) -> None:
    gateway.invoke_async("flaky", order(tmp_path, failures=2))
    gateway.wait_idle()

    (result,) = gateway.async_results
    assert (result.status, result.attempts) == ("succeeded", 3)


def test_retries_count_up_and_share_the_request_id(gateway: Gateway, tmp_path: Path) -> None:
    request_id = gateway.invoke_async("flaky", order(tmp_path, failures=2))
    gateway.wait_idle()

    assert tries(tmp_path) == ["0", "1", "2"]
    (result,) = gateway.async_results
    assert result.invocation
    assert result.invocation.request_id == request_id


def test_retries_end_at_the_functions_own_maximum(gateway: Gateway, tmp_path: Path) -> None:
    gateway.invoke_async("flaky", order(tmp_path, failures=9))
    gateway.wait_idle()

    (result,) = gateway.async_results
    assert (result.status, result.attempts, len(tries(tmp_path))) == ("failed", 3, 3)


def test_a_timeout_without_retries_fails_at_once(gateway: Gateway) -> None:
    gateway.invoke_async("sleeper", b"")
    gateway.wait_idle()

    (result,) = gateway.async_results
    assert (result.status, result.attempts) == ("failed", 1)


def test_an_event_that_is_too_old_is_not_tried_again(tmp_path: Path) -> None:
    more = "asyncInvokeConfig: {maxAsyncEventAgeInSeconds: 1}"
    options = GatewayOptions(retry_delay_s=1.5)
    with one_function_gateway(tmp_path, {"index.py": "1 / 0"}, more=more, options=options) as gateway:
        gateway.invoke_async("one", b"")
        gateway.wait_idle()
        (result,) = gateway.async_results

    assert result.status == "expired"
    assert result.attempts <= 1


def test_an_event_over_the_asynchronous_limit_is_refused(gateway: Gateway) -> None:
    with pytest.raises(PayloadTooLargeError):
        gateway.invoke_async("echo", b"x" * (ASYNC_LIMIT_BYTES + 1))


def test_a_task_id_is_taken_once(gateway: Gateway) -> None:
    gateway.invoke_async("echo", b"first", task_id="task-1")

    with pytest.raises(DuplicateTaskError):
        gateway.invoke_async("echo", b"second", task_id="task-1")

    gateway.wait_idle()
    assert [result.task_id for result in gateway.async_results] == ["task-1"]


def test_a_task_id_belongs_to_its_function(gateway: Gateway) -> None:
    gateway.invoke_async("echo", b"", task_id="task-1")
    gateway.invoke_async("ticker", b"", task_id="task-1")
    gateway.wait_idle()

    assert len(gateway.async_results) == 2


@pytest.mark.parametrize("task_id", ["", "1task", "-task", "task.1", "x" * 129, "task\n"])
def test_a_task_id_outside_the_grammar_is_refused(gateway: Gateway, task_id: str) -> None:
    with pytest.raises(InvalidTaskIdError):
        gateway.invoke_async("echo", b"", task_id=task_id)


def test_a_caller_of_an_http_trigger_may_choose_asynchronous(gateway: Gateway, tmp_path: Path) -> None:
    headers = (("x-fc-invocation-type", "Async"), ("x-fc-async-task-id", "one"))

    response = gateway.http("flaky", HttpRequest("POST", headers=headers, body=order(tmp_path, failures=1)))
    gateway.wait_idle()

    assert (response.status, response.body, response.headers["X-Fc-Async-Task-Id"]) == (202, b"", "one")
    assert len(tries(tmp_path)) == 2


def test_wait_idle_gives_up_after_its_timeout(gateway: Gateway) -> None:
    gateway.invoke_async("sleeper", b"")

    with pytest.raises(TimeoutError, match="1 asynchronous"):
        gateway.wait_idle(timeout_s=0.001)


def test_closing_the_gateway_ends_the_retries(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    with fixture_gateway(code, GatewayOptions(retry_delay_s=3600)) as gateway:
        gateway.invoke_async("flaky", order(tmp_path, failures=9))
        gateway.logs.wait_for("FC Invoke End")

    (result,) = gateway.async_results
    assert (result.status, result.attempts) == ("stopped", 1)
