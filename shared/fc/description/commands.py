"""The JSON Schema of commands: pydantic's own of each model, and what the models check by code."""

from collections.abc import Iterable, Mapping
from typing import get_args

from shared.command_parser import ALIASES
from shared.commands import Command, LogstoreCommand, UpdateCheckpoint, UpdateConsumerGroup
from shared.fc.description.values import NOT_EXPRESSED, Schema, nullable, reference, target_of
from shared.operation_commands import MODELS, Batch, SingleCommand

_NAMES = {"project": "ProjectName", "logstore": "LogstoreName", "consumer_group": "GroupName"}
_CHECKED_BY_CODE: Mapping[str, Schema] = {
    **{field: nullable(reference(name)) for field, name in _NAMES.items()},
    "checkpoint": nullable(reference("Cursor")),
    "checkpoints": nullable(reference("Checkpoints")),
    "consumer": nullable(reference("Consumer")),
    "to": reference("Goal"),
    "at": nullable(reference("Instant")),
    "since": nullable(reference("Instant")),
}
_SPELLINGS = {name: alias for alias, name in ALIASES.items()}


def definitions() -> dict[str, Schema]:
    """Return `Command`, and the schema of each action's command under its model's name."""
    made = {model.__name__: _schema_of(model) for model in MODELS.values()}
    made[Batch.__name__]["properties"]["commands"] = {
        "type": "array",
        "minItems": 1,
        "items": reference("SingleCommand"),
    }
    made["SingleCommand"] = {"oneOf": [reference(model.__name__) for model in get_args(SingleCommand)]}
    made["Command"] = {
        "description": f"One command. Unknown keys are refused, and every problem is told at once. {NOT_EXPRESSED}",
        "oneOf": [reference(model.__name__) for model in MODELS.values()],
    }
    return made


def _schema_of(model: type[Command]) -> Schema:
    # The parts of a batch are not models of their own here: a list of commands is put in their place.
    schema: Schema = model.model_json_schema()
    schema.pop("$defs", None)
    properties = {name: _field(name, told) for name, told in schema["properties"].items()}
    if issubclass(model, LogstoreCommand):
        properties["target"] = nullable(target_of(len(model.parts)))
    aliases = {name: alias for name, alias in _SPELLINGS.items() if name in properties}
    properties |= {alias: properties[name] for name, alias in aliases.items()}
    rules = list(_rules(model, aliases))
    return {**schema, "properties": properties, **({"allOf": rules} if rules else {})}


def _field(name: str, told: Schema) -> Schema:
    kept = {key: value for key, value in told.items() if key != "title" and (key, value) != ("default", None)}
    return {**_CHECKED_BY_CODE[name]} if name in _CHECKED_BY_CODE else kept


def _rules(model: type[Command], aliases: Mapping[str, str]) -> Iterable[Schema]:
    """Yield what holds between fields, as `broken_rules` of the models and the parser have it."""
    for name, alias in aliases.items():
        yield {"not": {"required": [name, alias]}}
    if issubclass(model, LogstoreCommand):
        yield {"anyOf": list(_ways_to_name(model.parts, aliases))}
    if model is UpdateConsumerGroup:
        yield {"anyOf": [_given("timeout"), _given("order")]}
    if model is UpdateCheckpoint:
        single = ("shard", "checkpoint")
        yield {"anyOf": [_given(*single, without=["checkpoints"]), _given("checkpoints", without=single)]}
        allowed = {name: {"enum": [True, None]} for name in ("force_success", aliases["force_success"])}
        yield {"anyOf": [_given("consumer"), {"properties": allowed}]}


def _ways_to_name(parts: tuple[str, ...], aliases: Mapping[str, str]) -> Iterable[Schema]:
    wire_parts = tuple(aliases.get(part, part) for part in parts)
    yield _given("target", without={*parts, *wire_parts})
    for spelling in dict.fromkeys((parts, wire_parts)):
        yield _given(*spelling, without=["target"])


def _given(*names: str, without: Iterable[str] = ()) -> Schema:
    """Return a schema under which these fields are there and not null, and others are not."""
    there: Schema = {name: {"not": {"type": "null"}} for name in names}
    absent: Schema = {name: {"type": "null"} for name in sorted(without)}
    return {"required": list(names), "properties": {**there, **absent}}
