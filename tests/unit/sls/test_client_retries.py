from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import format_datetime

import pytest

from shared.errors import DeadlineError
from shared.sls.calls import Call, Target
from shared.sls.client import SlsClient
from shared.sls.errors import SlsApiError, SlsClockSkewError, SlsError, SlsQuotaError, SlsResponseError, SlsServerError
from shared.sls.retries import pause_s
from tests.unit.sls.held_time import HeldTime, MakeClient
from tests.unit.sls.scripted_server import DATE_UNIX, RESET, ScriptedServer, Step, answer, refusal

BUSY = refusal("ServerBusy", status=503)
SKEWED = refusal("RequestTimeExpired")


def http_date(unix: float) -> str:
    return format_datetime(datetime.fromtimestamp(unix, timezone.utc), usegmt=True)


@pytest.mark.parametrize(
    "step",
    [
        RESET,
        BUSY,
        refusal("InternalServerError", status=500),
        refusal("RequestTimeout", status=500),
        refusal("NewCode", status=500),
        refusal("MetaOperationQpsLimitExceeded", status=403),
        refusal("ReadQuotaExceed", status=403),
        answer(b"<html>bad gateway</html>", status=502),
        answer(b"", status=504),
    ],
)
@pytest.mark.parametrize(
    "make_call",
    [lambda client: client.get_logstore, lambda client: client.delete_consumer_group],
    ids=["read", "change"],
)
def test_what_passes_is_tried_again(
    server: ScriptedServer, client: SlsClient, step: Step, make_call: Callable[[SlsClient], Callable[..., object]]
) -> None:
    server.play(step, step, step, answer({"logstoreName": "orders", "ttl": 1}))
    call = make_call(client)

    call(*["orders", "billing"][: 1 if call == client.get_logstore else 2])

    assert len(server.received) == 4


def test_four_tries_are_the_most(server: ScriptedServer, client: SlsClient, time: HeldTime) -> None:
    server.play(*[BUSY] * 9)

    with pytest.raises(SlsServerError):
        client.list_shards("orders")

    assert len(server.received) == 4
    assert time.slept == [pause_s(1, 0.5), pause_s(2, 0.5), pause_s(3, 0.5)]


def test_a_rate_limit_that_stays_is_a_quota_error(server: ScriptedServer, client: SlsClient) -> None:
    server.play(*[refusal("MetaOperationQpsLimitExceeded", status=403)] * 4)

    with pytest.raises(SlsQuotaError) as caught:
        client.update_consumer_group("orders", "billing", timeout_s=60)

    assert caught.value.retryable
    assert not caught.value.may_have_taken_effect


def test_a_proxy_page_that_stays_is_an_unreadable_answer(server: ScriptedServer, client: SlsClient) -> None:
    server.play(*[answer(b"<html>bad gateway</html>", status=502)] * 4)

    with pytest.raises(SlsResponseError) as caught:
        client.list_shards("orders")

    assert caught.value.retryable


@pytest.mark.parametrize("code", ["ParameterInvalid", "Unauthorized", "ConsumerGroupQuotaExceed", "ProjectForbidden"])
def test_what_would_stay_as_it_is_is_not_tried_again(server: ScriptedServer, client: SlsClient, code: str) -> None:
    server.play(refusal(code, status=403), answer([]))

    with pytest.raises(SlsApiError):
        client.list_shards("orders")

    assert len(server.received) == 1


@pytest.mark.parametrize("signature", ["v1", "v4"])
def test_each_try_is_signed_afresh(
    server: ScriptedServer, make_client: MakeClient, time: HeldTime, monkeypatch: pytest.MonkeyPatch, signature: str
) -> None:
    server.play(BUSY, answer([]))
    monkeypatch.setattr(time, "now", lambda: datetime.fromtimestamp(DATE_UNIX + len(time.slept), timezone.utc))

    make_client(signature=signature).list_shards("orders")

    first, second = (received.headers["authorization"] for received in server.received)
    assert first != second


@pytest.mark.parametrize(("retry", "most_s"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 2.0), (9, 2.0)])
def test_a_pause_is_drawn_from_a_tenth_of_a_second_to_a_doubling_bound(retry: int, most_s: float) -> None:
    assert pause_s(retry, 0.0) == pytest.approx(0.1)
    assert pause_s(retry, 1.0) == pytest.approx(most_s)


def test_nothing_is_sent_when_no_time_is_left(server: ScriptedServer, client: SlsClient, time: HeldTime) -> None:
    time.budget_s = 0.0

    with pytest.raises(DeadlineError, match=r"^GetCheckPoint on shop/orders/billing: not sent"):
        client.get_checkpoints("orders", "billing")

    assert not server.received


def test_a_pause_beyond_the_deadline_ends_with_the_last_error(
    server: ScriptedServer, client: SlsClient, time: HeldTime
) -> None:
    server.play(BUSY, BUSY)
    time.budget_s = pause_s(1, 0.5) + 0.2

    with pytest.raises(SlsServerError):
        client.list_shards("orders")

    assert len(server.received) == 2
    assert time.slept == [pause_s(1, 0.5)]


def test_a_pause_that_lasted_too_long_ends_with_the_last_error(
    server: ScriptedServer, make_client: MakeClient, time: HeldTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(RESET, answer())
    monkeypatch.setattr(time, "remaining_s", lambda: -1.0 if time.slept else 60.0)

    with pytest.raises(SlsError, match="it may have taken effect"):
        make_client().delete_consumer_group("orders", "billing")

    assert len(server.received) == 1


@pytest.mark.parametrize("code", ["RequestTimeExpired", "RequestTimeTooSkewed"])
@pytest.mark.parametrize("signature", ["v1", "v4"])
def test_a_refused_clock_is_signed_again_with_the_servers(
    server: ScriptedServer, make_client: MakeClient, time: HeldTime, signature: str, code: str
) -> None:
    time.local_unix = DATE_UNIX - 3600.0
    server.play(refusal(code), answer([]), answer([]))
    client = make_client(signature=signature)

    client.list_shards("orders")
    client.list_shards("orders")

    header = {"v1": "date", "v4": "x-log-date"}[signature]
    refused, again, next_call = (received.headers[header] for received in server.received)
    assert refused != again
    assert again == next_call
    assert client.clock_offset_s == 3600.0
    assert not time.slept


def test_a_clock_that_stays_refused_is_tried_once_more_only(server: ScriptedServer, client: SlsClient) -> None:
    server.play(SKEWED, SKEWED, answer([]))

    with pytest.raises(SlsClockSkewError):
        client.list_shards("orders")

    assert len(server.received) == 2


def test_a_refused_clock_without_the_servers_is_an_error(server: ScriptedServer, client: SlsClient) -> None:
    server.play(refusal("RequestTimeExpired", date="soon"), answer([]))

    with pytest.raises(SlsClockSkewError):
        client.list_shards("orders")

    assert len(server.received) == 1
    assert client.clock_offset_s == 0.0


def test_the_offset_follows_the_servers_clock_when_it_moves(
    server: ScriptedServer, client: SlsClient, time: HeldTime
) -> None:
    server.play(
        refusal("RequestTimeExpired", date=http_date(DATE_UNIX + 7200)),
        answer([]),
        refusal("RequestTimeExpired", date=http_date(DATE_UNIX - 7200)),
        answer([]),
    )

    client.list_shards("orders")
    client.list_shards("orders")

    assert client.clock_offset_s == -7200.0
    assert time.local_unix == DATE_UNIX


@pytest.mark.parametrize(("step", "tries"), [(RESET, 1), (refusal("MetaOperationQpsLimitExceeded", status=403), 4)])
def test_what_must_not_be_done_twice_is_tried_again_only_if_it_had_no_effect(
    server: ScriptedServer, client: SlsClient, step: Step, tries: int
) -> None:
    server.play(*[step] * 4)
    append = Call("PutLogs", Target("shop", "journal"), "POST", "/logstores/journal", lambda _: None, repeatable=False)

    with pytest.raises(SlsError) as caught:
        client.transport.send(append)

    assert len(server.received) == tries
    assert caught.value.may_have_taken_effect == (tries == 1)
