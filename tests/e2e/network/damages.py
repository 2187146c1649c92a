"""What a network, and what stands in it, does to an answer."""

import json
import re
from collections.abc import Callable, Mapping

from tests.e2e.network.proxy import Damage, Exchange

BYTE_EVERY_S = 0.05
SKEW_S = 20 * 60
RETRY_AFTER_S = 1
_PAGE = b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def reset_before(exchange: Exchange) -> bool:
    """Cut the connection; the call never arrives."""
    exchange.reset()
    return False


def reset_in_headers(exchange: Exchange) -> bool:
    """Cut the connection within the headers of the answer."""
    return _send_a_part(exchange, lambda head, _: head[: len(head) // 2])


def reset_in_body(exchange: Exchange) -> bool:
    """Cut the connection within the body of the answer, or right before a body that is empty."""
    return _send_a_part(exchange, lambda head, body: head + body[: len(body) // 2])


def _send_a_part(exchange: Exchange, part: Callable[[bytes, bytes], bytes]) -> bool:
    head, body = _parted(exchange.answer())
    exchange.client.sendall(part(head, body))
    exchange.reset()
    return False


def half_open(exchange: Exchange) -> bool:
    """Take the request and be gone, without a word: the connection stays open on the other side alone."""
    exchange.client.recv(1)
    return False


def half_open_after(exchange: Exchange) -> bool:
    """The same, after the call took effect."""
    exchange.answer()
    return half_open(exchange)


def slow(exchange: Exchange) -> bool:
    """Send the answer byte by byte, from its first header on."""
    answer = exchange.answer()
    for index in range(len(answer)):
        exchange.client.sendall(answer[index : index + 1])
        if exchange.over.wait(BYTE_EVERY_S):
            return False
    return True


def too_long_a_length(exchange: Exchange) -> bool:
    """Promise more bytes than there are, and close."""
    exchange.client.sendall(_with_length(exchange.answer(), +7))
    return False


def too_short_a_length(exchange: Exchange) -> bool:
    """Promise fewer bytes than there are, and keep the connection: the rest stands before the next answer."""
    exchange.client.sendall(_with_length(exchange.answer(), -7))
    return True


def no_length(exchange: Exchange) -> bool:
    """Send neither a length nor a whole body, and close as if that were all."""
    head, body = _parted(exchange.answer())
    exchange.client.sendall(re.sub(rb"(?i)content-length: *\d+\r\n", b"", head) + body[: len(body) // 2])
    return False


def page(exchange: Exchange) -> bool:
    """Answer 502 with a page, as a proxy does that reaches nobody."""
    return _say(exchange, 502, _PAGE, {"Content-Type": "text/html"})


def page_of_success(exchange: Exchange) -> bool:
    """Answer 200 with a page, as a portal does that wants a login."""
    return _say(exchange, 200, _PAGE, {"Content-Type": "text/html"})


def busy(exchange: Exchange) -> bool:
    """Answer 503 in SLS's format and say when to come back."""
    body = json.dumps({"errorCode": "ServerBusy", "errorMessage": "busy"}).encode()
    return _say(exchange, 503, body, {"Retry-After": str(RETRY_AFTER_S)})


def limited(exchange: Exchange) -> bool:
    """Answer 429 in nobody's format and say when to come back."""
    return _say(exchange, 429, b"slow down", {"Retry-After": str(RETRY_AFTER_S)})


def closed_for_an_hour(exchange: Exchange) -> bool:
    """Answer 503 and say to come back in an hour."""
    return _say(exchange, 503, b"", {"Retry-After": "3600"})


def clock_ahead(exchange: Exchange) -> bool:
    """Let the server's clock be 20 minutes ahead from now on."""
    return _with_skew(exchange, SKEW_S)


def clock_behind(exchange: Exchange) -> bool:
    """Let the server's clock be 20 minutes behind from now on."""
    return _with_skew(exchange, -SKEW_S)


def token_expired(exchange: Exchange) -> bool:
    """Let the temporary key expire at this moment."""
    exchange.sls.control("credentials", {**_key_of(exchange), "expires_unix": 1})
    exchange.client.sendall(exchange.answer())
    return True


def _key_of(exchange: Exchange) -> dict[str, object]:
    sls = exchange.sls
    return {"access_key_id": sls.access_key_id, "access_key_secret": sls.access_key_secret}


def _with_skew(exchange: Exchange, skew_s: int) -> bool:
    exchange.sls.control("clock", {"skew_s": skew_s})
    exchange.client.sendall(exchange.answer())
    return True


def _say(exchange: Exchange, status: int, body: bytes, headers: Mapping[str, str]) -> bool:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} Said\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode()
    exchange.client.sendall(head + body)
    return True


def _with_length(answer: bytes, more: int) -> bytes:
    head, body = _parted(answer)
    # An empty body can only be promised to be longer.
    length = len(body) + (more if body else abs(more))
    return re.sub(rb"(?i)content-length: *\d+", b"Content-Length: %d" % length, head) + body


def _parted(answer: bytes) -> tuple[bytes, bytes]:
    head, end, body = answer.partition(b"\r\n\r\n")
    return head + end, body


DAMAGES: tuple[Damage, ...] = (
    reset_before,
    reset_in_headers,
    reset_in_body,
    half_open,
    half_open_after,
    slow,
    too_long_a_length,
    too_short_a_length,
    no_length,
    page,
    page_of_success,
    busy,
    limited,
    closed_for_an_hour,
    clock_ahead,
    clock_behind,
    token_expired,
)
