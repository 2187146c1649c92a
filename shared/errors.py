"""The error tree of everything that is not an answer of SLS (those are in `shared.sls.errors`).

RewindError
    InvalidCommandError     the caller's command cannot be read or breaks a rule; every problem at once
    AuthenticationError     nobody proven is calling
    PolicyDeniedError       policy does not allow it
    NotFoundError           what the command names does not exist
    RefusedError            the command is sound, but carrying it out now would not be safe or possible
    IdempotencyKeyReusedError   the key stands for another command already
    ConfigurationError      settings or policy are missing or wrong; every problem at once
    DeadlineError           the invocation's time ran out

Every message is safe to show: it names fields, names and limits, never a secret and never a caller's value.
"""

from collections.abc import Sequence


class RewindError(Exception):
    """Base of all errors of this project: what happened, to what, and what to do next.

    Attributes:
        code: Stable snake_case name of what happened.
        message: One sentence that is safe to show.
        hint: What to do next, or None where the message says it all.
        retryable: True when the same call may succeed later without a change.
        next: Commands that help now, ready to send.
        retry_after_s: Seconds after which the same call is worth sending again; None where waiting does not help.
        sls_error_code: SLS's own code for this, whether SLS said it or it was foreseen; None where SLS has none.
        sls_status: The HTTP status SLS answered with; None if SLS was not asked or did not answer.
        sls_request_id: The id of SLS's answer; None as above.
    """

    code: str = "internal_error"
    retryable: bool = False
    next: tuple[dict[str, object], ...] = ()
    retry_after_s: int | None = None
    sls_error_code: str | None = None
    sls_status: int | None = None
    sls_request_id: str | None = None

    def __init__(self, message: str, *, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class InvalidCommandError(RewindError):
    """Raised for a command that cannot be read or breaks a rule; lists every problem by field name.

    Attributes:
        problems: One sentence a problem, each beginning with the field's name.
        sls_error_code: The code SLS documents for this very mistake, where it has one; else None.
        action: The command's action where that much could be read; else "unknown".
    """

    code = "invalid_command"
    action = "unknown"

    def __init__(
        self,
        problems: Sequence[str],
        *,
        code: str | None = None,
        hint: str | None = None,
        sls_error_code: str | None = None,
    ) -> None:
        super().__init__("; ".join(problems), code=code, hint=hint)
        self.problems = tuple(problems)
        self.sls_error_code = sls_error_code


class AuthenticationError(RewindError):
    """Raised when the caller does not prove who it is; its answer is constant and says no more."""

    code = "not_authenticated"


class PolicyDeniedError(RewindError):
    """Raised when no rule of policy.toml allows what is asked, or a limit in it is exceeded."""

    code = "denied_by_policy"


class NotFoundError(RewindError):
    """Raised when something the command names does not exist, in SLS or in the journal.

    Attributes:
        sls_error_code: The code SLS itself has for this; None if it is nothing of SLS's.
    """

    code = "not_found"

    def __init__(
        self, message: str, *, code: str | None = None, sls_error_code: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.sls_error_code = sls_error_code


class RefusedError(RewindError):
    """Raised when a sound command is not carried out because it would not be safe now."""

    code = "refused"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        next: tuple[dict[str, object], ...] = (),  # noqa: A002 -- the contract's own word
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.next = next
        self.retry_after_s = retry_after_s
        self.retryable = retry_after_s is not None


class IdempotencyKeyReusedError(RewindError):
    """Raised when an idempotency key comes again with another command."""

    code = "idempotency_key_reused"


class ConfigurationError(RewindError):
    """Raised when settings or policy are missing or wrong; lists every problem by name, never by value.

    Attributes:
        problems: One sentence a problem, each beginning with the variable's or key's name.
    """

    code = "configuration_invalid"

    def __init__(self, problems: Sequence[str], *, hint: str | None = None) -> None:
        super().__init__("; ".join(problems), hint=hint)
        self.problems = tuple(problems)


class DeadlineError(RewindError):
    """Raised when the invocation's time is used up before the work is done."""

    code = "deadline_exceeded"
    retryable = True
