"""Slack: slash commands and buttons, signed whole; answers go to the request's own response_url."""

import hashlib
import hmac
import re
from collections.abc import Mapping

from shared.chat_settings import SlackSettings
from shared.chatops.form import fingerprint, is_id, is_within, read_form, read_json, table_at, text_at, unix_of
from shared.chatops.hosts import is_of
from shared.chatops.messages import Button, Immediate, Message, Received
from shared.chatops.slack_cards import ephemeral, render
from shared.errors import AuthenticationError
from shared.fc.events import HttpEvent

__all__ = ["acknowledge", "read", "render"]

_WINDOW_S = 300
_PROBE = re.compile(rb"(?:^|&)ssl_check=1(?:&|$)")
_FOREIGN = "This app serves the people of another workspace. Nothing was done."
_NOTHING_ASKED = "Nothing was asked. Type help after the command to see what there is."


def read(request: HttpEvent, settings: SlackSettings, now_unix: float) -> Received:
    """Return what a person sent, or the answer to a request that asks for nothing.

    A slash command of somebody whose workspace is not the app's own is answered with a refusal that this person alone
    sees; Slack shows nothing of an answer to a click, so there it is refused like an unsigned one, which Slack marks
    on the button. The one thing that is answered unsigned is the probe of the TLS certificate, by doing nothing.

    Args:
        request: As it came; nothing in it is believed before its signature holds.
        settings: The app.
        now_unix: The present, in Unix seconds; the signed time may be five minutes before or after it.

    Raises:
        AuthenticationError: It is not proven to come from Slack, now, and for this app's workspace.

    Source: reference chat-and-webhooks.md sections 1.1 (signature), 1.2 (commands, probes) and 1.4 (buttons).
    """
    if "x-slack-signature" not in request.headers and _PROBE.search(request.body):
        return Immediate()
    sent_unix = _verify(request, settings, now_unix)
    try:
        fields = read_form(request.body)
        payload = read_json(fields["payload"].encode()) if "payload" in fields else None
    except ValueError:
        return Immediate()
    if payload is not None:
        return _read_click(payload, settings, sent_unix)
    if fields.get("ssl_check") == "1" or not fields.get("command"):
        return Immediate()
    return _read_command(fields, settings, sent_unix)


def acknowledge(text: str | None) -> Immediate:
    """Return the answer to a slash command that the person alone sees; None answers with nothing to see.

    A click's answer shows nothing: give None there.

    Source: reference chat-and-webhooks.md sections 1.3 and 1.4.
    """
    return Immediate(None if text is None else {"response_type": "ephemeral", "text": ephemeral(text)})


def _verify(request: HttpEvent, settings: SlackSettings, now_unix: float) -> int:
    """Return the time that Slack signed, in Unix seconds."""
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signed_unix = unix_of(timestamp)
    base = b"v0:" + timestamp.encode("utf-8", "surrogatepass") + b":" + request.body
    expected = "v0=" + hmac.new(settings.signing_secret.encode(), base, hashlib.sha256).hexdigest()
    shown = request.headers.get("x-slack-signature", "").encode("utf-8", "surrogatepass")
    is_signed = hmac.compare_digest(expected.encode(), shown)
    if signed_unix is None or not is_signed:
        raise AuthenticationError("not signed by Slack")
    if not is_within(now_unix, signed_unix, past_s=_WINDOW_S, future_s=_WINDOW_S):
        raise AuthenticationError("signed too long ago, or in the future")
    return int(signed_unix)


def _read_command(fields: Mapping[str, str], settings: SlackSettings, sent_unix: int) -> Received:
    if fields.get("team_id") != settings.team:
        return acknowledge(_FOREIGN)
    person = _person(fields.get("user_id", ""))
    text = fields.get("text", "").strip()
    if not text:
        return acknowledge(_NOTHING_ASKED)
    return Message(
        platform="slack",
        principal=f"slack:{settings.team}/{person}",
        person=person,
        channel=fields.get("channel_id", ""),
        # Slack names no retry of commands; the signed fields stand in where the id of the trigger is missing.
        message_id=fields.get("trigger_id") or fingerprint(str(sent_unix), *fields, *fields.values()),
        sent_unix=sent_unix,
        text=text,
        reply=_reply(fields.get("response_url", "")),
    )


def _read_click(payload: Mapping[str, object], settings: SlackSettings, sent_unix: int) -> Received:
    if text_at(payload, "user", "team_id") != settings.team:
        raise AuthenticationError("the click is of somebody of another workspace")
    person = _person(text_at(payload, "user", "id"))
    actions = payload.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else None
    if payload.get("type") != "block_actions" or not isinstance(action, Mapping):
        return Immediate()
    action_id, value = text_at(action, "action_id"), text_at(action, "value")
    channel = text_at(payload, "channel", "id") or text_at(payload, "container", "channel_id")
    message = text_at(payload, "container", "message_ts") or text_at(payload, "trigger_id")
    is_private = table_at(payload, "container").get("is_ephemeral") is True
    return Message(
        platform="slack",
        principal=f"slack:{settings.team}/{person}",
        person=person,
        channel=channel,
        message_id=fingerprint(channel, message, action_id, value, person),
        sent_unix=sent_unix,
        # Ids of elements must differ within a message: a number may follow the action.
        button=Button(action_id.partition(":")[0], value),
        reply=_reply(text_at(payload, "response_url"), original="ephemeral" if is_private else "channel"),
    )


def _person(user: str) -> str:
    if not is_id(user):
        raise AuthenticationError("nobody is named")
    return user


def _reply(response_url: str, **more: str) -> dict[str, str]:
    return {"response_url": response_url, **more} if is_of("slack", response_url) else {}
