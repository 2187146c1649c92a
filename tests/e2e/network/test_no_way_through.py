"""Nobody listens, no name resolves, connections died while the instance slept: told as such, or mended in passing."""

import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from shared.execution.parallel import POOL_WIDTH
from tests.e2e.network.drills import TARGET, Lane, open_shop
from tests.functions.caller import Answer, FunctionCaller
from tests.functions.evidence import Evidence
from tests.functions.plugin import MakeFunctions
from tests.functions.shop import Shop
from tests.local.environment import CHECKOUT

# What stands for the platform's resolver, in the function's own process: how it finds a name that is not an address.
RESOLVING = """
import socket
import time
from sls_rewind_command import handler

resolve = socket.getaddrinfo

def find(host, port):
    {find}

def getaddrinfo(host, port, *args, **kwargs):
    if host.replace(".", "").isdecimal():
        return resolve(host, port, *args, **kwargs)
    return find(host, port)

socket.getaddrinfo = getaddrinfo
"""
WITHOUT_NAMES = 'raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")'
# Far longer than the function may take.
SLOW_NAMES = f"time.sleep(600); {WITHOUT_NAMES}"
MANY_ADDRESSES = 'return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", {port}))] * 50'
TIMEOUT_S = 6
COMMANDS = (
    {"action": "describe", "target": TARGET},
    {"action": "rewind", "target": TARGET, "to": "30m"},
    {"action": "rewind", "target": TARGET, "to": "30m", "dry_run": False},
    {"action": "apply", "plan_id": "abcdefgh23"},
    {"action": "update_checkpoint", "target": TARGET, "shard": 0, "checkpoint": "MTUyNDE1NTM3OTM3MzkwODQ5Ng=="},
)


@pytest.fixture(scope="module")
def lane(world_evidence: Evidence) -> Iterator[Lane]:
    with Lane(world_evidence, CHECKOUT) as made:
        yield made


@pytest.fixture(scope="module")
def unresolved(make_functions: MakeFunctions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionCaller]:
    """The command function on a machine whose resolver answers nothing, set up for a real region."""
    with resolving(make_functions, tmp_path_factory.mktemp("unresolved"), WITHOUT_NAMES) as made:
        yield made


@pytest.fixture(scope="module")
def slowly_resolved(
    make_functions: MakeFunctions, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FunctionCaller]:
    """The same, where the resolver never comes to an end."""
    with resolving(make_functions, tmp_path_factory.mktemp("slow"), SLOW_NAMES) as made:
        yield made


@pytest.fixture(scope="module")
def unreachable(make_functions: MakeFunctions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionCaller]:
    """The same, where the name has many addresses, and none of them takes or refuses a connection."""
    with ExitStack() as full:
        listener = full.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = full.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 -- the standard library's own
            waiting.connect_ex(listener.getsockname())
        find = MANY_ADDRESSES.format(port=listener.getsockname()[1])
        with resolving(make_functions, tmp_path_factory.mktemp("unreachable"), find) as made:
            yield made


@contextmanager
def resolving(make_functions: MakeFunctions, checkout: Path, find: str) -> Iterator[FunctionCaller]:
    """Run the command function, with a short timeout, where names are found as told."""
    (checkout / "shared").symlink_to(CHECKOUT / "shared")
    template = (CHECKOUT / "template.yml").read_text(encoding="utf-8")
    (checkout / "template.yml").write_text(template.replace("timeout: 60", f"timeout: {TIMEOUT_S}"), encoding="utf-8")
    command = checkout / "functions" / "command"
    command.mkdir(parents=True)
    for folder in (CHECKOUT / "functions").iterdir():
        if folder.name != command.name:
            (checkout / "functions" / folder.name).symlink_to(folder)
    (command / "index.py").write_text(RESOLVING.format(find=find), encoding="utf-8")
    original = (CHECKOUT / "functions" / "command" / "index.py").read_text(encoding="utf-8")
    (command / "sls_rewind_command.py").write_text(original, encoding="utf-8")
    settings = {"REWIND_REGION": "cn-hangzhou", "REWIND_ENDPOINT": ""}
    with make_functions(checkout=checkout, settings=settings) as made:
        yield made


@pytest.fixture(scope="module")
def unheard(make_functions: MakeFunctions) -> Iterator[FunctionCaller]:
    """The command function, set up for a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed_at_once:
        url = f"http://127.0.0.1:{closed_at_once.getsockname()[1]}"
    with make_functions(settings={"REWIND_ENDPOINT": url}) as made:
        yield made


@pytest.mark.parametrize("there", ["unresolved", "unheard"])
def test_where_nobody_is_reached_every_command_says_so(there: str, request: pytest.FixtureRequest) -> None:
    functions: FunctionCaller = request.getfixturevalue(there)

    with ThreadPoolExecutor(len(COMMANDS)) as pool:
        answers = list(pool.map(functions.run, COMMANDS))

    for answer in answers:
        check_unreachable(answer)


@pytest.mark.parametrize("there", ["slowly_resolved", "unreachable"])
@pytest.mark.parametrize("command", [COMMANDS[0], COMMANDS[-1]], ids=lambda command: command["action"])
def test_however_slow_names_and_addresses_are_the_function_answers_in_time(
    there: str, command: Mapping[str, object], request: pytest.FixtureRequest
) -> None:
    functions: FunctionCaller = request.getfixturevalue(there)
    # Its instance has started when this is answered: how long that takes is a matter of the machine.
    assert functions.run({"action": "nothing"}).status == 400

    check_unreachable(functions.run(command))


def check_unreachable(answer: Answer) -> None:
    assert (answer.status, answer.json["status"], answer.error["code"]) == (502, "failed", "sls_unreachable")
    assert "could not connect" in answer.error["message"]
    assert answer.error["retryable"]


def test_connections_that_died_while_the_instance_slept_are_made_anew(lane: Lane) -> None:
    shop: Shop = open_shop(lane.sls)
    with shop.caller:
        planned = lane.functions.run({"action": "rewind", "target": TARGET, "to": "30m"})
        lane.proxy.cut_all()

        applied = lane.functions.run(planned.json["next"][0])

        wanted = {n: shard["after"]["checkpoint"] for n, shard in planned.shards.items() if shard["after"]}
        assert applied.json["status"] == "applied"
        assert shop.checkpoints() == shop.checkpoints() | wanted


def test_connections_are_used_again_from_one_invocation_to_the_next(lane: Lane) -> None:
    shop = open_shop(lane.sls)
    with shop.caller:
        lane.functions.run({"action": "describe", "target": TARGET})
        accepted, requests = lane.proxy.accepted, lane.proxy.requests

        for _ in range(10):
            assert lane.functions.run({"action": "describe", "target": TARGET}).json["ok"]

    assert lane.proxy.requests - requests > 200
    # As many as calls go out side by side; how many of them meet is a matter of speed.
    assert lane.proxy.accepted - accepted <= POOL_WIDTH + 1
