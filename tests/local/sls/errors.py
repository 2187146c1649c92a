"""One class per SLS error: wire code, HTTP status, message template.

Codes, statuses and messages are those of sls-api.md sections 2 and 5. Where that file knows a code without its status
or text, the class says so; those statuses are switches.
"""

from tests.local.sls.messages import Response, json_response


class SlsError(Exception):
    """Base of every refusal.

    Attributes:
        status: The HTTP status.
        error_code: SLS's code.
        template: The message, with the names of its fields in braces.
    """

    status = 400
    error_code = ""
    template = ""

    def __init__(self, *, status: int | None = None, error_code: str | None = None, **fields: object) -> None:
        super().__init__(self.template.format(**fields))
        self.status = status or self.status
        self.error_code = error_code or self.error_code

    def response(self) -> Response:
        """Return the refusal as SLS words it on the wire."""
        return error_response(self.status, self.error_code, str(self))


def error_response(status: int, error_code: str, message: str) -> Response:
    """Return an error answer in SLS's shape."""
    document = {"errorCode": error_code, "errorMessage": message}
    return json_response(document, status=status, error_code=error_code)


class MissingParameterError(SlsError):
    """A query key is missing."""

    error_code = "MissingParameter"
    template = "Missing query key : {key}."


class MissingHeaderError(SlsError):
    """A header that every call needs is missing."""

    error_code = "MissingParameter"
    template = "Missing http extend header key : {header}."


class InvalidHeaderError(SlsError):
    """A header does not have the form it must have."""

    error_code = "ParameterInvalid"
    template = "Http extend {header} : {value} pair is invalid."


class MissingApiVersionError(SlsError):
    """x-log-apiversion is missing (code of the older page; the newer one is silent)."""

    error_code = "MissingAPIVersion"
    template = "x-log-apiversion does not exist in HTTP header."


class ParameterInvalidError(SlsError):
    """A parameter has a value that the operation cannot take."""

    error_code = "ParameterInvalid"
    template = "{message}"


class InvalidHostError(SlsError):
    """The Host header names no project."""

    error_code = "InvalidHost"
    template = "Host header {host} is invalid."


class InvalidMethodError(SlsError):
    """No operation has this method and path."""

    status = 405
    error_code = "InvalidMethod"
    template = "invalid request method : {path}"


class InvalidRequestTimeError(SlsError):
    """The request's date cannot be read."""

    error_code = "InvalidRequestTime"
    template = "Request time {value} not follow RFC822 spec."


class RequestTimeExpiredError(SlsError):
    """The request's date is more than 15 minutes off."""

    error_code = "RequestTimeExpired"
    template = "Request time {request_time} has been expired while server time is {server_time}."


class SignatureNotMatchError(SlsError):
    """The signature, or a hash that it covers, is another one."""

    status = 401
    error_code = "SignatureNotMatch"
    template = "Signature {signature} not matched."


class UnauthorizedError(SlsError):
    """The key or its token may not call."""

    status = 401
    error_code = "Unauthorized"
    template = "{message}"


class PostBodyInvalidError(SlsError):
    """The body is not what the operation reads."""

    error_code = "PostBodyInvalid"
    template = "The request body is not valid JSON object."


class InvalidLogGroupError(SlsError):
    """The body of PutLogs is no protobuf log group (the reference names no text)."""

    error_code = "PostBodyInvalid"
    template = "Protobuffer content cannot parse."


class UncompressError(SlsError):
    """The body of PutLogs does not decompress to the size it names (the reference names no code)."""

    error_code = "PostBodyUncompressError"
    template = "Failed to decompress post body."


class InvalidContentTypeError(SlsError):
    """PutLogs takes protobuf alone."""

    error_code = "InvalidContentType"
    template = "Content-Type {content_type} is unsupported."


class PostBodyTooLargeError(SlsError):
    """The body is above 10 MiB."""

    status = 413
    error_code = "PostBodyTooLarge"
    template = "Body size {size} must little than 10485760."


class ProjectNotExistError(SlsError):
    """There is no such project."""

    status = 404
    error_code = "ProjectNotExist"
    template = "The Project does not exist : {project}"


class LogStoreNotExistError(SlsError):
    """There is no such Logstore in the project."""

    status = 404
    error_code = "LogStoreNotExist"
    template = "logstore {logstore} does not exist"


class LogStoreAlreadyExistError(SlsError):
    """A Logstore of that name exists (the reference names no code)."""

    error_code = "LogStoreAlreadyExist"
    template = "logstore {logstore} already exists"


class LogStoreInfoInvalidError(SlsError):
    """The description of a new Logstore is not acceptable."""

    error_code = "LogStoreInfoInvalid"
    template = "{message}"


class IndexAlreadyExistError(SlsError):
    """The Logstore has an index (the reference names no code)."""

    error_code = "IndexAlreadyExist"
    template = "log store index is already created"


class IndexInfoInvalidError(SlsError):
    """The description of an index is not acceptable (the reference names no code)."""

    error_code = "IndexInfoInvalid"
    template = "log store index info is invalid"


class ShardNotExistError(SlsError):
    """There is no such shard; 400 where positions are read."""

    error_code = "ShardNotExist"
    template = "Shard {shard} does not exist"


class CheckpointShardNotExistError(SlsError):
    """There is no such shard; 404 where a checkpoint is written."""

    status = 404
    error_code = "ShardNotExist"
    template = "shard not exist"


class InvalidCursorError(SlsError):
    """A well-formed cursor lies outside what the shard keeps (status and text are not published)."""

    error_code = "InvalidCursor"
    template = "Invalid cursor {cursor}"


class ConsumerGroupNotExistError(SlsError):
    """There is no such consumer group."""

    status = 404
    error_code = "ConsumerGroupNotExist"
    template = "consumer group not exist"


class ConsumerGroupAlreadyExistError(SlsError):
    """A consumer group of that name exists."""

    error_code = "ConsumerGroupAlreadyExist"
    template = "consumer group already exist"


class ConsumerGroupQuotaExceedError(SlsError):
    """The Logstore has as many groups as it may (status and text are not published)."""

    status = 403
    error_code = "ConsumerGroupQuotaExceed"
    template = "consumer group quota exceed"


class JsonInfoInvalidError(SlsError):
    """A group's attributes are not acceptable."""

    error_code = "JsonInfoInvalid"
    template = "{message}"


class NotExistConsumerWithBodyError(SlsError):
    """A consumer that is unknown or has expired reports shards."""

    error_code = "NotExistConsumerWithBody"
    template = "non-exist consumer with non-empty body of heartbeat message"


class ConsumerNotExistError(SlsError):
    """The named consumer is not in the group."""

    status = 404
    error_code = "ConsumerNotExist"
    template = "consumer not exist in the consumer group"


class ConsumerNotMatchError(SlsError):
    """The named consumer is in the group but does not hold the shard (status and text are not published)."""

    error_code = "ConsumerNotMatch"
    template = "consumer not match"


class InvalidShardCheckPointError(SlsError):
    """A checkpoint is not base64."""

    error_code = "InvalidShardCheckPoint"
    template = "shard checkpoint not encoded by base64"
