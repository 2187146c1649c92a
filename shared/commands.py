"""Commands: what a caller may ask, as small models; `shared.command_parser` makes them of bytes.

Here are what all have in common, the reads, and the direct writes; `shared.operation_commands` has the rest.
"""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared.cursors import decode_cursor, encode_cursor
from shared.names import RULES, is_name

Given = Mapping[str, object]

_TARGET_PARTS = ("project", "logstore", "consumer_group")
_MAX_INT32 = 2**31 - 1
_SHARD_KEY = re.compile(r"0|[1-9][0-9]{0,9}")


def _broken(message: str, *, sls_error_code: str | None = None) -> PydanticCustomError:
    # The error's type carries the SLS code out of pydantic; the message never holds what the caller sent.
    return PydanticCustomError(sls_error_code or "rule", "{rule}", {"rule": message})


def _name_rule(kind: str) -> BeforeValidator:
    def check(value: object) -> object:
        if isinstance(value, str) and not is_name(kind, value):
            raise _broken(f"must be {RULES[kind]}")
        return value

    return BeforeValidator(check)


def _check_shard_key(value: object) -> object:
    if not isinstance(value, str) or not _SHARD_KEY.fullmatch(value) or int(value) > _MAX_INT32:
        raise _broken(f"every key must be a shard id from 0 to {_MAX_INT32}")
    return value


def _read_checkpoint(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        # As SLS itself spells it, so that what is read back is the same text as what was written.
        return encode_cursor(decode_cursor(value))
    except ValueError as error:
        raise _broken(
            f"must be a cursor of SLS: base64 of a decimal position (this is {error})",
            sls_error_code="InvalidShardCheckPoint",
        ) from error


def _check_consumer(value: object) -> object:
    # What cannot be printed cannot be signed: a line break or half a surrogate makes another request of it.
    if isinstance(value, str) and not value.isprintable():
        raise _broken("must be printable text")
    return value


Project = Annotated[str, _name_rule("project")]
Logstore = Annotated[str, _name_rule("logstore")]
ConsumerGroup = Annotated[str, _name_rule("consumer_group")]
ShardId = Annotated[int, Field(ge=0, le=_MAX_INT32)]
ShardKey = Annotated[str, BeforeValidator(_check_shard_key)]
Checkpoint = Annotated[str, BeforeValidator(_read_checkpoint)]
Consumer = Annotated[str, StringConstraints(min_length=1, max_length=256), BeforeValidator(_check_consumer)]
Reason = Annotated[str, StringConstraints(max_length=200)]


class Command(BaseModel):
    """What every command has."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)
    action: str

    @property
    def is_write(self) -> bool:
        """Whether carrying the command out changes anything in SLS."""
        return False

    def options(self) -> dict[str, object]:
        """Return what the command says beside its action and where, as JSON values; what is as by default is left out.

        How a target is spelled says nothing: an alias and the names it stands for are one command.
        """
        return self.model_dump(mode="json", exclude_defaults=True, exclude={"action", "target", *_TARGET_PARTS})

    @classmethod
    def broken_rules(cls, given: Given) -> list[str]:
        """Return which rules between fields are broken, each beginning with a field's name.

        Works on what was given, not on a valid model, so that these come together with all wrong fields.
        """
        del given
        return []


class LogstoreCommand(Command):
    """A command on one Logstore, named by its parts or by `target`: an alias of policy.toml, or project/logstore."""

    project: Project | None = None
    logstore: Logstore | None = None
    target: str | None = None

    parts: ClassVar[tuple[str, ...]] = ("project", "logstore")

    @classmethod
    def broken_rules(cls, given: Given) -> list[str]:
        """Return what is wrong with how the target is named."""
        named = [part for part in cls.parts if given.get(part) is not None]
        target = given.get("target")
        if target is None:
            return [f"{part}: missing (or name a target)" for part in cls.parts if part not in named]
        if named:
            return [f"target: name the target or its parts ({', '.join(named)}), not both"]
        return cls._broken_target(target) if isinstance(target, str) else []

    @classmethod
    def _broken_target(cls, target: str) -> list[str]:
        names = target.split("/")
        if len(names) == 1:
            return []
        right_length = len(names) in {len(cls.parts), len(_TARGET_PARTS)}
        if right_length and all(map(is_name, _TARGET_PARTS, names)):
            return []
        return [f"target: must be an alias of policy.toml, or {'/'.join(cls.parts)} with valid names"]


class GroupCommand(LogstoreCommand):
    """A command on one consumer group."""

    parts: ClassVar[tuple[str, ...]] = _TARGET_PARTS

    consumer_group: ConsumerGroup | None = None


class ListConsumerGroups(LogstoreCommand):
    """Which consumer groups a Logstore has; of those that policy lets the caller see."""

    action: Literal["list_consumer_groups"]


class Describe(GroupCommand):
    """Where a consumer group stands: lag, holders, liveness, expiry.

    `watch_s` reads twice, so many seconds apart, so that movement shows; 0 reads once.
    """

    action: Literal["describe"]
    watch_s: Annotated[int, Field(ge=0, le=30)] = 0


class DirectWrite(GroupCommand):
    """A write that names its new value itself; `dry_run` only shows what it would do."""

    dry_run: bool = False
    reason: Reason | None = None

    @property
    def is_write(self) -> bool:
        """Whether carrying the command out changes anything in SLS."""
        return not self.dry_run


class UpdateConsumerGroup(DirectWrite):
    """Change a group's attributes: `timeout` in seconds, `order`, or both; what is absent stays."""

    action: Literal["update_consumer_group"]
    timeout: Annotated[int, Field(ge=1, le=_MAX_INT32)] | None = None
    order: bool | None = None

    @classmethod
    def broken_rules(cls, given: Given) -> list[str]:
        """Return what is wrong between the fields."""
        nothing = given.get("timeout") is None and given.get("order") is None
        return super().broken_rules(given) + (["timeout: missing; give timeout, order or both"] if nothing else [])


class UpdateCheckpoint(DirectWrite):
    """Write checkpoints as given: one `shard` and `checkpoint`, or `checkpoints` by shard.

    Without `consumer`, SLS wants force; so `force_success` is then true unless given. With one, SLS decides by who
    holds the shard, unless `force_success` is true.
    """

    action: Literal["update_checkpoint"]
    shard: ShardId | None = None
    checkpoint: Checkpoint | None = None
    checkpoints: Annotated[dict[ShardKey, Checkpoint], Field(min_length=1)] | None = None
    consumer: Consumer | None = None
    force_success: bool | None = None

    @classmethod
    def broken_rules(cls, given: Given) -> list[str]:
        """Return what is wrong between the fields."""
        problems = super().broken_rules(given)
        single = [name for name in ("shard", "checkpoint") if given.get(name) is not None]
        if given.get("checkpoints") is None:
            problems += [f"{n}: missing (or give checkpoints)" for n in ("shard", "checkpoint") if n not in single]
        elif single:
            problems.append("checkpoints: give either checkpoints, or shard and checkpoint")
        if given.get("consumer") is None and given.get("force_success") is False:
            problems.append(
                "force_success: must be true or absent where no consumer is named; SLS refuses it otherwise"
            )
        return problems

    @property
    def force(self) -> bool:
        """Whether SLS is told to write whoever holds the shard."""
        return self.consumer is None if self.force_success is None else self.force_success

    def wanted(self) -> dict[int, str]:
        """Return the checkpoint to write by shard."""
        if self.checkpoints is not None:
            return {int(shard): checkpoint for shard, checkpoint in self.checkpoints.items()}
        return {self.shard: self.checkpoint} if self.shard is not None and self.checkpoint is not None else {}
