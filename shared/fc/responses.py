"""Results as HTTP answers: the one table of status codes, and problem details for what is not ok."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from shared.results import Error, Result

Response = dict[str, object]

STATUS_BY_CODE: Mapping[str, int] = {
    "invalid_command": 400,
    "invalid_cursor": 400,
    "invalid_sls_parameter": 400,
    "logstore_without_shard": 400,
    "not_authenticated": 401,
    "confirmation_required": 403,
    "denied_by_policy": 403,
    "limit_exceeded": 403,
    "proof_too_weak": 403,
    "read_only": 403,
    "consumer_group_not_exist": 404,
    "consumer_not_exist": 404,
    "logstore_not_exist": 404,
    "no_such_path": 404,
    "not_found": 404,
    "operation_not_found": 404,
    "plan_not_found": 404,
    "project_not_exist": 404,
    "shard_not_exist": 404,
    "method_not_allowed": 405,
    "active_consumers": 409,
    "changed_since_plan": 409,
    "conflict": 409,
    "consumer_group_already_exist": 409,
    "consumer_group_quota_exceed": 409,
    "consumer_not_match": 409,
    "journal_required": 409,
    "journal_unusable": 409,
    "not_attempted": 409,
    "not_held": 409,
    "nothing_journaled": 409,
    "operation_abandoned": 409,
    "operation_in_progress": 409,
    "operation_over": 409,
    "plan_cancelled": 409,
    "plan_expired": 409,
    "position_expired": 409,
    "position_out_of_range": 409,
    "refused": 409,
    "unfinished_operation": 409,
    "body_too_large": 413,
    "too_many_alerts": 413,
    "idempotency_key_reused": 422,
    "sls_quota_exceeded": 429,
    "configuration_invalid": 500,
    "internal_error": 500,
    "deadline_exceeded": 504,
}
SLS_FAILED = 502
"""For every other code: SLS failed, our rights or clock did, or only part was applied."""

_FIRST_ERROR_STATUS = 400


def http_status(result: Result) -> int:
    """Return the HTTP status that tells a result to software that reads nothing else.

    A batch has the error, and so the status, of its first part that is not ok.
    """
    if result.ok:
        return HTTPStatus.ACCEPTED if result.status == "accepted" else HTTPStatus.OK
    return STATUS_BY_CODE.get(result.error.code, SLS_FAILED) if result.error else SLS_FAILED


def answer(result: Result, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return a result in the form that FC turns into an HTTP response."""
    status = http_status(result)
    body = result.as_dict()
    wrong = status >= _FIRST_ERROR_STATUS
    if wrong:
        body |= _problem(status, result.error)
    content_type = "application/problem+json" if wrong else "application/json"
    waiting = {} if result.retry_after_s is None else {"Retry-After": str(result.retry_after_s)}
    return {
        "statusCode": status,
        "headers": {"Content-Type": content_type, "Cache-Control": "no-store", **waiting, **(headers or {})},
        "isBase64Encoded": False,
        "body": json.dumps(body, ensure_ascii=True, separators=(",", ":")),
    }


def _problem(status: int, error: Error | None) -> dict[str, object]:
    code = error.code if error else "failed"
    return {
        "type": f"urn:sls-rewind:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "detail": error.message if error else HTTPStatus(status).phrase,
    }
