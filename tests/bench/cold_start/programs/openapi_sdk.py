"""The OpenAPI SDK making the same call; host names resolve to loopback."""

import json
import socket
import sys
from typing import Any

from alibabacloud_sls20201230 import models
from alibabacloud_sls20201230.client import Client
from alibabacloud_tea_openapi.models import Config

told = json.loads(sys.argv[1])
resolve = socket.getaddrinfo


def to_loopback(_host: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- the standard library's own types
    """Resolve any name to loopback."""
    return resolve("127.0.0.1", *args, **kwargs)


socket.getaddrinfo = to_loopback  # type: ignore[assignment]  # any name is as good as another
config = Config(
    access_key_id=told["access_key_id"],
    access_key_secret=told["access_key_secret"],
    endpoint=f"localhost-sls:{told['url'].rpartition(':')[2]}",
    region_id="cn-local",
    protocol="HTTP",
)
command = told["command"]
request = models.UpdateConsumerGroupRequest(timeout=command["timeout"], order=command["order"])
Client(config).update_consumer_group(command["project"], command["logstore"], command["consumer_group"], request)
