"""Who is calling: every proof that a request shows must hold, and all must name the same caller."""

from collections.abc import Callable
from dataclasses import replace

from shared.errors import AuthenticationError
from shared.execution.invocation import Assurance
from shared.fc.events import HttpEvent
from shared.frozen import frozen
from shared.settings import Settings
from shared.webhooks import bearer, github, grafana, standard, url_token
from shared.webhooks.keys import message_key, sent_key, signed_key

_STRENGTH: tuple[Assurance, ...] = ("full", "timed", "untimed", "preview")


@frozen
class Caller:
    """A proven caller.

    Attributes:
        principal: `webhook:<name of the secret that matched>`.
        key: What makes its repetitions recognizable, as far as the proof covers it; None if there is nothing.
        assurance: What the proof is good for.
    """

    principal: str
    key: str | None
    assurance: Assurance


Verify = Callable[[HttpEvent, Settings, float], Caller]


def identify(request: HttpEvent, settings: Settings, now_unix: float) -> Caller:
    """Return who is calling; nothing is parsed before that is proven.

    Args:
        request: As it came.
        settings: Hold the secrets and tokens.
        now_unix: The present, for signed times.

    Raises:
        AuthenticationError: No proof is shown, one does not hold, or two name different callers.
        InvalidCommandError: A proven caller's idempotency key is malformed.
    """
    try:
        proven = [verify(request, settings, now_unix) for is_shown, verify in _PROOFS if is_shown(request)]
    except AuthenticationError:
        raise
    except Exception as error:
        raise AuthenticationError("what the request shows could not be verified") from error
    if len({caller.principal for caller in proven}) != 1:
        raise AuthenticationError("the request proves no caller, or several")
    caller = min(proven, key=lambda one: _STRENGTH.index(one.assurance))
    # A bearer token stands for all that comes with it over TLS, headers included; no signature covers those.
    return replace(caller, key=sent_key(request.headers, request.body)) if _shows_token(request) else caller


def _shows_token(request: HttpEvent) -> bool:
    return bearer.HEADER in request.headers


def _bearer(request: HttpEvent, settings: Settings, _now_unix: float) -> Caller:
    return Caller(bearer.verify_bearer(request.headers, settings.webhook_secrets), None, "full")


def _standard(request: HttpEvent, settings: Settings, now_unix: float) -> Caller:
    principal = standard.verify_standard(request.headers, request.body, settings.webhook_secrets, now_unix)
    return Caller(principal, message_key(request.headers[standard.ID_HEADER]), "timed")


def _grafana(request: HttpEvent, settings: Settings, now_unix: float) -> Caller:
    principal = grafana.verify_grafana(request.headers, request.body, settings.webhook_secrets, now_unix)
    key = signed_key(grafana.signed_bytes(request.headers, request.body))
    return Caller(principal, key, "timed" if grafana.is_timed(request.headers) else "untimed")


def _github(request: HttpEvent, settings: Settings, _now_unix: float) -> Caller:
    principal = github.verify_github(request.headers, request.body, settings.webhook_secrets)
    return Caller(principal, signed_key(request.body), "untimed")


def _url_token(request: HttpEvent, settings: Settings, _now_unix: float) -> Caller:
    return Caller(url_token.verify_url_token(request.path, settings.url_tokens), None, "preview")


_PROOFS: tuple[tuple[Callable[[HttpEvent], bool], Verify], ...] = (
    (_shows_token, _bearer),
    (lambda request: standard.SIGNATURE_HEADER in request.headers, _standard),
    (lambda request: grafana.SIGNATURE_HEADER in request.headers, _grafana),
    (lambda request: github.HEADER in request.headers, _github),
    (lambda request: request.path.startswith(url_token.PATH_PREFIX), _url_token),
)
