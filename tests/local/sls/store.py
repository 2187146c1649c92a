"""Everything that the stand-in remembers between calls."""

import time
from dataclasses import dataclass, field

from tests.local.sls.authentication import AccessKey
from tests.local.sls.clock import Clock
from tests.local.sls.consumer_groups import ConsumerGroup
from tests.local.sls.errors import ConsumerGroupNotExistError, LogStoreNotExistError, ProjectNotExistError
from tests.local.sls.logstores import Logstore, new_logstore
from tests.local.sls.switches import Switches

REGION = "cn-local"
ACCESS_KEY_ID = "local-access-key-id"
ACCESS_KEY_SECRET = "local-access-key-secret"
JOURNAL_PROJECT = "local-ops"
JOURNAL_LOGSTORE = "rewind-journal"


@dataclass(slots=True)
class Store:
    """Projects, keys, time and switches.

    A project exists once it has had a Logstore; the journal's project and Logstore exist always. `reset` brings back
    the state of a fresh store.
    """

    clock: Clock = field(default_factory=Clock)
    switches: Switches = field(default_factory=Switches)
    access_keys: dict[str, AccessKey] = field(default_factory=dict)
    projects: dict[str, dict[str, Logstore]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything; the default key pair and an empty journal Logstore stay."""
        self.clock, self.switches = Clock(), Switches()
        self.access_keys = {ACCESS_KEY_ID: AccessKey(ACCESS_KEY_ID, ACCESS_KEY_SECRET)}
        journal = new_logstore(JOURNAL_LOGSTORE, shard_count=1, ttl_days=3650, now_unix=self.clock.data_unix())
        journal.attributes["autoSplit"] = False
        self.projects = {JOURNAL_PROJECT: {JOURNAL_LOGSTORE: journal}}

    def project(self, name: str) -> dict[str, Logstore]:
        """Return a project's Logstores by name.

        Raises:
            ProjectNotExistError: There is no such project.
        """
        if name not in self.projects:
            raise ProjectNotExistError(project=name)
        return self.projects[name]

    def logstore(self, project: str, name: str) -> Logstore:
        """Return a Logstore that can be used.

        Raises:
            ProjectNotExistError: There is no such project.
            LogStoreNotExistError: There is no such Logstore, or it is not ready yet.
        """
        logstore = self.project(project).get(name)
        if logstore is None or time.monotonic() < logstore.usable_monotonic_s:
            raise LogStoreNotExistError(logstore=name)
        return logstore

    def consumer_group(self, project: str, logstore: str, name: str, *, status: int = 404) -> ConsumerGroup:
        """Return a consumer group; `status` is the HTTP status of its absence.

        Raises:
            ProjectNotExistError: There is no such project.
            LogStoreNotExistError: There is no such Logstore.
            ConsumerGroupNotExistError: There is no such group.
        """
        group = self.logstore(project, logstore).consumer_groups.get(name)
        if group is None:
            raise ConsumerGroupNotExistError(status=status)
        return group
