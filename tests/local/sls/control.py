"""The routes under /_local/: what a test does to the stand-in behind SLS's back.

Bad input is answered 400 with `{"error": "..."}`, an unknown project or Logstore 404; nothing is changed then.
"""

import json
from collections.abc import Callable
from typing import Any

from tests.local.sls.authentication import AccessKey
from tests.local.sls.cursors import encode_cursor
from tests.local.sls.faults import Fault, read_faults
from tests.local.sls.fields import REQUIRED, Fields, InvalidControlError
from tests.local.sls.logstores import Logstore, new_logstore
from tests.local.sls.messages import Request, Response, json_response
from tests.local.sls.shards import Shard
from tests.local.sls.store import Store

PREFIX = "/_local/"
_MAX_SHARDS = 256
# Below the distance between the first positions of two shards, so that their cursors cannot be mistaken.
_MAX_LOG_GROUPS = 10**9
_MAX_INTERVAL_S = 86_400.0
_MAX_TTL_DAYS = 3650


class Control:
    """The control routes over one store.

    Attributes:
        faults: The present list of faults.
        requests: Every SLS call so far, as GET /_local/requests tells them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.faults: list[Fault] = []
        self.requests: list[dict[str, Any]] = []
        self._routes: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("POST", "reset"): self._reset,
            ("POST", "logstores"): self._create_logstore,
            ("POST", "append"): self._append,
            ("POST", "retention"): self._retention,
            ("POST", "clock"): self._set_clock,
            ("POST", "faults"): self._set_faults,
            ("GET", "requests"): lambda _: self.requests,
            ("GET", "state"): self._state,
            ("GET", "switches"): lambda _: store.switches.as_dict(),
            ("POST", "switches"): self._set_switches,
            ("POST", "credentials"): self._add_access_key,
        }

    def handle(self, request: Request) -> Response:
        """Return the answer to a control request."""
        name = request.path.removeprefix(PREFIX)
        route = self._routes.get((request.method, name))
        if route is None:
            known = any(name == other for _, other in self._routes)
            return json_response({"error": f"no control route {request.method} {name}"}, status=405 if known else 404)
        try:
            return json_response(route(request))
        except InvalidControlError as error:
            return json_response({"error": str(error)}, status=error.status)

    def _reset(self, _: Request) -> dict[str, Any]:
        self._store.reset()
        self.faults.clear()
        self.requests.clear()
        return {}

    def _create_logstore(self, request: Request) -> dict[str, Any]:
        fields = _fields(request)
        project, name = fields.text("project"), fields.text("logstore")
        shard_count = fields.integer("shards", 4, low=1, high=_MAX_SHARDS)
        count = fields.integer("log_groups", 1000, high=_MAX_LOG_GROUPS)
        begin_unix = fields.number("begin_unix", None)
        interval_s = fields.number("interval_s", 1, high=_MAX_INTERVAL_S)
        ttl_days = fields.integer("ttl_days", 30, low=1, high=_MAX_TTL_DAYS)
        fields.check()
        now_unix = self._store.clock.data_unix()
        logstore = new_logstore(name, shard_count=shard_count, ttl_days=ttl_days, now_unix=now_unix)
        first_unix = int(now_unix - count * interval_s) if begin_unix is None else begin_unix
        for shard in logstore.shards.values():
            shard.generate(count, first_unix, interval_s)
        self._store.projects.setdefault(project, {})[name] = logstore
        self._expire()
        return {}

    def _append(self, request: Request) -> dict[str, Any]:
        fields = _fields(request)
        names, shard_id = self._names(fields), fields.integer("shard")
        count = fields.integer("count", 1, low=1, high=_MAX_LOG_GROUPS)
        at_unix = fields.number("at_unix", None)
        fields.check()
        shard = _shard(self._logstore(*names), shard_id)
        shard.generate(count, self._store.clock.data_unix() if at_unix is None else at_unix, 0)
        self._expire()
        return {}

    def _retention(self, request: Request) -> dict[str, Any]:
        fields = _fields(request)
        names, shard_id, count = self._names(fields), fields.integer("shard"), fields.integer("drop")
        fields.check()
        _shard(self._logstore(*names), shard_id).drop(count)
        return {}

    def _set_clock(self, request: Request) -> dict[str, Any]:
        fields = _fields(request)
        unix, skew_s = fields.number("unix", None), fields.number("skew_s", 0, low=-1e10)
        fields.check()
        self._store.clock.unix, self._store.clock.skew_s = unix, skew_s
        self._expire()
        return {}

    def _set_faults(self, request: Request) -> dict[str, Any]:
        self.faults = read_faults(_json(request))
        return {}

    def _set_switches(self, request: Request) -> dict[str, Any]:
        values = _json(request)
        if not isinstance(values, dict):
            raise InvalidControlError("the body is not a JSON object")
        try:
            self._store.switches = self._store.switches.changed(values)
        except ValueError as error:
            raise InvalidControlError(str(error)) from error
        return self._store.switches.as_dict()

    def _add_access_key(self, request: Request) -> dict[str, Any]:
        fields = _fields(request)
        key_id, secret = fields.text("access_key_id"), fields.text("access_key_secret")
        token, expires_unix = fields.text("security_token", None), fields.number("expires_unix", None)
        fields.check()
        self._store.access_keys[key_id] = AccessKey(key_id, secret, token, expires_unix)
        return {}

    def _state(self, request: Request) -> dict[str, Any]:
        fields = Fields(request.query)
        names = self._names(fields)
        fields.check()
        logstore = self._logstore(*names)
        now_unix, switches = self._store.clock.data_unix(), self._store.switches
        for group in logstore.consumer_groups.values():
            group.expire_consumers(now_unix, switches)
        return _describe(logstore)

    def _expire(self) -> None:
        # Real time would expire at once whatever a test dates into the past; only a clock that was set counts.
        if self._store.clock.unix is not None:
            for logstores in self._store.projects.values():
                for logstore in logstores.values():
                    logstore.expire(self._store.clock.unix)

    @staticmethod
    def _names(fields: Fields) -> tuple[str, str]:
        return fields.text("project", REQUIRED), fields.text("logstore", REQUIRED)

    def _logstore(self, project: str, name: str) -> Logstore:
        logstore = self._store.projects.get(project, {}).get(name)
        if logstore is None:
            raise InvalidControlError(f"no Logstore {project}/{name}", status=404)
        return logstore


def _json(request: Request) -> Any:  # noqa: ANN401 -- any JSON document
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise InvalidControlError("the body is not JSON") from error


def _fields(request: Request) -> Fields:
    return Fields(_json(request))


def _shard(logstore: Logstore, shard_id: int) -> Shard:
    if shard_id not in logstore.shards:
        raise InvalidControlError(f"shard: {logstore.name} has no shard {shard_id}")
    return logstore.shards[shard_id]


def _describe(logstore: Logstore) -> dict[str, Any]:
    shards = [
        {"shard": s.shard, "status": s.status, "begin": encode_cursor(s.begin), "end": encode_cursor(s.end)}
        for s in logstore.shards.values()
    ]
    groups = {}
    for group in logstore.consumer_groups.values():
        stored = {str(shard): group.checkpoint(shard) for shard in logstore.shards}
        checkpoints = {
            shard: {"checkpoint": c.checkpoint, "update_time": c.updated_unix_us, "consumer": c.consumer}
            for shard, c in stored.items()
        }
        groups[group.name] = {"timeout": group.timeout_s, "order": group.in_order, "checkpoints": checkpoints}
    return {"shards": shards, "consumer_groups": groups}
