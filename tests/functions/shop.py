"""The SLS side of a test: a project with data and consumer groups, made and read past the code under test."""

import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from tests.functions.watched import WatchedStandIn
from tests.local.sls.caller import Answer, Caller
from tests.local.sls.cursors import decode_cursor, encode_cursor
from tests.local.sls.signing import Signer

LOG_GROUPS = 7200
HOUR_S = 3600
# What an age in whole minutes bears of clocks in whole seconds, and of a test that is slow.
MARGIN_S = 20
_WRITES = {"UpdateCheckPoint", "UpdateConsumerGroup", "CreateConsumerGroup", "DeleteConsumerGroup", "HeartBeat"}


def iso_utc(unix: float) -> str:
    """Return an instant as results show it."""
    return datetime.fromtimestamp(unix, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Shop:
    """Project `shop`; Logstore `orders` and consumer group `billing` unless a method is told otherwise.

    Attributes:
        now_unix: When the test began, in whole epoch seconds.
    """

    def __init__(self, sls: WatchedStandIn) -> None:
        self.sls = sls
        self.now_unix = int(time.time())
        self.caller = Caller(sls.url, Signer(sls.access_key_id, sls.access_key_secret, sls.region))
        self._own_calls = 0

    def add_logstore(self, logstore: str = "orders", *, project: str = "shop", **more: Any) -> None:  # noqa: ANN401 -- the control route's own keys
        """Make a Logstore; by default its log groups came one a second for the last two hours."""
        begin_unix = self.now_unix - LOG_GROUPS
        told = {"project": project, "logstore": logstore, "log_groups": LOG_GROUPS, "begin_unix": begin_unix, **more}
        self.sls.control("logstores", told)

    def add_group(self, name: str = "billing", *, logstore: str = "orders", timeout: int = 60) -> None:
        """Make a consumer group, without order."""
        body = {"consumerGroup": name, "timeout": timeout, "order": False}
        self._sent(self.caller.call("POST", f"/logstores/{logstore}/consumergroups", document=body))

    def commit(self, shard: int, checkpoint: str, *, group: str = "billing", ago_s: float = 0, **query: str) -> None:
        """Write a checkpoint by force, dated some seconds ago; query keys such as `consumer` and `forceSuccess`."""
        self.sls.control("clock", {"unix": time.time() - ago_s if ago_s else None})
        asked = {"type": "checkpoint", "forceSuccess": "true", **query}
        path = f"/logstores/orders/consumergroups/{group}"
        self._sent(self.caller.call("POST", path, query=asked, document={"shard": shard, "checkpoint": checkpoint}))
        self.sls.control("clock", {"unix": None})

    def set_timeout(self, timeout: int, *, group: str = "billing") -> None:
        """Change a group's timeout, as a consumer that starts does."""
        path = f"/logstores/orders/consumergroups/{group}"
        self._sent(self.caller.call("PUT", path, document={"timeout": timeout}))

    def heartbeat(self, consumer: str) -> list[int]:
        """Let a consumer join the group, and return the shards that it was given."""
        query = {"type": "heartbeat", "consumer": consumer}
        answer = self.caller.call("POST", "/logstores/orders/consumergroups/billing", query=query, document=[])
        return list(self._sent(answer).json)

    def split(self, shard: int) -> None:
        """Split a shard in two."""
        query = {"action": "split", "key": f"{2**127 + 1:032x}"}
        self._sent(self.caller.call("POST", f"/logstores/orders/shards/{shard}", query=query))

    def cursor(self, shard: int, number: int) -> str:
        """Return the cursor of a shard's log group, counted from the oldest one kept, or if negative from the end."""
        begin, end = self.bounds(shard)
        return encode_cursor((end if number < 0 else begin) + number)

    def end(self, shard: int) -> str:
        """Return the cursor of a shard's end."""
        return encode_cursor(self.bounds(shard)[1])

    def bounds(self, shard: int) -> tuple[int, int]:
        """Return the positions of a shard's begin and end."""
        found = next(entry for entry in self.state()["shards"] if entry["shard"] == shard)
        begin, end = decode_cursor(found["begin"]), decode_cursor(found["end"])
        assert begin is not None
        assert end is not None
        return begin, end

    def state(self, logstore: str = "orders") -> Any:  # noqa: ANN401 -- any JSON document
        """Return what the stand-in holds of a Logstore."""
        return self.sls.control("state", project="shop", logstore=logstore)

    def checkpoints(self, group: str = "billing") -> dict[int, str]:
        """Return a group's checkpoints by shard."""
        stored = self.state()["consumer_groups"][group]["checkpoints"]
        return {int(shard): entry["checkpoint"] for shard, entry in stored.items()}

    def attributes(self, group: str = "billing") -> tuple[int, bool]:
        """Return a group's timeout and order."""
        found = self.state()["consumer_groups"][group]
        return found["timeout"], found["order"]

    def fault(self, *faults: Mapping[str, object]) -> None:
        """Replace the faults; the list of calls so far is kept."""
        self.sls.control("faults", list(faults))

    def calls(self, *, journal: bool = False) -> list[Any]:
        """Return the calls that the stand-in got since this object last called it; those on the journal if asked."""
        name = self.sls.journal.partition("/")[2]
        calls = self.sls.control("requests")[self._own_calls :]
        return [call for call in calls if journal or call["logstore"] != name]

    def writes(self) -> list[Any]:
        """Return those of `calls` that change something."""
        return [call for call in self.calls() if call["operation"] in _WRITES]

    def _sent(self, answer: Answer) -> Answer:
        assert answer.status == 200, answer.body
        self._own_calls = len(self.sls.control("requests"))
        return answer
