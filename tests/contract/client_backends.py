"""Our client and the official SDK behind one interface, so that the same assertions hold for both."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal, Protocol

import aliyun.log
import requests

from shared.settings import Endpoint
from shared.sls.client import SlsClient, Surroundings
from shared.sls.credentials import Credentials
from shared.sls.errors import SlsApiError

PEER: Any = aliyun.log  # without types

DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group's attributes."""

    name: str
    timeout_s: int
    in_order: bool


def refused_with(call: Callable[[], object]) -> str | None:
    """Return the code with which SLS refuses a call, through either client; None if it does not."""
    try:
        call()
    except SlsApiError as error:
        return error.sls_error_code
    except PEER.LogException as error:
        return str(error.get_error_code())
    return None


class Backend(Protocol):
    """What the contract asks of a client of one Logstore."""

    def groups(self) -> list[Group]:
        """Return every consumer group."""

    def create_group(self, group: str, *, timeout_s: int, in_order: bool) -> None:
        """Create a consumer group."""

    def update_group(self, group: str, *, timeout_s: int | None = None, in_order: bool | None = None) -> None:
        """Change what is given."""

    def delete_group(self, group: str) -> None:
        """Delete a consumer group."""

    def checkpoints(self, group: str) -> dict[int, str]:
        """Return every shard's checkpoint."""

    def update_checkpoint(
        self, group: str, shard_id: int, checkpoint: str, *, consumer: str = "", force: bool = True
    ) -> None:
        """Write one shard's checkpoint."""

    def shards(self) -> dict[int, str]:
        """Return every shard's status."""

    def cursor(self, shard_id: int, at: int | Literal["begin", "end"]) -> str:
        """Return a cursor."""

    def cursor_time(self, shard_id: int, cursor: str) -> int:
        """Return a cursor's receive time, in Unix seconds."""

    def ttl_days(self) -> int:
        """Return how long the Logstore keeps data."""


class OurBackend:
    """The client under test."""

    def __init__(self, endpoint: Endpoint, credentials: Credentials, session: requests.Session, logstore: str) -> None:
        surroundings = Surroundings(lambda: DEADLINE_S, lambda: datetime.now(timezone.utc), time.sleep, lambda: 0.5)
        self.client = SlsClient(endpoint, credentials, session, surroundings)
        self.logstore = logstore

    def groups(self) -> list[Group]:
        """Return every consumer group."""
        found = self.client.list_consumer_groups(self.logstore).value
        return [Group(group.name, group.timeout_s, group.in_order) for group in found]

    def create_group(self, group: str, *, timeout_s: int, in_order: bool) -> None:
        """Create a consumer group."""
        self.client.create_consumer_group(self.logstore, group, timeout_s=timeout_s, in_order=in_order)

    def update_group(self, group: str, *, timeout_s: int | None = None, in_order: bool | None = None) -> None:
        """Change what is given."""
        self.client.update_consumer_group(self.logstore, group, timeout_s=timeout_s, in_order=in_order)

    def delete_group(self, group: str) -> None:
        """Delete a consumer group."""
        self.client.delete_consumer_group(self.logstore, group)

    def checkpoints(self, group: str) -> dict[int, str]:
        """Return every shard's checkpoint."""
        found = self.client.get_checkpoints(self.logstore, group).value
        return {entry.shard_id: entry.checkpoint for entry in found}

    def update_checkpoint(
        self, group: str, shard_id: int, checkpoint: str, *, consumer: str = "", force: bool = True
    ) -> None:
        """Write one shard's checkpoint."""
        self.client.update_checkpoint(
            self.logstore, group, shard_id=shard_id, checkpoint=checkpoint, consumer=consumer, force=force
        )

    def shards(self) -> dict[int, str]:
        """Return every shard's status."""
        found = self.client.list_shards(self.logstore).value
        return {shard.shard_id: shard.status for shard in found}

    def cursor(self, shard_id: int, at: int | Literal["begin", "end"]) -> str:
        """Return a cursor."""
        return self.client.get_cursor(self.logstore, shard_id, at).value

    def cursor_time(self, shard_id: int, cursor: str) -> int:
        """Return a cursor's receive time, in Unix seconds."""
        return self.client.get_cursor_time(self.logstore, shard_id, cursor).value

    def ttl_days(self) -> int:
        """Return how long the Logstore keeps data."""
        return self.client.get_logstore(self.logstore).value.ttl_days


class OfficialBackend:
    """The official Python SDK."""

    def __init__(self, client: Any, project: str, logstore: str) -> None:  # noqa: ANN401 -- the SDK has no types
        self.client = client
        self.where = (project, logstore)

    def groups(self) -> list[Group]:
        """Return every consumer group."""
        found = self.client.list_consumer_group(*self.where).get_consumer_groups()
        return [Group(group.get_consumer_group_name(), group.get_timeout(), group.is_in_order()) for group in found]

    def create_group(self, group: str, *, timeout_s: int, in_order: bool) -> None:
        """Create a consumer group."""
        self.client.create_consumer_group(*self.where, group, timeout_s, in_order)

    def update_group(self, group: str, *, timeout_s: int | None = None, in_order: bool | None = None) -> None:
        """Change what is given."""
        self.client.update_consumer_group(*self.where, group, timeout_s, in_order)

    def delete_group(self, group: str) -> None:
        """Delete a consumer group."""
        self.client.delete_consumer_group(*self.where, group)

    def checkpoints(self, group: str) -> dict[int, str]:
        """Return every shard's checkpoint."""
        found = self.client.get_check_point(*self.where, group).get_consumer_group_check_points()
        return {entry["shard"]: entry["checkpoint"] for entry in found}

    def update_checkpoint(
        self, group: str, shard_id: int, checkpoint: str, *, consumer: str = "", force: bool = True
    ) -> None:
        """Write one shard's checkpoint."""
        self.client.update_check_point(*self.where, group, shard_id, checkpoint, consumer=consumer, force_success=force)

    def shards(self) -> dict[int, str]:
        """Return every shard's status."""
        found = self.client.list_shards(*self.where).get_shards_info()
        return {shard["shardID"]: shard["status"] for shard in found}

    def cursor(self, shard_id: int, at: int | Literal["begin", "end"]) -> str:
        """Return a cursor."""
        return str(self.client.get_cursor(*self.where, shard_id, at).get_cursor())

    def cursor_time(self, shard_id: int, cursor: str) -> int:
        """Return a cursor's receive time, in Unix seconds."""
        return int(self.client.get_cursor_time(*self.where, shard_id, cursor).get_cursor_time())

    def ttl_days(self) -> int:
        """Return how long the Logstore keeps data."""
        return int(self.client.get_logstore(*self.where).get_ttl())
