"""The OpenAPI 3.1 description of the command function, from its path table, its status table and its models."""

from http import HTTPStatus

from shared.fc.description.values import Schema
from shared.fc.paths import COMMAND_PATHS, Resource
from shared.fc.responses import SLS_FAILED, STATUS_BY_CODE

_PROBLEM = "application/problem+json"
_SECURITY_SCHEMES: dict[str, Schema] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A secret of REWIND_WEBHOOK_SECRETS; its name makes the principal webhook:<name>.",
    },
    "standardWebhooks": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks v1, with webhook-id and webhook-timestamp; the id is the idempotency key.",
    },
    "gitHub": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Hub-Signature-256",
        "description": "sha256= and the HMAC of the body. No time is signed: a write needs an absolute time.",
    },
    "grafana": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Grafana-Alerting-Signature",
        "description": "HMAC of the body; with X-Grafana-Alerting-Timestamp, of the time and the body.",
    },
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes a repetition of a write recognizable: it answers duplicate. Bare, or quoted.",
    "schema": {
        "type": "string",
        "pattern": r'^(?:[!#-~](?:[ !#-~]{0,253}[!#-~])?|"(?:[ !#-\[\]-~]|\\["\\]){1,255}")$',
    },
}
_TOKEN = {
    "name": "token",
    "in": "path",
    "required": True,
    "description": "A token of REWIND_URL_TOKENS. It stands in a URL, so it may only read and preview.",
    "schema": {"type": "string", "minLength": 1},
}
_ALARM: Schema = {
    "description": "CloudMonitor's own fields; those that it adds are labels of the alert.",
    "type": "object",
    "properties": {
        "alertName": {"type": "string", "minLength": 1, "not": {"const": "null"}},
        "alertState": {"enum": ["OK", "ALERT", "INSUFFICIENT_DATA"]},
    },
    "required": ["alertName", "alertState"],
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}
_SAID = {
    HTTPStatus.OK: "What became of it; `status` tells.",
    HTTPStatus.ACCEPTED: "Taken on; the outcome comes by another way.",
}
_EXAMPLES: dict[str, dict[str, object]] = {
    "describe": {"action": "describe", "target": "shop/orders/billing"},
    "rewind": {"action": "rewind", "target": "shop/orders/billing", "to": "2h", "reason": "bad deploy"},
    "attributes": {
        "action": "update_consumer_group",
        "target": "shop/orders/billing",
        "timeout": 120,
        "dry_run": True,
    },
}


def openapi_document(version: str, definitions: dict[str, Schema]) -> Schema:
    """Return the document.

    Args:
        version: The project's.
        definitions: Every schema by its name; references among them are of the form `#/components/schemas/…`.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "sls-rewind",
            "version": version,
            "summary": "Move and mend consumer groups of Simple Log Service, safely.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": ".", "description": "Where this document was read."}],
        "paths": {path: _path_item(path, resource) for path, resource in COMMAND_PATHS.items()},
        "components": {"schemas": definitions, "securitySchemes": _SECURITY_SCHEMES},
    }


def _path_item(path: str, resource: Resource) -> Schema:
    with_token = "{token}" in path
    made: Schema = {"parameters": [_TOKEN]} if with_token else {}
    name = path.strip("/{}").partition("/")[0].partition(".")[0] or "root"
    if resource.document:
        content = {resource.media_type: {"schema": {"type": "object"}}}
        made["get"] = _reading(f"get_{name}", resource, {"content": content})
        made["head"] = _reading(f"head_{name}", resource, {})
    made["options"] = _options(f"options_{name}", resource)
    if resource.posts:
        own = _callback() if with_token else _commanding()
        responses = {str(status): _response(status) for status in _statuses()}
        made["post"] = {"operationId": f"post_{name}", "summary": resource.posts, **own, "responses": responses}
    return made


def _reading(name: str, resource: Resource, content: Schema) -> Schema:
    headers = {"ETag": {"schema": {"type": "string"}}, "Cache-Control": {"schema": {"type": "string"}}}
    responses = {
        "200": {"description": resource.reads, "headers": headers, **content},
        "304": {"description": "If-None-Match names it.", "headers": headers},
    }
    return {"operationId": name, "summary": resource.reads, "security": [], "responses": responses}


def _options(name: str, resource: Resource) -> Schema:
    headers = {"Allow": {"required": True, "schema": {"const": ", ".join(resource.methods)}}}
    if resource.posts:
        headers |= {
            f"WebHook-Allowed-{what}": {"description": "If WebHook-Request-Origin asks.", "schema": {"type": "string"}}
            for what in ("Origin", "Rate")
        }
    told = {"204": {"description": "What the path takes.", "headers": headers}}
    return {"operationId": name, "summary": "which methods the path takes", "security": [], "responses": told}


def _commanding() -> Schema:
    examples = {name: {"value": value} for name, value in _EXAMPLES.items()}
    content = {"schema": {"$ref": "#/components/schemas/Command"}, "examples": examples}
    return {
        "security": [{scheme: []} for scheme in _SECURITY_SCHEMES],
        "parameters": [_KEY],
        "requestBody": {
            "description": "A command, or what the alert senders of docs/callers.md post. At most 64 KiB, read as JSON"
            " in UTF-8 whatever type it claims to be.",
            "required": True,
            "content": {"application/json": content},
        },
    }


def _callback() -> Schema:
    types = ("application/x-www-form-urlencoded", "application/json")
    content = {media_type: {"schema": _ALARM} for media_type in types}
    return {"security": [], "requestBody": {"required": True, "content": content}}


def _statuses() -> list[int]:
    return sorted({int(HTTPStatus.OK), int(HTTPStatus.ACCEPTED), SLS_FAILED, *STATUS_BY_CODE.values()})


def _response(status: int) -> Schema:
    codes = [code for code, its_status in STATUS_BY_CODE.items() if its_status == status]
    other = ["SLS failed, or only a part was done"] if status == SLS_FAILED else []
    said = _SAID.get(HTTPStatus(status)) or f"{HTTPStatus(status).phrase}: {', '.join([*codes, *other])}."
    media_type = _PROBLEM if status >= HTTPStatus.BAD_REQUEST else "application/json"
    headers: Schema = {"Cache-Control": {"required": True, "schema": {"const": "no-store"}}}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = {"required": True, "schema": {"type": "string"}}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = {"schema": {"type": "string"}}
    if status in {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}:
        headers["Retry-After"] = {"description": "Seconds, where waiting helps.", "schema": {"type": "string"}}
    content = {media_type: {"schema": {"$ref": "#/components/schemas/Result"}}}
    return {"description": said, "headers": headers, "content": content}
