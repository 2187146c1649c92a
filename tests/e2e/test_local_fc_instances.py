import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.local.fc.errors import InstanceStartError, PayloadTooLargeError
from tests.local.fc.gateway import BODY_LIMIT_BYTES, Gateway, GatewayOptions
from tests.local.fc.invocation import Invocation
from tests.local.fc.trial import fixture_gateway, one_function_gateway


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    code = tmp_path / "code"
    code.mkdir()
    with fixture_gateway(code) as gateway:
        yield gateway


def wait_until(condition: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline_s, "it did not happen"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def count(gateway: Gateway, event: bytes = b"") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gateway.invoke("counter", event).payload)
    return found


def count_at_once(gateway: Gateway, folder: Path, parties: int) -> list[dict[str, Any]]:
    folder.mkdir()
    event = json.dumps({"folder": str(folder), "parties": parties}).encode()
    with ThreadPoolExecutor(parties) as threads:
        return list(threads.map(lambda _: count(gateway, event), range(parties)))


def test_a_warm_instance_serves_the_next_request(gateway: Gateway) -> None:
    first, second = count(gateway), count(gateway)

    assert [first["calls"], second["calls"]] == [1, 2]
    assert first["pid"] == second["pid"]


def test_two_requests_at_once_have_two_processes(gateway: Gateway, tmp_path: Path) -> None:
    first, second = count_at_once(gateway, tmp_path / "meeting", 2)

    assert first["pid"] != second["pid"]
    assert first["id"] != second["id"]


def test_requests_beyond_the_maximum_wait_for_an_instance(tmp_path: Path) -> None:
    with fixture_gateway(tmp_path, GatewayOptions(max_instances=1)) as gateway, ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: count(gateway), range(4)))

    assert sorted(answer["calls"] for answer in found) == [1, 2, 3, 4]
    assert len({answer["pid"] for answer in found}) == 1


def test_the_initializer_runs_once_in_an_instance(gateway: Gateway) -> None:
    count(gateway)

    assert count(gateway)["initialized"] == 1
    assert gateway.logs.wait_for("FC Initialize Start RequestId: ")


def test_an_initializer_that_fails_is_the_requests_error_and_ends_the_instance(tmp_path: Path) -> None:
    source = "def initialize(context):\n    raise RuntimeError('no start')\ndef handler(event, context):\n    return 1"
    more = "instanceLifecycleConfig: {initializer: {handler: index.initialize, timeout: 30}}"
    with one_function_gateway(tmp_path, {"index.py": source}, more=more) as gateway:
        first, second = gateway.invoke("one", b""), gateway.invoke("one", b"")

    assert first.error["errorMessage"] == "no start"
    assert first.instance_id != second.instance_id


@dataclass(frozen=True)
class TimedOut:
    gateway: Gateway
    invocation: Invocation
    pid: int


@pytest.fixture(scope="module")
def timed_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimedOut]:
    note = tmp_path_factory.mktemp("notes") / "pid"
    with fixture_gateway(tmp_path_factory.mktemp("code")) as gateway:
        invocation = gateway.invoke("sleeper", str(note).encode())
        yield TimedOut(gateway, invocation, int(note.read_text("utf-8")))


def test_a_function_over_its_timeout_is_stopped_and_says_so(timed_out: TimedOut) -> None:
    assert timed_out.invocation.error == {"errorMessage": "Function timed out after 2 seconds"}
    assert timed_out.invocation.error_type == "UnhandledInvocationError"


def test_the_process_of_a_timed_out_function_is_gone(timed_out: TimedOut) -> None:
    wait_until(lambda: not is_running(timed_out.pid))


def test_a_timed_out_function_leaves_its_stacks_in_the_log(timed_out: TimedOut) -> None:
    timed_out.gateway.logs.wait_for("Dumping stack trace after function timeout")
    assert timed_out.gateway.logs.wait_for("index.py")


def test_after_a_timeout_a_fresh_instance_serves(timed_out: TimedOut) -> None:
    assert timed_out.gateway.invoke("sleeper", b"awake").payload != str(timed_out.pid).encode()


@pytest.mark.parametrize("way", ["exit", "die"])
def test_a_function_that_ends_its_process_says_so_and_the_next_is_fresh(gateway: Gateway, way: str) -> None:
    dead = gateway.invoke("fails", json.dumps(way).encode())
    fresh = gateway.invoke("fails", b'"well"')

    assert str(dead.error["errorMessage"]).startswith(
        "Process exited unexpectedly before completing request (duration: "
    )
    assert (fresh.payload, fresh.error_type) == (b"well", None)
    assert fresh.instance_id != dead.instance_id


def test_what_a_function_prints_is_kept_apart_from_its_answer(tmp_path: Path) -> None:
    source = """
        import os, sys
        def handler(event, context):
            print("to stdout")
            print("to stderr", file=sys.stderr)
            os.write(1, bytes(range(256)))
            return "answer"
    """
    with one_function_gateway(tmp_path, {"index.py": source}) as gateway:
        assert gateway.invoke("one", b"").payload == b"answer"
        assert gateway.logs.wait_for("to stdout") == "[one] to stdout"
        assert gateway.logs.wait_for("to stderr") == "[one] to stderr"


def test_a_body_of_any_allowed_size_passes(gateway: Gateway) -> None:
    event = b"x" * BODY_LIMIT_BYTES

    assert gateway.invoke("echo", event).payload == event


def test_a_body_over_the_limit_is_refused(gateway: Gateway) -> None:
    with pytest.raises(PayloadTooLargeError):
        gateway.invoke("echo", b"x" * (BODY_LIMIT_BYTES + 1))


def test_closing_the_gateway_ends_its_processes(tmp_path: Path) -> None:
    with fixture_gateway(tmp_path) as gateway:
        pid = count(gateway)["pid"]

    assert not is_running(pid)


def test_closing_the_gateway_ends_a_running_request(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    gateway = fixture_gateway(code)
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    event = json.dumps({"folder": str(meeting), "parties": 2}).encode()
    outcomes: list[str] = []
    caller = threading.Thread(
        target=lambda: outcomes.append(str(gateway.invoke("counter", event).error["errorMessage"]))
    )
    caller.start()
    wait_until(lambda: any(meeting.iterdir()))

    gateway.close()

    caller.join()
    assert outcomes[0].startswith("Process exited unexpectedly")


def test_a_closed_gateway_starts_nothing(tmp_path: Path) -> None:
    gateway = fixture_gateway(tmp_path)
    gateway.close()

    with pytest.raises(InstanceStartError, match="the gateway is closed"):
        gateway.invoke("echo", b"")


_PARENT = """
import sys, threading
from pathlib import Path
from tests.local.fc.invocation import Invocation
from tests.local.fc.trial import fixture_gateway
gateway = fixture_gateway(Path(sys.argv[1]))
threading.Thread(target=gateway.invoke, args=("counter", sys.argv[2].encode())).start()
threading.Event().wait()
"""


def test_instances_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code, meeting = tmp_path / "code", tmp_path / "meeting"
    code.mkdir()
    meeting.mkdir()
    event = json.dumps({"folder": str(meeting), "parties": 2})
    command = [sys.executable, "-c", _PARENT, str(code), event]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as parent:  # noqa: S603 -- this project's own module
        wait_until(lambda: any(meeting.iterdir()))
        parent.send_signal(signal.SIGKILL)
    (note,) = meeting.iterdir()

    wait_until(lambda: not is_running(int(note.name)))
