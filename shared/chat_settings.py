"""What the environment says of chat platforms and of the worker: one group of variables each, read and checked here."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import field
from urllib.parse import urlsplit

from shared.frozen import frozen
from shared.names import is_loopback

Given = Mapping[str, str]

WORKER_KEY_BYTES = 32
MAX_VERIFY_AFTER_S = 300
_AES_KEY_CHARS = 43
_ID = re.compile(r"[A-Za-z0-9_.$:+=-]{1,128}")
_FUNCTION = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_SECRET = re.compile(r"[!-~]{16,256}")
_FEISHU_HOSTS = {"feishu": "open.feishu.cn", "lark": "open.larksuite.com"}


@frozen
class SlackSettings:
    """One Slack app.

    Attributes:
        signing_secret: What Slack signs its requests with.
        team: Id of the workspace that installed it; nobody of another one is heard.
    """

    signing_secret: str = field(repr=False)
    team: str


@frozen
class FeishuSettings:
    """One Feishu or Lark app.

    Attributes:
        app_id: Of the app; the platform's answers are asked for in its name.
        app_secret: Of the app.
        encrypt_key: What events are signed and encrypted with.
        token: The app's verification token, inside every event.
        tenant: Key of the tenant that installed it; nobody of another one is heard.
        bot: Open id of the app's bot: in a group, what does not mention it is not for this app.
        host: Host of the platform's API.
    """

    app_id: str
    app_secret: str = field(repr=False)
    encrypt_key: str = field(repr=False)
    token: str = field(repr=False)
    tenant: str
    bot: str
    host: str


@frozen
class DingTalkSettings:
    """One DingTalk robot in HTTP mode.

    Attributes:
        app_secret: What it signs the time with; it does not sign the body.
        corp: Id of the organization; nobody of another one is heard.
        aes_key: What bodies are encrypted with, 32 bytes; None where they are not: such a robot may read and preview.
    """

    app_secret: str = field(repr=False)
    corp: str
    aes_key: bytes | None = field(repr=False)


@frozen
class WorkerSettings:
    """Who does the work that outlives a chat platform's deadline.

    Attributes:
        key: AES key of what is handed over, 32 bytes.
        function_name: As deployed.
        fc_url: Where FC's own API is, when that is on this machine; None derives it from account and region.
    """

    key: bytes = field(repr=False)
    function_name: str
    fc_url: str | None


@frozen
class ChatSettings:
    """Everything about chat; a platform that is None is switched off.

    Attributes:
        worker: None where REWIND_WORKER_KEY is absent; then no platform may be on.
        loopback_url: Where to connect instead of the platforms' own hosts, when that is on this machine; else None.
        verify_after_s: How long after an apply its verification is posted.
    """

    slack: SlackSettings | None = None
    feishu: FeishuSettings | None = None
    dingtalk: DingTalkSettings | None = None
    worker: WorkerSettings | None = None
    loopback_url: str | None = None
    verify_after_s: int = 90


def read_chat(given: Given, problems: list[str]) -> ChatSettings:
    """Return the chat groups of the environment; notes every problem, by variable name."""
    chat = ChatSettings(
        slack=_read_slack(given, problems),
        feishu=_read_feishu(given, problems),
        dingtalk=_read_dingtalk(given, problems),
        worker=_read_worker(given, problems),
        loopback_url=_read_loopback(given, "REWIND_CHAT_ENDPOINT", problems),
        verify_after_s=_read_verify_after_s(given, problems),
    )
    if chat.worker is None and "REWIND_WORKER_KEY" not in given and (chat.slack or chat.feishu or chat.dingtalk):
        problems.append("REWIND_WORKER_KEY: missing; chat platforms hand their work over sealed with it")
    return chat


def _read_slack(given: Given, problems: list[str]) -> SlackSettings | None:
    names = ("REWIND_SLACK_SIGNING_SECRET", "REWIND_SLACK_TEAM")
    if not _is_on(given, names, problems):
        return None
    _check(given, _SECRET, names[:1], "16 to 256 printable ASCII characters without spaces", problems)
    _check(given, _ID, names[1:], "the id of the workspace, such as T024BE7LD", problems)
    return SlackSettings(given[names[0]], given[names[1]])


def _read_feishu(given: Given, problems: list[str]) -> FeishuSettings | None:
    secrets = ("REWIND_FEISHU_APP_SECRET", "REWIND_FEISHU_ENCRYPT_KEY", "REWIND_FEISHU_TOKEN")
    ids = ("REWIND_FEISHU_APP_ID", "REWIND_FEISHU_TENANT", "REWIND_FEISHU_BOT")
    kind = given.get("REWIND_FEISHU_KIND", "feishu")
    if kind not in _FEISHU_HOSTS:
        problems.append("REWIND_FEISHU_KIND: must be feishu or lark")
    if not _is_on(given, (*ids, *secrets), problems):
        return None
    _check(given, _SECRET, secrets, "16 to 256 printable ASCII characters without spaces", problems)
    _check(given, _ID, ids, "an id as the platform shows it", problems)
    return FeishuSettings(
        app_id=given[ids[0]],
        app_secret=given[secrets[0]],
        encrypt_key=given[secrets[1]],
        token=given[secrets[2]],
        tenant=given[ids[1]],
        bot=given[ids[2]],
        host=_FEISHU_HOSTS.get(kind, ""),
    )


def _read_dingtalk(given: Given, problems: list[str]) -> DingTalkSettings | None:
    names = ("REWIND_DINGTALK_APP_SECRET", "REWIND_DINGTALK_CORP")
    encoded = given.get("REWIND_DINGTALK_AES_KEY")
    aes_key = None if encoded is None else _decoded(encoded + "=" if len(encoded) == _AES_KEY_CHARS else "")
    if encoded is not None and aes_key is None:
        problems.append("REWIND_DINGTALK_AES_KEY: must be the robot's 43 characters of base64")
    if not _is_on(given, names, problems):
        return None
    _check(given, _SECRET, names[:1], "16 to 256 printable ASCII characters without spaces", problems)
    _check(given, _ID, names[1:], "the id of the organization", problems)
    return DingTalkSettings(given[names[0]], given[names[1]], aes_key)


def _read_worker(given: Given, problems: list[str]) -> WorkerSettings | None:
    function_name = given.get("REWIND_WORKER_FUNCTION", "sls-rewind-worker")
    if not _FUNCTION.fullmatch(function_name):
        problems.append("REWIND_WORKER_FUNCTION: must be the name of a function")
    fc_url = _read_loopback(given, "REWIND_FC_ENDPOINT", problems)
    encoded = given.get("REWIND_WORKER_KEY")
    if encoded is None:
        return None
    key = _decoded(encoded)
    if key is None or len(key) != WORKER_KEY_BYTES:
        problems.append(
            f"REWIND_WORKER_KEY: must be {WORKER_KEY_BYTES} bytes in base64, as of `openssl rand -base64 32`"
        )
        return None
    return WorkerSettings(key, function_name, fc_url)


def _read_loopback(given: Given, name: str, problems: list[str]) -> str | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme == "http" and is_loopback(host) and parts.path in {"", "/"} and not parts.username:
        return f"http://{parts.netloc}"
    problems.append(f"{name}: must be http://127.0.0.1:<port>; it is for the local environment alone")
    return None


def _read_verify_after_s(given: Given, problems: list[str]) -> int:
    text = given.get("REWIND_CHAT_VERIFY_AFTER_S", "90")
    if re.fullmatch(r"[0-9]{1,4}", text) and int(text) <= MAX_VERIFY_AFTER_S:
        return int(text)
    problems.append(f"REWIND_CHAT_VERIFY_AFTER_S: must be whole seconds, 0 to {MAX_VERIFY_AFTER_S}")
    return 0


def _is_on(given: Given, names: tuple[str, ...], problems: list[str]) -> bool:
    """Return whether all variables of a group are there; some without the others is a mistake."""
    missing = [name for name in names if name not in given]
    if 0 < len(missing) < len(names):
        problems += [f"{name}: missing; the other variables of its group are set" for name in missing]
    return not missing


def _check(given: Given, form: re.Pattern[str], names: tuple[str, ...], what: str, problems: list[str]) -> None:
    problems += [f"{name}: must be {what}" for name in names if not form.fullmatch(given[name])]


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) or None
    except (binascii.Error, ValueError):
        return None
