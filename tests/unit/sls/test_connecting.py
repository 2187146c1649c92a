"""Connecting ends in time, however slow names are and however many addresses are dead."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from shared.chatops.messages import ChatPost
from shared.chatops.posting import post
from shared.notifications import notify
from shared.secret_settings import Destination
from shared.sls.connecting import MOST_LOOKUPS, open_connection
from shared.sls.session import new_session
from tests.unit.chatops.sent import RESPONSE_URL
from tests.unit.notifications.told import NOW, TIMER, WEBHOOK_SECRET, applied, policy, settings

# Far longer than any test waits for it.
NEVER_S = 60.0
SHORT_S = 0.3
LONG_S = 20.0


class Resolver:
    """Stands in for the platform's resolver: it finds nothing until it is let go, or the addresses that it was told.

    Attributes:
        asked: The names that it was asked for.
        addresses: What it finds, if that is set; at once.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.addresses: list[tuple[str, int]] | None = None
        self.let_go = threading.Event()
        self._real = socket.getaddrinfo

    def __call__(self, host: Any, *args: Any, **more: Any) -> Any:  # noqa: ANN401 -- the standard library's own types
        if str(host).replace(".", "").isdecimal():
            return self._real(host, *args, **more)
        self.asked.append(str(host))
        if self.addresses is None:
            self.let_go.wait(NEVER_S)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, address) for address in self.addresses]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    made = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    yield made
    made.let_go.set()
    for thread in threading.enumerate():
        if thread.name == "look-up":
            thread.join()


@pytest.fixture
def live() -> Iterator[tuple[str, int]]:
    """An address that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()


@pytest.fixture
def dead() -> Iterator[tuple[str, int]]:
    """An address that neither takes nor refuses: its listener's backlog is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 -- the standard library's own
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()


def test_a_name_that_is_not_found_in_time_is_not_waited_for(resolver: Resolver) -> None:
    with pytest.raises(TimeoutError):
        open_connection("slow.invalid", 443, within_s=SHORT_S)

    assert not resolver.let_go.is_set()


def test_many_who_ask_for_one_name_wait_for_one_look_up(resolver: Resolver) -> None:
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(open_connection, "slow.invalid", 443, within_s=SHORT_S) for _ in range(8)]

    assert {type(one.exception()) for one in waiting} == {TimeoutError}
    assert resolver.asked == ["slow.invalid"]


def test_no_more_than_some_names_are_looked_up_at_once(resolver: Resolver) -> None:
    for number in range(MOST_LOOKUPS + 3):
        with pytest.raises(TimeoutError):
            open_connection(f"slow-{number}.invalid", 443, within_s=0.01)

    assert len(resolver.asked) == MOST_LOOKUPS
    assert sum(thread.name == "look-up" for thread in threading.enumerate()) == MOST_LOOKUPS


def test_a_name_is_looked_up_anew_once_the_last_look_up_is_over(resolver: Resolver, live: tuple[str, int]) -> None:
    resolver.let_go.set()
    with pytest.raises(socket.gaierror):
        open_connection("late.invalid", live[1], within_s=LONG_S)
    resolver.addresses = [live]

    open_connection("late.invalid", live[1], within_s=LONG_S).close()

    assert resolver.asked == ["late.invalid", "late.invalid"]


def test_a_name_for_which_no_thread_could_be_started_is_looked_up_anew(
    resolver: Resolver, live: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    resolver.addresses = [live]
    with monkeypatch.context() as short_of_threads:
        short_of_threads.setattr(threading.Thread, "start", refuse)
        with pytest.raises(OSError, match="no thread") as told:
            open_connection("busy.invalid", live[1], within_s=LONG_S)
    assert type(told.value) is OSError

    open_connection("busy.invalid", live[1], within_s=LONG_S).close()

    assert resolver.asked == ["busy.invalid"]


def test_an_address_is_not_looked_up(resolver: Resolver, live: tuple[str, int]) -> None:
    open_connection(*live, within_s=LONG_S).close()

    assert resolver.asked == []


def test_dead_addresses_do_not_use_up_the_time_of_those_behind_them(
    resolver: Resolver, dead: tuple[str, int], live: tuple[str, int]
) -> None:
    resolver.addresses = [dead, dead, live]

    with open_connection("half-dead.invalid", 443, within_s=3.0) as connection:
        assert connection.getpeername() == live


def test_however_many_addresses_are_dead_the_time_is_one(resolver: Resolver, dead: tuple[str, int]) -> None:
    resolver.addresses = [dead] * 1_000

    # A thousand times this is longer than the test's own patience.
    with pytest.raises(TimeoutError):
        open_connection("dead.invalid", 443, within_s=SHORT_S)


def test_a_name_without_an_address_is_none(resolver: Resolver) -> None:
    resolver.addresses = []

    with pytest.raises(socket.gaierror):
        open_connection("empty.invalid", 443, within_s=LONG_S)


def test_what_is_no_name_at_all_is_none() -> None:
    with pytest.raises(socket.gaierror):
        open_connection(f"{'a' * 70}.invalid", 443, within_s=LONG_S)


def by_session() -> None:
    with new_session(1) as session, pytest.raises(requests.ConnectTimeout):
        session.get("https://slow.invalid/", timeout=(SHORT_S, LONG_S))


def by_notification() -> None:
    hooks = settings(oncall=Destination("https://slow.invalid/a-path", WEBHOOK_SECRET))
    told = {"caller": TIMER, "policy": policy(oncall="webhook"), "settings": hooks, "now": NOW}
    (outcome,) = notify(("oncall",), applied(), **told, remaining_s=lambda: 1.0)  # type: ignore[arg-type]
    assert outcome.code == "not_connected"


def by_chat() -> None:
    assert post(ChatPost(RESPONSE_URL, {"text": "x"}), loopback_url=None, timeout_s=1.0).code == "not_connected"


@pytest.mark.parametrize("send", [by_session, by_notification, by_chat])
def test_whatever_is_sent_is_given_up_in_time_where_its_hosts_name_is_not_found(
    resolver: Resolver, send: Callable[[], None]
) -> None:
    send()

    assert len(resolver.asked) == 1
    assert not resolver.let_go.is_set()
