"""Failures of the local Function Compute itself; a failed function is no exception but an `Invocation`.

LocalFcError
    TemplateError           template.yml cannot be used as it is
    CronExpressionError     a timer could not fire by its expression; carries the field
    UnknownTriggerError     a function has no timer trigger of that name
    StagingError            the code of a function is not where it must be
    InstanceStartError      the process of an instance does not come up
    RequestRefusedError     the platform would refuse the request; carries status and code
        UnknownFunctionError  NoHttpTriggerError  UnknownRouteError  MethodNotConfiguredError  SignatureRequiredError
        InvalidTaskIdError  DuplicateTaskError  PayloadTooLargeError
"""


class LocalFcError(Exception):
    """Base of all failures of the local Function Compute."""


class TemplateError(LocalFcError):
    """Raised when template.yml is unreadable or incomplete; names every missing variable at once."""


class CronExpressionError(LocalFcError, ValueError):
    """Raised when a timer's expression is not one, or would never fire.

    Attributes:
        field: What is wrong: a field's name, "expression", "time zone" or "interval".
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class UnknownTriggerError(LocalFcError):
    """Raised for a timer trigger that template.yml does not name."""


class StagingError(LocalFcError):
    """Raised when the code of a function is missing."""


class InstanceStartError(LocalFcError):
    """Raised when the process of an instance ends, or says nothing, before it is ready."""


class RequestRefusedError(LocalFcError):
    """Base of what is refused before a function runs.

    Attributes:
        status: HTTP status of the refusal.
        code: The platform's name for it.
    """

    status = 400
    code = "InvalidArgument"


class UnknownFunctionError(RequestRefusedError):
    """Raised for a function that template.yml does not name."""

    status = 404
    code = "FunctionNotFound"


class NoHttpTriggerError(RequestRefusedError):
    """Raised for an HTTP request to a function without an HTTP trigger."""

    status = 404
    code = "TriggerNotFound"


class UnknownRouteError(RequestRefusedError):
    """Raised for a path of the API that is not served here."""

    status = 404
    code = "NotFound"


class MethodNotConfiguredError(RequestRefusedError):
    """Raised for a method that the HTTP trigger does not list.

    Source: function-compute.md, section 1.2: 403 in FC 2.0; not verified for 3.0.
    """

    status = 403
    code = "AccessDenied"


class SignatureRequiredError(RequestRefusedError):
    """Raised for an HTTP trigger that is not anonymous: nothing here can verify the caller."""

    status = 403
    code = "AccessDenied"


class InvalidTaskIdError(RequestRefusedError):
    """Raised for a task id outside the platform's grammar."""


class DuplicateTaskError(RequestRefusedError):
    """Raised for a task id that this function has already been given."""

    status = 409
    code = "StatefulAsyncInvocationAlreadyExists"


class PayloadTooLargeError(RequestRefusedError):
    """Raised for a body over 32 MB, or over 128 KB where the invocation is asynchronous."""

    status = 413
    code = "PayloadTooLarge"
