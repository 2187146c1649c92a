"""What an invocation without a request is answered, whatever happens behind it."""

import pytest

from shared.errors import ConfigurationError, DeadlineError, RefusedError, RewindError
from shared.fc.context import FcContext
from shared.fc.plain import NotYetCarriedOutError, answer_plainly
from shared.results import Result


class Context:
    request_id = "request-1"


def test_a_result_goes_back_with_the_request_that_it_is_of() -> None:
    answer = answer_plainly(Context(), lambda _: Result(status="unchanged", action="alert"))

    assert (answer["ok"], answer["fc_request_id"]) == (True, "request-1")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RefusedError("no", code="journal_required"), "journal_required"),
        (ConfigurationError(["REWIND_REGION: a secret detail"]), "configuration_invalid"),
        (KeyError("a secret detail"), "internal_error"),
    ],
    ids=["refused", "settings", "crash"],
)
def test_an_error_is_a_result_and_tells_no_detail_of_the_function(error: Exception, code: str) -> None:
    def fail(_: FcContext) -> Result:
        raise error

    answer = answer_plainly(Context(), fail)

    told = answer["error"]
    assert isinstance(told, dict)
    assert (answer["ok"], told["code"], answer["fc_request_id"]) == (False, code, "request-1")
    assert "a secret detail" not in str(answer)


@pytest.mark.parametrize(
    "error",
    [DeadlineError("a secret detail"), RefusedError("a secret detail", retry_after_s=3)],
    ids=["deadline", "in progress"],
)
def test_what_may_succeed_later_raises_so_that_it_is_delivered_again_and_tells_nothing(error: RewindError) -> None:
    def fail(_: FcContext) -> Result:
        raise error

    with pytest.raises(NotYetCarriedOutError) as caught:
        answer_plainly(Context(), fail)

    assert "a secret detail" not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
