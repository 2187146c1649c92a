"""The one shape that every command's outcome has, for every caller."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

from shared.errors import RewindError
from shared.frozen import as_plain, frozen

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Status = Literal[
    "read", "planned", "applied", "unchanged", "duplicate", "accepted", "partial", "refused", "failed"
]  # fmt: skip -- one line reads better than nine
ShardStatus = Literal["read", "planned", "moved", "unchanged", "skipped", "conflict", "failed", "not_attempted"]
Direction = Literal["backward", "forward", "none"]

OK_STATUSES = frozenset({"read", "planned", "applied", "unchanged", "duplicate", "accepted"})
OFF_WIRE = frozenset({"parts", "is_over", "retry_after_s", "sight", "recorded_by", "recorded_at", "looked_at"})
"""Fields of `Result` that no caller gets."""


@frozen
class Target:
    """The consumer group, or with None as group the Logstore, that a command is about."""

    project: str
    logstore: str
    consumer_group: str | None

    def __str__(self) -> str:
        return "/".join(name for name in (self.project, self.logstore, self.consumer_group) if name)


@frozen
class Error:
    """What went wrong, safe to show; `sls_…` are None where SLS was not asked or did not answer."""

    code: str
    message: str
    hint: str | None = None
    sls_error_code: str | None = None
    sls_status: int | None = None
    sls_request_id: str | None = None
    retryable: bool = False


@frozen
class Notice:
    """What the caller should know although the command went through."""

    code: str
    message: str


@frozen
class Position:
    """A checkpoint, and the receive time of the log group before it.

    Attributes:
        checkpoint: The cursor; "" if the shard never had one.
        time: ISO-8601 in UTC; at the begin cursor, that of the oldest log group. None if never or not asked for.
    """

    checkpoint: str
    time: str | None = None


@frozen
class ShardResult:
    """What became of one shard.

    Attributes:
        shard: Shard id.
        status: What was done.
        direction: Which way the checkpoint goes or went.
        before: Where it was.
        after: Where it is, or with `planned` would be; None for reads.
        log_groups: After minus before: how many log groups are skipped, or if negative consumed again.
        note: What a person should know about this shard, or None.
        error: Why it was not done, or None.
    """

    shard: int
    status: ShardStatus
    before: Position
    direction: Direction = "none"
    after: Position | None = None
    log_groups: int | None = None
    note: str | None = None
    error: Error | None = None


@frozen
class Attributes:
    """A consumer group's attributes: heartbeat timeout in seconds, and whether parents are consumed before children."""

    timeout: int
    order: bool


@frozen
class AttributeChange:
    """A group's attributes before and after; alike where nothing changes."""

    before: Attributes
    after: Attributes


@frozen
class RecordedOutcome:
    """What became of an operation, as the journal kept it.

    Attributes:
        shards: What became of each shard.
        consumer_group: The attributes before and after; None if they were not its business.
        error: What went wrong as a whole, or None.
    """

    shards: tuple[ShardResult, ...] = ()
    consumer_group: AttributeChange | None = None
    error: Error | None = None


@frozen(kw_only=True)
class Sight:
    """What a plan was made on, for those who show it to people.

    Attributes:
        goal_unix: The instant that the goal stands for, in Unix seconds; None where it is no time.
        consumers: What the checkpoints say of consumers; None where none of them is to be moved.
        holders: The consumers that hold shards which are to be moved.
        free_at: When `active` ends if nothing more is written, ISO-8601 in UTC; None for the other states.
        ends: By shard id, the position behind its newest log group; of the shards that were looked at alone.
        undoes: The operation that the plan takes back; "" if none.
        reason: Why, as the caller gave it; "" if none.
        asked_by: Whose plan it is: the principal.
        allow_active: Whether applying it moves the shards although somebody consumes.
        wait_free_s: Seconds for which applying it waits for the consumers to be gone.
    """

    goal_unix: int | None = None
    consumers: Literal["active", "held", "free"] | None = None
    holders: tuple[str, ...] = ()
    free_at: str | None = None
    ends: Mapping[int, int] = field(default_factory=dict)
    undoes: str = ""
    reason: str = ""
    asked_by: str = ""
    allow_active: bool = False
    wait_free_s: int = 0


@frozen(kw_only=True)
class Result:
    """The outcome of one command.

    Attributes:
        own: What only this action has, under its own key: `consumer_groups`, `describe`, `results`.
        parts: The results of a batch's parts; no key of its own on the wire, where `results` holds them.
        is_over: Whether the journal keeps the operation as over, so that repeating it changes nothing; no key either.
        retry_after_s: When the same call is worth sending again, for HTTP's Retry-After; no key either.
        sight: What a plan was made on; None for all but previews; no key either.
        recorded_by: Who did what is told again: the principal; None where nothing is; no key either.
        recorded_at: When it had ended, ISO-8601 in UTC; None as above; no key either.
        looked_at: The operation that was verified; None for all but `verify`; no key either.
        next: Commands that fit now, ready to send.
        sls_request_ids: Ids of all answers of SLS, in the order in which they came.
    """

    status: Status
    action: str
    target: Target | None = None
    dry_run: bool = False
    operation_id: str | None = None
    shards: Sequence[ShardResult] = ()
    consumer_group: AttributeChange | None = None
    warnings: Sequence[Notice] = ()
    plan_id: str | None = None
    expires_at: str | None = None
    next: Sequence[Mapping[str, object]] = ()
    error: Error | None = None
    sls_request_ids: Sequence[str] = ()
    fc_request_id: str | None = None
    elapsed_ms: int = 0
    own: Mapping[str, object] = field(default_factory=dict)
    parts: Sequence["Result"] = ()
    retry_after_s: int | None = None
    is_over: bool = False
    sight: Sight | None = None
    recorded_by: str | None = None
    recorded_at: str | None = None
    looked_at: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the command did, or found, what was asked."""
        return self.status in OK_STATUSES

    def as_dict(self) -> dict[str, object]:
        """Return the result as plain JSON values, in the contract's form."""
        plain = as_plain(replace(self, parts=(), sight=None))
        own = plain.pop("own")
        for name in OFF_WIRE:
            del plain[name]
        return {"ok": self.ok, **plain, **own}


def error_of(error: RewindError) -> Error:
    """Return an exception in the form that results carry."""
    return Error(
        code=error.code,
        message=error.message,
        hint=error.hint,
        sls_error_code=error.sls_error_code,
        sls_status=error.sls_status,
        sls_request_id=error.sls_request_id,
        retryable=error.retryable,
    )


def read_outcome(record: object) -> RecordedOutcome:
    """Return an outcome as the journal kept it; what a newer version added to it is passed over.

    Raises:
        ValueError: The record is not one of an outcome.
    """
    return _reader().validate_python(record)


@cache
def _reader() -> "TypeAdapter[RecordedOutcome]":
    # Made when first needed: most cold starts read no journal, and that of `chatops` needs nothing else of pydantic.
    from pydantic import TypeAdapter  # noqa: PLC0415 -- see above

    return TypeAdapter(RecordedOutcome)
