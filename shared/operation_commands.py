"""Commands that plan, and that speak of operations in the journal; the direct ones are in `shared.commands`."""

from datetime import timezone
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StringConstraints

from shared.commands import (
    Command,
    Describe,
    Given,
    GroupCommand,
    ListConsumerGroups,
    Reason,
    ShardId,
    UpdateCheckpoint,
    UpdateConsumerGroup,
)
from shared.goals import CopyOf, read_goal, read_instant

WaitSeconds = Annotated[int, Field(ge=0, le=600)]
OperationId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{16}$")]
PlanId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{10}$")]


class Careful(Command):
    """Options of everything that moves checkpoints by plan."""

    allow_active: bool = False
    wait_free_s: WaitSeconds = 0
    verify_after_s: WaitSeconds = 0
    reason: Reason | None = None


class Planning(Careful, GroupCommand):
    """A command that plans by default; `dry_run: false` applies what it plans."""

    dry_run: bool = True
    on_expired: Literal["refuse", "clamp"] = "refuse"

    @property
    def is_write(self) -> bool:
        """Whether carrying the command out changes anything in SLS."""
        return not self.dry_run


class Moving(Planning):
    """Bring the group's checkpoints to a goal.

    `to` has many spellings, see `shared.goals`; `shards` is all of them unless given; `at` is the command's own time,
    which durations count back from.
    """

    to: Any
    shards: Annotated[list[ShardId], Field(min_length=1)] | None = None
    at: Any = None

    @classmethod
    def broken_rules(cls, given: Given) -> list[str]:
        """Return what is wrong with the times and the goal."""
        problems = super().broken_rules(given)
        if "to" in given:
            try:
                # Whether a time needs a zone is policy's to say, and is asked again when the command is carried out.
                read_goal(given["to"], anchor_unix=0, default_zone=timezone.utc)
            except ValueError as error:
                problems.append(f"to: {error}")
        problems += _left_out(given)
        if given.get("at") is not None:
            problems += _broken_instant("at", given["at"])
        return problems

    def copied_group(self) -> str | None:
        """Return the consumer group whose positions `to` copies; None if it copies none."""
        goal = read_goal(self.to, anchor_unix=0, default_zone=timezone.utc)
        return goal.consumer_group if isinstance(goal, CopyOf) else None


class Seek(Moving):
    """Go to a position, whichever way it lies."""

    action: Literal["seek"]


class Rewind(Moving):
    """Go back to a position; a shard that stands before it stays."""

    action: Literal["rewind"]


class Skip(Moving):
    """Go forward to a position; a shard that stands behind it stays."""

    action: Literal["skip"]


class Apply(Careful):
    """Carry out a plan, exactly as it was shown."""

    action: Literal["apply"]
    plan_id: PlanId

    @property
    def is_write(self) -> bool:
        """Whether carrying the command out changes anything in SLS."""
        return True


class OperationCommand(GroupCommand):
    """A command on one operation of a consumer group."""

    operation_id: OperationId


class Undo(Planning, OperationCommand):
    """Take an operation back: its moves with before and after swapped, as a new operation."""

    action: Literal["undo"]


class Resume(OperationCommand):
    """Finish an operation that was left unfinished, with the moves that it recorded."""

    action: Literal["resume"]

    @property
    def is_write(self) -> bool:
        """Whether carrying the command out changes anything in SLS."""
        return True


class Abandon(OperationCommand):
    """End an unfinished operation as it stands, so that the group is free for another."""

    action: Literal["abandon"]
    reason: Reason | None = None

    @property
    def is_write(self) -> bool:
        """Whether carrying the command out changes anything; it changes only the journal."""
        return True


class Verify(OperationCommand):
    """Whether an operation's moves held."""

    action: Literal["verify"]


class Snapshot(GroupCommand):
    """Write the group's present positions to the journal, which `as_of` lives on."""

    action: Literal["snapshot"]
    reason: Reason | None = None


class History(GroupCommand):
    """Who did what to this group, newest first."""

    action: Literal["history"]
    limit: Annotated[int, Field(ge=1, le=200)] = 20
    since: Any = None

    @classmethod
    def broken_rules(cls, given: Given) -> list[str]:
        """Return what is wrong with the time."""
        since = given.get("since")
        return super().broken_rules(given) + (_broken_instant("since", since) if since is not None else [])


class Peek(GroupCommand):
    """The log groups at a shard's checkpoint, values cut to 200 characters."""

    action: Literal["peek"]
    shard: ShardId
    count: Annotated[int, Field(ge=1, le=10)] = 1


class Doctor(Command):
    """Whether the installation can do its work: settings, policy, clock, rights, journal; a command of its own."""

    action: Literal["doctor"]


SingleCommand: TypeAlias = (
    ListConsumerGroups
    | Describe
    | Peek
    | UpdateConsumerGroup
    | UpdateCheckpoint
    | Seek
    | Rewind
    | Skip
    | Apply
    | Undo
    | Resume
    | Abandon
    | Verify
    | Snapshot
    | History
)


class Batch(Command):
    """Commands carried out in order, each with a result of its own; all are checked before the first is begun."""

    action: Literal["batch"]
    commands: tuple[SingleCommand, ...]
    stop_on_error: bool = False

    @classmethod
    def broken_rules(cls, given: Given) -> list[str]:
        """Return what is wrong with the list itself."""
        return ["commands: must hold at least one command"] if given.get("commands") == [] else []

    @property
    def is_write(self) -> bool:
        """Whether any part changes anything in SLS."""
        return any(command.is_write for command in self.commands)


AnyCommand: TypeAlias = SingleCommand | Doctor | Batch

MODELS: dict[str, type[Command]] = {
    "list_consumer_groups": ListConsumerGroups,
    "describe": Describe,
    "peek": Peek,
    "update_consumer_group": UpdateConsumerGroup,
    "update_checkpoint": UpdateCheckpoint,
    "seek": Seek,
    "rewind": Rewind,
    "skip": Skip,
    "apply": Apply,
    "undo": Undo,
    "resume": Resume,
    "abandon": Abandon,
    "verify": Verify,
    "snapshot": Snapshot,
    "history": History,
    "doctor": Doctor,
    "batch": Batch,
}


def _left_out(given: Given) -> list[str]:
    to, shards = given.get("to"), given.get("shards")
    named = to.get("checkpoints") if isinstance(to, dict) else None
    if not isinstance(named, dict) or not isinstance(shards, list):
        return []
    left_out = set(named) - {str(shard) for shard in shards}
    return ["shards: leaves out a shard that to.checkpoints names"] if left_out else []


def _broken_instant(name: str, value: object) -> list[str]:
    try:
        read_instant(value, default_zone=timezone.utc)
    except ValueError as error:
        return [f"{name}: {error}"]
    return []
