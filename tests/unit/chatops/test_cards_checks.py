"""The doctor's findings: what to mend first."""

from shared.chatops.messages import Card
from shared.results import Error, Result
from tests.unit.chatops.shown import card

OK = ("clock", "ok", "this machine's clock is 0 s behind SLS's", None)
ODD = ("secrets", "warning", "slack's secret is short", "Make a longer one.")
BAD = ("rights shop/orders", "failed", "denied to 1234567890123456", "Grant the function's role the action.")
OFF = ("journal", "skipped", "none is set", None)


def examined(*checks: tuple[str, str, str, str | None]) -> Card:
    """Return the card of these checks."""
    told = [dict(zip(("check", "status", "message", "hint"), check, strict=True)) for check in checks]
    failed = any(check[1] == "failed" for check in checks)
    error = Error("checks_failed", "1 of 4 checks failed") if failed else None
    return card(Result(status="failed" if failed else "read", action="doctor", own={"checks": told}, error=error))


def test_what_failed_comes_first_with_what_to_do_for_the_person_alone() -> None:
    shown = examined(OK, ODD, OFF, BAD)

    assert (shown.title, shown.audience) == ("1 of 4 checks failed", "person")
    assert shown.lines == (
        "Failed: rights shop/orders: denied to (account). What to do: Grant the function's role the action.",
        "Warning: secrets: slack's secret is short. What to do: Make a longer one.",
        "Not looked at: 1, each for the reason that the table shows.",
    )
    assert [row[:2] for row in shown.table] == [
        ("check", "is"),
        ("rights shop/orders", "failed"),
        ("secrets", "warning"),
        ("journal", "skipped"),
        ("clock", "ok"),
    ]


def test_a_warning_alone_lets_it_work() -> None:
    assert examined(OK, ODD).title == "It works, with 1 warning"


def test_nothing_to_mend_is_said_in_few_words() -> None:
    shown = examined(OK, OK)

    assert (shown.title, shown.lines) == ("All that could be checked is well", ())


def test_many_checks_are_summed_up_by_what_they_came_to() -> None:
    shown = examined(BAD, *[OK] * 20)

    assert shown.table[-1] == ("10 more", "10 ok", "")
