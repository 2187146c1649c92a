"""What the gateway and an instance say to each other: a JSON head and a body of any bytes, with their lengths first."""

import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Profile = Literal["python3.10", "python3.12"]

_LENGTHS = struct.Struct(">II")


class Message(NamedTuple):
    """One message: `head` is any JSON object, `body` any bytes."""

    head: dict[str, Any]
    body: bytes


@dataclass(frozen=True, slots=True)
class InstanceConfig:
    """What an instance learns once, at its start.

    Attributes:
        code_root: Absolute path of the folder that stands for `/code`.
        handler: Handler string of the function.
        initializer: Handler string of the initializer; None where there is none.
        profile: Which runtime's loader and context to imitate.
        function_name: The function's name in Function Compute.
        memory_mb: Configured memory; told, not enforced.
        timeout_s: Configured timeout; the gateway enforces it.
        region: Region id.
        account_id: Account id.
        log_project: Project of the function's own logs; "" where none is configured.
        log_store: Logstore of the function's own logs; "" where none is configured.
    """

    code_root: str
    handler: str
    initializer: str | None
    profile: Profile
    function_name: str
    memory_mb: int
    timeout_s: int
    region: str
    account_id: str
    log_project: str
    log_store: str


def send_message(connection: socket.socket, head: Mapping[str, Any], body: bytes = b"") -> None:
    """Send one message whole.

    Raises:
        OSError: The other side is gone.
    """
    encoded = json.dumps(head).encode()
    connection.sendall(_LENGTHS.pack(len(encoded), len(body)) + encoded + body)


def receive_message(connection: socket.socket) -> Message | None:
    """Return the next message, or None when the other side is gone, be it in the middle of a message.

    Raises:
        TimeoutError: Nothing came within the connection's timeout.
    """
    lengths = _receive_exactly(connection, _LENGTHS.size)
    if lengths is None:
        return None
    head_bytes, body_bytes = _LENGTHS.unpack(lengths)
    content = _receive_exactly(connection, head_bytes + body_bytes)
    if content is None:
        return None
    return Message(json.loads(content[:head_bytes]), content[head_bytes:])


def _receive_exactly(connection: socket.socket, length_bytes: int) -> bytes | None:
    received = bytearray()
    while len(received) < length_bytes:
        chunk = connection.recv(min(length_bytes - len(received), 1 << 20))
        if not chunk:
            return None
        received += chunk
    return bytes(received)
