"""What HTTP expects of a good server, whoever is calling: paths, methods, documents, and who may send events here."""

import re
from dataclasses import replace
from http import HTTPStatus

from shared.errors import RefusedError
from shared.execution.run import refusal
from shared.fc.events import HttpEvent
from shared.fc.paths import Document, Paths, Resource, resource_at
from shared.fc.responses import Response, answer

_DOCUMENT_AGE_S = 300
_EVENTS_A_MINUTE = 120
"""What a sender of events is told to keep to; enough for alerts, and nothing that SLS's quota notices."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*"


def answer_anybody(request: HttpEvent, paths: Paths, fc_request_id: str | None) -> Response | None:
    """Return the answer to what takes no proof of who is calling; None for what is to be carried out.

    That is every path that does not exist, every method that a path does not take, OPTIONS, and documents. HEAD is
    answered as GET is: the HTTP server in front leaves the body out, and its Content-Length then tells the truth.
    """
    resource = resource_at(request.path, paths)
    if resource is None:
        return _refused("there is nothing at this path", "no_such_path", fc_request_id, {})
    allow = {"Allow": ", ".join(resource.methods)}
    if request.method not in resource.methods:
        return _refused("this path does not take that method", "method_not_allowed", fc_request_id, allow)
    if request.method == "OPTIONS":
        return _plain(HTTPStatus.NO_CONTENT, {**allow, **_consent(request, resource)})
    if request.method == "POST" or resource.document is None:
        return None
    return _document(request, resource.document(), resource.media_type)


def _consent(request: HttpEvent, resource: Resource) -> dict[str, str]:
    """Return the answer to a sender that asks whether it may deliver events here.

    The sender asks so that nobody can point it at a server that wants no events; it proves nothing, and every delivery
    still has to. So whoever asks is named back, it alone and not `*`, where events are taken at all; what is no host
    name gets no consent.

    Source: reference chat-and-webhooks.md 6.7 (CloudEvents web hooks, abuse protection).
    """
    origin = request.headers.get("webhook-request-origin", "")
    if not resource.posts or not re.fullmatch(_HOST, origin, re.IGNORECASE):
        return {}
    return {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": str(_EVENTS_A_MINUTE)}


def _document(request: HttpEvent, document: Document, media_type: str) -> Response:
    headers = {"ETag": document.etag, "Cache-Control": f"public, max-age={_DOCUMENT_AGE_S}"}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if document.etag in known or "*" in known:
        return _plain(HTTPStatus.NOT_MODIFIED, headers)
    return _plain(HTTPStatus.OK, {"Content-Type": media_type, **headers}, document.text)


def _plain(status: HTTPStatus, headers: dict[str, str], body: str = "") -> Response:
    return {"statusCode": int(status), "headers": headers, "isBase64Encoded": False, "body": body}


def _refused(message: str, code: str, fc_request_id: str | None, headers: dict[str, str]) -> Response:
    result = refusal("unknown", RefusedError(message, code=code))
    return answer(replace(result, fc_request_id=fc_request_id), headers=headers)
