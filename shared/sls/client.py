"""The SLS operations on consumer groups, and on the Logstores and shards that they read, one method each.

Every method may raise `SlsError` (see `shared.sls.errors`), `DeadlineError` when no time is left to send, and
`InvalidCommandError` for a name that must not stand in a path. Nothing here logs.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import requests

from shared.errors import InvalidCommandError
from shared.settings import Endpoint
from shared.sls import models
from shared.sls.calls import Target, json_call
from shared.sls.credentials import Credentials
from shared.sls.logs import PulledLogs, pull_logs_call, put_logs_call
from shared.sls.models import Answer, ConsumerGroup, Logstore, Shard, ShardCheckpoint
from shared.sls.retries import Surroundings
from shared.sls.session import new_session
from shared.sls.transport import Transport

__all__ = ["SlsClient", "Surroundings", "new_session"]


class SlsClient:
    """Calls SLS for one project during one invocation; several threads may use it at once.

    Args:
        endpoint: Where the project's calls go.
        credentials: Sign them.
        session: Keeps the connections; from `new_session`, and the caller's to close.
        surroundings: Clock, deadline, sleep and chance.

    Attributes:
        transport: Sends the calls; for operations that have no method here.
    """

    def __init__(
        self, endpoint: Endpoint, credentials: Credentials, session: requests.Session, surroundings: Surroundings
    ) -> None:
        self._project = endpoint.host.partition(".")[0]
        self.transport = Transport(endpoint, credentials, session, surroundings)
        self._send = self.transport.send

    @property
    def sls_request_ids(self) -> list[str]:
        """SLS's ids of every answer so far, errors included."""
        return self.transport.sls_request_ids

    @property
    def clock_offset_s(self) -> float:
        """Seconds by which SLS's clock is ahead of this machine's; 0 unless SLS once refused ours."""
        return self.transport.clock_offset_s

    def list_consumer_groups(self, logstore: str) -> Answer[tuple[ConsumerGroup, ...]]:
        """Return a Logstore's consumer groups, in SLS's order."""
        target = Target(self._project, logstore)
        path = f"{target.logstore_path}/consumergroups"
        return self._send(json_call("ListConsumerGroup", target, "GET", path, models.read_consumer_groups))

    def create_consumer_group(
        self, logstore: str, consumer_group: str, *, timeout_s: int, in_order: bool
    ) -> Answer[None]:
        """Create a consumer group, with no checkpoint in any shard.

        If an answer was lost, the repeated try finds the group there: `ConsumerGroupAlreadyExistError` with
        `may_have_taken_effect`.
        """
        target = Target(self._project, logstore, consumer_group)
        path = f"{target.logstore_path}/consumergroups"
        body = {"consumerGroup": consumer_group, "timeout": timeout_s, "order": in_order}
        return self._send(json_call("CreateConsumerGroup", target, "POST", path, models.read_nothing, body=body))

    def update_consumer_group(
        self, logstore: str, consumer_group: str, *, timeout_s: int | None = None, in_order: bool | None = None
    ) -> Answer[None]:
        """Change a consumer group's attributes; one that is None is not sent and stays as it is.

        Raises:
            InvalidCommandError: Neither is given.

        Note:
            No other key may be sent: with the group's name in the body SLS refuses the call.

        Source: reference sls-api.md 2.2.
        """
        given = {"timeout": timeout_s, "order": in_order}
        body = {key: value for key, value in given.items() if value is not None}
        if not body:
            raise InvalidCommandError(["timeout, order: give at least one"])
        target = Target(self._project, logstore, consumer_group)
        return self._send(
            json_call("UpdateConsumerGroup", target, "PUT", target.group_path, models.read_nothing, body=body)
        )

    def delete_consumer_group(self, logstore: str, consumer_group: str) -> Answer[None]:
        """Delete a consumer group and its checkpoints.

        If an answer was lost, the repeated try finds no group: `ConsumerGroupNotExistError` with
        `may_have_taken_effect`.
        """
        target = Target(self._project, logstore, consumer_group)
        return self._send(json_call("DeleteConsumerGroup", target, "DELETE", target.group_path, models.read_nothing))

    def get_checkpoints(self, logstore: str, consumer_group: str) -> Answer[tuple[ShardCheckpoint, ...]]:
        """Return a consumer group's checkpoints in all shards, by shard, in one call.

        Pages do not say whether a shard that was never assigned is listed; it may be absent.
        """
        target = Target(self._project, logstore, consumer_group)
        return self._send(json_call("GetCheckPoint", target, "GET", target.group_path, models.read_checkpoints))

    def update_checkpoint(
        self,
        logstore: str,
        consumer_group: str,
        *,
        shard_id: int,
        checkpoint: str,
        consumer: str | None = None,
        force: bool = True,
        retried: bool = True,
    ) -> Answer[None]:
        """Write a consumer group's checkpoint in one shard.

        Args:
            logstore: The Logstore.
            consumer_group: The consumer group.
            shard_id: The shard.
            checkpoint: Cursor of what is to be read next.
            consumer: Who writes; None names nobody, which SLS takes only if the write is forced.
            force: False lets SLS refuse if the consumer does not hold the shard.
            retried: False sends it once, even where it is refused for now: consumers may move on meanwhile.

        Note:
            `consumer=` is sent, empty, when there is none: pages disagree on whether it may be absent, and most SDKs
            send it so.

        Source: reference sls-api.md 2.7.
        """
        _check_printable("consumer", consumer or "")
        target = Target(self._project, logstore, consumer_group, shard_id)
        query = {"type": "checkpoint", "consumer": consumer or "", "forceSuccess": "true" if force else "false"}
        body = {"shard": shard_id, "checkpoint": checkpoint}
        operation, path = "ConsumerGroupUpdateCheckPoint", target.group_path
        call = json_call(operation, target, "POST", path, models.read_nothing, query=query, body=body)
        return self._send(replace(call, retried=retried))

    def list_shards(self, logstore: str) -> Answer[tuple[Shard, ...]]:
        """Return a Logstore's shards by number, read-only ones included."""
        target = Target(self._project, logstore)
        return self._send(json_call("ListShards", target, "GET", f"{target.logstore_path}/shards", models.read_shards))

    def get_cursor(self, logstore: str, shard_id: int, at: int | Literal["begin", "end"]) -> Answer[str]:
        """Return the cursor of the first log group that SLS received at or after an instant.

        Args:
            logstore: The Logstore.
            shard_id: The shard.
            at: Unix seconds; before the oldest data that is kept it means "begin", in the future "end", and SLS does
                not say so. "end" is where the next log group will stand.

        Source: reference sls-api.md 2.12.
        """
        target = Target(self._project, logstore, shard_id=shard_id)
        query = {"type": "cursor", "from": str(at)}
        return self._send(json_call("GetCursor", target, "GET", target.shard_path, models.read_cursor, query=query))

    def get_cursor_time(self, logstore: str, shard_id: int, cursor: str) -> Answer[int]:
        """Return when SLS received the log group at a cursor, in Unix seconds.

        Raises:
            InvalidCursorError: The cursor lies before what is kept, or after the end.

        Note:
            What the end cursor gives on a shard that holds data is not documented; ask for the one before it.

        Source: reference sls-api.md 2.13.
        """
        _check_printable("cursor", cursor)
        target = Target(self._project, logstore, shard_id=shard_id)
        query = {"type": "cursor_time", "cursor": cursor}
        return self._send(
            json_call("GetCursorTime", target, "GET", target.shard_path, models.read_cursor_time, query=query)
        )

    def get_logstore(self, logstore: str) -> Answer[Logstore]:
        """Return a Logstore's attributes."""
        target = Target(self._project, logstore)
        return self._send(json_call("GetLogStore", target, "GET", target.logstore_path, models.read_logstore))

    def create_logstore(self, logstore: str, *, ttl_days: int, shard_count: int, auto_split: bool) -> Answer[None]:
        """Create a Logstore; SLS takes up to a minute to make it usable.

        Note:
            Only these keys are sent: a server that does not know another refuses it as redundant.

        Source: reference sls-api.md 2.16.
        """
        target = Target(self._project, logstore)
        body = {"logstoreName": logstore, "ttl": ttl_days, "shardCount": shard_count, "autoSplit": auto_split}
        return self._send(json_call("CreateLogStore", target, "POST", "/logstores", models.read_nothing, body=body))

    def create_index(self, logstore: str, index: Mapping[str, object]) -> Answer[None]:
        """Create a Logstore's index, so that its logs can be queried.

        Args:
            logstore: The Logstore.
            index: SLS's own form: `line` and `keys`.

        Source: reference sls-api.md 2.16.
        """
        target = Target(self._project, logstore)
        path = f"{target.logstore_path}/index"
        return self._send(json_call("CreateIndex", target, "POST", path, models.read_nothing, body=index))

    def put_logs(self, logstore: str, log_group: bytes) -> Answer[None]:
        """Append one encoded LogGroup to a Logstore.

        It is sent again after a lost answer and may then stand there twice; whoever reads must tell copies apart.
        """
        return self._send(put_logs_call(Target(self._project, logstore), log_group))

    def pull_logs(self, logstore: str, shard_id: int, cursor: str, *, count: int) -> Answer[PulledLogs]:
        """Return up to `count` (1 to 1000) LogGroups of a shard from a cursor on.

        Raises:
            InvalidCursorError: The cursor lies outside what the shard keeps.
        """
        _check_printable("cursor", cursor)
        target = Target(self._project, logstore, shard_id=shard_id)
        return self._send(pull_logs_call(target, cursor, count))


def _check_printable(name: str, text: str) -> None:
    # A line break would make a version 1 signature ambiguous, half a surrogate cannot be sent at all.
    if not text.isprintable():
        raise InvalidCommandError([f"{name}: must be printable text"])
