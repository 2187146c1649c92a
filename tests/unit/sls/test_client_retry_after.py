"""Who refuses and says for how long is asked again no sooner."""

import pytest

from shared.sls.client import SlsClient
from shared.sls.errors import SlsError, SlsQuotaError, SlsResponseError, SlsServerError
from tests.unit.sls.held_time import HeldTime
from tests.unit.sls.scripted_server import ScriptedServer, Step, answer

LOGSTORE = answer({"logstoreName": "orders", "ttl": 1})
BUSY = {"errorCode": "ServerBusy", "errorMessage": "busy"}


def told(body: object, status: int, retry_after: str) -> Step:
    return answer(body, status=status, headers={"Retry-After": retry_after})


@pytest.mark.parametrize("step", [told(BUSY, 503, "7"), told(b"", 503, "7")], ids=["SLS", "a proxy"])
def test_the_next_try_waits_as_long_as_it_is_asked_to(
    server: ScriptedServer, client: SlsClient, time: HeldTime, step: Step
) -> None:
    server.play(step, LOGSTORE)

    client.get_logstore("orders")

    assert time.slept == [7]


def test_a_wait_shorter_than_our_own_does_not_shorten_it(
    server: ScriptedServer, client: SlsClient, time: HeldTime
) -> None:
    server.play(told(BUSY, 503, "0"), LOGSTORE)

    client.get_logstore("orders")

    assert time.slept[0] > 0.1


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (told(BUSY, 503, "3600"), SlsServerError),
        (told({"errorCode": "ReadQuotaExceed", "errorMessage": "no"}, 403, "3600"), SlsQuotaError),
        (told(b"<html>", 503, "3600"), SlsResponseError),
    ],
    ids=["SLS", "quota", "a proxy"],
)
def test_a_wait_beyond_the_deadline_ends_at_once_and_is_passed_on(
    server: ScriptedServer, client: SlsClient, time: HeldTime, step: Step, kind: type[SlsError]
) -> None:
    server.play(step, LOGSTORE)

    with pytest.raises(kind) as caught:
        client.get_logstore("orders")

    assert (time.slept, len(server.received)) == ([], 1)
    assert caught.value.retry_after_s == 3600


@pytest.mark.parametrize("text", ["", "soon", "-5", "1.5", "9" * 400, "Fri, 20 Nov 2026 15:00:00 GMT", "\u0663"])
def test_what_is_no_number_of_seconds_is_not_heeded(
    server: ScriptedServer, client: SlsClient, time: HeldTime, text: str
) -> None:
    server.play(told(BUSY, 503, text), LOGSTORE)

    client.get_logstore("orders")

    assert 0.1 <= time.slept[0] <= 0.5


def test_a_wait_of_what_is_not_worth_repeating_is_not_passed_on(server: ScriptedServer, client: SlsClient) -> None:
    server.play(told({"errorCode": "Unauthorized", "errorMessage": "no"}, 401, "5"))

    with pytest.raises(SlsError) as caught:
        client.get_logstore("orders")

    assert caught.value.retry_after_s is None
