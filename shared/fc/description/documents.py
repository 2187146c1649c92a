"""The three documents that anybody may read: an index, the JSON Schema, and the OpenAPI description."""

import hashlib
import json
from functools import cache
from typing import Any

from shared.fc.description import commands, results, values
from shared.fc.description.openapi import openapi_document
from shared.fc.paths import COMMAND_PATHS, Document, Resource

VERSION = "0.1.0"


@cache
def index() -> Document:
    """Return what is where, for a person with a browser or a curl line."""
    paths = {path: _purposes(resource) for path, resource in COMMAND_PATHS.items()}
    links = {"schema": "/schema", "openapi": "/openapi.json"}
    return _document({"name": "sls-rewind", "version": VERSION, "paths": paths, "links": links})


@cache
def schema() -> Document:
    """Return the JSON Schema of commands and results; as a whole it takes either."""
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"sls-rewind {VERSION}: a command, or a result",
        "anyOf": [values.reference("Command"), values.reference("Result")],
        "$defs": _definitions(),
    }
    return _document(made)


@cache
def openapi() -> Document:
    """Return the OpenAPI description."""
    moved = json.dumps(_definitions()).replace('"#/$defs/', '"#/components/schemas/')
    return _document(openapi_document(VERSION, json.loads(moved)))


def _definitions() -> dict[str, values.Schema]:
    return {**values.definitions(), **commands.definitions(), **results.definitions()}


def _purposes(resource: Resource) -> dict[str, str]:
    reads = {"GET": resource.reads} if resource.document else {}
    return {**reads, **({"POST": resource.posts} if resource.posts else {})}


def _document(content: dict[str, Any]) -> Document:
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return Document(text, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"')
