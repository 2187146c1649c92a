"""The other side of what is measured: a stand-in with one consumer group, and what plays FC and the chats."""

import json
import time
from dataclasses import dataclass

from tests.bench.cold_start.ear import Ear
from tests.local.sls.caller import Caller
from tests.local.sls.server import StandInServer
from tests.local.sls.signing import Signer

_PROJECT, _LOGSTORE, _GROUP = "shop", "orders", "billing"
_LOG_GROUPS = 3600
_WRITES = frozenset({"PUT", "POST"})
_OK = 200

COMMAND = {
    "action": "update_consumer_group",
    "project": _PROJECT,
    "logstore": _LOGSTORE,
    "consumer_group": _GROUP,
    "timeout": 90,
    "order": False,
}
"""The write that everybody makes."""


@dataclass(frozen=True, slots=True)
class World:
    """What every measured process talks to."""

    sls: StandInServer
    ear: Ear

    @property
    def group(self) -> str:
        """The consumer group as chats name it."""
        return f"{_PROJECT}/{_LOGSTORE}/{_GROUP}"

    def reset(self) -> None:
        """Begin anew: one hour of log groups, one a second, all of them consumed."""
        begin_unix = int(time.time()) - _LOG_GROUPS
        self.sls.control("reset", {})
        told = {"project": _PROJECT, "logstore": _LOGSTORE, "log_groups": _LOG_GROUPS, "begin_unix": begin_unix}
        self.sls.control("logstores", told)
        state = self.sls.control("state", project=_PROJECT, logstore=_LOGSTORE)
        signer = Signer(self.sls.access_key_id, self.sls.access_key_secret, self.sls.region)
        groups = f"/logstores/{_LOGSTORE}/consumergroups"
        with Caller(self.sls.url, signer, project=_PROJECT) as caller:
            caller.call("POST", groups, document={"consumerGroup": _GROUP, "timeout": 60, "order": False})
            for shard in state["shards"]:
                checkpoint = {"shard": shard["shard"], "checkpoint": shard["end"]}
                query = {"type": "checkpoint", "forceSuccess": "true"}
                caller.call("POST", f"{groups}/{_GROUP}", query=query, document=checkpoint)

    def mark(self) -> tuple[int, int]:
        """Return how much has been heard so far."""
        return len(self.sls.control("requests")), len(self.ear.heard)

    def first_write_unix(self, since: tuple[int, int]) -> float | None:
        """Return when the first signed write since a mark was taken; None if there was none."""
        calls = self.sls.control("requests")[since[0] :]
        written = [call["unix"] for call in calls if call["method"] in _WRITES and call["status"] == _OK]
        handed = [heard.unix for heard in self.ear.heard[since[1] :] if heard.is_invocation]
        return min([*written, *handed], default=None)

    def argument(self) -> str:
        """Return what the programs that are not ours are told."""
        keys = {"access_key_id": self.sls.access_key_id, "access_key_secret": self.sls.access_key_secret}
        return json.dumps({"url": self.sls.url, "command": COMMAND, **keys})
