"""How hard the installation's secrets are to guess; they are judged, and never shown."""

import base64
from collections.abc import Iterator

from shared.execution.doctoring_findings import Check
from shared.execution.doctoring_strength import doubt, weakness
from shared.settings import Settings

_RANDOM = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
_HINT = f"Make a new one with `openssl rand -base64 32`, or with `{_RANDOM}`, and rotate it in (docs/deploy.md)."
_MIN_NOTIFY_CHARACTERS = 16


def check_secrets(settings: Settings) -> list[Check]:
    """Return what is weak about the secrets, each by the variable and name that it has; one check if none is."""
    judged = list(_secrets(settings))
    found = [check for secret in judged if (check := _judge(*secret)) is not None]
    found += [
        Check(
            "secrets",
            "warning",
            f"REWIND_NOTIFY: the secret of {name} has fewer than {_MIN_NOTIFY_CHARACTERS} characters",
            _HINT,
        )
        for name, destination in settings.destinations.items()
        if destination.secret is not None and len(destination.secret) < _MIN_NOTIFY_CHARACTERS
    ]
    return found or [Check("secrets", "ok", f"no known weakness found; looked at: {len(judged)}")]


def _judge(name: str, secret: str, hint: str) -> Check | None:
    if (reason := weakness(secret)) is not None:
        return Check("secrets", "failed", f"{name}: {reason}", hint)
    if (reason := doubt(secret)) is not None:
        return Check("secrets", "warning", f"{name}: {reason}", f"{hint} If a generator made it, it may stay.")
    return None


def _secrets(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield where each secret stands, the secret, and what to do if it is weak."""
    for variable, named in (
        ("REWIND_WEBHOOK_SECRETS", settings.webhook_secrets),
        ("REWIND_URL_TOKENS", settings.url_tokens),
    ):
        for name, secrets in named.items():
            yield from ((f"{variable}: a secret of {name}", secret, _HINT) for secret in secrets)
    chat = settings.chat
    if chat.worker is not None:
        yield "REWIND_WORKER_KEY", base64.b64encode(chat.worker.key).decode(), _HINT
    issued = "Copy it anew from the platform's console; such secrets are never made up."
    if chat.slack is not None:
        yield "REWIND_SLACK_SIGNING_SECRET", chat.slack.signing_secret, issued
    if chat.feishu is not None:
        yield "REWIND_FEISHU_APP_SECRET", chat.feishu.app_secret, issued
    if chat.dingtalk is not None:
        yield "REWIND_DINGTALK_APP_SECRET", chat.dingtalk.app_secret, issued
