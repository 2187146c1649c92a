"""What carrying a command out takes from outside, and what each command carries with it on its way."""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from shared.commands import Command
from shared.errors import DeadlineError, RefusedError
from shared.frozen import frozen
from shared.journal.fold import Group
from shared.journal.journal import Journal, View
from shared.journal.records import Record
from shared.names import printable
from shared.policy.rules import Grant, Policy
from shared.results import Notice, Result, Status, Target
from shared.settings import Endpoint, Settings
from shared.sls.client import SlsClient, Surroundings

# Left at the end of an invocation so that what was done can still be said.
CLOSING_TIME_S = 2.0
"""Seconds before the deadline at which no new write is begun."""

_ID_BYTES = 10

Assurance = Literal["full", "timed", "untimed", "preview"]
"""What the proof of a caller is good for: "full" for whatever policy allows; "timed" is a signature, and who captured
the request can send it again for some minutes; "untimed" proves the command but not when it was sent, so that it may
have been kept back; "preview" does not prove the command, and nothing is written on it."""


@frozen
class Invocation:
    """Everything that one invocation of a function lends to the commands it carries out.

    Attributes:
        principal: Who is calling, proven: `<channel>:<identity>`.
        connect: Makes a client of an endpoint; knows the credentials, which nothing else does.
        journal_view: What this instance has read of the journal; None where there is no journal.
        request_hash: What tells the whole request from every other; set once its targets are known.
        idempotency_key: What makes the caller's repetitions recognizable; None if it sent nothing.
        assurance: What the proof of the caller is good for.
        remaining_s: Seconds until the platform stops the invocation.
        random_bytes: A source of fresh randomness.
        audit: Takes the intent and the outcome of every write, as flat fields.
        has_seen_plan: Whether the caller applies a plan by the button of the card that showed it, options included.
        holder: Whose rights the calls are made with, as a person is told.
        invoke_worker: Hands the worker function an event under a task id, and returns the HTTP status that FC answers;
            None where the function knows of no worker, or not where it is. Raises RewindError without an answer.
    """

    settings: Settings
    policy: Policy
    principal: str
    connect: Callable[[Endpoint, Surroundings], SlsClient]
    remaining_s: Callable[[], float]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    audit: Callable[[Mapping[str, object]], None]
    journal_view: View | None = None
    fc_request_id: str | None = None
    idempotency_key: str | None = None
    assurance: Assurance = "full"
    request_hash: str = ""
    has_seen_plan: bool = False
    holder: str = "the function's role"
    invoke_worker: Callable[[bytes, str], int] | None = None

    def client(self, project: str, operation_id: str | None, *, keep_s: float = 0.0) -> SlsClient:
        """Return a client for one project's calls, which leave so many seconds of the invocation to others."""
        placement = self.policy.placements.get(project)
        endpoint = self.settings.endpoint(
            project, region=placement.region if placement else None, host=placement.host if placement else None
        )
        surroundings = Surroundings(
            lambda: self.remaining_s() - keep_s, self.now, self.sleep, self.random, operation_id
        )
        return self.connect(endpoint, surroundings)

    def fresh_id(self, length: int = 16) -> str:
        """Return a fresh random id of base32 characters, at most 16."""
        return base64.b32encode(self.random_bytes(_ID_BYTES)).decode().lower()[:length]

    def open_journal(self, operation_id: str | None) -> Journal | None:
        """Return the journal; None where none is set."""
        if self.settings.journal is None or self.journal_view is None:
            return None
        project, logstore = self.settings.journal
        client = self.client(project, operation_id)
        return Journal(client, logstore, self.journal_view, lambda: self.now_unix(client), self.sleep)

    def now_unix(self, client: SlsClient) -> float:
        """Return the time in Unix seconds, set right by SLS's clock where a client had to learn that."""
        return self.now().timestamp() + client.clock_offset_s

    def operation_id(self, part: str) -> str:
        """Return the id of an operation: derived from the caller's key where there is one, else fresh.

        Args:
            part: Tells the parts of one request apart; "" for the whole.
        """
        if self.idempotency_key is None:
            return self.fresh_id()
        return derived_id(self.principal, self.idempotency_key, part)


def derived_id(*fields: str) -> str:
    """Return the id that these fields always give; each goes in behind its length, so that no two lists are alike."""
    told = b"".join(len(f.encode()).to_bytes(4, "big") + f.encode() for f in fields)
    return base64.b32encode(hashlib.sha256(told).digest()[:_ID_BYTES]).decode().lower()


def journal_required(action: str) -> RefusedError:
    """Return the refusal of an action that cannot do without a journal where none is set."""
    return RefusedError(
        f"{action} needs the operation journal, and REWIND_JOURNAL is not set",
        code="journal_required",
        hint="Make one with `python -m shared.journal create`, and set REWIND_JOURNAL=<project>/<logstore>.",
    )


@dataclass(slots=True)
class Work:
    """One command on its way to its result.

    Attributes:
        target: What it is about, resolved; None for a batch.
        grant: What policy grants the caller here.
        operation_id: Set for writes, else None.
        journal: Where operations are kept; None where no journal is set.
        planned: The plan that `apply` carries out; None for other commands.
        anchor_unix: When the command was first sent under its key, which durations count back from; None without a key,
            and where the command names its own time or counts from none.
        was_sent_before: Whether that was an earlier request.
        counted_from_unix: What the plan's relative times were counted from; None where the command has none, or names
            its own time.
        writer: Makes the calls that change something; a hanging one leaves the time to tell what became of it.
    """

    invocation: Invocation
    command: Command
    target: Target
    grant: Grant
    operation_id: str | None
    client: SlsClient
    journal: Journal | None = None
    planned: Record | None = None
    anchor_unix: int | None = None
    was_sent_before: bool = False
    counted_from_unix: float | None = None
    writer: SlsClient = field(init=False)
    begun_s: float = field(default_factory=time.monotonic)
    warnings: list[Notice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.writer = self.invocation.client(self.target.project, self.operation_id, keep_s=CLOSING_TIME_S / 2)

    @property
    def group(self) -> str:
        """The consumer group's name; "" for a command on a Logstore."""
        return self.target.consumer_group or ""

    @property
    def journal_group(self) -> Group:
        """The consumer group as the journal names it."""
        return self.target.project, self.target.logstore, self.group

    @property
    def now_unix(self) -> float:
        """The time in Unix seconds: by SLS's clock where the journal, or a refusal, has told it."""
        refused = bool(self.client.clock_offset_s)
        return self.invocation.now_unix(self.client) if refused or self.journal is None else self.journal.now_unix()

    @property
    def command_hash(self) -> str:
        """What tells this command from every other; a plan's own id where it carries one out, whatever its options."""
        if self.planned is not None:
            return derived_id("apply", self.planned.plan_id)
        told = {"action": self.command.action, **self.command.options()}
        return derived_id(json.dumps(told, sort_keys=True), str(self.target))

    def warn(self, code: str, message: str) -> None:
        """Tell the caller something along with the result."""
        self.warnings.append(Notice(code, message))

    def tell(self, event: str, detail: Mapping[str, object]) -> None:
        """Leave one line in the log: what is about to be written, or what became of it."""
        reason = getattr(self.command, "reason", None) or (self.planned and self.planned.reason)
        self.invocation.audit(
            {
                "event": event,
                "operation_id": self.operation_id,
                "principal": self.invocation.principal,
                "action": self.command.action,
                "target": str(self.target),
                "reason": printable(reason) if reason else None,
                **detail,
            }
        )

    def required_journal(self) -> Journal:
        """Return the journal of a command that cannot do without.

        Raises:
            RefusedError: No journal is set.
        """
        if self.journal is None:
            raise journal_required(self.command.action)
        return self.journal

    def check_time(self) -> None:
        """Let a write begin only while there is time to tell what became of it.

        Raises:
            DeadlineError: The invocation is about to end.
        """
        if self.invocation.remaining_s() < CLOSING_TIME_S:
            raise DeadlineError(
                "the invocation's time is nearly used up; no further write was begun",
                hint="Send the command again; raise the function's timeout in template.yml if this comes back.",
            )

    def result(self, status: Status, **more: Any) -> Result:  # noqa: ANN401 -- named and typed by Result
        """Return the command's result with everything that is the same for each."""
        return Result(
            status=status,
            action=self.command.action,
            target=self.target,
            dry_run=bool(getattr(self.command, "dry_run", False)),
            operation_id=self.operation_id,
            warnings=tuple(self.warnings),
            sls_request_ids=(
                *self.client.sls_request_ids,
                *self.writer.sls_request_ids,
                *(self.journal.client.sls_request_ids if self.journal else ()),
            ),
            fc_request_id=self.invocation.fc_request_id,
            elapsed_ms=round((time.monotonic() - self.begun_s) * 1000),
            **more,
        )

    def again(self, **changes: object) -> dict[str, object]:
        """Return a command on the same target, ready to send."""
        named = {"project": self.target.project, "logstore": self.target.logstore}
        if self.target.consumer_group:
            named["consumer_group"] = self.target.consumer_group
        return {"action": self.command.action, **named, **changes}
