"""What can go wrong with a call to SLS. Callers tell errors apart by class, never by SLS's wording, which changes.

SlsError                                operation, sls_error_code, sls_status, sls_request_id, may_have_taken_effect
    SlsTransportError                   no usable answer: not connected, timed out, connection lost
    SlsResponseError                    an answer, but not in SLS's own format
    SlsApiError                         SLS says no; codes without a class of their own stay here
        ProjectNotExistError, LogstoreNotExistError, LogstoreWithoutShardError, ShardNotExistError
        ConsumerGroupNotExistError, ConsumerGroupAlreadyExistError, ConsumerGroupQuotaExceedError
        ConsumerNotExistError, ConsumerNotMatchError
        InvalidCursorError, InvalidSlsParameterError
        InvalidSlsRequestError          a header or the address, which we or something between make, not the caller
        SlsAuthError                    our credentials or rights, not the caller's
        SlsClockSkewError               our clock
        ProjectForbiddenError           the account's doing
        SlsQuotaError, SlsServerError   passing; the client has already tried again

Source: reference sls-api.md sections 2, 4 and 5 (codes, both spellings where sources disagree).
"""

from typing import ClassVar

from shared.errors import RewindError

_OPEN_OUTCOME = "it may have taken effect"


class SlsError(RewindError):
    """Base of everything that a call to SLS can raise.

    Attributes:
        operation: SLS's name of the operation, such as `GetCheckPoint`.
        sls_error_code: SLS's own code; None if there is no answer in SLS's format.
        sls_status: HTTP status of the answer; None without one.
        sls_request_id: SLS's id of the call; None if it gave none.
        may_have_taken_effect: True for a call that changes something if nobody knows whether it did. Read before you
            say anything of it.
    """

    code = "sls_error"
    hint: str | None = "Try again; if it persists, report the SLS request id to Alibaba Cloud support."
    leaves_outcome_open: bool = False

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        sls_error_code: str | None = None,
        sls_status: int | None = None,
        sls_request_id: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint or type(self).hint)
        self.operation = operation
        self.sls_error_code = sls_error_code
        self.sls_status = sls_status
        self.sls_request_id = sls_request_id
        self.may_have_taken_effect = False

    def say_that_it_may_have_taken_effect(self) -> None:
        """Mark the outcome of a call that changes something as unknown, in the message too."""
        self.may_have_taken_effect = True
        self.message = f"{self.message}; {_OPEN_OUTCOME}"
        self.args = (self.message,)


class SlsTransportError(SlsError):
    """Raised when no usable answer came: not connected, timed out, or the connection was lost."""

    code = "sls_unreachable"
    hint = "Check REWIND_REGION, REWIND_ENDPOINT and the network, then send it again."
    retryable = True

    def __init__(self, message: str, *, operation: str, sent: bool, sls_request_id: str | None = None) -> None:
        super().__init__(message, operation=operation, sls_request_id=sls_request_id)
        self.leaves_outcome_open = sent


class SlsResponseError(SlsError):
    """Raised when what answered does not speak SLS's format: a proxy's page, a redirect, a body of another shape."""

    code = "sls_answer_unreadable"
    hint = "Check that the endpoint is SLS itself and nothing between answers for it."
    leaves_outcome_open = True

    def __init__(
        self, message: str, *, operation: str, sls_status: int | None = None, sls_request_id: str | None = None
    ) -> None:
        super().__init__(message, operation=operation, sls_status=sls_status, sls_request_id=sls_request_id)
        self.retryable = sls_status is not None and sls_status >= 500  # noqa: PLR2004 -- the class of HTTP statuses


class SlsApiError(SlsError):
    """Raised when SLS answers with an error; itself for codes that have no class of their own.

    Attributes:
        sls_codes: The codes that a class stands for, in every spelling known.
    """

    code = "sls_refused"
    sls_codes: ClassVar[tuple[str, ...]] = ()


class ProjectNotExistError(SlsApiError):
    """Raised when the project does not exist in the endpoint's region."""

    code = "project_not_exist"
    hint = "Check the project's name and its region (REWIND_REGION, or [projects.<name>] in policy.toml)."
    sls_codes = ("ProjectNotExist", "ProjectNotExists")


class LogstoreNotExistError(SlsApiError):
    """Raised when the Logstore does not exist in its project."""

    code = "logstore_not_exist"
    hint = "Check the Logstore's name; a new one takes up to a minute to be usable."
    sls_codes = ("LogStoreNotExist", "LogStoreNotExists", "LogstoreNotExist")


class LogstoreWithoutShardError(SlsApiError):
    """Raised when the Logstore has no shard (yet)."""

    code = "logstore_without_shard"
    hint = "A new Logstore takes up to a minute to get its shards; try again then."
    sls_codes = ("LogStoreWithoutShard",)


class ShardNotExistError(SlsApiError):
    """Raised when the shard does not exist in its Logstore."""

    code = "shard_not_exist"
    hint = "`describe` lists the shards there are."
    sls_codes = ("ShardNotExist", "ShardNotExists", "ShardNotExsit")


class ConsumerGroupNotExistError(SlsApiError):
    """Raised when the consumer group does not exist in its Logstore."""

    code = "consumer_group_not_exist"
    hint = "`list_consumer_groups` lists the groups there are."
    sls_codes = ("ConsumerGroupNotExist", "ConsumerGroupNotExists", "ConsumerGroupNotExsit")


class ConsumerGroupAlreadyExistError(SlsApiError):
    """Raised when a consumer group of that name exists already."""

    code = "consumer_group_already_exist"
    hint = "Take another name, or update the group that is there."
    sls_codes = ("ConsumerGroupAlreadyExist", "ConsumerGroupAlreadyExists")


class ConsumerGroupQuotaExceedError(SlsApiError):
    """Raised when the Logstore has as many consumer groups as SLS allows (30 today)."""

    code = "consumer_group_quota_exceed"
    hint = "Delete a consumer group that nobody uses, or ask Alibaba Cloud for a higher quota."
    sls_codes = ("ConsumerGroupQuotaExceed",)


class ConsumerNotExistError(SlsApiError):
    """Raised when the named consumer is not in the group and the write was not forced."""

    code = "consumer_not_exist"
    hint = "Name a consumer that is in the group, or leave it out and force the write."
    sls_codes = ("ConsumerNotExist", "ConsumerNotExists", "ConsumerNotExsit")


class ConsumerNotMatchError(SlsApiError):
    """Raised when the named consumer does not hold the shard and the write was not forced."""

    code = "consumer_not_match"
    hint = "`describe` shows who holds the shard; stop it, or force the write."
    sls_codes = ("ConsumerNotMatch",)


class InvalidCursorError(SlsApiError):
    """Raised when a cursor lies outside what its shard keeps, mostly because the data before it has expired."""

    code = "invalid_cursor"
    hint = "The position is older than the Logstore's retention, or another shard's; take a later one."
    sls_codes = ("InvalidCursor",)


class InvalidSlsParameterError(SlsApiError):
    """Raised when SLS refuses a value that was asked for."""

    code = "invalid_sls_parameter"
    hint = "Correct the value that SLS's message names."
    sls_codes = (
        "InvalidLogStoreQuery",
        "InvalidShardCheckPoint",
        "JsonInfoInvalid",
        "LogStoreInfoInvalid",
        "NotExistConsumerWithBody",
        "ParameterInvalid",
        "PostBodyInvalid",
        "PostBodyTooLarge",
    )


class InvalidSlsRequestError(SlsApiError):
    """Raised when SLS refuses the form of the request: a header or the address, never what the caller asked for."""

    code = "invalid_sls_request"
    hint = "Check that nothing between here and SLS changes headers, and that the endpoint is right."
    sls_codes = (
        "InvalidAPIVersion",
        "InvalidBodyRawSize",
        "InvalidCompressType",
        "InvalidContentType",
        "InvalidDateFormat",
        "InvalidHost",
        "InvalidMethod",
        "InvalidRequestTime",
        "InvalidSignatureMethod",
        "MissAccessKeyId",
        "MissingAPIVersion",
        "MissingBodyRawSize",
        "MissingContentLength",
        "MissingContentType",
        "MissingDate",
        "MissingHost",
        "MissingParameter",
        "MissingSignatureMethod",
    )


class SlsAuthError(SlsApiError):
    """Raised when SLS refuses our credentials, or our role lacks a right; the hint names the denied action."""

    code = "sls_not_authorized"
    hint = "Check the function's role, its rights on this project, and REWIND_REGION; expired keys renew themselves."
    sls_codes = (
        "InvalidAccessKeyId",
        "InvalidAccessKeyId.NotFound",
        "SecurityToken.Expired",
        "SecurityTokenExpired",
        "SignatureNotMatch",
        "Unauthorized",
    )


class SlsClockSkewError(SlsApiError):
    """Raised when our clock is more than 15 minutes off and signing with SLS's own did not help."""

    code = "clock_skew"
    hint = "Set this machine's clock."
    sls_codes = ("RequestTimeExpired", "RequestTimeTooSkewed")


class ProjectForbiddenError(SlsApiError):
    """Raised when SLS has closed the project, as for an account in arrears."""

    code = "project_forbidden"
    hint = "Look at the project and the account's balance in the SLS console."
    sls_codes = ("ProjectForbidden",)


class SlsQuotaError(SlsApiError):
    """Raised when a rate limit of SLS was still exceeded after several tries."""

    code = "sls_quota_exceeded"
    hint = "Wait a minute and send it again, with fewer shards or targets at a time."
    retryable = True
    sls_codes = (
        "ExceedQuota",
        "MetaOperationQpsLimitExceeded",
        "ProjectQuotaExceed",
        "QuotaExceed",
        "ReadQuotaExceed",
        "ShardReadQuotaExceed",
        "ShardWriteQuotaExceed",
        "WriteQuotaExceed",
    )


class SlsServerError(SlsApiError):
    """Raised when SLS itself still failed after several tries."""

    code = "sls_server_error"
    hint = "SLS is failing; send it again in a few minutes."
    retryable = True
    leaves_outcome_open = True
    sls_codes = ("InternalServerError", "RequestTimeout", "ServerBusy")
