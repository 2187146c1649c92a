"""What no HTTP request can bring about: odd contexts, a crash, clocks, every code of the status table."""

import json
import logging
from types import SimpleNamespace

import pytest

from shared.fc.context import FcContext, read_context
from shared.fc.deadline import Deadline
from shared.fc.http import respond
from shared.fc.responses import answer, http_status
from shared.results import Error, Result, Status

EVENT = json.dumps(
    {"rawPath": "/", "headers": {"Authorization": "Bearer hidden-token"}, "body": "hidden-body"}
    | {"requestContext": {"http": {"method": "POST"}}}
).encode()


@pytest.mark.parametrize(
    ("context", "told"),
    [
        (object(), FcContext(None, "", 60.0)),
        (SimpleNamespace(request_id="", function=None), FcContext(None, "", 60.0)),
        (
            SimpleNamespace(request_id="1-a", function=SimpleNamespace(name="f", timeout="30")),
            FcContext("1-a", "f", 30.0),
        ),
        (SimpleNamespace(request_id="1-a", function=SimpleNamespace(name="f", timeout=5)), FcContext("1-a", "f", 5.0)),
        (SimpleNamespace(function=SimpleNamespace(timeout="soon")), FcContext(None, "", 60.0)),
        (SimpleNamespace(function=SimpleNamespace(timeout=0)), FcContext(None, "", 60.0)),
        (SimpleNamespace(function=SimpleNamespace(timeout="nan")), FcContext(None, "", 60.0)),
        (SimpleNamespace(function=SimpleNamespace(timeout="inf")), FcContext(None, "", 60.0)),
    ],
)
def test_a_context_of_any_runtime_is_read(context: object, told: FcContext) -> None:
    assert read_context(context) == told


@pytest.mark.parametrize(("timeout_s", "left_s"), [(60, 59), (3, 2), (1, 0.5)])
def test_a_deadline_leaves_time_to_answer(timeout_s: float, left_s: float) -> None:
    clock = iter([100.0, 100.0])

    assert Deadline(timeout_s, lambda: next(clock)).remaining_s() == left_s


def test_a_deadline_counts_down_below_zero() -> None:
    clock = iter([100.0, 170.0])

    assert Deadline(60, lambda: next(clock)).remaining_s() == -11


def test_a_crash_is_answered_and_logged_without_what_the_caller_sent(caplog: pytest.LogCaptureFixture) -> None:
    def crash(request: object, told: object) -> Result:
        raise ZeroDivisionError(str(request) + "hidden-body" + str(told))

    with caplog.at_level(logging.INFO):
        response = respond(EVENT, SimpleNamespace(request_id="1-a"), crash, max_body_bytes=100)

    assert response["statusCode"] == 500
    assert json.loads(str(response["body"]))["error"]["code"] == "internal_error"
    assert "hidden" not in str(response) + caplog.text
    (record,) = caplog.records
    logged = json.loads(record.getMessage())
    assert (logged["event"], logged["fc_request_id"], logged["type"]) == ("crash", "1-a", "ZeroDivisionError")
    assert any("crash" in frame for frame in logged["frames"])


def failed(code: str, status: Status = "failed") -> Result:
    return Result(status=status, action="describe", error=Error(code, "It went wrong."))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("invalid_command", 400),
        ("not_authenticated", 401),
        ("denied_by_policy", 403),
        ("limit_exceeded", 403),
        ("read_only", 403),
        ("confirmation_required", 403),
        ("project_not_exist", 404),
        ("logstore_not_exist", 404),
        ("shard_not_exist", 404),
        ("consumer_group_not_exist", 404),
        ("consumer_not_exist", 404),
        ("not_found", 404),
        ("no_such_path", 404),
        ("method_not_allowed", 405),
        ("refused", 409),
        ("position_expired", 409),
        ("position_out_of_range", 409),
        ("operation_in_progress", 409),
        ("idempotency_key_reused", 422),
        ("consumer_not_match", 409),
        ("body_too_large", 413),
        ("sls_quota_exceeded", 429),
        ("internal_error", 500),
        ("configuration_invalid", 500),
        ("sls_server_error", 502),
        ("sls_unreachable", 502),
        ("sls_answer_unreadable", 502),
        ("sls_not_authorized", 502),
        ("partially_applied", 502),
        ("a_code_of_tomorrow", 502),
        ("deadline_exceeded", 504),
    ],
)
def test_every_code_has_its_http_status(code: str, status: int) -> None:
    assert http_status(failed(code)) == status


@pytest.mark.parametrize(
    ("status", "code"),
    [("read", 200), ("planned", 200), ("applied", 200), ("unchanged", 200), ("duplicate", 200), ("accepted", 202)],
)
def test_what_went_well_is_200_or_if_only_accepted_202(status: Status, code: int) -> None:
    assert http_status(Result(status=status, action="describe")) == code


def test_an_answer_is_ascii_whatever_it_says() -> None:
    response = answer(Result(status="read", action="describe", own={"describe": {"holder": "wörker\u2028中"}}))

    assert str(response["body"]).isascii()
    assert response["isBase64Encoded"] is False
