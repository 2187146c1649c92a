"""The official SDK making the same call; host names resolve to loopback."""

import json
import socket
import sys
from typing import Any

from aliyun.log import LogClient

told = json.loads(sys.argv[1])
resolve = socket.getaddrinfo


def to_loopback(_host: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- the standard library's own types
    """Resolve any name to loopback."""
    return resolve("127.0.0.1", *args, **kwargs)


socket.getaddrinfo = to_loopback  # type: ignore[assignment]  # any name is as good as another
port = told["url"].rpartition(":")[2]
client = LogClient(f"http://localhost-sls:{port}", told["access_key_id"], told["access_key_secret"])
command = told["command"]
group = (command["project"], command["logstore"], command["consumer_group"])
client.update_consumer_group(*group, timeout=command["timeout"], in_order=command["order"])
