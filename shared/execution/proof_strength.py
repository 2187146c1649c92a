"""What the proof of a caller is good for: no seek, rewind or skip that whoever captured it could repeat, unrecognized.

The two direct updates name the very values that they write, and no time that could tell how old they are: the journal
knows a repetition of them for 72 hours, and no longer. Policy decides who may send them on a signature without a time.
"""

from datetime import timezone

from shared.commands import Command
from shared.errors import PolicyDeniedError
from shared.execution.invocation import Assurance, Invocation, journal_required
from shared.goals import counts_from_now, named_instant
from shared.journal.window import WINDOW_S
from shared.operation_commands import Batch, Moving, Snapshot
from shared.policy.rules import Policy

_TOO_WEAK = "proof_too_weak"
# An hour less than the journal looks back: this machine's clock and SLS's may differ, and a first try took its time.
_MAX_AGE_S = WINDOW_S - 3600


def check_proof(command: Command, assurance: Assurance, policy: Policy, *, now_unix: float) -> None:
    """Let a command pass for which the proof of its caller is strong enough, each part of a batch by itself.

    Raises:
        PolicyDeniedError: It writes, and the proof does not cover the command; or it moves checkpoints, the proof does
            not say when it was sent, and the command does not either, counts from the present, or is so old that the
            journal would not know it again.
    """
    for part in command.commands if isinstance(command, Batch) else (command,):
        if assurance == "preview" and (part.is_write or isinstance(part, Snapshot)):
            raise proof_too_weak()
        if assurance == "untimed" and part.is_write and isinstance(part, Moving):
            _check_undated(part, policy, now_unix)


def _check_undated(command: Moving, policy: Policy, now_unix: float) -> None:
    """Let a move on a signature without a time pass whose repetitions are recognized, or too old for this very check.

    No move goes to a time to come, so it is written at or after the newest instant that it names. For 72 hours from
    then the journal knows it again; before they are over, that instant is too old.
    """
    if counts_from_now(command.to, has_time=command.at is not None):
        raise PolicyDeniedError(
            "to: counts from the present, and this signature does not say when the command was sent",
            code=_TOO_WEAK,
            hint="Give an absolute time as to, or beside a duration the command's own time as at; or sign a time.",
        )
    # Without a default zone, a time that names none is refused when the command is planned.
    zone = policy.default_zone() or timezone.utc
    named = (named_instant(given, default_zone=zone) for given in (command.at, command.to))
    if now_unix - max((unix for unix in named if unix is not None), default=0) > _MAX_AGE_S:
        raise PolicyDeniedError(
            "this signature does not say when the command was sent, and no time in the command is of the last "
            f"{_MAX_AGE_S // 3600} hours",
            code=_TOO_WEAK,
            hint="Give the command's own time as at: the journal knows a repetition for 72 hours only, and whoever "
            "captured the command could send it again after that.",
        )


def proof_too_weak() -> PolicyDeniedError:
    """Return the refusal of what writes, where the proof of its caller does not cover it."""
    return PolicyDeniedError(
        "what proves this caller does not cover the command, so it may only read and preview",
        code=_TOO_WEAK,
        hint="Send it with dry_run: true; or prove the whole request, by a bearer token or a signature.",
    )


def check_remembered(command: Command, invocation: Invocation) -> None:
    """Let a write that whoever captured it could send again pass only where the journal would know it again.

    Raises:
        RefusedError: It would not: no journal is set.
    """
    if invocation.assurance in {"timed", "untimed"} and command.is_write and invocation.settings.journal is None:
        raise journal_required(f"{command.action} on a signature")
