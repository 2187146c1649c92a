"""What destinations answer: whether a notification was taken, or why not, without a word of what they sent back."""

import json
from collections.abc import Mapping

from shared.policy.rules import DestinationKind

# A platform's own number or word for a failure, and what to do about it.
_MEANINGS: Mapping[DestinationKind, Mapping[object, str]] = {
    "slack": {
        "no_service": "the webhook was revoked or disabled; make a new one",
        "channel_not_found": "the channel is gone; make a new webhook",
        "channel_is_archived": "the channel is archived",
        "action_prohibited": "an administrator of the workspace forbids it",
        "invalid_payload": "Slack does not understand the message",
    },
    "dingtalk": {
        310000: "signature, keyword or IP address does not match the robot's settings",
        300001: "the robot or its token does not exist",
        300005: "the robot does not serve this group",
    },
    "feishu": {
        19021: "the signature or the clock is wrong; is the secret the bot's own?",
        11232: "throttled; avoid full and half hours",
    },
}
_STATUSES = {
    404: "the URL does not exist there",
    410: "the URL is not in use any more",
    429: "too many notifications",
}


def needs_body(kind: DestinationKind, status: int) -> bool:
    """Return whether the answer's body says more than its HTTP status.

    DingTalk and Feishu answer 200 to what they refuse; Slack has a word for a failure.
    """
    return kind in {"dingtalk", "feishu"} or (kind == "slack" and not _is_success(status))


def why_not_taken(kind: DestinationKind, status: int, body: bytes) -> str | None:
    """Return why a destination did not take a notification; None if it did.

    Args:
        kind: Whose answer it is.
        status: Its HTTP status; a redirect counts as a failure.
        body: Its body; b"" where `needs_body` is false.

    Source: reference chat-and-webhooks.md sections 2.5, 3.6 and 6.2.
    """
    if not _is_success(status):
        meaning = _MEANINGS.get(kind, {}).get(body.decode("latin-1").strip()) or _STATUSES.get(status)
        if 300 <= status < 400:  # noqa: PLR2004 -- HTTP's own class
            meaning = "redirects are not followed"
        return f"it answered HTTP {status}{f': {meaning}' if meaning else ''}"
    if kind not in {"dingtalk", "feishu"}:
        return None
    code = _code(kind, body)
    if code is None:
        return "it answered with what is no answer of this platform; whether it was taken is not known"
    if code == 0:
        return None
    meaning = _MEANINGS[kind].get(code)
    return f"it answered code {code}{f': {meaning}' if meaning else ''}"


def _is_success(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004 -- HTTP's own class


def _code(kind: DestinationKind, body: bytes) -> int | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    # Feishu's older answers have StatusCode alone.
    code = answer.get("errcode") if kind == "dingtalk" else answer.get("code", answer.get("StatusCode"))
    return code if isinstance(code, int) and not isinstance(code, bool) else None
