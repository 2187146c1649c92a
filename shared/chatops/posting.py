"""Posts to chat platforms: to their own hosts alone, in a bounded time, and not twice unless it never left."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import field
from typing import Literal

import requests
from urllib3.exceptions import HTTPError, NewConnectionError

from shared.chatops.form import read_json
from shared.chatops.hosts import HOSTS, host_and_path
from shared.chatops.messages import ChatPost, PlatformName
from shared.frozen import frozen
from shared.sls.outward import exchange

PostCode = Literal["taken", "not_allowed", "not_connected", "lost", "not_taken"]

_MIN_TRY_S = 0.2
_WORD = re.compile(r"[a-z_]{1,40}")


@frozen
class PostOutcome:
    """What became of a post; safe to show and to log, but for `body`.

    Attributes:
        code: "taken" by the platform; "not_allowed", its URL is none of a platform's; "not_connected", it certainly
            was not sent; "lost", nobody knows; "not_taken", the platform refused it.
        message: One sentence that says why, without the URL.
        body: The platform's JSON answer; None where it gave none.
    """

    code: PostCode
    message: str
    body: Mapping[str, object] | None = field(default=None, repr=False)

    @property
    def taken(self) -> bool:
        """Whether the platform took it."""
        return self.code == "taken"


def post(chat_post: ChatPost, *, loopback_url: str | None, timeout_s: float) -> PostOutcome:
    """Post to a platform and return what became of it; never raises for what the network or the platform does.

    There is one try, and one more where no connection came about. No proxy, no redirect, no cookie.

    Args:
        chat_post: What to post; its URL, headers and body are secret.
        loopback_url: Where to connect instead, on this machine; the platform's host goes into the Host header.
        timeout_s: How long all of it may take, in seconds.
    """
    found = host_and_path(chat_post.url)
    if found is None:
        return PostOutcome("not_allowed", "not sent: the URL is none of a chat platform")
    host, path = found
    url = f"{loopback_url or f'https://{host}'}{path}"
    ends_s = time.monotonic() + timeout_s
    outcome = _try(host, url, chat_post, ends_s)
    is_worth_it = outcome.code == "not_connected" and ends_s - time.monotonic() > _MIN_TRY_S
    return _try(host, url, chat_post, ends_s) if is_worth_it else outcome


def _try(host: str, url: str, chat_post: ChatPost, ends_s: float) -> PostOutcome:
    platform = HOSTS[host]
    try:
        body = json.dumps(chat_post.body, separators=(",", ":")).encode()
        headers = {**chat_post.headers, "Host": host, "Content-Type": "application/json; charset=utf-8"}
        status, answer = exchange(url, body, headers, left_s=lambda: ends_s - time.monotonic())
    except (requests.RequestException, HTTPError, OSError) as error:
        if _never_left(error):
            return PostOutcome("not_connected", f"not sent: {platform} could not be connected to")
        return PostOutcome("lost", f"{platform} did not answer in time; it may have been taken all the same")
    return _judge(platform, status, answer)


def _never_left(error: Exception) -> bool:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _judge(platform: PlatformName, status: int, body: bytes) -> PostOutcome:
    """Return what an answer means.

    Source: reference chat-and-webhooks.md sections 1.3, 2.3, 2.5 and 3.4: DingTalk and Feishu answer 200 to what they
    refuse; Slack says "ok", or has a word for the failure.
    """
    try:
        answer = read_json(body)
    except ValueError:
        answer = {}
    if status == requests.codes.ok and _says_yes(platform, body, answer):
        return PostOutcome("taken", "taken", answer)
    why = _why(platform, body, answer)
    return PostOutcome("not_taken", f"{platform} answered HTTP {status}{f', {why}' if why else ''}", answer or None)


def _says_yes(platform: PlatformName, body: bytes, answer: Mapping[str, object]) -> bool:
    if platform == "slack":
        return body.strip() == b"ok" or answer.get("ok") is True
    code = _number(platform, answer)
    return code == 0


def _why(platform: PlatformName, body: bytes, answer: Mapping[str, object]) -> str:
    if platform != "slack":
        # Its words may hold what was sent to it, tokens included; the number says the same.
        code = _number(platform, answer)
        return "" if code is None else f"code {code}"
    told = answer.get("error", body.decode("latin-1").strip())
    return told if isinstance(told, str) and _WORD.fullmatch(told) else ""


def _number(platform: PlatformName, answer: Mapping[str, object]) -> int | None:
    code = answer.get("errcode" if platform == "dingtalk" else "code")
    return code if isinstance(code, int) and not isinstance(code, bool) else None
