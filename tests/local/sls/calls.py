"""A request read into its parts: operation, project, names, JSON body."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.local.sls.errors import InvalidHostError, ParameterInvalidError, PostBodyInvalidError
from tests.local.sls.messages import Request
from tests.local.sls.routes import Route, find_route

_HOST = re.compile(r"(?P<project>[0-9A-Za-z_-]+)\.[0-9A-Za-z._-]+(?::\d+)?")
_IP_ADDRESS = re.compile(r"\d+(?:\.\d+){3}(?::\d+)?")


@dataclass(frozen=True)
class Call:
    """One SLS call: the request and what its line names."""

    request: Request
    route: Route

    @property
    def query(self) -> dict[str, str]:
        """The query, form-decoded."""
        return self.request.query

    @cached_property
    def project(self) -> str:
        """The project: the first label of Host.

        Raises:
            InvalidHostError: Host has one label alone, or is an IP address.
        """
        host = self.request.headers.get("host", "")
        match = _HOST.fullmatch(host)
        if match is None or _IP_ADDRESS.fullmatch(host):
            raise InvalidHostError(host=host)
        return match["project"]

    @property
    def logstore(self) -> str:
        """The Logstore in the path; empty where the path has none."""
        return self.route.logstore or ""

    @property
    def consumer_group(self) -> str:
        """The consumer group in the path; empty where the path has none."""
        return self.route.consumer_group or ""

    @property
    def shard(self) -> int:
        """The shard in the path.

        Raises:
            ParameterInvalidError: It is not a number.
        """
        text = self.route.shard or ""
        if not text.isdecimal():
            raise ParameterInvalidError(message="invalid shard id.")
        return int(text)

    @property
    def named_shard(self) -> int | None:
        """The shard that path, query or body names, None without one; never raises."""
        text = self.route.shard or self.query.get("shard") or ""
        if text.isdecimal():
            return int(text)
        if self.route.operation != "UpdateCheckPoint":
            return None
        shard = self._json.get("shard") if isinstance(self._json, dict) else None
        return shard if type(shard) is int else None

    @property
    def json(self) -> Any:  # noqa: ANN401 -- any JSON document
        """The JSON body.

        Raises:
            PostBodyInvalidError: It is not JSON.
        """
        if self._json is None:
            raise PostBodyInvalidError
        return self._json

    @cached_property
    def _json(self) -> Any:  # noqa: ANN401 -- any JSON document
        try:
            return json.loads(self.request.body)
        except ValueError:
            return None


def read_call(request: Request) -> Call:
    """Return a request as a call; it may turn out to name no operation, no project, or a body that cannot be read."""
    return Call(request, find_route(request.method, request.path, request.query))
