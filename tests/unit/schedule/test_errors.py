"""What FC is told of a result that is not ok: whether a retry can help, shortly."""

import pytest

from shared.results import Error, Result, Target
from shared.schedule.errors import FiringError, FiringFailedError, FiringRefusedError, firing_error


def failed(code: str, message: str = "it went wrong") -> Result:
    target = Target("shop", "orders", "billing")
    return Result(status="failed", action="rewind", target=target, error=Error(code, message))


@pytest.mark.parametrize("http_status", [400, 403, 422])
def test_what_no_retry_can_mend_is_refused(http_status: int) -> None:
    assert type(firing_error(failed("denied_by_policy"), lambda _: http_status)) is FiringRefusedError


@pytest.mark.parametrize(
    "code",
    [
        "too_late",
        "outside_window",
        "changed_since_plan",
        "operation_abandoned",
        "position_expired",
        "journal_required",
    ],
)
def test_what_does_not_change_by_itself_is_refused_for_good(code: str) -> None:
    assert type(firing_error(failed(code), lambda _: 409)) is FiringRefusedError


@pytest.mark.parametrize("http_status", [404, 409, 429, 500, 502, 504])
def test_what_a_retry_can_mend_is_failed(http_status: int) -> None:
    assert type(firing_error(failed("operation_in_progress"), lambda _: http_status)) is FiringFailedError


def test_the_message_names_action_target_status_and_code() -> None:
    assert str(firing_error(failed("conflict"), lambda _: 409)) == (
        "rewind shop/orders/billing failed, conflict: it went wrong"
    )


def test_a_result_without_a_target_or_an_error_is_told_by_its_status() -> None:
    assert str(firing_error(Result(status="partial", action="batch"), lambda _: 502)) == "batch partial, partial"


def test_a_message_is_one_short_line_of_ascii() -> None:
    text = str(FiringError("first\nsecond \u202e" + "x" * 5000))

    assert text.isascii()
    assert "\n" not in text
    assert len(text) == 600
