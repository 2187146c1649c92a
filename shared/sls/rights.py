"""Which right each call to SLS needs, and on what: the one table from operations to RAM actions and resources.

Source: reference function-compute.md 7 and sls-api.md 2.2, 2.5, 2.7, 2.12, 2.16. Pages disagree on two of them.
ConsumerGroupUpdateCheckPoint's resource is the consumer group here, as one page and the wording of real denials have
it; another page says `*`. GetCheckPoint's action is log:GetConsumerGroupCheckPoint here; an older list says
log:GetCheckPoint, and newer pages that it needs none.
"""

from collections.abc import Mapping
from typing import Literal

from shared.frozen import frozen

Scope = Literal["project", "logstore", "groups", "group"]
"""What a right is given on: any Logstore of a project, one Logstore, all its consumer groups, one of these."""

_SUFFIX: Mapping[Scope, str] = {
    "project": "logstore/*",
    "logstore": "logstore/{logstore}",
    "groups": "logstore/{logstore}/consumergroup/*",
    "group": "logstore/{logstore}/consumergroup/{consumer_group}",
}


@frozen
class Right:
    """What a role must be allowed.

    Attributes:
        action: RAM's name of it, such as `log:ListShards`.
        scope: What it is given on.
    """

    action: str
    scope: Scope

    def resource(self, region: str, account: str, project: str, logstore: str, consumer_group: str) -> str:
        """Return the resource in RAM's notation; `*` and `?` in a name stay globs."""
        suffix = _SUFFIX[self.scope].format(logstore=logstore, consumer_group=consumer_group)
        return f"acs:log:{region}:{account}:project/{project}/{suffix}"


_READ_DATA = Right("log:GetCursorOrData", "logstore")

RIGHTS: Mapping[str, Right] = {
    "ListShards": Right("log:ListShards", "logstore"),
    "GetLogStore": Right("log:GetLogStore", "logstore"),
    "GetCursor": _READ_DATA,
    "GetCursorTime": _READ_DATA,
    "PullLogs": _READ_DATA,
    "PutLogs": Right("log:PostLogStoreLogs", "logstore"),
    "ListConsumerGroup": Right("log:ListConsumerGroup", "groups"),
    "GetCheckPoint": Right("log:GetConsumerGroupCheckPoint", "group"),
    "UpdateCheckPoint": Right("log:ConsumerGroupUpdateCheckPoint", "group"),
    "UpdateConsumerGroup": Right("log:UpdateConsumerGroup", "group"),
    "CreateLogStore": Right("log:CreateLogStore", "project"),
    "CreateIndex": Right("log:CreateIndex", "logstore"),
}
"""By SLS's name of the operation."""
