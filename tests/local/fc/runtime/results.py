"""What leaves an instance: return values and errors as bytes."""

import datetime as dt
import decimal
import json
import traceback

from tests.local.fc.runtime.loading import LoadError


def serialize_result(result: object) -> bytes:
    """Return the bytes a handler's result is sent as: text and bytes as they are, all else as JSON with sorted keys.

    Raises:
        TypeError: Something in it has no JSON form, or the keys of one object are of mixed types.
        ValueError: It contains itself.

    Source: function-compute.md, section 1.1.
    """
    if isinstance(result, bytes):
        return result
    if isinstance(result, str):
        return result.encode()
    return _to_json(result)


def serialize_error(error: Exception) -> bytes:
    """Return the error body for what a handler raised; the first frame, the runtime's own, is left out.

    Source: function-compute.md, section 1.2.
    """
    frames = traceback.extract_tb(error.__traceback__)[1:]
    stack = [[f'File "{frame.filename}"', f"line {frame.lineno}", f"in {frame.name}", frame.line] for frame in frames]
    return _error_body(str(error), type(error).__name__, stack)


def serialize_load_error(error: LoadError) -> bytes:
    """Return the error body for a handler that could not be loaded: its stack is flat and names the cause alone.

    Source: function-compute.md, section 1.2.
    """
    cause = error.__cause__ or error
    first, *others = "".join(traceback.format_exception_only(type(cause), cause)).replace("^", "").splitlines()
    stack = [line.strip() for line in [*first.split(","), *others]]
    return _error_body(str(error), error.error_type, [line for line in stack if line])


def _error_body(message: str, error_type: str, stack: list[list[str | None]] | list[str]) -> bytes:
    body: dict[str, object] = {"errorMessage": message, "errorType": error_type}
    if stack:
        body["stackTrace"] = stack
    return _to_json(body)


def _to_json(value: object) -> bytes:
    return json.dumps(value, default=_json_form, indent=4, sort_keys=True).encode()


def _json_form(value: object) -> object:
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    to_json = getattr(value, "to_json", None)
    if to_json is not None:
        return to_json()
    raise TypeError(f"{value!r} is not JSON serializable")
