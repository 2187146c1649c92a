"""The official command line, unmodified, works on the stand-in: only its host names are resolved to loopback.

Of the operations on consumer groups it has all but HeartBeat.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

from tests.local.sls.caller import Caller
from tests.local.sls.server import StandInServer

Run: TypeAlias = Callable[..., Any]
Start: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]

DOMAIN = "localhost-sls"
BEGIN_UNIX = 1_700_000_000
LOGSTORE = ("--project=shop", "--logstore=orders")
GROUP = (*LOGSTORE, "--consumer_group=billing")
BAD_CALL = 3
_RESOLVER = f"""
import socket

resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *a, **k: resolve("127.0.0.1" if str(host).endswith("{DOMAIN}") else host, *a, **k)
"""


@pytest.fixture(params=["v1", "v4"])
def start(request: pytest.FixtureRequest, sls_server: StandInServer, tmp_path: Path) -> Start:
    """Starts one command of the executable, with a home of its own, and returns how it ended."""
    sls_server.control(
        "logstores", {"project": "shop", "logstore": "orders", "shards": 2, "log_groups": 100, "begin_unix": BEGIN_UNIX}
    )
    (tmp_path / "sitecustomize.py").write_text(_RESOLVER, encoding="utf-8")
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path),
        "PYTHONWARNINGS": "ignore",
        "ALIYUN_LOG_CLI_ACCESSID": sls_server.access_key_id,
        "ALIYUN_LOG_CLI_ACCESSKEY": sls_server.access_key_secret,
        "ALIYUN_LOG_CLI_ENDPOINT": f"http://{DOMAIN}:{urlsplit(sls_server.url).port}",
        "ALIYUN_LOG_CLI_SIGN_VERSION": request.param,
        "ALIYUN_LOG_CLI_REGION_ID": sls_server.region,
    }
    executable = str(Path(sys.executable).with_name("aliyunlog"))

    def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 -- the peer under test
            [executable, "log", *arguments], env=environ, capture_output=True, text=True, check=False
        )

    return start


@pytest.fixture
def run(start: Start) -> Run:
    """Runs one command, which has to succeed, and returns the JSON that it printed; None for nothing."""

    def run(*arguments: str) -> object:
        done = start(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


@pytest.fixture
def group(start: Start, sls_caller: Caller) -> None:  # noqa: ARG001 -- makes the Logstore first
    """Group `billing` exists, timeout 30 s, without order."""
    body = {"consumerGroup": "billing", "timeout": 30, "order": False}
    assert sls_caller.call("POST", "/logstores/orders/consumergroups", document=body).status == 200


def state(sls_server: StandInServer) -> dict[str, Any]:
    return dict(sls_server.control("state", project="shop", logstore="orders")["consumer_groups"])


def attributes(sls_server: StandInServer) -> dict[str, tuple[int, bool]]:
    return {name: (group["timeout"], group["order"]) for name, group in state(sls_server).items()}


def test_cli_creates_updates_lists_and_deletes_a_group(run: Run, sls_server: StandInServer) -> None:
    run("create_consumer_group", *GROUP, "--timeout=30", "--in_order=false")
    created = attributes(sls_server)
    run("update_consumer_group", *GROUP, "--timeout=60", "--in_order=true")
    listed = run("list_consumer_group", *LOGSTORE)
    run("delete_consumer_group", *GROUP)

    assert created == {"billing": (30, False)}
    assert listed == [{"name": "billing", "timeout": 60, "order": True}]
    assert attributes(sls_server) == {}


@pytest.mark.usefixtures("group")
def test_cli_writes_and_reads_checkpoints(run: Run, sls_caller: Caller) -> None:
    asked = {"type": "cursor", "from": str(BEGIN_UNIX + 40)}
    cursor = sls_caller.call("GET", "/logstores/orders/shards/1", query=asked).json["cursor"]

    run("update_check_point", *GROUP, "--shard=1", f"--check_point={cursor}")
    (one,) = run("get_check_point", *GROUP, "--shard=1")
    both = run("get_check_point_fixed", *GROUP)

    assert (one["shard"], one["checkpoint"], one["consumer"]) == (1, cursor, "")
    assert [entry["checkpoint"] for entry in both] == ["", cursor]
    assert both[1]["checkpoint_previous_cursor_time"] == BEGIN_UNIX + 39


@pytest.mark.usefixtures("group")
def test_cli_writes_as_the_consumer_that_holds_the_shard_and_as_nobody_else(
    run: Run, start: Start, sls_caller: Caller, sls_server: StandInServer
) -> None:
    beat = {"type": "heartbeat", "consumer": "consumer 1"}
    sls_caller.call("POST", "/logstores/orders/consumergroups/billing", query=beat, document=[])
    write = ("update_check_point", *GROUP, "--shard=0", "--force_success=false")

    run(*write, "--check_point=MQ==", "--consumer=consumer 1")
    refused = start(*write, "--check_point=Mg==", "--consumer=consumer 2")

    stored = state(sls_server)["billing"]["checkpoints"]["0"]
    assert (stored["checkpoint"], stored["consumer"]) == ("MQ==", "consumer 1")
    assert (refused.returncode, json.loads(refused.stdout)["errorCode"]) == (BAD_CALL, "ConsumerNotExist")
