import json
import socket
import traceback

import pytest

from shared.sls.calls import MAX_REPLY_BYTES
from shared.sls.client import SlsClient
from shared.sls.errors import (
    ConsumerGroupNotExistError,
    InvalidCursorError,
    SlsApiError,
    SlsAuthError,
    SlsResponseError,
    SlsServerError,
    SlsTransportError,
)
from tests.unit.sls.held_time import HeldTime, MakeClient
from tests.unit.sls.scripted_server import REQUEST_ID, RESET, SILENCE, ScriptedServer, Step, answer, refusal

TOKEN = "token/of+role="
PAGE = b"<html><body><h1>404 Not Found</h1><hr>tengine</body></html>"


def test_an_error_tells_what_happened_to_what(server: ScriptedServer, client: SlsClient) -> None:
    server.play(refusal("ConsumerGroupNotExist", "consumer group not exist", status=404))

    with pytest.raises(ConsumerGroupNotExistError) as caught:
        client.update_checkpoint("orders", "billing", shard_id=3, checkpoint="MQ==")

    error = caught.value
    what = "ConsumerGroupUpdateCheckPoint on shop/orders/billing shard 3"
    assert error.message == str(error) == f"{what}: ConsumerGroupNotExist: consumer group not exist"
    assert (error.code, error.operation) == ("consumer_group_not_exist", "ConsumerGroupUpdateCheckPoint")
    assert (error.sls_error_code, error.sls_status) == ("ConsumerGroupNotExist", 404)
    assert error.sls_request_id == REQUEST_ID
    assert not error.retryable
    assert not error.may_have_taken_effect


def test_an_unknown_code_keeps_code_and_message(server: ScriptedServer, client: SlsClient) -> None:
    server.play(refusal("BrandNew", "nobody knows", status=409))

    with pytest.raises(SlsApiError) as caught:
        client.list_shards("orders")

    assert type(caught.value) is SlsApiError
    assert caught.value.message == "ListShards on shop/orders: BrandNew: nobody knows"


def test_an_invalid_cursor_is_known_by_part_of_its_code(server: ScriptedServer, client: SlsClient) -> None:
    server.play(refusal("ExpiredInvalidcursorX"))

    with pytest.raises(InvalidCursorError):
        client.get_cursor_time("orders", 0, "MQ==")


def test_an_error_counts_among_the_request_ids(server: ScriptedServer, client: SlsClient) -> None:
    server.play(refusal("ParameterInvalid"))

    with pytest.raises(SlsApiError):
        client.list_shards("orders")

    assert client.sls_request_ids == [REQUEST_ID]


def test_a_long_message_is_cut_and_made_printable(server: ScriptedServer, client: SlsClient) -> None:
    server.play(refusal("ParameterInvalid", "a\r\nb\x1b[31m\u202e" + "x" * 5000))

    with pytest.raises(SlsApiError) as caught:
        client.list_shards("orders")

    wording = caught.value.message.removeprefix("ListShards on shop/orders: ParameterInvalid: ")
    assert wording == "a b?[31m\\u202e" + "x" * 191


@pytest.mark.parametrize("signature", ["v1", "v4"])
def test_no_error_shows_a_secret_even_if_sls_echoes_it(
    server: ScriptedServer, make_client: MakeClient, signature: str
) -> None:
    server.play(refusal("SignatureNotMatch", f"{TOKEN} signed with the-secret", status=401))
    client = make_client(signature=signature, security_token=TOKEN)

    with pytest.raises(SlsAuthError) as caught:
        client.list_shards("orders")

    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert "*** signed with ***" in shown
    assert "the-secret" not in shown
    assert TOKEN not in shown


@pytest.mark.parametrize(
    "body",
    [
        {"errorMessage": "denied by sts or ram, action: log:GetCursorOrData, resource: acs:log:cn:1:project/shop"},
        {"errorMessage": "denied", "accessDeniedDetail": {"AuthAction": "log:GetCursorOrData"}},
    ],
    ids=["in the message", "in the detail"],
)
def test_a_denied_right_is_named_in_the_hint(
    server: ScriptedServer, client: SlsClient, body: dict[str, object]
) -> None:
    server.play(answer({"errorCode": "Unauthorized", **body}, status=401))

    with pytest.raises(SlsAuthError) as caught:
        client.get_cursor("orders", 0, "begin")

    assert "log:GetCursorOrData" in (caught.value.hint or "")


@pytest.mark.parametrize("status", [201, 204, 302, 400, 404, 418])
@pytest.mark.parametrize(
    "body",
    [PAGE, b"", b"[]", b'"text"', b"{}", b'{"errorCode":7}', b'{"errorCode":""}', b"\xff\xfe", b"[" * 100_000],
    ids=["page", "empty", "list", "text", "object", "number", "no code", "not utf-8", "deep"],
)
def test_an_error_body_not_of_sls_is_a_typed_error(
    server: ScriptedServer, client: SlsClient, status: int, body: bytes
) -> None:
    server.play(answer(b"" if status == 204 else body, status=status))

    with pytest.raises(SlsResponseError) as caught:
        client.list_shards("orders")

    assert (caught.value.sls_status, caught.value.sls_error_code) == (status, None)
    assert caught.value.sls_request_id == REQUEST_ID
    assert not caught.value.retryable


def test_a_redirect_is_not_followed_wherever_it_leads(server: ScriptedServer, client: SlsClient) -> None:
    server.play(answer(status=307, headers={"Location": f"{server.url}/elsewhere"}), answer([]))

    with pytest.raises(SlsResponseError, match="redirect"):
        client.list_shards("orders")

    assert len(server.received) == 1


@pytest.mark.parametrize(
    "body",
    [
        PAGE,
        b"",
        b"null",
        b"{}",
        b'{"count":0,"consumerGroups":[]}',
        b"[1]",
        b'[{"name":7,"timeout":60,"order":true}]',
        b'[{"name":"a","timeout":"60","order":true}]',
        b'[{"name":"a","timeout":true,"order":true}]',
        b'[{"name":"a","timeout":-1,"order":true}]',
        b'[{"name":"a","timeout":60,"order":1}]',
        b'[{"name":"a","timeout":60}]',
        b"[1" + b"0" * 5000 + b"]",
    ],
)
def test_a_success_of_another_shape_is_a_typed_error(server: ScriptedServer, client: SlsClient, body: bytes) -> None:
    server.play(answer(body))

    with pytest.raises(SlsResponseError, match="the answer is not as documented") as caught:
        client.list_consumer_groups("orders")

    assert (caught.value.sls_status, caught.value.sls_request_id) == (200, REQUEST_ID)


@pytest.mark.parametrize("body", [b'{"cursor":""}', b'{"cursor":null}', b'{"Cursor":"MQ=="}'])
def test_a_cursor_that_is_missing_or_empty_is_a_typed_error(
    server: ScriptedServer, client: SlsClient, body: bytes
) -> None:
    server.play(answer(body))

    with pytest.raises(SlsResponseError, match="cursor"):
        client.get_cursor("orders", 0, "begin")


@pytest.mark.parametrize("body", [PAGE, b"[]", b'{"errorCode":"InternalServerError"}'])
def test_a_change_answered_by_something_else_may_have_taken_effect(
    server: ScriptedServer, client: SlsClient, body: bytes
) -> None:
    server.play(answer(body))

    with pytest.raises(SlsResponseError, match="it may have taken effect") as caught:
        client.delete_consumer_group("orders", "billing")

    assert caught.value.may_have_taken_effect


@pytest.mark.parametrize("status", [200, 400])
def test_an_endless_body_is_not_read_to_its_end(server: ScriptedServer, client: SlsClient, status: int) -> None:
    body = b'"' + b"x" * (MAX_REPLY_BYTES + 4 * 1024 * 1024) + b'"'
    server.play(answer(body, status=status))

    with pytest.raises(SlsResponseError):
        client.list_shards("orders")


def test_a_body_at_the_limit_is_read(server: ScriptedServer, client: SlsClient) -> None:
    server.play(answer(b"[]" + b" " * (MAX_REPLY_BYTES - 2)))

    assert client.list_shards("orders").value == ()


@pytest.mark.parametrize(
    "step",
    [
        RESET,
        Step(b"HTTP/1.1 200 OK\r\n", then="close"),
        Step(b"not http at all\r\n\r\n", then="close"),
        Step(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]", then="close"),
        Step(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n", then="close"),
        Step(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n", then="close"),
        Step(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]", then="reset"),
        Step(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]"),
    ],
    ids=["reset", "head", "noise", "truncated", "truncated chunks", "bad chunks", "reset in body", "bad gzip"],
)
def test_a_broken_answer_is_a_transport_error(server: ScriptedServer, client: SlsClient, step: Step) -> None:
    server.play(step, step, step, step)

    with pytest.raises(SlsTransportError, match=r"^ListShards on shop/orders: the connection was lost$") as caught:
        client.list_shards("orders")

    assert caught.value.retryable
    assert not caught.value.may_have_taken_effect
    assert len(server.received) == 4


def test_a_server_that_never_answers_is_left_at_the_deadline(
    server: ScriptedServer, client: SlsClient, time: HeldTime
) -> None:
    server.play(SILENCE)
    time.budget_s = 0.3

    with pytest.raises(SlsTransportError, match="no answer in time"):
        client.list_shards("orders")

    assert len(server.received) == 1


def test_a_trickling_answer_does_not_outlast_the_deadline(
    server: ScriptedServer, make_client: MakeClient, time: HeldTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(Step(answer(b" " * 10_000).data, then="drip"))
    looks = iter([60.0, 60.0, 1.0, 1.0, 0.0])
    monkeypatch.setattr(time, "remaining_s", lambda: next(looks, 0.0))

    with pytest.raises(SlsTransportError, match="no answer in time"):
        make_client().list_shards("orders")


def test_a_change_that_found_nobody_listening_has_not_taken_effect(make_client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_at_once:
        port = closed_at_once.getsockname()[1]

    with pytest.raises(SlsTransportError, match=r"could not connect$") as caught:
        make_client(url=f"http://127.0.0.1:{port}").delete_consumer_group("orders", "billing")

    assert not caught.value.may_have_taken_effect


def test_a_change_to_an_unknown_host_has_not_taken_effect(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(SlsTransportError, match=r"could not connect$") as caught:
        make_client(url="http://nobody.invalid").delete_consumer_group("orders", "billing")

    assert not caught.value.may_have_taken_effect


def test_a_change_whose_answer_was_lost_may_have_taken_effect(server: ScriptedServer, client: SlsClient) -> None:
    server.play(RESET, RESET, RESET, RESET)

    with pytest.raises(SlsTransportError, match=r"; it may have taken effect$") as caught:
        client.update_checkpoint("orders", "billing", shard_id=0, checkpoint="MQ==")

    assert caught.value.may_have_taken_effect


def test_a_change_refused_after_a_lost_answer_may_have_taken_effect(server: ScriptedServer, client: SlsClient) -> None:
    server.play(RESET, refusal("ConsumerGroupNotExist", status=404))

    with pytest.raises(ConsumerGroupNotExistError, match="it may have taken effect") as caught:
        client.delete_consumer_group("orders", "billing")

    assert caught.value.may_have_taken_effect


def test_a_read_that_failed_has_no_effect_to_speak_of(server: ScriptedServer, client: SlsClient) -> None:
    server.play(*[refusal("InternalServerError", status=500)] * 4)

    with pytest.raises(SlsServerError) as caught:
        client.list_shards("orders")

    assert not caught.value.may_have_taken_effect
    assert "effect" not in caught.value.message


def test_results_survive_a_json_round_trip_of_their_message(server: ScriptedServer, client: SlsClient) -> None:
    server.play(refusal("Odd\ud800Code".encode("utf-8", "replace").decode(), "\ud83d", status=400))

    with pytest.raises(SlsApiError) as caught:
        client.list_shards("orders")

    assert json.loads(json.dumps(caught.value.message)) == caught.value.message
    caught.value.message.encode()
