"""Connections that come about within some seconds or not at all: a name's look-up and all its addresses share them.

A socket's own timeout covers neither: a resolver takes as long as it likes, and each address is given the timeout anew.

A look-up that hangs keeps its thread until the resolver gives up. Once `MOST_LOOKUPS` names hang, any other name fails
at once: a function knows a handful of hosts, and where so many hang, its resolver is dead for the rest as well.
"""

import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from threading import Event, Lock, Thread

Option = tuple[int, int, int | bytes]
Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]]

MOST_LOOKUPS = 16
"""Names that are looked up at the same time, each in a thread of its own that nobody can end."""


def open_connection(
    host: str, port: int, *, within_s: float, family: int = socket.AF_UNSPEC, options: Sequence[Option] = ()
) -> socket.socket:
    """Return a connection to the first address of a host that takes it.

    What time there is, is shared evenly among the addresses that are left, so that a dead one does not use it up.

    Args:
        host: A name or an address.
        port: On that host.
        within_s: Seconds after which this has ended, one way or the other; the socket has what is left as its timeout.
        family: Of addresses to look for.
        options: To set on the socket.

    Raises:
        TimeoutError: It did not come about in time.
        gaierror: The name has no address.
        OSError: No address took it, or no thread could be started to look the name up.
    """
    ends_s = time.monotonic() + within_s
    addresses = _addresses(host, port, family, within_s)
    failure: OSError = socket.gaierror(socket.EAI_NONAME, "the name has no address")
    for number, address in enumerate(addresses):
        left_s = ends_s - time.monotonic()
        if left_s <= 0:
            break
        try:
            return _connect(address, left_s / (len(addresses) - number), ends_s, options)
        except OSError as error:
            failure = error
    raise failure


def _connect(address: Address, within_s: float, ends_s: float, options: Sequence[Option]) -> socket.socket:
    family, kind, protocol, _, where = address
    connection = socket.socket(family, kind, protocol)
    try:
        for option in options:
            connection.setsockopt(*option)
        connection.settimeout(within_s)
        connection.connect(where)
        # Never 0, which would mean not to wait at all.
        connection.settimeout(max(ends_s - time.monotonic(), 0.001))
    except BaseException:
        connection.close()
        raise
    return connection


def _addresses(host: str, port: int, family: int, within_s: float) -> list[Address]:
    # An address takes no time to look up, and is worth no thread.
    return _resolve(host, port, family) if _is_address(host) else _LookUp.of(host, port, family).wait(within_s)


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError, ValueError):
            return bool(socket.inet_pton(family, host))
    return False


def _resolve(host: str, port: int, family: int) -> list[Address]:
    try:
        return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)  # type: ignore[return-value]  # of addresses of the Internet
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, "that is no name of a host") from error


class _LookUp:
    """One look-up of a name that is under way; whoever asks for the same name meanwhile waits for the same one."""

    _under_way: dict[tuple[str, int, int], "_LookUp"] = {}  # noqa: RUF012 -- of the whole process
    _lock = Lock()

    def __init__(self, asked: tuple[str, int, int]) -> None:
        self._asked = asked
        self._is_over = Event()
        self._found: list[Address] = []
        self._failure: OSError | None = None

    @classmethod
    def of(cls, host: str, port: int, family: int) -> "_LookUp":
        """Return the look-up of a name, begun now unless it is under way."""
        asked = (host, port, family)
        with cls._lock:
            known = cls._under_way.get(asked)
            if known is not None:
                return known
            if len(cls._under_way) >= MOST_LOOKUPS:
                raise TimeoutError("too many names are being looked up")
            begun = cls._under_way[asked] = cls(asked)
        try:
            Thread(target=begun._run, daemon=True, name="look-up").start()
        except RuntimeError as error:
            # Who waits for this one meanwhile is told at once; who asks later begins anew.
            failure = OSError("no thread could be started to look the name up")
            begun._end(failure)
            raise failure from error
        return begun

    def wait(self, within_s: float) -> list[Address]:
        """Return what was found, if that comes in time."""
        if not self._is_over.wait(within_s):
            raise TimeoutError("the name was not found in time")
        if self._failure is not None:
            # One of one's own: several may wait for the same.
            raise type(self._failure)(*self._failure.args)
        return self._found

    def _run(self) -> None:
        failure: OSError | None = None
        try:
            self._found = _resolve(*self._asked)
        except OSError as error:
            failure = error
        finally:
            self._end(failure)

    def _end(self, failure: OSError | None) -> None:
        self._failure = failure
        with self._lock:
            del self._under_way[self._asked]
        self._is_over.set()
