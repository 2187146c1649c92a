"""The JSON Schema of results: of the dataclasses that become the answers, held to what of them is on the wire."""

from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from shared.fc.description.values import Schema, reference
from shared.results import OK_STATUSES, Result, Status

_MODE: JsonSchemaMode = "serialization"
_INSTANT = {"type": ["string", "null"], "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}
_PROBLEM = {
    "type": {"type": "string", "format": "uri", "description": "RFC 9457: what kind of problem; only in 4xx and 5xx."},
    "title": {"type": "string", "description": "RFC 9457: the HTTP status in words; only in 4xx and 5xx."},
    "detail": {"type": "string", "description": "RFC 9457: what went wrong here; only in 4xx and 5xx."},
}


def definitions() -> dict[str, Schema]:
    """Return `Result`, and the schema of everything in it by its name."""
    hints = get_type_hints(Result)
    # What a result has beside these is for its own process alone, and no caller sees it.
    wire = [name for name in Result(status="read", action="").as_dict() if name in hints]
    told, shared = TypeAdapter.json_schemas(
        [(name, _MODE, TypeAdapter(hints[name])) for name in wire], ref_template="#/$defs/{model}"
    )
    made = {name: _closed(schema) for name, schema in shared["$defs"].items()}
    made["Position"]["properties"]["time"] = _INSTANT
    fields = {name: told[name, _MODE] for name in wire}
    return {**made, "Result": _result(fields)}


def _result(fields: dict[str, Schema]) -> Schema:
    fields |= {"expires_at": _INSTANT, "elapsed_ms": {"type": "integer", "minimum": 0}}
    fields["next"]["items"] = {"type": "object", "required": ["action"], "description": "A command, ready to send."}
    return {
        "description": "What became of a command; one shape for every caller and every outcome.",
        "type": "object",
        "properties": {"ok": {"type": "boolean"}, **fields, **_own_keys(), **_PROBLEM},
        "required": ["ok", *fields],
        "additionalProperties": False,
        "if": {"properties": {"ok": {"const": True}}},
        "then": {"properties": {"status": {"enum": sorted(OK_STATUSES)}, "error": {"type": "null"}}},
        "else": {
            "properties": {"status": {"enum": sorted({*get_args(Status)} - OK_STATUSES)}, "error": reference("Error")}
        },
    }


def _own_keys() -> dict[str, Any]:
    """Return what one action alone adds to its result."""
    group = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "timeout": {"type": "integer"}, "order": {"type": "boolean"}},
        "required": ["name", "timeout", "order"],
        "additionalProperties": False,
    }
    objects: Schema = {"type": "array", "items": {"type": "object"}}
    return {
        "consumer_groups": {"description": "Of list_consumer_groups.", "type": "array", "items": group},
        "describe": {"description": "Of describe: lag, holders, liveness, expiry.", "type": "object"},
        "peek": {"description": "Of peek: the log groups that come next."},
        "verify": {"description": "Of verify: whether each shard's move held.", **objects},
        "operations": {"description": "Of history: who, when, what, state.", **objects},
        "checks": {"description": "Of doctor: each with what to do.", **objects},
        "results": {"description": "Of batch: one of each part.", "type": "array", "items": reference("Result")},
    }


def _closed(schema: Schema) -> Schema:
    """Return an object's schema under which every field is there, and no other."""
    fields = {
        name: {key: value for key, value in told.items() if key not in {"title", "default"}}
        for name, told in schema["properties"].items()
    }
    return {**schema, "properties": fields, "required": list(fields), "additionalProperties": False}
